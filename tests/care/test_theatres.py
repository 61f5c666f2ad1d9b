"""Theatres as an elective-recovery planner expects them to behave."""

from __future__ import annotations

import numpy as np
import pytest

from disruption_sim.care.pre_assessment import CHEMISTRY
from disruption_sim.records import INCIDENT_CAUSES, NON_CLINICAL_CAUSES, Cause
from disruption_sim.scenario.model import (
    Capability,
    Effect,
    Grade,
    GroupOCover,
    RecoveryLists,
    Scenario,
    StopElective,
    SwapCases,
)
from tests.care.hand_made_rooms import (
    Flags,
    Floats,
    ObligingBank,
    PromptLaboratories,
    Run,
    assert_conserved,
    assert_equal,
    busy_scenario,
    run_theatres,
    silent_from,
    with_policies,
    with_removal,
    world_of,
)

pytestmark = pytest.mark.integration

MINOR_TO_MAJOR = tuple(Grade)


def week_1(scenario: Scenario) -> float:
    return scenario.calendar.week_1_hour


@pytest.fixture(scope="module")
def ordinary() -> Run:
    return run_theatres(busy_scenario())


def test_every_patient_is_accounted_for(ordinary: Run) -> None:
    assert_conserved(ordinary)


def test_every_patient_is_accounted_for_in_an_outage() -> None:
    scenario = busy_scenario(disruption=True)
    onset = week_1(scenario)
    run = run_theatres(
        scenario,
        PromptLaboratories(
            lambda collected: np.where(collected > onset, 200.0, 6.0),
            lambda collected: (collected > onset) & (collected % 1.0 < 0.3),
        ),
        ObligingBank(lambda now: now < onset, places=1, compatible=lambda now: now % 48.0 < 24.0),
    )
    assert_conserved(run)
    assert set(run.records.postponed_cause.tolist()) == {int(cause) for cause in Cause}


def test_ordinary_running_has_no_incident_cause(ordinary: Run) -> None:
    assert set(ordinary.records.postponed_cause.tolist()) == {Cause.ORDINARY, *NON_CLINICAL_CAUSES}


def test_ordinary_running_is_believable(ordinary: Run) -> None:
    records = ordinary.records
    done = np.count_nonzero(~np.isnan(records.done_at))
    assert 0.02 < np.count_nonzero(ordinary.events(Cause.ORDINARY)) / done < 0.12
    assert 0.70 < records.busy_hours.sum() / records.list_hours.sum() < 0.90
    end = ordinary.scenario.calendar.end_hour
    assert ordinary.waiting(end) == pytest.approx(ordinary.waiting(0.0), rel=0.15)
    assert not np.any(records.swapped_in)
    assert not np.any(records.extra_lists_run)
    assert not np.any(records.transferred)
    assert not np.any(records.cost_pounds)


def test_same_world_same_numbers(ordinary: Run) -> None:
    assert_equal(ordinary.records, run_theatres(busy_scenario()).records)


def test_policies_without_an_outage_change_only_what_they_are_meant_to(ordinary: Run) -> None:
    scenario = busy_scenario()
    idle = with_policies(
        scenario,
        StopElective(
            kind="stop_elective", name="none", trigger_day=0, grades=MINOR_TO_MAJOR, share=0.0
        ),
        SwapCases(kind="swap_cases", name="swap", trigger_day=0, share=0.0),
        GroupOCover(
            kind="group_o_cover",
            name="cover",
            trigger_day=0,
            transfused_share_at_most=1.0,
            least_group_o_stock_days=0.0,
        ),
        RecoveryLists(kind="recovery_lists", name="extra", trigger_day=0, uplift_share=0.0),
    )
    assert_equal(ordinary.records, run_theatres(idle).records)


