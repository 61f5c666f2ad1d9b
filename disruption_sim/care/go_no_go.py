"""Go or no-go: whether an operation can go ahead, asked the day before and again on the morning."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from disruption_sim.care.group_confirmation import GroupConfirmation
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
    confirmation : GroupConfirmation
    blood : Blood

    Notes
    -----
    At the huddle the day before, an operation is postponed if incident command has stopped it, if
    a sample is lost, was never taken because of a restriction (which counts as results not
    reported) or will be out of date, or if the transfusion service cannot support it.
    Results that are only late may still come overnight: they are waited for until the morning,
    when an operation without them is postponed, P2 included. Patients found unfit, patients who do
    not come, and want of staff or equipment are drawn for the morning and come before every other
    reason of the morning, so that on the whole the same patients are cancelled in every arm.

    Whoever needs a crossmatch before the operation is handed to the bench at the huddle, by
    priority and larger operations first: with electronic issue those in whom it is not permitted,
    without it everybody who gives a group-and-screen sample. Who finds no place at the bench is
    postponed then; so is on the morning whose blood is not ready. Operations that seldom need
    blood may instead go ahead on group O while that policy holds; what the huddle has decided about
    that stands on the morning, whatever group O was used overnight. If electronic issue was lost
    overnight the bench is asked on the morning for what it can still do before the first list.
    """

    def __init__(
        self,
        scenario: Scenario,
        world: World,
        patients: Patients,
        rules: IncidentRules,
        pre_assessment: PreAssessment,
        confirmation: GroupConfirmation,
        blood: Blood,
    ) -> None:
        self._patients = patients
        self._rules = rules
        self._pre_assessment = pre_assessment
        self._confirmation = confirmation
        self._blood = blood
        self._units_by_hand = scenario.transfusion.units_by_hand_for_operation
        self._at_bench: set[int] = set()
        self._order = [
            (priority, -grade)
            for priority, grade in zip(patients.priority, patients.grade, strict=True)
        ]
        shares = scenario.surgery.clinical_cancellation_share
        self._clinical_share = [shares[grade] for grade in GRADES]
        self._clinical_key = world.key("operations.clinical_cancellation")
        self._staff_share = scenario.surgery.staff_cancellation_share
        self._staff_key = world.key("operations.staff_cancellation")
        # Nearly all are booked once only: what is drawn for that is drawn for all at a time.
        everybody = np.arange(patients.count)
        by_patient = np.array(self._clinical_share)[world.operations.grade]
        unfit = hash_uniform(self._clinical_key, everybody, 1) < by_patient
        unstaffed = hash_uniform(self._staff_key, everybody, 1) < self._staff_share
        self._unfit_at_first: list[bool] = unfit.tolist()
        self._unstaffed_at_first: list[bool] = unstaffed.tolist()
        self._on_group_o: set[int] = set()
        self._since_hour_0: frozenset[int] = frozenset()

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
        return self._with_blood(site, cases, causes, now, on_the_day=False)

    def morning(
        self, site: int, cases: Sequence[Case], now: float
    ) -> list[tuple[int, Cause | None]]:
        """Return for the patients of one day whether, and why, they are postponed on the day.

        Parameters and result are those of `huddle`.
        """
        causes: list[Cause | None] = [None] * len(cases)
        results, group = self._pre_assessment.look(cases, now)
        for place, (patient, _) in enumerate(cases):
            cause = self._cancelled_in_any_case(patient)
            if cause is not None:
                causes[place] = cause
            elif patient in results:
                expired = results[patient] == SampleState.LOST
                causes[place] = Cause.SAMPLE_EXPIRED if expired else Cause.RESULTS_NOT_REPORTED
            elif patient in group:
                causes[place] = Cause.NO_VALID_GROUP_AND_SCREEN
        return self._with_blood(site, cases, causes, now, on_the_day=True)

    def before_the_first_huddle(self, site: int, cases: Sequence[Case]) -> None:
        """Hand to the bench who needs it of the patients whose huddle was before hour 0.

        Their blood has been seen to: nobody is postponed because the bench has had no night for it.
        Parameters are those of `huddle`.
        """
        self._with_blood(site, cases, [None] * len(cases), 0.0, on_the_day=False)
        self._since_hour_0 |= self._at_bench

    def let_go(self, patient: int) -> None:
        """Give up the blood that was or is to be set aside for a patient who is postponed."""
        self._on_group_o.discard(patient)
        self._since_hour_0 -= {patient}
        if patient in self._at_bench:
            self._at_bench.remove(patient)
            self._blood.release(patient)

    def on_group_o(self, site: int, patient: int) -> bool:
        """Whether a patient who goes ahead does so on group O instead of matched blood."""
        return patient in self._on_group_o and not self._blood.electronic_issue(site)

    def _cancelled_in_any_case(self, patient: int) -> Cause | None:
        """Return why an operation is cancelled whatever the incident does, if it is."""
        occasion = self._patients.bookings[patient]
        if occasion == 1:
            unfit = self._unfit_at_first[patient]
            unstaffed = self._unstaffed_at_first[patient]
        else:
            share = self._clinical_share[self._patients.grade[patient]]
            unfit = hash_uniform(self._clinical_key, patient, occasion) < share
            unstaffed = hash_uniform(self._staff_key, patient, occasion) < self._staff_share
        if unfit:
            return Cause.ORDINARY
        return Cause.NO_STAFF if unstaffed else None

    def _with_blood(
        self,
        site: int,
        cases: Sequence[Case],
        causes: list[Cause | None],
        now: float,
        *,
        on_the_day: bool,
    ) -> list[tuple[int, Cause | None]]:
        """Add what transfusion cannot support for those who could go ahead otherwise.

        Who goes ahead and needs it is handed to the bench and gives what samples are still wanted.
        """
        patients, blood = self._patients, self._blood
        going = [
            place
            for place, cause in enumerate(causes)
            if cause is None
            and patients.may_need_blood[cases[place][0]]
            and not self._pre_assessment.spared(cases[place][0], now)
        ]
        if not going:
            return [(patient, cause) for (patient, _), cause in zip(cases, causes, strict=True)]
        going.sort(key=lambda place: self._order[cases[place][0]])
        day_start = HOURS_PER_DAY * (cases[0][1] // HOURS_PER_DAY)
        electronic = blood.electronic_issue(site)
        stock_days = 0.0 if electronic else blood.group_o_stock_days(site)
        places_left: int | None = None
        for place in going:
            patient, start = cases[place]
            if patient in self._at_bench and blood.prepared(patient):
                continue
            by_hand = not electronic and patient not in self._on_group_o
            if by_hand and self._rules.covered_by_group_o(patient, stock_days, now):
                self._on_group_o.add(patient)
                by_hand = False
            units = patients.units_crossmatched[patient]
            if by_hand:
                units = max(units, self._units_by_hand)
            if units and not blood.has_compatible(site, patients.blood_group[patient], units):
                causes[place] = Cause.NO_COMPATIBLE_BLOOD
            elif by_hand or (electronic and patients.crossmatched_always[patient]):
                if patient in self._at_bench:
                    # Handed over the day before: what is not ready now will not be in time.
                    if on_the_day and patient not in self._since_hour_0:
                        causes[place] = Cause.TRANSFUSION_CANNOT_SUPPORT
                    continue
                if places_left is None:
                    places_left = blood.places_for_operations(site, day_start, now)
                if places_left > 0:
                    places_left -= 1
                    self._at_bench.add(patient)
                    blood.prepare(site, patient, start)
                else:
                    causes[place] = Cause.TRANSFUSION_CANNOT_SUPPORT
        self._confirmation.see_to(
            site,
            [
                cases[place]
                for place in going
                if causes[place] is None and patients.needs_group_and_screen[cases[place][0]]
            ],
            now,
        )
        return [(patient, cause) for (patient, _), cause in zip(cases, causes, strict=True)]
