"""Days of the simulation: weekdays, bank holidays, and moving along working days."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from disruption_sim.scenario.model import Calendar

Numbers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

SUNDAY = 6


@dataclass(frozen=True)
class Days:
    """The days from hour 0 to the end, numbered from 0.

    Attributes
    ----------
    count : int
    weekday : int64 (days,)
        0 Monday to 6 Sunday; a bank holiday is worked like a Sunday and has 6.
    working : bool (days,)
        Monday to Friday without bank holidays.
    """

    count: int
    weekday: Numbers
    working: Flags

    @classmethod
    def of(cls, calendar: Calendar) -> Days:
        """Return the days of a calendar."""
        count = 7 * calendar.weeks
        weekday = np.arange(count) % 7
        for holiday in calendar.bank_holidays:
            day = (holiday - calendar.first_day).days
            if 0 <= day < count:
                weekday[day] = SUNDAY
        working = weekday < 5
        return cls(count, weekday, working)
