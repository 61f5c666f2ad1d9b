from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from disruption_sim.records import Alert, DeliveryKind
from disruption_sim.scenario import Scenario
from disruption_sim.scenario.events import ExtraGroupO
from disruption_sim.scenario.model import BloodGroup
from disruption_sim.transfusion.compatibility import O_NEGATIVE, O_POSITIVE
from disruption_sim.world.blood import draw_national
from disruption_sim.world.days import Days
from tests.transfusion.supply_alone import (
    Supply,
    assert_units_are_conserved,
    issued_by_day,
    supplied_scenario,
    with_made_to_order,
)

pytestmark = pytest.mark.integration

A_POSITIVE = list(BloodGroup).index(BloodGroup.A_POSITIVE)
AB_NEGATIVE = list(BloodGroup).index(BloodGroup.AB_NEGATIVE)
KINGS, HAREFIELD = 4, 3
TUESDAY, SATURDAY, SUNDAY = 1, 5, 6


def ordinary(*overrides: str, weeks: int = 10) -> Scenario:
    return supplied_scenario(*overrides, weeks=weeks).without_disruption()


def held(records: Any) -> Any:
    return records.stock + records.satellite + records.reserved


def test_ordinary_running_keeps_the_planned_stock_and_conserves_every_unit() -> None:
    scenario = ordinary(weeks=20)
    records = Supply(scenario).live()
    assert_units_are_conserved(records)
    days = held(records).sum(axis=(1, 2)) / records.daily_use.sum()
    assert 5.0 < days.mean() < 6.0
    weekdays = np.arange(days.size) % 7
    # Fullest on Saturday night, for Sunday; no weekday runs down.
    assert days[weekdays == SATURDAY].mean() == max(days[weekdays == d].mean() for d in range(7))
    assert days.min() > 4.0
    # A routine delivery on most days, hardly any other.
    per_week = records.deliveries.sum(axis=0) / 20
    assert (per_week[:, DeliveryKind.ROUTINE] > 5.0).all()
    assert (records.deliveries[weekdays == SUNDAY, :, DeliveryKind.ROUTINE] == 0).all()
    assert per_week[:, DeliveryKind.AD_HOC].sum() < 0.1 * per_week.sum()


def test_ages_at_the_start_are_those_that_stock_settles_to() -> None:
    scenario = ordinary(weeks=30)
    supply = Supply(scenario)

    def days_left(day: int) -> np.ndarray[Any, np.dtype[np.float64]]:
        """Mean days left of the laboratories' and satellites' units, by group."""
        found = np.zeros((8, 2))
        for stock in supply.stocks:
            for (group, last_day), units in stock.left().items():
                found[group] += (units * (last_day - day), units)
        means: np.ndarray[Any, np.dtype[np.float64]] = found[:, 0] / found[:, 1]
        return means

    first = days_left(0)
    supply.start()
    later = []
    for day in range(42, 210):
        supply.env.run(until=24.0 * day + 16.0)
        supply.ledger.close_days(supply.env.now)
        later.append(days_left(day))
    settled = np.mean(later, axis=0)
    common = [int(group) for group in np.argsort(supply.plan.daily_use.sum(axis=0))[-4:]]
    np.testing.assert_allclose(first[common], settled[common], atol=1.0)
    np.testing.assert_allclose(first, settled, atol=4.0)
    # The oldest common units went first: none is near its end.
    assert settled[A_POSITIVE] > 18.0


