"""Red cells of one hospital: the laboratory's fridge, the satellite, and what is set aside."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from math import ceil

from disruption_sim.transfusion.compatibility import GROUPS, O_NEGATIVE
from disruption_sim.transfusion.reservations import Reservations, Taken
from disruption_sim.transfusion.shelf import Shelf

__all__ = ["BatchAccount", "DayCounts", "HospitalStock", "Taken"]


def _zeros() -> list[int]:
    return [0] * GROUPS


@dataclass
class DayCounts:
    """What came and went in a day: by group; reserved and returned in all.

    `made_to_order` are those of `received` that are for one patient alone.
    """

    received: list[int] = field(default_factory=_zeros)
    made_to_order: list[int] = field(default_factory=_zeros)
    expired: list[int] = field(default_factory=_zeros)
    wasted: list[int] = field(default_factory=_zeros)
    reserved: int = 0
    returned: int = 0


class BatchAccount:
    """Units by (group, last day): there at the start, received, expired, wasted."""

    __slots__ = ("expired", "first", "received", "wasted")

    def __init__(self) -> None:
        self.first: defaultdict[tuple[int, int], int] = defaultdict(int)
        self.received: defaultdict[tuple[int, int], int] = defaultdict(int)
        self.expired: defaultdict[tuple[int, int], int] = defaultdict(int)
        self.wasted: defaultdict[tuple[int, int], int] = defaultdict(int)


class HospitalStock:
    """All red cells of one hospital; every unit is in exactly one place.

    Parameters
    ----------
    satellite_units : sequence of int
        Kept in the satellite, by group.
    rotation_days : float
        Units of the satellite with fewer days left go back to the laboratory.
    spoilt : callable
        Takes a patient and the number of a unit that comes back unused, from 0; whether it is
        thrown away.

    Attributes
    ----------
    laboratory, satellite : tuple of Shelf
        By group.
    for_one_patient : tuple of Shelf
        Made to order for patients who do not come to need them; by group.
    reservations : Reservations
    account : BatchAccount
    today : DayCounts
        Since the last `end_day`.
    """

    def __init__(
        self,
        satellite_units: Sequence[int] = (0,) * GROUPS,
        rotation_days: float = 0.0,
        spoilt: Callable[[int, int], bool] = lambda patient, unit: False,
    ) -> None:
        self.laboratory = tuple(Shelf() for _ in range(GROUPS))
        self.satellite = tuple(Shelf() for _ in range(GROUPS))
        self.for_one_patient = tuple(Shelf() for _ in range(GROUPS))
        self.reservations = Reservations()
        self._places = (self.laboratory, self.satellite, self.for_one_patient)
        self.account = BatchAccount()
        self.today = DayCounts()
        self._satellite_units = tuple(satellite_units)
        self._rotation_days = rotation_days
        self._spoilt = spoilt

    def fill(self, group: int, last_day: int, units: int, satellite: bool = False) -> None:
        """Put units there at hour 0."""
        (self.satellite if satellite else self.laboratory)[group].add(last_day, units)
        self.account.first[group, last_day] += units

    def receive(self, group: int, last_day: int, units: int) -> None:
        """Put delivered units away in the laboratory."""
        self.laboratory[group].add(last_day, units)
        self.account.received[group, last_day] += units
        self.today.received[group] += units

    def receive_for_one_patient(self, group: int, last_day: int, units: int) -> None:
        """Put delivered units by that are made to order and will not be needed."""
        self.for_one_patient[group].add(last_day, units)
        self.account.received[group, last_day] += units
        self.today.received[group] += units
        self.today.made_to_order[group] += units

    def set_aside(self) -> list[int]:
        """Return the units that are set aside for patients, by group."""
        return [
            reserved + shelf.units
            for reserved, shelf in zip(self.reservations.units, self.for_one_patient, strict=True)
        ]

    def available(self, groups: Iterable[int], least_last_day: int = 0) -> int:
        """Return the units of several groups in the laboratory that are not set aside.

        Parameters
        ----------
        groups : iterable of int
        least_last_day : int
            Units that do not last until this day are not counted.
        """
        if least_last_day:
            return sum(self.laboratory[group].lasting(least_last_day) for group in groups)
        return sum([self.laboratory[group].units for group in groups])

    def emergency_available(self, groups: Iterable[int]) -> int:
        """Return the units of several groups in the satellite and the laboratory."""
        return sum(self.satellite[g].units + self.laboratory[g].units for g in groups)

    def take(
        self,
        groups: Sequence[int],
        units: int,
        least_last_day: int = 0,
        use_up_last_day: int = -1,
    ) -> list[Taken]:
        """Take units out of the laboratory, as many as there are.

        Group by group in the order given, oldest first within a group.

        Parameters
        ----------
        groups : sequence of int
            Compatible with the patient.
        units : int
        least_last_day : int
            Units that do not last until this day are left (fresh needs).
        use_up_last_day : int
            O-negative units that do not last beyond this day come before everything else, where
            O-negative is among the groups; -1 for none. Not together with `least_last_day`.
        """
        taken: list[Taken] = []
        if use_up_last_day >= 0 and O_NEGATIVE in groups and not least_last_day:
            for last_day, number in self.laboratory[O_NEGATIVE].take_until(use_up_last_day, units):
                taken.append(Taken(O_NEGATIVE, last_day, number))
                units -= number
        for group in groups:
            if units <= 0:
                break
            shelf = self.laboratory[group]
            if not shelf.units:
                continue
            for last_day, number in shelf.take(units, least_last_day):
                taken.append(Taken(group, last_day, number))
                units -= number
        return taken

    def take_for_emergency(self, groups: Sequence[int], units: int) -> list[Taken]:
        """Take units for somebody who cannot wait, as many as there are.

        Group by group in the order given; of each group out of the satellite first, then out of the
        laboratory. `Taken.satellite` tells which.
        """
        taken: list[Taken] = []
        for group in groups:
            for satellite, shelves in ((True, self.satellite), (False, self.laboratory)):
                for last_day, number in shelves[group].take(units):
                    taken.append(Taken(group, last_day, number, satellite))
                    units -= number
                if units <= 0:
                    return taken
        return taken

    def reserve(
        self,
        patient: int,
        groups: Sequence[int],
        units: int,
        until: float,
        least_last_day: int = 0,
    ) -> list[Taken]:
        """Set units of the laboratory aside for a patient, as many as there are.

        They are the patient's alone until they are taken, given back, end of time, or expire.

        Parameters
        ----------
        patient : int
            Any number that stands for one patient of this hospital.
        groups : sequence of int
        units : int
        until : float
            Hours at which what is left goes back (all of the patient, if this adds to some).
        least_last_day : int
            Day on which they will be needed: units that do not last until then are left.
        """
        taken = self.take(groups, units, least_last_day)
        if taken:
            self.reservations.add(patient, taken, until)
            self.today.reserved += sum(batch.units for batch in taken)
        return taken

    def reserved(self, patient: int) -> int:
        """Return the units set aside for a patient."""
        return self.reservations.of(patient)

    def take_reserved(self, patient: int, units: int) -> list[Taken]:
        """Take a patient's own units, as many as there are; the rest stays set aside."""
        return self.reservations.take(patient, units)

    def give_back(self, patient: int) -> int:
        """Put what is set aside for a patient back, or throw it away where it is spoilt.

        Returns
        -------
        int
            Units that are usable again.
        """
        back = self.reservations.take(patient, self.reservations.of(patient))
        unit = usable = 0
        for group, last_day, units, _ in back:
            wasted = sum(self._spoilt(patient, unit + number) for number in range(units))
            unit += units
            if wasted:
                self.account.wasted[group, last_day] += wasted
                self.today.wasted[group] += wasted
            if wasted < units:
                self.laboratory[group].add(last_day, units - wasted)
                usable += units - wasted
        self.today.returned += unit
        return usable

    def end_reservations(self, now: float) -> int:
        """Put back what was set aside until now; return the units that are usable again."""
        if now < self.reservations.next_end:
            return 0
        return sum(self.give_back(patient) for patient in self.reservations.ended(now))

    def rotate(self, day: int) -> None:
        """Bring the satellite's short-dated units back and fill it up with the freshest there are.

        What comes back is among what may go in again, so that old is never exchanged for older.
        """
        for group, wanted in enumerate(self._satellite_units):
            if not wanted:
                continue
            satellite, laboratory = self.satellite[group], self.laboratory[group]
            for last_day, units in satellite.take_until(day + ceil(self._rotation_days) - 1):
                laboratory.add(last_day, units)
            for last_day, units in laboratory.take_freshest(wanted - satellite.units):
                satellite.add(last_day, units)

    def end_day(self, day: int) -> DayCounts:
        """Throw away what may not be given after a day, and return what came and went on it."""
        for shelves in self._places:
            for group, shelf in enumerate(shelves):
                for last_day, units in shelf.take_until(day):
                    self._expire(group, last_day, units)
        for group, last_day, units, _ in self.reservations.expire(day):
            self._expire(group, last_day, units)
        counts, self.today = self.today, DayCounts()
        return counts

    def _expire(self, group: int, last_day: int, units: int) -> None:
        self.account.expired[group, last_day] += units
        self.today.expired[group] += units

    def in_house(self, group: int) -> int:
        """Return the units of a group in the laboratory and the satellite, not set aside."""
        return self.laboratory[group].units + self.satellite[group].units

    def left(self) -> dict[tuple[int, int], int]:
        """Return all units by (group, last day), wherever they are."""
        found: defaultdict[tuple[int, int], int] = defaultdict(int)
        for shelves in self._places:
            for group, shelf in enumerate(shelves):
                for last_day, units in shelf.batches:
                    found[group, last_day] += units
        for group, last_day, units, _ in self.reservations.batches:
            found[group, last_day] += units
        return dict(found)
