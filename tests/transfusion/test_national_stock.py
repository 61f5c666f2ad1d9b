from __future__ import annotations

import numpy as np
import pytest

from disruption_sim.transfusion.national import NationalStock
from disruption_sim.transfusion.planning import expected_daily_use, plan_stock
from disruption_sim.world.model import NationalBlood
from tests.transfusion.small_world import live, ordinary_scenario, quiet_world, with_rules, world_of

pytestmark = pytest.mark.unit

DAYS = 70


def steady(collections: float = 1.0, demand: float = 1.0) -> NationalBlood:
    return NationalBlood(np.full((DAYS, 8), collections), np.full((DAYS, 8), demand))


def test_stock_stays_where_it_is_while_our_hospitals_draw_the_usual() -> None:
    scenario = ordinary_scenario()
    use = 4 * np.arange(1, 9).astype(float)
    national = NationalStock(scenario, steady(), use)
    before = list(national.units)
    for day in range(DAYS):
        for group in range(8):
            assert national.supply(group, int(use[group])) == use[group]
        national.end_day(day)
    np.testing.assert_allclose(national.units, before, rtol=1e-9)
    assert not national.alert


def test_days_of_stock_are_days_of_what_the_country_uses() -> None:
    scenario = ordinary_scenario()
    national = NationalStock(scenario, steady(), np.zeros(8))
    rules = scenario.transfusion
    assert national.daily_use.sum() * 7 == pytest.approx(rules.national_units_per_week)
    np.testing.assert_allclose(
        np.array(national.units) / national.daily_use, rules.national_stock_days
    )


def test_poor_collections_bring_an_amber_alert_that_cuts_demand_and_ends_again() -> None:
    scenario = ordinary_scenario()
    national = NationalStock(scenario, steady(collections=0.7), np.zeros(8))
    held = []
    for day in range(DAYS):
        national.end_day(day)
        held.append(national.alert)
    first = held.index(True)
    assert 10 < first < 25  # 4 of 6 days of stock go at 0.3 a day, less what is made up
    assert national.demand_kept(0) == pytest.approx(0.95)
    assert national.demand_kept(3) == pytest.approx(0.97)
    for day in range(DAYS):
        national._collected[day] = [1.3] * 8
        national.end_day(day)
    assert not national.alert
    assert national.demand_kept(0) == 1.0


def test_an_alert_lets_stock_last_longer() -> None:
    scenario = ordinary_scenario()
    levels = []
    for cut in (0.0, 0.05):
        rules = {"amber_demand_cut_group_o": cut, "amber_demand_cut_all": cut}
        national = NationalStock(
            with_rules(scenario, **rules), steady(collections=0.7), np.zeros(8)
        )
        for day in range(40):
            national.end_day(day)
        levels.append(sum(national.units))
    assert levels[1] > levels[0]


def test_nobody_gets_more_than_there_is() -> None:
    scenario = ordinary_scenario()
    national = NationalStock(scenario, steady(), np.zeros(8))
    there = int(national.units[6])
    assert national.supply(6, there + 100) == there
    assert national.supply(6, 1) == 0
    national.end_day(0)
    assert national.units[6] >= 0.0


def test_hospitals_hold_less_in_an_alert() -> None:
    scenario = with_rules(ordinary_scenario(1), amber_trigger_days=100.0)
    cut = live(scenario, quiet_world(scenario))
    uncut = live(with_rules(scenario, amber_demand_cut_group_o=0.0), quiet_world(scenario))
    ordinary = live(ordinary_scenario(1), quiet_world(scenario))
    assert cut.alert_days == 7 * scenario.calendar.weeks
    assert ordinary.alert_days == 0
    # Nobody bleeds, so before midnight stock is what is ordered up to.
    level = plan_stock(scenario).level
    lowered = np.rint(0.95 * level[:, 0])
    assert (lowered < level[:, 0]).any()
    np.testing.assert_array_equal((cut.stock + cut.expired)[-1, :, 0], lowered)
    np.testing.assert_array_equal((uncut.stock + uncut.expired)[-1, :, 0], level[:, 0])
    np.testing.assert_array_equal((ordinary.stock + ordinary.expired)[-1], level)


def test_our_draw_is_inside_national_demand() -> None:
    scenario = ordinary_scenario(20)
    records = live(scenario, world_of(scenario))
    days = records.national_stock / records.national_daily_use
    half = days.shape[0] // 2
    # No drift: the second half is where the target is, within day-to-day variation.
    np.testing.assert_allclose(days[half:].mean(axis=0), 6.0, atol=0.5)
    assert records.alert_days == 0
    assert (expected_daily_use(scenario).sum(axis=0) < 0.1 * records.national_daily_use).all()
