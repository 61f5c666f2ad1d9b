"""Theatres: booking, huddle and morning of every site as SimPy processes."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence

import simpy

from disruption_sim.care.booking import BOOKING_HOUR, Booking, WaitingLists
from disruption_sim.care.go_no_go import Case, GoNoGo
from disruption_sim.care.group_confirmation import GroupConfirmation
from disruption_sim.care.incident_rules import IncidentRules
from disruption_sim.care.mutual_aid import OtherHospitals, Transfer
from disruption_sim.care.operating import Operating
from disruption_sim.care.patients import Patients
from disruption_sim.care.ports import Blood, BloodTests, Timeline
from disruption_sim.care.pre_assessment import PreAssessment
from disruption_sim.care.surgery_log import SurgeryLog
from disruption_sim.care.theatre_book import TheatreBook
from disruption_sim.care.waiting_list import WaitingList
from disruption_sim.grid import HOURS_PER_DAY, to_grid
from disruption_sim.records import INCIDENT_CAUSES, Cause, SurgeryRecords
from disruption_sim.scenario.model import Scenario
from disruption_sim.world.days import Days
from disruption_sim.world.model import World

CHECKED_AHEAD = 2
"""Working days before a list on which its patients' samples are looked through."""
Leaving = tuple[int, int, Cause]
"""A list, a patient on it who cannot go ahead, and why."""
Decision = Callable[[int, Sequence[Case], float], list[tuple[int, Cause | None]]]


