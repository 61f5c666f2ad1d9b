"""The two-sample rule: who gives blood again before an operation, so that the group is certain."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from disruption_sim.care.patients import Patients
from disruption_sim.care.ports import Blood, Timeline
from disruption_sim.care.pre_assessment import PreAssessment
from disruption_sim.grid import HOURS_PER_DAY, to_grid
from disruption_sim.randomness import hash_uniform
from disruption_sim.scenario.effects import TRANSFUSION_IT_LOST_DEPTH
from disruption_sim.scenario.model import Capability, OfflineGroups, Scenario
from disruption_sim.step_function import since_at_least
from disruption_sim.world.model import World


class GroupConfirmation:
    """Announces samples that are tested before an operation, beside that of pre-assessment.

    Parameters
    ----------
    scenario : Scenario
    world : World
    timeline : Timeline
    patients : Patients
    pre_assessment : PreAssessment
    blood : Blood

    Notes
    -----
    A blood group counts when two samples taken apart agree, or one agrees with an earlier record
    (British Society for Haematology, 2012). Whoever has no such record gives a second sample on
    admission, in the morning of the operation. While the transfusion laboratory is without
    information technology its records cannot be read, except those in a copy kept offline; and
    what it had found in a sample before the loss cannot be read either: the sample, which it still
    has, is tested again. Operations do not wait for these samples, which are few beside those of
    the wards and tested at once; they are work for the bench. Everybody gives a second sample
    once.
    """

    def __init__(
        self,
        scenario: Scenario,
        world: World,
        timeline: Timeline,
        patients: Patients,
        pre_assessment: PreAssessment,
        blood: Blood,
    ) -> None:
        self._patients = patients
        self._pre_assessment = pre_assessment
        self._blood = blood
        self._admission_hour = to_grid(scenario.surgery.morning_hour)
        self._lost_since = [
            since_at_least(
                timeline.depth(Capability.TRANSFUSION_IT, name), TRANSFUSION_IT_LOST_DEPTH
            )
            for name in scenario.site_names
        ]
        copies = timeline.policies(OfflineGroups)
        self._copies = [
            [
                (copy.share, strength)
                for copy, strength in copies
                if name in scenario.places(copy.places)
            ]
            for name in scenario.site_names
        ]
        # The transfusion laboratories read the same copy.
        self._copy_key = world.key("transfusion.offline_copy_for_operations")
        self._confirmed: set[int] = set()
        self._tested_again = [-math.inf] * patients.count

    def see_to(self, site: int, cases: Sequence[tuple[int, float]], now: float) -> None:
        """Announce what patients who go ahead with a group-and-screen sample still have to give.

        Parameters
        ----------
        site : int
        cases : sequence of (patient, start of the list)
            All of one day.
        now : float
            The day before, or the morning itself.
        """
        if not cases:
            return
        since = self._lost_since[site].at(now)
        if since <= now:
            tested = self._pre_assessment.group_tested_at([patient for patient, _ in cases])
            again = [
                patient
                for (patient, _), at in zip(cases, tested, strict=True)
                if max(at, self._tested_again[patient]) < since
            ]
            for patient in again:
                self._tested_again[patient] = now
            if again:
                self._blood.samples_taken(site, np.full(len(again), now))
        second = [
            patient
            for patient, _ in cases
            if patient not in self._confirmed and not self._on_record(site, patient, now)
        ]
        if second:
            self._confirmed.update(second)
            day_start = HOURS_PER_DAY * (cases[0][1] // HOURS_PER_DAY)
            admission = max(now, day_start + self._admission_hour)
            self._blood.samples_taken(site, np.full(len(second), admission), second=True)

    def _on_record(self, site: int, patient: int, now: float) -> bool:
        if not self._patients.history_on_file[patient]:
            return False
        return self._lost_since[site].at(now) > now or any(
            hash_uniform(self._copy_key, patient) < share * strength.at(now)
            for share, strength in self._copies[site]
        )
