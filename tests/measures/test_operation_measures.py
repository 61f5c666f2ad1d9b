from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from disruption_sim.measures import Horizon
from disruption_sim.measures.operations import operation_measures
from disruption_sim.records import Cause, SurgeryRecords
from disruption_sim.world import Operations, World, draw_world
from tests.support.pretend import pretend_records
from tests.support.small_scenario import small_scenario

pytestmark = pytest.mark.unit

SCENARIO = small_scenario(calendar__horizon_weeks=4)
HORIZON = Horizon.of(SCENARIO)
START = HORIZON.start


def small_world(clock_start: list[float], site: list[int]) -> tuple[Operations, SurgeryRecords]:
    """Return a world of a few patients and records in which nothing has happened to them."""
    world: World = draw_world(SCENARIO, seed=1, replication=0)
    n = len(clock_start)
    operations = Operations(**{name: array[:n] for name, array in vars(world.operations).items()})
    operations = replace(
        operations,
        clock_start=np.array(clock_start),
        site=np.array(site, dtype=np.uint8),
        priority=np.zeros(n, dtype=np.uint8),
    )
    records = pretend_records(SCENARIO.without_disruption(), world, "baseline").surgery
    nothing = np.full(n, np.nan)
    return operations, replace(
        records, done_at=nothing, removed_at=nothing, swapped_in=np.empty(0, dtype=np.int32)
    )


def measured(
    operations: Operations, records: SurgeryRecords, twin: SurgeryRecords
) -> dict[str, np.ndarray]:
    found = operation_measures(SCENARIO, HORIZON, operations, records, twin)
    return {name: table for name, table in found.items() if isinstance(table, np.ndarray)}


def test_backlog_is_later_less_earlier_and_swaps_move_people_both_ways() -> None:
    operations, nothing = small_world([0.0, 0.0, 0.0], [0, 0, 1])
    week = 168.0
    twin = replace(nothing, done_at=np.array([START + 1, START + 2 * week, START + 1]))
    here = replace(nothing, done_at=np.array([START + 2 * week, START + 1, START + 3 * week]))
    found = measured(operations, here, twin)
    assert found["patients_later"].tolist() == [[1, 1, 2], [1, 1, 2], [0, 1, 1], [0, 0, 0]]
    assert found["patients_earlier"].tolist() == [[1, 0, 1], [1, 0, 1], [0, 0, 0], [0, 0, 0]]
    assert found["operations_backlog"].tolist() == [[0, 1, 1], [0, 1, 1], [0, 1, 1], [0, 0, 0]]


def test_extra_wait_is_the_sum_over_patients_cut_at_the_horizon() -> None:
    random = np.random.default_rng(5)
    n = 40
    start = random.uniform(0.0, START + 300.0, n)
    operations, nothing = small_world(start.tolist(), random.integers(0, 2, n).tolist())
    ends = np.where(
        random.random((2, n)) < 0.2, np.nan, start + random.uniform(0.0, 1500.0, (2, n))
    )
    twin, here = (replace(nothing, done_at=end) for end in ends)
    found = measured(operations, here, twin)["patient_weeks_of_extra_wait"]
    cut = np.where(np.isnan(ends), np.inf, ends).clip(START, HORIZON.end)
    expected = (cut[1] - cut[0]) / 168.0
    assert found[:, -1].sum() == pytest.approx(expected.sum())
    for site in (0, 1):
        assert found[:, site].sum() == pytest.approx(expected[operations.site == site].sum())
    week = slice(START + 168.0, START + 336.0)
    in_week_2 = cut.clip(week.start, week.stop)
    assert found[1, -1] == pytest.approx((in_week_2[1] - in_week_2[0]).sum() / 168.0)


def test_a_removed_patient_waits_no_longer() -> None:
    operations, nothing = small_world([0.0, 0.0], [0, 0])
    here = replace(nothing, removed_at=np.array([START + 10.0, np.nan]))
    found = measured(operations, here, here)
    assert found["operations_waiting"][:, -1].tolist() == [1.0, 1.0, 1.0, 1.0]
    assert found["operations_removed"][:, -1].tolist() == [1.0, 0.0, 0.0, 0.0]


def test_patients_join_the_list_when_their_clock_starts() -> None:
    operations, nothing = small_world([START + 170.0, START + 400.0], [0, 1])
    found = measured(operations, nothing, nothing)
    assert found["operations_waiting"].tolist() == [[0, 0, 0], [1, 0, 1], [1, 1, 2], [1, 1, 2]]


def test_the_share_within_18_weeks_falls_when_the_wait_grows_longer() -> None:
    limit = 18 * 168.0
    operations, nothing = small_world([START + 336.0 - limit, START + 336.5 - limit], [0, 0])
    found = operation_measures(SCENARIO, HORIZON, operations, nothing, nothing)
    share = found["waiting_within_18_weeks_share"]
    assert not isinstance(share, np.ndarray)
    # At the end of week 2 the first has waited exactly 18 weeks, which still counts.
    assert share.numerator[:, -1].tolist() == [2.0, 2.0, 0.0, 0.0]
    assert share.denominator[:, -1].tolist() == [2.0, 2.0, 2.0, 2.0]


def test_a_patient_postponed_twice_is_two_events_and_one_person() -> None:
    operations, nothing = small_world([0.0, 0.0], [0, 1])
    here = replace(
        nothing,
        postponed_at=np.array([START - 50.0, START + 5.0, START + 6.0, START + 200.0]),
        postponed_decided_at=np.zeros(4),
        postponed_patient=np.array([0, 0, 1, 0], dtype=np.int32),
        postponed_cause=np.array(
            [Cause.ORDINARY, Cause.ORDINARY, Cause.NO_COMPATIBLE_BLOOD, Cause.SAMPLE_EXPIRED],
            dtype=np.uint8,
        ),
        rebooked_late=np.array([True, False, True, False]),
    )
    found = measured(operations, here, nothing)
    assert found["operations_postponed"][:, -1].tolist() == [2.0, 1.0, 0.0, 0.0]
    assert found["operations_postponed_incident"][:, -1].tolist() == [1.0, 1.0, 0.0, 0.0]
    assert found["patients_postponed"][:, -1].tolist() == [2.0, 0.0, 0.0, 0.0]
    assert found["patients_postponed_incident"].tolist()[:2] == [[0, 1, 1], [1, 0, 1]]
    assert found["rebooked_late"][:, -1].tolist() == [1.0, 0.0, 0.0, 0.0]


def test_p2_counts_in_the_week_in_which_the_window_runs_out() -> None:
    window = 24.0 * SCENARIO.surgery.p2_window_days
    operations, nothing = small_world([START + 200.0 - window] * 2, [0, 0])
    here = replace(nothing, done_at=np.array([START + 199.0, START + 201.0]))
    found = measured(operations, here, nothing)
    assert found["p2_beyond_window"][:, -1].tolist() == [0.0, 1.0, 0.0, 0.0]
