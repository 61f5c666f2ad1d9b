from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from disruption_sim.measures import Horizon
from disruption_sim.measures.operations import operation_measures
from disruption_sim.measures.table import Ratio, divided
from disruption_sim.records import Cause, DoneOn, Removal, SurgeryRecords
from disruption_sim.world import Operations, World, draw_world
from tests.support.pretend import pretend_surgery
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
    records = pretend_surgery(SCENARIO.without_disruption(), world, delayed=False)
    nothing = np.full(n, np.nan)
    return operations, replace(
        records,
        done_at=nothing,
        done_on=np.zeros(n, dtype=np.uint8),
        removed_at=nothing,
        swapped_in=np.empty(0, dtype=np.int32),
    )


def measured(
    operations: Operations, records: SurgeryRecords, twin: SurgeryRecords
) -> dict[str, np.ndarray]:
    """Return the measures by week; of shares the quotient."""
    found = operation_measures(SCENARIO, HORIZON, operations, records, twin)
    return {
        name: divided(table.numerator, table.denominator) if isinstance(table, Ratio) else table
        for name, table in found.items()
    }


def postponed(records: SurgeryRecords, *events: tuple[int, float, float, Cause]) -> SurgeryRecords:
    """Return the records with postponements: patient, at, decided at, cause; in order of time."""
    patient, at, decided, cause = zip(*events, strict=True)
    return replace(
        records,
        postponed_patient=np.array(patient, dtype=np.int32),
        postponed_at=np.array(at),
        postponed_decided_at=np.array(decided),
        postponed_cause=np.array(cause, dtype=np.uint8),
        rebooked_late=np.zeros(len(at), dtype=np.bool_),
    )


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


def test_p3_has_a_longer_window() -> None:
    window = 24.0 * SCENARIO.surgery.p3_window_days
    operations, nothing = small_world([START + 10.0 - window] * 3, [0, 0, 1])
    operations = replace(operations, priority=np.array([1, 0, 1], dtype=np.uint8))
    found = measured(operations, nothing, nothing)
    assert found["p3_beyond_window"][0].tolist() == [1.0, 1.0, 2.0]


def test_who_was_never_postponed_and_waited_longer_is_displaced() -> None:
    operations, nothing = small_world([0.0] * 5, [0, 0, 0, 1, 1])
    week = 168.0
    # Displaced; postponed; an hour later on the same list; brought forward; still on the list.
    twin = replace(
        nothing, done_at=START + np.array([50.0, 50.0, 50.0, 2 * week + 5.0, week + 5.0])
    )
    done = START + np.array([week + 50.0, week + 50.0, 51.0, 5.0, np.nan])
    here = postponed(replace(nothing, done_at=done), (1, START + 50.0, START + 40.0, Cause.NO_BED))
    found = measured(operations, here, twin)
    assert found["patients_displaced"].tolist()[:2] == [[1, 0, 1], [0, 1, 1]]
    assert found["patients_brought_forward"].tolist()[:2] == [[0, 1, 1], [0, 0, 0]]
    assert found["patient_weeks_displaced"][:, 0].sum() == pytest.approx(1.0)
    assert found["patient_weeks_displaced"][:, 1].sum() == pytest.approx(3.0 - 5.0 / week)
    assert found["patient_weeks_brought_forward"].sum(axis=0).tolist() == pytest.approx([0, 2, 2])
    balance = found["patient_weeks_displaced"] - found["patient_weeks_brought_forward"]
    an_hour = np.array([1.0, 0.0, 1.0]) / week
    np.testing.assert_allclose(
        found["patient_weeks_never_postponed"].sum(axis=0), balance.sum(axis=0) + an_hour
    )
    assert found["patients_later"][0].tolist() == [2, 0, 2]
    assert found["patients_later_never_postponed"][0].tolist() == [1, 0, 1]
    assert found["patients_later_never_postponed"][1:, -1].tolist() == [1, 1, 1]


