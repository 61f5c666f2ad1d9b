from __future__ import annotations

import numpy as np
import pytest

from disruption_sim.scenario import Scenario
from disruption_sim.scenario.model import BloodGroup
from disruption_sim.transfusion.compatibility import O_NEGATIVE, O_POSITIVE
from disruption_sim.transfusion.planning import (
    expected_daily_use,
    expected_use,
    plan_stock,
    whole_days,
)
from disruption_sim.transfusion.routine_days import RoutineDays
from disruption_sim.transfusion.steady_state import SteadyStateAges
from disruption_sim.world.blood import MAJOR_HAEMORRHAGE, draw_bleeding
from disruption_sim.world.days import Days
from disruption_sim.world.model import URGENCIES
from disruption_sim.world.surgery import draw_operations
from tests.transfusion.supply_alone import supplied_scenario

pytestmark = pytest.mark.unit

IMMEDIATE = URGENCIES.index("immediate")


def ordinary(*overrides: str, weeks: int = 10) -> Scenario:
    return supplied_scenario(*overrides, weeks=weeks).without_disruption()


def test_expected_use_is_what_the_world_draws() -> None:
    scenario = ordinary(weeks=106)
    rules = scenario.transfusion
    days = Days.of(scenario.calendar)
    bleeding = draw_bleeding(scenario, days, 3, 0)
    operations = draw_operations(scenario, days, 3, 0)
    use = np.zeros((6, 7, 8))
    site, group = bleeding.site.astype(np.int64), bleeding.blood_group.astype(np.int64)
    weekday = days.weekday[np.floor(bleeding.time / 24.0).astype(np.int64)]
    o_positive = rules.o_positive_eligible_share * rules.o_positive_uptake_share
    first_pack = np.where(
        bleeding.use == MAJOR_HAEMORRHAGE,
        np.minimum(bleeding.units, rules.major_haemorrhage.pack_units),
        bleeding.units,
    )
    unmatched = np.where(bleeding.urgency == IMMEDIATE, first_pack, 0).astype(float)
    np.add.at(use[:, :, O_NEGATIVE], (site, weekday), (1.0 - o_positive) * unmatched)
    np.add.at(use[:, :, O_POSITIVE], (site, weekday), o_positive * unmatched)
    np.add.at(use, (site, weekday, group), bleeding.units - unmatched)
    new = operations.clock_start >= 0.0
    # Referrals less the few who leave the list before they are treated.
    of_site, of_group = operations.site.astype(np.int64), operations.blood_group.astype(np.int64)
    treated = np.where(new, operations.units_transfused, 0) / 5.0
    for day in range(5):
        np.add.at(use[:, day], (of_site, of_group), treated)
    # A bank holiday counts as a Sunday: weeks are those of the calendar for all.
    expected = expected_use(scenario)
    found = use / scenario.calendar.weeks
    np.testing.assert_allclose(expected.sum(axis=(1, 2)), found.sum(axis=(1, 2)), rtol=0.06)
    np.testing.assert_allclose(expected.sum(axis=(0, 1)), found.sum(axis=(0, 1)), rtol=0.06)
    np.testing.assert_allclose(expected.sum(axis=(0, 2)), found.sum(axis=(0, 2)), rtol=0.06)
    # At the weekend nobody is operated on and fewer routine transfusions are given.
    assert (expected[:, 5:].sum(axis=2) < 0.9 * expected[:, :5].sum(axis=2).mean()).any()


def test_the_hospital_holds_days_of_use_and_the_laboratory_at_least_the_least() -> None:
    scenario = ordinary()
    plan = plan_stock(scenario)
    rules = scenario.transfusion
    least = np.array([rules.least_stock_units[group] for group in BloodGroup])
    assert (plan.level >= least).all()
    in_all = plan.level + plan.satellite
    assert (in_all >= rules.hospital_stock_days * plan.daily_use).all()
    large = plan.level > least
    assert large.any()
    assert (in_all - plan.daily_use * rules.hospital_stock_days < 1)[large].all()
    assert (plan.ad_hoc <= rules.deliveries.ad_hoc_stock_days * plan.daily_use).all()
    assert (plan.emergency <= plan.ad_hoc).all()
    assert (plan.satellite[2:] == 0).all()


def test_more_o_positive_in_emergencies_needs_less_o_negative() -> None:
    usual = expected_daily_use(ordinary())
    spared = expected_daily_use(ordinary("transfusion.o_positive_uptake_share=1"))
    assert (spared[:, 0] < usual[:, 0]).all()
    np.testing.assert_allclose(spared.sum(axis=1), usual.sum(axis=1))


def test_packs_that_come_before_the_group_is_known_are_group_o() -> None:
    usual = expected_daily_use(ordinary())
    slow = expected_daily_use(ordinary("transfusion.times.sample_minutes=30"))
    assert (slow[:, :2].sum(axis=1) > usual[:, :2].sum(axis=1)).all()
    np.testing.assert_allclose(slow.sum(axis=1), usual.sum(axis=1))


def test_ages_on_delivery_are_within_the_shelf_life() -> None:
    assert whole_days((4.0, 12.0), 35) == (4, 12)
    assert whole_days((4.9, 12.9), 35) == (4, 12)
    assert whole_days((4.0, 12.0), 8) == (4, 8)
    assert whole_days((12.0, 14.0), 5) == (5, 5)


def bank_holidays(scenario: Scenario) -> set[int]:
    days = Days.of(scenario.calendar)
    return {int(day) for day in np.flatnonzero(days.weekday != np.arange(days.count) % 7)}


def test_saturdays_order_lasts_over_sunday_and_the_one_before_a_bank_holiday_over_it() -> None:
    scenario = ordinary(weeks=12)
    routine = RoutineDays.of(scenario)
    holidays = bank_holidays(scenario)
    assert len(holidays) >= 2
    for day in range(7 * 12):
        if day % 7 == 6 or day in holidays:
            assert not routine.ordered[day]
            assert routine.bridged[day] == ()
        elif day + 1 in holidays:
            assert routine.bridged[day] == (6,)
        elif day % 7 == 5:
            assert routine.bridged[day] == ((6, 6) if day + 2 in holidays else (6,))
        else:
            assert routine.ordered[day]
            assert routine.bridged[day] == ()
    by_weekday = np.arange(2 * 7 * 8, dtype=float).reshape(2, 7, 8)
    np.testing.assert_array_equal(routine.use(5, by_weekday), by_weekday[:, 6])
    np.testing.assert_array_equal(routine.use(2, by_weekday), np.zeros((2, 8)))


def test_an_order_that_comes_the_next_day_is_made_the_day_before() -> None:
    scenario = ordinary("transfusion.deliveries.routine_lead_hours=20")
    routine = RoutineDays.of(scenario)
    assert [routine.ordered[day] for day in range(7)] == [True] * 5 + [False, True]
    assert routine.bridged[4] == (6,)


def test_a_shelf_nobody_takes_from_is_as_old_as_cells_can_be() -> None:
    steady = SteadyStateAges(4, 12, 35, float("inf"))
    assert steady.quantile(1e-9) == 4
    assert steady.quantile(1.0) == 35
