from __future__ import annotations

import numpy as np
import pytest

from disruption_sim.scenario import Scenario
from disruption_sim.scenario.model import BloodGroup, TubeType
from disruption_sim.transfusion.planning import (
    expected_crossmatches,
    expected_daily_use,
    expected_group_and_screens,
    plan_stock,
    whole_days,
)
from disruption_sim.world.blood import draw_bleeding
from disruption_sim.world.days import Days
from disruption_sim.world.model import URGENCIES
from disruption_sim.world.surgery import draw_operations, flows
from disruption_sim.world.tubes import assemble, draw_unlinked
from tests.transfusion.small_world import ordinary_scenario, with_rules

pytestmark = pytest.mark.unit

IMMEDIATE = URGENCIES.index("immediate")
GROUP_AND_SCREEN = list(TubeType).index(TubeType.GROUP_AND_SCREEN)


def assert_drawn_from(expected: np.ndarray, found: np.ndarray) -> None:
    """Assert that single numbers and their sums are Poisson, within four standard deviations."""
    for axis in ((), 0, -1, None):
        count, mean = found.sum(axis=axis), expected.sum(axis=axis)
        assert (np.abs(count - mean) <= 4.0 * np.sqrt(mean)).all()


def without_operations(scenario: Scenario) -> Scenario:
    """Return the scenario with nobody referred for an operation."""
    surgery = scenario.surgery.model_copy(update={"elective_admissions_per_week": 0.0})
    return scenario.model_copy(update={"surgery": surgery})


def test_expected_use_is_what_the_world_draws() -> None:
    scenario = ordinary_scenario(100)
    weeks, days = scenario.calendar.weeks, Days.of(scenario.calendar)
    bleeding = draw_bleeding(scenario, days, 3, 0)
    operations = draw_operations(scenario, days, 3, 0)
    new = operations.clock_start >= 0.0
    use = np.zeros((6, 8))
    emergency = bleeding.urgency == IMMEDIATE
    group = np.where(emergency, bleeding.o_positive_allowed.astype(int), bleeding.blood_group)
    np.add.at(use, (bleeding.site, group), bleeding.units)
    # Referrals less the few who leave the list before they are treated.
    treated = np.where(new, operations.units_transfused, 0)
    np.add.at(use, (operations.site, operations.blood_group), treated)
    expected = expected_daily_use(scenario)
    found = use / (7 * weeks)
    np.testing.assert_allclose(expected.sum(axis=1), found.sum(axis=1), rtol=0.06)
    np.testing.assert_allclose(expected.sum(axis=0), found.sum(axis=0), rtol=0.06)


def test_stock_is_days_of_use_and_at_least_the_least() -> None:
    scenario = ordinary_scenario()
    plan = plan_stock(scenario)
    rules = scenario.transfusion
    least = [rules.least_stock_units[group] for group in BloodGroup]
    assert (plan.level >= np.array(least)).all()
    assert (plan.level >= rules.hospital_stock_days * plan.daily_use).all()
    large = plan.daily_use * rules.hospital_stock_days > np.array(least)
    assert large.any()
    assert (plan.level - plan.daily_use * rules.hospital_stock_days < 1)[large].all()
    assert (plan.emergency <= rules.emergency_order_stock_days * plan.daily_use).all()


def test_more_emergencies_with_o_positive_need_less_o_negative() -> None:
    scenario = ordinary_scenario()
    usual = expected_daily_use(scenario)
    spared = expected_daily_use(with_rules(scenario, o_positive_share_of_emergency=0.8))
    assert (spared[:, 0] < usual[:, 0]).all()
    np.testing.assert_allclose(spared.sum(axis=1), usual.sum(axis=1))


