from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from disruption_sim.records import Route, TransfusionRecords
from disruption_sim.transfusion.stock import Shelf
from disruption_sim.world.model import USES
from tests.transfusion.small_world import (
    check_conservation,
    issued_by_day,
    live,
    o_negative_units,
    ordinary_scenario,
    quiet_world,
    room,
    with_outage,
    with_rules,
    with_staff,
    world_of,
)

pytestmark = pytest.mark.integration


def assert_equal(one: TransfusionRecords, other: TransfusionRecords) -> None:
    for field in dataclasses.fields(TransfusionRecords):
        first, second = getattr(one, field.name), getattr(other, field.name)
        np.testing.assert_array_equal(first, second, err_msg=field.name)
        assert np.asarray(first).dtype == np.asarray(second).dtype


@settings(max_examples=25)
@given(
    seed=st.integers(0, 2**32),
    stock_days=st.floats(0.2, 12.0),
    shelf_life=st.integers(3, 42),
    ages=st.tuples(st.floats(0.0, 20.0), st.floats(0.0, 20.0)),
    routine_lead=st.sampled_from([0.5, 6.0, 15.0, 24.0, 39.0]),
    emergency_lead=st.floats(0.1, 30.0),
    order_hour=st.sampled_from([0.0, 9.0, 23.75]),
    national_days=st.floats(0.05, 6.0),
    staff=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    uplift=st.floats(1.0, 5.0),
    outage=st.tuples(st.integers(0, 5), st.floats(0.1, 9.0), st.floats(0.0, 1.0)),
)
def test_no_unit_appears_or_vanishes_under_any_policy(
    seed: int,
    stock_days: float,
    shelf_life: int,
    ages: tuple[float, float],
    routine_lead: float,
    emergency_lead: float,
    order_hour: float,
    national_days: float,
    staff: tuple[int, int],
    uplift: float,
    outage: tuple[int, float, float],
) -> None:
    ordinary = ordinary_scenario(1)
    scenario = with_rules(
        ordinary,
        hospital_stock_days=stock_days,
        shelf_life_days=shelf_life,
        age_on_delivery_days=(min(ages), max(ages)),
        routine_lead_hours=routine_lead,
        emergency_lead_hours=emergency_lead,
        order_hour=order_hour,
        national_stock_days=national_days,
        times=ordinary.transfusion.times.model_copy(update={"manual_uplift": uplift}),
    )
    start, days, depth = outage
    scenario = with_outage(with_staff(scenario, *staff), days, depth, start)
    world = world_of(scenario, seed)
    records = live(scenario, world)
    check_conservation(records)
    assert records.issued_units.sum() <= world.bleeding.units.sum()
    assert (records.issued_minutes >= 0.0).all()
    assert (np.diff(records.issued_at) >= 0.0).all()
    assert (np.diff(records.late_at) >= 0.0).all()


