"""The waiting list of one specialty at one hospital."""

from __future__ import annotations

from heapq import heappop, heappush

import numpy as np
import numpy.typing as npt

from disruption_sim.care.patients import PRIORITY_P2, RANK_P4, RANK_POSTPONED, Patients, Stage
from disruption_sim.care.short_notice import ShortNoticePool

Entry = tuple[int, float, int]
"""Rank, clock start and number of a patient."""
Kind = tuple[float, int, bool, bool, bool]
"""Planned duration, procedure, is P2, may need blood, and has antibodies then."""
_WAITING, _BOOKED, _OPERATED = int(Stage.WAITING), int(Stage.BOOKED), int(Stage.OPERATED)


class WaitingList:
    """Patients in order of rank (P2, postponed before, P3, P4) and, within it, of waiting time.

    Everybody with the same planned duration and the same kind of need stands in one heap, so that
    the first patient in order who fits into a gap is found by looking at the heads alone. Whoever
    is unavailable for a time is on the list and may leave it, but stands in no heap.

    Parameters
    ----------
    patients : Patients
        Shared by all lists.
    members : int array (n,)
        The patients who belong here, now or later.

    Attributes
    ----------
    size : int
        Patients referred, and neither operated on nor removed: waiting or booked.
    usual_size : float
        Size in ordinary running: at hour 0 to begin with, from week 1 on the mean of what
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
        heaps: dict[Kind, list[Entry]] = {}
        self._heap_of: dict[int, list[Entry]] = {
            p: heaps.setdefault(
                (
                    patients.expected_duration[p],
                    patients.procedure[p],
                    patients.priority[p] == PRIORITY_P2,
                    patients.may_need_blood[p],
                    patients.antibodies[p] and patients.may_need_blood[p],
                ),
                [],
            )
            for p in self._joining
        }
        # In order of duration, so that a search for a gap stops at the first that is too long.
        self._by_duration = [(*kind, heaps[kind]) for kind in sorted(heaps)]
        # Those whom the independent sector may operate on, by planned duration, once it is asked.
        self._elsewhere: dict[float, list[Entry]] | None = None
        self.short_notice = ShortNoticePool(patients)
        self.size = 0
        self.usual_size = 0.0
        self._observed: list[int] = []

    def observe(self) -> None:
        """Take note of the size on one more day of ordinary running."""
        self._observed.append(self.size)

    def settle(self) -> None:
        """Call the mean of the days observed the usual size from now on."""
        if self._observed:
            self.usual_size = sum(self._observed) / len(self._observed)
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
            self.size += 1
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
        if independent_sector:
            return self._take_first_elsewhere(room)
        stage = self._patients.stage
        best: Entry | None = None
        found: list[Entry] = []
        for duration, procedure, p2, may_need_blood, antibodies, heap in self._by_duration:
            if duration > room:
                break
            if (p2 and but_p2) or (
                may_need_blood
                and blood_only_for is not None
                and (antibodies or procedure not in blood_only_for)
            ):
                continue
            # Those who left untreated stay in their heap until they come to its head.
            while heap and stage[heap[0][2]] != _WAITING:
                heappop(heap)
            if heap and heap[0][0] <= last_rank and (best is None or heap[0] < best):
                best = heap[0]
                found = heap
        if best is None:
            return None
        heappop(found)
        return self.take(best[2])

    def _take_first_elsewhere(self, room: float) -> int | None:
        """Take the first patient who fits and may be operated on in the independent sector."""
        stage = self._patients.stage
        if self._elsewhere is None:
            self._elsewhere = {}
            for *_, heap in self._by_duration:
                for entry in sorted(heap):
                    if stage[entry[2]] == _WAITING:
                        self._enter_elsewhere(entry)
        best: Entry | None = None
        found: list[Entry] = []
        for duration, heap in self._elsewhere.items():
            if duration > room:
                continue
            # Those booked in the meantime stay in this heap until they come to its head; who has
            # been put back stands in it twice, and the entry of the better rank comes first.
            while heap and stage[heap[0][2]] != _WAITING:
                heappop(heap)
            if heap and (best is None or heap[0] < best):
                best = heap[0]
                found = heap
        if best is None:
            return None
        heappop(found)
        return self.take(best[2])

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
        self.size -= 1

    def _enter(self, patient: int) -> None:
        patients = self._patients
        patients.stage[patient] = _WAITING
        entry = (patients.rank[patient], patients.clock_start[patient], patient)
        heappush(self._heap_of[patient], entry)
        self.short_notice.enter(patient)
        if self._elsewhere is not None:
            self._enter_elsewhere(entry)

    def _enter_elsewhere(self, entry: Entry) -> None:
        patients, patient = self._patients, entry[2]
        if self._elsewhere is not None and patients.independent_sector[patient]:
            duration = patients.expected_duration[patient]
            heappush(self._elsewhere.setdefault(duration, []), entry)

    def _remove(self, patient: int, at: float) -> None:
        self._patients.stage[patient] = Stage.REMOVED
        self._patients.removed_at[patient] = at
        self.size -= 1
