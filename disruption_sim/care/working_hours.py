"""Working days and half-days of the clinics that take blood before operations."""

from __future__ import annotations

import numpy as np

from disruption_sim.grid import HOURS_PER_DAY
from disruption_sim.world.days import Days

MORNING, MIDDAY, EVENING = 9.0, 13.0, 16.0
"""Blood is taken on working days between MORNING and EVENING; half-days part at MIDDAY."""


class WorkingHours:
    """Moves along the hours in which pre-assessment clinics take blood.

    Parameters
    ----------
    days : Days
    """

    def __init__(self, days: Days) -> None:
        self._count = days.count
        self._working: list[bool] = days.working.tolist()
        self._last: list[int] = np.maximum.accumulate(
            np.where(days.working, np.arange(days.count), -1)
        ).tolist()

    def last_day_until(self, day: int) -> int:
        """Return the day itself or the last working day before it; -1 before the first."""
        return self._last[min(day, self._count - 1)] if day >= 0 else -1

    def next_day_from(self, day: int) -> int:
        """Return the day itself or the first working day after it; after the end every day is."""
        while day < self._count and not self._working[day]:
            day += 1
        return day

    def next_half_day(self, now: float) -> tuple[float, float]:
        """Return start and end of the first half-day that begins after now."""
        today = int(now // HOURS_PER_DAY)
        day = self.next_day_from(today)
        hour = now - HOURS_PER_DAY * today if day == today else 0.0
        if hour >= MIDDAY:
            day, hour = self.next_day_from(day + 1), 0.0
        start = HOURS_PER_DAY * day
        if hour < MORNING:
            return start + MORNING, start + MIDDAY
        return start + MIDDAY, start + EVENING
