"""Go or no-go: whether an operation can go ahead, asked the day before and again on the morning."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from disruption_sim.care.incident_rules import GRADES, IncidentRules
from disruption_sim.care.patients import Patients
from disruption_sim.care.ports import Blood
from disruption_sim.care.pre_assessment import PreAssessment, SampleState
from disruption_sim.grid import HOURS_PER_DAY
from disruption_sim.randomness import hash_uniform
from disruption_sim.records import Cause
from disruption_sim.scenario.model import Scenario
from disruption_sim.world.model import World

Case = tuple[int, float]
"""A patient and the start of the list on which the operation is booked."""


class GoNoGo:
    """The rules by which operations go ahead or are postponed.

    Parameters
    ----------
    scenario : Scenario
    world : World
    patients : Patients
    rules : IncidentRules
    pre_assessment : PreAssessment
    blood : Blood

    Notes
    -----
    At the huddle the day before, an operation is postponed if incident command has stopped it, if
    a sample is lost, was never taken because of a restriction (which counts as results not
    reported) or will be out of date, or if the transfusion service cannot support it.
    Results that are only late may still come overnight: they are waited for until the morning,
    when an operation without them is postponed, P2 included. Ordinary cancellations are drawn for
    the morning and come before every other reason of the morning, so that on the whole the same
    patients are cancelled in every arm.

    While blood cannot be issued electronically, everybody with a group-and-screen sample needs a
    place for a serological crossmatch. Places go by priority, larger operations first. Operations
    that seldom need blood may instead go ahead on group O while that policy holds.
    """

    def __init__(
        self,
        scenario: Scenario,
        world: World,
        patients: Patients,
        rules: IncidentRules,
        pre_assessment: PreAssessment,
        blood: Blood,
    ) -> None:
        self._patients = patients
        self._rules = rules
        self._pre_assessment = pre_assessment
        self._blood = blood
        shares = scenario.surgery.ordinary_cancellation_share
        self._ordinary_share = [shares[grade] for grade in GRADES]
        self._ordinary_key = world.key("operations.ordinary_cancellation")
        first = hash_uniform(self._ordinary_key, np.arange(patients.count), 1)
        by_patient = np.array(self._ordinary_share)[world.operations.grade]
        self._ordinary_at_first: list[bool] = (first < by_patient).tolist()

    def huddle(
        self, site: int, cases: Sequence[Case], now: float
    ) -> list[tuple[int, Cause | None]]:
        """Return for the patients of one day whether, and why, they are postponed the day before.

        Parameters
        ----------
        site : int
        cases : sequence of (patient, start of the list)
            All of one day.
        now : float

        Returns
        -------
        list of (patient, Cause or None)
            In the order of `cases`; None goes ahead.
        """
        causes: list[Cause | None] = [None] * len(cases)
        results, group = self._pre_assessment.look(cases, now)
        stops = self._rules.stops_operations(site, now)
        if stops or results or group:
            for place, (patient, _) in enumerate(cases):
                if stops and self._rules.stopped(site, patient, now):
                    causes[place] = Cause.STOPPED_BY_INCIDENT_COMMAND
                elif results.get(patient) == SampleState.LOST:
                    causes[place] = Cause.SAMPLE_EXPIRED
                elif results.get(patient) == SampleState.WITHHELD:
                    causes[place] = Cause.RESULTS_NOT_REPORTED
                elif group.get(patient, SampleState.READY) >= SampleState.WITHHELD:
                    causes[place] = Cause.NO_VALID_GROUP_AND_SCREEN
        return self._with_blood(site, cases, causes, now)

    def morning(
        self, site: int, cases: Sequence[Case], now: float
    ) -> list[tuple[int, Cause | None]]:
        """Return for the patients of one day whether, and why, they are postponed on the day.

        Parameters and result are those of `huddle`.
        """
        causes: list[Cause | None] = [None] * len(cases)
        results, group = self._pre_assessment.look(cases, now)
        for place, (patient, _) in enumerate(cases):
            if self._cancelled_ordinarily(patient):
                causes[place] = Cause.ORDINARY
            elif patient in results:
                expired = results[patient] == SampleState.LOST
                causes[place] = Cause.SAMPLE_EXPIRED if expired else Cause.RESULTS_NOT_REPORTED
            elif patient in group:
                causes[place] = Cause.NO_VALID_GROUP_AND_SCREEN
        return self._with_blood(site, cases, causes, now)

    def _cancelled_ordinarily(self, patient: int) -> bool:
        occasion = self._patients.bookings[patient]
        if occasion == 1:
            return self._ordinary_at_first[patient]
        share = self._ordinary_share[self._patients.grade[patient]]
        return hash_uniform(self._ordinary_key, patient, occasion) < share

    def _with_blood(
        self, site: int, cases: Sequence[Case], causes: list[Cause | None], now: float
    ) -> list[tuple[int, Cause | None]]:
        """Add what transfusion cannot support for those who could go ahead otherwise."""
        patients, blood = self._patients, self._blood
        going = [
            place
            for place, cause in enumerate(causes)
            if cause is None and patients.may_need_blood[cases[place][0]]
        ]
        if going and not blood.electronic_issue(site):
            going.sort(
                key=lambda place: (
                    patients.priority[cases[place][0]],
                    -patients.grade[cases[place][0]],
                    place,
                )
            )
            day_start = HOURS_PER_DAY * (cases[0][1] // HOURS_PER_DAY)
            places_left = blood.crossmatch_places(site, day_start)
            stock_days = blood.group_o_stock_days(site)
            for place in going:
                patient = cases[place][0]
                if self._rules.covered_by_group_o(patient, stock_days, now):
                    continue
                if places_left > 0:
                    places_left -= 1
                else:
                    causes[place] = Cause.TRANSFUSION_CANNOT_SUPPORT
        for place in going:
            patient = cases[place][0]
            units = patients.units_crossmatched[patient]
            if (
                units
                and causes[place] is None
                and not blood.has_compatible(site, patients.blood_group[patient], units)
            ):
                causes[place] = Cause.NO_COMPATIBLE_BLOOD
        return [(patient, cause) for (patient, _), cause in zip(cases, causes, strict=True)]
