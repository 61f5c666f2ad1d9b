"""From times of events to numbers by week and by day of the reported horizon."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from disruption_sim.grid import HOURS_PER_DAY, HOURS_PER_WEEK
from disruption_sim.scenario.model import Scenario

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Horizon:
    """The weeks that are reported: week 1, the week of onset, to the last.

    Attributes
    ----------
    first_monday : date
        Monday of week 1.
    start, end, onset : float
        Hours of simulation time: start of week 1, end of the last week, start of the day of onset.
    weeks : int
    """

    first_monday: dt.date
    start: float
    end: float
    onset: float
    weeks: int

    @classmethod
    def of(cls, scenario: Scenario) -> Horizon:
        """Return the horizon of a scenario."""
        calendar = scenario.calendar
        return cls(
            first_monday=calendar.week_1,
            start=calendar.week_1_hour,
            end=calendar.end_hour,
            onset=calendar.hour(calendar.onset),
            weeks=calendar.horizon_weeks,
        )

    @property
    def mondays(self) -> tuple[dt.date, ...]:
        """Monday of each week."""
        return tuple(self.first_monday + dt.timedelta(weeks=week) for week in range(self.weeks))

    @property
    def week_ends(self) -> Floats:
        """End of each week in hours."""
        return self.start + HOURS_PER_WEEK * np.arange(1, self.weeks + 1, dtype=np.float64)

    @property
    def week_rows(self) -> slice:
        """Where the weeks stand in arrays that count weeks from hour 0."""
        first = round(self.start / HOURS_PER_WEEK)
        return slice(first, first + self.weeks)

    @property
    def day_rows(self) -> slice:
        """Where the days from week 1 on stand in arrays that count days from hour 0."""
        first = round(self.start / HOURS_PER_DAY)
        return slice(first, first + 7 * self.weeks)

    @property
    def days_from_onset(self) -> int:
        """Days from the day of onset to the end."""
        return round((self.end - self.onset) / HOURS_PER_DAY)

    def week_of(self, times: Floats) -> Integers:
        """Return the row of the week of each time, -1 for times outside and for NaN."""
        inside = (times >= self.start) & (times < self.end)
        rows = np.floor((np.where(inside, times, self.start) - self.start) / HOURS_PER_WEEK)
        weeks: Integers = np.where(inside, rows, -1.0).astype(np.int64)
        return weeks

    def count(self, times: Floats, site: npt.NDArray[np.integer], sites: int) -> Floats:
        """Count events by week and place.

        Parameters
        ----------
        times : float64 (n,)
            NaN for what did not happen.
        site : int (n,)
        sites : int
            How many there are.

        Returns
        -------
        float64 (weeks, sites + 1)
            The last column is all sites.
        """
        return self.add_up(times, site, None, sites)

    def add_up(
        self,
        times: Floats,
        site: npt.NDArray[np.integer],
        amounts: npt.NDArray[np.generic] | None,
        sites: int,
    ) -> Floats:
        """Add up amounts of events by week and place, as :meth:`count` counts them."""
        week = self.week_of(times)
        kept = week >= 0
        cell = week[kept] * sites + site[kept]
        weights = None if amounts is None else amounts[kept].astype(np.float64)
        table = np.bincount(cell, weights, minlength=self.weeks * sites).reshape(self.weeks, sites)
        return with_all(table.astype(np.float64))

    def weekly(self, daily: npt.NDArray[np.number]) -> Floats:
        """Add up what is counted by day from hour 0 and by site.

        Parameters
        ----------
        daily : number (days, sites)

        Returns
        -------
        float64 (weeks, sites + 1)
            The last column is all sites.
        """
        reported = daily[self.day_rows].astype(np.float64)
        return with_all(reported.reshape(-1, 7, reported.shape[1]).sum(axis=1))

    def daily(self, times: Floats) -> Floats:
        """Count events on each day from the day of onset, float64 (days,)."""
        days = self.days_from_onset
        inside = (times >= self.onset) & (times < self.end)
        day = np.floor((times[inside] - self.onset) / HOURS_PER_DAY).astype(np.int64)
        return np.bincount(day, minlength=days).astype(np.float64)


def with_all(table: Floats) -> Floats:
    """Append the sum over the last axis as one more column, "all"."""
    return np.concatenate([table, table.sum(axis=-1, keepdims=True)], axis=-1)


def means_of_weeks(daily: Floats) -> Floats:
    """Return the mean of each seven days along the first axis."""
    found: Floats = daily.reshape(-1, 7, *daily.shape[1:]).mean(axis=1)
    return found
