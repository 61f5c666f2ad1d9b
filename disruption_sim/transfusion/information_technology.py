"""When a transfusion laboratory has its information technology."""

from __future__ import annotations

from disruption_sim.disruption import Timeline
from disruption_sim.scenario.model import Capability, Scenario
from disruption_sim.step_function import StepFunction

# Electronic issue needs the whole validated system: with half of it gone it is not permitted.
LOST_DEPTH = 0.5


class InformationTechnology:
    """Whether each hospital has its transfusion information technology.

    Parameters
    ----------
    scenario : Scenario
    timeline : Timeline
    """

    def __init__(self, scenario: Scenario, timeline: Timeline) -> None:
        self._lost: list[StepFunction] = [
            timeline.depth(Capability.TRANSFUSION_IT, name) for name in scenario.site_names
        ]

    def works(self, site: int, time: float) -> bool:
        """Whether it works at a hospital at a time in hours."""
        return self._lost[site].at(time) < LOST_DEPTH
