"""The waiting list of one specialty at one hospital."""

from __future__ import annotations

from heapq import heappop, heappush

import numpy as np
import numpy.typing as npt

from disruption_sim.care.patients import PRIORITY_P2, RANK_P4, RANK_POSTPONED, Patients, Stage

Entry = tuple[int, float, int]
"""Rank, clock start and number of a patient."""
Kind = tuple[float, int, bool, bool, bool]
"""Planned duration, procedure, needs no blood test, may need blood, and has antibodies then."""
_WAITING, _BOOKED, _OPERATED = int(Stage.WAITING), int(Stage.BOOKED), int(Stage.OPERATED)


class WaitingList:
    """Patients in order of rank (P2, postponed before, P3, P4) and, within it, of waiting time.

    Everybody with the same planned duration and the same kind of need stands in one heap, so that
    the first patient in order who fits into a gap is found by looking at the heads alone.

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
    """

    def __init__(self, patients: Patients, members: npt.NDArray[np.integer]) -> None:
        self._patients = patients
        clock_start = patients.operations.clock_start[members]
        removal = patients.operations.removal[members]
        # Two orders in time, each passed once: when patients come and when they leave untreated.
        self._joining: list[int] = members[np.lexsort((members, clock_start))].tolist()
        self._leaving: list[int] = members[np.lexsort((members, removal))].tolist()
        self._joined = 0
        self._left = 0
        heaps: dict[Kind, list[Entry]] = {}
        self._heap_of: dict[int, list[Entry]] = {
            p: heaps.setdefault(
                (
                    patients.expected_duration[p],
                    patients.procedure[p],
                    patients.needs_nothing[p],
                    patients.may_need_blood[p],
                    patients.antibodies[p] and patients.may_need_blood[p],
                ),
                [],
            )
            for p in self._joining
        }
        # In order of duration, so that a search for a gap stops at the first that is too long.
        self._by_duration = [(*kind, heaps[kind]) for kind in sorted(heaps)]
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
        needing_nothing: bool = False,
        blood_only_for: frozenset[int] | None = None,
        last_rank: int = RANK_P4,
    ) -> int | None:
        """Take the first patient in order whose planned duration fits; None where nobody does.

        Parameters
        ----------
        room : float
            Hours free, infinity for an empty list.
        needing_nothing : bool
            Only patients who need neither results nor a group-and-screen sample.
        blood_only_for : set of int, optional
            Of the patients who may need blood only those with these procedures, and no
            antibodies.
        last_rank : int
            Only patients up to this rank.
        """
        stage = self._patients.stage
        best: Entry | None = None
        found: list[Entry] = []
        for duration, procedure, light, may_need_blood, antibodies, heap in self._by_duration:
            if duration > room:
                break
            if needing_nothing and not light:
                continue
            if (
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
        patient = best[2]
        stage[patient] = _BOOKED
        self._patients.bookings[patient] += 1
        return patient

    def put_back(self, patient: int, now: float, *, postponed: bool) -> None:
        """Put a booked patient back on the list.

        Whoever would have left untreated while booked leaves now.

        Parameters
        ----------
        patient : int
        now : float
        postponed : bool
            A postponed patient goes before all but P2. False takes the booking back as if it had
            not been made.
        """
        patients = self._patients
        if postponed:
            if patients.priority[patient] != PRIORITY_P2:
                patients.rank[patient] = RANK_POSTPONED
        else:
            patients.bookings[patient] -= 1
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

    def _remove(self, patient: int, at: float) -> None:
        self._patients.stage[patient] = Stage.REMOVED
        self._patients.removed_at[patient] = at
        self.size -= 1
