"""What goes wrong and what is done about it: effects and policies, as data."""

from __future__ import annotations

import datetime as dt
import math
from typing import Annotated, Literal

from pydantic import Field, NaiveDatetime

from disruption_sim.scenario.sections import (
    BloodGroup,
    Capability,
    Grade,
    Name,
    NotNegative,
    Positive,
    Section,
    Share,
    Source,
    TubeType,
)
from disruption_sim.scenario.transfusion import GroupO, Units

# Ten years: longer is a slip of the keyboard, and dates must not run out.
Days = Annotated[float, Field(gt=0.0, le=3650.0, allow_inf_nan=False)]
FromZeroDays = Annotated[float, Field(ge=0.0, le=3650.0, allow_inf_nan=False)]
Staff = Annotated[int, Field(ge=0, le=50)]


# Above this a queue of many servers answers to its ups and downs more than to its mean.
MOST_UTILISATION = 0.97
# A load of exactly n people does not need one more for a rounding error.
ROUNDING = 1e-9
# Group-and-screen samples stay with their site, where the blood is.
RESULT_TUBES = (TubeType.CHEMISTRY, TubeType.HAEMATOLOGY, TubeType.COAGULATION)
BedsideSource = Literal[
    Source.THEATRE_AND_INTENSIVE_CARE, Source.EMERGENCY_DEPARTMENT, Source.INPATIENT_URGENT
]
BedsideTube = Literal[TubeType.CHEMISTRY, TubeType.HAEMATOLOGY]


class Stage(Section):
    """A dated step of a staged recovery."""

    on: NaiveDatetime | dt.date
    depth: Share


class Effect(Section):
    """Capability taken away somewhere for a time; relative, and any number may overlap."""

    name: Name
    capabilities: Annotated[tuple[Capability, ...], Field(min_length=1)]
    places: Annotated[tuple[Name, ...], Field(min_length=1)] = Field(
        description="Names of sites or of the hub, a trust's name for its sites, or all."
    )
    start: NaiveDatetime | dt.date
    depth: Share = Field(description="Share of the capability that is lost at first.")
    end: NaiveDatetime | dt.date | None = None
    duration_days: Days | None = None
    recovery: Literal["step", "linear", "exponential", "staged"] = "step"
    stages: tuple[Stage, ...] = ()
    note: str = ""


class Policy(Section):
    """What incident command does; starts a lag after its trigger and ramps up to its strength."""

    name: Name
    trigger_day: FromZeroDays = Field(description="Days after the onset.")
    lag_days: FromZeroDays = 0.0
    ramp_days: FromZeroDays = 0.0
    end: NaiveDatetime | dt.date | None = None
    duration_days: Days | None = None
    note: str = ""


class DemandRestriction(Policy):
    """Fewer tests are asked for; some of the deferred come back when it ends."""

    kind: Literal["demand_restriction"]
    sources: Annotated[dict[Source, Share], Field(min_length=1)] = Field(
        description="Share deferred by source."
    )
    places: tuple[Name, ...] = ("all",)
    rebound_share: Share
    rebound_days: Days
    rest_goes_as: Source | None = Field(
        default=None,
        description="Who still asks is urgent: while it holds, what comes from its sources and "
        "places is dispatched like samples of this source, if that comes earlier.",
    )


class ExtraManualStaff(Policy):
    """Reinforcement of the hands that work by hand."""

    kind: Literal["extra_manual_staff"]
    # A hundred times the staff is a slip of the keyboard.
    uplift_share: Annotated[float, Field(ge=0.0, le=100.0)]
    learning_per_week: Share = Field(
        description="Manual minutes fall by this share with each week of practice."
    )
    learning_floor_share: Annotated[float, Field(ge=0.01, le=1.0)] = Field(
        description="Manual minutes never fall below this share."
    )


