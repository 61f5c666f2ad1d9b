"""What holds at time t follows from the planner's dates."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from disruption_sim.disruption import Timeline
from disruption_sim.scenario import Scenario, load_scenario
from disruption_sim.scenario.effects import effect_depth, policy_strength
from disruption_sim.scenario.model import (
    Capability,
    DemandRestriction,
    Effect,
    ExtraManualStaff,
    MutualAid,
)

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return load_scenario("synnovis-2024")


def _effect(**changes: Any) -> Effect:
    given: dict[str, Any] = {
        "name": "outage",
        "capabilities": ["booking_in"],
        "places": ["all"],
        "start": dt.date(2024, 6, 3),
        "depth": 0.8,
        "end": dt.date(2024, 6, 13),
        **changes,
    }
    return Effect.model_validate(given)


def test_a_step_recovery_is_all_or_nothing(scenario: Scenario) -> None:
    depth = effect_depth(scenario, _effect())
    start = scenario.calendar.week_1_hour
    assert [depth.at(start - 1), depth.at(start), depth.at(start + 239), depth.at(start + 240)] == [
        0.0,
        0.8,
        0.8,
        0.0,
    ]


@pytest.mark.parametrize(("recovery", "halfway"), [("linear", 0.4), ("exponential", 0.179)])
def test_a_gradual_recovery_passes_its_middle_and_ends(
    scenario: Scenario, recovery: str, halfway: float
) -> None:
    depth = effect_depth(scenario, _effect(recovery=recovery))
    start = scenario.calendar.week_1_hour
    assert depth.at(start + 120) == pytest.approx(halfway, abs=0.01)
    assert list(depth.values[1:]) == sorted(depth.values[1:], reverse=True)
    assert depth.at(start + 240) == 0.0


def test_stages_follow_their_dates(scenario: Scenario) -> None:
    stages = [{"on": dt.date(2024, 6, 10), "depth": 0.3}, {"on": dt.date(2024, 6, 20), "depth": 0}]
    depth = effect_depth(scenario, _effect(recovery="staged", end=None, stages=stages))
    start = scenario.calendar.week_1_hour
    assert [depth.at(start + 24 * day) for day in (0, 6, 7, 16, 17)] == [0.8, 0.8, 0.3, 0.3, 0.0]


def test_a_duration_says_the_same_as_an_end(scenario: Scenario) -> None:
    by_duration = _effect(end=None, duration_days=10)
    assert effect_depth(scenario, by_duration) == effect_depth(scenario, _effect())


@pytest.mark.parametrize("recovery", ["step", "linear", "exponential"])
def test_what_lasts_less_than_a_tick_has_not_been(scenario: Scenario, recovery: str) -> None:
    moment = _effect(end=None, duration_days=1e-9, recovery=recovery)
    assert effect_depth(scenario, moment).is_zero
    staff = next(p for p in scenario.policies if isinstance(p, ExtraManualStaff))
    at_once = staff.model_copy(update={"trigger_day": 0.0, "lag_days": 0.0, "ramp_days": 1e-9})
    assert policy_strength(scenario, at_once).at(scenario.calendar.week_1_hour) == 1.0


def test_the_incident_follows_the_public_timeline(scenario: Scenario) -> None:
    timeline = Timeline(scenario)
    calendar = scenario.calendar

    def booking_in(place: str, date: dt.date) -> float:
        return timeline.depth(Capability.BOOKING_IN, place).at(calendar.hour(date) + 12.0)

    assert booking_in("kings", dt.date(2024, 6, 2)) == 0.0
    assert booking_in("kings", dt.date(2024, 6, 3)) == 1.0
    assert booking_in("kings", dt.date(2024, 7, 24)) > 0.0
    assert booking_in("kings", dt.date(2024, 7, 25)) == 0.0
    assert booking_in("guys", dt.date(2024, 7, 25)) > 0.0
    assert booking_in("hub", dt.date(2024, 8, 14)) > 0.0
    assert booking_in("hub", dt.date(2024, 8, 15)) == 0.0
    transfusion = timeline.depth(Capability.TRANSFUSION_IT, "guys")
    assert transfusion.at(calendar.hour(dt.date(2024, 10, 2))) == 1.0
    assert transfusion.at(calendar.hour(dt.date(2024, 10, 16))) == 0.0


def test_conditions_hold_in_the_baseline_and_disruptions_do_not(scenario: Scenario) -> None:
    baseline = Timeline(scenario.without_disruption())
    strike = scenario.calendar.hour(dt.date(2024, 6, 28)) + 12.0
    assert baseline.depth(Capability.THEATRES, "guys").at(strike) > 0.0
    assert baseline.depth(Capability.BOOKING_IN, "guys").is_zero
    assert baseline.policies(DemandRestriction) == []


def test_a_policy_waits_for_its_lag_ramps_up_and_ends(scenario: Scenario) -> None:
    (policy, strength), *_ = Timeline(scenario).policies(ExtraManualStaff)
    begins = scenario.calendar.week_1_hour + 24.0 * (policy.trigger_day + policy.lag_days)
    assert policy.lag_days > 0.0
    assert strength.at(begins - 0.1) == 0.0
    assert strength.at(begins + 12.0 * policy.ramp_days) == pytest.approx(0.5, abs=0.02)
    assert strength.at(begins + 24.0 * policy.ramp_days) == 1.0
    assert strength.at(scenario.calendar.hour(dt.date(2024, 8, 15))) == 0.0
    onset = scenario.calendar.week_1_hour
    first, second, *_ = (strength for _, strength in Timeline(scenario).policies(MutualAid))
    assert first.at(onset + 9.9 * 24.0) == 0.0
    assert first.at(onset + 10.0 * 24.0) == 1.0
    assert second.at(onset + 27.9 * 24.0) == 0.0
