"""What holds at time t in one arm: depth of loss by capability and place, strength of policies."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeVar

from disruption_sim.grid import to_grid
from disruption_sim.scenario.effects import STEP_HOURS, capability_depth, end_hour
from disruption_sim.scenario.model import Capability, Policy, Scenario
from disruption_sim.step_function import StepFunction

PolicyKind = TypeVar("PolicyKind", bound=Policy)


def policy_strength(scenario: Scenario, policy: Policy) -> StepFunction:
    """Return the share of its strength that a policy has over time: 0, up a ramp to 1, and 0."""
    start = to_grid(
        scenario.calendar.hour(scenario.calendar.onset)
        + 24.0 * (policy.trigger_day + policy.lag_days)
    )
    function = StepFunction.constant(0.0)
    end = end_hour(scenario, policy.end, policy.duration_days, start)
    ramp = 24.0 * policy.ramp_days
    steps = max(1, math.ceil(ramp / STEP_HOURS)) if ramp > 0.0 else 1
    for index in range(steps):
        time = to_grid(start + ramp * index / steps)
        value = (index + 0.5) / steps if ramp > 0.0 else 1.0
        if time >= end:
            break
        function = function.with_step(time, value)
    full = to_grid(start + ramp)
    if ramp > 0.0 and full < end:
        function = function.with_step(full, 1.0)
    if math.isfinite(end):
        function = function.with_step(end, 0.0)
    return function


@dataclass(frozen=True)
class ActivePolicy:
    """A policy and the share of its strength over time."""

    policy: Policy
    strength: StepFunction


class Timeline:
    """Everything that was decided or broken in one arm.

    Parameters
    ----------
    scenario : Scenario
        Its conditions always hold; disruptions and policies are those it carries. The baseline
        arm is ``Timeline(scenario.without_disruption())``.
    """

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self._policies = tuple(
            ActivePolicy(policy, policy_strength(scenario, policy)) for policy in scenario.policies
        )

    def depth(self, capability: Capability, place: str) -> StepFunction:
        """Return the share of a capability that is lost at a place over time, 0 to 1."""
        effects = (*self.scenario.conditions, *self.scenario.disruptions)
        return capability_depth(self.scenario, effects, capability, place)

    def policies(self, kind: type[PolicyKind]) -> list[tuple[PolicyKind, StepFunction]]:
        """Return the policies of one kind with their strength over time, in file order."""
        return [
            (active.policy, active.strength)
            for active in self._policies
            if isinstance(active.policy, kind)
        ]
