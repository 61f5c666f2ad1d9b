from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import simpy

from disruption_sim.records import BenchJob, DeliveryKind, Route, TransfusionRecords
from disruption_sim.scenario import Scenario
from disruption_sim.scenario.model import BloodGroup, TransfusionReinforcement
from disruption_sim.transfusion import Transfusion
from disruption_sim.transfusion.compatibility import O_NEGATIVE
from disruption_sim.transfusion.expected import expected_crossmatches, expected_samples
from disruption_sim.transfusion.operations import UNLIMITED_PLACES
from disruption_sim.transfusion.planning import plan_stock
from disruption_sim.world.model import World
from tests.transfusion.small_world import (
    A_POSITIVE,
    live,
    operation_patients,
    ordinary_scenario,
    quiet_world,
    room,
    with_outage,
    with_policy,
    with_rules,
    with_staff,
)

pytestmark = pytest.mark.integration

SITE = 4
ONSET = 6 * 168.0
HUDDLE = ONSET + 24.0 + 15.0  # Tuesday of week 1
DAY = ONSET + 48.0
NEEDED = DAY + 8.5


@pytest.fixture(scope="module")
def working() -> Scenario:
    return with_rules(
        ordinary_scenario(1),
        times={"learning_per_week": 0.0},
        shelf_life_days=90,
        made_to_order={"share": 0.0},
    )


@pytest.fixture(scope="module")
def down(working: Scenario) -> Scenario:
    return with_outage(working, days=7)


def world_with(scenario: Scenario, count: int = 1, **columns: Any) -> World:
    return dataclasses.replace(
        quiet_world(scenario), operations=operation_patients(count, **columns)
    )


def at_huddle(
    scenario: Scenario, count: int = 1, until: float = NEEDED, **columns: Any
) -> tuple[simpy.Environment, Transfusion]:
    """Return a room in which patients have been prepared at the huddle, at a later time."""
    env, blood = room(scenario, world_with(scenario, count, **columns))
    env.run(until=HUDDLE)
    for patient in range(count):
        blood.prepare(SITE, patient, NEEDED)
    env.run(until=until)
    return env, blood


def ended(scenario: Scenario, env: simpy.Environment, blood: Transfusion) -> TransfusionRecords:
    env.run(until=scenario.calendar.end_hour)
    return blood.finish()


def test_with_information_technology_few_are_prepared(working: Scenario) -> None:
    assert not at_huddle(working)[1].prepared(0)
    for reason in ("antibodies", "always_crossmatched"):
        assert at_huddle(working, **{reason: True})[1].prepared(0)
        assert not at_huddle(working, **{reason: True}, units_crossmatched=0)[1].prepared(0)


def test_without_it_everybody_is(down: Scenario) -> None:
    env, blood = at_huddle(down, 3, units_crossmatched=[0, 2, 6], units_transfused=[2, 2, 6])
    assert all(blood.prepared(patient) for patient in range(3))
    records = ended(down, env, blood)
    # Two units by hand for an operation for which otherwise none would be ready.
    assert records.reserved_units.sum() == 2 + 2 + 6
    assert records.bench_jobs[:, :, BenchJob.CROSSMATCH].sum() == 3


def test_a_crossmatch_takes_its_time(down: Scenario) -> None:
    env, blood = room(down, world_with(down))
    for start, ready in ((NEEDED - 62 / 60, False), (NEEDED - 64 / 60, True)):
        env, blood = room(down, world_with(down))
        env.run(until=start)
        blood.prepare(SITE, 0, NEEDED)
        env.run(until=NEEDED)
        assert blood.prepared(0) is ready


def test_a_bench_that_has_not_come_to_it_has_prepared_nobody(down: Scenario) -> None:
    # One scientist and 28 minutes each: 36 patients or so from the huddle until an hour before.
    scenario = with_staff(down, 1, 1)
    _, blood = at_huddle(scenario, 60)
    prepared = sum(blood.prepared(patient) for patient in range(60))
    assert prepared == int((NEEDED - 63 / 60 - HUDDLE) * 60 / 28) + 1
    _, blood = at_huddle(with_staff(down, 2, 2), 60)
    assert sum(blood.prepared(patient) for patient in range(60)) == 60


