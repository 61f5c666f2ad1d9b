"""The scenario: everything a planner can state, as frozen and validated objects.

Field names carry their unit. Nothing downstream checks a scenario again.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from disruption_sim.scenario.faults import CrossFaults
from disruption_sim.scenario.provenance import Provenance

Share = Annotated[float, Field(ge=0.0, le=1.0, allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0.0, le=1e9, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0.0, le=1e9, allow_inf_nan=False)]
HourOfDay = Annotated[float, Field(ge=0.0, lt=24.0, allow_inf_nan=False)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$", max_length=60)]
Weights24 = Annotated[tuple[NotNegative, ...], Field(min_length=24, max_length=24)]
Weights7 = Annotated[tuple[NotNegative, ...], Field(min_length=7, max_length=7)]


class Section(BaseModel):
    """A part of a scenario: frozen, and a key it does not know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(StrEnum):
    """Where a blood sample comes from, in the order in which laboratories dispatch work."""

    THEATRE_AND_INTENSIVE_CARE = "theatre_and_intensive_care"
    EMERGENCY_DEPARTMENT = "emergency_department"
    INPATIENT_URGENT = "inpatient_urgent"
    INPATIENT_ROUTINE = "inpatient_routine"
    PRE_ASSESSMENT = "pre_assessment"
    OUTPATIENT = "outpatient"
    GENERAL_PRACTICE = "general_practice"


class TubeType(StrEnum):
    """What is in the tube, which decides its analysis and how long it keeps."""

    CHEMISTRY = "chemistry"
    HAEMATOLOGY = "haematology"
    COAGULATION = "coagulation"
    GROUP_AND_SCREEN = "group_and_screen"


class Step(StrEnum):
    """Stations of a laboratory, in the order in which a tube passes them."""

    BOOKING_IN = "booking_in"
    PREPARATION = "preparation"
    CHEMISTRY = "chemistry"
    HAEMATOLOGY = "haematology"
    COAGULATION = "coagulation"
    GROUP_AND_SCREEN = "group_and_screen"
    AUTHORISATION = "authorisation"
    REPORTING = "reporting"
    BACK_ENTRY = "back_entry"


class Capability(StrEnum):
    """What a disruption or a condition can take away."""

    BOOKING_IN = "booking_in"
    AUTHORISATION = "authorisation"
    REPORTING = "reporting"
    ANALYSERS = "analysers"
    TRANSFUSION_IT = "transfusion_it"
    THEATRES = "theatres"
    CLINICS = "clinics"


class Grade(StrEnum):
    """Grade of an operation, after NICE guideline NG45."""

    MINOR = "minor"
    INTERMEDIATE = "intermediate"
    MAJOR = "major"
    COMPLEX = "complex"


class BloodGroup(StrEnum):
    """ABO and D group."""

    O_NEGATIVE = "o_negative"
    O_POSITIVE = "o_positive"
    A_NEGATIVE = "a_negative"
    A_POSITIVE = "a_positive"
    B_NEGATIVE = "b_negative"
    B_POSITIVE = "b_positive"
    AB_NEGATIVE = "ab_negative"
    AB_POSITIVE = "ab_positive"


# --------------------------------------------------------------------------- calendar and places


