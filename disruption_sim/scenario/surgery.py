"""Waiting lists, theatre lists and the go/no-go decision."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from disruption_sim.scenario.sections import (
    Grade,
    HourOfDay,
    Name,
    NotNegative,
    Positive,
    Section,
    Share,
)

Asa = Literal["asa_1", "asa_2", "asa_3_or_4"]
PriorityMix = tuple[Share, Share, Share]


class Procedure(Section):
    """A class of operations."""

    name: Name
    title: str
    specialty: Name
    grade: Grade
    share: Share = Field(description="Of the specialty's operations.")
    duration_mean_minutes: Annotated[float, Field(ge=5.0, le=900.0)]
    duration_sd_minutes: Annotated[float, Field(ge=0.0, le=600.0)]
    asa_mix: tuple[Share, Share, Share] = Field(description="ASA 1, 2, and 3 or 4.")
    needs_results_share: Share | None = Field(
        default=None,
        description="Patients who need blood results beforehand, where it is not as the guideline "
        "has it by grade and ASA.",
    )
    day_case_share: Share
    nights: Annotated[float, Field(ge=1.0, le=100.0)] = Field(
        description="Mean stay of those who stay; the nights are geometric from one on."
    )
    critical_care_share: Share = Field(
        description="Of those who stay, with a first night in critical care."
    )
    group_and_screen_share: Share
    units_crossmatched: Annotated[int, Field(ge=0, le=20)] = Field(
        description="Maximum surgical blood ordering schedule."
    )
    transfused_share: Share
    units_if_transfused: Annotated[float, Field(ge=1.0, le=30.0)]
    priority_mix: PriorityMix = Field(description="P2, P3, P4.")


class Specialty(Section):
    """A surgical specialty: its share of the theatre work and where it is done."""

    name: Name
    title: str
    share: Share = Field(description="Of all theatre operations.")
    sites: dict[Name, Share] = Field(description="Where, adding up to 1.")
    usual_wait_weeks: Positive = Field(description="Usual list divided by weekly operations.")
    sessions_per_list: Literal[1, 2] = Field(description="1 half-day lists, 2 all-day lists.")


class Beds(Section):
    """Beds for elective patients, worked out from the operations; emergencies take some."""

    ward_occupancy: Annotated[float, Field(gt=0.3, le=1.0)] = Field(
        description="Share of a hospital's elective ward beds that planned operations would fill "
        "on the nights of Monday to Friday; emergencies come on top."
    )
    critical_care_occupancy: Annotated[float, Field(gt=0.3, le=1.0)] = Field(
        description="The same for critical care."
    )
    lost_to_emergencies_share: Share = Field(
        description="Of the beds, on average, with emergency patients in them."
    )
    lost_to_emergencies_variation: Annotated[float, Field(ge=0.0, le=5.0)] = Field(
        description="Coefficient of variation of that, from day to day."
    )


class Removals(Section):
    """Who leaves the waiting list without an operation, and why."""

    share_per_week: Share = Field(description="Of those waiting.")
    reasons: dict[Literal["treated_elsewhere", "recovered", "declined", "died"], Share] = Field(
        description="Adding up to 1."
    )


class Unavailable(Section):
    """Patients who cannot be operated on for a time: by choice, or until they are fit."""

    share: Share = Field(description="Of referrals of P3 and P4; P2 come when they can.")
    weeks: Positive = Field(description="Mean time for which they cannot, exponential.")


class Surgery(Section):
    """Waiting lists, theatre lists and the go/no-go decision."""

    elective_admissions_per_week: Positive
    theatre_share: Share
    specialties: Annotated[tuple[Specialty, ...], Field(min_length=1, max_length=64)]
    procedures: Annotated[tuple[Procedure, ...], Field(min_length=1, max_length=256)]
    needs_results_by_grade: dict[Grade, tuple[Share, Share, Share]] = Field(
        description="Share that needs blood results beforehand at ASA 1, 2, and 3 or 4."
    )
    session_hours: Annotated[float, Field(ge=0.5, le=12.0)]
    session_start_hours: Annotated[tuple[HourOfDay, ...], Field(min_length=1, max_length=4)]
    weekend_share: Annotated[float, Field(ge=0.0, le=0.5)] = Field(
        description="Of ordinary lists, held on Saturdays."
    )
    turnover_minutes: Annotated[float, Field(ge=0.0, le=240.0)]
    planned_utilisation: Annotated[float, Field(gt=0.3, le=1.0)]
    planned_overrun_minutes: NotNegative
    base_capacity_share: Annotated[float, Field(gt=0.5, le=1.5)] = Field(
        description="Timetabled sessions over those that balance demand."
    )
    flexible_capacity_share: Annotated[float, Field(ge=0.0, le=0.5)]
    booking_days_ahead: Annotated[int, Field(ge=3, le=90)]
    late_booking_days_ahead: Annotated[int, Field(ge=2, le=30)]
    early_fill_share: Share = Field(
        description="Of the time that P2 do not need, filled at the early booking."
    )
    pre_assessment_days_before: tuple[Positive, Positive] = Field(
        description="Latest and earliest day before the list on which blood is taken."
    )
    group_and_screen_validity_days: Positive
    results_validity_days: Positive
    huddle_hour: HourOfDay = Field(description="Go/no-go the day before.")
    morning_hour: HourOfDay = Field(description="Go/no-go on the day.")
    beds: Beds
    clinical_cancellation_share: dict[Grade, Share] = Field(
        description="Patients found unfit, or who do not come, on the day."
    )
    staff_cancellation_share: Share = Field(
        description="Operations cancelled on the day for want of staff or equipment, or by mistake."
    )
    emergency_displacement_share: Share = Field(
        description="Sessions that lose their last case to an emergency."
    )
    short_notice_share: Share = Field(
        description="Patients on the waiting list who can come the next day."
    )
    removals: Removals
    unavailable: Unavailable
    p2_window_days: Positive
    p3_window_days: Positive
    rebooking_standard_days: Positive
    transferred_cost_pounds: NotNegative = Field(
        description="Of one operation in another hospital, for the sum of costs."
    )

    def needs_results_shares(self, procedure: Procedure) -> tuple[float, float, float]:
        """Return the shares that need blood results at ASA 1, 2, and 3 or 4."""
        if procedure.needs_results_share is not None:
            return (procedure.needs_results_share,) * 3
        return self.needs_results_by_grade[procedure.grade]

    def mean_needs_results_share(self, procedure: Procedure) -> float:
        """Return the share of all patients for a procedure that need blood results."""
        shares = self.needs_results_shares(procedure)
        return sum(a * b for a, b in zip(procedure.asa_mix, shares, strict=True)) / sum(
            procedure.asa_mix
        )
