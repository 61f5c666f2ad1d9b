"""The weekly flow of patients for operations, from the scenario alone."""

from __future__ import annotations

from dataclasses import dataclass

from disruption_sim.scenario.model import Procedure, Scenario, Specialty

# Operations cancelled on the day because the list had overrun, and inpatient operations for which
# there was no bed, found by running the theatres on this timetable.
CANCELLED_BY_OVERRUN = 0.01
INPATIENTS_WITHOUT_BED = 0.04


@dataclass(frozen=True)
class Flow:
    """Weekly flow of one specialty at one site.

    Attributes
    ----------
    referrals : float
        Patients joining the list a week: treated and removed.
    treated : float
        Operations a week.
    list_hours : float
        Length of one list.
    lists : float
        Lists a week that balance the flow.
    """

    site: int
    specialty: int
    referrals: float
    treated: float
    list_hours: float
    lists: float


def procedures_of(scenario: Scenario, specialty: Specialty) -> list[tuple[int, Procedure]]:
    """Return the procedures of a specialty with their numbers."""
    return [
        (number, procedure)
        for number, procedure in enumerate(scenario.surgery.procedures)
        if procedure.specialty == specialty.name
    ]


def early_share(scenario: Scenario, specialty: Specialty) -> float:
    """Return the share of a specialty's theatre time that is filled at the early booking.

    Of the time that P2 patients do not need, which is kept for them until the late booking.
    """
    minutes = urgent = 0.0
    for _, procedure in procedures_of(scenario, specialty):
        each = procedure.duration_mean_minutes + scenario.surgery.turnover_minutes
        minutes += procedure.share * each
        urgent += procedure.share * each * procedure.priority_mix[0] / sum(procedure.priority_mix)
    return scenario.surgery.early_fill_share * (1.0 - urgent / minutes)


def flows(scenario: Scenario) -> list[Flow]:
    """Return the weekly flow of every specialty and site, from the scenario alone.

    Notes
    -----
    Lists that balance = treated / (1 - cancelled) * (mean duration + turnover) /
    (length * planned utilisation). Cancelled on the day are the clinical and staff shares, last
    cases lost to an emergency, overruns and want of a bed. Referrals are the operations and those
    who leave untreated: a share a week of those on the usual list who have no date yet.
    """
    rules = scenario.surgery
    found = []
    for number, specialty in enumerate(rules.specialties):
        own = procedures_of(scenario, specialty)
        length = rules.session_hours * specialty.sessions_per_list
        minutes = sum(p.share * (p.duration_mean_minutes + rules.turnover_minutes) for _, p in own)
        cases = length * 60.0 * rules.planned_utilisation / minutes
        cancelled = sum(
            p.share
            * (
                rules.clinical_cancellation_share[p.grade]
                + INPATIENTS_WITHOUT_BED * (1.0 - p.day_case_share)
            )
            for _, p in own
        )
        cancelled += rules.staff_cancellation_share + CANCELLED_BY_OVERRUN
        cancelled += rules.emergency_displacement_share / max(cases, 1.0)
        early = early_share(scenario, specialty)
        ahead = early * rules.booking_days_ahead + (1.0 - early) * rules.late_booking_days_ahead
        undated = max(0.0, specialty.usual_wait_weeks - ahead / 7.0)
        for site, site_name in enumerate(scenario.site_names):
            treated = (
                rules.elective_admissions_per_week
                * rules.theatre_share
                * specialty.share
                * specialty.sites.get(site_name, 0.0)
            )
            if treated <= 0.0:
                continue
            referrals = treated * (1.0 + rules.removals.share_per_week * undated)
            lists = treated / max(1.0 - cancelled, 0.1) * minutes / 60.0
            lists /= length * rules.planned_utilisation
            found.append(Flow(site, number, referrals, treated, length, lists))
    return found
