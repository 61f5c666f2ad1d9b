"""Chairs of day units: the next free one, and overtime."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from disruption_sim.care.ports import Flags
from disruption_sim.scenario.model import Scenario
from disruption_sim.world.model import DayUnitPlaces

Integers = npt.NDArray[np.int64]


class Chairs:
    """Chairs that nobody is booked for, by place and day, taken one after the other.

    Parameters
    ----------
    scenario : Scenario
    places : DayUnitPlaces

    Attributes
    ----------
    overtime_hour : float64 (places,)
        Clock hour at which added treatments start.
    """

    def __init__(self, scenario: Scenario, places: DayUnitPlaces) -> None:
        units = scenario.outpatients.day_units
        self._free: list[list[int]] = places.free.tolist()
        self._overtime: list[list[int]] = places.overtime.tolist()
        self._days = places.free.shape[1]
        self._within = [units[unit].move_within_days for unit in places.unit.tolist()]
        self._later = [units[unit].ordinary_postponement_days for unit in places.unit.tolist()]
        self.overtime_hour = np.array(
            [units[unit].overtime_start_hour for unit in places.unit.tolist()]
        )

    def take(
        self, place: npt.NDArray[np.uint16], unfit: Flags, today: int
    ) -> tuple[Integers, Flags]:
        """Take one chair for each of some patients, in their order.

        Parameters
        ----------
        place : uint16 (n,)
        unfit : bool (n,)
            Postponed for ordinary reasons, so not before some days have passed; the others may come
            tomorrow.
        today : int

        Returns
        -------
        days : int64 (n,)
            -1 where there is no chair until the end.
        overtime : bool (n,)
        """
        days = np.full(place.size, -1, dtype=np.int64)
        overtime = np.zeros(place.size, dtype=np.bool_)
        for row, (number, later) in enumerate(zip(place.tolist(), unfit.tolist(), strict=True)):
            begin = today + (self._later[number] if later else 1)
            days[row], overtime[row] = self._next(number, begin)
        return days, overtime

    def _next(self, place: int, begin: int) -> tuple[int, bool]:
        free, added = self._free[place], self._overtime[place]
        soon = min(begin + self._within[place], self._days)
        for chairs in (free, added):
            for day in range(begin, soon):
                if chairs[day] > 0:
                    chairs[day] -= 1
                    return day, chairs is added
        for day in range(soon, self._days):
            for chairs in (free, added):
                if chairs[day] > 0:
                    chairs[day] -= 1
                    return day, chairs is added
        return -1, False
