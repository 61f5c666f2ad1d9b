"""What holds at time t in one arm: depth of loss by capability and place, strength of policies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from disruption_sim.scenario.effects import depth_of, policy_strength
from disruption_sim.scenario.model import Capability, Policy, Scenario
from disruption_sim.step_function import StepFunction

PolicyKind = TypeVar("PolicyKind", bound=Policy)


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
        return depth_of(self.scenario, capability, place)

    def policies(self, kind: type[PolicyKind]) -> list[tuple[PolicyKind, StepFunction]]:
        """Return the policies of one kind with their strength over time, in file order."""
        return [
            (active.policy, active.strength)
            for active in self._policies
            if isinstance(active.policy, kind)
        ]