def test_before_the_outage_both_arms_are_equal(ordinary: Run) -> None:
    scenario = busy_scenario(disruption=True)
    onset = week_1(scenario)
    disrupted = run_theatres(
        scenario, silent_from(onset, 1e6), ObligingBank(lambda now: now < onset)
    )
    before = ordinary.records.done_at < onset
    np.testing.assert_array_equal(before, disrupted.records.done_at < onset)
    np.testing.assert_array_equal(
        ordinary.records.done_at[before], disrupted.records.done_at[before]
    )


def test_without_results_nobody_who_needs_them_is_operated_on() -> None:
    scenario = busy_scenario()
    # Those of the first week have theirs in hand from before hour 0.
    run = run_theatres(scenario, silent_from(0.0, 1e6))
    operations, records = run.world.operations, run.records
    needy = operations.needs_results | operations.needs_group_and_screen
    later = operations.clock_start > 0.0
    assert np.all(np.isnan(records.done_at[needy & later]))
    assert not np.all(np.isnan(records.done_at[~needy & later]))
    late = later[records.postponed_patient]
    causes = records.postponed_cause[late & needy[records.postponed_patient]]
    assert set(causes.tolist()) <= {
        Cause.RESULTS_NOT_REPORTED,
        Cause.NO_VALID_GROUP_AND_SCREEN,
        Cause.ORDINARY,
        Cause.NO_STAFF,
    }
    others = records.postponed_cause[late & ~needy[records.postponed_patient]]
    assert set(others.tolist()) <= {Cause.ORDINARY, *NON_CLINICAL_CAUSES}


def test_lost_samples_are_found_out_before_the_list_and_taken_again() -> None:
    scenario = busy_scenario()
    onset = week_1(scenario)

    def lost(collected: Floats) -> Flags:
        return np.asarray(np.abs(collected - onset - 84.0) < 84.0)

    run = run_theatres(scenario, PromptLaboratories(loses=lost))
    records = run.records
    expired = run.events(Cause.SAMPLE_EXPIRED)
    of_chemistry = run.laboratories.types == CHEMISTRY
    count = np.count_nonzero(lost(run.laboratories.collected) & of_chemistry)
    # Two working days before the list most have been taken again, in time for the huddle. Who gave
    # blood in that week for the second time, or too late for a second time, is postponed there.
    assert 0 < np.count_nonzero(expired) < 0.2 * count
    before = records.postponed_at[expired] - records.postponed_decided_at[expired]
    assert np.all(before > 12.0)
    done = records.done_at[records.postponed_patient[expired]]
    assert np.count_nonzero(~np.isnan(done)) > 0.8 * done.size


def test_samples_that_were_never_taken_have_not_expired() -> None:
    scenario = busy_scenario()
    onset = week_1(scenario)
    run = run_theatres(
        scenario,
        PromptLaboratories(
            loses=lambda collected: np.abs(collected - onset - 84.0) < 84.0, withholds=True
        ),
    )
    records = run.records
    assert not np.any(run.events(Cause.SAMPLE_EXPIRED))
    missing = run.events(Cause.RESULTS_NOT_REPORTED)
    assert np.count_nonzero(missing) > 20
    before = records.postponed_at[missing] - records.postponed_decided_at[missing]
    assert np.all(before > 12.0)


def test_a_longer_silence_postpones_more(ordinary: Run) -> None:
    onset = week_1(ordinary.scenario)
    incident = list(INCIDENT_CAUSES)
    counts = [
        np.count_nonzero(
            run_theatres(ordinary.scenario, silent_from(onset, 24.0 * days)).events(*incident)
        )
        for days in (0.0, 3.0, 10.0)
    ]
    assert counts[0] == 0 < counts[1] < counts[2]