class Theatres:
    """Elective surgery of one arm, from the waiting list to the operation.

    Every site has three processes: it takes blood for the transfusion laboratory (`PreAssessment`),
    books lists on working days (`Booking`) and looks through the samples for those of two working
    days later, and decides on the morning which operations of the day
    go ahead (`GoNoGo`) and operates (`Operating`). The huddle the day before, at which it is
    decided what cannot go ahead until the next working day (so Friday decides for Monday), is held
    by all hospitals together, because they share the places that other hospitals offer.

    Who cannot go ahead for a reason of the incident is offered a place in another hospital
    (`OtherHospitals`); at the huddle, places that are left are then offered to patients who wait
    for an operation that cannot be booked here, and last to those who would go ahead on group O.
    All others who cannot go ahead are postponed. Whoever leaves a list at the huddle leaves a free
    place, for which a patient may be called at short notice. A list from which everybody has been
    taken by then is stood down; on the day itself it is staffed, whoever is left.

    Postponed patients go back on the waiting list at once, before all but P2 patients, and keep
    their clock. Those with a place in another hospital stay on it until the operation.

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
        self._sites = range(len(scenario.site_names))
        self._huddle_hour = to_grid(surgery.huddle_hour)
        self._morning_hour = to_grid(surgery.morning_hour)
        self._end = scenario.calendar.end_hour
        self._transferred_cost = surgery.transferred_cost_pounds
        self._blood_tests = blood_tests
        self._blood = blood
        self._patients = Patients(world.operations)
        self._book = TheatreBook(scenario, world, self._patients)
        self._waiting_lists = WaitingLists(
            world, self._patients, len(self._sites), len(surgery.specialties)
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
        self._other_hospitals = OtherHospitals(
            scenario, timeline, self._patients, self._rules, blood
        )
        self._log = SurgeryLog(scenario, self._patients)
        self._operating = Operating(
            scenario, world, self._patients, self._book, self._waiting_lists, self._log
        )

    def start(self) -> None:
        """Start the processes of all sites."""
        self._env.process(self._hold_huddles())
        for site in self._sites:
            self._env.process(self._book_lists(site))
            self._env.process(self._take_samples(site))
            self._env.process(self._run_days(site))

    def finish(self) -> SurgeryRecords:
        """Return what happened; the calendar has been run to its end."""
        for site in self._sites:
            self._waiting_lists.advance_to(self._end, site)
        return self._log.records(self._operating.bed_records())

    # ------------------------------------------------------------------------------- processes

    def _until(self, time: float) -> simpy.Timeout:
        return self._env.timeout(time - self._env.now)

    def _book_lists(self, site: int) -> Generator[simpy.Event]:
        self._booking.start(site)
        working_days = self._working_days()
        last = self._days.count - 1
        checked = [*working_days[CHECKED_AHEAD:], *[last] * CHECKED_AHEAD]
        for day, first, until in zip(working_days, checked, [*checked[1:], last], strict=True):
            yield self._until(HOURS_PER_DAY * day + BOOKING_HOUR)
            self._booking.day(site, self._env.now)
            self._check_samples(site, range(first, until))

    def _check_samples(self, site: int, list_days: Iterable[int]) -> None:
        cases: list[Case] = []
        for day in list_days:
            cases += self._cases(self._book.on_day[site][day])[0]
        if cases:
            self._blood_tests.advance_to(self._env.now)
            self._pre_assessment.repeat_lost(site, self._env.now, cases)

    def _take_samples(self, site: int) -> Generator[simpy.Event]:
        for day in range(self._days.count):
            yield self._until(HOURS_PER_DAY * day)
            self._pre_assessment.announce(site, self._env.now)

    def _hold_huddles(self) -> Generator[simpy.Event]:
        working_days = self._working_days()
        following = [*working_days[1:], self._days.count - 1]
        first = range(working_days[0] + 1 if working_days else 0)
        # After the lists of hour 0 have been booked.
        yield self._env.timeout(0.0)
        for site in self._sites:
            for day in first:
                cases, _ = self._cases(self._book.on_day[site][day])
                self._go_no_go.before_the_first_huddle(site, cases)
        for day, next_day in zip(working_days, following, strict=True):
            yield self._until(HOURS_PER_DAY * day + self._huddle_hour)
            self._blood_tests.advance_to(self._env.now)
            self._huddle(range(day + 1, next_day + 1))

    def _run_days(self, site: int) -> Generator[simpy.Event]:
        for day, numbers in enumerate(self._book.on_day[site]):
            if numbers:
                yield self._until(HOURS_PER_DAY * day + self._morning_hour)
                self._blood_tests.advance_to(self._env.now)
                self._morning(site, day, numbers)

    def _transfuse(self, site: int, transfused: list[tuple[float, int]]) -> Generator[simpy.Event]:
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

    def _operate_elsewhere(self, transfer: Transfer) -> Generator[simpy.Event]:
        yield self._until(transfer.at)
        self._waiting_list(transfer.patient).operated(transfer.patient, transfer.at)
        self._log.transferred(
            transfer.patient, transfer.at, transfer.host_displaced, self._transferred_cost
        )

    def _working_days(self) -> list[int]:
        return [day for day, working in enumerate(self._days.working.tolist()) if working]

    def _waiting_list(self, patient: int) -> WaitingList:
        patients = self._patients
        return self._waiting_lists.of(patients.site[patient], patients.specialty[patient])

    # ------------------------------------------------------------------------------- decisions

    def _cases(self, numbers: Iterable[int]) -> tuple[list[Case], list[int]]:
        """Return the cases booked on lists, and the list of each."""
        book = self._book
        cases: list[Case] = []
        owners: list[int] = []
        for number in numbers:
            start = book.start[number]
            cases += [(patient, start) for patient in book.cases[number]]
            owners += [number] * len(book.cases[number])
        return cases, owners

    def _cannot_go_ahead(self, site: int, numbers: list[int], decide: Decision) -> list[Leaving]:
        """Return who is to leave the lists of a site and day; lists without a theatre lose all."""
        now, book = self._env.now, self._book
        closed = [number for number in numbers if book.closed(number, now)]
        leaving = [
            (number, patient, Cause.STOPPED_BY_INCIDENT_COMMAND)
            for number in closed
            for patient in book.cases[number]
        ]
        cases, owners = self._cases(number for number in numbers if number not in closed)
        if cases:
            leaving += [
                (number, patient, cause)
                for number, (patient, cause) in zip(owners, decide(site, cases, now), strict=True)
                if cause is not None
            ]
        return leaving

    def _huddle(self, list_days: Iterable[int]) -> None:
        now = self._env.now
        on_days = [
            (site, self._book.on_day[site][day]) for day in list_days for site in self._sites
        ]
        leaving: list[Leaving] = []
        for site, numbers in on_days:
            if numbers:
                leaving += self._cannot_go_ahead(site, numbers, self._go_no_go.huddle)
        free_places = [
            number for number, patient, _ in leaving if self._rules.finds_replacement(patient, now)
        ]
        self._other_hospitals.new_day(now)
        staying = self._take_off(leaving)
        if self._other_hospitals.have_places:
            free_places += self._offer_places_left(on_days)
        self._swap_in(free_places)
        # Only now, so that nobody is postponed and comes at short notice in one huddle.
        for patient in staying:
            self._waiting_list(patient).put_back(patient, now)

    def _take_off(self, leaving: Sequence[Leaving]) -> list[int]:
        """Take patients off their lists; return those who have no place in another hospital."""
        now, book = self._env.now, self._book
        agreed = self._other_hospitals.agree(
            [patient for _, patient, cause in leaving if cause in INCIDENT_CAUSES], now
        )
        postponed: list[int] = []
        for number, patient, cause in leaving:
            self._strike_out(number, patient)
            if patient in agreed:
                self._env.process(self._operate_elsewhere(agreed[patient]))
            else:
                self._log.postponed(patient, book.start[number], now, cause)
                postponed.append(patient)
                if cause in INCIDENT_CAUSES:
                    self._other_hospitals.postponed(patient)
        return postponed

    def _offer_places_left(self, on_days: Iterable[tuple[int, list[int]]]) -> list[int]:
        """Offer the places left in other hospitals; return the lists left for them."""
        now, book = self._env.now, self._book
        for site in self._sites:
            self._waiting_lists.advance_to(now, site)
        for transfer in self._other_hospitals.agree_with_waiting(now):
            self._waiting_list(transfer.patient).take(transfer.patient)
            self._env.process(self._operate_elsewhere(transfer))
        on_group_o = {
            patient: number
            for site, numbers in on_days
            for number in numbers
            for patient in book.cases[number]
            if self._go_no_go.on_group_o(site, patient)
        }
        left = []
        for patient, transfer in self._other_hospitals.agree(on_group_o, now).items():
            if self._rules.finds_replacement(patient, now):
                left.append(on_group_o[patient])
            self._strike_out(on_group_o[patient], patient)
            self._env.process(self._operate_elsewhere(transfer))
        return left

    def _swap_in(self, free_places: Iterable[int]) -> None:
        """Call patients at short notice into free places, the first in order who fits."""
        now, book = self._env.now, self._book
        for number in free_places:
            if book.closed(number, now):
                continue
            site, start = book.site[number], book.start[number]
            waiting = self._waiting_lists.of(site, book.specialty[number])
            waiting.advance_to(now)

            def suits(patient: int, site: int = site, start: float = start) -> bool:
                return not self._rules.stopped(
                    site, patient, now
                ) and self._pre_assessment.results_in_hand(patient, start, now)

            patient = waiting.short_notice.first(book.room(number), suits)
            if patient is not None:
                waiting.take(patient)
                book.book(number, patient)
                self._operating.swap_in(patient)

    def _strike_out(self, number: int, patient: int) -> None:
        self._book.strike_out(number, patient)
        self._operating.strike_out(patient)
        self._go_no_go.let_go(patient)

    # -------------------------------------------------------------------------------- operating

    def _morning(self, site: int, day: int, numbers: list[int]) -> None:
        now, book = self._env.now, self._book
        staffed = [n for n in numbers if book.cases[n] and not book.closed(n, now)]
        leaving = self._cannot_go_ahead(site, numbers, self._go_no_go.morning)
        postponed = self._take_off(leaving)
        postponed += self._take_off(
            [
                (number, patient, Cause.NO_BED)
                for number, patient in self._operating.without_bed(site, day, staffed)
            ]
        )
        transfused: list[tuple[float, int]] = []
        for number in staffed:
            cancelled, given_blood = self._operating.run(number)
            if cancelled:
                postponed += self._take_off(
                    [(number, patient, cause) for patient, cause in cancelled]
                )
            transfused += given_blood
        for patient in postponed:
            self._waiting_list(patient).put_back(patient, now)
        if transfused:
            self._env.process(self._transfuse(site, transfused))