def test_a_fall_of_stock_brings_an_ad_hoc_delivery_of_everything_and_then_an_emergency_one() -> (
    None
):
    supply = Supply(ordinary(), use=0.0)
    supply.start()
    supply.env.run(until=24.0 * TUESDAY + 16.0)
    plan, stock = supply.plan, supply.stocks[KINGS]
    supply.take(KINGS, O_NEGATIVE, 4)
    limit = int(plan.ad_hoc[KINGS, A_POSITIVE])
    # Substitutes count, and O-negative does not: only when those have gone too is it ordered.
    for group in (O_POSITIVE, 2):
        stock.take((group,), stock.available((group,)))
    stock.take((A_POSITIVE,), stock.laboratory[A_POSITIVE].units - limit)
    supply.replenishment.check(KINGS, A_POSITIVE)
    supply.env.run(until=24.0 * TUESDAY + 16.5)
    supply.take(KINGS, A_POSITIVE, 1)
    supply.env.run(until=24.0 * TUESDAY + 20.75)
    assert supply.arrivals == [(24.0 * TUESDAY + 20.5, KINGS)]
    assert stock.in_house(O_POSITIVE) == plan.level[KINGS, O_POSITIVE] + plan.satellite[O_POSITIVE]
    assert stock.in_house(O_NEGATIVE) == plan.level[KINGS, O_NEGATIVE] + plan.satellite[O_NEGATIVE]
    # O-negative has no substitutes.
    limit = int(plan.emergency[KINGS, O_NEGATIVE])
    supply.take(KINGS, O_NEGATIVE, stock.laboratory[O_NEGATIVE].units - limit + 1)
    supply.env.run(until=24.0 * TUESDAY + 23.0)
    assert supply.arrivals[1:] == [(24.0 * TUESDAY + 22.25, KINGS)]
    supply.env.run(until=supply.scenario.calendar.end_hour)
    assert supply.records().deliveries[TUESDAY, KINGS].tolist() == [0, 1, 1]


def test_a_patient_who_waits_is_sent_for_at_once_and_with_substitutes_if_need_be() -> None:
    supply = Supply(ordinary(), use=0.0)
    supply.start()
    supply.env.run(until=24.0 * TUESDAY + 16.0)
    stock = supply.stocks[HAREFIELD]
    before = stock.available((A_POSITIVE, O_POSITIVE))
    supply.national.units[A_POSITIVE] = 3.0
    supply.waiting[HAREFIELD, A_POSITIVE] = 5
    supply.replenishment.order_in_emergency(HAREFIELD, A_POSITIVE)
    supply.replenishment.order_in_emergency(HAREFIELD, A_POSITIVE)
    supply.env.run(until=24.0 * TUESDAY + 17.75)
    assert supply.arrivals[-1] == (24.0 * TUESDAY + 17.5, HAREFIELD)
    assert stock.available((A_POSITIVE, O_POSITIVE)) == before + 5


def test_fresh_units_come_when_they_are_asked_for() -> None:
    scenario = ordinary("transfusion.fresh_needs.share=0.02")
    supply = Supply(scenario, use=0.0)
    supply.start()
    supply.env.run(until=24.0 * TUESDAY + 8.0)
    rules = scenario.transfusion
    least = TUESDAY + rules.shelf_life_days - rules.fresh_needs.most_days_old
    stock = supply.stocks[KINGS]
    there = stock.available((A_POSITIVE,), least)
    supply.waiting[KINGS, A_POSITIVE] = 4
    supply.replenishment.order_in_emergency(KINGS, A_POSITIVE, fresh=True)
    supply.env.run(until=24.0 * TUESDAY + 10.0)
    assert stock.available((A_POSITIVE,), least) >= there + 4
    assert stock.take((A_POSITIVE,), 1, least)[0].last_day >= least


def test_the_satellite_is_filled_up_again_after_it_was_used() -> None:
    supply = Supply(ordinary(), use=0.0)
    supply.start()
    supply.env.run(until=24.0 * TUESDAY + 20.0)
    satellite = supply.stocks[HAREFIELD].satellite[O_NEGATIVE]
    wanted = int(supply.plan.satellite[O_NEGATIVE])
    assert satellite.units == wanted
    assert supply.take(HAREFIELD, O_NEGATIVE, wanted, emergency=True) == wanted
    assert satellite.units == 0
    supply.env.run(until=24.0 * (TUESDAY + 1) + 9.5)
    assert satellite.units == wanted


def with_outage(scenario: Scenario) -> Scenario:
    """Return the scenario with its own disruptions and no policy."""
    return scenario.model_copy(update={"policies": ()})


BUFFER = 'transfusion.buffer_units={"o_negative": 30, "o_positive": 30}'