def test_no_bench_no_operations_that_may_bleed_and_places_go_to_the_urgent() -> None:
    scenario = busy_scenario()
    onset = week_1(scenario)

    def run(places: int) -> Run:
        return run_theatres(scenario, bank=ObligingBank(lambda now: now < onset, places))

    none, few = run(0), run(3)
    operations = none.world.operations
    # The list that begins on the morning of the outage is decided after it, except that units
    # crossmatched before it are still there.
    set_aside = none.set_aside_before(onset)
    may_bleed = operations.needs_group_and_screen & ~set_aside
    assert set_aside.any()
    assert not np.any(none.records.done_at[may_bleed] > onset)
    done = few.records.done_at > onset
    days = np.floor(few.records.done_at[may_bleed & done] / 24.0)
    sites = operations.site[may_bleed & done]
    assert np.all(np.unique(100.0 * days + sites, return_counts=True)[1] <= 3)
    refused = few.records.postponed_patient[few.events(Cause.TRANSFUSION_CANNOT_SUPPORT)]
    assert np.any(operations.priority[refused] == 2)
    share_done = [
        np.mean(~np.isnan(few.records.done_at[refused[operations.priority[refused] == p]]))
        for p in (0, 2)
    ]
    assert share_done[0] > share_done[1]


def test_booking_learns_what_the_bench_can_do() -> None:
    scenario = busy_scenario()
    onset = week_1(scenario)
    run = run_theatres(scenario, bank=ObligingBank(lambda now: now < onset, places=2))
    refused = run.events(Cause.TRANSFUSION_CANNOT_SUPPORT)
    week = np.floor((run.records.postponed_at[refused] - onset) / 168.0)
    ahead = scenario.surgery.booking_days_ahead
    assert np.count_nonzero(week == 0) > 10
    assert not np.any(run.records.postponed_at[refused] >= onset + 24.0 * (ahead + 1))


def test_group_o_lets_operations_go_ahead_that_seldom_bleed() -> None:
    scenario = busy_scenario()
    onset = week_1(scenario)
    cover = GroupOCover(
        kind="group_o_cover",
        name="cover",
        trigger_day=0,
        transfused_share_at_most=0.05,
        least_group_o_stock_days=3.0,
    )

    def done(stock_days: float, *policies: GroupOCover) -> np.ndarray:
        bank = ObligingBank(lambda now: now < onset, group_o_days=stock_days)
        run = run_theatres(with_policies(scenario, *policies), bank=bank)
        assert not np.any(run.records.done_at[run.set_aside_before(np.inf)] > onset + 24.0)
        return (run.records.done_at > onset) & ~run.set_aside_before(onset)

    operations = world_of(scenario).operations
    transfused_share = np.array([p.transfused_share for p in scenario.surgery.procedures])
    may_bleed = operations.needs_group_and_screen
    seldom = transfused_share[operations.procedure] <= 0.05
    with_cover, low_stock, without = done(5.0, cover), done(2.0, cover), done(5.0)
    assert np.count_nonzero(with_cover & may_bleed) > 50
    assert not np.any(with_cover & may_bleed & ~seldom)
    assert not np.any(with_cover & may_bleed & operations.antibodies)
    assert not np.any(low_stock & may_bleed)
    assert not np.any(without & may_bleed)


def test_without_compatible_blood_only_reserved_operations_wait() -> None:
    scenario = busy_scenario()
    onset = week_1(scenario)
    run = run_theatres(scenario, bank=ObligingBank(compatible=lambda now: now < onset))
    operations = run.world.operations
    reserved = operations.units_crossmatched > 0
    # What was set aside before is still there.
    stranded = reserved & ~run.set_aside_before(onset)
    assert not np.any(run.records.done_at[stranded] > onset)
    refused = run.records.postponed_patient[run.events(Cause.NO_COMPATIBLE_BLOOD)]
    assert refused.size > 0
    assert np.all(reserved[refused])