def test_later_without_a_postponement_ends_with_the_first_one() -> None:
    operations, nothing = small_world([0.0], [0])
    twin = replace(nothing, done_at=np.array([START + 10.0]))
    here = postponed(nothing, (0, START + 410.0, START + 400.0, Cause.RESULTS_NOT_REPORTED))
    found = measured(operations, here, twin)
    assert found["patients_later"][:, -1].tolist() == [1, 1, 1, 1]
    assert found["patients_later_never_postponed"][:, -1].tolist() == [1, 1, 0, 0]
    assert found["patients_displaced"].sum() == 0


def test_only_postponements_after_the_first_are_repeats() -> None:
    operations, nothing = small_world([0.0, 0.0], [0, 1])
    here = postponed(
        nothing,
        (0, START - 50.0, START - 60.0, Cause.ORDINARY),
        (1, START + 5.0, START + 4.0, Cause.NO_STAFF),
        (0, START + 6.0, START + 4.0, Cause.NO_BED),
        (1, START + 200.0, START + 199.0, Cause.RESULTS_NOT_REPORTED),
    )
    found = measured(operations, here, nothing)
    assert found["operations_postponed_again"].tolist()[:2] == [[1, 0, 1], [0, 1, 1]]


def test_on_the_day_is_the_day_of_the_operation() -> None:
    operations, nothing = small_world([0.0] * 6, [0] * 6)
    operations = replace(operations, day_case=np.array([False] * 4 + [True] * 2))
    list_start = START + 24.0 + 8.5
    here = postponed(
        replace(nothing, done_at=np.array([np.nan] * 3 + [list_start] * 2 + [np.nan])),
        (0, list_start, START + 15.0, Cause.NO_BED),  # the day before
        (1, list_start, START + 24.0 + 7.5, Cause.NO_BED),
        (2, list_start, START + 24.0 + 7.5, Cause.ORDINARY),
        (5, list_start, START + 24.0 + 12.0, Cause.NO_TIME_LEFT),
    )
    found = measured(operations, here, nothing)
    assert found["operations_cancelled_on_the_day"][0, -1] == 3.0
    # Two of the three inpatients who were to be operated on, and two of the reasons are not the
    # patient's.
    assert found["inpatients_cancelled_on_the_day_share"][0, -1] == pytest.approx(2.0 / 3.0)
    admissions = SCENARIO.surgery.elective_admissions_per_week
    assert found["non_clinical_cancellations_share"].tolist()[:2] == [2.0 / admissions, 0.0]


def test_who_is_not_made_good_in_time_counts_once_the_standard_has_run_out() -> None:
    scenario = small_scenario(calendar__horizon_weeks=4, surgery__rebooking_standard_days=14)
    operations, nothing = small_world([0.0] * 4, [0] * 4)
    first, last = START + 8.5, HORIZON.end - 24.0 * 13
    here = postponed(
        nothing,
        (0, first, first - 1.0, Cause.NO_BED),
        (1, first, first - 1.0, Cause.NO_TIME_LEFT),
        (2, first, first - 1.0, Cause.ORDINARY),
        (3, last, last - 1.0, Cause.NO_BED),
    )
    late = replace(here, rebooked_late=np.array([True, False, True, False]))
    found = operation_measures(scenario, HORIZON, operations, late, nothing)
    share = found["non_clinical_rebooked_late_share"]
    assert isinstance(share, Ratio)
    assert share.numerator.tolist() == [1.0, 0.0, 0.0, 0.0]
    assert share.denominator.tolist() == [2.0, 0.0, 0.0, 0.0]


