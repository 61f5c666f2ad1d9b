"""The waiting list of one specialty at one hospital."""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable
from heapq import heappop, heappush

import numpy as np
import numpy.typing as npt

from disruption_sim.care.patients import (
    PRIORITY_P2,
    RANK_P2,
    RANK_P4,
    RANK_POSTPONED,
    Patients,
    Stage,
)
from disruption_sim.care.short_notice import ShortNoticePool

Entry = tuple[int, float, int]
"""Rank, clock start and number of a patient."""
Kind = tuple[int, ...]
"""What patients in one heap have in common beside their planned duration."""
_WAITING, _BOOKED, _OPERATED = int(Stage.WAITING), int(Stage.BOOKED), int(Stage.OPERATED)


class _Heaps:
    """Patients on a list, in one heap for each planned duration and kind of need.

    The first patient in order who fits into a gap is found by looking at the heads alone. Entries
    of patients who have been booked or have left meanwhile stay until they come to a head; who is
    put back stands twice, and the entry of the better rank comes first.

    Attributes
    ----------
    rows : list of (planned duration, kind, heap)
        In order, so that a search for a gap stops at the first that is too long.
    """

    def __init__(self) -> None:
        self.rows: list[tuple[float, Kind, list[Entry]]] = []
        self._heap_of: dict[tuple[float, Kind], list[Entry]] = {}

    def push(self, duration: float, kind: Kind, entry: Entry) -> None:
        heap = self._heap_of.get((duration, kind))
        if heap is None:
            heap = self._heap_of[duration, kind] = []
            insort(self.rows, (duration, kind, heap))
        heappush(heap, entry)

    def pop_first(
        self,
        room: float,
        stage: bytearray,
        last_rank: int = RANK_P4,
        but: Callable[[Kind], bool] | None = None,
    ) -> int | None:
        """Return the first waiting patient up to a rank who fits, but for some kinds."""
        best: Entry | None = None
        found: list[Entry] = []
        for duration, kind, heap in self.rows:
            if duration > room:
                break
            if but is not None and but(kind):
                continue
            while heap and stage[heap[0][2]] != _WAITING:
                heappop(heap)
            if heap and heap[0][0] <= last_rank and (best is None or heap[0] < best):
                best = heap[0]
                found = heap
        return heappop(found)[2] if best is not None else None


