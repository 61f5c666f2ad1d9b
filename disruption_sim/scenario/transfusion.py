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

Units = Annotated[int, Field(ge=0, le=1000)]
Use = Literal["medical_routine", "medical_urgent", "obstetric", "trauma"]
GroupO = Literal[BloodGroup.O_NEGATIVE, BloodGroup.O_POSITIVE]


class TransfusionTimes(Section):
    """Minutes to blood by route, and hands-on minutes of one biomedical scientist at the bench."""

    sample_minutes: NotNegative = Field(
        description="Taking a sample and getting it to the laboratory when it is urgent."
    )
    emergency_group_o_minutes: NotNegative = Field(description="From the satellite fridge.")
    laboratory_group_o_minutes: NotNegative = Field(
        description="Group O from the laboratory's own fridge, when the satellite is empty."
    )
    group_specific_minutes: Positive = Field(
        description="From the sample in the laboratory to blood of its group, uncrossmatched."
    )
    group_and_screen_minutes: Positive = Field(description="From the sample in the laboratory.")
    electronic_issue_minutes: Positive = Field(description="From a valid, tested sample.")
    crossmatch_minutes: Positive = Field(description="From a valid, tested sample.")
    antibody_minutes: NotNegative = Field(
        description="More, to find compatible blood for a patient with antibodies."
    )
    electronic_issue_hands_on_minutes: NotNegative
    group_specific_hands_on_minutes: Positive
    crossmatch_hands_on_minutes: Positive = Field(description="For each patient crossmatched.")
    group_and_screen_hands_on_minutes: NotNegative = Field(
        description="For each sample on an analyser that sends its result."
    )
    manual_group_and_screen_hands_on_minutes: NotNegative = Field(
        description="For each sample without information technology."
    )
    manual_uplift: Annotated[float, Field(ge=1.0, le=10.0)] = Field(
        description="Times, and hands-on minutes of routes, without information technology."
    )
    learning_per_week: Share = Field(
        description="By which what the manual uplift adds falls with each week of work by hand."
    )
    learning_floor_share: Share = Field(
        description="Of what the manual uplift adds, that practice does not take away."
    )


class Satellites(Section):
    """Fridges with group O for emergencies, outside the laboratory; one for each hospital."""

    units: dict[GroupO, Units] = Field(description="Kept in the satellite of each hospital.")
    rotation_days: NotNegative = Field(
        description="Units with fewer days left go back to the laboratory, to be used there."
    )


class MajorHaemorrhage(Section):
    """How a bleeding patient is served; 5 units in 4 hours is the definition."""

    mean_units: Annotated[float, Field(ge=5.0, le=60.0)]
    pack_units: Annotated[int, Field(ge=1, le=20)] = Field(
        description="Red cells asked for at a time."
    )
    pack_interval_minutes: Positive
    trauma_share: Share = Field(description="Of activations; the rest bleed for other reasons.")


class FreshNeeds(Section):
    """Patients who need fresh red cells, such as newborns; 0 switches this off."""

    share: Share = Field(description="Of patients outside planned operations.")
    most_days_old: Annotated[int, Field(ge=1, le=35)]


class MadeToOrder(Section):
    """Red cells ordered for one patient: irradiated, washed, or matched for more antigens.

    The patient has them out of the ordinary flow; those that are not needed in the end suit nobody
    else in time and expire.
    """

    share: Share = Field(description="Of the units used in ordinary running.")
    unused_share: Share = Field(description="Of these, the ones that are not needed in the end.")
    life_days: Annotated[int, Field(ge=1, le=35)] = Field(description="From their delivery.")


class AlertPhase(Section):
    """A phase of shortage of the blood service and what hospitals then do without."""

    name: Literal["pre_amber", "amber", "red"]
    trigger_days: NotNegative = Field(description="Stock of any group under this.")
    demand_cut_group_o: Share
    demand_cut_all: Share