class Helper(Section):
    """A laboratory that gives mutual aid, and what it has to do for its own patients."""

    own_tubes_per_day: Positive
    open_hours: Annotated[float, Field(gt=0.0, le=24.0)] = Field(
        description="Hours of a day over which its work comes in."
    )
    minutes: Positive = Field(
        description="Work of one person on one of its own tubes in the step that limits it."
    )
    our_minutes: Positive = Field(
        description="The same for one of ours, which has to be booked in anew."
    )
    planned_utilisation: Annotated[float, Field(gt=0.05, lt=MOST_UTILISATION)] = Field(
        description="It has as many people as its own work needs at this utilisation."
    )
    arrival_variation: Annotated[float, Field(ge=0.0, le=50.0)] = Field(
        description="Coefficient of variation of the time between arrivals: 1 if they come one by "
        "one and at random; if batches come at random, its square is the mean batch."
    )
    service_variation: Annotated[float, Field(ge=0.0, le=2.0)] = Field(
        description="Coefficient of variation of the minutes."
    )
    processing_hours: Positive = Field(
        description="From receipt to report, apart from waiting in that step."
    )

    @property
    def people(self) -> int:
        """How many people work in the step that limits it."""
        return math.ceil(self.own_load / self.planned_utilisation - ROUNDING)

    @property
    def own_load(self) -> float:
        """People that its own tubes keep busy."""
        return self.own_tubes_per_day / self.open_hours * self.minutes / 60.0

    @property
    def most_tubes_per_day(self) -> float:
        """Our tubes at which its people are as busy as can be."""
        left = MOST_UTILISATION * self.people - self.own_load
        return max(left, 0.0) * self.open_hours * 60.0 / self.our_minutes


class MutualAid(Policy):
    """Other laboratories take samples that would have come to ours; they have work of their own."""

    kind: Literal["mutual_aid"]
    sources: Annotated[tuple[Source, ...], Field(min_length=1)]
    places: Annotated[tuple[Name, ...], Field(min_length=1)]
    tube_types: Annotated[tuple[TubeType, ...], Field(min_length=1)] = RESULT_TUBES
    tubes_per_day: NotNegative
    extra_transport_hours: NotNegative = Field(
        description="Courier to the helper, and as much again until its report is back here."
    )
    helper: Helper


class PointOfCare(Policy):
    """Devices at the bedside give a result instead of a tube."""

    kind: Literal["point_of_care"]
    sources: Annotated[tuple[BedsideSource, ...], Field(min_length=1)]
    tube_types: Annotated[tuple[BedsideTube, ...], Field(min_length=1)]
    devices: dict[Name, Annotated[int, Field(ge=0, le=1000)]] = Field(description="By site.")
    tests_per_hour: Positive = Field(description="One device; a test stands for one tube.")
    menu_share: Share = Field(
        description="Requests that ask for nothing but what the devices can measure."
    )
    result_minutes: Positive = Field(description="From taking the blood to the result.")


class Reroute(Policy):
    """Samples meant for one laboratory go to another one by van."""

    kind: Literal["reroute"]
    from_laboratory: Name
    to_laboratory: Name
    sources: Annotated[tuple[Source, ...], Field(min_length=1)]
    tube_types: Annotated[tuple[TubeType, ...], Field(min_length=1)] = RESULT_TUBES
    share: Share


class Prioritisation(Policy):
    """Whose tube a laboratory takes next; of several that hold at once the last one counts."""

    kind: Literal["prioritisation"]
    rule: Literal["first_come", "clinical_priority", "freshest_first"] = Field(
        description="clinical_priority: by source in the order of dispatch, as in ordinary "
        "running; freshest_first: within a source the tube that came last; first_come: every "
        "tube in its turn, whatever its source."
    )
    places: Annotated[tuple[Name, ...], Field(min_length=1)] = ("all",)


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
    """A case that cannot go ahead is replaced by one that needs less, called at short notice."""

    kind: Literal["swap_cases"]
    share: Share = Field(description="Slots for which somebody is asked to come at short notice.")


class SurgicalMutualAid(Policy):
    """Other hospitals operate on patients who cannot be operated on here; their own wait longer."""

    kind: Literal["surgical_mutual_aid"]
    places: Annotated[tuple[Name, ...], Field(min_length=1)] = ("all",)
    grades: Annotated[tuple[Grade, ...], Field(min_length=1)]
    priorities: Annotated[tuple[Literal["p2", "p3", "p4"], ...], Field(min_length=1)]
    cases_per_week: NotNegative
    days_until_operation: Positive = Field(description="From the decision.")
    host_displaced_share: Annotated[float, Field(ge=0.0, le=3.0)] = Field(
        description="The host's own operations that are put off for each of ours."
    )


