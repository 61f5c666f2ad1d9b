"""What holds in a transfusion laboratory at a time: information technology, practice, policies."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from math import inf
from operator import mul

from disruption_sim.disruption import Timeline
from disruption_sim.grid import HOURS_PER_WEEK, minutes, to_grid
from disruption_sim.scenario.model import (
    OfflineGroups,
    OPositivePolicy,
    Scenario,
    StandaloneAnalyser,
    TraumaDiversion,
)
from disruption_sim.step_function import StepFunction, combine
from disruption_sim.transfusion.information_technology import InformationTechnology

NEVER = StepFunction.constant(0.0)


class Circumstances:
    """What holds at every site over time, in one arm.

    Of several policies of a kind at one site the one that does most counts. A standalone analyser
    is there from half of the strength on.

    Parameters
    ----------
    scenario : Scenario
    timeline : Timeline
    """

    def __init__(self, scenario: Scenario, timeline: Timeline) -> None:
        rules = scenario.transfusion
        self.technology = InformationTechnology(scenario, timeline)
        self._times = rules.times
        # Asked at every turn, so the stretch of time is kept for which the last answer holds.
        self._stretch = [(0.0, 0.0, inf)] * len(scenario.site_names)
        names = scenario.site_names
        analysers: list[list[StepFunction]] = [[] for _ in names]
        copies: list[list[StepFunction]] = [[] for _ in names]
        uptakes: list[list[StepFunction]] = [[] for _ in names]
        diverted: list[list[StepFunction]] = [[] for _ in names]
        by_analyser = [0.0] * len(names)
        for site, name in enumerate(names):
            for analyser, strength in timeline.policies(StandaloneAnalyser):
                if analyser.analysers.get(name, 0):
                    analysers[site].append(strength)
                    by_analyser[site] = analyser.group_and_screen_hands_on_minutes
            for copy, strength in timeline.policies(OfflineGroups):
                if name in scenario.places(copy.places):
                    copies[site].append(strength.map(partial(mul, copy.share)))
            for uptake, strength in timeline.policies(OPositivePolicy):
                if name in scenario.places(uptake.places):
                    uptakes[site].append(strength.map(partial(mul, uptake.uptake_share)))
            for diversion, strength in timeline.policies(TraumaDiversion):
                if name in scenario.places(diversion.places):
                    diverted[site].append(strength.map(partial(mul, diversion.share)))
        usual = StepFunction.constant(rules.o_positive_uptake_share)
        self._analyser = [_greatest(functions) for functions in analysers]
        self._copied = [_greatest(functions) for functions in copies]
        self._uptake = [_greatest([usual, *functions]) for functions in uptakes]
        self._diverted = [_greatest(functions) for functions in diverted]
        by_hand = rules.times.manual_group_and_screen_hands_on_minutes
        own = 1.0 - rules.other_work_share
        self._sample_hours = minutes(rules.times.group_and_screen_hands_on_minutes / own)
        self._sample_hours_by_analyser = [minutes(each / own) for each in by_analyser]
        self._sample_hours_by_hand = minutes(by_hand / own)

    def electronic(self, site: int, time: float) -> bool:
        """Whether the laboratory's information technology works."""
        return self._lost_since(site, time) == inf

    def _lost_since(self, site: int, time: float) -> float:
        start, end, since = self._stretch[site]
        if not start <= time < end:
            start, end, since = self._stretch[site] = self.technology.stretch(site, time)
        return since

    def analyser(self, site: int, time: float) -> bool:
        """Whether there is a standalone analyser with a paper register."""
        return self._analyser[site].at(time) >= 0.5

    def copied_share(self, site: int, time: float) -> float:
        """Return the share of patients on record whose group can be read in an offline copy."""
        return self._copied[site].at(time)

    def o_positive_uptake(self, site: int, time: float) -> float:
        """Return the share of eligible patients who are given O-positive unmatched."""
        return self._uptake[site].at(time)

    def diverted_share(self, site: int, time: float) -> float:
        """Return the share of injured patients whom ambulances take elsewhere."""
        return self._diverted[site].at(time)

    def factor(self, site: int, time: float) -> float:
        """Return how many times longer work takes by hand: 1 with information technology.

        What work by hand adds shrinks by a share with every week since the loss, not below a floor.
        """
        since = self._lost_since(site, time)
        if since == inf:
            return 1.0
        times = self._times
        kept: float = (1.0 - times.learning_per_week) ** ((time - since) / HOURS_PER_WEEK)
        return 1.0 + (times.manual_uplift - 1.0) * max(times.learning_floor_share, kept)

    def hours(self, site: int, time: float, ordinary: float) -> float:
        """Return hours of a route, on the grid, from those with information technology."""
        factor = self.factor(site, time)
        return ordinary if factor == 1.0 else to_grid(ordinary * factor)

    def sample_work(self, site: int, time: float) -> tuple[float, bool]:
        """Return the hands-on hours of one group-and-screen sample, and whether it is by hand.

        It is without information technology: a standalone analyser saves hours, but whose blood is
        in the tube is written on its label and in the register by hand all the same.
        """
        if self.electronic(site, time):
            return self._sample_hours, False
        if self.analyser(site, time):
            return self._sample_hours_by_analyser[site], True
        return self._sample_hours_by_hand, True


def _greatest(functions: Iterable[StepFunction]) -> StepFunction:
    return combine([NEVER, *functions], max)
