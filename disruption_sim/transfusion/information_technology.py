"""When a transfusion laboratory has its information technology."""

from __future__ import annotations

import math
from bisect import bisect_right

from disruption_sim.disruption import Timeline
from disruption_sim.scenario.effects import TRANSFUSION_IT_LOST_DEPTH
from disruption_sim.scenario.model import Capability, Scenario
from disruption_sim.step_function import StepFunction, since_at_least


class InformationTechnology:
    """Whether each hospital has its transfusion information technology, and since when not.

    Parameters
    ----------
    scenario : Scenario
    timeline : Timeline
    """

    def __init__(self, scenario: Scenario, timeline: Timeline) -> None:
        self._lost_since: list[StepFunction] = [
            since_at_least(
                timeline.depth(Capability.TRANSFUSION_IT, name), TRANSFUSION_IT_LOST_DEPTH
            )
            for name in scenario.site_names
        ]

    def works(self, site: int, time: float) -> bool:
        """Whether it works at a hospital at a time in hours."""
        return self._lost_since[site].at(time) == math.inf

    def stretch(self, site: int, time: float) -> tuple[float, float, float]:
        """Return from when until when things stay as they are at a time, and `lost_since`."""
        since = self._lost_since[site]
        position = bisect_right(since.times, time)
        end = since.times[position] if position < len(since.times) else math.inf
        return since.times[position - 1], end, since.values[position - 1]

    def lost_since(self, site: int, time: float) -> float:
        """Return when the loss began that holds at a time; infinite while it works."""
        return self._lost_since[site].at(time)
