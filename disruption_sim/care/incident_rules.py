"""What incident command has decided about operations, asked case by case."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from disruption_sim.care.patients import Patients
from disruption_sim.care.ports import Timeline
from disruption_sim.randomness import hash_uniform
from disruption_sim.scenario.model import (
    Grade,
    GroupAndScreenRationalisation,
    GroupOCover,
    Scenario,
    StopElective,
    SwapCases,
)
from disruption_sim.step_function import StepFunction
from disruption_sim.world.model import World

GRADES = tuple(Grade)


@dataclass(frozen=True)
class _Stop:
    grades: frozenset[int]
    sites: frozenset[int]
    share: float
    strength: StepFunction
    key: np.uint64


@dataclass(frozen=True)
class _Cover:
    procedures: frozenset[int]
    least_stock_days: float
    strength: StepFunction
    key: np.uint64


@dataclass(frozen=True)
class _Sparing:
    procedures: frozenset[int]
    sites: frozenset[int]
    strength: StepFunction
    key: np.uint64


@dataclass(frozen=True)
class _Swap:
    share: float
    strength: StepFunction
    key: np.uint64


class IncidentRules:
    """Policies that act on single operations.

    Every policy has draws of its own, so that one does not move the draws of another.

    Parameters
    ----------
    scenario : Scenario
    world : World
    timeline : Timeline
    patients : Patients
    """

    def __init__(
        self, scenario: Scenario, world: World, timeline: Timeline, patients: Patients
    ) -> None:
        self._patients = patients
        procedure_rules = scenario.surgery.procedures
        self._stops: list[_Stop] = []
        for stop, strength in timeline.policies(StopElective):
            self._stops.append(
                _Stop(
                    frozenset(GRADES.index(grade) for grade in stop.grades),
                    _sites(scenario, stop.places),
                    stop.share,
                    strength,
                    world.key(f"stop_elective.{stop.name}"),
                )
            )
        self._covers: list[_Cover] = []
        for cover, strength in timeline.policies(GroupOCover):
            procedures = frozenset(
                number
                for number, procedure in enumerate(procedure_rules)
                if procedure.transfused_share <= cover.transfused_share_at_most
            )
            key = world.key(f"group_o_cover.{cover.name}")
            self._covers.append(_Cover(procedures, cover.least_group_o_stock_days, strength, key))
        self._sparing: list[_Sparing] = []
        for rule, strength in timeline.policies(GroupAndScreenRationalisation):
            procedures = frozenset(
                number
                for number, procedure in enumerate(procedure_rules)
                if procedure.transfused_share < rule.transfused_share_under
            )
            if not procedures:
                continue
            key = world.key(f"group_and_screen_rationalisation.{rule.name}")
            self._sparing.append(_Sparing(procedures, _sites(scenario, rule.places), strength, key))
        self._swaps = [
            _Swap(swap.share, strength, world.key(f"swap_cases.{swap.name}"))
            for swap, strength in timeline.policies(SwapCases)
        ]

    def stops_operations(self, site: int, now: float) -> bool:
        """Whether incident command stops any operations of a site now."""
        return any(site in stop.sites and stop.strength.at(now) > 0.0 for stop in self._stops)

    def stopped(self, site: int, patient: int, now: float) -> bool:
        """Whether incident command stops this operation, as decided now."""
        for stop in self._stops:
            strength = stop.strength.at(now)
            if (
                strength > 0.0
                and site in stop.sites
                and self._patients.grade[patient] in stop.grades
                and self._draw(stop.key, patient) < stop.share * strength
            ):
                return True
        return False

    def covered_by_group_o(self, patient: int, stock_days: float, now: float) -> bool:
        """Whether the operation may go ahead on group O instead of matched blood.

        Parameters
        ----------
        patient : int
        stock_days : float
            Of group O at the site.
        now : float
        """
        if self._patients.antibodies[patient]:
            return False
        return any(
            self._patients.procedure[patient] in cover.procedures
            and stock_days >= cover.least_stock_days
            and self._draw(cover.key, patient) < cover.strength.at(now)
            for cover in self._covers
        )

    def spares_sample(self, patient: int, now: float) -> bool:
        """Whether a patient hardly ever needs blood and gives no group-and-screen sample now."""
        return bool(self._sparing) and any(
            self._patients.procedure[patient] in sparing.procedures
            and self._patients.site[patient] in sparing.sites
            and hash_uniform(sparing.key, patient) < sparing.strength.at(now)
            for sparing in self._sparing
        )

    def without_bench(self, site: int, now: float) -> frozenset[int]:
        """Return the procedures that need no crossmatch by hand under the policies of now.

        They may go ahead on group O, or without a sample.
        """
        found: frozenset[int] = frozenset()
        for cover in self._covers:
            if cover.strength.at(now) > 0.0:
                found |= cover.procedures
        for sparing in self._sparing:
            if site in sparing.sites and sparing.strength.at(now) > 0.0:
                found |= sparing.procedures
        return found

    def finds_replacement(self, patient: int, now: float) -> bool:
        """Whether somebody can come at short notice for the place this patient leaves."""
        for swap in self._swaps:
            strength = swap.strength.at(now)
            if strength > 0.0 and self._draw(swap.key, patient) < swap.share * strength:
                return True
        return False

    def _draw(self, key: np.uint64, patient: int) -> float:
        return hash_uniform(key, patient, self._patients.bookings[patient])


def _sites(scenario: Scenario, names: tuple[str, ...]) -> frozenset[int]:
    places = scenario.places(names)
    return frozenset(n for n, name in enumerate(scenario.site_names) if name in places)
