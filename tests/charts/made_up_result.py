"""A result that looks like one, from a formula and a stream: figures need no simulation."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pandas as pd

from disruption_sim.measures import Way
from disruption_sim.randomness import stream
from disruption_sim.records import INCIDENT_CAUSES, Cause, Fate
from disruption_sim.scenario import Scenario, load_scenario

Floats = npt.NDArray[np.float64]

CAUSES = {
    Cause.ORDINARY: (110.0, 0.0),
    Cause.NO_BED: (12.0, 0.0),
    Cause.NO_TIME_LEFT: (16.0, 0.0),
    Cause.NO_STAFF: (6.0, 0.0),
    Cause.DISPLACED: (8.0, 4.0),
    Cause.RESULTS_NOT_REPORTED: (0.3, 150.0),
    Cause.SAMPLE_EXPIRED: (0.0, 22.0),
    Cause.NO_VALID_GROUP_AND_SCREEN: (0.0, 45.0),
    Cause.TRANSFUSION_CANNOT_SUPPORT: (0.0, 120.0),
    Cause.NO_COMPATIBLE_BLOOD: (0.0, 2.0),
}


@dataclass(frozen=True, eq=False)
class MadeUpResult:
    """What figures read of a result."""

    scenario: Scenario
    seed: int
    weekly: pd.DataFrame
    weekly_causes: pd.DataFrame
    fates: pd.DataFrame
    summary: pd.DataFrame
    recovery: pd.DataFrame


def statistics(samples: Floats) -> dict[str, Floats]:
    """Return the columns of a table from samples (replications, rows)."""
    quantiles = {"q05": 0.05, "q25": 0.25, "q50": 0.5, "q75": 0.75, "q95": 0.95}
    return {
        "mean": samples.mean(axis=0),
        **{name: np.quantile(samples, share, axis=0) for name, share in quantiles.items()},
        "half_width_95": np.zeros(samples.shape[1]),
        "n": np.full(samples.shape[1], len(samples)),
    }


def arms(baseline: Floats, disrupted: Floats) -> Iterable[tuple[str, Floats]]:
    return (
        ("baseline", baseline),
        ("disrupted", disrupted),
        ("excess", disrupted - baseline),
    )


@lru_cache(maxsize=8)
def made_up_result(
    replications: int = 10, strength: float = 1.0, weeks: int = 40, slow: bool = False
) -> MadeUpResult:
    """Return a result.

    Parameters
    ----------
    replications : int
    strength : float
        0: nothing happens.
    weeks : int
    slow : bool
        The backlog outlives the run in some replications.
    """
    scenario = load_scenario("synnovis-2024")
    calendar = scenario.calendar.model_copy(update={"horizon_weeks": weeks})
    scenario = scenario.model_copy(update={"calendar": calendar})
    rng = stream(1, 0, "figures for tests")
    week = np.arange(weeks)
    shock = strength * np.exp(-week / 3.5)

    def noise(mean: Floats, spread: float) -> Floats:
        return mean * (1.0 + spread * rng.standard_normal((replications, weeks)))

    measures: dict[str, tuple[Floats, Floats]] = {}
    causes: dict[Cause, tuple[Floats, Floats]] = {}
    for cause, (usual, peak) in CAUSES.items():
        baseline = noise(np.full(weeks, usual), 0.1)
        causes[cause] = (baseline, baseline + np.maximum(noise(peak * shock, 0.15), 0.0))
    stopped = noise(180.0 * strength * (week == 0), 0.1)
    causes[Cause.STOPPED_BY_INCIDENT_COMMAND] = (np.zeros_like(stopped), stopped)
    measures["operations_postponed"] = (
        sum((pair[0] for pair in causes.values()), np.zeros((replications, weeks))),
        sum((pair[1] for pair in causes.values()), np.zeros((replications, weeks))),
    )
    incident = [cause for cause in causes if cause in INCIDENT_CAUSES]
    measures["operations_postponed_incident"] = (
        sum((causes[cause][0] for cause in incident), np.zeros((replications, weeks))),
        sum((causes[cause][1] for cause in incident), np.zeros((replications, weeks))),
    )
    ordinary = noise(np.full(weeks, 2150.0), 0.03)
    held_up = noise(2600.0 * shock, 0.08)
    measures["appointments_postponed"] = (ordinary, ordinary + held_up)
    measures["appointments_postponed_incident"] = (np.zeros_like(held_up), held_up)
    rise = strength * 900.0 * (1.0 - np.exp(-(week + 1) / 3.0))
    gone = np.exp(-np.maximum(week - 6, 0) / (30.0 if slow else 6.0))
    measures["operations_backlog"] = (np.zeros((replications, weeks)), noise(rise * gone, 0.1))
    backlog = measures["operations_backlog"][1]
    # The long ones wait longer.
    measures["operations_backlog_hours"] = (
        np.zeros((replications, weeks)), 2.0 * rise * np.sqrt(gone) * np.ones_like(backlog),
    )  # fmt: skip
    earlier = noise(120.0 * strength * (1.0 - np.exp(-(week + 1) / 5.0)), 0.1)
    later = backlog + earlier
    for name, patients in {
        "patients_later": later,
        "patients_later_never_postponed": later * (1.0 - np.exp(-(week + 1) / 12.0)),
        "patients_earlier": earlier,
    }.items():
        measures[name] = (np.zeros((replications, weeks)), patients)
    share = 1.0 - 0.85 * strength * np.exp(-week / 5.0)
    own = noise(share, 0.02)
    aided = own + 0.12 * strength * ((week > 1) & (week < 15))
    measures["laboratory_throughput_share"] = (np.ones_like(own), own)
    measures["laboratory_throughput_share_with_mutual_aid"] = (np.ones_like(own), aided)
    issued = noise(np.full(weeks, 165.0), 0.05)
    measures["o_negative_issued"] = (issued, issued + noise(70.0 * shock, 0.1))
    usual_ways = {
        Way.ELECTRONIC_ISSUE: 800.0, Way.CROSSMATCH: 160.0, Way.SET_ASIDE: 90.0,
        Way.GROUP_SPECIFIC: 25.0, Way.GROUP_O_UNMATCHED: 5.0, Way.EMERGENCY_GROUP_O: 40.0,
    }  # fmt: skip
    lost = strength * (week < 0.45 * weeks)
    for way, usual_units in usual_ways.items():
        usual_red_cells = noise(np.full(weeks, usual_units), 0.06)
        more = {
            Way.ELECTRONIC_ISSUE: -1.0, Way.GROUP_SPECIFIC: -1.0, Way.CROSSMATCH: 2.2,
            Way.SET_ASIDE: 2.5, Way.GROUP_O_UNMATCHED: 18.0, Way.EMERGENCY_GROUP_O: 1.2,
        }[way]  # fmt: skip
        measures[f"red_cells_{way.name.lower()}"] = (
            usual_red_cells,
            usual_red_cells * (1.0 + more * lost),
        )
    scarce = noise(np.full(weeks, 4.8), 0.08)
    measures["national_stock_days_lowest_group"] = (scarce, scarce - 2.1 * lost)
    measures["blood_alert_days"] = (np.zeros_like(scarce), np.zeros_like(scarce) + 2.0 * lost)
    for name, days, spread in (("hospital", 6.0, 0.04), ("national", 5.2, 0.08)):
        held = noise(np.full(weeks, days), spread)
        measures[f"o_negative_stock_days_{name}"] = (held, held - 1.4 * shock)

    mondays = [calendar.week_1 + dt.timedelta(weeks=int(number)) for number in week]
    when = {"week_start": pd.to_datetime(mondays), "week": week + 1}
    weekly = [
        pd.DataFrame({**when, "site": site, "measure": name, "arm": arm, **statistics(samples)})
        for name, pair in measures.items()
        for arm, samples in arms(*pair)
        for site in ("all", "kings")
    ]
    weekly_causes = [
        pd.DataFrame(
            {**when, "site": site, "cause": cause.name.lower(), "arm": arm, **statistics(samples)}
        )
        for cause, pair in causes.items()
        for arm, samples in arms(*pair)
        for site in ("all", "kings")
    ]
    sent = np.minimum(noise(5000.0 * shock, 0.05), 9000.0)
    requests = np.full_like(sent, 30_000.0)
    put_off, lost = noise(9000.0 * shock, 0.05), noise(4000.0 * shock**2, 0.1)
    fate_counts = {
        Fate.REPORTED_ELSEWHERE: sent,
        Fate.AT_THE_BEDSIDE: noise(200.0 * shock, 0.1),
        Fate.NEVER_TAKEN: put_off,
        Fate.DEFERRED_AND_REPORTED: put_off / 4.0,
        Fate.REPORTED_AFTER_REPEAT: lost / 2.0 + 100.0,
        Fate.ABANDONED_EXPIRED: lost,
        Fate.ABANDONED_REJECTED: np.full_like(sent, 30.0),
    }
    fate_counts[Fate.REPORTED] = requests - sum(fate_counts.values())
    fates = [
        pd.DataFrame(
            {
                **when, "site": site, "source": "all", "tube_type": "all",
                "fate": fate.name.lower(), "arm": "disrupted", **statistics(samples),
            }
        )
        for fate, samples in fate_counts.items()
        for site in ("all", "kings")
    ]  # fmt: skip
    # Rows by source stand in the same table and are not in the figure.
    fates.append(fates[0].assign(source="general_practice"))
    summary = [
        pd.DataFrame(
            {
                "site": site,
                "measure": name,
                "arm": arm,
                **statistics(samples.sum(axis=1, keepdims=True)),
            }
        )
        for name, pair in measures.items()
        for arm, samples in arms(*pair)
        for site in ("all", "kings")
    ]
    recovery = pd.DataFrame(
        [
            {
                "clock": "operations_backlog",
                "arm": "disrupted",
                "tolerance": 80.0,
                "unit": "operations",
                "window_days": 28,
                "median_weeks": 35.2 if slow else 21.4,
                "q05_weeks": 31.0 if slow else 18.2,
                "q25_weeks": 33.0 if slow else 20.1,
                "q75_weeks": np.nan if slow else 22.8,
                "q95_weeks": np.nan if slow else 25.3,
                "share_recovered": 0.7 if slow else 1.0,
                "n": replications,
                "n_censored": 3 if slow else 0,
                "followed_weeks": float(weeks),
                "seen_weeks": weeks - 27.0 / 7.0,
                "peak": 900.0,
                "fluid_weeks": 19.0,
            }
        ]
    )
    return MadeUpResult(
        scenario=scenario,
        seed=1,
        weekly=pd.concat(weekly, ignore_index=True),
        weekly_causes=pd.concat(weekly_causes, ignore_index=True),
        fates=pd.concat(fates, ignore_index=True),
        summary=pd.concat(summary, ignore_index=True),
        recovery=recovery,
    )


def with_recovery(result: MadeUpResult, **changes: float) -> MadeUpResult:
    """Return the result with other recovery times."""
    return replace(result, recovery=result.recovery.assign(**changes))
