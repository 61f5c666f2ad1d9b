"""Waits of all patients for operations in one arm, against those in its twin."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from disruption_sim.grid import HOURS_PER_DAY, HOURS_PER_WEEK
from disruption_sim.measures.calendar import Floats, Horizon, Integers, with_all
from disruption_sim.records import Flags, SurgeryRecords
from disruption_sim.world.model import Operations

LEAST_DIFFERENCE_HOURS = HOURS_PER_DAY
"""By how much two waits must differ to count as longer or shorter: not by the order on a list."""


def wait_ends(records: SurgeryRecords) -> Floats:
    """Return when each patient left the waiting list, treated or not; inf for the waiting."""
    ends: Floats = np.fmin(records.done_at, records.removed_at)
    return np.where(np.isnan(ends), np.inf, ends)


def first_postponed(records: SurgeryRecords) -> Floats:
    """Return when each patient's first postponement, for any cause, was decided; inf if never."""
    first: Floats = np.full(len(records.done_at), np.inf)
    np.minimum.at(first, records.postponed_patient, records.postponed_decided_at)
    return first


@dataclass(frozen=True)
class Waits:
    """Waits of all patients in one arm and in its twin.

    Attributes
    ----------
    horizon : Horizon
    operations : Operations
        Of the world.
    ends, twin_ends : float64 (patients,)
        When the wait ends in this arm and in the baseline arm, inf if it does not.
    postponed : float64 (patients,)
        When the patient was first postponed in this arm, inf if never.
    place : int (patients,)
        Site or specialty by which to count.
    places : int
        How many there are.
    """

    horizon: Horizon
    operations: Operations
    ends: Floats
    twin_ends: Floats
    postponed: Floats
    place: npt.NDArray[np.integer]
    places: int

    @classmethod
    def by(
        cls,
        horizon: Horizon,
        operations: Operations,
        records: SurgeryRecords,
        twin: SurgeryRecords,
        place: npt.NDArray[np.integer],
        places: int,
    ) -> Waits:
        """Return the waits of an arm against its twin, to be counted by place."""
        return cls(
            horizon=horizon,
            operations=operations,
            ends=wait_ends(records),
            twin_ends=wait_ends(twin),
            postponed=first_postponed(records),
            place=place,
            places=places,
        )

    @cached_property
    def extra_hours(self) -> Floats:
        """Wait of each patient less that in the twin, both cut at the horizon."""
        start, end = self.horizon.start, self.horizon.end
        extra: Floats = self.ends.clip(start, end) - self.twin_ends.clip(start, end)
        return extra

    @property
    def displaced(self) -> Flags:
        """Who was never postponed and yet waited at least a day longer than in the twin."""
        longer: Flags = self.extra_hours >= LEAST_DIFFERENCE_HOURS
        return longer & np.isinf(self.postponed)

    @property
    def brought_forward(self) -> Flags:
        """Who was never postponed and waited at least a day less than in the twin."""
        shorter: Flags = self.extra_hours <= -LEAST_DIFFERENCE_HOURS
        return shorter & np.isinf(self.postponed)

    def waiting(self) -> Floats:
        """Count the patients on the list at the end of each week, float64 (weeks, places + 1)."""
        return self._covered(self._row(self.operations.clock_start), self._row(self.ends))

    def waiting_at_most(self, hours: float) -> Floats:
        """Count those of :meth:`waiting` who have waited so long or less."""
        start = self.operations.clock_start
        last = np.searchsorted(self.horizon.week_ends, start + hours, side="right")
        return self._covered(self._row(start), np.minimum(self._row(self.ends), last))

    def later(self) -> Floats:
        """Count at the end of each week who still waits and in the twin does not."""
        return self._covered(self._row(self.twin_ends), self._row(self.ends))

    def later_never_postponed(self) -> Floats:
        """Count those of :meth:`later` who have not been postponed by then."""
        until = np.minimum(self.ends, self.postponed)
        return self._covered(self._row(self.twin_ends), self._row(until))

    def earlier(self) -> Floats:
        """Count at the end of each week who no longer waits and in the twin still does."""
        return self._covered(self._row(self.ends), self._row(self.twin_ends))

    def backlog_hours(self) -> Floats:
        """Add up the hours planned for those ended in the twin, less those ended in this arm.

        Since the start of the horizon, at the end of each week, float64 (weeks, places + 1).
        """
        hours = self.operations.expected_duration
        ended, usually = (
            self.horizon.add_up(ends, self.place, hours, self.places)
            for ends in (self.ends, self.twin_ends)
        )
        return np.cumsum(usually - ended, axis=0)

    def beyond(self, priority: int, window_hours: float) -> Floats:
        """Count by week patients of a priority whose window ends while they are waiting."""
        urgent = self.operations.priority == priority
        due = self.operations.clock_start + window_hours
        missed = urgent & (self.ends > due)
        return self.horizon.count(due[missed], self.place[missed], self.places)

    def extra_patient_weeks(self, who: Flags | None = None) -> Floats:
        """Add up by week the waiting time of patients less that in the twin.

        Parameters
        ----------
        who : bool (patients,), optional
            All by default.
        """
        counted = np.ones(len(self.ends), dtype=np.bool_) if who is None else who
        here = self._hours_until(self.ends, counted)
        return (here - self._hours_until(self.twin_ends, counted)) / HOURS_PER_WEEK

    def _row(self, times: Floats) -> Integers:
        """Return the first week at whose end each time is past; the number of weeks if none."""
        return np.searchsorted(self.horizon.week_ends, times, side="right").astype(np.int64)

    def _covered(self, first: Integers, beyond: Integers) -> Floats:
        """Count by week and place the patients whose rows from first up to beyond cover it."""
        weeks, places = self.horizon.weeks, self.places
        beyond = np.maximum(first, beyond)
        opened = np.bincount(first * places + self.place, minlength=(weeks + 1) * places)
        closed = np.bincount(beyond * places + self.place, minlength=(weeks + 1) * places)
        change = (opened - closed).reshape(weeks + 1, places)[:weeks]
        return with_all(np.cumsum(change, axis=0).astype(np.float64))

    def _hours_until(self, all_ends: Floats, who: Flags) -> Floats:
        """Add up by week and place the hours of the week that lie before each patient's end."""
        horizon, ends, place = self.horizon, all_ends[who], self.place[who]
        ended = horizon.count(ends, place, self.places)
        inside = np.where(np.isfinite(ends), ends, horizon.start) - horizon.start
        begun = horizon.add_up(ends, place, np.fmod(inside, HOURS_PER_WEEK), self.places)
        before = np.bincount(place[ends < horizon.start], minlength=self.places)
        everybody = np.bincount(place, minlength=self.places)
        still = with_all((everybody - before).astype(np.float64)) - np.cumsum(ended, axis=0)
        return begun + HOURS_PER_WEEK * still
