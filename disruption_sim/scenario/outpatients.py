"""Outpatient appointments and the blood results they wait for."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from disruption_sim.scenario.sections import (
    HourOfDay,
    Name,
    NotNegative,
    Positive,
    Section,
    Share,
)


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
    spare_capacity_share: Share = Field(
        description="Free places over appointments; ordinary postponements are put there, too."
    )
    rebook_after_days: tuple[Positive, Positive] = Field(
        description="Earliest and latest rebooking that is looked for first."
    )

    @property
    def taken_working_days_before(self) -> tuple[int, int]:
        """Fewest and most working days before the clinic on which blood is taken."""
        latest, earliest = sorted(self.taken_days_before)
        fewest = max(1, round(latest * 5.0 / 7.0))
        return fewest, max(fewest, round(earliest * 5.0 / 7.0))
