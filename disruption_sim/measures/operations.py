"""Measures of operations: what was done, postponed, and how long people waited."""

from __future__ import annotations

import numpy as np

from disruption_sim.grid import HOURS_PER_DAY, HOURS_PER_WEEK
from disruption_sim.measures.calendar import Floats, Horizon
from disruption_sim.measures.operations_registry import removed_measure
from disruption_sim.measures.table import Ratio, Weekly
from disruption_sim.measures.theatres import theatre_measures
from disruption_sim.measures.waiting import Waits
from disruption_sim.records import (
    INCIDENT_CAUSES,
    NON_CLINICAL_CAUSES,
    Cause,
    Codes,
    DoneOn,
    Flags,
    Numbers,
    Removal,
    SurgeryRecords,
)
from disruption_sim.scenario.model import Scenario
from disruption_sim.world.model import Operations

P2, P3 = 0, 1
SATURDAY = 5
EIGHTEEN_WEEKS = 18 * HOURS_PER_WEEK
FIFTY_TWO_WEEKS = 52 * HOURS_PER_WEEK
_IS_INCIDENT = np.array([cause in INCIDENT_CAUSES for cause in Cause])
_IS_NON_CLINICAL = np.array([cause in NON_CLINICAL_CAUSES for cause in Cause])


def is_incident(cause: Codes) -> Flags:
    """Return whether each cause is the incident's."""
    flags: Flags = _IS_INCIDENT[cause]
    return flags


def decided_on_the_day(records: SurgeryRecords) -> Flags:
    """Return which postponements were decided on the day of the operation."""
    flags: Flags = _days(records.postponed_decided_at) == _days(records.postponed_at)
    return flags


def repeats(patients: Numbers) -> Flags:
    """Return which postponements, in order of time, are of patients who had one before."""
    again: Flags = np.ones(len(patients), dtype=np.bool_)
    again[np.unique(patients, return_index=True)[1]] = False
    return again


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
    waits = Waits.by(horizon, operations, records, twin, operations.site, sites)
    return {
        **_done(horizon, operations, records, sites),
        **_postponed(scenario, horizon, operations, records),
        **_waiting(scenario, waits),
        **_removed(horizon, operations, records, sites),
        **theatre_measures(horizon, records),
    }


def _done(
    horizon: Horizon, operations: Operations, records: SurgeryRecords, sites: int
) -> dict[str, Weekly]:
    site = operations.site

    def done(who: Flags | Numbers | slice) -> Floats:
        return horizon.count(records.done_at[who], site[who], sites)

    everybody = slice(None)
    weekday = _days(records.done_at) % 7.0 < SATURDAY
    return {
        "operations_done": done(everybody),
        "day_cases_done": done(operations.day_case),
        "inpatient_operations_done": done(~operations.day_case),
        "weekday_operations_share": Ratio(done(weekday), done(everybody)),
        "operations_transferred": done(records.transferred),
        "host_operations_displaced": records.host_displaced[horizon.week_rows],
        "operations_at_short_notice": done(records.swapped_in),
    }


