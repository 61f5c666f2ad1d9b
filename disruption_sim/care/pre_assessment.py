"""Pre-assessment: when blood is taken before an operation, and what has become of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import IntEnum
from heapq import heappop, heappush

import numpy as np

from disruption_sim.care.incident_rules import IncidentRules
from disruption_sim.care.patients import Patients
from disruption_sim.care.ports import IN_HAND, Blood, BloodTests
from disruption_sim.care.working_hours import EVENING, MIDDAY, MORNING, WorkingHours
from disruption_sim.grid import HOURS_PER_DAY, to_grid
from disruption_sim.randomness import hash_uniform
from disruption_sim.scenario.model import Scenario, Source, TubeType
from disruption_sim.world.days import Days
from disruption_sim.world.identities import sample_identities
from disruption_sim.world.model import World

NOT_TAKEN = -2
REPEAT = 1 << 23
"""Added to the number of the booking, for what is drawn for a sample that is taken again."""

PRE_ASSESSMENT = list(Source).index(Source.PRE_ASSESSMENT)
CHEMISTRY = list(TubeType).index(TubeType.CHEMISTRY)
HAEMATOLOGY = list(TubeType).index(TubeType.HAEMATOLOGY)
GROUP_AND_SCREEN = list(TubeType).index(TubeType.GROUP_AND_SCREEN)


_Sample = tuple[list[int], int, int, float]
"""Where its number is kept, the patient, the type of tube, and when it is taken."""


class SampleState(IntEnum):
    """What can be said of a patient's samples; of several the highest number counts.

    `WITHHELD` were never taken, because of a restriction of demand; `LOST` were, and expired or
    were refused by the laboratory. What is taken again is awaited meanwhile.
    """

    READY = 0
    AWAITED = 1
    WITHHELD = 2
    LOST = 3
    OUT_OF_DATE = 4


class PreAssessment:
    """Takes blood from booked patients and keeps what is still in date when they are rebooked.

    Group-and-screen samples are announced to the transfusion laboratory as well, whose bench tests
    them, on the day on which they are taken. While group-and-screen rationalisation holds, those
    whom it spares give no such sample, and one that they have given before does not matter; who
    was booked before it held was entered with the laboratories already, which count the sample all
    the same, but the bench is spared it.

    Parameters
    ----------
    scenario : Scenario
    days : Days
    world : World
    patients : Patients
    rules : IncidentRules
    blood_tests : BloodTests
    blood : Blood
    """

    def __init__(
        self,
        scenario: Scenario,
        days: Days,
        world: World,
        patients: Patients,
        rules: IncidentRules,
        blood_tests: BloodTests,
        blood: Blood,
    ) -> None:
        surgery = scenario.surgery
        self._patients = patients
        self._rules = rules
        self._blood_tests = blood_tests
        self._blood = blood
        self._hours = WorkingHours(days)
        self._latest, self._earliest = surgery.pre_assessment_days_before
        self._results_validity = HOURS_PER_DAY * surgery.results_validity_days
        usual = HOURS_PER_DAY * surgery.group_and_screen_validity_days
        short = min(usual, HOURS_PER_DAY * scenario.transfusion.short_validity_days)
        self._group_validity: list[float] = np.where(
            world.operations.short_validity, short, usual
        ).tolist()
        self._key = world.key("pre_assessment.visit")
        self._day_key = world.key("pre_assessment.day")
        numbers = np.arange(patients.count)
        self._first_visit: list[float] = hash_uniform(self._key, numbers, 1).tolist()
        self._first_day: list[float] = hash_uniform(self._day_key, numbers, 1).tolist()
        self._chemistry = [NOT_TAKEN] * patients.count
        self._haematology = [NOT_TAKEN] * patients.count
        self._results_taken = [-math.inf] * patients.count
        self._group = [NOT_TAKEN] * patients.count
        self._group_taken = [-math.inf] * patients.count
        self._without_sample: set[int] = set()
        self._ready_for = [math.nan] * patients.count
        self._to_announce: list[list[tuple[float, int, int]]] = [[] for _ in scenario.site_names]

    def arrange(self, site: int, now: float, booked: Sequence[tuple[int, float]]) -> None:
        """Arrange the samples of patients who have just been booked.

        Parameters
        ----------
        site : int
        now : float
        booked : sequence of (patient, start of the list)

        Notes
        -----
        Blood is taken ``pre_assessment_days_before`` the list, any day between the two being as
        likely, on a working day; as soon as possible when that has passed. If that is too early for
        the group-and-screen sample, it is taken on the first working day from which it is valid a
        day beyond the list, at the latest the day before, be that a working day or not. Earlier
        samples that are still in date on the day are used again, unless they were taken and nobody
        has heard of them since: then new ones are taken. For the lists that are booked at hour 0
        results of blood that would have been taken before are in hand.
        """
        patients = self._patients
        booked = [case for case in booked if not patients.needs_nothing[case[0]]]
        lost_results = self._without_answer(
            booked, now, self._results_taken, self._chemistry, self._haematology
        )
        lost_group = self._without_answer(booked, now, self._group_taken, self._group)
        samples: list[_Sample] = []
        for patient, start in booked:
            wants_results = patients.needs_results[patient] and (
                patient in lost_results
                or self._results_taken[patient] + self._results_validity < start
            )
            wants_group = patients.needs_group_and_screen[patient] and (
                patient in lost_group
                or self._group_taken[patient] + self._group_validity[patient] < start
            )
            self._without_sample.discard(patient)
            if wants_group and self._rules.spares_sample(patient, now):
                self._without_sample.add(patient)
                wants_group = False
            if not (wants_results or wants_group):
                continue
            visit, visit_for_group = self._visits(patient, start, now)
            if wants_results:
                samples += self._results_at(patient, visit)
            if wants_group:
                samples += self._group_at(patient, visit_for_group)
        self._send(site, now, samples)

    def repeat_lost(self, site: int, now: float, cases: Sequence[tuple[int, float]]) -> None:
        """Take samples again that are known to be lost or will be out of date on the day.

        Blood is taken in the next half-day, in time for the huddle. What a restriction of demand
        has withheld is not asked for again, nor what is only late.

        Parameters
        ----------
        site : int
        now : float
            The laboratories have been advanced to it.
        cases : sequence of (patient, start of the list)
            Some days ahead.
        """
        results, group = self.look(cases, now)
        samples: list[_Sample] = []
        for patient, _ in cases:
            again = [
                found.get(patient, SampleState.READY) >= SampleState.LOST
                for found in (results, group)
            ]
            if any(again):
                uniform = hash_uniform(
                    self._key, patient, self._patients.bookings[patient] + REPEAT
                )
                visit = self._not_before(-math.inf, now, uniform)
                samples += self._results_at(patient, visit) if again[0] else []
                samples += self._group_at(patient, visit) if again[1] else []
        self._send(site, now, samples, repeat=True)

    def _results_at(self, patient: int, visit: float) -> list[_Sample]:
        """Note when blood is taken for results; return the samples."""
        self._results_taken[patient] = visit
        return [
            (self._chemistry, patient, CHEMISTRY, visit),
            (self._haematology, patient, HAEMATOLOGY, visit),
        ]

    def _group_at(self, patient: int, visit: float) -> list[_Sample]:
        """Note when blood is taken for the group-and-screen sample; return it."""
        self._group_taken[patient] = visit
        return [(self._group, patient, GROUP_AND_SCREEN, visit)]

    def _send(
        self, site: int, now: float, samples: Sequence[_Sample], *, repeat: bool = False
    ) -> None:
        """Announce samples to the laboratories; what was taken before hour 0 is in hand."""
        sent = samples
        if now == 0.0:
            for column, patient, _, visit in samples:
                if visit < 0.0:
                    column[patient] = IN_HAND
            sent = [sample for sample in samples if sample[-1] >= 0.0]
        if not sent:
            return
        _, bled, types, visits = zip(*sent, strict=True)
        tube_types = np.array(types, dtype=np.uint8)
        occasions = np.array([self._patients.bookings[patient] for patient in bled])
        ids = self._blood_tests.submit(
            np.array(visits),
            site,
            PRE_ASSESSMENT,
            tube_types,
            sample_identities(
                PRE_ASSESSMENT, np.array(bled), occasions + REPEAT * repeat, tube_types
            ),
        ).tolist()
        for (column, patient, _, visit), tube in zip(sent, ids, strict=True):
            column[patient] = tube
            if column is self._group:
                heappush(self._to_announce[site], (visit, patient, tube))
        self.announce(site, now)

    def announce(self, site: int, now: float) -> None:
        """Tell the bench of the group-and-screen samples that are taken on the rest of a day.

        Those that a restriction of demand withholds are left out, and those of patients who are
        spared. To be called at the start of every day.
        """
        waiting = self._to_announce[site]
        day_end = HOURS_PER_DAY * (now // HOURS_PER_DAY + 1.0)
        numbers: list[int] = []
        while waiting and waiting[0][0] < day_end:
            _, patient, tube = heappop(waiting)
            if self._rules.spares_sample(patient, now):
                self._without_sample.add(patient)
            else:
                self._without_sample.discard(patient)
                numbers.append(tube)
        if numbers:
            collected = self._blood_tests.collected_at(np.array(numbers, dtype=np.int32))
            taken = collected[~np.isnan(collected)]
            if taken.size:
                self._blood.samples_taken(site, taken)

    def spared(self, patient: int, now: float) -> bool:
        """Whether a patient needs no group-and-screen sample: now, or when it was to be taken."""
        return patient in self._without_sample or self._rules.spares_sample(patient, now)

    def has_group_sample(self, patient: int, day_start: float) -> bool:
        """Whether a group-and-screen sample was taken that is in date at the start of a day."""
        return (
            self._group[patient] != NOT_TAKEN
            and patient not in self._without_sample
            and self._group_taken[patient] + self._group_validity[patient] >= day_start
        )

    def results_in_hand(self, patient: int, start: float, now: float) -> bool:
        """Whether results have been reported and are in date at a time, if they are needed at all.

        Parameters
        ----------
        patient : int
        start : float
            Of the operation.
        now : float
            The laboratories have been advanced to it.
        """
        if not self._patients.needs_results[patient]:
            return True
        if self._results_taken[patient] + self._results_validity < start:
            return False
        numbers = (self._chemistry[patient], self._haematology[patient])
        sent = np.array([number for number in numbers if number != IN_HAND], dtype=np.int32)
        return bool(np.all(self._blood_tests.reported_at(sent) <= now)) if sent.size else True

    def group_tested_at(self, patients: Sequence[int]) -> list[float]:
        """Return when group-and-screen samples were reported; infinity if that is still to come."""
        tested = np.full(len(patients), -math.inf)
        numbers = np.array([self._group[patient] for patient in patients], dtype=np.int32)
        sent = numbers != IN_HAND
        times = self._blood_tests.reported_at(numbers[sent])
        tested[sent] = np.where(np.isnan(times), math.inf, times)
        found: list[float] = tested.tolist()
        return found

    def look(
        self, cases: Sequence[tuple[int, float]], now: float
    ) -> tuple[dict[int, SampleState], dict[int, SampleState]]:
        """Return the patients whose results, and whose group-and-screen samples, are not ready.

        Parameters
        ----------
        cases : sequence of (patient, start of the list)
        now : float
            The laboratories have been advanced to it.

        Notes
        -----
        Patients who need none, or whose samples are ready, are left out. A group-and-screen sample
        is out of date when its validity ends before the list starts: sooner after it was taken if
        the patient was transfused or pregnant not long ago. Samples once found ready for a list
        stay so, and are not looked up again.
        """
        chemistry, haematology, group = self._chemistry, self._haematology, self._group
        cases = [case for case in cases if self._ready_for[case[0]] != case[1]]
        for_results = [patient for patient, _ in cases if chemistry[patient] >= 0]
        for_group = [
            case for case in cases if group[case[0]] >= 0 and not self.spared(case[0], now)
        ]
        ids = [chemistry[patient] for patient in for_results]
        ids += [haematology[patient] for patient in for_results]
        ids += [group[patient] for patient, _ in for_group]
        if not ids:
            return {}, {}
        numbers = np.array(ids, dtype=np.int32)
        # A result that is not there yet is NaN, and a comparison with NaN is False.
        missing = ~(self._blood_tests.reported_at(numbers) <= now)
        collected = self._blood_tests.collected_at(numbers)
        hopeless = np.where(np.isnan(collected), SampleState.WITHHELD, SampleState.LOST)
        lost = self._blood_tests.lost(numbers)
        state = np.where(lost, hopeless, np.where(missing, SampleState.AWAITED, 0))
        count = len(for_results)
        of_results = np.maximum(state[:count], state[count : 2 * count])
        results = {
            for_results[place]: SampleState(of_results[place])
            for place in np.flatnonzero(of_results).tolist()
        }
        of_group = state[2 * count :]
        start = np.array([start for _, start in for_group])
        validity = np.array([self._group_validity[patient] for patient, _ in for_group])
        too_old = collected[2 * count :] + validity < start
        of_group[(of_group < SampleState.WITHHELD) & too_old] = SampleState.OUT_OF_DATE
        groups = {
            for_group[place][0]: SampleState(of_group[place])
            for place in np.flatnonzero(of_group).tolist()
        }
        needs_group = self._patients.needs_group_and_screen
        # Who has been spared a sample may have to give one after all.
        for patient, list_start in (
            *(case for case in cases if not needs_group[case[0]]),
            *for_group,
        ):
            if patient not in results and patient not in groups:
                self._ready_for[patient] = list_start
        return results, groups

    def _without_answer(
        self,
        booked: Sequence[tuple[int, float]],
        now: float,
        taken: list[float],
        *columns: list[int],
    ) -> frozenset[int]:
        """Return the rebooked patients of whose earlier samples one is lost or not reported yet."""
        owners: list[int] = []
        ids: list[int] = []
        for patient, _ in booked:
            if self._patients.bookings[patient] > 1 and taken[patient] < now:
                for numbers in columns:
                    if numbers[patient] >= 0:
                        owners.append(patient)
                        ids.append(numbers[patient])
        if not ids:
            return frozenset()
        self._blood_tests.advance_to(now)
        answered = self._blood_tests.reported_at(np.array(ids, dtype=np.int32)) <= now
        return frozenset(
            patient for patient, known in zip(owners, answered.tolist(), strict=True) if not known
        )

    def _visits(self, patient: int, start: float, now: float) -> tuple[float, float]:
        """Return when blood is taken for results and for the group-and-screen sample.

        At hour 0 either may be before it; then the result is in hand.
        """
        occasion = self._patients.bookings[patient]
        if occasion == 1:
            uniform, uniform_day = self._first_visit[patient], self._first_day[patient]
        else:
            uniform = hash_uniform(self._key, patient, occasion)
            uniform_day = hash_uniform(self._day_key, patient, occasion)
        hours_into = MORNING + (EVENING - MORNING) * uniform
        list_day = int(start // HOURS_PER_DAY)
        planned = list_day - int(self._latest + (self._earliest + 1.0 - self._latest) * uniform_day)
        if now == 0.0 and planned < 0:
            visit = HOURS_PER_DAY * planned + MIDDAY
        else:
            day = self._hours.last_day_until(planned)
            visit = self._not_before(to_grid(HOURS_PER_DAY * day + hours_into), now, uniform)
        validity = self._group_validity[patient]
        if visit + validity >= start + HOURS_PER_DAY:
            return visit, visit
        # The first day on which the group-and-screen sample is valid a day beyond the list.
        in_date = math.ceil(list_day + 1.0 - validity / HOURS_PER_DAY)
        if now == 0.0 and in_date < 0:
            return visit, HOURS_PER_DAY * min(in_date, list_day - 1) + MIDDAY
        day = min(self._hours.next_day_from(max(in_date, 0)), list_day - 1)
        return visit, self._not_before(to_grid(HOURS_PER_DAY * day + hours_into), now, uniform)

    def _not_before(self, visit: float, now: float, uniform: float) -> float:
        if visit >= now:
            return visit
        opens, closes = self._hours.next_half_day(now)
        return to_grid(opens + (closes - opens) * uniform)
