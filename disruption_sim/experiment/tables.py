"""Outcomes of replications become tidy tables: one row per cell, statistics over replications."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from disruption_sim.experiment.laboratory_tables import (
    account_table,
    fate_table,
    throughput_table,
    utilisation_table,
)
from disruption_sim.experiment.operations_tables import (
    by_specialty_table,
    catching_up_table,
    ordinary_table,
    postponed_by_table,
    rules_table,
    waits_table,
)
from disruption_sim.experiment.replication import ARMS, BASELINE, DISRUPTED
from disruption_sim.experiment.statistics import STATISTICS
from disruption_sim.experiment.tidy import SHOWN_ARMS, long_table, mondays, with_excess
from disruption_sim.experiment.transfusion_activity import transfusion_table
from disruption_sim.experiment.transfusion_tables import (
    by_route_table,
    by_use_table,
    not_in_time_table,
    stock_table,
)
from disruption_sim.experiment.turnaround_tables import (
    turnaround_by_hour,
    turnaround_by_site,
    turnaround_by_type,
    turnaround_table,
)
from disruption_sim.measures import (
    MEASURES,
    PRIORITIES,
    ArmMeasures,
    Clock,
    Horizon,
    kaplan_meier,
)
from disruption_sim.records import Cause
from disruption_sim.scenario import Scenario

ALL_SITES = "all"
RECOVERY_MEASURES = {clock: f"recovery_weeks_{clock.value}" for clock in Clock}


@dataclass(frozen=True)
class Tables:
    """The tables of a result; their columns stand with `Result`."""

    weekly: pd.DataFrame
    summary: pd.DataFrame
    causes: pd.DataFrame
    weekly_causes: pd.DataFrame
    recovery: pd.DataFrame
    operations_ordinary: pd.DataFrame
    operations_postponed_by: pd.DataFrame
    operations_by_specialty: pd.DataFrame
    operations_waits: pd.DataFrame
    operations_catching_up: pd.DataFrame
    waiting_list_rules: pd.DataFrame
    turnaround: pd.DataFrame
    turnaround_by_type: pd.DataFrame
    turnaround_by_site: pd.DataFrame
    turnaround_by_hour: pd.DataFrame
    fates: pd.DataFrame
    laboratories: pd.DataFrame
    throughput: pd.DataFrame
    utilisation: pd.DataFrame
    blood_by_route: pd.DataFrame
    blood_by_use: pd.DataFrame
    blood_not_in_time: pd.DataFrame
    blood_stock: pd.DataFrame
    transfusion: pd.DataFrame
    replications: pd.DataFrame


def tables_of(
    scenario: Scenario, numbers: Sequence[int], outcomes: Sequence[Sequence[ArmMeasures]]
) -> Tables:
    """Make every table.

    Parameters
    ----------
    scenario : Scenario
    numbers : sequence of int
        Numbers of the replications that were finished, increasing.
    outcomes : sequence of sequence of ArmMeasures
        Their arms, in the order of ``ARMS``.
    """
    samples = _Samples(scenario, tuple(numbers), tuple(tuple(arms) for arms in outcomes))
    return Tables(
        weekly=samples.weekly(),
        summary=samples.summary(),
        causes=samples.causes(),
        weekly_causes=samples.weekly_causes(),
        recovery=samples.recovery(),
        operations_ordinary=ordinary_table(outcomes),
        operations_postponed_by=postponed_by_table(scenario, outcomes),
        operations_by_specialty=by_specialty_table(scenario, outcomes),
        operations_waits=waits_table(outcomes),
        operations_catching_up=catching_up_table(outcomes),
        waiting_list_rules=rules_table(scenario, outcomes),
        turnaround=turnaround_table(scenario, outcomes),
        turnaround_by_type=turnaround_by_type(scenario, outcomes),
        turnaround_by_site=turnaround_by_site(scenario, outcomes),
        turnaround_by_hour=turnaround_by_hour(scenario, outcomes),
        fates=fate_table(scenario, outcomes),
        laboratories=account_table(scenario, outcomes),
        throughput=throughput_table(scenario, outcomes),
        utilisation=utilisation_table(scenario, outcomes),
        blood_by_route=by_route_table(scenario, outcomes),
        blood_by_use=by_use_table(scenario, outcomes),
        blood_not_in_time=not_in_time_table(scenario, outcomes),
        blood_stock=stock_table(scenario, outcomes),
        transfusion=transfusion_table(scenario, outcomes),
        replications=samples.replications(),
    )


def replication_rows(number: int, arms: Sequence[ArmMeasures]) -> pd.DataFrame:
    """Return the totals of one replication: replication, arm, measure, value.

    Totals over the horizon and all sites, and the weeks to recovery of each clock (NaN where the
    run ended before).
    """
    totals = with_excess(np.stack([arm.table.total[:, -1] for arm in arms]))
    recovery = np.array(
        [
            [np.nan if reading.weeks is None else reading.weeks for reading in arm.clocks]
            for arm in arms
            if arm.arm != BASELINE
        ]
    ).ravel()
    names = [measure.name for measure in MEASURES]
    return pd.DataFrame(
        {
            "replication": number,
            "arm": [*np.repeat(SHOWN_ARMS, len(names)), *[DISRUPTED] * len(recovery)],
            "measure": [*names * len(SHOWN_ARMS), *RECOVERY_MEASURES.values()],
            "value": np.concatenate([totals.ravel(), recovery]),
        }
    )


@dataclass(frozen=True)
class _Samples:
    scenario: Scenario
    numbers: tuple[int, ...]
    outcomes: tuple[tuple[ArmMeasures, ...], ...]

    @property
    def sites(self) -> tuple[str, ...]:
        return (*self.scenario.site_names, ALL_SITES)

    def weekly(self) -> pd.DataFrame:
        samples = np.stack(
            [with_excess(np.stack([arm.table.weekly for arm in arms])) for arms in self.outcomes]
        )
        names = [measure.name for measure in MEASURES]
        horizon = Horizon.of(self.scenario)
        frame = long_table(
            samples,
            {
                "arm": SHOWN_ARMS,
                "measure": names,
                "week": range(1, horizon.weeks + 1),
                "site": self.sites,
            },
        )
        frame.insert(0, "week_start", mondays(horizon, frame["week"]))
        frame = frame[_reported(frame)]
        columns = ["week_start", "week", "site", "measure", "arm", *STATISTICS]
        return frame[columns].reset_index(drop=True)

    def summary(self) -> pd.DataFrame:
        samples = np.stack(
            [with_excess(np.stack([arm.table.total for arm in arms])) for arms in self.outcomes]
        )
        names = [measure.name for measure in MEASURES]
        frame = long_table(samples, {"arm": SHOWN_ARMS, "measure": names, "site": self.sites})
        frame = frame[_reported(frame)]
        return frame[["site", "measure", "arm", *STATISTICS]].reset_index(drop=True)

    def causes(self) -> pd.DataFrame:
        samples = np.stack(
            [
                with_excess(np.stack([arm.causes.whole for arm in arms]).astype(np.float64))
                for arms in self.outcomes
            ]
        )
        happened = np.broadcast_to((samples != 0.0).any(axis=(0, 1)), samples.shape[1:])
        frame = long_table(
            samples,
            {
                "arm": SHOWN_ARMS,
                "cause": _causes(),
                "specialty": [item.name for item in self.scenario.surgery.specialties],
                "priority": PRIORITIES,
                "site": self.scenario.site_names,
            },
        )
        columns = ["cause", "specialty", "priority", "site", "arm", *STATISTICS]
        return frame.loc[happened.ravel(), columns].reset_index(drop=True)

    def weekly_causes(self) -> pd.DataFrame:
        samples = np.stack(
            [
                with_excess(np.stack([arm.causes.weekly for arm in arms]).astype(np.float64))
                for arms in self.outcomes
            ]
        )
        horizon = Horizon.of(self.scenario)
        frame = long_table(
            samples,
            {
                "arm": SHOWN_ARMS,
                "cause": _causes(),
                "week": range(1, horizon.weeks + 1),
                "site": self.sites,
            },
        )
        frame.insert(0, "week_start", mondays(horizon, frame["week"]))
        return frame[["week_start", "week", "site", "cause", "arm", *STATISTICS]]

    def recovery(self) -> pd.DataFrame:
        horizon = Horizon.of(self.scenario)
        followed = horizon.days_from_onset / 7.0
        days_to_see = horizon.days_from_onset - self.scenario.recovery.sustained_days + 1
        rows: list[dict[str, object]] = []
        for position, clock in enumerate(Clock):
            seen = [arms[ARMS.index(DISRUPTED)].clocks[position] for arms in self.outcomes]
            times = kaplan_meier([reading.weeks for reading in seen], followed)
            fluid = [reading.fluid_weeks for reading in seen if np.isfinite(reading.fluid_weeks)]
            rows.append(
                {
                    "clock": clock.value,
                    "arm": DISRUPTED,
                    "tolerance": _mean([reading.tolerance for reading in seen]),
                    "unit": clock.unit,
                    "window_days": self.scenario.recovery.sustained_days,
                    "median_weeks": times.quantile(0.5),
                    **{
                        f"{name}_weeks": times.quantile(share)
                        for name, share in {
                            "q05": 0.05,
                            "q25": 0.25,
                            "q75": 0.75,
                            "q95": 0.95,
                        }.items()
                    },
                    "share_recovered": times.share_recovered,
                    "n": times.n,
                    "n_censored": times.n_censored,
                    "followed_weeks": followed,
                    "seen_weeks": max(0, days_to_see) / 7.0,
                    "peak": _mean([reading.peak for reading in seen]),
                    "fluid_weeks": _mean(fluid),
                }
            )
        return pd.DataFrame(rows)

    def replications(self) -> pd.DataFrame:
        rows = [
            replication_rows(number, arms)
            for number, arms in zip(self.numbers, self.outcomes, strict=True)
        ]
        return pd.concat(rows, ignore_index=True)


def _causes() -> list[str]:
    return [cause.name.lower() for cause in Cause]


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else float("nan")


def _reported(frame: pd.DataFrame) -> pd.Series[bool]:
    """Return the rows of measures that exist: by site only where they are counted so."""
    by_site = {measure.name for measure in MEASURES if measure.by_site}
    return (frame["site"] == ALL_SITES) | frame["measure"].isin(by_site)