class RecoveryLists(Policy):
    """Extra operating lists until the backlog is gone."""

    kind: Literal["recovery_lists"]
    held: Literal["weekend", "evening", "independent_sector"] = Field(
        default="weekend",
        description="Weekend and evening lists need the hospitals' own staff; the independent "
        "sector takes day cases of minor and intermediate grade at ASA 1 and 2.",
    )
    uplift_share: Annotated[float, Field(ge=0.0, le=1.0)] = Field(
        description="Extra lists over ordinary ones."
    )
    staffing_limit_share: Share = Field(
        default=1.0, description="Of these, the ones that can be staffed."
    )
    cost_per_list_pounds: NotNegative = 0.0

    @property
    def staffed_share(self) -> float:
        """Extra lists that can be staffed over ordinary ones."""
        return self.uplift_share * self.staffing_limit_share


class StandaloneAnalyser(Policy):
    """A grouping analyser with a paper register brings back group-specific blood."""

    kind: Literal["standalone_analyser"]
    analysers: dict[Name, Annotated[int, Field(ge=0, le=1)]] = Field(
        description="1 for a site that has one, 0 for one that has none."
    )
    group_and_screen_hands_on_minutes: NotNegative = Field(
        description="Of one scientist for each sample, entry in the register included."
    )


class OfflineGroups(Policy):
    """A copy of patients' blood groups that can be read while the laboratory system is down."""

    kind: Literal["offline_groups"]
    places: Annotated[tuple[Name, ...], Field(min_length=1)] = ("all",)
    share: Share = Field(description="Of patients with a group on record, those in the copy.")


class OPositivePolicy(Policy):
    """O-positive for men and for women over 50 in emergencies."""

    kind: Literal["o_positive_policy"]
    places: Annotated[tuple[Name, ...], Field(min_length=1)] = ("all",)
    uptake_share: Share = Field(description="Of those to whom it may be given.")


class ExtraGroupO(Policy):
    """Hospitals keep more group O while it holds, by top-up deliveries."""

    kind: Literal["extra_group_o"]
    places: Annotated[tuple[Name, ...], Field(min_length=1)] = ("all",)
    units: dict[GroupO, Units] = Field(description="More in each hospital.")


class DonorAppeal(Policy):
    """The blood service calls donors."""

    kind: Literal["donor_appeal"]
    groups: Annotated[tuple[BloodGroup, ...], Field(min_length=1)]
    extra_collections_share: Annotated[float, Field(ge=0.0, le=5.0)]


class GroupAndScreenRationalisation(Policy):
    """No group-and-screen sample for operations that hardly ever need blood."""

    kind: Literal["group_and_screen_rationalisation"]
    places: Annotated[tuple[Name, ...], Field(min_length=1)] = ("all",)
    transfused_share_under: Share = Field(description="Procedures transfused less often.")


class TraumaDiversion(Policy):
    """Ambulances take injured patients to hospitals elsewhere."""

    kind: Literal["trauma_diversion"]
    places: Annotated[tuple[Name, ...], Field(min_length=1)] = ("all",)
    share: Share


class TransfusionReinforcement(Policy):
    """More biomedical scientists at the transfusion benches."""

    kind: Literal["transfusion_reinforcement"]
    extra_staff_day: dict[Name, Staff] = Field(description="By site, on every day shift.")
    extra_staff_night: dict[Name, Staff] = Field(description="By site, resident.")


class RestoreFirst(Policy):
    """Bring one capability back first, which keeps the people from the others.

    From its start, trigger and lag, what it names is restored; what else disruptions have taken
    away by then comes back so many days later than it would have. Policies keep their own dates.
    """

    kind: Literal["restore_first"]
    capabilities: Annotated[tuple[Capability, ...], Field(min_length=1)]
    places: Annotated[tuple[Name, ...], Field(min_length=1)] = ("all",)
    delays_others_days: FromZeroDays


AnyPolicy = Annotated[
    DemandRestriction
    | ExtraManualStaff
    | MutualAid
    | PointOfCare
    | Reroute
    | Prioritisation
    | StopElective
    | GroupOCover
    | SwapCases
    | RecoveryLists
    | SurgicalMutualAid
    | StandaloneAnalyser
    | OfflineGroups
    | OPositivePolicy
    | ExtraGroupO
    | DonorAppeal
    | GroupAndScreenRationalisation
    | TraumaDiversion
    | TransfusionReinforcement
    | RestoreFirst,
    Field(discriminator="kind"),
]
