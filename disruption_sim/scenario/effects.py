"""What the effects of a scenario file mean over time."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable

from disruption_sim.grid import to_grid
from disruption_sim.scenario.model import Capability, Effect, Scenario
from disruption_sim.step_function import StepFunction, compose_losses

# A gradual recovery and a ramp are staircases with steps of this length: exact to about 0.3 % of
# the depth for a recovery of a month.
STEP_HOURS = 2.0
# An exponential recovery is over when this share of the depth is left; its time constant is set so
# that this happens at the stated end.
EXPONENTIAL_REMAINDER = 0.05


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
    function = StepFunction.constant(0.0).with_step(start, effect.depth)
    if effect.recovery == "staged":
        for stage in effect.stages:
            function = function.with_step(to_grid(calendar.hour(stage.on)), stage.depth)
        return function
    end = end_hour(scenario, effect.end, effect.duration_days, start)
    if effect.recovery != "step":
        length = end - start
        steps = max(1, math.ceil(length / STEP_HOURS))
        for index in range(1, steps):
            middle = (index + 0.5) / steps
            linear = effect.recovery == "linear"
            left = 1.0 - middle if linear else EXPONENTIAL_REMAINDER**middle
            function = function.with_step(
                to_grid(start + length * index / steps), effect.depth * left
            )
    return function.with_step(end, 0.0)


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


def capability_depth(
    scenario: Scenario, effects: Iterable[Effect], capability: Capability, place: str
) -> StepFunction:
    """Return the share of a capability that effects together take away at a place over time."""
    return compose_losses(
        effect_depth(scenario, effect)
        for effect in effects
        if capability in effect.capabilities and place in scenario.places(effect.places)
    )