def test_operations_elsewhere_are_done_but_not_on_our_days() -> None:
    operations, nothing = small_world([0.0] * 3, [0, 0, 1])
    operations = replace(operations, day_case=np.array([True, False, False]))
    saturday = START + 5 * 24.0 + 9.0
    here = replace(
        nothing,
        done_at=np.array([START + 9.0, saturday, START + 9.0]),
        done_on=np.array([0, DoneOn.WEEKEND_LIST, DoneOn.OTHER_HOSPITAL], dtype=np.uint8),
        transferred=np.array([2], dtype=np.int32),
        host_displaced=np.full(SCENARIO.calendar.weeks, 0.7),
    )
    found = measured(operations, here, nothing)
    assert found["operations_done"][0].tolist() == [2.0, 1.0, 3.0]
    assert found["day_cases_done"][0].tolist() == [1.0, 0.0, 1.0]
    assert found["inpatient_operations_done"][0].tolist() == [1.0, 1.0, 2.0]
    assert found["weekday_operations_share"][0].tolist() == [0.5, 1.0, pytest.approx(2.0 / 3.0)]
    assert found["operations_transferred"][0].tolist() == [0.0, 1.0, 1.0]
    assert found["host_operations_displaced"].tolist() == [0.7] * 4


def test_removals_add_up_by_reason() -> None:
    operations, nothing = small_world([0.0] * 4, [0, 0, 1, 1])
    operations = replace(operations, removal_reason=np.array([0, 1, 1, 3], dtype=np.uint8))
    here = replace(nothing, removed_at=np.array([START, START, START + 200.0, np.nan]))
    found = measured(operations, here, nothing)
    by_reason = [found[f"operations_removed_{reason.name.lower()}"] for reason in Removal]
    assert [table[:, -1].sum() for table in by_reason] == [1.0, 2.0, 0.0, 0.0]
    assert np.array_equal(sum(by_reason), found["operations_removed"])


def test_beds_are_occupied_and_lost_night_by_night() -> None:
    operations, nothing = small_world([0.0], [0])
    found = measured(operations, nothing, nothing)
    assert found["ward_beds_occupied_share"].tolist() == [[0.8] * 3] * 4
    assert found["critical_care_beds_lost_share"].tolist() == [[0.1] * 3] * 4
    beds = nothing.beds.copy()
    beds[1, 1] = 0
    empty = nothing.beds_occupied.copy()
    empty[:, 1, 1] = 0
    found = measured(operations, replace(nothing, beds=beds, beds_occupied=empty), nothing)
    assert np.isnan(found["critical_care_beds_occupied_share"][:, 1]).all()
    assert found["critical_care_beds_occupied_share"][:, -1].tolist() == [0.8] * 4


def test_extra_lists_add_up_over_where_they_are_held() -> None:
    operations, nothing = small_world([0.0], [0])
    extra = np.tile([1, 2, 4], (SCENARIO.calendar.weeks, 1))
    found = measured(operations, replace(nothing, extra_lists_run=extra), nothing)
    assert found["recovery_lists"].tolist() == [7.0] * 4
    assert found["recovery_lists_independent_sector"].tolist() == [4.0] * 4


def test_nobody_waits_longer_than_a_year_who_has_not() -> None:
    year = 52 * 168.0
    operations, nothing = small_world([START + 168.0 - year, START + 168.5 - year], [0, 0])
    share = measured(operations, nothing, nothing)["waiting_over_52_weeks_share"]
    assert share[:, 0].tolist() == [0.0, 1.0, 1.0, 1.0]


def test_doing_the_short_ones_first_leaves_the_hours() -> None:
    operations, nothing = small_world([0.0, 0.0, 0.0], [0, 0, 1])
    operations = replace(operations, expected_duration=np.array([4.0, 0.5, 0.5]))
    twin = replace(nothing, done_at=np.array([START + 1.0, np.nan, np.nan]))
    here = replace(nothing, done_at=np.array([START + 200.0, START + 1.0, START + 1.0]))
    found = measured(operations, here, twin)
    assert found["operations_backlog"][0].tolist() == [0.0, -1.0, -1.0]
    assert found["operations_backlog_hours"][0].tolist() == [3.5, -0.5, 3.0]
    assert found["operations_backlog_hours"][1].tolist() == [-0.5, -0.5, -1.0]
