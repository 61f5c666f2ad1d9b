"""Measures of operations: what was done, postponed, and how long people waited."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from disruption_sim.grid import HOURS_PER_DAY, HOURS_PER_WEEK
from disruption_sim.measures.calendar import Floats, Horizon, Integers, with_all
from disruption_sim.measures.table import Ratio, Weekly
from disruption_sim.records import INCIDENT_CAUSES, Cause, Codes, Flags, SurgeryRecords
from disruption_sim.scenario.model import Scenario
from disruption_sim.world.model import Operations

EIGHTEEN_WEEKS = 18 * HOURS_PER_WEEK
_IS_INCIDENT = np.array([cause in INCIDENT_CAUSES for cause in Cause])


def is_incident(cause: Codes) -> Flags:
    """Return whether each cause is the incident's."""
    flags: Flags = _IS_INCIDENT[cause]
    return flags


def wait_ends(records: SurgeryRecords) -> Floats:
    """Return when each patient left the waiting list, treated or not; inf for the waiting."""
    ends: Floats = np.fmin(records.done_at, records.removed_at)
    return np.where(np.isnan(ends), np.inf, ends)


def operation_measures(
    scenario: Scenario,
    horizon: Horizon,
    operations: Operations,
    records: SurgeryRecords,
    twin: SurgeryRecords,
) -> dict[str, Weekly]:
    """Compute the measures of operations of one arm.

    Parameters
    ----------
    scenario : Scenario
    horizon : Horizon
    operations : Operations
        Of the world.
    records, twin : SurgeryRecords
        Of this arm and of the baseline arm.

    Returns
    -------
    dict of name to weekly values
    """
    sites = len(scenario.site_names)
    site = operations.site
    waits = _Waits(horizon, operations, wait_ends(records), wait_ends(twin), sites)
    event_site = site[records.postponed_patient]
    incident = is_incident(records.postponed_cause)
    rows = horizon.week_rows
    return {
        "operations_done": horizon.count(records.done_at, site, sites),
        "operations_postponed": horizon.count(records.postponed_at, event_site, sites),
        "operations_postponed_incident": horizon.count(
            records.postponed_at[incident], event_site[incident], sites
        ),
        "patients_postponed": _people(horizon, operations, records, np.ones_like(incident), sites),
        "patients_postponed_incident": _people(horizon, operations, records, incident, sites),
        "rebooked_late": horizon.count(
            records.postponed_at[records.rebooked_late], event_site[records.rebooked_late], sites
        ),
        "p2_beyond_window": waits.p2_beyond(scenario.surgery.p2_window_days * HOURS_PER_DAY),
        "operations_removed": horizon.count(records.removed_at, site, sites),
        "operations_at_short_notice": horizon.count(
            records.done_at[records.swapped_in], site[records.swapped_in], sites
        ),
        "operations_waiting": waits.waiting(),
        "operations_backlog": waits.later() - waits.earlier(),
        "patients_later": waits.later(),
        "patients_earlier": waits.earlier(),
        "patient_weeks_of_extra_wait": waits.extra_patient_weeks(),
        "waiting_within_18_weeks_share": Ratio(
            waits.waiting_at_most(EIGHTEEN_WEEKS), waits.waiting()
        ),
        "theatre_lists": records.lists_run[rows].astype(np.float64),
        "flexible_lists": records.flexible_lists_run[rows].astype(np.float64),
        "recovery_lists": records.recovery_lists_run[rows].astype(np.float64),
        "theatre_utilisation": Ratio(records.busy_hours[rows], records.list_hours[rows]),
    }


def _people(
    horizon: Horizon, operations: Operations, records: SurgeryRecords, counted: Flags, sites: int
) -> Floats:
    """Count people once, in the week of their first postponement within the horizon."""
    counted = counted & (horizon.week_of(records.postponed_at) >= 0)
    events = np.flatnonzero(counted)
    events = events[np.argsort(records.postponed_at[events], kind="stable")]
    patients, first = np.unique(records.postponed_patient[events], return_index=True)
    return horizon.count(records.postponed_at[events[first]], operations.site[patients], sites)


@dataclass(frozen=True)
class _Waits:
    """Waits of all patients in one arm and in its twin; they end when `ends` says, inf if not."""

    horizon: Horizon
    operations: Operations
    ends: Floats
    twin_ends: Floats
    sites: int

    def waiting(self) -> Floats:
        return self._covered(self._row(self.operations.clock_start), self._row(self.ends))

    def waiting_at_most(self, hours: float) -> Floats:
        start = self.operations.clock_start
        last = np.searchsorted(self.horizon.week_ends, start + hours, side="right")
        return self._covered(self._row(start), np.minimum(self._row(self.ends), last))

    def later(self) -> Floats:
        return self._covered(self._row(self.twin_ends), self._row(self.ends))

    def earlier(self) -> Floats:
        return self._covered(self._row(self.ends), self._row(self.twin_ends))

    def p2_beyond(self, window_hours: float) -> Floats:
        urgent = self.operations.priority == 0
        due = self.operations.clock_start + window_hours
        missed = urgent & (self.ends > due)
        return self.horizon.count(due[missed], self.operations.site[missed], self.sites)

    def extra_patient_weeks(self) -> Floats:
        return (self._hours_until(self.ends) - self._hours_until(self.twin_ends)) / HOURS_PER_WEEK

    def _row(self, times: Floats) -> Integers:
        """Return the first week at whose end each time is past; the number of weeks if none."""
        return np.searchsorted(self.horizon.week_ends, times, side="right").astype(np.int64)

    def _covered(self, first: Integers, beyond: Integers) -> Floats:
        """Count by week and place the patients whose rows from first up to beyond cover it."""
        weeks, sites = self.horizon.weeks, self.sites
        beyond = np.maximum(first, beyond)
        opened = np.bincount(first * sites + self.operations.site, minlength=(weeks + 1) * sites)
        closed = np.bincount(beyond * sites + self.operations.site, minlength=(weeks + 1) * sites)
        change = (opened - closed).reshape(weeks + 1, sites)[:weeks]
        return with_all(np.cumsum(change, axis=0).astype(np.float64))

    def _hours_until(self, ends: Floats) -> Floats:
        """Add up by week and place the hours of the week that lie before each patient's end."""
        horizon, site = self.horizon, self.operations.site
        ended = horizon.count(ends, site, self.sites)
        inside = np.where(np.isfinite(ends), ends, horizon.start) - horizon.start
        begun = horizon.add_up(ends, site, np.fmod(inside, HOURS_PER_WEEK), self.sites)
        before = np.bincount(site[ends < horizon.start], minlength=self.sites)
        everybody = np.bincount(site, minlength=self.sites)
        still = with_all((everybody - before).astype(np.float64)) - np.cumsum(ended, axis=0)
        return begun + HOURS_PER_WEEK * still