def test_incident_command_stops_the_grades_it_names_at_huddles_while_it_holds() -> None:
    scenario = with_policies(
        busy_scenario(),
        StopElective(
            kind="stop_elective",
            name="stop",
            trigger_day=0,
            duration_days=4,
            grades=(Grade.MAJOR, Grade.COMPLEX),
            share=1.0,
            places=("kings",),
        ),
    )
    onset = week_1(scenario)
    run = run_theatres(scenario)
    stopped = run.events(Cause.STOPPED_BY_INCIDENT_COMMAND)
    operations, records = run.world.operations, run.records
    patients = records.postponed_patient[stopped]
    assert patients.size > 10
    assert np.all(operations.grade[patients] >= MINOR_TO_MAJOR.index(Grade.MAJOR))
    assert np.all(operations.site[patients] == scenario.site_names.index("kings"))
    decided = records.postponed_decided_at[stopped]
    assert np.all((decided >= onset) & (decided < onset + 96.0))
    # Monday's lists had been decided on Friday; Tuesday's to Friday's are stopped.
    tuesday, saturday = onset + 24.0, onset + 120.0
    at_kings = (operations.site == scenario.site_names.index("kings")) & (
        operations.grade >= MINOR_TO_MAJOR.index(Grade.MAJOR)
    )
    done = records.done_at[at_kings]
    assert not np.any((done > tuesday) & (done < saturday))
    assert np.any((done > onset) & (done < tuesday))


def test_swapping_keeps_theatres_busier() -> None:
    scenario = busy_scenario()
    onset = week_1(scenario)

    def run(share: float) -> Run:
        swap = SwapCases(kind="swap_cases", name="swap", trigger_day=0, share=share)
        # No bench at all, from one day to the next.
        return run_theatres(
            with_policies(scenario, swap), bank=ObligingBank(lambda now: now < onset)
        )

    never, half, always = run(0.0), run(0.5), run(1.0)
    assert never.records.swapped_in.size == 0
    assert 0 < half.records.swapped_in.size < always.records.swapped_in.size
    month = onset + 28 * 24.0
    done = [np.count_nonzero(r.records.done_at < month) for r in (never, half, always)]
    assert done[0] < done[1] < done[2]
    operations = always.world.operations
    swapped = always.records.swapped_in
    assert not np.any(operations.needs_results[swapped])
    assert not np.any(operations.needs_group_and_screen[swapped])
    assert np.all(always.records.done_at[swapped] > onset)


def outage_of_ten_days(scenario: Scenario) -> Run:
    return run_theatres(scenario, silent_from(week_1(scenario), 240.0), world=world_of(scenario))


def excess_at_end(flexible_share: float, occupancy: float) -> int:
    """Patients on the list more than in the twin, where ordinary lists carry less than demand."""
    scenario = busy_scenario(
        surgery__flexible_capacity_share=flexible_share,
        surgery__base_capacity_share=0.93,
        surgery__beds__ward_occupancy=occupancy,
        surgery__beds__critical_care_occupancy=occupancy,
    )
    baseline = run_theatres(scenario, world=world_of(scenario))
    outage = outage_of_ten_days(scenario)
    assert outage.records.flexible_lists_run.sum() > baseline.records.flexible_lists_run.sum()
    end = scenario.calendar.end_hour
    return outage.waiting(end) - baseline.waiting(end)


def test_more_flexible_capacity_recovers_sooner_where_there_are_beds() -> None:
    little, much = (excess_at_end(share, occupancy=0.6) for share in (0.02, 0.25))
    assert much < 0.7 * little
    # More lists without more beds end in cancellations.
    assert much < excess_at_end(0.25, occupancy=0.95)


def test_recovery_lists_open_only_while_wanted_and_shrink_the_backlog() -> None:
    scenario = busy_scenario()
    extra = RecoveryLists(kind="recovery_lists", name="weekends", trigger_day=14, uplift_share=0.15)
    without, with_lists = (
        outage_of_ten_days(scenario),
        run_theatres(
            with_policies(scenario, extra),
            silent_from(week_1(scenario), 240.0),
            world=world_of(scenario),
        ),
    )
    end = scenario.calendar.end_hour
    assert with_lists.waiting(end) < without.waiting(end)
    run = with_lists.records.extra_lists_run.sum(axis=1)
    first = scenario.calendar.warm_up_weeks + 2
    assert run[:first].sum() == 0 < run[first:].sum()
    assert without.records.extra_lists_run.sum() == 0


