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


class Procedure(Section):
    """A class of operations."""

    name: Name
    title: str
    specialty: Name
    grade: Grade
    share: Share = Field(description="Of the specialty's operations.")
    duration_mean_minutes: Annotated[float, Field(ge=5.0, le=900.0)]
    duration_sd_minutes: Annotated[float, Field(ge=0.0, le=600.0)]
    needs_results_share: Share = Field(description="Patients who need blood results beforehand.")
    group_and_screen_share: Share
    units_crossmatched: Annotated[int, Field(ge=0, le=20)]
    transfused_share: Share
    units_if_transfused: Annotated[float, Field(ge=1.0, le=30.0)]
    priority_mix: tuple[Share, Share, Share] = Field(description="P2, P3, P4.")


class Specialty(Section):
    """A surgical specialty: its share of the theatre work and where it is done."""

    name: Name
    title: str
    share: Share = Field(description="Of all theatre operations.")
    sites: dict[Name, Share] = Field(description="Where, adding up to 1.")
    usual_wait_weeks: Positive = Field(description="Usual list divided by weekly operations.")
    sessions_per_list: Literal[1, 2] = Field(description="1 half-day lists, 2 all-day lists.")


class Surgery(Section):
    """Waiting lists, theatre lists and the go/no-go decision."""

    elective_admissions_per_week: Positive
    theatre_share: Share
    specialties: Annotated[tuple[Specialty, ...], Field(min_length=1, max_length=64)]
    procedures: Annotated[tuple[Procedure, ...], Field(min_length=1, max_length=256)]
    session_hours: Positive
    session_start_hours: Annotated[tuple[HourOfDay, ...], Field(min_length=1, max_length=4)]
    turnover_minutes: NotNegative
    planned_utilisation: Annotated[float, Field(gt=0.3, le=1.0)]
    planned_overrun_minutes: NotNegative
    base_capacity_share: Annotated[float, Field(gt=0.5, le=1.5)] = Field(
        description="Timetabled sessions over those that balance demand."
    )
    flexible_capacity_share: Annotated[float, Field(ge=0.0, le=0.5)]
    booking_days_ahead: Annotated[int, Field(ge=3, le=90)]
    late_booking_days_ahead: Annotated[int, Field(ge=2, le=30)]
    early_fill_share: Share = Field(description="Of a session that is filled at the early booking.")
    pre_assessment_days_before: Positive
    group_and_screen_validity_days: Positive
    results_validity_days: Positive
    huddle_hour: HourOfDay = Field(description="Go/no-go the day before.")
    morning_hour: HourOfDay = Field(description="Go/no-go on the day.")
    ordinary_cancellation_share: dict[Grade, Share]
    emergency_displacement_share: Share = Field(
        description="Sessions that lose their last case to an emergency."
    )
    removal_share_per_week: Share = Field(
        description="Of those waiting: treated elsewhere, recovered, declined, died."
    )
    p2_window_days: Positive
    p3_window_days: Positive
    rebooking_standard_days: Positive
