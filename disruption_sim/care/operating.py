"""The day of surgery: who gets a bed, and how the operations of a list follow each other."""

from __future__ import annotations

from collections.abc import Iterable

from disruption_sim.care.beds import Beds
from disruption_sim.care.booking import WaitingLists
from disruption_sim.care.patients import Patients
from disruption_sim.care.surgery_log import KIND_OF_EXTRA_LIST, BedRecords, SurgeryLog
from disruption_sim.care.theatre_book import TheatreBook
from disruption_sim.grid import HOURS_PER_DAY, to_grid
from disruption_sim.records import Bed, Cause, DoneOn, ExtraList
from disruption_sim.scenario.model import Scenario
from disruption_sim.world.model import World

Place = tuple[int, int]
"""A list and a patient on it."""


class Operating:
    """Puts the operations of lists in their sequence, as far as beds and time allow.

    Operations follow each other with a turnover between them, P2 first, in order of booking. An
    operation that could begin only ``planned_overrun_minutes`` after the end of the list or later
    is cancelled. A list that loses its last case to an emergency loses the last that would have
    gone ahead; the emergency's time in theatre is not counted as used.

    Whoever stays overnight needs a bed tonight, in the ward or in critical care. Beds go by
    priority, larger operations first. What is cancelled afterwards frees a bed too late for
    anybody else. Day cases need none, nor do patients of the independent sector.

    Parameters
    ----------
    scenario : Scenario
    world : World
    patients : Patients
    book : TheatreBook
    waiting_lists : WaitingLists
    log : SurgeryLog
    """

    def __init__(
        self,
        scenario: Scenario,
        world: World,
        patients: Patients,
        book: TheatreBook,
        waiting_lists: WaitingLists,
        log: SurgeryLog,
    ) -> None:
        self._patients = patients
        self._book = book
        self._waiting_lists = waiting_lists
        self._log = log
        self._beds = Beds(scenario, world)
        self._swapped_in: set[int] = set()

    def swap_in(self, patient: int) -> None:
        """Note that a patient has been called at short notice."""
        self._swapped_in.add(patient)

    def strike_out(self, patient: int) -> None:
        """Note that a patient is not operated on after all."""
        self._swapped_in.discard(patient)

    def without_bed(self, site: int, day: int, numbers: Iterable[int]) -> list[Place]:
        """Return those on the lists of a site and day for whom there is no bed tonight."""
        patients, book = self._patients, self._book
        staying = [
            (number, patient)
            for number in numbers
            if book.extra_list[number] != ExtraList.INDEPENDENT_SECTOR
            for patient in book.cases[number]
            if patients.nights[patient]
        ]
        staying.sort(key=lambda place: (patients.priority[place[1]], -patients.grade[place[1]]))
        free = self._beds.free(site, day)
        turned_away: list[Place] = []
        for place in staying:
            bed = Bed.CRITICAL_CARE if patients.critical_care[place[1]] else Bed.WARD
            if free[bed] > 0:
                free[bed] -= 1
            else:
                turned_away.append(place)
        return turned_away

    def run(self, number: int) -> tuple[list[tuple[int, Cause]], list[tuple[float, int]]]:
        """Put the operations of a list in their sequence.

        Returns
        -------
        list of (patient, Cause)
            Who cannot be operated on for want of time.
        list of (hour, patient)
            When those who will need blood are given it, in the middle of the operation.
        """
        book, patients = self._book, self._patients
        start, length = book.start[number], book.length[number]
        own = book.extra_list[number] != ExtraList.INDEPENDENT_SECTOR
        kind = self._kind(number)
        going = sorted(book.cases[number], key=patients.priority.__getitem__)
        cancelled: list[tuple[int, Cause]] = []
        transfused: list[tuple[float, int]] = []
        if going and book.loses_last_case[number]:
            cancelled.append((going.pop(), Cause.DISPLACED))
        waiting = self._waiting_lists.of(book.site[number], book.specialty[number])
        day = int(start // HOURS_PER_DAY)
        latest = start + length + book.overrun
        time = start
        for patient in going:
            if time >= latest:
                cancelled.append((patient, Cause.NO_TIME_LEFT))
                continue
            waiting.operated(patient, time)
            self._log.operated(patient, kind, swapped_in=patient in self._swapped_in)
            if own:
                self._beds.admit(
                    book.site[number],
                    day,
                    patients.nights[patient],
                    patients.critical_care[patient],
                )
                if patients.units_transfused[patient]:
                    transfused.append((time + to_grid(0.5 * patients.duration[patient]), patient))
            time += patients.duration[patient] + book.turnover
        busy = min(time - start, length)
        self._log.list_run(start, length, busy, kind, book.cost_pounds[number])
        return cancelled, transfused

    def bed_records(self) -> BedRecords:
        """Return beds, and those occupied and lost each night."""
        return self._beds.records()

    def _kind(self, number: int) -> DoneOn:
        extra = self._book.extra_list[number]
        if extra >= 0:
            return KIND_OF_EXTRA_LIST[ExtraList(extra)]
        return DoneOn.FLEXIBLE_LIST if self._book.flexible[number] else DoneOn.ORDINARY_LIST
