"""Patients who can come the next day into a place that somebody else has left."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush

from disruption_sim.care.patients import Patients, Stage

Entry = tuple[int, float, int]
"""Rank, clock start and number of a patient."""
PATIENTS_ASKED = 5
"""How many patients are looked up, at most, for one free place."""
_WAITING = int(Stage.WAITING)


class ShortNoticePool:
    """Those on one waiting list who may be called at short notice, in the order of the list.

    Only patients who can come the next day and need no blood: neither a group-and-screen sample nor
    units. Who needs blood results is in the pool only after having been booked before, for then
    results have been taken, which may still be in date.

    Parameters
    ----------
    patients : Patients
        Shared by all lists.
    """

    def __init__(self, patients: Patients) -> None:
        self._patients = patients
        self._by_duration: dict[float, list[Entry]] = {}

    def enter(self, patient: int) -> None:
        """Note that a patient stands on the waiting list; those who do not belong are left out."""
        patients = self._patients
        if not patients.short_notice[patient] or patients.may_need_blood[patient]:
            return
        if patients.needs_results[patient] and not patients.bookings[patient]:
            return
        entry = (patients.rank[patient], patients.clock_start[patient], patient)
        heappush(self._by_duration.setdefault(patients.expected_duration[patient], []), entry)

    def first(self, room: float, suits: Callable[[int], bool]) -> int | None:
        """Return the first patient in order who fits and suits; None where nobody does.

        Parameters
        ----------
        room : float
            Hours free for the planned duration.
        suits : function of a patient
            Whether this one can be operated on tomorrow. Asked of a few patients at most.
        """
        unsuitable: list[tuple[list[Entry], Entry]] = []
        found = None
        for _ in range(PATIENTS_ASKED):
            heap = self._with_best_head(room)
            if heap is None:
                break
            if suits(heap[0][2]):
                found = heap[0][2]
                break
            unsuitable.append((heap, heappop(heap)))
        for heap, entry in unsuitable:
            heappush(heap, entry)
        return found

    def _with_best_head(self, room: float) -> list[Entry] | None:
        """Return the heap at whose head the first patient who fits stands."""
        stage = self._patients.stage
        best: list[Entry] | None = None
        for duration, heap in self._by_duration.items():
            if duration > room:
                continue
            # Those who have been booked or have left stay until they come to the head.
            while heap and stage[heap[0][2]] != _WAITING:
                heappop(heap)
            if heap and (best is None or heap[0] < best[0]):
                best = heap
        return best