def test_what_was_set_aside_comes_first_and_at_once(down: Scenario) -> None:
    def operate(env: simpy.Environment, blood: Transfusion) -> Iterator[simpy.Event]:
        yield env.timeout(HUDDLE)
        blood.prepare(SITE, 0, NEEDED)
        yield env.timeout(NEEDED + 2.0 - HUDDLE)
        blood.request_for_operation(SITE, 0, 3, sampled=True)

    records = live(down, world_with(down), operate)
    assert records.issued_units[records.issued_reserved].tolist() == [2]
    assert records.issued_minutes[records.issued_reserved].tolist() == [0.0]
    assert set(records.issued_route.tolist()) == {Route.CROSSMATCH}
    more = ~records.issued_reserved
    assert records.issued_units[more].tolist() == [1]
    assert records.issued_minutes[more] == pytest.approx(63.0, abs=0.1)


def requested(scenario: Scenario, *, sampled: bool, **columns: Any) -> TransfusionRecords:
    def operate(env: simpy.Environment, blood: Transfusion) -> Iterator[simpy.Event]:
        yield env.timeout(NEEDED)
        blood.request_for_operation(SITE, 0, 2, sampled=sampled)

    return live(scenario, world_with(scenario, **columns), operate)


def test_in_theatre_the_routes_are_those_of_urgent_need(working: Scenario, down: Scenario) -> None:
    found = requested(working, sampled=True)
    assert set(found.issued_route.tolist()) == {Route.ELECTRONIC_ISSUE}
    assert found.issued_minutes[0] == pytest.approx(10.0, abs=0.01)
    unsampled = requested(working, sampled=False)
    assert unsampled.issued_minutes[0] >= 55.0 - 0.01
    # Nothing set aside and no information technology: the patient went ahead on group O.
    covered = requested(down, sampled=True)
    assert set(covered.issued_route.tolist()) == {Route.GROUP_O_UNMATCHED}
    assert set(covered.issued_group.tolist()) == {O_NEGATIVE}
    with_antibodies = requested(down, sampled=True, antibodies=True)
    assert set(with_antibodies.issued_route.tolist()) == {Route.CROSSMATCH}