class Calendar(Section):
    """When the story starts and how long it is told."""

    onset: dt.date = Field(description="Day on which the disruption starts; its week is week 1.")
    warm_up_weeks: Annotated[int, Field(ge=6, le=26)]
    horizon_weeks: Annotated[int, Field(ge=1, le=156)]
    bank_holidays: tuple[dt.date, ...] = ()

    @property
    def week_1(self) -> dt.date:
        """Monday of the week of onset."""
        return self.onset - dt.timedelta(days=self.onset.weekday())

    @property
    def first_day(self) -> dt.date:
        """First Monday of the warm-up: hour 0 of the simulation."""
        return self.week_1 - dt.timedelta(weeks=self.warm_up_weeks)

    @property
    def weeks(self) -> int:
        """Weeks simulated, warm-up included."""
        return self.warm_up_weeks + self.horizon_weeks

    @property
    def end_hour(self) -> float:
        """End of the simulation in hours."""
        return 168.0 * self.weeks

    @property
    def week_1_hour(self) -> float:
        """Start of week 1 in hours."""
        return 168.0 * self.warm_up_weeks

    def hour(self, moment: dt.date | dt.datetime) -> float:
        """Return a date (its 00:00) or a local date and time as simulation time in hours."""
        if isinstance(moment, dt.datetime):
            start = dt.datetime.combine(self.first_day, dt.time())
            return (moment - start).total_seconds() / 3600.0
        return 24.0 * (moment - self.first_day).days

    def date(self, hour: float) -> dt.date:
        """Return the date of a simulation time."""
        return self.first_day + dt.timedelta(days=int(hour // 24.0))


class Site(Section):
    """One hospital site with its own essential-services laboratory and transfusion laboratory."""

    name: Name
    title: str
    trust: Name
    distance_to_hub_miles: NotNegative
    tubes_per_weekday: dict[Source, NotNegative] = Field(
        description="By source, not counting those the model makes itself "
        "(pre-assessment, blood for clinics)."
    )
    red_cell_units_per_week: NotNegative = Field(
        description="Medical, obstetric and trauma use; operations come on top."
    )
    major_haemorrhages_per_month: NotNegative


class Hub(Section):
    """The hub laboratory for general practice, outpatient and cold work."""

    name: Name
    title: str


class Borough(Section):
    """General practices of one borough, whose samples come to the hub by van."""

    name: Name
    title: str
    tubes_per_weekday: NotNegative
    van_minutes: NotNegative = Field(description="From the practice to the hub.")


class Network(Section):
    """Hospitals, hub and boroughs."""

    trusts: Annotated[tuple[Name, ...], Field(min_length=1)]
    sites: Annotated[tuple[Site, ...], Field(min_length=1, max_length=64)]
    hub: Hub
    boroughs: Annotated[tuple[Borough, ...], Field(max_length=64)]


# --------------------------------------------------------------------------------------- pathology


class SourceRules(Section):
    """How samples of one source arise, travel and are promised."""

    name: Source
    laboratory: Literal["local", "hub"]
    hour_profile: Weights24
    weekday_profile: Weights7 = Field(description="Monday to Sunday, Monday to Friday mean 1.")
    tube_mix: dict[TubeType, Share]
    transport_minutes: NotNegative
    standard_hours: Positive = Field(description="Turnaround standard, receipt to report.")
    standard_share: Share
    rebleed_share: Share = Field(description="Expired samples that are taken again.")
    rebleed_delay_hours: Annotated[float, Field(ge=0.25, le=1000.0)]


class StepRules(Section):
    """One kind of station: minutes with and without information technology, and its staffing."""

    name: Step
    minutes: dict[TubeType, Positive]
    variation: Annotated[float, Field(ge=0.0, le=2.0)] = Field(
        description="Coefficient of variation of the minutes."
    )
    manual_minutes: dict[TubeType, Positive] = Field(
        default={}, description="Hands-on minutes while its information technology is lost."
    )
    manual_variation: Annotated[float, Field(ge=0.0, le=2.0)] = 0.5
    automatic_share: Share = Field(
        default=0.0, description="Tubes that pass without service in ordinary running."
    )
    planned_utilisation: Annotated[float, Field(gt=0.05, lt=1.0)] = Field(
        description="Rosters are sized to carry the expected load of each hour band at this."
    )
    least_servers: Annotated[int, Field(ge=0, le=1000)] = 1
    sized_on: Literal["ordinary", "booking_in_staff"] = Field(
        default="ordinary",
        description="ordinary: for the expected load; booking_in_staff: only paper needs it, "
        "so a share of the booking-in staff.",
    )
    share_of_booking_in_staff: NotNegative = 0.0


class Stability(Section):
    """How long a tube keeps before it must be analysed."""

    chemistry_hours: Positive
    haematology_hours: Positive
    coagulation_hours: Positive
    group_and_screen_hours: Positive


class Pathology(Section):
    """Laboratories and the samples they are sent."""

    sources: Annotated[tuple[SourceRules, ...], Field(min_length=7, max_length=7)]
    steps: Annotated[tuple[StepRules, ...], Field(min_length=9, max_length=9)]
    stability: Stability
    roster_bands_start_hour: Annotated[tuple[HourOfDay, ...], Field(min_length=1, max_length=24)]
    general_practice_runs: Annotated[tuple[HourOfDay, ...], Field(min_length=1, max_length=24)] = (
        Field(description="Clock hours at which vans collect from practices.")
    )
    general_practice_run_spread_minutes: NotNegative
    outpatient_van_minutes_per_mile: NotNegative
    outpatient_van_every_hours: Positive

    def source(self, name: Source) -> SourceRules:
        """Return the rules of one source."""
        return next(rules for rules in self.sources if rules.name == name)

    def step(self, name: Step) -> StepRules:
        """Return the rules of one step."""
        return next(rules for rules in self.steps if rules.name == name)


# ------------------------------------------------------------------------------------- transfusion


class TransfusionTimes(Section):
    """Minutes from request to blood by route, and hands-on minutes of the bench."""

    emergency_group_o_minutes: NotNegative
    electronic_issue_minutes: Positive
    crossmatch_minutes: Positive
    crossmatch_hands_on_minutes: Positive = Field(
        description="Of one biomedical scientist, for each patient crossmatched."
    )
    manual_uplift: Annotated[float, Field(ge=1.0, le=10.0)]


class Transfusion(Section):
    """Transfusion laboratories, red-cell stock and the blood service."""

    patient_groups: dict[BloodGroup, Share]
    donor_groups: dict[BloodGroup, Share]
    antibody_positive_share: Share
    times: TransfusionTimes
    bench_staff_day: Annotated[int, Field(ge=1, le=50)]
    bench_staff_night: Annotated[int, Field(ge=1, le=50)]
    immediate_minutes: Positive
    urgent_minutes: Positive
    routine_minutes: Positive
    use_shares: dict[Literal["medical_routine", "medical_urgent", "obstetric", "trauma"], Share]
    units_per_episode: Annotated[float, Field(ge=1.0, le=10.0)]
    major_haemorrhage_units: Annotated[float, Field(ge=1.0, le=60.0)]
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


# ----------------------------------------------------------------------------------------- surgery


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
    procedures: Annotated[tuple[Procedure, ...], Field(min_length=1, max_length=400)]
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


# ------------------------------------------------------------------------------------- outpatients


class Clinic(Section):
    """A group of outpatient clinics."""

    name: Name
    title: str
    share: Share = Field(description="Of all appointments.")
    needs_results_share: Share
    essential_share: Share = Field(
        description="Of those that need results: cannot go ahead without, not even by telephone."
    )


class Outpatients(Section):
    """Outpatient appointments and the blood results they wait for."""

    appointments_per_week: Positive
    site_shares: dict[Name, Share]
    clinics: Annotated[tuple[Clinic, ...], Field(min_length=1, max_length=64)]
    session_start_hours: Annotated[tuple[HourOfDay, ...], Field(min_length=1, max_length=4)]
    tubes_per_appointment: Annotated[int, Field(ge=1, le=2)]
    taken_in_general_practice_share: Share
    taken_days_before: tuple[NotNegative, NotNegative] = Field(
        description="Earliest and latest day before the clinic on which blood is taken."
    )
    decision_days_before: Annotated[int, Field(ge=0, le=14)]
    decision_hour: HourOfDay
    ordinary_postponement_share: Share
    spare_capacity_share: Share
    rebook_after_days: tuple[Positive, Positive] = Field(
        description="Earliest and latest rebooking that is looked for first."
    )


# -------------------------------------------------------------- disruptions, conditions, policies


class Stage(Section):
    """A dated step of a staged recovery."""

    on: dt.datetime | dt.date
    depth: Share


class Effect(Section):
    """Capability taken away somewhere for a time; relative, and any number may overlap."""

    name: Name
    capabilities: Annotated[tuple[Capability, ...], Field(min_length=1)]
    places: Annotated[tuple[Name, ...], Field(min_length=1)] = Field(
        description="Names of sites or of the hub, a trust's name for its sites, or all."
    )
    start: dt.datetime | dt.date
    depth: Share = Field(description="Share of the capability that is lost at first.")
    end: dt.datetime | dt.date | None = None
    duration_days: Positive | None = None
    recovery: Literal["step", "linear", "exponential", "staged"] = "step"
    stages: tuple[Stage, ...] = ()
    note: str = ""


class Policy(Section):
    """What incident command does; starts a lag after its trigger and ramps up to its strength."""

    name: Name
    trigger_day: NotNegative = Field(description="Days after the onset.")
    lag_days: NotNegative = 0.0
    ramp_days: NotNegative = 0.0
    end: dt.datetime | dt.date | None = None
    duration_days: Positive | None = None
    note: str = ""


class DemandRestriction(Policy):
    """Fewer tests are asked for; some of the deferred come back when it ends."""

    kind: Literal["demand_restriction"]
    sources: dict[Source, Share] = Field(description="Share deferred by source.")
    places: tuple[Name, ...] = ("all",)
    rebound_share: Share
    rebound_days: Positive


class ExtraManualStaff(Policy):
    """Reinforcement of the hands that work by hand."""

    kind: Literal["extra_manual_staff"]
    uplift_share: NotNegative
    learning_per_week: Share = Field(
        description="Manual minutes fall by this share with each week of practice."
    )
    learning_floor_share: Share = Field(description="Manual minutes never fall below this share.")


class MutualAid(Policy):
    """Other laboratories take samples that would have come to the hub."""

    kind: Literal["mutual_aid"]
    sources: Annotated[tuple[Source, ...], Field(min_length=1)]
    places: Annotated[tuple[Name, ...], Field(min_length=1)]
    tubes_per_day: NotNegative
    turnaround_hours: Positive


class StopElective(Policy):
    """Incident command stops operations before anybody has looked at them one by one."""

    kind: Literal["stop_elective"]
    grades: Annotated[tuple[Grade, ...], Field(min_length=1)]
    share: Share
    places: tuple[Name, ...] = ("all",)


class GroupOCover(Policy):
    """Operations unlikely to bleed go ahead on group O in reserve instead of matched blood."""

    kind: Literal["group_o_cover"]
    transfused_share_at_most: Share
    least_group_o_stock_days: NotNegative


class SwapCases(Policy):
    """A case that cannot go ahead is replaced by one that needs less."""

    kind: Literal["swap_cases"]
    share: Share = Field(description="Slots for which somebody can come at short notice.")


class RecoveryLists(Policy):
    """Extra operating lists until the backlog is gone."""

    kind: Literal["recovery_lists"]
    uplift_share: Annotated[float, Field(ge=0.0, le=1.0)]


AnyPolicy = Annotated[
    DemandRestriction
    | ExtraManualStaff
    | MutualAid
    | StopElective
    | GroupOCover
    | SwapCases
    | RecoveryLists,
    Field(discriminator="kind"),
]


class RecoveryRule(Section):
    """When a service counts as recovered."""

    backlog_tolerance_share_of_week: Share = Field(
        description="Net backlog at or under this share of a usual week's work."
    )
    turnaround_tolerance_share: Share = Field(
        description="Tubes within standard at most this far below the twin."
    )
    sustained_days: Annotated[int, Field(ge=1, le=90)]


# -------------------------------------------------------------------------------------------- root


class Scenario(Section):
    """A world, what goes wrong in it, and what is done about it."""

    schema_version: Literal[1]
    name: Name
    title: str
    story: str
    calendar: Calendar
    network: Network
    pathology: Pathology
    transfusion: Transfusion
    surgery: Surgery
    outpatients: Outpatients
    conditions: tuple[Effect, ...] = ()
    disruptions: tuple[Effect, ...] = ()
    policies: tuple[AnyPolicy, ...] = ()
    recovery: RecoveryRule
    provenance: tuple[Provenance, ...] = Field(default=(), repr=False)

    @property
    def site_names(self) -> tuple[str, ...]:
        """Names of the hospital sites, in file order."""
        return tuple(site.name for site in self.network.sites)

    @property
    def laboratory_names(self) -> tuple[str, ...]:
        """Names of the laboratories: one per site in file order, then the hub."""
        return (*self.site_names, self.network.hub.name)

    def places(self, names: tuple[str, ...]) -> frozenset[str]:
        """Return the sites, hub and boroughs that names stand for; trusts and all are spelt out."""
        found: set[str] = set()
        boroughs = {borough.name for borough in self.network.boroughs}
        for name in names:
            if name == "all":
                found.update(self.laboratory_names, boroughs)
            elif name in self.network.trusts:
                found.update(site.name for site in self.network.sites if site.trust == name)
            else:
                found.add(name)
        return frozenset(found)

    def digest(self) -> str:
        """Return the SHA-256 of the content, sources left out (they change no number)."""
        content = self.model_dump(mode="json", exclude={"provenance"})
        text = json.dumps(content, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode("utf-8")).hexdigest()

    def without_disruption(self) -> Scenario:
        """Return the same world with nothing going wrong: its conditions stay."""
        return self.model_copy(update={"disruptions": (), "policies": ()})

    @model_validator(mode="after")
    def _check_references(self) -> Self:
        from disruption_sim.scenario.checks import faults_between_fields

        CrossFaults(faults_between_fields(self)).raise_if_any()
        return self
