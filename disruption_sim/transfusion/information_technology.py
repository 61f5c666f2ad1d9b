"""When a transfusion laboratory has its information technology."""

from __future__ import annotations

import math

from disruption_sim.disruption import Timeline
from disruption_sim.scenario.model import Capability, Scenario
from disruption_sim.step_function import StepFunction

# Electronic issue needs the whole validated system: with half of it gone it is not permitted.
LOST_DEPTH = 0.5


class InformationTechnology:
    """Whether each hospital has its transfusion information technology, and since when not.

    Parameters
    ----------
    scenario : Scenario
    timeline : Timeline
    """

    def __init__(self, scenario: Scenario, timeline: Timeline) -> None:
        self._lost_since: list[StepFunction] = [
            _start_of_loss(timeline.depth(Capability.TRANSFUSION_IT, name))
            for name in scenario.site_names
        ]

    def works(self, site: int, time: float) -> bool:
        """Whether it works at a hospital at a time in hours."""
        return self._lost_since[site].at(time) == math.inf

    def lost_since(self, site: int, time: float) -> float:
        """Return when the loss began that holds at a time; infinite while it works."""
        return self._lost_since[site].at(time)


def _start_of_loss(depth: StepFunction) -> StepFunction:
    """Return since when the capability has been lost, over time; infinite while it is not."""
    since = []
    for time, value in zip(depth.times, depth.values, strict=True):
        if value < LOST_DEPTH:
            since.append(math.inf)
        else:
            going_on = bool(since) and since[-1] != math.inf
            since.append(since[-1] if going_on else time)
    return StepFunction(depth.times, tuple(since))
