"""What the hours and days of theatres owe each other."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from disruption_sim.scenario.faults import CrossFault, KeyPath

if TYPE_CHECKING:
    from disruption_sim.scenario.model import Scenario
    from disruption_sim.scenario.surgery import Surgery

EVENING_GAP_HOURS = 0.5
"""Between the end of the day's last list and an evening list."""
CLOSURE_DAYS = 7
"""Blood due on a holiday is taken on the last working day before it, less than this sooner."""


def theatre_faults(scenario: Scenario) -> list[CrossFault]:
    """Return what is wrong with the hours of lists and the days of booking and pre-assessment."""
    rules = scenario.surgery
    return [*_day_of_surgery(rules), *_booking_days(rules), *_pre_assessment_days(rules)]


def _day_of_surgery(rules: Surgery) -> list[CrossFault]:
    """Lists one after the other within a day, and go or no-go before the first."""
    faults: list[CrossFault] = []
    starts, length = rules.session_start_hours, rules.session_hours
    if any(later - earlier < length for earlier, later in pairwise(starts)):
        hours = " and ".join(f"{start:g} h" for start in starts)
        faults.append(
            CrossFault(
                ("surgery", "session_start_hours"),
                f"sessions of {length:g} hours cannot start at {hours}",
                "hours in order, each session over before the next",
            )
        )
    all_day = max(specialty.sessions_per_list for specialty in rules.specialties) * length
    ends = max(starts[0] + all_day, max(starts) + 2.0 * length + EVENING_GAP_HOURS)
    if ends > 24.0:
        faults.append(
            CrossFault(
                ("surgery", "session_hours"),
                f"with sessions of {length:g} hours an all-day or an evening list ends after "
                "midnight",
                "shorter or earlier sessions",
            )
        )
    if rules.morning_hour > min(starts):
        faults.append(
            CrossFault(
                ("surgery", "morning_hour"),
                f"go or no-go at {rules.morning_hour:g} h comes after lists begin",
                f"an hour up to {min(starts):g}",
            )
        )
    return faults


def _booking_days(rules: Surgery) -> list[CrossFault]:
    early, late = rules.booking_days_ahead, rules.late_booking_days_ahead
    if late <= early:
        return []
    return [
        CrossFault(
            ("surgery", "late_booking_days_ahead"),
            f"the late booking, {late} days ahead, comes before the first, {early} days ahead",
            f"a whole number up to {early}",
        )
    ]


def _pre_assessment_days(rules: Surgery) -> list[CrossFault]:
    """Days in order, the latest not before the late booking, and results in date on the day."""
    path: KeyPath = ("surgery", "pre_assessment_days_before")
    latest, earliest = rules.pre_assessment_days_before
    if latest > earliest:
        return [
            CrossFault(
                path, f"{latest:g} comes after {earliest:g}", "the smaller number of days first"
            )
        ]
    faults: list[CrossFault] = []
    if latest > rules.late_booking_days_ahead:
        faults.append(
            CrossFault(
                path,
                f"lists are filled {rules.late_booking_days_ahead} days ahead, after blood should "
                f"have been taken ({latest:g} days ahead at the latest)",
                "a first number up to late_booking_days_ahead",
            )
        )
    if earliest > rules.results_validity_days - CLOSURE_DAYS:
        faults.append(
            CrossFault(
                ("surgery", "results_validity_days"),
                f"results of blood taken up to {earliest:g} days before the list are out of date "
                f"after {rules.results_validity_days:g} days",
                f"at least {earliest + CLOSURE_DAYS:g}, a week more than the second number of "
                "pre_assessment_days_before",
            )
        )
    return faults
