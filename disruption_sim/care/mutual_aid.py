"""Surgical mutual aid: patients who are operated on in another hospital."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from disruption_sim.care.incident_rules import GRADES, IncidentRules
from disruption_sim.care.patients import Patients, Stage
from disruption_sim.care.ports import Blood, Timeline
from disruption_sim.care.working_hours import WorkingHours
from disruption_sim.grid import HOURS_PER_DAY, to_grid
from disruption_sim.scenario.model import Scenario, SurgicalMutualAid
from disruption_sim.step_function import StepFunction
from disruption_sim.world.days import Days

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

    def suits(self, patients: Patients, patient: int) -> bool:
        """Whether there is a place for this patient."""
        return (
            self.places >= 1.0 - ROUNDING
            and patients.site[patient] in self.sites
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
    rules : IncidentRules
    blood : Blood
    """

    def __init__(
        self,
        scenario: Scenario,
        timeline: Timeline,
        patients: Patients,
        rules: IncidentRules,
        blood: Blood,
    ) -> None:
        self._patients = patients
        self._rules = rules
        self._blood = blood
        # Postponed by the incident: they are asked before they have a new date.
        self._postponed: set[int] = set()
        self._hours = WorkingHours(Days.of(scenario.calendar))
        self._start_hour = to_grid(scenario.surgery.session_start_hours[0])
        sites = list(enumerate(scenario.site_names))
        self._offers: list[_Offer] = []
        for policy, strength in timeline.policies(SurgicalMutualAid):
            places = scenario.places(policy.places)
            of_policy = frozenset(number for number, name in sites if name in places)
            self._offers.append(_Offer(policy, strength, of_policy))
        operations = patients.operations
        self._sites, self._available_from = operations.site, operations.available_from
        self._eligible = np.zeros(patients.count, dtype=np.bool_)
        for offer in self._offers:
            self._eligible |= (
                np.isin(operations.site, list(offer.sites))
                & np.isin(operations.grade, list(offer.grades))
                & np.isin(operations.priority, list(offer.priorities))
            )

    def new_day(self, now: float) -> None:
        """Let the places of another working day come in."""
        for offer in self._offers:
            offer.new_day(now)

    def postponed(self, patient: int) -> None:
        """Note that the incident has postponed a patient, who may be asked again."""
        self._postponed.add(patient)

    @property
    def have_places(self) -> bool:
        """Whether there is a place left for anybody."""
        return any(offer.places >= 1.0 - ROUNDING for offer in self._offers)

    def agree(self, asked: Iterable[int], now: float) -> dict[int, Transfer]:
        """Return the transfers that are agreed for patients, the most urgent first.

        Parameters
        ----------
        asked : iterable of int
            Patients.
        now : float

        Returns
        -------
        dict of int to Transfer
            By patient, in order of priority and, within it, of waiting time.
        """
        patients = self._patients
        agreed: dict[int, Transfer] = {}
        for patient in sorted(
            asked, key=lambda one: (patients.priority[one], patients.clock_start[one], one)
        ):
            for offer in self._offers:
                if offer.suits(patients, patient):
                    offer.places -= 1.0
                    day = int(now // HOURS_PER_DAY) + math.ceil(offer.days_until_operation)
                    at = HOURS_PER_DAY * self._hours.next_day_from(day) + self._start_hour
                    agreed[patient] = Transfer(patient, at, offer.host_displaced_share)
                    break
        return agreed

    def agree_with_waiting(self, now: float) -> list[Transfer]:
        """Return transfers for patients on the waiting lists whom nobody can book here.

        Those who may need blood where it cannot be issued electronically, unless their operation
        may go ahead without a crossmatch; and those whom the incident has postponed.

        Parameters
        ----------
        now : float
            The waiting lists have been advanced to it.
        """
        patients = self._patients
        stage = np.frombuffer(patients.stage, dtype=np.uint8)
        waiting = self._eligible & (stage == Stage.WAITING) & (self._available_from <= now)
        without_blood = {
            site: self._rules.without_bench(site, now)
            for site in set(self._sites[waiting].tolist())
            if not self._blood.electronic_issue(site)
        }

        def cannot_be_booked(patient: int) -> bool:
            if patient in self._postponed:
                return True
            procedures = without_blood.get(patients.site[patient])
            return (
                procedures is not None
                and patients.may_need_blood[patient]
                and (patients.antibodies[patient] or patients.procedure[patient] not in procedures)
            )

        asked = filter(cannot_be_booked, np.flatnonzero(waiting).tolist())
        return list(self.agree(asked, now).values())