def test_no_expired_unit_is_ever_given(monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = with_rules(
        ordinary_scenario(1), shelf_life_days=9, hospital_stock_days=8.0, routine_lead_hours=15.0
    )
    env, transfusion = room(scenario, world_of(scenario))
    take = Shelf.take
    seen: list[int] = []

    def checked(shelf: Shelf, units: int) -> int:
        if shelf.batches:
            seen.append(shelf.batches[0][0] - int(env.now // 24.0))
        return take(shelf, units)

    monkeypatch.setattr(Shelf, "take", checked)
    env.run(until=scenario.calendar.end_hour)
    records = transfusion.finish()
    assert records.expired.sum() > 50
    assert min(seen) == 0  # given on the last day, and never after it


def test_arms_are_equal_bit_for_bit_with_the_disruption_switched_off() -> None:
    scenario = ordinary_scenario()
    world = world_of(scenario)
    baseline = live(scenario, world)
    assert_equal(baseline, live(scenario, world))
    assert_equal(baseline, live(with_outage(scenario, days=20, depth=0.0), world))


def test_arms_are_equal_until_the_outage_begins() -> None:
    scenario = ordinary_scenario()
    world = world_of(scenario)
    baseline, disrupted = live(scenario, world), live(with_outage(scenario, days=20), world)
    days = 7 * scenario.calendar.warm_up_weeks
    np.testing.assert_array_equal(baseline.stock[:days], disrupted.stock[:days])
    np.testing.assert_array_equal(baseline.national_stock[:days], disrupted.national_stock[:days])
    assert (baseline.stock[days:] != disrupted.stock[days:]).any()


def test_other_worlds_are_other_worlds() -> None:
    scenario = ordinary_scenario(1)
    one, other = (live(scenario, world_of(scenario, seed)) for seed in (1, 2))
    assert one.issued_at.size != other.issued_at.size


def test_the_longer_transfusion_it_is_lost_the_more_o_negative_is_used() -> None:
    scenario = ordinary_scenario()
    world = world_of(scenario)
    used = [
        o_negative_units(live(with_outage(scenario, days), world)) for days in (0.01, 7, 14, 28)
    ]
    assert used == sorted(used)
    assert used[3] > used[0] + 100


def test_an_outage_at_one_trust_leaves_the_other_as_it_was() -> None:
    scenario = ordinary_scenario()
    world = world_of(scenario)
    baseline = live(scenario, world)
    disrupted = live(with_outage(scenario, 28, places=("kings_college",)), world)
    for site, place in enumerate(scenario.network.sites):
        routes = disrupted.issued_route[disrupted.issued_site == site]
        usual = baseline.issued_route[baseline.issued_site == site]
        assert (Route.GROUP_O_UNMATCHED in routes) == (place.trust == "kings_college")
        if place.trust != "kings_college":
            np.testing.assert_array_equal(routes, usual)


def test_without_information_technology_nothing_is_issued_electronically() -> None:
    scenario = ordinary_scenario()
    records = live(with_outage(scenario, days=28), world_of(scenario))
    after = records.issued_at >= scenario.calendar.week_1_hour
    assert Route.ELECTRONIC_ISSUE not in records.issued_route[after]
    assert Route.GROUP_O_UNMATCHED not in records.issued_route[~after]


def test_more_scientists_and_faster_hands_spare_group_o() -> None:
    known = with_rules(ordinary_scenario(), group_only_on_record_share=0.0)
    scenario = with_outage(known, days=28)
    world = world_of(scenario)
    unmatched = []
    for staff, uplift in ((1, 2.0), (2, 2.0), (2, 1.2), (4, 1.2)):
        times = scenario.transfusion.times.model_copy(update={"manual_uplift": uplift})
        changed = with_staff(with_rules(scenario, times=times), staff, staff)
        records = live(changed, world)
        route = records.issued_route == Route.GROUP_O_UNMATCHED
        unmatched.append(int(records.issued_units[route].sum()))
    assert unmatched == sorted(unmatched, reverse=True)
    assert unmatched[0] > 2 * unmatched[-1]


def test_an_overloaded_bench_falls_back_on_group_o_and_does_not_pile_up() -> None:
    ordinary = ordinary_scenario()
    times = ordinary.transfusion.times.model_copy(
        update={"crossmatch_hands_on_minutes": 90.0, "manual_uplift": 2.0}
    )
    scenario = with_staff(with_rules(ordinary, times=times), day=1, night=1)
    records = live(with_outage(scenario, days=28), world_of(scenario))
    last_week = records.issued_at >= scenario.calendar.end_hour - 168.0
    crossmatched = last_week & (records.issued_route == Route.CROSSMATCH)
    assert records.issued_minutes[crossmatched].max() < 60.0 * 24.0
    assert (records.issued_route[last_week] == Route.GROUP_O_UNMATCHED).mean() > 0.3


def test_more_stock_means_less_late_blood_and_more_waste() -> None:
    scenario = ordinary_scenario()
    world = world_of(scenario)
    late, expired = [], []
    for days in (0.3, 3.0, 15.0):
        least = dict.fromkeys(scenario.transfusion.least_stock_units, 0)
        changed = with_rules(scenario, hospital_stock_days=days, least_stock_units=least)
        records = live(changed, world)
        late.append(records.late_at.size)
        expired.append(int(records.expired.sum()))
    assert late[0] > late[1] >= late[2]
    assert expired[0] <= expired[1] < expired[2]


def test_ages_at_delivery_are_spread_evenly_over_their_range() -> None:
    # Nobody takes blood, so every unit expires at the age of 35 days and is replaced.
    scenario = ordinary_scenario(30)
    records = live(scenario, quiet_world(scenario))
    assert records.issued_at.size == 0
    expired = records.expired.sum(axis=(1, 2))
    stock = records.initial_stock.sum()
    # Life in the fridge is 35 - 8 days on average: units expire at stock / 28 a day (one more
    # because the day of delivery counts).
    assert expired[100:].mean() == pytest.approx(stock / 28.0, rel=0.05)


def test_as_much_expires_at_the_start_as_later() -> None:
    # So much stock that cells barely get used in time: with fresh units at the start nothing would
    # expire for three weeks.
    least = dict.fromkeys(ordinary_scenario().transfusion.least_stock_units, 0)
    scenario = with_rules(ordinary_scenario(40), hospital_stock_days=28.0, least_stock_units=least)
    records = live(scenario, world_of(scenario))
    expired = records.expired.sum(axis=(1, 2))
    later = expired[70:].mean()
    assert later > 5.0
    assert expired[:21].mean() == pytest.approx(later, rel=0.25)


def test_ordinary_running_is_believable() -> None:
    """A transfusion practitioner would recognise these figures."""
    scenario = ordinary_scenario(20)
    records = live(scenario, world_of(scenario))
    units = records.issued_units.sum()
    assert 0.10 < o_negative_units(records) / units < 0.17
    by_day = records.stock.sum(axis=2) / records.daily_use.sum(axis=1)
    assert (by_day.mean(axis=0) > 4.0).all()
    assert (by_day.mean(axis=0) < 7.0).all()
    assert records.expired.sum() / units < 0.03
    assert records.late_at.size < 0.002 * records.issued_at.size
    haemorrhage = records.issued_use == USES.index("major_haemorrhage")
    assert np.median(records.issued_minutes[haemorrhage]) == 0.0
    assert np.median(records.issued_minutes) == pytest.approx(10.0, abs=0.01)
    assert issued_by_day(records).sum() == units
    crossmatched = records.issued_route == Route.CROSSMATCH
    antibodies = scenario.transfusion.antibody_positive_share
    assert crossmatched.mean() == pytest.approx(antibodies, abs=0.01)
