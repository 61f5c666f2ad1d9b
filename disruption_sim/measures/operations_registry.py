"""Definitions of the measures of operations."""

from __future__ import annotations

from disruption_sim.measures.definitions import Measure, Worse, count, level, share
from disruption_sim.records import Bed, ExtraList, Removal

_H, _L, _N = Worse.HIGHER, Worse.LOWER, Worse.NEITHER


def removed_measure(reason: Removal) -> str:
    """Return the name of the measure of removals for one reason."""
    return f"operations_removed_{reason.name.lower()}"


def extra_lists_measure(held: ExtraList) -> str:
    """Return the name of the measure of recovery lists of one kind."""
    return f"recovery_lists_{held.name.lower()}"


def occupied_measure(bed: Bed) -> str:
    """Return the name of the measure of the occupancy of one kind of beds."""
    return f"{bed.name.lower()}_beds_occupied_share"


def lost_measure(bed: Bed) -> str:
    """Return the name of the measure of one kind of beds taken by emergencies."""
    return f"{bed.name.lower()}_beds_lost_share"


def _lower_case(name: str) -> str:
    return name.lower().replace("_", " ")


_DONE = (
    count(
        "operations_done",
        "Operations done",
        "operations",
        _L,
        "Operations started, those in other hospitals and in the independent sector included.",
    ),
    count(
        "day_cases_done",
        "Day cases done",
        "operations",
        _L,
        "Operations of patients who go home the same day.",
    ),
    count(
        "inpatient_operations_done",
        "Inpatient operations done",
        "operations",
        _L,
        "Operations of patients who stay at least one night.",
    ),
    share(
        "weekday_operations_share",
        "Operations from Monday to Friday",
        _N,
        "Of the operations done, those from Monday to Friday.",
    ),
    count(
        "operations_transferred",
        "Operations in other hospitals",
        "operations",
        _N,
        "Operations moved to another hospital by surgical mutual aid, by the patient's own "
        "hospital, in the week in which they were done.",
    ),
    count(
        "host_operations_displaced",
        "Operations that hosts put off",
        "operations",
        _H,
        "Operations of other hospitals' own patients that they put off to take ours.",
        by_site=False,
    ),
    count(
        "operations_at_short_notice",
        "Operations swapped in at short notice",
        "operations",
        _N,
        "Operations of patients who took a slot that another case could not use.",
    ),
)

_POSTPONED = (
    count(
        "operations_postponed",
        "Operations postponed, every cause",
        "operations",
        _H,
        "Postponements, ordinary ones included, in the week in which the operation was to happen; "
        "a patient postponed twice counts twice.",
    ),
    count(
        "operations_postponed_incident",
        "Operations postponed because of the incident",
        "operations",
        _H,
        "Postponements whose cause is the incident: results, samples, group and screen, "
        "transfusion, blood, or incident command.",
    ),
    count(
        "patients_postponed",
        "Patients whose operation was postponed",
        "patients",
        _H,
        "People with at least one postponement of any cause, each once, in the week of the first.",
    ),
    count(
        "patients_postponed_incident",
        "Patients whose operation was postponed because of the incident",
        "patients",
        _H,
        "People with at least one postponement caused by the incident, each once, in the week of "
        "the first.",
    ),
    count(
        "operations_postponed_again",
        "Operations postponed again",
        "operations",
        _H,
        "Postponements of patients who had been postponed before, for any cause; with the first "
        "ones they are operations_postponed.",
    ),
    count(
        "rebooked_late",
        "Postponed operations not done within the rebooking standard",
        "operations",
        _H,
        "Postponements after which the patient was not operated on within the standard, in the "
        "week of the postponement; not counted while the standard has yet to run out.",
    ),
    count(
        "operations_cancelled_on_the_day",
        "Operations cancelled on the day",
        "operations",
        _H,
        "Of operations_postponed, those decided on the day of the operation, whatever the cause.",
    ),
    share(
        "inpatients_cancelled_on_the_day_share",
        "Inpatient operations cancelled on the day",
        _H,
        "Of the inpatient operations done or cancelled on the day, those cancelled, whatever the "
        "cause; operations in other hospitals left out.",
    ),
    share(
        "non_clinical_cancellations_share",
        "Last-minute cancellations for ordinary non-clinical reasons",
        _H,
        "Operations cancelled on the day for want of a bed, time or staff, or displaced by an "
        "emergency, over all elective admissions of a usual week, those that need no theatre "
        "included.",
        by_site=False,
    ),
    share(
        "non_clinical_rebooked_late_share",
        "Last-minute cancellations not made good within the rebooking standard",
        _H,
        "Of the operations cancelled on the day for want of a bed, time or staff, or displaced by "
        "an emergency, those whose patient was not operated on within the standard; not counted "
        "while the standard has yet to run out.",
        by_site=False,
    ),
)

