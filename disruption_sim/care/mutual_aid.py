"""Surgical mutual aid: patients who are operated on in another hospital."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from disruption_sim.care.incident_rules import GRADES
from disruption_sim.care.patients import Patients
from disruption_sim.care.ports import Timeline
from disruption_sim.care.pre_assessment import WorkingHours
from disruption_sim.grid import HOURS_PER_DAY, to_grid
from disruption_sim.scenario.model import Scenario, SurgicalMutualAid
from disruption_sim.step_function import StepFunction
from disruption_sim.world.days import Days

Flags = npt.NDArray[np.bool_]
PRIORITIES = ("p2", "p3", "p4")
WORKING_DAYS_A_WEEK = 5.0
# A fifth of a week on each of five days is a whole week, whatever the rounding.
ROUNDING = 1e-9


@dataclass(frozen=True)
class Transfer:
    """What has been agreed for one patient.

    Attributes
    ----------
    patient : int
    at : float
        When the operation begins in the other hospital.
    host_displaced : float
        Operations of the host's own that are put off for it.
    """

    patient: int
    at: float
    host_displaced: float


class _Offer:
    """What one policy offers, and how much of it is left."""

    def __init__(
        self, policy: SurgicalMutualAid, strength: StepFunction, sites: frozenset[int]
    ) -> None:
        self.strength = strength
        self.sites = sites
        self.grades = frozenset(GRADES.index(grade) for grade in policy.grades)
        self.priorities = frozenset(PRIORITIES.index(priority) for priority in policy.priorities)
        self.cases_per_week = policy.cases_per_week
        self.days_until_operation = policy.days_until_operation
        self.host_displaced_share = policy.host_displaced_share
        self.places = 0.0

    def new_day(self, now: float) -> None:
        """Add a working day's places; what is not used is kept for a week."""
        per_week = self.cases_per_week * self.strength.at(now)
        if per_week > 0.0:
            most = max(per_week, 1.0)
            self.places = min(self.places + per_week / WORKING_DAYS_A_WEEK, most)
        else:
            self.places = 0.0

    def suits(self, patients: Patients, site: int, patient: int) -> bool:
        """Whether there is a place for this patient."""
        return (
            self.places >= 1.0 - ROUNDING
            and site in self.sites
            and patients.grade[patient] in self.grades
            and patients.priority[patient] in self.priorities
        )


class OtherHospitals:
    """Places for our patients in the theatres of other hospitals.

    A week's places come a fifth on every working day, so that those whom nobody could operate on at
    the beginning of a week do not take the places of more urgent ones at its end; they can be kept
    for a week. A place is taken when it is agreed; the operation is on the first working day that
    is ``days_until_operation`` away, at the hour at which lists start.

    Parameters
    ----------
    scenario : Scenario
    timeline : Timeline
    patients : Patients
    """

    def __init__(self, scenario: Scenario, timeline: Timeline, patients: Patients) -> None:
        self._patients = patients
        self._hours = WorkingHours(Days.of(scenario.calendar))
        self._start_hour = to_grid(scenario.surgery.session_start_hours[0])
        sites = list(enumerate(scenario.site_names))
        self._offers: list[_Offer] = []
        for policy, strength in timeline.policies(SurgicalMutualAid):
            places = scenario.places(policy.places)
            of_policy = frozenset(number for number, name in sites if name in places)
            self._offers.append(_Offer(policy, strength, of_policy))

    def new_day(self, now: float) -> None:
        """Let the places of another working day come in."""
        for offer in self._offers:
            offer.new_day(now)

    @property
    def have_places(self) -> bool:
        """Whether there is a place left for anybody."""
        return any(offer.places >= 1.0 - ROUNDING for offer in self._offers)

    def eligible(self) -> Flags:
        """Return the patients whom any of the policies could take, by site, grade and priority."""
        operations = self._patients.operations
        found = np.zeros(self._patients.count, dtype=np.bool_)
        for offer in self._offers:
            found |= (
                np.isin(operations.site, list(offer.sites))
                & np.isin(operations.grade, list(offer.grades))
                & np.isin(operations.priority, list(offer.priorities))
            )
        return found

    def agree(self, asked: Iterable[tuple[int, int]], now: float) -> dict[int, Transfer]:
        """Return the transfers that are agreed for patients, the most urgent first.

        Parameters
        ----------
        asked : iterable of (site, patient)
        now : float

        Returns
        -------
        dict of int to Transfer
            By patient, in order of priority and, within it, of waiting time.
        """
        patients = self._patients
        agreed: dict[int, Transfer] = {}
        for site, patient in sorted(
            asked,
            key=lambda one: (patients.priority[one[1]], patients.clock_start[one[1]], one[1]),
        ):
            for offer in self._offers:
                if offer.suits(patients, site, patient):
                    offer.places -= 1.0
                    day = int(now // HOURS_PER_DAY) + math.ceil(offer.days_until_operation)
                    at = HOURS_PER_DAY * self._hours.next_day_from(day) + self._start_hour
                    agreed[patient] = Transfer(patient, at, offer.host_displaced_share)
                    break
        return agreed
