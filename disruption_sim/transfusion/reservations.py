"""Units set aside for patients."""

from __future__ import annotations

import heapq
from typing import NamedTuple

from disruption_sim.transfusion.compatibility import GROUPS


class Taken(NamedTuple):
    """Units that were taken out.

    Attributes
    ----------
    group, last_day, units : int
    satellite : bool
        Out of the satellite fridge, where they are at once.
    """

    group: int
    last_day: int
    units: int
    satellite: bool = False


class Reservations:
    """Who has which units set aside, and until when.

    A patient has at most one reservation; it can grow.

    Attributes
    ----------
    units : list of int
        By group.
    next_end : float
        Hours at which the next reservation may end; infinite without any. It may be that of one
        that has gone already.
    """

    __slots__ = ("_ends", "_held", "_until", "next_end", "units")

    def __init__(self) -> None:
        self._held: dict[int, list[Taken]] = {}
        self._until: dict[int, float] = {}
        self._ends: list[tuple[float, int]] = []
        self.units = [0] * GROUPS
        self.next_end = float("inf")

    def add(self, patient: int, taken: list[Taken], until: float) -> None:
        """Set units aside for a patient; everything of the patient is then kept until this time."""
        self._held.setdefault(patient, []).extend(taken)
        for group, _, units, _ in taken:
            self.units[group] += units
        self._until[patient] = until
        heapq.heappush(self._ends, (until, patient))
        self.next_end = self._ends[0][0]

    def of(self, patient: int) -> int:
        """Return the units set aside for a patient."""
        return sum(batch.units for batch in self._held.get(patient, ()))

    def take(self, patient: int, units: int) -> list[Taken]:
        """Take a patient's units, the first to expire first, as many as there are."""
        held = self._held.pop(patient, None)
        if held is None:
            return []
        held.sort(key=lambda batch: batch.last_day)
        taken: list[Taken] = []
        left: list[Taken] = []
        for batch in held:
            now = min(batch.units, units)
            if now:
                taken.append(batch._replace(units=now))
                self.units[batch.group] -= now
                units -= now
            if now < batch.units:
                left.append(batch._replace(units=batch.units - now))
        if left:
            self._held[patient] = left
        else:
            del self._until[patient]
        return taken

    def ended(self, now: float) -> list[int]:
        """Return the patients whose reservation has ended, in order of time."""
        patients = []
        while self._ends and self._ends[0][0] <= now:
            until, patient = heapq.heappop(self._ends)
            if self._until.get(patient) == until:
                patients.append(patient)
        self.next_end = self._ends[0][0] if self._ends else float("inf")
        return patients

    def expire(self, day: int) -> list[Taken]:
        """Take out what may not be given after the end of a day, whoever it is for."""
        expired: list[Taken] = []
        for patient in [
            patient
            for patient, held in self._held.items()
            if any(batch.last_day <= day for batch in held)
        ]:
            held = self._held.pop(patient)
            expired += [batch for batch in held if batch.last_day <= day]
            left = [batch for batch in held if batch.last_day > day]
            if left:
                self._held[patient] = left
            else:
                del self._until[patient]
        for batch in expired:
            self.units[batch.group] -= batch.units
        return expired

    @property
    def batches(self) -> list[Taken]:
        """All units set aside."""
        return [batch for held in self._held.values() for batch in held]