class BloodService(Section):
    """The national stock, its collections, and the demand of the rest of the country."""

    units_per_week: Positive
    stock_days: Positive
    daily_variation: Annotated[float, Field(ge=0.0, le=1.0)]
    correction_per_day: Share = Field(
        description="Share of a shortfall against target that collections make up each day."
    )
    alerts: Annotated[tuple[AlertPhase, ...], Field(max_length=3)]
    alert_least_days: NotNegative = Field(description="An alert is not lifted sooner.")


class Deliveries(Section):
    """Orders and the ways blood comes to a hospital."""

    order_hour: HourOfDay
    routine_weekdays: Annotated[tuple[bool, ...], Field(min_length=7, max_length=7)] = Field(
        description="Monday to Sunday: whether there is a routine delivery."
    )
    routine_lead_hours: Positive
    ad_hoc_stock_days: NotNegative = Field(
        description="Usable stock under so many days of use brings an extra order."
    )
    ad_hoc_lead_hours: Positive
    emergency_stock_days: NotNegative
    emergency_lead_hours: Positive


class Transfusion(Section):
    """Transfusion laboratories, red-cell stock and the blood service."""

    patient_groups: dict[BloodGroup, Share]
    donor_groups: dict[BloodGroup, Share]
    antibody_positive_share: Share
    always_crossmatched_share: Share = Field(
        description="Patients without antibodies who still may not have electronic issue."
    )
    history_on_file_share: Share = Field(
        description="Patients whose group is on record from an earlier sample."
    )
    short_validity_share: Share = Field(description="Patients recently transfused or pregnant.")
    short_validity_days: Positive = Field(description="How long their samples are valid.")
    tested_sample_shares: dict[Use, Share] = Field(
        description="Patients with a valid, tested sample at the time of the request."
    )
    wrong_blood_in_tube_per_sample: Share
    wrong_blood_in_tube_by_hand_ratio: Annotated[float, Field(ge=1.0, le=100.0)]
    times: TransfusionTimes
    immediate_minutes: Positive
    urgent_minutes: Positive
    routine_minutes: Positive
    day_shift_hours: tuple[HourOfDay, HourOfDay] = Field(description="Start and end.")
    other_work_share: Annotated[float, Field(ge=0.0, le=0.9)] = Field(
        description="Of scientists' time, for what is not modelled: components, quality control, "
        "investigations, the telephone. Samples and planned crossmatches take that much longer; "
        "for a patient who bleeds other work is left."
    )
    on_call_response_minutes: NotNegative = Field(
        description="Until a scientist on call is at the bench."
    )
    use_shares: dict[Use, Share]
    units_per_episode: Annotated[float, Field(ge=1.0, le=10.0)]
    major_haemorrhage: MajorHaemorrhage
    fresh_needs: FreshNeeds
    o_positive_eligible_share: Share = Field(
        description="Emergency patients to whom O-positive may be given: men, women over 50."
    )
    o_positive_uptake_share: Share = Field(
        description="Of these, the ones who are given it in ordinary running."
    )
    shelf_life_days: Annotated[int, Field(ge=2, le=60)]
    age_on_delivery_days: tuple[NotNegative, NotNegative] = Field(
        description="Youngest and oldest age of delivered units, uniform between."
    )
    hospital_stock_days: Positive
    least_stock_units: dict[BloodGroup, Units]
    buffer_units: dict[GroupO, Units] = Field(
        description="More than ordinary stock in each hospital, in both futures; not reordered "
        "while transfusion information technology is lost there."
    )
    satellites: Satellites
    made_to_order: MadeToOrder
    use_up_o_negative_days: Annotated[int, Field(ge=0, le=35)] = Field(
        description="O-negative units with at most so many days left go to any patient first."
    )
    reservation_hours: Positive = Field(
        description="Reserved units go back to stock so long after the time they were for."
    )
    units_by_hand_for_operation: Annotated[int, Field(ge=1, le=20)] = Field(
        description="Crossmatched in advance, without electronic issue, for operations for which "
        "otherwise none would be."
    )
    returned_wasted_share: Share = Field(
        description="Of reserved units that come back, those too warm or too old to keep."
    )
    deliveries: Deliveries
    blood_service: BloodService