@pytest.fixture(scope="module")
def crossmatched() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Two years of episodes that are no emergencies: site, weekday, hour; and how many days."""
    scenario = ordinary_scenario(100)
    days = Days.of(scenario.calendar)
    bleeding = draw_bleeding(scenario, days, 3, 0)
    ordinary = bleeding.urgency != IMMEDIATE
    day, hour = np.divmod(bleeding.time[ordinary], 24.0)
    counts = np.bincount(days.weekday, minlength=7)
    return bleeding.site[ordinary], days.weekday[day.astype(int)], hour, counts


@pytest.mark.parametrize(
    "hours", [(0.0, 24.0), (8.0, 20.0), (6.0, 9.5), (18.0, 24.0), (20.0, 24.0)]
)
def test_crossmatches_by_hand_are_the_episodes_that_are_no_emergencies(
    crossmatched: tuple[np.ndarray, ...], hours: tuple[float, float]
) -> None:
    site, weekday, hour, days = crossmatched
    inside = (hour >= hours[0]) & (hour < hours[1])
    found = np.zeros((6, 7))
    np.add.at(found, (site[inside], weekday[inside]), 1.0)
    expected = expected_crossmatches(ordinary_scenario(), hours) * days
    assert_drawn_from(expected, found)
    assert inside.sum() > 3_000


@pytest.fixture(scope="module")
def sampled() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Half a year of group-and-screen samples of wards: site, weekday, hour; and how many days."""
    scenario = ordinary_scenario(20)
    network = scenario.network.model_copy(update={"boroughs": ()})
    days = Days.of(scenario.calendar)
    unlinked = draw_unlinked(scenario.model_copy(update={"network": network}), days, 3, 0)
    tubes, _ = assemble(unlinked, np.zeros(0, dtype=np.int64))
    chosen = tubes.tube_type == GROUP_AND_SCREEN
    day, hour = np.divmod(tubes.collected[chosen], 24.0)
    counts = np.bincount(days.weekday, minlength=7)
    return tubes.origin[chosen], days.weekday[day.astype(int)], hour, counts


@pytest.mark.parametrize("hours", [(0.0, 24.0), (8.0, 20.0), (7.0, 11.0), (20.0, 24.0)])
def test_group_and_screen_samples_of_wards_are_those_of_the_world(
    sampled: tuple[np.ndarray, ...], hours: tuple[float, float]
) -> None:
    site, weekday, hour, days = sampled
    inside = (hour >= hours[0]) & (hour < hours[1])
    found = np.zeros((6, 7))
    np.add.at(found, (site[inside], weekday[inside]), 1.0)
    expected = expected_group_and_screens(without_operations(ordinary_scenario()), hours) * days
    assert_drawn_from(expected, found)
    assert found.sum() == pytest.approx(expected.sum(), rel=0.03)


def test_everybody_treated_who_needs_group_and_screen_gives_one_sample() -> None:
    scenario = ordinary_scenario(100)
    days = Days.of(scenario.calendar)
    operations = draw_operations(scenario, days, 3, 0)
    new = (operations.clock_start >= 0.0) & operations.needs_group_and_screen
    stays = np.zeros((6, len(scenario.surgery.specialties)))
    for flow in flows(scenario):
        stays[flow.site, flow.specialty] = flow.treated / flow.referrals
    found = np.bincount(
        operations.site[new],
        stays[operations.site[new], operations.specialty[new]],
        minlength=6,
    )
    hours = (8.0, 20.0)
    wards = expected_group_and_screens(without_operations(scenario), hours)
    by_day = expected_group_and_screens(scenario, hours) - wards
    assert_drawn_from(by_day.sum(axis=1) / 5.0 * days.working.sum(), found)
    np.testing.assert_allclose(by_day[:, 5:], 0.0)


def test_shares_that_add_up_to_nearly_1_are_taken_as_the_world_takes_them() -> None:
    scenario = ordinary_scenario()
    sources = tuple(
        source.model_copy(
            update={"tube_mix": {tube: 0.99 * share for tube, share in source.tube_mix.items()}}
        )
        for source in scenario.pathology.sources
    )
    procedures = tuple(
        procedure.model_copy(update={"share": 1.01 * procedure.share})
        for procedure in scenario.surgery.procedures
    )
    rounded = scenario.model_copy(
        update={
            "pathology": scenario.pathology.model_copy(update={"sources": sources}),
            "surgery": scenario.surgery.model_copy(update={"procedures": procedures}),
        }
    )
    hours = (8.0, 20.0)
    np.testing.assert_allclose(
        expected_group_and_screens(rounded, hours), expected_group_and_screens(scenario, hours)
    )


def test_ages_on_delivery_are_within_the_shelf_life() -> None:
    assert whole_days((4.0, 12.0), 35) == (4, 12)
    assert whole_days((4.9, 12.9), 35) == (4, 12)
    assert whole_days((4.0, 12.0), 8) == (4, 8)
    assert whole_days((12.0, 14.0), 5) == (5, 5)
