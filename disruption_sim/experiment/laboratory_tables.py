"""Tables of the laboratories: where the tubes went, what people did, how busy stations were."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
import pandas as pd

from disruption_sim.experiment.replication import ARMS, BASELINE, DISRUPTED
from disruption_sim.experiment.statistics import STATISTICS
from disruption_sim.experiment.tidy import happened, long_table, mondays
from disruption_sim.experiment.turnaround_tables import (
    ALL,
    SOURCES,
    TUBE_TYPES,
    Outcomes,
    places,
)
from disruption_sim.measures import CapacityItem, Horizon, LaboratoryAccount, VolumeItem
from disruption_sim.measures.calendar import Floats
from disruption_sim.measures.throughput import share_of_days, weekdays_until
from disruption_sim.records import Fate
from disruption_sim.scenario import Scenario
from disruption_sim.scenario.model import PEOPLE_STEPS
from disruption_sim.scenario.published import published_figures

THROUGHPUT = "laboratory_throughput_share"
PEOPLE = "people"
NORMAL_VOLUME = "normal_volume"
WEEKDAYS = 5
# Where nothing was published, the Fridays of the first weeks.
FRIDAYS = 8
FRIDAY = 4


def _accounts(outcomes: Outcomes, arm: str) -> list[LaboratoryAccount]:
    return [arms[ARMS.index(arm)].laboratories for arms in outcomes]


def account_table(scenario: Scenario, outcomes: Outcomes) -> pd.DataFrame:
    """Return which mechanism carried which share of the normal volume, by week.

    Columns
    -------
    ``week_start``, ``week``, ``part``, ``item``, ``unit``, statistics over replications,
    ``share_of_normal`` (of the part ``volume``: mean over mean normal volume). The items of the
    part ``volume`` add up to ``normal_volume``. Those of ``capacity`` are over the baseline arm;
    what they multiply to stands with `disruption_sim.measures.CapacityItem`. ``people`` has staff
    minutes for each tube reported, in both arms, and the share of hours spent on tubes that were
    lost.
    """
    here, usually = _accounts(outcomes, DISRUPTED), _accounts(outcomes, BASELINE)
    normal = np.stack([account.normal_volume for account in here])
    volume = np.stack([account.volume for account in here])
    frames = [
        _part(scenario, "volume", [NORMAL_VOLUME], "tubes", normal[..., None]),
        _part(scenario, "volume", list(VolumeItem), "tubes", volume),
        _part(
            scenario,
            "capacity",
            list(CapacityItem),
            "ratio",
            np.stack([account.capacity for account in here]),
        ),
        _part(
            scenario,
            PEOPLE,
            ["staff_minutes_per_tube", "staff_minutes_per_tube_usually"],
            "minutes",
            np.stack([[a.minutes_per_tube for a in arm] for arm in (here, usually)], axis=-1),
        ),
        _part(
            scenario,
            PEOPLE,
            ["wasted_share", "wasted_share_usually"],
            "share",
            np.stack([[a.wasted_share for a in arm] for arm in (here, usually)], axis=-1),
        ),
    ]
    frame = pd.concat(frames, ignore_index=True)
    each_week = frame["week"].map(dict(enumerate(normal.mean(axis=0), start=1)))
    share = frame["mean"] / each_week.where(each_week > 0.0)
    frame["share_of_normal"] = share.where(frame["part"] == "volume")
    return frame


def _part(
    scenario: Scenario, part: str, items: Sequence[str], unit: str, samples: Floats
) -> pd.DataFrame:
    horizon = Horizon.of(scenario)
    frame = long_table(
        samples, {"week": range(1, horizon.weeks + 1), "item": [str(item) for item in items]}
    )
    frame.insert(0, "week_start", mondays(horizon, frame["week"]))
    ahead = ["week_start", "week", "part", "item", "unit"]
    named: pd.DataFrame = frame.assign(part=part, unit=unit)
    return named[[*ahead, *STATISTICS]]


def fate_table(scenario: Scenario, outcomes: Outcomes) -> pd.DataFrame:
    """Return what became of the requests of each week; cells that are always 0 are left out.

    Columns
    -------
    ``week_start``, ``week`` (in which the sample would have been collected), ``site`` (boroughs and
    ``all`` included), ``source`` and ``tube_type`` (``all`` included; single ones of all sites
    together only), ``fate``, ``arm``, statistics over replications.
    """
    horizon = Horizon.of(scenario)
    weeks = range(1, horizon.weeks + 1)
    fates = [fate.name.lower() for fate in Fate]
    frames = []
    for arm in ARMS:
        accounts = _accounts(outcomes, arm)
        counts = np.stack([account.fates for account in accounts])
        for axis in (2, 3):
            counts = np.concatenate([counts, counts.sum(axis=axis, keepdims=True)], axis=axis)
        frames.append(
            happened(
                counts,
                {"week": weeks, "source": (*SOURCES, ALL), "tube_type": TUBE_TYPES, "fate": fates},
            ).assign(site=ALL, arm=arm)
        )
        frames.append(
            happened(
                np.stack([account.fates_by_place for account in accounts]),
                {"week": weeks, "site": places(scenario)[:-1], "fate": fates},
            ).assign(source=ALL, tube_type=ALL, arm=arm)
        )
    frame: pd.DataFrame = pd.concat(frames, ignore_index=True)
    frame.insert(0, "week_start", mondays(horizon, frame["week"]))
    ahead = ["week_start", "week", "site", "source", "tube_type", "fate", "arm"]
    return frame[[*ahead, *STATISTICS]]


def throughput_table(scenario: Scenario, outcomes: Outcomes) -> pd.DataFrame:
    """Return the throughput share of the five weekdays up to dates that matter.

    The dates for which a figure was published, or else the Fridays of the first weeks.

    Columns
    -------
    ``until``, ``weekdays``, statistics over replications, ``published`` (NaN where nothing was),
    ``source`` (of what was published).
    """
    horizon = Horizon.of(scenario)
    first = horizon.first_monday
    last = first + dt.timedelta(weeks=horizon.weeks, days=-1)
    published = {
        figure.date: figure
        for figure in published_figures(scenario.name, THROUGHPUT)
        if weekdays_until(figure.date, WEEKDAYS)[0] >= first and figure.date <= last
    }
    fridays = [
        first + dt.timedelta(weeks=week, days=FRIDAY) for week in range(min(FRIDAYS, horizon.weeks))
    ]
    dates = list(published) or fridays
    samples = np.array(
        [
            [
                share_of_days(here.daily_reported, usual.daily_reported, first, date, WEEKDAYS)
                for date in dates
            ]
            for here, usual in zip(
                _accounts(outcomes, DISRUPTED), _accounts(outcomes, BASELINE), strict=True
            )
        ]
    )
    frame = long_table(samples, {"until": [date.isoformat() for date in dates]})
    frame["until"] = pd.to_datetime(frame["until"]).astype("datetime64[ms]")
    frame.insert(1, "weekdays", WEEKDAYS)
    values = [published[date].value if date in published else np.nan for date in dates]
    sources = [published[date].source if date in published else "" for date in dates]
    return frame.assign(published=values, source=sources)


def utilisation_table(scenario: Scenario, outcomes: Outcomes) -> pd.DataFrame:
    """Return how busy the people and the machines of each laboratory were, by week.

    Columns
    -------
    ``week_start``, ``week``, ``laboratory``, ``step`` (``people`` for all that they do), ``of``
    (``people``: a share of the hours that people were on duty, which they share between their
    steps; ``places``: of the hours of the station's own places), ``arm``, statistics over
    replications. Steps with room for any number of tubes are left out.
    """
    horizon, rules = Horizon.of(scenario), scenario.pathology
    stations = [
        (laboratory, step)
        for laboratory in scenario.laboratory_names
        for step in rules.steps_in_use
    ]
    kept = [row for row, (_, step) in enumerate(stations) if not rules.step(step).unlimited]
    named = [(laboratory, PEOPLE, PEOPLE) for laboratory in scenario.laboratory_names]
    named += [
        (laboratory, step.value, PEOPLE if step in PEOPLE_STEPS else "places")
        for laboratory, step in (stations[row] for row in kept)
    ]
    frames = []
    for arm in ARMS:
        samples = np.stack(
            [
                np.concatenate([account.people_utilisation, account.utilisation[:, kept]], axis=1)
                for account in _accounts(outcomes, arm)
            ]
        )
        axes = {"week": range(1, horizon.weeks + 1), "row": range(len(named))}
        frames.append(long_table(samples, axes).assign(arm=arm))
    frame = pd.concat(frames, ignore_index=True)
    for position, name in enumerate(("laboratory", "step", "of")):
        frame[name] = [named[row][position] for row in frame["row"]]
    frame.insert(0, "week_start", mondays(horizon, frame["week"]))
    ahead = ["week_start", "week", "laboratory", "step", "of", "arm"]
    return frame[[*ahead, *STATISTICS]]
