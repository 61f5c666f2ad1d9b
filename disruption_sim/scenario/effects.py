"""What the effects and policies of a scenario file mean over time."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable

from disruption_sim.grid import HOURS_PER_DAY, to_grid
from disruption_sim.scenario.model import Capability, Effect, Policy, RestoreFirst, Scenario
from disruption_sim.step_function import StepFunction, combine, compose_losses

# A gradual recovery and a ramp are staircases with steps of this length: exact to about 0.3 % of
# the depth for a recovery of a month.
STEP_HOURS = 2.0
# An exponential recovery is over when this share of the depth is left; its time constant is set so
# that this happens at the stated end.
EXPONENTIAL_REMAINDER = 0.05
# Electronic issue and the records of groups need the whole validated system: with this share of it
# gone they are not to be had.
TRANSFUSION_IT_LOST_DEPTH = 0.5


def effect_depth(scenario: Scenario, effect: Effect) -> StepFunction:
    """Return the depth of one effect over time.

    Parameters
    ----------
    scenario : Scenario
        Gives the calendar.
    effect : Effect
        A disruption or a condition.

    Notes
    -----
    ``step``: the whole depth until the end. ``linear``: falls evenly to 0 at the end.
    ``exponential``: falls with a constant rate so that 5 % is left at the end, then 0.
    ``staged``: the dated depths.
    """
    calendar = scenario.calendar
    start = to_grid(calendar.hour(effect.start))
    steps_down = [(start, effect.depth)]
    if effect.recovery == "staged":
        for stage in effect.stages:
            steps_down.append((to_grid(calendar.hour(stage.on)), stage.depth))
        return StepFunction.of_steps(0.0, steps_down)
    end = end_hour(scenario, effect.end, effect.duration_days, start)
    if effect.recovery != "step":
        length = end - start
        steps = max(1, math.ceil(length / STEP_HOURS))
        for index in range(1, steps):
            middle = (index + 0.5) / steps
            linear = effect.recovery == "linear"
            left = 1.0 - middle if linear else EXPONENTIAL_REMAINDER**middle
            steps_down.append((to_grid(start + length * index / steps), effect.depth * left))
    return StepFunction.of_steps(0.0, [*steps_down, (end, 0.0)])


def end_hour(
    scenario: Scenario,
    end: dt.date | dt.datetime | None,
    duration_days: float | None,
    start: float,
) -> float:
    """Return when something ends: after its duration, on its date, or never (infinity)."""
    if duration_days is not None:
        return to_grid(start + 24.0 * duration_days)
    if end is None:
        return math.inf
    return to_grid(scenario.calendar.hour(end))


def policy_strength(scenario: Scenario, policy: Policy) -> StepFunction:
    """Return the share of its strength that a policy has over time: 0, up a ramp to 1, and 0."""
    start = policy_start(scenario, policy)
    end = end_hour(scenario, policy.end, policy.duration_days, start)
    ramp = HOURS_PER_DAY * policy.ramp_days
    count = max(1, math.ceil(ramp / STEP_HOURS)) if ramp > 0.0 else 1
    steps: list[tuple[float, float]] = []
    for index in range(count):
        time = to_grid(start + ramp * index / count)
        if time >= end:
            break
        steps.append((time, (index + 0.5) / count if ramp > 0.0 else 1.0))
    full = to_grid(start + ramp)
    if ramp > 0.0 and full < end:
        steps.append((full, 1.0))
    if math.isfinite(end):
        steps.append((end, 0.0))
    return StepFunction.of_steps(0.0, steps)


def policy_start(scenario: Scenario, policy: Policy) -> float:
    """Return when a policy begins: its lag after its trigger."""
    days = policy.trigger_day + policy.lag_days
    return to_grid(scenario.calendar.hour(scenario.calendar.onset) + HOURS_PER_DAY * days)


def depth_of(scenario: Scenario, capability: Capability, place: str) -> StepFunction:
    """Return the share of a capability that is lost at a place over time, 0 to 1.

    Conditions, disruptions, and what the scenario's policies do about the latter.
    """
    return compose_losses(
        (
            *_of_conditions(scenario, capability, place),
            *_of_disruptions(scenario, _at_work(scenario), capability, place),
        )
    )


def condition_depth(scenario: Scenario, capability: Capability, place: str) -> StepFunction:
    """Return the share of a capability that conditions alone take away at a place over time."""
    return compose_losses(_of_conditions(scenario, capability, place))


def disruption_depth(scenario: Scenario, capability: Capability, place: str) -> StepFunction:
    """Return the share of a capability that disruptions take away at a place over time.

    Notes
    -----
    A policy that restores something first takes away all loss of it from its start, at once or up
    its ramp. What else is lost at that moment comes back later: every later step of its recovery
    is put off by the policy's delay. Disruptions that begin after that are not put off, nor is
    anything if there is nothing to restore: what the policy names works when it begins and ever
    after. Several such policies add their delays in the order in which they begin, whatever their
    order in the file.
    """
    return compose_losses(_of_disruptions(scenario, _at_work(scenario), capability, place))


def _of_conditions(
    scenario: Scenario, capability: Capability, place: str
) -> Iterable[StepFunction]:
    return (
        effect_depth(scenario, effect)
        for effect in scenario.conditions
        if _hits(scenario, effect, capability, place)
    )


def _hits(scenario: Scenario, effect: Effect, capability: Capability, place: str) -> bool:
    return capability in effect.capabilities and place in scenario.places(effect.places)


def _at_work(scenario: Scenario) -> list[tuple[float, RestoreFirst]]:
    """Return the policies that restore something, with their starts, in order of these."""
    found = [
        (policy_start(scenario, policy), policy)
        for policy in scenario.policies
        if isinstance(policy, RestoreFirst)
    ]
    at_work: list[tuple[float, RestoreFirst]] = []
    for start, policy in sorted(found, key=lambda each: (each[0], each[1].name)):
        earlier = [each for each in at_work if each[0] < start]
        if any(
            _lost_from(depth, start)
            for capability in policy.capabilities
            for place in scenario.places(policy.places)
            for depth in _of_disruptions(scenario, earlier, capability, place)
        ):
            at_work.append((start, policy))
    return at_work


def _of_disruptions(
    scenario: Scenario,
    at_work: Iterable[tuple[float, RestoreFirst]],
    capability: Capability,
    place: str,
) -> list[StepFunction]:
    """Return the depth of each disruption under policies given in order of their start."""
    delays: list[tuple[float, float]] = []
    restored = StepFunction.constant(0.0)
    for start, policy in at_work:
        if capability in policy.capabilities and place in scenario.places(policy.places):
            restored = compose_losses((restored, policy_strength(scenario, policy)))
        else:
            delays.append((start, HOURS_PER_DAY * policy.delays_others_days))
    found = [
        _put_off(effect_depth(scenario, effect), delays)
        for effect in scenario.disruptions
        if _hits(scenario, effect, capability, place)
    ]
    if restored.is_zero:
        return found
    return [
        combine((depth, restored), lambda values: values[0] * (1.0 - values[1])) for depth in found
    ]


def _lost_from(depth: StepFunction, start: float) -> bool:
    """Whether anything is lost at a time or after it."""
    later = (value for time, value in zip(depth.times, depth.values, strict=True) if time > start)
    return depth.at(start) > 0.0 or any(value > 0.0 for value in later)


def _put_off(depth: StepFunction, delays: Iterable[tuple[float, float]]) -> StepFunction:
    """Return the depth of an effect whose recovery is put off from some times on.

    Parameters
    ----------
    depth : StepFunction
        Its first step is the start of the effect.
    delays : iterable of (hour, hours)
        In order of time.
    """
    for start, hours in delays:
        if len(depth.times) > 1 and depth.times[1] <= start:
            times = (time if time <= start else to_grid(time + hours) for time in depth.times)
            depth = StepFunction(tuple(times), depth.values)
    return depth
