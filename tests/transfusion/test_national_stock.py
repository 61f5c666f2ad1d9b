from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from disruption_sim.disruption import Timeline
from disruption_sim.records import Alert
from disruption_sim.scenario import Scenario
from disruption_sim.scenario.events import DonorAppeal
from disruption_sim.scenario.model import BloodGroup
from disruption_sim.transfusion.national import NationalStock
from disruption_sim.transfusion.planning import expected_daily_use, plan_stock
from disruption_sim.world.blood import draw_national
from disruption_sim.world.days import Days
from disruption_sim.world.model import NationalBlood
from tests.transfusion.supply_alone import Supply, supplied_scenario

pytestmark = pytest.mark.unit

DAYS = 70


def ordinary(*overrides: str) -> Scenario:
    return supplied_scenario(*overrides).without_disruption()


def steady(collections: float = 1.0, demand: float = 1.0) -> NationalBlood:
    return NationalBlood(np.full((DAYS, 8), collections), np.full((DAYS, 8), demand))


def service(
    scenario: Scenario,
    factors: NationalBlood | None = None,
    our_daily_use: np.ndarray[Any, np.dtype[np.float64]] | None = None,
) -> NationalStock:
    use = np.zeros(8) if our_daily_use is None else our_daily_use
    return NationalStock(scenario, factors or steady(), use, Timeline(scenario))


def with_phases(scenario: Scenario, **changes: float) -> Scenario:
    """Return the scenario with something else in every phase of alert."""
    blood = scenario.transfusion.blood_service
    alerts = tuple(phase.model_copy(update=changes) for phase in blood.alerts)
    blood = blood.model_copy(update={"alerts": alerts})
    rules = scenario.transfusion.model_copy(update={"blood_service": blood})
    return scenario.model_copy(update={"transfusion": rules})


def test_stock_stays_where_it_is_while_our_hospitals_draw_the_usual() -> None:
    use = 4 * np.arange(1, 9).astype(float)
    national = service(ordinary(), our_daily_use=use)
    before = list(national.units)
    for day in range(DAYS):
        for group in range(8):
            assert national.supply(group, int(use[group])) == use[group]
        assert national.end_day(day) == use.tolist()
    np.testing.assert_allclose(national.units, before, rtol=1e-9)
    assert national.alert == Alert.GREEN


def test_days_of_stock_are_days_of_what_the_country_uses() -> None:
    scenario = ordinary()
    national = service(scenario)
    blood = scenario.transfusion.blood_service
    assert national.daily_use.sum() * 7 == pytest.approx(blood.units_per_week)
    np.testing.assert_allclose(np.array(national.units) / national.daily_use, blood.stock_days)


def test_poor_collections_go_through_the_phases_and_good_ones_back() -> None:
    national = service(ordinary("transfusion.blood_service.correction_per_day=0.01"), steady(0.6))
    held = []
    for day in range(DAYS):
        national.end_day(day)
        held.append(national.alert)
    first = [held.index(phase) for phase in (Alert.PRE_AMBER, Alert.AMBER, Alert.RED)]
    # Each day takes 0.4 of a day's stock, less what is made up and done without.
    assert 6 < first[0] < 9
    assert first == sorted(first)
    assert 1 <= first[1] - first[0] <= 5
    assert held[-1] == Alert.RED
    assert national.demand_kept(0) == pytest.approx(0.8)
    assert national.demand_kept(3) == pytest.approx(0.85)
    back = []
    for day in range(DAYS):
        national._collected[day] = [1.4] * 8
        national.end_day(day)
        back.append(national.alert)
    assert back[-1] == Alert.GREEN
    assert national.demand_kept(0) == 1.0


def test_a_phase_is_not_lifted_before_its_least_time_and_worsens_at_once() -> None:
    scenario = ordinary("transfusion.blood_service.alert_least_days=7")
    national = service(scenario)
    use, full = national.daily_use.tolist(), list(national.units)

    def day_with(days_of_stock: float) -> Alert:
        national.units = [days_of_stock * units for units in use]
        national._opening = list(full)
        national.end_day(0)
        return national.alert

    assert day_with(1.9) == Alert.AMBER
    assert [day_with(6.0) for _ in range(6)] == [Alert.AMBER] * 6
    assert day_with(6.0) == Alert.GREEN
    assert day_with(2.5) == Alert.PRE_AMBER
    assert day_with(1.5) == Alert.AMBER
    assert day_with(0.5) == Alert.RED
    assert [day_with(2.5) for _ in range(7)] == [Alert.RED] * 6 + [Alert.PRE_AMBER]
    assert day_with(6.0) == Alert.PRE_AMBER


def test_one_group_that_is_short_is_enough() -> None:
    national = service(ordinary())
    national.units[6] = 1.5 * national.daily_use[6]
    national.end_day(0)
    assert national.alert == Alert.AMBER


def test_doing_without_lets_stock_last_longer() -> None:
    levels = []
    for scenario in (
        with_phases(ordinary(), demand_cut_group_o=0.0, demand_cut_all=0.0),
        ordinary(),
    ):
        national = service(scenario, steady(collections=0.7))
        for day in range(40):
            national.end_day(day)
        levels.append(sum(national.units))
    assert levels[1] > levels[0]


