"""One service brought back first, and what the others pay for it."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from disruption_sim.disruption import Timeline
from disruption_sim.scenario import Scenario
from disruption_sim.scenario.effects import effect_depth
from disruption_sim.scenario.model import Capability, Effect, Policy, RestoreFirst
from disruption_sim.step_function import StepFunction, compose_losses
from tests.support.small_scenario import small_scenario
from tests.support.transfusion_levers import restore_first

pytestmark = pytest.mark.unit

CALM = small_scenario(disruption=False)
ONSET = CALM.calendar.week_1_hour
TRANSFUSION, BOOKING = Capability.TRANSFUSION_IT, Capability.BOOKING_IN
CAPABILITIES = (TRANSFUSION, BOOKING, Capability.REPORTING)
PLACES = ("st_thomas", "kings", "hub")


def outage(capability: Capability, days: float, **changes: Any) -> Effect:
    """Return a loss of one capability everywhere from the onset on."""
    given: dict[str, Any] = {
        "name": f"outage_{capability}",
        "capabilities": [capability],
        "places": ["all"],
        "start": CALM.calendar.onset,
        "depth": 1.0,
        "duration_days": days,
        **changes,
    }
    return Effect.model_validate(given)


def first(capability: Capability, lag_days: float, delay: float, **changes: Any) -> RestoreFirst:
    """Return the policy that brings a capability back some days after the onset."""
    return restore_first(lag_days, delay, capability, **changes)


def scenario_of(effects: tuple[Effect, ...], policies: tuple[Policy, ...]) -> Scenario:
    return CALM.model_copy(update={"disruptions": effects, "policies": policies})


def depth(
    capability: Capability, effects: tuple[Effect, ...], *policies: Policy, place: str = "kings"
) -> StepFunction:
    return Timeline(scenario_of(effects, policies)).depth(capability, place)


def at_days(function: StepFunction, *days: float) -> list[float]:
    return [function.at(ONSET + 24.0 * day) for day in days]


def test_what_it_names_is_back_on_its_day_and_the_rest_so_much_later() -> None:
    effects = (outage(TRANSFUSION, 120), outage(BOOKING, 50))
    policy = first(TRANSFUSION, 28, 7)
    assert at_days(depth(TRANSFUSION, effects, policy), 27.9, 28, 119) == [1.0, 0.0, 0.0]
    assert at_days(depth(BOOKING, effects, policy), 27.9, 50, 56.9, 57) == [1.0, 1.0, 1.0, 0.0]


def test_it_is_put_off_only_where_it_is_not_restored() -> None:
    effects = (outage(TRANSFUSION, 60),)
    policy = first(TRANSFUSION, 14, 10, places=["kings"])
    assert at_days(depth(TRANSFUSION, effects, policy), 14, 59) == [0.0, 0.0]
    elsewhere = depth(TRANSFUSION, effects, policy, place="st_thomas")
    assert at_days(elsewhere, 14, 69.9, 70) == [1.0, 1.0, 0.0]


def test_stages_that_have_passed_stay_and_later_ones_move() -> None:
    days = [CALM.calendar.onset + dt.timedelta(days=day) for day in (10, 30)]
    stages = [{"on": days[0], "depth": 0.5}, {"on": days[1], "depth": 0.0}]
    staged = outage(BOOKING, 1, duration_days=None, recovery="staged", stages=stages)
    moved = depth(BOOKING, (outage(TRANSFUSION, 90), staged), first(TRANSFUSION, 20, 7))
    assert at_days(moved, 9.9, 10, 30, 36.9, 37) == [1.0, 0.5, 0.5, 0.5, 0.0]


def test_a_gradual_recovery_stands_still_for_the_delay_and_then_goes_on() -> None:
    gradual = outage(BOOKING, 40, recovery="linear")
    raw = depth(BOOKING, (gradual,))
    held = depth(BOOKING, (outage(TRANSFUSION, 90), gradual), first(TRANSFUSION, 20, 7))
    assert at_days(held, 5, 19.99) == at_days(raw, 5, 19.99)
    assert set(at_days(held, 20, 23, 26.99)) == set(at_days(raw, 20))
    assert at_days(held, 27.5, 35, 46) == at_days(raw, 20.5, 28, 39)


def test_what_begins_later_is_not_put_off_nor_anything_without_a_need() -> None:
    later = outage(BOOKING, 10, start=CALM.calendar.onset + dt.timedelta(days=30))
    effects = (outage(TRANSFUSION, 90), later)
    assert depth(BOOKING, effects, first(TRANSFUSION, 20, 7)) == depth(BOOKING, effects)
    # On day 25 transfusion works again anyway.
    healed = (outage(TRANSFUSION, 20), outage(BOOKING, 50))
    assert depth(BOOKING, healed, first(TRANSFUSION, 25, 7)) == depth(BOOKING, healed)
    # That one restores it on day 15 leaves nothing to restore for another on day 18 ...
    both = (first(TRANSFUSION, 15, 7), first(TRANSFUSION, 18, 5, name="second"))
    assert depth(BOOKING, healed, *both) == depth(BOOKING, healed, both[0])
    # ... and what one has put off another may still restore.
    swapped = (first(BOOKING, 15, 7), first(TRANSFUSION, 24, 5, name="second"))
    assert at_days(depth(TRANSFUSION, healed, *swapped), 20, 23.9, 24) == [1.0, 1.0, 0.0]


def test_a_ramp_brings_it_back_little_by_little() -> None:
    ramped = depth(TRANSFUSION, (outage(TRANSFUSION, 90),), first(TRANSFUSION, 10, 0, ramp_days=4))
    assert at_days(ramped, 9.9) == [1.0]
    assert at_days(ramped, 12) == [pytest.approx(0.5, abs=0.03)]
    assert at_days(ramped, 14, 80) == [0.0, 0.0]


def test_conditions_are_nobodys_to_restore() -> None:
    strike = outage(Capability.THEATRES, 40, name="strike")
    scenario = scenario_of((outage(TRANSFUSION, 90),), (first(Capability.THEATRES, 5, 7),))
    scenario = scenario.model_copy(update={"conditions": (strike,)})
    assert Timeline(scenario).depth(Capability.THEATRES, "kings") == effect_depth(scenario, strike)


effects_drawn = st.builds(
    lambda name, capabilities, places, start, depth, days, recovery: Effect(
        name=f"effect{name}",
        capabilities=capabilities,
        places=places,
        start=CALM.calendar.onset + dt.timedelta(days=start),
        depth=depth,
        duration_days=days,
        recovery=recovery,
    ),
    st.integers(0, 10**9),
    st.lists(st.sampled_from(CAPABILITIES), min_size=1, max_size=2, unique=True).map(tuple),
    st.lists(st.sampled_from(("all", *PLACES)), min_size=1, max_size=2, unique=True).map(tuple),
    st.integers(0, 30),
    st.floats(0.0, 1.0),
    st.floats(0.5, 30.0),
    st.sampled_from(("step", "linear", "exponential")),
)
policies_drawn = st.builds(
    lambda number, capability, places, lag, delay, ramp: first(
        capability,
        lag,
        delay,
        name=f"first{number}",
        places=places,
        ramp_days=ramp,
    ),
    st.integers(0, 10**9),
    st.sampled_from(CAPABILITIES),
    st.lists(st.sampled_from(("all", *PLACES)), min_size=1, max_size=2, unique=True),
    st.integers(0, 40),
    st.floats(0.0, 15.0),
    st.sampled_from((0.0, 0.0, 3.0)),
)
named_apart: dict[str, Any] = {"unique_by": lambda each: each.name}


def everywhere(scenario: Scenario) -> list[StepFunction]:
    timeline = Timeline(scenario)
    return [timeline.depth(*where) for where in itertools.product(CAPABILITIES, PLACES)]


@settings(max_examples=40)
@given(
    st.lists(effects_drawn, max_size=4, **named_apart),
    st.lists(policies_drawn, max_size=3, **named_apart),
    st.randoms(use_true_random=False),
)
def test_overlapping_outages_and_policies_compose_in_any_order(
    effects: list[Effect], policies: list[RestoreFirst], random: Any
) -> None:
    scenario = scenario_of(tuple(effects), tuple(policies))
    as_written = everywhere(scenario)
    random.shuffle(effects)
    random.shuffle(policies)
    assert everywhere(scenario_of(tuple(effects), tuple(policies))) == as_written


@settings(max_examples=40)
@given(
    st.lists(effects_drawn, min_size=1, max_size=4, **named_apart),
    policies_drawn.filter(lambda policy: policy.ramp_days == 0.0),
)
def test_one_policy_takes_from_what_it_names_and_gives_the_rest_no_relief(
    effects: list[Effect], policy: RestoreFirst
) -> None:
    without = scenario_of(tuple(effects), ())
    with_policy = scenario_of(tuple(effects), (policy,))
    start = ONSET + 24.0 * policy.lag_days
    moments = ONSET + np.arange(0.0, 24.0 * 90.0, 5.7)
    for capability, place in itertools.product(CAPABILITIES, PLACES):
        before = Timeline(without).depth(capability, place).at_many(moments)
        after = Timeline(with_policy).depth(capability, place).at_many(moments)
        np.testing.assert_array_equal(after[moments < start], before[moments < start])
        if capability in policy.capabilities and place in without.places(policy.places):
            np.testing.assert_array_equal(after[moments >= start], 0.0)
        else:
            # Every effect here only gets less deep with time once it has begun.
            assert np.all(after >= before - 1e-12)


def test_without_such_a_policy_depths_are_the_composed_losses_to_the_bit() -> None:
    effects = (
        outage(BOOKING, 20, depth=0.3),
        outage(BOOKING, 30, name="more", depth=0.7, recovery="linear"),
        outage(BOOKING, 9, name="most", depth=0.1, places=["kings"]),
    )
    scenario = scenario_of(effects, ())
    assert Timeline(scenario).depth(BOOKING, "kings") == compose_losses(
        effect_depth(scenario, effect) for effect in effects
    )
