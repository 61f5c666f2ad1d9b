"""What decides over operations and what helps: beds, stops, swaps, transfers and extra lists."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from disruption_sim.records import (
    INCIDENT_CAUSES,
    NON_CLINICAL_CAUSES,
    Bed,
    Cause,
    DoneOn,
    ExtraList,
)
from disruption_sim.scenario import Scenario
from disruption_sim.scenario.model import (
    Grade,
    GroupOCover,
    RecoveryLists,
    StopElective,
    SurgicalMutualAid,
    SwapCases,
)
from disruption_sim.world import World
from tests.care.hand_made_rooms import (
    ObligingBank,
    PromptLaboratories,
    Run,
    assert_conserved,
    assert_equal,
    busy_scenario,
    run_theatres,
    silent_from,
    with_policies,
    world_of,
)

pytestmark = pytest.mark.integration

SEEDS = (1, 2, 3)
GRADES = tuple(Grade)
OUTAGE_HOURS = 240.0
HORIZON_WEEKS = 16


@lru_cache(maxsize=1)
def scenario() -> Scenario:
    return busy_scenario(calendar__horizon_weeks=HORIZON_WEEKS)


@lru_cache(maxsize=len(SEEDS))
def world(seed: int) -> World:
    return world_of(scenario(), seed)


@lru_cache(maxsize=len(SEEDS))
def baseline(seed: int) -> Run:
    return run_theatres(scenario(), world=world(seed))


def onset() -> float:
    return scenario().calendar.week_1_hour


def silence(seed: int, *policies: object) -> Run:
    """Ten days on which no blood that is taken is ever reported."""
    return run_theatres(
        with_policies(scenario(), *policies),
        silent_from(onset(), OUTAGE_HOURS),
        world=world(seed),
    )


@lru_cache(maxsize=len(SEEDS))
def silence_alone(seed: int) -> Run:
    return silence(seed)


def bloodless(seed: int, *policies: object, places: int = 2) -> Run:
    """From week 1 on nothing but a few crossmatches by hand a day."""
    bank = ObligingBank(lambda now: now < onset(), places, bench_hours=0.25)
    return run_theatres(with_policies(scenario(), *policies), bank=bank, world=world(seed))


def backlog(run: Run, twin: Run) -> npt.NDArray[np.int64]:
    """Patients on the list more than in the twin, at the end of every day from week 1 on."""
    days = np.arange(onset() + 24.0, run.scenario.calendar.end_hour + 1.0, 24.0)
    return np.array([run.waiting(day) - twin.waiting(day) for day in days])


def extra_lists(held: str, **changes: Any) -> RecoveryLists:
    values: dict[str, Any] = {
        "kind": "recovery_lists",
        "name": held,
        "trigger_day": OUTAGE_HOURS / 24.0,
        "held": held,
        "uplift_share": 0.1,
        "cost_per_list_pounds": 5000.0,
    }
    return RecoveryLists.model_validate(values | changes)


def elsewhere(**changes: Any) -> SurgicalMutualAid:
    values: dict[str, Any] = {
        "kind": "surgical_mutual_aid",
        "name": "elsewhere",
        "trigger_day": 1,
        "duration_days": 28,
        "grades": ["major", "complex"],
        "priorities": ["p2"],
        "cases_per_week": 8,
        "days_until_operation": 4,
        "host_displaced_share": 0.5,
    }
    return SurgicalMutualAid.model_validate(values | changes)


def stop(days: float) -> StopElective:
    return StopElective(
        kind="stop_elective",
        name="stop",
        trigger_day=0,
        duration_days=days,
        grades=GRADES,
        share=1.0,
    )


def swap(share: float = 1.0) -> SwapCases:
    return SwapCases(kind="swap_cases", name="swap", trigger_day=0, share=share)


def wasted_hours(run: Run, weeks: int) -> float:
    """Theatre hours of the first weeks that were staffed and not used."""
    first = run.scenario.calendar.warm_up_weeks
    rows = slice(first, first + weeks)
    return float((run.records.list_hours - run.records.busy_hours)[rows].sum())


# ------------------------------------------------------------------------------------ ordinary


def test_ordinary_running_is_what_planners_report() -> None:
    """The bars of ordinary running, with room for few patients, of whom many stay overnight."""
    for seed in SEEDS:
        run = baseline(seed)
        records, operations = run.records, run.world.operations
        done = ~np.isnan(records.done_at)
        assert 0.79 < records.busy_hours.sum() / records.list_hours.sum() < 0.89
        non_clinical = np.count_nonzero(run.events(*NON_CLINICAL_CAUSES))
        # Of all elective admissions, of which operations are a part.
        admissions = done.sum() / scenario().surgery.theatre_share
        assert 0.006 < non_clinical / admissions < 0.03
        inpatient = ~operations.day_case
        cancelled = np.count_nonzero(inpatient[records.postponed_patient])
        share = cancelled / (np.count_nonzero(done & inpatient) + cancelled)
        assert 0.07 < share < 0.16
        on_saturday = np.floor(records.done_at[done] / 24.0) % 7 == 5
        assert np.mean(on_saturday) == pytest.approx(scenario().surgery.weekend_share, abs=0.025)
        # On the day all of them, as the causes are found on the day.
        assert np.all(records.postponed_at // 24.0 == records.postponed_decided_at // 24.0)


def test_everybody_is_on_one_kind_of_list() -> None:
    records = baseline(1).records
    done = ~np.isnan(records.done_at)
    kinds = np.bincount(records.done_on[done], minlength=len(DoneOn))
    assert np.all(kinds[[DoneOn.ORDINARY_LIST, DoneOn.FLEXIBLE_LIST]] > 0)
    assert kinds[DoneOn.FLEXIBLE_LIST + 1 :].sum() == 0
    assert not np.any(records.done_on[~done])


# ---------------------------------------------------------------------------------------- beds


def test_nobody_stays_without_a_bed() -> None:
    for seed in SEEDS:
        run = baseline(seed)
        records, operations = run.records, run.world.operations
        refused = records.postponed_patient[run.events(Cause.NO_BED)]
        assert refused.size > 0
        assert not np.any(operations.day_case[refused])
        # What is in the records is who was operated on, night by night.
        days, sites, kinds = records.beds_occupied.shape
        admitted, staying = np.zeros((2, days, sites, kinds), dtype=np.int64)
        for patient in np.flatnonzero(~np.isnan(records.done_at) & ~operations.day_case).tolist():
            first, site = int(records.done_at[patient] // 24.0), int(operations.site[patient])
            kind = Bed.CRITICAL_CARE if operations.critical_care[patient] else Bed.WARD
            admitted[first, site, kind] += 1
            staying[first + 1 : first + int(operations.nights[patient]), site, Bed.WARD] += 1
        np.testing.assert_array_equal(admitted + staying, records.beds_occupied)
        # Nobody is admitted to a bed that somebody lies in.
        free = np.maximum(records.beds - records.beds_lost - staying, 0)
        assert np.all(admitted <= free)


def test_more_beds_cancel_fewer_operations() -> None:
    found = []
    for occupancy in (0.97, 0.85, 0.6):
        changed = busy_scenario(
            surgery__beds__ward_occupancy=occupancy,
            surgery__beds__critical_care_occupancy=occupancy,
        )
        run = run_theatres(changed)
        found.append(np.count_nonzero(run.events(Cause.NO_BED)))
    assert found[0] > 1.5 * found[1] > 2.0 * found[2]


def test_beds_go_to_the_urgent() -> None:
    for seed in SEEDS:
        run = baseline(seed)
        operations, records = run.world.operations, run.records
        inpatient = ~operations.day_case & ~np.isnan(records.done_at)
        refused = records.postponed_patient[run.events(Cause.NO_BED)]
        rates = [
            np.count_nonzero(operations.priority[refused] == priority)
            / np.count_nonzero(inpatient & (operations.priority == priority))
            for priority in (0, 2)
        ]
        assert rates[0] < rates[1]


# --------------------------------------------------------------------------------------- stops


def test_stopping_early_postpones_more_and_wastes_less() -> None:
    for seed in SEEDS:
        stopped, waited = silence(seed, stop(days=4)), silence_alone(seed)
        postponed = [np.count_nonzero(run.events(*INCIDENT_CAUSES)) for run in (stopped, waited)]
        assert postponed[0] > 1.2 * postponed[1]
        assert wasted_hours(stopped, 2) < 0.9 * wasted_hours(waited, 2)
        in_vain = [
            np.count_nonzero(
                run.events(*INCIDENT_CAUSES)
                & (run.records.postponed_at // 24.0 == run.records.postponed_decided_at // 24.0)
            )
            for run in (stopped, waited)
        ]
        assert in_vain[0] < in_vain[1]


def test_a_list_that_is_empty_after_the_huddle_is_stood_down() -> None:
    run, twin = silence(1, stop(days=4)), baseline(1)
    first = scenario().calendar.warm_up_weeks
    assert run.records.lists_run[first] < 0.7 * twin.records.lists_run[first]
    assert np.all(run.records.lists_run[:first] == twin.records.lists_run[:first])
    assert run.records.lists_run.sum() > 0


# --------------------------------------------------------------------------------------- swaps


def test_only_who_can_come_and_needs_nothing_more_is_called() -> None:
    for seed in SEEDS:
        run = bloodless(seed, swap())
        operations, records = run.world.operations, run.records
        swapped = records.swapped_in
        assert swapped.size > 10
        assert np.all(operations.short_notice[swapped])
        assert not np.any(operations.needs_group_and_screen[swapped])
        # Who needs results has given blood for an earlier date.
        needing = swapped[operations.needs_results[swapped]]
        assert set(needing.tolist()) <= set(records.postponed_patient.tolist())
        assert_conserved(run)


def test_nobody_can_be_called_where_nobody_can_come() -> None:
    nobody = np.zeros_like(world(1).operations.short_notice)
    unreachable = replace(world(1), operations=replace(world(1).operations, short_notice=nobody))
    bank = ObligingBank(lambda now: now < onset())
    run = run_theatres(with_policies(scenario(), swap()), bank=bank, world=unreachable)
    assert run.records.swapped_in.size == 0


def test_swapping_uses_theatre_time_that_would_be_idle() -> None:
    for seed in SEEDS:
        swapped, idle = bloodless(seed, swap()), bloodless(seed)
        first = scenario().calendar.warm_up_weeks
        busy = [run.records.busy_hours[first : first + 2].sum() for run in (swapped, idle)]
        assert busy[0] > busy[1]


# ----------------------------------------------------------------------------------- transfers


def test_mutual_aid_helps_ours_and_displaces_the_hosts() -> None:
    end = scenario().calendar.end_hour
    for seed in SEEDS:
        alone, helped = bloodless(seed), bloodless(seed, elsewhere())
        records, operations = helped.records, helped.world.operations
        transferred = records.transferred
        urgent = (operations.priority == 0) & (operations.clock_start < end)
        assert 15 < transferred.size <= 4 * 8
        assert np.all(operations.priority[transferred] == 0)
        assert np.all(operations.grade[transferred] >= GRADES.index(Grade.MAJOR))
        assert np.all(records.done_on[transferred] == DoneOn.OTHER_HOSPITAL)
        np.testing.assert_array_equal(
            np.flatnonzero(records.done_on == DoneOn.OTHER_HOSPITAL), np.sort(transferred)
        )
        assert records.host_displaced.sum() == 0.5 * transferred.size
        price = scenario().surgery.transferred_cost_pounds
        assert records.cost_pounds.sum() == price * transferred.size
        # No week has more than its places, and as many of those of the week before.
        weeks = np.bincount((records.done_at[transferred] // 168.0).astype(int))
        assert weeks.max() <= 2 * 8
        waits = [
            np.minimum(np.where(np.isnan(run.records.done_at), np.inf, run.records.done_at), end)[
                urgent
            ].sum()
            for run in (helped, alone)
        ]
        assert waits[0] < waits[1]
        assert_conserved(helped)


def test_a_transfer_is_not_a_postponement() -> None:
    run = silence(1, elsewhere(cases_per_week=100, priorities=["p2", "p3", "p4"], trigger_day=0))
    alone = silence_alone(1)
    records = run.records
    assert records.transferred.size > 20
    last = np.full(run.world.operations.site.size, -np.inf)
    np.maximum.at(last, records.postponed_patient, records.postponed_at)
    # Who went straight from a list has no postponement after the transfer was agreed.
    assert np.all(last[records.transferred] < records.done_at[records.transferred])
    never = ~np.isin(records.transferred, records.postponed_patient)
    assert np.any(never)
    postponed = [np.count_nonzero(each.events(*INCIDENT_CAUSES)) for each in (run, alone)]
    assert postponed[0] < postponed[1]


def test_transfers_come_before_group_o_where_places_are_left() -> None:
    cover = GroupOCover(
        kind="group_o_cover",
        name="cover",
        trigger_day=0,
        transfused_share_at_most=1.0,
        least_group_o_stock_days=0.0,
    )
    many = elsewhere(cases_per_week=100, priorities=["p2", "p3", "p4"], trigger_day=0)
    with_both, cover_only = bloodless(1, cover, many), bloodless(1, cover)
    assert with_both.records.transferred.size > 50
    # Nearly everybody is covered: fewer operations on group O, none postponed for the transfers.
    refused = [
        np.count_nonzero(run.events(Cause.TRANSFUSION_CANNOT_SUPPORT))
        for run in (with_both, cover_only)
    ]
    assert refused[0] <= refused[1]
    own = [
        np.count_nonzero(
            (run.records.done_at > onset())
            & (run.records.done_on != DoneOn.OTHER_HOSPITAL)
            & run.world.operations.needs_group_and_screen
        )
        for run in (with_both, cover_only)
    ]
    assert own[0] < own[1]


# ---------------------------------------------------------------------------- rebooking, lists


def test_p2_never_waits_longer_than_p4_because_of_a_postponement() -> None:
    """Of two patients taken from lists of one specialty on the same day P2 is back first."""
    worse = better = 0
    for seed in SEEDS:
        run = silence_alone(seed)
        records, operations = run.records, run.world.operations
        incident = np.flatnonzero(run.events(*INCIDENT_CAUSES))
        patient = records.postponed_patient[incident]
        once = np.bincount(patient, minlength=operations.site.size)[patient] == 1
        incident, patient = incident[once], patient[once]
        again = (
            np.where(np.isnan(records.done_at[patient]), np.inf, records.done_at[patient])
            - records.postponed_at[incident]
        )
        place = np.stack(
            [
                operations.site[patient],
                operations.specialty[patient],
                records.postponed_decided_at[incident] // 24.0,
            ]
        )
        for cell in np.unique(place, axis=1).T:
            here = np.all(place == cell[:, None], axis=0)
            urgent = again[here & (operations.priority[patient] == 0)]
            routine = again[here & (operations.priority[patient] == 2)]
            if urgent.size and routine.size:
                worse += int(np.median(urgent) > np.median(routine))
                better += int(np.median(urgent) <= np.median(routine))
    assert better > 20
    # A long case may find no room where a short one does.
    assert worse <= 0.1 * better


@pytest.mark.parametrize("held", ["weekend", "evening", "independent_sector"])
def test_ten_per_cent_more_capacity_recovers_earlier(held: str) -> None:
    kind = ExtraList[held.upper()]
    for seed in SEEDS:
        alone, with_lists = silence_alone(seed), silence(seed, extra_lists(held))
        without, helped = (backlog(run, baseline(seed)) for run in (alone, with_lists))
        assert helped[-1] < 0.7 * without[-1]
        half = without.max() / 2
        assert np.max(np.flatnonzero(helped > half)) < np.max(np.flatnonzero(without > half))
        records = with_lists.records
        assert records.extra_lists_run[:, kind].sum() == records.extra_lists_run.sum() > 20
        assert records.cost_pounds.sum() == 5000.0 * records.extra_lists_run.sum()
        assert_conserved(with_lists)


def test_where_and_when_extra_lists_are_held() -> None:
    for held in ("weekend", "evening", "independent_sector"):
        run = silence(1, extra_lists(held))
        records, operations = run.records, run.world.operations
        done_on = (
            records.done_on
            == {
                "weekend": DoneOn.WEEKEND_LIST,
                "evening": DoneOn.EVENING_LIST,
                "independent_sector": DoneOn.INDEPENDENT_SECTOR,
            }[held]
        )
        weekday = (records.done_at[done_on] // 24.0) % 7
        hour = records.done_at[done_on] % 24.0
        assert np.count_nonzero(done_on) > 40
        assert np.all(weekday >= 5) if held == "weekend" else np.all(weekday < 5)
        assert np.all(hour > 16.0) if held == "evening" else np.all(hour < 20.0)
        if held == "independent_sector":
            assert np.all(operations.day_case[done_on])
            assert np.all(operations.asa[done_on] <= 1)
            assert np.all(operations.grade[done_on] <= GRADES.index(Grade.INTERMEDIATE))
            assert not np.any(operations.needs_group_and_screen[done_on])
            # Not in our theatres: our hours are those of our lists.
            lists = run.world.theatre_lists
            longest = lists.length[lists.extra_kind < 0].max()
            own = records.lists_run - records.extra_lists_run.sum(axis=1)
            assert np.all(records.list_hours <= longest * own)


def test_staff_limit_how_many_extra_lists_there_are() -> None:
    everybody, half = (
        silence(1, extra_lists("weekend", staffing_limit_share=share)).records.extra_lists_run.sum()
        for share in (1.0, 0.5)
    )
    assert 0.3 * everybody < half < 0.75 * everybody


def test_extra_lists_end_when_the_list_is_as_usual() -> None:
    run = silence(1, extra_lists("weekend", uplift_share=0.5))
    lists = run.records.extra_lists_run.sum(axis=1)
    first = scenario().calendar.warm_up_weeks
    assert lists[first + 3 : first + 7].mean() > 3.0 * lists[-3:].mean()


# -------------------------------------------------------------------------------------- pairing


def test_levers_without_strength_change_no_bit() -> None:
    idle = (
        stop(days=4).model_copy(update={"share": 0.0}),
        swap(0.0),
        elsewhere(cases_per_week=0),
        *(
            extra_lists(held, uplift_share=0.0)
            for held in ("weekend", "evening", "independent_sector")
        ),
    )
    assert_equal(silence(1, *idle).records, silence_alone(1).records)


def test_levers_without_an_incident_leave_the_arm_as_it_is() -> None:
    """Swaps and transfers answer the incident's causes alone."""
    calm = run_theatres(with_policies(scenario(), swap(), elsewhere()), world=world(1))
    assert_equal(calm.records, baseline(1).records)


def test_extra_lists_do_not_move_what_is_drawn_for_others() -> None:
    """Until the first of them is booked nothing has changed."""
    late = extra_lists("weekend", trigger_day=60.0)
    run, alone = silence(1, late), silence_alone(1)
    before = onset() + 24.0 * 45.0
    same = np.where(np.isnan(alone.records.done_at), np.inf, alone.records.done_at) < before
    np.testing.assert_array_equal(run.records.done_at[same], alone.records.done_at[same])


def test_the_laboratories_are_asked_for_the_same_samples_until_the_onset() -> None:
    prompt, silent = PromptLaboratories(), silent_from(onset(), 1e6)
    run_theatres(scenario(), prompt, world=world(2))
    run_theatres(scenario(), silent, world=world(2))
    before = [np.sort(each.collected[each.collected < onset()]) for each in (prompt, silent)]
    np.testing.assert_array_equal(before[0], before[1])
