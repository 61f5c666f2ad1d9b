"""Before, while and after transfusion is without information technology: what adds up in each."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from disruption_sim.grid import HOURS_PER_DAY
from disruption_sim.measures.calendar import Floats, Integers
from disruption_sim.measures.ways_to_blood import QUANTILES, quantiles_by_cell
from disruption_sim.records import Period
from disruption_sim.scenario.effects import TRANSFUSION_IT_LOST_DEPTH, disruption_depth
from disruption_sim.scenario.model import Capability, Scenario

PERIODS = (*(period.name.lower() for period in Period), "whole_run")
"""Before transfusion information technology is lost anywhere, while it is, after; and all days."""


def period_of_days(scenario: Scenario) -> Integers:
    """Return the ``Period`` of each day of the run, int64 (days,).

    Disturbed from the day on which transfusion information technology is first lost anywhere to
    the day on which it is last. Where it never is, the first period ends at the onset.
    """
    calendar = scenario.calendar
    days = 7 * calendar.weeks
    hours = HOURS_PER_DAY * np.arange(days + 1)
    lost = np.zeros(days, dtype=np.bool_)
    for site in scenario.site_names:
        depth = disruption_depth(scenario, Capability.TRANSFUSION_IT, site)
        edges = [*depth.times, np.inf]
        for start, end, share in zip(edges[:-1], edges[1:], depth.values, strict=True):
            if share >= TRANSFUSION_IT_LOST_DEPTH:
                lost |= (hours[1:] > start) & (hours[:-1] < end)
    of_day = np.full(days, int(Period.BEFORE))
    found = np.flatnonzero(lost)
    if found.size:
        of_day[found[0] : found[-1] + 1] = Period.DISTURBED
        of_day[found[-1] + 1 :] = Period.AFTER
    else:
        of_day[int(calendar.hour(calendar.onset) // HOURS_PER_DAY) :] = Period.AFTER
    return of_day


class Periods:
    """Adds up by period, with the whole run as one more: the first axis of every result.

    Parameters
    ----------
    scenario : Scenario
        With its disruptions, whichever arm is looked at: they set the periods.
    """

    def __init__(self, scenario: Scenario) -> None:
        self.of_day = period_of_days(scenario)
        self.sites = len(scenario.site_names)

    @property
    def days(self) -> Integers:
        """Days of each, int64 (periods,)."""
        return self.summed(np.ones(self.of_day.size, dtype=np.int64))

    def summed(self, daily: npt.NDArray[np.integer]) -> Integers:
        """Add up counts by day along the first axis."""
        parts = [daily[self.of_day == period].sum(axis=0, dtype=np.int64) for period in Period]
        return np.stack([*parts, np.sum(parts, axis=0)])

    def summed_amounts(self, daily: Floats) -> Floats:
        """Add up amounts by day along the first axis."""
        parts = [daily[self.of_day == period].sum(axis=0) for period in Period]
        return np.stack([*parts, np.sum(parts, axis=0)])

    def averaged(self, daily: Floats) -> Floats:
        """Average levels by day along the first axis; NaN for a period without days."""
        parts = [daily[self.of_day == period] for period in Period]
        return np.stack(
            [
                part.mean(axis=0) if len(part) else np.full(daily.shape[1:], np.nan)
                for part in (*parts, daily)
            ]
        )

    def counted(
        self,
        times: Floats,
        cells: tuple[npt.NDArray[np.integer], ...],
        shape: tuple[int, ...],
        amounts: npt.NDArray[np.integer] | None = None,
    ) -> Integers:
        """Count events, or add up their amounts, by period and the cells of a table.

        Parameters
        ----------
        times : float64 (n,)
            Hours.
        cells : tuple of int (n,)
            One for each axis of the table.
        shape : tuple of int
        amounts : int (n,), optional
        """
        found = added_up((self._of(times), *cells), (len(Period), *shape), amounts)
        return np.concatenate([found, found.sum(axis=0, keepdims=True)])

    def quantiles(
        self, times: Floats, cell: npt.NDArray[np.integer], values: Floats, cells: int
    ) -> Floats:
        """Return quantiles by period and cell, float64 (periods, cells, quantiles)."""
        numbers = self._of(times) * cells + cell
        by_period = quantiles_by_cell(numbers, values, len(Period) * cells)
        whole = quantiles_by_cell(cell, values, cells)
        return np.concatenate([by_period.reshape(-1, cells, len(QUANTILES)), whole[None]])

    def _of(self, times: Floats) -> Integers:
        """Return the period of each time; a stroke late at the end belongs to the last day."""
        day = np.minimum((times // HOURS_PER_DAY).astype(np.int64), self.of_day.size - 1)
        return self.of_day[day]


def added_up(
    cells: tuple[npt.NDArray[np.integer], ...],
    shape: tuple[int, ...],
    amounts: npt.NDArray[np.integer] | None = None,
) -> Integers:
    """Count events, or add up their amounts, in the cells of a table."""
    where = np.ravel_multi_index(cells, shape)
    found = np.bincount(where, amounts, minlength=int(np.prod(shape)))
    return np.rint(found).astype(np.int64).reshape(shape)