def appeal(scenario: Scenario, **changes: Any) -> Scenario:
    """Return the scenario with an appeal to donors and nothing else done."""
    policy = DonorAppeal(
        name="appeal",
        kind="donor_appeal",
        trigger_day=2,
        lag_days=1,
        duration_days=10,
        groups=(BloodGroup.O_NEGATIVE,),
        extra_collections_share=0.2,
    ).model_copy(update=changes)
    return scenario.model_copy(update={"policies": (policy,)})


def test_an_appeal_brings_more_of_its_groups_after_its_lag_and_while_it_lasts() -> None:
    scenario = ordinary()
    plain, called = service(scenario), service(appeal(scenario))
    onset = scenario.calendar.hour(scenario.calendar.onset) // 24
    first = int(onset + 3)
    for day in range(DAYS):
        plain.end_day(day)
        called.end_day(day)
        assert called.units[1:] == plain.units[1:]
        if day < first:
            assert called.units == plain.units
        elif day == first:
            assert called.units[0] - plain.units[0] == pytest.approx(0.2 * plain.daily_use[0])
        if day == first + 9:
            most = called.units[0]
    # What came is made good by calling fewer afterwards.
    assert plain.units[0] + 1.0 * plain.daily_use[0] < most
    assert most < plain.units[0] + 2.0 * plain.daily_use[0]
    assert called.units[0] < most


def test_a_stronger_appeal_ends_a_shortage_sooner() -> None:
    days = []
    for share in (0.0, 0.3):
        scenario = appeal(
            ordinary(),
            trigger_day=0,
            duration_days=50,
            extra_collections_share=share,
            groups=tuple(BloodGroup),
        )
        national = service(scenario, steady(collections=0.75))
        held = []
        for day in range(DAYS):
            national.end_day(day)
            held.append(national.alert)
        days.append(sum(alert >= Alert.AMBER for alert in held))
    assert days[1] < days[0]


def test_nobody_gets_more_than_there_is() -> None:
    national = service(ordinary())
    there = int(national.units[6])
    assert national.supply(6, there + 100) == there
    assert national.supply(6, 1) == 0
    national.end_day(0)
    assert national.units[6] >= 0.0


def test_hospitals_hold_less_in_an_alert() -> None:
    # The red phase holds all the time: 0.2 less of group O.
    scenario = with_phases(ordinary(), trigger_days=100.0)
    cut = Supply(scenario, use=0.0).live()
    uncut = Supply(with_phases(scenario, demand_cut_group_o=0.0), use=0.0).live()
    ordinary_times = Supply(ordinary(), use=0.0).live()
    assert set(cut.alert.tolist()) == {Alert.RED}
    assert set(ordinary_times.alert.tolist()) == {Alert.GREEN}
    # Nobody is ill, so what is there before anything expires again is what is ordered up to.
    plan = plan_stock(scenario)
    level = plan.level[:, 0] + plan.satellite[0]
    saturday = -2
    found = (cut.stock + cut.satellite + cut.expired)[saturday, :, 0]
    sunday_use = plan.use_by_weekday[:, 6, 0]
    np.testing.assert_array_equal(
        found, np.rint(0.8 * (plan.level[:, 0] + sunday_use)).astype(int) + plan.satellite[0]
    )
    found = (uncut.stock + uncut.satellite + uncut.expired)[saturday, :, 0]
    np.testing.assert_array_equal(found, np.rint(level + sunday_use).astype(int))


def test_our_draw_is_what_our_hospitals_ordered() -> None:
    scenario = ordinary()
    records = Supply(scenario).live()
    # What was ordered on the last day may not have come yet.
    drawn = np.cumsum(records.national_draw.sum(axis=1))
    came = np.cumsum(records.received.sum(axis=(1, 2)))
    assert (drawn >= came).all()
    assert drawn[-2] <= came[-1] + 1
    assert (expected_daily_use(scenario).sum(axis=0) < 0.1 * records.national_daily_use).all()


def test_a_long_ordinary_time_does_not_drift() -> None:
    scenario = supplied_scenario(weeks=56).without_disruption()
    factors = draw_national(scenario, Days.of(scenario.calendar), 3, 0)
    records = Supply(scenario, factors=factors).live()
    days = records.national_stock / records.national_daily_use
    half = days.shape[0] // 2
    np.testing.assert_allclose(days[half:].mean(axis=0), 6.0, rtol=0.05)
    assert days[half:].sum(axis=1).mean() / 8 == pytest.approx(6.0, rel=0.02)
    assert set(records.alert.tolist()) == {Alert.GREEN}


def test_a_country_in_want_sends_what_it_has() -> None:
    scenario = ordinary()
    supply = Supply(scenario, use=1.0, factors=steady(collections=0.0))
    records = supply.live()
    assert records.national_stock.min() >= 0.0
    assert records.alert[-1] == Alert.RED
    assert supply.missing > 0