_WAITING = (
    level(
        "operations_waiting",
        "Patients waiting for an operation",
        "patients",
        _H,
        "Patients on the waiting list at the end of the week.",
    ),
    level(
        "operations_backlog",
        "Net backlog of operations",
        "patients",
        _H,
        "Patients treated or removed since the onset in the baseline arm, less those in this arm, "
        "at the end of the week; 0 in the baseline arm.",
    ),
    level(
        "operations_backlog_hours",
        "Net backlog of operations in theatre hours",
        "hours",
        _H,
        "As operations_backlog, each patient with the hours that a list would be planned with; it "
        "differs where short operations are done first; 0 in the baseline arm.",
    ),
    level(
        "patients_later",
        "Patients later than without the incident",
        "patients",
        _H,
        "Patients still waiting at the end of the week who in the baseline arm are not; 0 in the "
        "baseline arm.",
    ),
    level(
        "patients_later_never_postponed",
        "Patients later than without the incident, though never postponed",
        "patients",
        _H,
        "Of patients_later, those who have not been postponed for any cause by then: others went "
        "before them.",
    ),
    level(
        "patients_earlier",
        "Patients earlier than without the incident",
        "patients",
        _N,
        "Patients no longer waiting at the end of the week who in the baseline arm still are; 0 "
        "in the baseline arm.",
    ),
    count(
        "patients_displaced",
        "Patients who waited longer though never postponed",
        "patients",
        _H,
        "People never postponed for any cause whose wait ended at least a day later than in the "
        "baseline arm, each once, in the week in which it ended there; waits are cut at the "
        "horizon.",
    ),
    count(
        "patients_brought_forward",
        "Patients who waited less though never postponed",
        "patients",
        _N,
        "People never postponed for any cause whose wait ended at least a day earlier than in the "
        "baseline arm, each once, in the week in which it ended; waits are cut at the horizon.",
    ),
    count(
        "patient_weeks_of_extra_wait",
        "Patient-weeks of extra wait for operations",
        "patient-weeks",
        _H,
        "Waiting time spent in the week over all patients, less that in the baseline arm; waits "
        "are cut at the horizon; 0 in the baseline arm.",
    ),
    count(
        "patient_weeks_never_postponed",
        "Patient-weeks of extra wait of patients never postponed, on balance",
        "patient-weeks",
        _H,
        "Of patient_weeks_of_extra_wait, that of patients never postponed for any cause: those "
        "displaced less those brought forward.",
    ),
    count(
        "patient_weeks_displaced",
        "Patient-weeks of extra wait of patients displaced",
        "patient-weeks",
        _H,
        "Of patient_weeks_of_extra_wait, that of patients_displaced.",
    ),
    count(
        "patient_weeks_brought_forward",
        "Patient-weeks saved by patients brought forward",
        "patient-weeks",
        _N,
        "Waiting time that patients_brought_forward did not spend, as a positive number.",
    ),
    count(
        "p2_beyond_window",
        "P2 patients not treated in time",
        "patients",
        _H,
        "Patients of priority P2 still waiting when their window ends, in the week in which it "
        "ends.",
    ),
    count(
        "p3_beyond_window",
        "P3 patients not treated in time",
        "patients",
        _H,
        "Patients of priority P3 still waiting when their window ends, in the week in which it "
        "ends.",
    ),
    share(
        "waiting_within_18_weeks_share",
        "Waiting no longer than 18 weeks",
        _L,
        "Of the patients waiting for an operation at the end of the week, those who have waited "
        "18 weeks or less.",
    ),
    share(
        "waiting_over_52_weeks_share",
        "Waiting longer than 52 weeks",
        _H,
        "Of the patients waiting for an operation at the end of the week, those who have waited "
        "longer than 52 weeks.",
    ),
    count(
        "operations_removed",
        "Patients removed from the list untreated",
        "patients",
        _N,
        "Patients who left the waiting list without an operation.",
    ),
    *(
        count(
            removed_measure(reason),
            f"Removed from the list: {_lower_case(reason.name)}",
            "patients",
            _N,
            f"Of operations_removed, those for the reason: {_lower_case(reason.name)}.",
        )
        for reason in Removal
    ),
)


def _recovery_lists(held: ExtraList, where: str) -> Measure:
    return count(
        extra_lists_measure(held),
        f"Recovery lists {where}",
        "lists",
        _N,
        f"Of recovery_lists, those {where}.",
        by_site=False,
    )


def _occupied(bed: Bed) -> Measure:
    name = _lower_case(bed.name)
    return share(
        occupied_measure(bed),
        f"Elective {name} beds occupied",
        _N,
        f"Of the nights of elective {name} beds, those with an elective patient in the bed.",
    )


def _lost(bed: Bed) -> Measure:
    name = _lower_case(bed.name)
    return share(
        lost_measure(bed),
        f"Elective {name} beds taken by emergencies",
        _N,
        f"Of the nights of elective {name} beds, those with an emergency patient in the bed.",
    )


_THEATRES = (
    count(
        "theatre_lists",
        "Theatre lists run",
        "lists",
        _N,
        "Operating lists run, flexible and recovery lists included.",
        by_site=False,
    ),
    count(
        "flexible_lists",
        "Flexible theatre lists run",
        "lists",
        _N,
        "Lists opened only because the waiting list was above its usual size.",
        by_site=False,
    ),
    count(
        "recovery_lists",
        "Recovery theatre lists run",
        "lists",
        _N,
        "Extra lists opened by a recovery policy.",
        by_site=False,
    ),
    _recovery_lists(ExtraList.WEEKEND, "at weekends"),
    _recovery_lists(ExtraList.EVENING, "in the evening"),
    _recovery_lists(ExtraList.INDEPENDENT_SECTOR, "in the independent sector"),
    count(
        "recovery_cost_pounds",
        "Cost of recovery lists and transfers",
        "pounds",
        _H,
        "Recovery lists and operations moved to other hospitals, at the scenario's prices; "
        "flexible lists are ordinary work and cost nothing here.",
        by_site=False,
    ),
    share(
        "theatre_utilisation",
        "Theatre time used",
        _N,
        "Hours of operating and turnover over hours of lists run in the hospitals' own theatres.",
        by_site=False,
    ),
    *(_occupied(bed) for bed in Bed),
    *(_lost(bed) for bed in Bed),
)

OPERATIONS: tuple[Measure, ...] = (*_DONE, *_POSTPONED, *_WAITING, *_THEATRES)
"""Measures of operations, in the order of the tables."""
