"""How long the routes to blood take, as things stand."""

from __future__ import annotations

import simpy

from disruption_sim.grid import minutes
from disruption_sim.scenario.model import Scenario
from disruption_sim.transfusion.circumstances import Circumstances


class RouteTimes:
    """Hours of the routes at every site now, longer without information technology.

    Parameters
    ----------
    env : simpy.Environment
    scenario : Scenario
    circumstances : Circumstances

    Attributes
    ----------
    limits : tuple of float
        From a request until it is due, by urgency.
    satellite, laboratory : float
        Group O out of the satellite, and out of the laboratory.
    electronic : float
        Electronic issue from a tested sample.
    hands_on_electronic : float
        Of one scientist for an electronic issue.
    """

    def __init__(
        self, env: simpy.Environment, scenario: Scenario, circumstances: Circumstances
    ) -> None:
        rules = scenario.transfusion
        times = rules.times
        self._env = env
        self._circumstances = circumstances
        self.limits = (
            minutes(rules.immediate_minutes),
            minutes(rules.urgent_minutes),
            minutes(rules.routine_minutes),
        )
        self.satellite = minutes(times.emergency_group_o_minutes)
        self.laboratory = minutes(times.laboratory_group_o_minutes)
        self.electronic = minutes(times.electronic_issue_minutes)
        self.hands_on_electronic = minutes(times.electronic_issue_hands_on_minutes)
        self._group_specific = minutes(times.group_specific_minutes)
        self._crossmatch = minutes(times.crossmatch_minutes)
        self._antibodies = minutes(times.antibody_minutes)
        self._hands_on_group_specific = minutes(times.group_specific_hands_on_minutes)
        self._hands_on_crossmatch = minutes(times.crossmatch_hands_on_minutes)
        own = 1.0 - rules.other_work_share
        self._planned_crossmatch = minutes(times.crossmatch_hands_on_minutes / own)

    def group_specific(self, site: int) -> float:
        """Return the hours from a sample in the laboratory to group-specific blood."""
        return self._now(site, self._group_specific)

    def crossmatch(self, site: int, *, antibodies: bool) -> float:
        """Return the hours from a tested sample to crossmatched blood, when a scientist is free."""
        hours = self._now(site, self._crossmatch)
        return hours + self._antibodies if antibodies else hours

    def hands_on_group_specific(self, site: int) -> float:
        """Return the hours of one scientist for group-specific blood."""
        return self._now(site, self._hands_on_group_specific)

    def hands_on_crossmatch(self, site: int) -> float:
        """Return the hours of one scientist for a crossmatch."""
        return self._now(site, self._hands_on_crossmatch)

    def planned_crossmatch(self, site: int) -> float:
        """Return the hours of one scientist for a crossmatch ahead of time, beside other work."""
        return self._now(site, self._planned_crossmatch)

    def _now(self, site: int, ordinary: float) -> float:
        return self._circumstances.hours(site, self._env.now, ordinary)
