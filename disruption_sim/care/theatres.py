"""Theatres: booking, huddle and morning of every site as SimPy processes."""

from __future__ import annotations

from collections.abc import Generator

import simpy

from disruption_sim.care.booking import BOOKING_HOUR, Booking, WaitingLists
from disruption_sim.care.go_no_go import Case, GoNoGo
from disruption_sim.care.group_confirmation import GroupConfirmation
from disruption_sim.care.incident_rules import IncidentRules
from disruption_sim.care.patients import Patients
from disruption_sim.care.ports import Blood, BloodTests, Timeline
from disruption_sim.care.pre_assessment import PreAssessment
from disruption_sim.care.surgery_log import SurgeryLog
from disruption_sim.care.theatre_book import TheatreBook
from disruption_sim.grid import HOURS_PER_DAY, to_grid
from disruption_sim.records import Cause, SurgeryRecords
from disruption_sim.scenario.model import Scenario
from disruption_sim.world.days import Days
from disruption_sim.world.model import World

REPLACEMENTS_TRIED = 5
"""How many patients are asked, at most, to come at short notice into one free place."""

Transfused = tuple[float, int]
"""When a patient is given blood, and who."""


class Theatres:
    """Elective surgery of one arm, from the waiting list to the operation.

    Every site has four processes: it takes blood for the transfusion laboratory (`PreAssessment`),
    books lists on working days (`Booking`), decides at the huddle which operations of the days
    until the next working day cannot go ahead (so Friday decides for Monday), and decides again on
    the morning, when the day's operations are put in their sequence (`GoNoGo` has the rules of
    both). Postponed patients go back on the waiting list at once, before all but P2 patients, and
    keep their clock.

    Operations follow each other with a turnover between them, P2 first, in order of booking. An
    operation that could begin only ``planned_overrun_minutes`` after the end of the list or later
    is cancelled (ordinary). A list that loses its last case to an emergency loses the last that
    would have gone ahead; the emergency's time in theatre is not counted as used.

    Parameters
    ----------
    env : simpy.Environment
        At hour 0.
    scenario : Scenario
        The arm's.
    world : World
    timeline : Timeline
    blood_tests : BloodTests
    blood : Blood
    """

    def __init__(
        self,
        env: simpy.Environment,
        scenario: Scenario,
        world: World,
        timeline: Timeline,
        blood_tests: BloodTests,
        blood: Blood,
    ) -> None:
        surgery = scenario.surgery
        days = Days.of(scenario.calendar)
        self._env = env
        self._days = days
        self._sites = len(scenario.site_names)
        self._huddle_hour = to_grid(surgery.huddle_hour)
        self._morning_hour = to_grid(surgery.morning_hour)
        self._end = scenario.calendar.end_hour
        self._blood_tests = blood_tests
        self._blood = blood
        self._patients = Patients(world.operations)
        self._book = TheatreBook(scenario, world, self._patients)
        self._waiting_lists = WaitingLists(
            world, self._patients, self._sites, len(surgery.specialties)
        )
        self._rules = IncidentRules(scenario, world, timeline, self._patients)
        self._pre_assessment = PreAssessment(
            scenario, days, world, self._patients, self._rules, blood_tests, blood
        )
        self._booking = Booking(
            scenario,
            days,
            world,
            timeline,
            self._book,
            self._waiting_lists,
            self._pre_assessment,
            self._patients,
            self._rules,
            blood,
        )
        confirmation = GroupConfirmation(
            scenario, world, timeline, self._patients, self._pre_assessment, blood
        )
        self._go_no_go = GoNoGo(
            scenario, world, self._patients, self._rules, self._pre_assessment, confirmation, blood
        )
        self._log = SurgeryLog(scenario, self._patients)
        self._swapped_in: set[int] = set()

    def start(self) -> None:
        """Start the processes of all sites."""
        for site in range(self._sites):
            self._env.process(self._book_lists(site))
            self._env.process(self._take_samples(site))
            self._env.process(self._hold_huddles(site))
            self._env.process(self._run_days(site))

    def finish(self) -> SurgeryRecords:
        """Return what happened; the calendar has been run to its end."""
        for site in range(self._sites):
            self._waiting_lists.advance_to(self._end, site)
        return self._log.records()

    # ------------------------------------------------------------------------------- processes

    def _until(self, time: float) -> simpy.Timeout:
        return self._env.timeout(time - self._env.now)

    def _book_lists(self, site: int) -> Generator[simpy.Event]:
        self._booking.start(site)
        for day in self._working_days():
            yield self._until(HOURS_PER_DAY * day + BOOKING_HOUR)
            self._booking.day(site, self._env.now)

    def _take_samples(self, site: int) -> Generator[simpy.Event]:
        for day in range(self._days.count):
            yield self._until(HOURS_PER_DAY * day)
            self._pre_assessment.announce(site, self._env.now)

    def _hold_huddles(self, site: int) -> Generator[simpy.Event]:
        working_days = self._working_days()
        following = [*working_days[1:], self._days.count - 1]
        on_day = self._book.on_day[site]
        for list_day in range(working_days[0] + 1 if working_days else 0):
            cases, _ = self._cases(on_day[list_day], self._env.now)
            self._go_no_go.before_the_first_huddle(site, cases)
        for day, next_day in zip(working_days, following, strict=True):
            if any(on_day[day + 1 : next_day + 1]):
                yield self._until(HOURS_PER_DAY * day + self._huddle_hour)
                self._blood_tests.advance_to(self._env.now)
                for list_day in range(day + 1, next_day + 1):
                    self._huddle(site, on_day[list_day])

    def _run_days(self, site: int) -> Generator[simpy.Event]:
        for day, numbers in enumerate(self._book.on_day[site]):
            if numbers:
                yield self._until(HOURS_PER_DAY * day + self._morning_hour)
                self._blood_tests.advance_to(self._env.now)
                transfused = self._morning(site, numbers)
                if transfused:
                    self._env.process(self._transfuse(site, transfused))

    def _transfuse(self, site: int, transfused: list[Transfused]) -> Generator[simpy.Event]:
        patients = self._patients
        for time, patient in sorted(transfused):
            yield self._until(max(time, self._env.now))
            day_start = HOURS_PER_DAY * (self._env.now // HOURS_PER_DAY)
            self._blood.request_for_operation(
                site,
                patient,
                patients.units_transfused[patient],
                sampled=self._pre_assessment.has_group_sample(patient, day_start),
            )

    def _working_days(self) -> list[int]:
        return [day for day, working in enumerate(self._days.working.tolist()) if working]

    # ------------------------------------------------------------------------------- decisions

    def _cases(self, numbers: list[int], now: float) -> tuple[list[Case], list[int]]:
        """Return the cases of lists that have a theatre, with their list; postpone the others."""
        book = self._book
        cases: list[Case] = []
        owners: list[int] = []
        for number in numbers:
            if not book.cases[number]:
                continue
            if book.closed(number, now):
                for patient in list(book.cases[number]):
                    self._postpone(number, patient, Cause.STOPPED_BY_INCIDENT_COMMAND)
                continue
            start = book.start[number]
            cases += [(patient, start) for patient in book.cases[number]]
            owners += [number] * len(book.cases[number])
        return cases, owners

    def _huddle(self, site: int, numbers: list[int]) -> None:
        now = self._env.now
        cases, owners = self._cases(numbers, now)
        if not cases:
            return
        free_places: list[int] = []
        postponed: list[tuple[int, int]] = []
        for number, (patient, cause) in zip(
            owners, self._go_no_go.huddle(site, cases, now), strict=True
        ):
            if cause is not None:
                if self._rules.finds_replacement(patient, now):
                    free_places.append(number)
                self._strike_out(number, patient, cause)
                postponed.append((number, patient))
        if free_places:
            self._waiting_lists.advance_to(now, site)
            for number in free_places:
                self._swap_in(number, now)
        # Only now, so that nobody is postponed and comes at short notice in one huddle.
        for number, patient in postponed:
            self._put_back(number, patient)

    def _swap_in(self, number: int, now: float) -> None:
        """Book the first waiting patient who needs nothing, fits and is not stopped."""
        book = self._book
        site = book.site[number]
        waiting = self._waiting_lists.of(site, book.specialty[number])
        refused: list[int] = []
        for _ in range(REPLACEMENTS_TRIED):
            patient = waiting.take_first(book.room(number), needing_nothing=True)
            if patient is None:
                break
            if self._rules.stopped(site, patient, now):
                refused.append(patient)
                continue
            book.book(number, patient)
            self._swapped_in.add(patient)
            break
        for patient in refused:
            waiting.put_back(patient, now, postponed=False)

    def _postpone(self, number: int, patient: int, cause: Cause) -> None:
        self._strike_out(number, patient, cause)
        self._put_back(number, patient)

    def _strike_out(self, number: int, patient: int, cause: Cause) -> None:
        self._book.strike_out(number, patient)
        self._swapped_in.discard(patient)
        self._go_no_go.let_go(patient)
        self._log.postponed(patient, self._book.start[number], self._env.now, cause)

    def _put_back(self, number: int, patient: int) -> None:
        waiting = self._waiting_lists.of(self._book.site[number], self._book.specialty[number])
        waiting.put_back(patient, self._env.now, postponed=True)

    # -------------------------------------------------------------------------------- operating

    def _morning(self, site: int, numbers: list[int]) -> list[Transfused]:
        now = self._env.now
        book = self._book
        staffed = [n for n in numbers if book.booked[n] and not book.closed(n, now)]
        cases, owners = self._cases(numbers, now)
        if cases:
            for number, (patient, cause) in zip(
                owners, self._go_no_go.morning(site, cases, now), strict=True
            ):
                if cause is not None:
                    self._postpone(number, patient, cause)
        transfused: list[Transfused] = []
        for number in staffed:
            self._operate(number, transfused)
        return transfused

    def _operate(self, number: int, transfused: list[Transfused]) -> None:
        """Put the operations of a list in their sequence."""
        book, patients = self._book, self._patients
        start, length = book.start[number], book.length[number]
        going = sorted(book.cases[number], key=patients.priority.__getitem__)
        if going and book.loses_last_case[number]:
            self._postpone(number, going.pop(), Cause.DISPLACED)
        waiting = self._waiting_lists.of(book.site[number], book.specialty[number])
        latest = start + length + book.overrun
        time = start
        for patient in going:
            if time >= latest:
                self._postpone(number, patient, Cause.ORDINARY)
                continue
            waiting.operated(patient, time)
            if patient in self._swapped_in:
                self._log.swapped_in(patient)
            if patients.units_transfused[patient]:
                middle = time + to_grid(0.5 * patients.duration[patient])
                transfused.append((middle, patient))
            time += patients.duration[patient] + book.turnover
        self._log.list_run(
            start,
            length,
            min(time - start, length),
            flexible=book.flexible[number],
            recovery=book.extra[number] > 0.0,
        )