def test_what_is_not_used_goes_back_after_a_day(down: Scenario) -> None:
    env, blood = at_huddle(down)
    records = ended(down, env, blood)
    day = int(DAY // 24)
    assert records.reserved[day - 1, SITE, A_POSITIVE] == 2
    assert records.reserved[day, SITE, A_POSITIVE] == 2
    assert records.reserved[day + 1].sum() == 0
    assert records.returned_units[day + 1, SITE] == 2


def test_what_is_released_goes_back_at_once_or_is_not_made_at_all(down: Scenario) -> None:
    env, blood = at_huddle(down, until=HUDDLE + 2.0)
    assert blood.prepared(0)
    blood.release(0)
    assert not blood.prepared(0)
    records = ended(down, env, blood)
    assert records.reserved.sum() == 0
    assert records.returned_units.sum() == 2
    one = with_staff(down, 1, 1)
    env, blood = room(one, world_with(one, 2))
    env.run(until=HUDDLE)
    blood.prepare(SITE, 0, NEEDED)
    blood.prepare(SITE, 1, NEEDED)
    blood.release(1)
    records = ended(one, env, blood)
    assert records.bench_jobs[:, :, BenchJob.CROSSMATCH].sum() == 1


def test_a_share_of_what_comes_back_is_wasted(down: Scenario) -> None:
    scenario = with_rules(with_staff(down, 9, 9), returned_wasted_share=0.4)
    env, blood = at_huddle(scenario, 30)
    records = ended(scenario, env, blood)
    assert records.returned_units.sum() == 60
    assert records.wasted.sum() == pytest.approx(24, abs=9)


def test_nobody_is_prepared_twice_and_nobody_gets_anothers_units(down: Scenario) -> None:
    env, blood = at_huddle(with_staff(down, 4, 4), 10)
    blood.prepare(SITE, 0, NEEDED)
    for patient in range(10):
        blood.request_for_operation(SITE, patient, 2, sampled=True)
        blood.request_for_operation(SITE, patient, 2, sampled=True)
    records = ended(down, env, blood)
    assert records.reserved_units.sum() == 20
    # Two each and no more of those; the second time nothing is set aside any more.
    assert records.issued_units[records.issued_reserved].sum() == 20
    assert records.issued_units[~records.issued_reserved].sum() == 20


def test_who_is_short_of_stock_waits_for_the_next_delivery(down: Scenario) -> None:
    everything = int(plan_stock(down).level[SITE, O_NEGATIVE]) + 60

    def drain(blood: Transfusion) -> None:
        blood.request_for_operation(SITE, 1, everything, sampled=True)

    env, blood = room(
        down, world_with(down, 2, blood_group=[O_NEGATIVE, O_NEGATIVE], units_crossmatched=4)
    )
    env.run(until=HUDDLE - 0.5)
    drain(blood)
    env.run(until=HUDDLE)
    assert not blood.has_compatible(SITE, O_NEGATIVE, 4)
    blood.prepare(SITE, 0, NEEDED)
    assert not blood.prepared(0)
    env.run(until=NEEDED)
    assert blood.prepared(0)


def test_what_is_missing_for_tomorrows_list_is_ordered_today(down: Scenario) -> None:
    level = int(plan_stock(down).level[SITE, O_NEGATIVE])
    columns = {"blood_group": O_NEGATIVE, "units_crossmatched": level + 30}
    env, blood = at_huddle(down, until=HUDDLE + 0.25, **columns)
    assert not blood.prepared(0)
    env.run(until=NEEDED)
    assert blood.prepared(0)
    records = ended(down, env, blood)
    assert records.deliveries[int(HUDDLE // 24), SITE, DeliveryKind.EMERGENCY] == 1


def test_information_technology_that_comes_back_makes_a_crossmatch_unnecessary(
    working: Scenario,
) -> None:
    scenario = with_staff(with_outage(working, days=1.0 + 16.0 / 24.0), 1, 1)
    env, blood = at_huddle(scenario, 10)
    records = ended(scenario, env, blood)
    assert 0 < records.bench_jobs[:, :, BenchJob.CROSSMATCH].sum() < 4


# ------------------------------------------------------------------------------------------- places


def places(scenario: Scenario, at: float = HUDDLE) -> int:
    env, blood = room(scenario, world_with(scenario))
    env.run(until=at)
    return blood.places_for_operations(SITE, DAY, at)


def test_places_are_what_the_scientists_can_crossmatch_until_the_first_list(
    working: Scenario, down: Scenario
) -> None:
    assert places(working) == UNLIMITED_PLACES
    # From 15:00 to 7:27: 2 scientists for 5 hours, 1 for 11.45.
    hours = 2 * 5 + (NEEDED - 63 / 60 - HUDDLE - 5)
    samples = expected_samples(down)[SITE]
    crossmatches = expected_crossmatches(down)[SITE]
    late = samples[1, 15:].sum() + samples[2, :7].sum() + samples[2, 7] * 0.45
    bleeding = crossmatches[1, 15:].sum() + crossmatches[2, :7].sum() + crossmatches[2, 7] * 0.45
    hours -= late * 10 / 60 + bleeding * 28 / 60
    assert places(down) == int(hours * 60 / 28)
    assert places(down) > 5


def test_places_grow_with_hands_and_shrink_with_work(down: Scenario) -> None:
    usual = places(down)
    assert places(with_staff(down, 4, 2)) > usual + 10
    more = {"extra_staff_day": {"kings": 1}, "extra_staff_night": {"kings": 0}}
    reinforced = with_policy(down, TransfusionReinforcement, **more)
    assert places(reinforced) == pytest.approx(usual + 5 * 60 / 28, abs=1)
    # Those on call are not counted on.
    assert places(with_staff(down, 2, 1, "on_call")) < usual - 10
    assert places(with_rules(down, times={"crossmatch_hands_on_minutes": 40.0})) < 0.6 * usual
    assert places(down, at=HUDDLE + 10.0) < usual
    no_samples = with_rules(down, times={"manual_group_and_screen_hands_on_minutes": 0.0})
    assert places(no_samples) > usual + 5


def test_other_work_takes_places_but_not_the_minutes_of_those_who_bleed(down: Scenario) -> None:
    """Half of the time for other work makes planned work take twice as long, urgent work not."""
    busier = with_rules(down, other_work_share=0.5)
    assert places(busier) < 0.55 * places(down)
    env, blood = at_huddle(busier, 1)
    planned = ended(busier, env, blood).bench_busy_hours.sum()
    env, blood = at_huddle(down, 1)
    assert planned == pytest.approx(2.0 * ended(down, env, blood).bench_busy_hours.sum(), rel=1e-5)


def test_places_are_less_by_those_that_are_queued(down: Scenario) -> None:
    env, blood = room(down, world_with(down, 30))
    env.run(until=HUDDLE)
    before = blood.places_for_operations(SITE, DAY, HUDDLE)
    for patient in range(5):
        blood.prepare(SITE, patient, NEEDED)
    assert blood.places_for_operations(SITE, DAY, HUDDLE) == before - 5
    # Those of a later day can wait.
    for patient in range(5, 10):
        blood.prepare(SITE, patient, NEEDED + 24.0)
    assert blood.places_for_operations(SITE, DAY, HUDDLE) == before - 5


def test_places_of_a_day_to_come_are_counted_from_its_own_huddle(down: Scenario) -> None:
    """Days ahead the bench has no more places for a day than it has from the huddle before it."""
    env, blood = room(down, world_with(down, 30))
    env.run(until=HUDDLE - 24.0)
    assert blood.places_for_operations(SITE, DAY, HUDDLE) == places(down)
    # What waits now is done by then.
    for patient in range(5):
        blood.prepare(SITE, patient, NEEDED - 24.0)
    assert blood.places_for_operations(SITE, DAY, HUDDLE) == places(down)


def test_as_many_as_there_are_places_for_are_prepared_in_time(down: Scenario) -> None:
    """The places that care is told can be kept when nobody bleeds."""
    env, blood = room(down, world_with(down, 60))
    env.run(until=HUDDLE)
    number = blood.places_for_operations(SITE, DAY, HUDDLE)
    for patient in range(number):
        blood.prepare(SITE, patient, NEEDED)
    env.run(until=NEEDED)
    assert number > 5
    assert all(blood.prepared(patient) for patient in range(number))


def test_samples_of_patients_for_operations_come_to_the_bench_at_their_time(
    working: Scenario,
) -> None:
    collected = np.array([HUDDLE + 0.5, DAY + 10.0, DAY + 10.5, DAY + 34.0])

    def announce(env: simpy.Environment, blood: Transfusion) -> Iterator[simpy.Event]:
        yield env.timeout(HUDDLE)
        blood.samples_taken(SITE, collected)

    records = live(working, world_with(working), announce)
    day = int(DAY // 24)
    assert records.samples[day - 1 : day + 2, SITE].tolist() == [1, 2, 1]
    assert records.bench_busy_hours.sum() == pytest.approx(4 * 2 / 60, rel=1e-4)


def test_group_o_days_and_compatible_units_are_those_of_the_stock(working: Scenario) -> None:
    env, blood = room(working, world_with(working))
    env.run(until=1.0)
    plan = plan_stock(working)
    codes = [list(BloodGroup).index(g) for g in (BloodGroup.O_NEGATIVE, BloodGroup.O_POSITIVE)]
    in_house = plan.level[SITE, codes] + plan.satellite[codes]
    days = in_house / plan.daily_use[SITE, codes]
    assert blood.group_o_stock_days(SITE) == pytest.approx(days.min())
    level = int(plan.level[SITE, O_NEGATIVE])
    assert blood.has_compatible(SITE, O_NEGATIVE, level)
    assert not blood.has_compatible(SITE, O_NEGATIVE, level + 1)


def test_records_before_the_end_are_refused(working: Scenario) -> None:
    env, blood = room(working, quiet_world(working))
    env.run(until=100.0)
    with pytest.raises(RuntimeError, match="end of the calendar"):
        blood.finish()
