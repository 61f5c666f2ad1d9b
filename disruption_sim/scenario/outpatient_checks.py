"""What the parts of the outpatients section owe each other: shares, and hours in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from disruption_sim.scenario.faults import CrossFault, KeyPath
from disruption_sim.scenario.outpatients import Clinic, DayUnit, Outpatients

if TYPE_CHECKING:
    from disruption_sim.scenario.model import Scenario

ROUNDING = 1e-9


def outpatient_faults(scenario: Scenario) -> list[CrossFault]:
    """Return the faults of clinics and day units that no field shows alone."""
    rules = scenario.outpatients
    faults = _hours_of_clinics(rules)
    for index, clinic in enumerate(rules.clinics):
        faults += _clinic(("outpatients", "clinics", index), clinic)
    for index, unit in enumerate(rules.day_units):
        faults += _day_unit(("outpatients", "day_units", index), unit)
    return faults


def _clinic(where: KeyPath, clinic: Clinic) -> list[CrossFault]:
    faults: list[CrossFault] = []
    if clinic.essential_share + clinic.telephone_share > 1.0 + ROUNDING:
        faults.append(
            CrossFault(
                (*where, "telephone_share"),
                f"{clinic.telephone_share:.4g} by telephone and {clinic.essential_share:.4g} who "
                "cannot go ahead without their result are more than all",
                f"at most {1.0 - clinic.essential_share:.4g}, or a smaller essential_share",
            )
        )
    ahead, (latest, _) = clinic.decision_days_before, clinic.taken_working_days_before
    if ahead and clinic.taken_on_the_day_share > 0.0:
        faults.append(
            CrossFault(
                (*where, "decision_days_before"),
                f"the decision {ahead} working days ahead comes before blood is taken on the day",
                "0, or taken_on_the_day_share: 0",
            )
        )
    elif latest <= ahead:
        faults.append(
            CrossFault(
                (*where, "decision_days_before"),
                f"the decision {ahead} working days ahead comes before blood is taken (up to "
                f"{latest} working days ahead)",
                "fewer working days than the latest of taken_days_before",
            )
        )
    return faults


def _hours_of_clinics(rules: Outpatients) -> list[CrossFault]:
    """Blood of the day is taken on the day, and the day does not end before the decision."""
    faults = []
    earliest, first = max(rules.on_the_day_hours_before), min(rules.session_start_hours)
    if earliest > first:
        faults.append(
            CrossFault(
                ("outpatients", "on_the_day_hours_before"),
                f"{earliest:.4g} hours before the first clinic at {first:.4g} h is the day before",
                "fewer hours, or later clinics",
            )
        )
    if max(rules.session_start_hours) + rules.on_the_day_wait_hours >= 24.0:
        faults.append(
            CrossFault(
                ("outpatients", "on_the_day_wait_hours"),
                f"the wait of {rules.on_the_day_wait_hours:.4g} hours ends after the day of the "
                "last clinic",
                "fewer hours",
            )
        )
    return faults


def _day_unit(where: KeyPath, unit: DayUnit) -> list[CrossFault]:
    faults: list[CrossFault] = []
    if unit.last_start_hour + unit.longest_wait_hours >= 24.0:
        faults.append(
            CrossFault(
                (*where, "longest_wait_hours"),
                f"the wait of {unit.longest_wait_hours:.4g} hours after the last start at "
                f"{unit.last_start_hour:.4g} h ends after the day",
                "fewer hours, or an earlier last start",
            )
        )
    if unit.bedside_after_hours > unit.longest_wait_hours:
        faults.append(
            CrossFault(
                (*where, "bedside_after_hours"),
                f"{unit.bedside_after_hours:.4g} hours are longer than anybody waits in the unit",
                f"at most {unit.longest_wait_hours:.4g} (longest_wait_hours)",
            )
        )
    first = min(*unit.shift_start_hours, unit.overtime_start_hour)
    if max(unit.taken_hours_before) > first:
        faults.append(
            CrossFault(
                (*where, "taken_hours_before"),
                f"{max(unit.taken_hours_before):.4g} hours before the first start at {first:.4g} h "
                "is the day before",
                "fewer hours, or a later first start",
            )
        )
    return faults
