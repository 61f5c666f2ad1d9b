"""Tables of turnaround: by week, by site, by type of tube, by hour of receipt."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from disruption_sim.experiment.replication import ARMS
from disruption_sim.experiment.statistics import STATISTICS
from disruption_sim.experiment.tidy import SHOWN_ARMS, cells, long_table, mondays, with_excess
from disruption_sim.measures import ArmMeasures, Horizon, Turnaround, TurnaroundCells
from disruption_sim.measures.calendar import Floats
from disruption_sim.measures.table import divided
from disruption_sim.measures.turnaround import CLOCKS, LIMITS, QUANTILES
from disruption_sim.records import HOURS_OF_DAY, Period
from disruption_sim.scenario import Scenario
from disruption_sim.scenario.model import Source, TubeType

Outcomes = Sequence[Sequence[ArmMeasures]]
Axes = Mapping[str, Sequence[str] | Sequence[int]]

ALL = "all"
SOURCES = tuple(source.value for source in Source)
TUBE_TYPES = (*(tube_type.value for tube_type in TubeType), ALL)
QUANTILE_NAMES = {0.5: "median", 0.9: "q90"}
MINUTES_PER_HOUR = 60.0


def places(scenario: Scenario) -> tuple[str, ...]:
    """Return the names of the sites, of the boroughs, and of all together."""
    boroughs = (borough.name for borough in scenario.network.boroughs)
    return (*scenario.site_names, *boroughs, ALL)


def turnaround_table(scenario: Scenario, outcomes: Outcomes) -> pd.DataFrame:
    """Return the share within standard by week, site and source; expired tubes were not.

    Columns
    -------
    ``week_start``, ``week``, ``site`` (boroughs and ``all`` included), ``source``, ``arm``,
    ``standard_hours``, ``standard_share``, statistics of the share within standard,
    ``outer_limit_hours``, ``within_outer_limit_share`` (its mean).
    """
    shares, outer = (
        np.stack([_shares([arm.turnaround for arm in arms], name) for arms in outcomes])
        for name in ("within_standard", "within_outer_limit")
    )
    horizon = Horizon.of(scenario)
    frame = long_table(
        shares,
        {
            "arm": SHOWN_ARMS,
            "week": range(1, horizon.weeks + 1),
            "site": places(scenario),
            "source": SOURCES,
        },
    )
    frame["within_outer_limit_share"] = _mean(outer).ravel()
    # Hospitals send no samples of practices, nor practices others.
    known = frame.groupby(["site", "source"])["n"].transform("max") > 0
    frame = frame[known].reset_index(drop=True)
    frame.insert(0, "week_start", mondays(horizon, frame["week"]))
    rules = {rule.name.value: rule for rule in scenario.pathology.sources}
    for name in ("standard_hours", "standard_share", "outer_limit_hours"):
        frame[name] = frame["source"].map({key: getattr(rules[key], name) for key in SOURCES})
    ahead = ["week_start", "week", "site", "source", "arm", "standard_hours", "standard_share"]
    return frame[[*ahead, *STATISTICS, "outer_limit_hours", "within_outer_limit_share"]]


def _shares(arms: Sequence[Turnaround], name: str) -> Floats:
    return with_excess(
        np.stack(
            [
                divided(getattr(arm, name).astype(np.float64), arm.handled.astype(np.float64))
                for arm in arms
            ]
        )
    )


def turnaround_by_type(scenario: Scenario, outcomes: Outcomes) -> pd.DataFrame:
    """Return turnaround of the reported tubes by week, source and type of tube.

    Columns
    -------
    ``week_start``, ``week``, ``source``, ``tube_type`` (``all`` included), ``arm``, ``tubes``
    (reported, mean over replications), ``standard_hours``, ``within_standard_share``,
    ``outer_limit_hours``, ``within_outer_limit_share`` (of all replications together),
    ``median_minutes_from_receipt``, ``q90_minutes_from_receipt`` and both ``_from_collection``
    (from histograms, exact to a part of a bin of 23 %; mean over replications).
    """
    horizon = Horizon.of(scenario)
    axes: Axes = {
        "week": range(1, horizon.weeks + 1), "source": SOURCES, "tube_type": TUBE_TYPES,
    }  # fmt: skip
    frame = _table(scenario, outcomes, lambda arm: arm.turnaround.weekly, axes)
    frame.insert(0, "week_start", mondays(horizon, frame["week"]))
    return frame


def turnaround_by_site(scenario: Scenario, outcomes: Outcomes) -> pd.DataFrame:
    """Return turnaround of the reported tubes by period, site or borough, source and type.

    Columns are as in `turnaround_by_type`, with ``period`` (``before`` anything was lost in any
    laboratory, ``disturbed`` while anything was, ``after``) and ``site`` instead of the week. In
    the baseline arm nothing is lost: all from the onset on is ``after``.
    """
    axes: Axes = {
        "period": _periods(), "site": places(scenario)[:-1], "source": SOURCES,
        "tube_type": TUBE_TYPES,
    }  # fmt: skip
    return _table(scenario, outcomes, lambda arm: arm.turnaround.by_place, axes)


def turnaround_by_hour(scenario: Scenario, outcomes: Outcomes) -> pd.DataFrame:
    """Return turnaround of the reported tubes by period, hour of receipt, source and type.

    Columns are as in `turnaround_by_site`, with ``hour`` instead of the site.
    """
    axes: Axes = {
        "period": _periods(), "hour": range(HOURS_OF_DAY), "source": SOURCES,
        "tube_type": TUBE_TYPES,
    }  # fmt: skip
    return _table(scenario, outcomes, lambda arm: arm.turnaround.by_hour, axes)


def _periods() -> list[str]:
    return [period.name.lower() for period in Period]


def _table(
    scenario: Scenario,
    outcomes: Outcomes,
    chosen: Callable[[ArmMeasures], TurnaroundCells],
    axes: Axes,
) -> pd.DataFrame:
    """Make one table of both arms; cells in which nothing was reported are left out."""
    frames = []
    for number, name in enumerate(ARMS):
        frame = pd.DataFrame(cells(axes)).assign(arm=name)
        for column, values in _columns([chosen(arms[number]) for arms in outcomes]).items():
            frame[column] = values.ravel()
        frames.append(frame[frame["tubes"] > 0.0])
    frame = pd.concat(frames, ignore_index=True)
    of_cell = list(zip(frame["source"], frame["tube_type"], strict=True))
    for position, limit in enumerate(LIMITS):
        known = {cell: _limits(scenario, *cell)[position] for cell in set(of_cell)}
        frame[f"{limit}_hours"] = [known[cell] for cell in of_cell]
    limits = [column for limit in LIMITS for column in (f"{limit}_hours", f"within_{limit}_share")]
    ahead = [*axes, "arm", "tubes", *limits]
    return frame[[*ahead, *(name for name in frame.columns if name not in ahead)]]


def _limits(scenario: Scenario, source: str, tube_type: str) -> tuple[float, float]:
    rules = scenario.pathology
    if tube_type != ALL:
        return rules.turnaround_limits(Source(source), TubeType(tube_type))
    own = rules.source(Source(source))
    return own.standard_hours, own.outer_limit_hours


def _columns(replications: Sequence[TurnaroundCells]) -> dict[str, Floats]:
    reported = np.stack([cell.reported for cell in replications]).astype(np.float64)
    within = np.stack([cell.within for cell in replications]).astype(np.float64)
    hours = np.stack([cell.hours for cell in replications]).astype(np.float64)
    found = {"tubes": reported.mean(axis=0)}
    for position, limit in enumerate(LIMITS):
        found[f"within_{limit}_share"] = divided(
            within[..., position].sum(axis=0), reported.sum(axis=0)
        )
    means = MINUTES_PER_HOUR * _mean(hours)
    for row, clock in enumerate(CLOCKS):
        for column, share in enumerate(QUANTILES):
            found[f"{QUANTILE_NAMES[share]}_minutes_from_{clock}"] = means[..., row, column]
    return found


def _mean(samples: Floats) -> Floats:
    """Return the mean over replications of those that say something."""
    present = ~np.isnan(samples)
    total = np.where(present, samples, 0.0).sum(axis=0)
    return divided(total, present.sum(axis=0).astype(np.float64))
