"""Laboratories and the samples they are sent."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from disruption_sim.scenario.sections import (
    HourOfDay,
    Name,
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

# Rosters follow from the minutes: two weeks for one tube is a slip of the keyboard.
Minutes = Annotated[float, Field(gt=0.0, le=20160.0, allow_inf_nan=False)]
Utilisation = Annotated[float, Field(gt=0.05, lt=1.0)]
Laboratory = Literal["local", "hub"]
# What a scenario may leave out: ordinary runs about blood do not pay for them.
Switchable = Literal["microbiology", "histology"]

BLOOD_TYPES = (
    TubeType.CHEMISTRY,
    TubeType.HAEMATOLOGY,
    TubeType.COAGULATION,
    TubeType.GROUP_AND_SCREEN,
)
# Steps done by the people of a laboratory, who share all of them; machines do the others.
PEOPLE_STEPS = (Step.BOOKING_IN, Step.AUTHORISATION, Step.REPORTING, Step.BACK_ENTRY)
# Where a sample is looked at for the first time and may be refused.
RECEPTION_STEPS = (Step.BOOKING_IN, Step.GROUP_AND_SCREEN)


def path(tube_type: TubeType) -> tuple[Step, ...]:
    """Return the steps that a tube of one type passes in its laboratory.

    Group-and-screen samples go straight to the transfusion bench, which books in, tests, checks
    and reports its own work; its minutes cover all of that. Cultures and tissue are not spun, and
    looking again is part of the minutes at their benches.
    """
    if tube_type is TubeType.GROUP_AND_SCREEN:
        return (Step.GROUP_AND_SCREEN,)
    last = (Step.AUTHORISATION, Step.REPORTING, Step.BACK_ENTRY)
    if tube_type not in BLOOD_TYPES:
        return (Step.BOOKING_IN, Step(tube_type.value), *last)
    return (Step.BOOKING_IN, Step.PREPARATION, Step(tube_type.value), Step.REVIEW, *last)


class SourceRules(Section):
    """How samples of one source arise, travel and are promised."""

    name: Source
    laboratory: Laboratory
    laboratory_by_tube_type: dict[TubeType, Laboratory] = Field(
        default={}, description="Where tubes of some types go instead."
    )
    hour_profile: Weights24
    weekday_profile: Weights7 = Field(description="Monday to Sunday, Monday to Friday mean 1.")
    tube_mix: dict[TubeType, Share] = Field(
        description="Shares of the blood types, together 1; microbiology and histology in samples "
        "for each blood sample, on top of these."
    )
    transport_minutes: NotNegative
    standard_hours: Positive = Field(description="Turnaround standard, receipt to report.")
    standard_share: Share
    outer_limit_hours: Positive = Field(
        description="A later report than this is of little use; counted beside the standard."
    )
    rebleed_share: Share = Field(description="Expired or rejected samples that are taken again.")
    rebleed_delay_hours: Annotated[float, Field(ge=0.25, le=1000.0)]
    repeat_within_hours: Positive = Field(
        description="A sample lost later than this after collection is not taken again: by then "
        "the patient has gone home, or is bled anew for other reasons."
    )
    on_expiry: Literal["discard", "flag"] = Field(
        default="discard",
        description="discard: what is past its stability is thrown away, and rebleed_share says "
        "how much of it is taken again; flag: it is reported nevertheless, with a mark.",
    )

    @property
    def blood_mix(self) -> dict[TubeType, float]:
        """Shares of the blood types, which add up to exactly 1."""
        shares = [self.tube_mix.get(tube_type, 0.0) for tube_type in BLOOD_TYPES]
        total = sum(shares)
        return {
            tube_type: share / total for tube_type, share in zip(BLOOD_TYPES, shares, strict=True)
        }

    def samples_per_blood_sample(self, tube_type: TubeType) -> float:
        """Return how many samples of a type come for each blood sample."""
        if tube_type in BLOOD_TYPES:
            return self.blood_mix[tube_type]
        return self.tube_mix.get(tube_type, 0.0)


class Breakdowns(Section):
    """How often one machine of a station breaks down and how long it is out.

    Times between the end of a repair and the next breakdown are exponential, repairs lognormal
    with a standard deviation as long as their mean.
    """

    places_per_machine: Annotated[int, Field(ge=1, le=10_000)] = Field(
        description="At most; machines of a station have equal shares of its places."
    )
    least_machines: Annotated[int, Field(ge=1, le=1000)]
    days_between: Annotated[float, Field(ge=0.1, le=36_500.0)]
    repair_hours: Annotated[float, Field(ge=0.05, le=1000.0)] = Field(description="Mean.")


class StepRules(Section):
    """One kind of station: minutes with and without information technology, and its places.

    Steps of people (`PEOPLE_STEPS`) have no places of their own.
    """

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
    rejected_share: dict[TubeType, Share] = Field(
        default={}, description="Tubes refused when the step is done: unlabelled, haemolysed."
    )
    manual_rejected_share: dict[TubeType, Share] = Field(
        default={}, description="The same by hand, with labels written by hand."
    )
    planned_utilisation: Utilisation | None = Field(
        default=None,
        description="Machines: places are for the expected load of the busiest hour band at this.",
    )
    least_servers: Annotated[int, Field(ge=1, le=1000)] | None = Field(
        default=None, description="Machines: the least number of places."
    )
    unlimited: bool = Field(
        default=False, description="Machines: so many places that nobody waits for one."
    )
    breakdowns: Breakdowns | None = None


class People(Section):
    """The staff of a laboratory, who share booking-in, authorisation, reporting and back-entry."""

    planned_utilisation: Utilisation = Field(
        description="Rosters carry the expected load of each hour band at this."
    )
    least_on_duty: Annotated[int, Field(ge=1, le=1000)]
    takes_first: Literal["samples", "results"] = Field(
        description="Within a class of dispatch: samples that are to be booked in, because they go "
        "off and results do not; or results that are to be reported, to finish what was begun."
    )
    back_entry_class: Source = Field(
        description="Paper is entered back as if it were live work of this source, and after it."
    )
    transcription_error_share: Share = Field(description="Paper results with any error.")
    transcription_error_significant_share: Share = Field(
        description="Paper results with a clinically significant error."
    )


class LaboratoryDifference(Section):
    """What one laboratory does in other minutes than the rest."""

    laboratory: Name
    step: Step
    minutes: dict[TubeType, Minutes] = Field(default={})
    manual_minutes: dict[TubeType, Minutes] = Field(default={})


class Stability(Section):
    """How long a tube keeps before it must be analysed."""

    chemistry_hours: Positive
    haematology_hours: Positive
    coagulation_hours: Positive
    group_and_screen_hours: Positive
    microbiology_hours: Positive
    histology_hours: Positive


class Pathology(Section):
    """Laboratories and the samples they are sent."""

    sources: Annotated[tuple[SourceRules, ...], Field(min_length=7, max_length=7)]
    switched_on: tuple[Switchable, ...] = Field(
        default=(), description="Kinds of samples beside blood that this scenario is about."
    )
    people: People
    steps: Annotated[tuple[StepRules, ...], Field(min_length=12, max_length=12)]
    laboratory_differences: tuple[LaboratoryDifference, ...] = ()
    stability: Stability
    standard_hours_by_tube_type: dict[TubeType, Positive] = Field(
        default={}, description="Turnaround standards of types that take longer at any source."
    )
    roster_bands_start_hour: Annotated[tuple[HourOfDay, ...], Field(min_length=1, max_length=24)]
    general_practice_runs: Annotated[tuple[HourOfDay, ...], Field(min_length=1, max_length=24)] = (
        Field(description="Clock hours at which vans collect from practices.")
    )
    general_practice_run_spread_minutes: NotNegative
    outpatient_van_minutes_per_mile: NotNegative
    outpatient_van_every_hours: Positive

    @property
    def tube_types_in_use(self) -> tuple[TubeType, ...]:
        """Blood types and what is switched on."""
        return tuple(t for t in TubeType if t in BLOOD_TYPES or t.value in self.switched_on)

    @property
    def steps_in_use(self) -> tuple[Step, ...]:
        """Steps of every laboratory, in the order in which a tube passes them."""
        passed = {step for tube_type in self.tube_types_in_use for step in path(tube_type)}
        return tuple(step for step in Step if step in passed)

    def source(self, name: Source) -> SourceRules:
        """Return the rules of one source."""
        return next(rules for rules in self.sources if rules.name == name)

    def turnaround_limits(self, source: Source, tube_type: TubeType) -> tuple[float, float]:
        """Return standard and outer limit in hours, receipt to report.

        A standard of a tube type holds at any source, and twice it is the outer limit.
        """
        own = self.standard_hours_by_tube_type.get(tube_type)
        if own is not None:
            return own, 2.0 * own
        rules = self.source(source)
        return rules.standard_hours, rules.outer_limit_hours

    def step(self, name: Step) -> StepRules:
        """Return the rules of one step."""
        return next(rules for rules in self.steps if rules.name == name)

    def step_at(self, laboratory: str, name: Step) -> StepRules:
        """Return the rules of one step with the minutes of one laboratory."""
        rules = self.step(name)
        for own in self.laboratory_differences:
            if (own.laboratory, own.step) == (laboratory, name):
                changes = {
                    "minutes": {**rules.minutes, **own.minutes},
                    "manual_minutes": {**rules.manual_minutes, **own.manual_minutes},
                }
                return rules.model_copy(update=changes)
        return rules
