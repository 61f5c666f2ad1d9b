"""Measures of outpatient appointments."""

from __future__ import annotations

import numpy as np

from disruption_sim.measures.calendar import Floats, Horizon, Integers, with_all
from disruption_sim.measures.operations import is_incident
from disruption_sim.measures.table import Weekly
from disruption_sim.records import OutpatientRecords
from disruption_sim.scenario.model import Scenario
from disruption_sim.world.model import World


def appointment_measures(
    scenario: Scenario,
    horizon: Horizon,
    world: World,
    records: OutpatientRecords,
    twin: OutpatientRecords,
) -> dict[str, Weekly]:
    """Compute the measures of appointments of one arm.

    Parameters
    ----------
    scenario : Scenario
    horizon : Horizon
    world : World
    records, twin : OutpatientRecords
        Of this arm and of the baseline arm.

    Returns
    -------
    dict of name to weekly values
    """
    sites = len(scenario.site_names)
    site = world.clinic_sessions.site[world.appointments.session]
    event_site = site[records.postponed_appointment]
    incident = is_incident(records.postponed_cause)
    rows = horizon.week_rows
    # Ordinary postponements are the same in every arm: more than in the twin is the incident's.
    others_stopped = records.without_results_postponed - twin.without_results_postponed
    done, usual = (
        horizon.count(arm.done_at, site, sites) + _others(by_week(arm.without_results_done), rows)
        for arm in (records, twin)
    )
    return {
        "appointments_done": done,
        "appointments_by_telephone": horizon.count(
            records.done_at[records.by_telephone], site[records.by_telephone], sites
        ),
        "appointments_postponed": horizon.count(records.postponed_at, event_site, sites)
        + _others(records.without_results_postponed, rows),
        "appointments_postponed_incident": horizon.count(
            records.postponed_at[incident], event_site[incident], sites
        )
        + _others(others_stopped, rows),
        "appointments_backlog": np.cumsum(usual - done, axis=0),
    }


def by_week(daily: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> Integers:
    """Return the sums of weeks of daily counts, int64 (weeks, sites)."""
    sums: Integers = daily.reshape(-1, 7, daily.shape[1]).sum(axis=1)
    return sums


def _others(counts: np.ndarray[tuple[int, ...], np.dtype[np.int64]], rows: slice) -> Floats:
    return with_all(counts[rows].astype(np.float64))