def test_the_urgent_are_rebooked_before_the_routine() -> None:
    scenario = busy_scenario()
    run = outage_of_ten_days(scenario)
    records, operations = run.records, run.world.operations
    postponed = run.events(Cause.RESULTS_NOT_REPORTED, Cause.NO_VALID_GROUP_AND_SCREEN)
    patient = records.postponed_patient[postponed]
    again = records.done_at[patient] - records.postponed_at[postponed]
    means = [np.nanmean(again[operations.priority[patient] == p]) for p in range(3)]
    assert means[0] < means[2]
    assert np.isnan(again[operations.priority[patient] == 0]).sum() <= np.isnan(again).sum()
    # Postponed before goes before never postponed: nearly all P4 are on a list as soon as lists of
    # theirs are booked.
    routine = again[operations.priority[patient] == 2]
    soon = 24.0 * (scenario.surgery.booking_days_ahead + 10)
    assert np.mean(routine < soon) > 0.8


def test_closed_theatres_postpone_what_is_booked_and_run_no_list() -> None:
    scenario = busy_scenario()
    onset = week_1(scenario)
    fire = Effect(
        name="fire",
        capabilities=(Capability.THEATRES,),
        places=("kings",),
        start=scenario.calendar.onset,
        duration_days=7,
        depth=1.0,
    )
    run = run_theatres(scenario.model_copy(update={"disruptions": (fire,)}))
    records = run.records
    kings = run.world.operations.site == scenario.site_names.index("kings")
    within = (records.done_at >= onset) & (records.done_at < onset + 168.0)
    assert not np.any(within & kings)
    assert np.any(within & ~kings)
    closed = records.postponed_patient[run.events(Cause.STOPPED_BY_INCIDENT_COMMAND)]
    assert closed.size > 20
    assert np.all(kings[closed])


def test_blood_is_asked_for_while_the_operation_is_going_on(ordinary: Run) -> None:
    operations, records = ordinary.world.operations, ordinary.records
    needing = np.flatnonzero((operations.units_transfused > 0) & ~np.isnan(records.done_at))
    expected = sorted(
        (records.done_at[p] + 0.5 * operations.duration[p], int(operations.units_transfused[p]))
        for p in needing
    )
    asked = sorted((request.time, request.units) for request in ordinary.bank.requests)
    end = ordinary.scenario.calendar.end_hour
    assert len(asked) == len([time for time, _ in expected if time < end]) > 10
    np.testing.assert_allclose([t for t, _ in asked], [t for t, _ in expected], atol=2.0**-20)


def test_whoever_would_have_left_is_removed_unless_booked(ordinary: Run) -> None:
    world = ordinary.world
    soon = np.minimum(world.operations.removal, 24.0 * 30)
    removal = np.maximum(soon, world.operations.clock_start + 1.0)
    run = run_theatres(ordinary.scenario, world=with_removal(world, removal))
    assert_conserved(run)
    removed = ~np.isnan(run.records.removed_at)
    late = run.records.removed_at[removed] > removal[removed]
    # Later than drawn are only those who were booked at that moment and then postponed.
    assert set(np.flatnonzero(removed)[late].tolist()) <= set(
        run.records.postponed_patient.tolist()
    )
    waited = removal - np.maximum(world.operations.clock_start, 0.0)
    done = ~np.isnan(run.records.done_at)
    assert np.count_nonzero(done & (run.records.done_at > removal)) > 0
    assert np.count_nonzero(removed) > 0.3 * np.count_nonzero(waited < 24.0 * 30)
