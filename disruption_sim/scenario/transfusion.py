"""Transfusion laboratories, red-cell stock and the blood service."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from disruption_sim.scenario.sections import (
    BloodGroup,
    HourOfDay,
    NotNegative,
    Positive,
    Section,
    Share,
)


class TransfusionTimes(Section):
    """Minutes from request to blood by route, and hands-on minutes of the bench."""

    emergency_group_o_minutes: NotNegative
    electronic_issue_minutes: Positive
    crossmatch_minutes: Positive
    crossmatch_hands_on_minutes: Positive = Field(
        description="Of one biomedical scientist, for each patient crossmatched."
    )
    group_and_screen_hands_on_minutes: NotNegative = Field(
        description="Of the same scientists, for each group and screen by hand."
    )
    manual_uplift: Annotated[float, Field(ge=1.0, le=10.0)]


class Transfusion(Section):
    """Transfusion laboratories, red-cell stock and the blood service."""

    patient_groups: dict[BloodGroup, Share]
    donor_groups: dict[BloodGroup, Share]
    antibody_positive_share: Share
    times: TransfusionTimes
    immediate_minutes: Positive
    urgent_minutes: Positive
    routine_minutes: Positive
    use_shares: dict[Literal["medical_routine", "medical_urgent", "obstetric", "trauma"], Share]
    units_per_episode: Annotated[float, Field(ge=1.0, le=10.0)]
    major_haemorrhage_units: Annotated[float, Field(ge=5.0, le=60.0)] = Field(
        description="Mean of an activation; 5 in 4 hours is the definition."
    )
    group_only_on_record_share: Share = Field(
        description="Urgent patients whose group only the laboratory's records can confirm."
    )
    o_positive_share_of_emergency: Share = Field(
        description="Emergency patients who may have O-positive (men, women over 50)."
    )
    shelf_life_days: Annotated[int, Field(ge=2, le=60)]
    age_on_delivery_days: tuple[NotNegative, NotNegative] = Field(
        description="Youngest and oldest age of delivered units, uniform between."
    )
    hospital_stock_days: Positive
    least_stock_units: dict[BloodGroup, Annotated[int, Field(ge=0, le=1000)]]
    emergency_order_stock_days: NotNegative
    routine_lead_hours: Positive
    emergency_lead_hours: Positive
    order_hour: HourOfDay
    national_units_per_week: Positive
    national_stock_days: Positive
    national_daily_variation: Annotated[float, Field(ge=0.0, le=1.0)]
    national_correction_per_day: Share = Field(
        description="Share of a shortfall against target that collections make up each day."
    )
    amber_trigger_days: NotNegative
    amber_demand_cut_group_o: Share
    amber_demand_cut_all: Share
