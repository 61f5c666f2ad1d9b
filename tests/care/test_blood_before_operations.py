"""What is done about blood before an operation, as a transfusion practitioner expects it."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from typing import Any

import numpy as np
import pytest

from disruption_sim.grid import HOURS_PER_DAY
from disruption_sim.records import Cause
from disruption_sim.scenario import Scenario
from disruption_sim.scenario.model import Capability, Effect
from tests.care.hand_made_rooms import (
    ObligingBank,
    PromptLaboratories,
    Run,
    busy_scenario,
    run_theatres,
    with_policies,
    world_of,
)
from tests.support.transfusion_levers import group_o_cover, offline_groups, rationalisation

pytestmark = pytest.mark.integration

ONSET = busy_scenario().calendar.week_1_hour
EVERYBODY = 10_000
WEEKS = 3


def without_it(*policies: object) -> Scenario:
    """Return a loss of transfusion information technology from the onset on, and nothing else."""
    scenario = with_policies(busy_scenario(calendar__horizon_weeks=WEEKS), *policies)
    outage = Effect(
        name="transfusion_it",
        capabilities=(Capability.TRANSFUSION_IT,),
        places=("all",),
        start=scenario.calendar.onset,
        depth=1.0,
        duration_days=100.0,
    )
    return scenario.model_copy(update={"disruptions": (outage,)})


def by_hand(scenario: Scenario, *, places: int = EVERYBODY, **bank: Any) -> Run:
    return run_theatres(scenario, bank=ObligingBank(lambda now: now < ONSET, places, **bank))


@lru_cache(maxsize=1)
def ordinary() -> Run:
    return run_theatres(busy_scenario(calendar__horizon_weeks=WEEKS))


@lru_cache(maxsize=1)
def outage() -> Run:
    return by_hand(without_it())


def test_with_electronic_issue_only_those_who_may_not_have_it_are_crossmatched_ahead() -> None:
    run = ordinary()
    operations = run.world.operations
    asked = np.array([order.patient for order in run.bank.orders])
    wanted = (operations.antibodies | operations.always_crossmatched) & (
        operations.units_crossmatched > 0
    )
    assert asked.size > 30
    assert np.all(wanted[asked])
    done = ~np.isnan(run.records.done_at)
    assert set(np.flatnonzero(wanted & done).tolist()) <= set(asked.tolist())
    # At the huddle of the last working day before it, for the start of the list.
    for order in run.bank.orders:
        if order.time > 0.0:
            assert order.time % HOURS_PER_DAY == run.scenario.surgery.huddle_hour
        assert order.time < order.needed_at
        assert order.needed_at % HOURS_PER_DAY in run.scenario.surgery.session_start_hours


def test_by_hand_everybody_who_may_need_blood_is_crossmatched_ahead() -> None:
    run = outage()
    operations = run.world.operations
    done = run.records.done_at > ONSET
    may_need = operations.needs_group_and_screen | (operations.units_crossmatched > 0)
    assert np.count_nonzero(done & may_need) > 100
    assert np.all(run.set_aside_before(np.inf)[done & may_need])
    assert not np.any(run.set_aside_before(np.inf) & ~may_need)


def test_blood_is_given_up_exactly_when_the_operation_is_postponed() -> None:
    for run in (ordinary(), outage()):
        orders = Counter(order.patient for order in run.bank.orders)
        given_up = Counter(patient for _, patient in run.bank.released)
        done = ~np.isnan(run.records.done_at)
        still_booked = set()
        for patient, times in orders.items():
            # The last order is for the operation itself, or it is not yet over.
            left = times - given_up[patient]
            assert left in (0, 1)
            if left and not done[patient]:
                still_booked.add(patient)
        assert all(done[p] or orders[p] == given_up[p] for p in orders.keys() - still_booked)
        end = run.scenario.calendar.end_hour
        last = {order.patient: order.needed_at for order in run.bank.orders}
        assert all(last[patient] > end - 4 * HOURS_PER_DAY for patient in still_booked)
        postponed = set(
            zip(
                run.records.postponed_decided_at.tolist(),
                run.records.postponed_patient.tolist(),
                strict=True,
            )
        )
        assert set(run.bank.released) <= postponed


def test_what_the_bench_has_not_come_to_by_the_morning_is_postponed() -> None:
    # Longer than from the huddle to the morning, or not.
    slow, quick = (by_hand(without_it(), bench_hours=hours) for hours in (16.75, 16.0))
    refused = slow.events(Cause.TRANSFUSION_CANNOT_SUPPORT) & (slow.records.postponed_at > ONSET)
    decided = slow.records.postponed_decided_at[refused] % HOURS_PER_DAY
    assert np.count_nonzero(refused) > 100
    # Even so Friday's orders for Monday are ready.
    assert set(decided.tolist()) == {slow.scenario.surgery.morning_hour}
    in_time = quick.events(Cause.TRANSFUSION_CANNOT_SUPPORT)
    assert not np.any(quick.records.postponed_at[in_time] > ONSET)
    days = (slow.records.postponed_at[refused] // HOURS_PER_DAY) % 7
    assert set(days.tolist()) <= {0.0, 1.0, 2.0, 3.0, 4.0, 5.0}
    later = slow.records.postponed_at[refused] > ONSET + HOURS_PER_DAY
    assert not np.any(days[later] == 0.0)


def test_the_first_morning_has_what_the_bench_can_still_do() -> None:
    """Nobody was handed over on Friday: on Monday the places go by priority and grade."""
    few = by_hand(without_it(), places=4, bench_hours=0.25)
    first_day = (few.records.postponed_at >= ONSET) & (
        few.records.postponed_at < ONSET + HOURS_PER_DAY
    )
    refused = few.events(Cause.TRANSFUSION_CANNOT_SUPPORT) & first_day
    assert np.count_nonzero(refused) > 10
    on_the_day = [
        order for order in few.bank.orders if ONSET < order.time < ONSET + HOURS_PER_DAY / 2
    ]
    sites = len(few.scenario.site_names)
    assert 0 < len(on_the_day) <= 4 * sites
    priority = few.world.operations.priority
    for site in range(sites):
        taken = [priority[order.patient] for order in on_the_day if order.site == site]
        left = few.records.postponed_patient[refused]
        left = left[few.world.operations.site[left] == site]
        if taken and left.size:
            assert max(taken) <= priority[left].min()


def test_who_goes_ahead_on_group_o_takes_no_place_at_the_bench() -> None:
    run = by_hand(without_it(group_o_cover(0.05)))
    operations = run.world.operations
    shares = np.array([p.transfused_share for p in run.scenario.surgery.procedures])
    covered = (shares[operations.procedure] <= 0.05) & ~operations.antibodies
    asked = [order.patient for order in run.bank.orders if order.time > ONSET]
    assert not np.any(covered[asked])
    assert np.count_nonzero((run.records.done_at > ONSET) & covered) > 50
    assert len(asked) < len(outage().bank.orders)


def test_group_o_that_is_used_overnight_does_not_undo_the_huddle() -> None:
    def stock_days(now: float) -> float:
        return 5.0 if 12.0 <= now % HOURS_PER_DAY <= 18.0 else 1.0

    steady, falling = (
        by_hand(without_it(group_o_cover(0.05)), places=3, group_o_days=days)
        for days in (5.0, stock_days)
    )
    first_day = ONSET + HOURS_PER_DAY

    def refused(run: Run) -> int:
        late = run.records.postponed_at > first_day
        return int((run.events(Cause.TRANSFUSION_CANNOT_SUPPORT) & late).sum())

    assert refused(steady) > 0
    assert refused(falling) == refused(steady)
    low = by_hand(without_it(group_o_cover(0.05)), places=3, group_o_days=1.0)
    assert refused(low) > 2 * refused(steady)


@lru_cache(maxsize=8)
def sparing(under: float, **changes: Any) -> Run:
    return by_hand(without_it(rationalisation(under, **changes)))


def test_rationalisation_spares_samples_and_crossmatches_and_nothing_else() -> None:
    none, fewer = sparing(0.0), sparing(0.02)
    usual = outage()
    assert none.bank.orders == usual.bank.orders
    np.testing.assert_array_equal(none.records.done_at, usual.records.done_at)
    samples = [sum(time > ONSET for time in run.bank.first_samples) for run in (fewer, usual)]
    assert samples[0] < 0.85 * samples[1]
    assert len(fewer.bank.orders) < len(usual.bank.orders)
    operations = fewer.world.operations
    shares = np.array([p.transfused_share for p in fewer.scenario.surgery.procedures])
    spared = shares[operations.procedure] < 0.02
    asked = [order.patient for order in fewer.bank.orders if order.time > ONSET]
    assert not np.any(spared[asked])
    sampled = {request.patient: request.sampled for request in fewer.bank.requests}
    assert all(
        sampled[p] for p in sampled if operations.needs_group_and_screen[p] and not spared[p]
    )
    assert not any(sampled[p] for p in sampled if not operations.needs_group_and_screen[p])


def test_rationalisation_holds_for_whoever_was_booked_while_it_did() -> None:
    """It ends on day 7; patients booked without a sample until then are still operated on."""
    ended = sparing(0.02, duration_days=7.0)
    refused = ended.events(Cause.NO_VALID_GROUP_AND_SCREEN)
    usual = outage().events(Cause.NO_VALID_GROUP_AND_SCREEN)
    assert np.count_nonzero(refused) <= np.count_nonzero(usual)
    assert len(sparing(0.02).bank.first_samples) < len(ended.bank.first_samples)


def test_rationalisation_at_one_hospital_leaves_the_other_alone() -> None:
    one = sparing(0.02, places=("kings",))
    other = one.scenario.site_names.index("st_thomas")
    assert [order for order in one.bank.orders if order.site == other] == [
        order for order in outage().bank.orders if order.site == other
    ]


def test_a_second_sample_is_given_once_by_those_whose_group_no_record_shows() -> None:
    everybody, nobody = (
        run_theatres(
            busy_scenario(calendar__horizon_weeks=WEEKS, transfusion__history_on_file_share=share)
        )
        for share in (0.0, 1.0)
    )
    assert nobody.bank.second_samples == []
    operations, records = everybody.world.operations, everybody.records
    done = ~np.isnan(records.done_at) & operations.needs_group_and_screen
    given = len(everybody.bank.second_samples)
    # Those who were postponed on the morning have given theirs; nobody gives two.
    assert np.count_nonzero(done) <= given <= 1.1 * np.count_nonzero(done)
    hours = {time % HOURS_PER_DAY for time in everybody.bank.second_samples}
    assert hours == {everybody.scenario.surgery.morning_hour}
    # It changes nothing about who is operated on when.
    np.testing.assert_array_equal(records.done_at, nobody.records.done_at)


def second_samples_after_onset(run: Run) -> list[float]:
    return [time for time in run.bank.second_samples if time > ONSET]


def test_records_that_cannot_be_read_bring_second_samples_and_a_copy_spares_them() -> None:
    with_it = second_samples_after_onset(ordinary())
    none, half, whole = (
        second_samples_after_onset(by_hand(without_it(offline_groups(share))))
        for share in (0.0, 0.5, 1.0)
    )
    assert none == second_samples_after_onset(outage())
    assert len(with_it) < len(half) < len(none)
    # The more is in the copy the fewer samples, and the others as they were.
    assert not Counter(whole) - Counter(half)
    assert not Counter(half) - Counter(none)
    share = ordinary().scenario.transfusion.history_on_file_share
    assert len(whole) / len(none) == pytest.approx(1.0 - share, abs=0.08)


def test_what_was_tested_before_the_loss_is_tested_again_once() -> None:
    run = outage()
    at_huddles = [time for time in run.bank.first_samples if time > ONSET]
    clock = {run.scenario.surgery.huddle_hour, run.scenario.surgery.morning_hour}
    again = [time for time in at_huddles if time % HOURS_PER_DAY in clock]
    assert len(again) > 20
    # Within the validity of a sample everything that was tested before is used up or too old.
    validity = HOURS_PER_DAY * run.scenario.surgery.group_and_screen_validity_days
    assert max(again) < ONSET + validity
    assert not [t for t in ordinary().bank.first_samples if t > ONSET and t % 24.0 == 15.0]


def test_samples_that_a_restriction_withholds_are_no_work_for_the_bench() -> None:
    scenario = busy_scenario(calendar__horizon_weeks=1)
    withheld = PromptLaboratories(
        loses=lambda collected: np.abs(collected - ONSET) < 84.0, withholds=True
    )
    taken = run_theatres(scenario, withheld).bank.first_samples
    assert taken
    assert not [time for time in taken if abs(time - ONSET) < 84.0]


@pytest.mark.parametrize(("share", "days"), [(0.0, 7.0), (1.0, 3.0)])
def test_who_was_transfused_or_pregnant_not_long_ago_gives_a_fresher_sample(
    share: float, days: float
) -> None:
    scenario = busy_scenario(calendar__horizon_weeks=1, transfusion__short_validity_share=share)
    assert world_of(scenario).operations.short_validity.mean() == share
    run = run_theatres(scenario)
    # No more is refused for it than otherwise: samples are taken when they will be in date.
    assert not np.any(run.events(Cause.NO_VALID_GROUP_AND_SCREEN, Cause.SAMPLE_EXPIRED))
    group_and_screen = run.laboratories.collected[run.laboratories.types == 3]
    assert group_and_screen.size > 0
    weekdays = np.bincount((group_and_screen // 24.0).astype(int) % 7, minlength=7)
    # With three days Monday's lists need a sample of Sunday, with seven nobody comes on Sundays.
    assert (weekdays[6] > 0) == (days < 4.0)


def test_blood_is_asked_for_with_what_was_set_aside() -> None:
    run = outage()
    asked = [request for request in run.bank.requests if request.time > ONSET + 48.0]
    operations = run.world.operations
    assert len(asked) > 5
    for request in asked:
        assert request.sampled == bool(operations.needs_group_and_screen[request.patient])
        assert request.prepared or not operations.needs_group_and_screen[request.patient]
        assert request.units == operations.units_transfused[request.patient]
        assert request.site == operations.site[request.patient]


def test_the_first_day_has_had_its_huddle() -> None:
    """The bench has had no evening for operations on day 0: it is as if it had."""
    run = run_theatres(
        busy_scenario(calendar__horizon_weeks=1), bank=ObligingBank(bench_hours=16.0)
    )
    assert min(order.needed_at for order in run.bank.orders) < HOURS_PER_DAY
    assert not np.any(run.events(Cause.TRANSFUSION_CANNOT_SUPPORT))
