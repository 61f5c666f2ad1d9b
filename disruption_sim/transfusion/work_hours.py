"""Hours of biomedical scientists by day and hospital."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from disruption_sim.grid import HOURS_PER_DAY

Floats = npt.NDArray[np.float64]


class SiteHours:
    """Hours worked and on duty at one bench, day by day; what lies beyond the end is left out.

    Attributes
    ----------
    busy_hours, duty_hours : list of float
        By day.
    """

    def __init__(self, days: int) -> None:
        self.busy_hours = [0.0] * days
        self.duty_hours = [0.0] * days

    def busy(self, start: float, end: float) -> None:
        """Write down that one scientist works from a time to another, or after all does not.

        The latter if the end comes before the start.
        """
        if start <= end:
            _add(self.busy_hours, start, end, 1)
        else:
            _add(self.busy_hours, end, start, -1)

    def on_duty(self, start: float, end: float, people: int) -> None:
        """Write down that scientists are on duty from a time to another."""
        _add(self.duty_hours, start, end, people)


def _add(hours: list[float], start: float, end: float, people: int) -> None:
    day = int(start // HOURS_PER_DAY)
    if end <= HOURS_PER_DAY * (day + 1) and day < len(hours):
        hours[day] += (end - start) * people
        return
    while start < end and day < len(hours):
        midnight = HOURS_PER_DAY * (day + 1)
        hours[day] += (min(end, midnight) - start) * people
        start = midnight
        day += 1


def by_day(sites: list[SiteHours]) -> tuple[Floats, Floats]:
    """Return hours worked and hours on duty, float64 (days, sites)."""
    return (
        np.array([site.busy_hours for site in sites]).T,
        np.array([site.duty_hours for site in sites]).T,
    )
