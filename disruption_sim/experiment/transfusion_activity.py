"""What transfusion laboratories and their suppliers did, as one table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from disruption_sim.experiment.statistics import STATISTICS
from disruption_sim.experiment.tidy import SHOWN_ARMS, long_table
from disruption_sim.experiment.transfusion_periods import (
    BLOOD_SERVICE,
    Reader,
    a_week,
    period_table,
    samples_of,
    sites_and_all,
    with_all_sites,
)
from disruption_sim.experiment.turnaround_tables import ALL, Outcomes
from disruption_sim.measures import BalanceItem, TransfusionAccount
from disruption_sim.measures.blood import O_NEGATIVE, O_POSITIVE
from disruption_sim.measures.calendar import Floats, Integers
from disruption_sim.measures.table import divided
from disruption_sim.measures.transfusion_bench import wrong_blood_in_tube
from disruption_sim.measures.transfusion_periods import PERIODS
from disruption_sim.records import Alert, BenchJob, DeliveryKind, Late
from disruption_sim.scenario import Scenario
from disruption_sim.world.model import URGENCIES, USES


def transfusion_table(scenario: Scenario, outcomes: Outcomes) -> pd.DataFrame:
    """Return what the transfusion laboratories and their suppliers did, period by period.

    Numbers that are always 0 are in it.

    Columns
    -------
    ``period``, ``site`` (``all`` and ``blood_service`` included), ``part``, ``item``, ``unit``,
    ``arm``, statistics over replications. The part ``balance`` is of the whole run: what was there
    and what was delivered add up to the other items.
    """
    sites = sites_and_all(scenario)
    reasons = [reason.name.lower() for reason in Late]

    def part(name: str, unit: str, items: Sequence[str], numbers: Reader) -> pd.DataFrame:
        return period_table(outcomes, numbers, {"site": sites, "item": items}, zeros=True).assign(
            part=name, unit=unit
        )

    def late_minutes(account: TransfusionAccount) -> Floats:
        return account.late.minutes.reshape(len(PERIODS), -1)

    frames = [
        part("issues", "units a week", *_weekly(_ISSUES)),
        part("issues", "share of issues", tuple(_SHARES), _shares),
        part("bench", "share of hours on duty", ("utilisation",), _utilisation),
        part("bench", "a week", *_weekly(_BENCH)),
        part(
            "bench",
            "samples a week",
            ("wrong_blood_in_tube_expected",),
            lambda account: _wrong_blood(scenario, account),
        ),
        part("stock", "units a week", *_weekly(_STOCK)),
        part("deliveries", "a week", *_weekly(_DELIVERIES)),
        part("not_in_time", "requests a week", *_weekly(_LATE)),
        period_table(
            outcomes,
            late_minutes,
            {"item": [f"{reason}_{name}" for reason in reasons for name in ("median", "q90")]},
            zeros=True,
        ).assign(site=ALL, part="minutes_late", unit="minutes"),
        period_table(
            outcomes,
            lambda account: account.stock.alert_days.astype(np.float64),
            {"item": [alert.name.lower() for alert in Alert]},
            zeros=True,
        ).assign(site=BLOOD_SERVICE, part="alerts", unit="days"),
        _balance(scenario, outcomes),
    ]
    frame: pd.DataFrame = pd.concat(frames, ignore_index=True)
    return frame[["period", "site", "part", "item", "unit", "arm", *STATISTICS]]


Counts = Mapping[str, Callable[[TransfusionAccount], Integers]]

_ISSUES: Counts = {
    "red_cells": lambda account: account.issues.by_group.sum(axis=2),
    "o_negative": lambda account: account.issues.by_group[..., O_NEGATIVE],
    "o_positive": lambda account: account.issues.by_group[..., O_POSITIVE],
    "withheld": lambda account: account.stock.withheld,
    "diverted": lambda account: account.stock.diverted,
}
_SHARES: Counts = {
    "o_negative_share": lambda account: account.issues.by_group[..., O_NEGATIVE],
    "expired_share": lambda account: account.stock.expired.sum(axis=2),
    "wasted_share": lambda account: account.stock.wasted.sum(axis=2),
    "expired_or_wasted_share": lambda account: (account.stock.expired + account.stock.wasted).sum(
        axis=2
    ),
}


def _job(job: BenchJob) -> Callable[[TransfusionAccount], Integers]:
    return lambda account: account.bench.jobs[..., job]


def _delivery(kind: DeliveryKind) -> Callable[[TransfusionAccount], Integers]:
    return lambda account: account.stock.deliveries[..., kind]


def _late(
    *, reason: int | None = None, urgency: int | None = None, use: int | None = None
) -> Callable[[TransfusionAccount], Integers]:
    """Return how to count what was late, all of it or of one reason, urgency or use."""
    chosen = tuple(
        slice(None) if code is None else slice(code, code + 1) for code in (reason, urgency, use)
    )
    return lambda account: account.late.by_period[:, :, *chosen].sum(axis=(2, 3, 4))


_BENCH: Counts = {
    **{job.name.lower(): _job(job) for job in BenchJob},
    "samples": lambda account: account.bench.samples,
    "samples_by_hand": lambda account: account.bench.samples_by_hand,
    "second_samples": lambda account: account.bench.second_samples,
}
_STOCK: Counts = {
    "set_aside": lambda account: account.stock.reserved,
    "returned": lambda account: account.stock.returned,
    "expired": lambda account: account.stock.expired.sum(axis=2),
    "wasted": lambda account: account.stock.wasted.sum(axis=2),
}
_DELIVERIES: Counts = {kind.name.lower(): _delivery(kind) for kind in DeliveryKind}
_LATE: Counts = {
    ALL: _late(),
    **{reason.name.lower(): _late(reason=reason) for reason in Late},
    **{name: _late(urgency=number) for number, name in enumerate(URGENCIES)},
    **{f"for_{name}": _late(use=number) for number, name in enumerate(USES)},
}


def _weekly(counts: Counts) -> tuple[tuple[str, ...], Reader]:
    """Return the items and how to read their numbers a week, (periods, sites + 1, items)."""

    def numbers(account: TransfusionAccount) -> Floats:
        found = np.stack([count(account) for count in counts.values()], axis=-1)
        return a_week(account, with_all_sites(found))

    return tuple(counts), numbers


def _shares(account: TransfusionAccount) -> Floats:
    issued = with_all_sites(account.issues.by_group.sum(axis=2))
    return np.stack(
        [divided(with_all_sites(part(account)), issued) for part in _SHARES.values()],
        axis=-1,
    )


def _utilisation(account: TransfusionAccount) -> Floats:
    busy, hours = with_all_sites(account.bench.busy_hours), with_all_sites(account.bench.hours)
    return divided(busy, hours)[..., None]


def _wrong_blood(scenario: Scenario, account: TransfusionAccount) -> Floats:
    samples, by_hand = (
        a_week(account, with_all_sites(counts))
        for counts in (account.bench.samples, account.bench.samples_by_hand)
    )
    return wrong_blood_in_tube(scenario, samples, by_hand)[..., None]


def _balance(scenario: Scenario, outcomes: Outcomes) -> pd.DataFrame:
    def numbers(account: TransfusionAccount) -> Floats:
        units = account.stock.balance
        return np.concatenate([units, units.sum(axis=0, keepdims=True)]).astype(np.float64)

    items = [item.value for item in BalanceItem]
    axes = {"arm": SHOWN_ARMS, "site": sites_and_all(scenario), "item": items}
    frame = long_table(samples_of(outcomes, numbers), axes)
    return frame.assign(period=PERIODS[-1], part="balance", unit="units")
