"""Laboratories and the samples they are sent."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from disruption_sim.scenario.sections import (
    HourOfDay,
    NotNegative,
    Positive,
    Section,
    Share,
    Source,
    Step,
    TubeType,
    Weights7,
    Weights24,
)

# Rosters follow from the minutes: a day for one tube is a slip of the keyboard.
Minutes = Annotated[float, Field(gt=0.0, le=1440.0, allow_inf_nan=False)]


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
    minutes: dict[TubeType, Minutes]
    variation: Annotated[float, Field(ge=0.0, le=2.0)] = Field(
        description="Coefficient of variation of the minutes."
    )
    manual_minutes: dict[TubeType, Minutes] = Field(
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
        "so a share of the booking-in staff (who report by hand are missed at booking-in).",
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