def test_the_buffer_is_kept_up_until_the_outage_and_used_up_in_it() -> None:
    weeks = 16
    plain = supplied_scenario(weeks=weeks)
    buffered = supplied_scenario(BUFFER, weeks=weeks)
    onset = int(plain.calendar.hour(plain.calendar.onset) // 24)
    without = Supply(with_outage(plain)).live()
    with_it = Supply(with_outage(buffered)).live()
    assert_units_are_conserved(with_it)
    more = (held(with_it) - held(without))[:, :, : O_POSITIVE + 1].sum(axis=1)
    assert (more[20:onset].mean(axis=0) > 0.85 * 6 * 30).all()
    received = [r.received[onset : onset + 5, :, O_NEGATIVE].sum() for r in (with_it, without)]
    assert received[0] < 0.7 * received[1]
    assert (abs(more[onset + 56 : onset + 70].mean(axis=0)) < 0.2 * 6 * 30).all()


def test_a_bigger_buffer_lets_more_expire() -> None:
    expired = []
    for units in (0, 20, 40):
        scenario = ordinary(f'transfusion.buffer_units={{"o_negative": {units}}}', weeks=20)
        records = Supply(scenario).live()
        expired.append(int(records.expired[42:].sum()))
    assert expired == sorted(expired)
    assert expired[-1] > 1.5 * expired[0] + 20


def small_country(*overrides: str, weeks: int = 14) -> Scenario:
    """A blood service that hardly supplies more than these six hospitals, in an outage."""
    return with_outage(
        supplied_scenario(
            "transfusion.blood_service.correction_per_day=0.03", *overrides, weeks=weeks
        )
    )


def first_alert(scenario: Scenario, extra_o: float) -> int:
    """Return the day of the first alert when from the onset group O is used so many times more."""
    rules = scenario.transfusion
    blood = rules.blood_service.model_copy(update={"units_per_week": 2500.0})
    scenario = scenario.model_copy(
        update={"transfusion": rules.model_copy(update={"blood_service": blood})}
    )
    supply = Supply(scenario)
    onset = int(scenario.calendar.hour(scenario.calendar.onset) // 24)
    use = supply.plan.use_by_weekday

    def more_group_o() -> Any:
        yield supply.env.timeout(24.0 * onset)
        rng = np.random.default_rng(9)
        for day in range(onset, supply.days.count):
            means = (extra_o - 1.0) * use[:, supply.days.weekday[day], :2]
            for site, group in np.argwhere(units := rng.poisson(means)).tolist():
                supply.take(site, group, int(units[site, group]))
            yield supply.env.timeout(24.0)

    supply.env.process(more_group_o())
    records = supply.live()
    alerts = np.flatnonzero(records.alert > Alert.GREEN)
    return int(alerts[0]) if alerts.size else 10_000


def test_a_bigger_buffer_makes_the_alert_come_later() -> None:
    days = []
    for o_negative, o_positive in ((0, 0), (6, 20), (12, 40)):
        buffer = f'{{"o_negative": {o_negative}, "o_positive": {o_positive}}}'
        scenario = small_country(f"transfusion.buffer_units={buffer}")
        days.append(first_alert(scenario, extra_o=1.6))
    assert days[0] < days[1] < days[2] < 10_000


def test_extra_group_o_is_held_while_the_policy_holds_and_used_up_after_it() -> None:
    policy = ExtraGroupO(
        name="more",
        kind="extra_group_o",
        trigger_day=7,
        duration_days=14,
        places=("kings",),
        units={BloodGroup.O_NEGATIVE: 20},
    )
    plain = ordinary(weeks=16)
    more = plain.model_copy(update={"policies": (policy,)})
    difference = held(Supply(more).live())[:, :, O_NEGATIVE].astype(int)
    difference -= held(Supply(plain).live())[:, :, O_NEGATIVE]
    onset = int(plain.calendar.hour(plain.calendar.onset) // 24)
    others = np.delete(difference, KINGS, axis=1)
    assert (others == 0).all()
    assert (difference[: onset + 7, KINGS] == 0).all()
    # At most one working day later.
    assert difference[onset + 9, KINGS] == 20
    assert difference[onset + 30 :, KINGS].mean() < 1.0


def test_delivered_units_are_as_old_as_stated_and_do_not_depend_on_what_else_is_ordered() -> None:
    scenario = ordinary(weeks=12)
    records = Supply(scenario).live()
    youngest, oldest = scenario.transfusion.age_on_delivery_days
    more = ordinary(BUFFER, weeks=12)
    other = Supply(more).live()
    for found in (records, other):
        received = found.batch_received > 0
        # A unit of last day L was received between L - (35 - youngest) and L - (35 - oldest).
        assert (found.batch_last_day[received] >= 35 - oldest).all()
        assert (found.batch_last_day[received] <= 12 * 7 - 1 + 35 - youngest).all()
    # Groups without a buffer are as before, batch for batch.
    for name in ("batch_site", "batch_group", "batch_last_day", "batch_received"):
        alike = [getattr(r, name)[r.batch_group > O_POSITIVE] for r in (records, other)]
        np.testing.assert_array_equal(alike[0], alike[1])


def test_ups_and_downs_of_the_blood_service_do_not_move_the_hospitals_in_ordinary_times() -> None:
    scenario = ordinary(weeks=12)
    plain = Supply(scenario).live()
    factors = draw_national(scenario, Days.of(scenario.calendar), 4, 0)
    moved = Supply(scenario, factors=factors).live()
    np.testing.assert_array_equal(held(plain), held(moved))
    np.testing.assert_array_equal(issued_by_day(plain), issued_by_day(moved))
    assert (plain.national_stock != moved.national_stock).any()


def test_units_made_to_order_for_nothing_expire_and_nobody_else_gets_them() -> None:
    weeks = 20
    plain = Supply(ordinary(weeks=weeks)).live()
    scenario = with_made_to_order(ordinary(weeks=weeks), 0.1, 0.3)
    assert scenario.transfusion.made_to_order.life_days == 14
    supply = Supply(scenario)
    records = supply.live()
    assert_units_are_conserved(records)
    np.testing.assert_array_equal(issued_by_day(records), issued_by_day(plain))
    np.testing.assert_array_equal(records.stock + records.satellite, plain.stock + plain.satellite)
    more = records.received - plain.received
    assert (more >= 0).all()
    expected = 0.03 * records.daily_use.sum() * 7.0 * weeks
    assert more.sum() == pytest.approx(expected, rel=0.06)
    # They are there for 14 days and the day of their delivery, and then they are thrown away.
    thrown = (records.expired - plain.expired).sum(axis=(1, 2))
    np.testing.assert_array_equal(thrown[14:], more.sum(axis=(1, 2))[:-14])
    kept = np.cumsum(more.sum(axis=(1, 2)) - thrown)
    np.testing.assert_array_equal(records.reserved.sum(axis=(1, 2)), kept)


def test_what_expires_falls_with_the_size_of_a_hospital() -> None:
    """Small hospitals throw away most: the least they must hold lasts longer than blood keeps."""
    sizes = (20.0, 45.0, 70.0, 100.0, 180.0, 400.0)
    scenario = ordinary(weeks=32)
    sites = tuple(
        site.model_copy(
            update={"red_cell_units_per_week": units, "major_haemorrhages_per_month": units / 15}
        )
        for site, units in zip(scenario.network.sites, sizes, strict=True)
    )
    surgery = scenario.surgery.model_copy(update={"elective_admissions_per_week": 0.0})
    network = scenario.network.model_copy(update={"sites": sites})
    records = Supply(scenario.model_copy(update={"network": network, "surgery": surgery})).live()
    issued = issued_by_day(records)[42:].sum(axis=(0, 2))
    share = records.expired[42:].sum(axis=(0, 2)) / issued
    assert (np.diff(share) < 0.0).all()
    # A hospital of 110 units a week, the mean of the country, is of the order of its 2 to 3 %.
    assert share[1] > 0.03
    assert share[3] < 0.02
    assert share[5] < 0.002
