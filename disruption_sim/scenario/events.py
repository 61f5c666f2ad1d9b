"""What goes wrong and what is done about it: effects and policies, as data."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import Field, NaiveDatetime

from disruption_sim.scenario.sections import (
    Capability,
    Grade,
    Name,
    NotNegative,
    Positive,
    Section,
    Share,
    Source,
)

# Ten years: longer is a slip of the keyboard, and dates must not run out.
Days = Annotated[float, Field(gt=0.0, le=3650.0, allow_inf_nan=False)]
FromZeroDays = Annotated[float, Field(ge=0.0, le=3650.0, allow_inf_nan=False)]


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
    sources: dict[Source, Share] = Field(description="Share deferred by source.")
    places: tuple[Name, ...] = ("all",)
    rebound_share: Share
    rebound_days: Days


class ExtraManualStaff(Policy):
    """Reinforcement of the hands that work by hand."""

    kind: Literal["extra_manual_staff"]
    uplift_share: NotNegative
    learning_per_week: Share = Field(
        description="Manual minutes fall by this share with each week of practice."
    )
    learning_floor_share: Annotated[float, Field(ge=0.01, le=1.0)] = Field(
        description="Manual minutes never fall below this share."
    )


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
