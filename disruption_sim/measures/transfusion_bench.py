"""Measures of the transfusion bench: what its scientists did, and how busy they were."""

from __future__ import annotations

from disruption_sim.measures.calendar import Floats, Horizon
from disruption_sim.measures.table import Ratio, Weekly
from disruption_sim.records import BenchJob, TransfusionRecords
from disruption_sim.scenario.model import Scenario


def bench_measures(
    scenario: Scenario, horizon: Horizon, records: TransfusionRecords
) -> dict[str, Weekly]:
    """Compute the measures of the transfusion benches in one arm.

    Parameters
    ----------
    scenario : Scenario
    horizon : Horizon
    records : TransfusionRecords

    Returns
    -------
    dict of name to weekly values
    """
    samples, by_hand = horizon.weekly(records.samples), horizon.weekly(records.samples_by_hand)
    return {
        "group_and_screen_samples": samples,
        "group_and_screen_samples_by_hand": by_hand,
        "second_samples": horizon.weekly(records.second_samples),
        "wrong_blood_in_tube_expected": wrong_blood_in_tube(scenario, samples, by_hand),
        "crossmatches": horizon.weekly(records.bench_jobs[:, :, BenchJob.CROSSMATCH]),
        "transfusion_bench_utilisation": Ratio(
            horizon.weekly(records.bench_busy_hours), horizon.weekly(records.bench_hours)
        ),
    }


def wrong_blood_in_tube(scenario: Scenario, samples: Floats, by_hand: Floats) -> Floats:
    """Return how many tubes are expected to hold another patient's blood: a rate, not a fate."""
    rules = scenario.transfusion
    weighted = samples + (rules.wrong_blood_in_tube_by_hand_ratio - 1.0) * by_hand
    expected: Floats = rules.wrong_blood_in_tube_per_sample * weighted
    return expected