def _postponed(
    scenario: Scenario, horizon: Horizon, operations: Operations, records: SurgeryRecords
) -> dict[str, Weekly]:
    sites = len(scenario.site_names)
    patient, cause = records.postponed_patient, records.postponed_cause
    incident = is_incident(cause)
    on_the_day = decided_on_the_day(records)

    def events(which: Flags) -> Floats:
        return horizon.count(records.postponed_at[which], operations.site[patient[which]], sites)

    every = np.ones_like(incident)
    inpatients_cancelled = events(on_the_day & ~operations.day_case[patient])
    here = ~operations.day_case & (records.done_on != DoneOn.OTHER_HOSPITAL)
    inpatients_done = horizon.count(records.done_at[here], operations.site[here], sites)
    non_clinical = on_the_day & _IS_NON_CLINICAL[cause]
    standard = scenario.surgery.rebooking_standard_days * HOURS_PER_DAY
    decided = non_clinical & (records.postponed_at + standard <= horizon.end)
    admissions = np.full(horizon.weeks, scenario.surgery.elective_admissions_per_week)
    return {
        "operations_postponed": events(every),
        "operations_postponed_incident": events(incident),
        "patients_postponed": _people(horizon, operations, records, every, sites),
        "patients_postponed_incident": _people(horizon, operations, records, incident, sites),
        "operations_postponed_again": events(repeats(patient)),
        "rebooked_late": events(records.rebooked_late),
        "operations_cancelled_on_the_day": events(on_the_day),
        "inpatients_cancelled_on_the_day_share": Ratio(
            inpatients_cancelled, inpatients_done + inpatients_cancelled
        ),
        "non_clinical_cancellations_share": Ratio(events(non_clinical)[:, -1], admissions),
        "non_clinical_rebooked_late_share": Ratio(
            events(decided & records.rebooked_late)[:, -1], events(decided)[:, -1]
        ),
    }


def _waiting(scenario: Scenario, waits: Waits) -> dict[str, Weekly]:
    rules = scenario.surgery
    waiting, later, earlier = waits.waiting(), waits.later(), waits.earlier()
    displaced, brought_forward = waits.displaced, waits.brought_forward
    horizon, place = waits.horizon, waits.place
    return {
        "operations_waiting": waiting,
        "operations_backlog": later - earlier,
        "operations_backlog_hours": waits.backlog_hours(),
        "patients_later": later,
        "patients_later_never_postponed": waits.later_never_postponed(),
        "patients_earlier": earlier,
        "patients_displaced": horizon.count(
            waits.twin_ends[displaced], place[displaced], waits.places
        ),
        "patients_brought_forward": horizon.count(
            waits.ends[brought_forward], place[brought_forward], waits.places
        ),
        "patient_weeks_of_extra_wait": waits.extra_patient_weeks(),
        "patient_weeks_never_postponed": waits.extra_patient_weeks(np.isinf(waits.postponed)),
        "patient_weeks_displaced": waits.extra_patient_weeks(displaced),
        "patient_weeks_brought_forward": -waits.extra_patient_weeks(brought_forward),
        "p2_beyond_window": waits.beyond(P2, rules.p2_window_days * HOURS_PER_DAY),
        "p3_beyond_window": waits.beyond(P3, rules.p3_window_days * HOURS_PER_DAY),
        "waiting_within_18_weeks_share": Ratio(waits.waiting_at_most(EIGHTEEN_WEEKS), waiting),
        "waiting_over_52_weeks_share": Ratio(
            waiting - waits.waiting_at_most(FIFTY_TWO_WEEKS), waiting
        ),
    }


def _removed(
    horizon: Horizon, operations: Operations, records: SurgeryRecords, sites: int
) -> dict[str, Weekly]:
    def removed(who: Flags) -> Floats:
        return horizon.count(records.removed_at[who], operations.site[who], sites)

    found: dict[str, Weekly] = {
        removed_measure(reason): removed(operations.removal_reason == reason) for reason in Removal
    }
    return {"operations_removed": removed(np.isfinite(records.removed_at)), **found}


def _people(
    horizon: Horizon, operations: Operations, records: SurgeryRecords, counted: Flags, sites: int
) -> Floats:
    """Count people once, in the week of their first postponement within the horizon."""
    counted = counted & (horizon.week_of(records.postponed_at) >= 0)
    events = np.flatnonzero(counted)
    events = events[np.argsort(records.postponed_at[events], kind="stable")]
    patients, first = np.unique(records.postponed_patient[events], return_index=True)
    return horizon.count(records.postponed_at[events[first]], operations.site[patients], sites)


def _days(times: Floats) -> Floats:
    """Return the number of the day of each time; NaN for what did not happen."""
    days: Floats = np.floor(times / HOURS_PER_DAY)
    return days
