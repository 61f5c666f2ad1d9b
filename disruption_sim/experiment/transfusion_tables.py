"""Tables of the transfusion service: ways to blood, use, stock, lateness, bench and deliveries."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from disruption_sim.experiment.replication import ARMS
from disruption_sim.experiment.statistics import STATISTICS
from disruption_sim.experiment.tidy import happened, mondays
from disruption_sim.experiment.transfusion_periods import (
    BLOOD_SERVICE,
    a_week,
    period_table,
    sites_and_all,
    with_all_kinds,
    with_all_sites,
)
from disruption_sim.experiment.turnaround_tables import ALL, Axes, Outcomes
from disruption_sim.measures import Horizon, TransfusionAccount, Way
from disruption_sim.measures.calendar import Floats, Integers
from disruption_sim.measures.transfusion_account import NATIONAL_LEVELS
from disruption_sim.records import Late
from disruption_sim.scenario import Scenario
from disruption_sim.scenario.model import BloodGroup
from disruption_sim.world.model import URGENCIES, USES

GROUPS = (*(group.value for group in BloodGroup), ALL)
WAYS = tuple(way.name.lower() for way in Way)
REASONS = tuple(reason.name.lower() for reason in Late)

_TURNOVER: Mapping[str, Callable[[TransfusionAccount], Integers]] = {
    "received_a_week": lambda account: account.stock.received,
    "issued_a_week": lambda account: account.issues.by_group,
    "expired_a_week": lambda account: account.stock.expired,
    "wasted_a_week": lambda account: account.stock.wasted,
}


def by_route_table(scenario: Scenario, outcomes: Outcomes) -> pd.DataFrame:
    """Return units, patients and minutes to blood by way; ways that nobody went are left out.

    Columns
    -------
    ``period`` (``before`` transfusion information technology is lost anywhere, ``disturbed`` while
    it is, ``after``, ``whole_run`` with the warm-up; the same days in both arms), ``site`` (``all``
    included), ``way``, ``item`` (``units_a_week``, ``requests_a_week``: patients, each once for
    each way and time; ``median_minutes``, ``q90_minutes`` from the request until the units were
    there), ``arm``, statistics over replications.
    """
    items = ("units_a_week", "requests_a_week", "median_minutes", "q90_minutes")

    def numbers(account: TransfusionAccount) -> Floats:
        units = a_week(account, with_all_sites(account.issues.units.sum(axis=3)))
        requests = a_week(account, with_all_sites(account.issues.requests))
        return np.concatenate(
            [units[..., None], requests[..., None], account.issues.minutes], axis=-1
        )

    axes = {"site": sites_and_all(scenario), "way": WAYS, "item": items}
    frame = period_table(outcomes, numbers, axes, zeros=True)
    units = frame["mean"].where(frame["item"] == "units_a_week").abs()
    went = units.groupby([frame[name] for name in ("period", "site", "way")]).transform("max") > 0.0
    return frame[went].reset_index(drop=True)


def by_use_table(scenario: Scenario, outcomes: Outcomes) -> pd.DataFrame:
    """Return units issued a week by what they were for.

    Columns
    -------
    ``period``, ``site`` (``all`` included), ``use`` (``all`` included), ``arm``, statistics over
    replications.
    """

    def numbers(account: TransfusionAccount) -> Floats:
        units = with_all_kinds(account.issues.units.sum(axis=2))
        return a_week(account, with_all_sites(units))

    return period_table(outcomes, numbers, {"site": sites_and_all(scenario), "use": (*USES, ALL)})


def not_in_time_table(scenario: Scenario, outcomes: Outcomes) -> pd.DataFrame:
    """Return the requests that were not served in time; cells that are always 0 are left out.

    Columns
    -------
    ``week_start``, ``week`` (in which the blood was due), ``site`` (``all`` included), ``reason``,
    ``urgency`` and ``use`` (of all sites together; ``all`` for single sites), ``arm``, statistics
    over replications, ``units_missing`` when due and ``never_came`` (requests of which some units
    never came), both means.
    """
    horizon = Horizon.of(scenario)
    weeks = range(1, horizon.weeks + 1)
    frames = []
    for number, arm in enumerate(ARMS):
        found = [arms[number].transfusion.late for arms in outcomes]
        counts = [
            np.stack([getattr(late, name) for late in found])
            for name in ("requests", "units", "for_good")
        ]
        by_kind = [count.sum(axis=2) for count in counts]
        axes: Axes = {"week": weeks, "reason": REASONS, "urgency": URGENCIES, "use": USES}
        frames.append(_late(by_kind, axes).assign(site=ALL, arm=arm))
        by_site = [count.sum(axis=(4, 5)) for count in counts]
        site_axes: Axes = {"week": weeks, "site": scenario.site_names, "reason": REASONS}
        frames.append(_late(by_site, site_axes).assign(urgency=ALL, use=ALL, arm=arm))
    frame: pd.DataFrame = pd.concat(frames, ignore_index=True)
    frame.insert(0, "week_start", mondays(horizon, frame["week"]))
    ahead = ["week_start", "week", "site", "reason", "urgency", "use", "arm"]
    return frame[[*ahead, *STATISTICS, "units_missing", "never_came"]]


def _late(counts: Sequence[npt.NDArray[np.integer]], axes: Axes) -> pd.DataFrame:
    requests, units, for_good = counts
    some = (requests != 0).any(axis=0)
    return happened(requests, axes).assign(
        units_missing=units.mean(axis=0)[some], never_came=for_good.mean(axis=0)[some]
    )


def stock_table(scenario: Scenario, outcomes: Outcomes) -> pd.DataFrame:
    """Return stock and its turnover by group, of hospitals and of the blood service.

    Columns
    -------
    ``period``, ``site`` (``all`` and ``blood_service`` included), ``group`` (``all`` included; of
    the blood service also the ``scarcest`` of each day), ``item`` (``stock_days``: units held over
    planned daily use, mean of the days; ``received_a_week``, ``issued_a_week``,
    ``expired_a_week``, ``wasted_a_week``; of the blood service what it handed out to our
    hospitals, ``handed_out_a_week``), ``arm``, statistics over replications.
    """

    def hospitals(account: TransfusionAccount) -> Floats:
        rates = [
            a_week(account, with_all_sites(with_all_kinds(units(account))))
            for units in _TURNOVER.values()
        ]
        return np.stack([account.stock.days, *rates], axis=-1)

    def national(account: TransfusionAccount) -> Floats:
        return account.stock.national_days

    def handed_out(account: TransfusionAccount) -> Floats:
        return a_week(account, with_all_kinds(account.stock.national_drawn))

    items = ("stock_days", *_TURNOVER)
    frames = [
        period_table(
            outcomes, hospitals, {"site": sites_and_all(scenario), "group": GROUPS, "item": items}
        ),
        period_table(outcomes, national, {"group": NATIONAL_LEVELS}).assign(
            site=BLOOD_SERVICE, item="stock_days"
        ),
        period_table(outcomes, handed_out, {"group": GROUPS}).assign(
            site=BLOOD_SERVICE, item="handed_out_a_week"
        ),
    ]
    frame: pd.DataFrame = pd.concat(frames, ignore_index=True)
    return frame[["period", "site", "group", "item", "arm", *STATISTICS]]