class WaitingList:
    """Patients in order of rank (P2, postponed before, P3, P4) and, within it, of waiting time.

    Whoever is unavailable for a time is on the list and may leave it, but cannot be taken.

    Parameters
    ----------
    patients : Patients
        Shared by all lists.
    members : int array (n,)
        The patients who belong here, now or later.

    Attributes
    ----------
    hours : float
        Planned theatre hours, without turnovers, of all patients referred and neither operated on
        nor removed: waiting or booked. So the size of the list is what is to be done, whether few
        long cases or many short ones are left.
    usual_hours : float
        Those of ordinary running: at hour 0 to begin with, from week 1 on the mean of what
        `observe` saw before.
    short_notice : ShortNoticePool
        Those who may be called into a place that somebody else has left.
    """

    def __init__(self, patients: Patients, members: npt.NDArray[np.integer]) -> None:
        self._patients = patients
        clock_start = patients.operations.clock_start[members]
        removal = patients.operations.removal[members]
        available_from = patients.operations.available_from[members]
        # Orders in time, each passed once: when patients come, when those who could not be
        # operated on at first can be, and when they leave untreated.
        self._joining: list[int] = members[np.lexsort((members, clock_start))].tolist()
        later = np.flatnonzero(available_from > clock_start)
        later = later[np.lexsort((members[later], available_from[later]))]
        self._becoming_available: list[int] = members[later].tolist()
        self._leaving: list[int] = members[np.lexsort((members, removal))].tolist()
        self._joined = 0
        self._become_available = 0
        self._left = 0
        # P2 and the others; once they are asked for, all by need of blood, and those for the
        # independent sector.
        self._p2 = _Heaps()
        self._others = _Heaps()
        self._by_need: _Heaps | None = None
        self._elsewhere: _Heaps | None = None
        self.short_notice = ShortNoticePool(patients)
        self.hours = 0.0
        self.usual_hours = 0.0
        self._observed: list[float] = []

    def observe(self) -> None:
        """Take note of the size on one more day of ordinary running."""
        self._observed.append(self.hours)

    def settle(self) -> None:
        """Call the mean of the days observed the usual size from now on."""
        if self._observed:
            self.usual_hours = sum(self._observed) / len(self._observed)
            self._observed.clear()

    def advance_to(self, now: float) -> None:
        """Let in the patients referred until now, and let go those who left untreated.

        A booked patient does not leave; see `put_back`.
        """
        patients, joining = self._patients, self._joining
        while self._joined < len(joining):
            patient = joining[self._joined]
            if patients.clock_start[patient] > now:
                break
            self._joined += 1
            self.hours += patients.expected_duration[patient]
            if patients.available_from[patient] <= patients.clock_start[patient]:
                self._enter(patient)
            else:
                patients.stage[patient] = _WAITING
        becoming = self._becoming_available
        while self._become_available < len(becoming):
            patient = becoming[self._become_available]
            if patients.available_from[patient] > now:
                break
            self._become_available += 1
            if patients.stage[patient] == _WAITING:
                self._enter(patient)
        leaving = self._leaving
        while self._left < len(leaving):
            patient = leaving[self._left]
            if patients.removal[patient] > now:
                break
            self._left += 1
            if patients.stage[patient] == _WAITING:
                self._remove(patient, patients.removal[patient])

    def take_first(
        self,
        room: float,
        *,
        independent_sector: bool = False,
        blood_only_for: frozenset[int] | None = None,
        but_p2: bool = False,
        last_rank: int = RANK_P4,
    ) -> int | None:
        """Take the first patient in order whose planned duration fits; None where nobody does.

        Parameters
        ----------
        room : float
            Hours free, infinity for an empty list.
        independent_sector : bool
            Only patients who may be operated on there, whatever else is asked.
        blood_only_for : set of int, optional
            Of the patients who may need blood only those with these procedures, and no
            antibodies.
        but_p2 : bool
            Only patients of other priorities.
        last_rank : int
            Only patients up to this rank.
        """
        stage = self._patients.stage
        if independent_sector:
            if self._elsewhere is None:
                self._elsewhere = _Heaps()
                self._enter_all(self._enter_elsewhere)
            patient = self._elsewhere.pop_first(room, stage)
        elif blood_only_for is not None:
            if self._by_need is None:
                self._by_need = _Heaps()
                self._enter_all(self._enter_by_need)
            allowed = blood_only_for

            def barred(kind: Kind) -> bool:
                p2, may_need_blood, antibodies, procedure = kind
                return bool(
                    (p2 and but_p2) or (may_need_blood and (antibodies or procedure not in allowed))
                )

            patient = self._by_need.pop_first(room, stage, last_rank, barred)
        else:
            # Whatever P2 wait for, they come before all others.
            patient = None if but_p2 else self._p2.pop_first(room, stage)
            if patient is None and last_rank > RANK_P2:
                patient = self._others.pop_first(room, stage, last_rank)
        return None if patient is None else self.take(patient)

    def take(self, patient: int) -> int:
        """Take a certain patient who is waiting; an entry left in a heap does not count."""
        self._patients.stage[patient] = _BOOKED
        self._patients.bookings[patient] += 1
        return patient

    def put_back(self, patient: int, now: float) -> None:
        """Put a postponed patient back on the list, before all but P2.

        Whoever would have left untreated while booked leaves now.
        """
        patients = self._patients
        if patients.priority[patient] != PRIORITY_P2:
            patients.rank[patient] = RANK_POSTPONED
        if patients.removal[patient] <= now:
            self._remove(patient, now)
        else:
            self._enter(patient)

    def operated(self, patient: int, at: float) -> None:
        """Note that a booked patient's operation has begun."""
        self._patients.stage[patient] = _OPERATED
        self._patients.done_at[patient] = at
        self.hours -= self._patients.expected_duration[patient]

    def _enter(self, patient: int) -> None:
        patients = self._patients
        patients.stage[patient] = _WAITING
        entry = (patients.rank[patient], patients.clock_start[patient], patient)
        heaps = self._p2 if patients.priority[patient] == PRIORITY_P2 else self._others
        heaps.push(patients.expected_duration[patient], (), entry)
        self.short_notice.enter(patient)
        if self._elsewhere is not None:
            self._enter_elsewhere(entry)
        if self._by_need is not None:
            self._enter_by_need(entry)

    def _enter_all(self, enter: Callable[[Entry], None]) -> None:
        """Enter everybody who can be taken now somewhere else as well."""
        for _, _, heap in self._p2.rows + self._others.rows:
            for entry in sorted(heap):
                if self._patients.stage[entry[2]] == _WAITING:
                    enter(entry)

    def _enter_elsewhere(self, entry: Entry) -> None:
        patients, patient = self._patients, entry[2]
        if self._elsewhere is not None and patients.independent_sector[patient]:
            self._elsewhere.push(patients.expected_duration[patient], (), entry)

    def _enter_by_need(self, entry: Entry) -> None:
        patients, patient = self._patients, entry[2]
        if self._by_need is not None:
            kind = (
                int(patients.priority[patient] == PRIORITY_P2),
                int(patients.may_need_blood[patient]),
                int(patients.antibodies[patient]),
                patients.procedure[patient],
            )
            self._by_need.push(patients.expected_duration[patient], kind, entry)

    def _remove(self, patient: int, at: float) -> None:
        self._patients.stage[patient] = Stage.REMOVED
        self._patients.removed_at[patient] = at
        self.hours -= self._patients.expected_duration[patient]
