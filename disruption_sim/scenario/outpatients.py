"""Outpatient clinics, day units, and the blood results they wait for."""

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
)

# Blood of the day cannot wait for the van to the hub: it is sent as one of these is.
Urgent = Literal[
    Source.THEATRE_AND_INTENSIVE_CARE, Source.EMERGENCY_DEPARTMENT, Source.INPATIENT_URGENT
]


class Clinic(Section):
    """The outpatient clinics of a specialty."""

    name: Name
    title: str
    share: Share = Field(description="Of all appointments.")
    sites: dict[Name, Share] = Field(description="Where, adding up to 1.")
    needs_results_share: Share
    essential_share: Share = Field(
        description="Of those that need results: cannot go ahead without, not even by telephone."
    )
    telephone_share: Share = Field(
        description="Of those that need results: held by telephone, with the result to follow, if "
        "it is missing when they are decided on."
    )
    taken_on_the_day_share: Share = Field(
        description="Whose blood is taken on the day of the clinic, before it starts."
    )
    taken_days_before: tuple[NotNegative, NotNegative] = Field(
        description="Earliest and latest day before the clinic on which the others give blood."
    )
    decision_days_before: Annotated[int, Field(ge=0, le=14)] = Field(
        description="Working days; 0 decides on the day, when results have been waited for."
    )

    @property
    def taken_working_days_before(self) -> tuple[int, int]:
        """Fewest and most working days before the clinic on which blood is taken in advance."""
        latest, earliest = sorted(self.taken_days_before)
        fewest = max(1, round(latest * 5.0 / 7.0))
        return fewest, max(fewest, round(earliest * 5.0 / 7.0))


class DayUnit(Section):
    """Day units of one kind: treatment on a chair that needs a fresh blood result before it."""

    name: Name
    title: str
    treatments_per_week: Positive
    sites: dict[Name, Share] = Field(description="Where, adding up to 1.")
    open_days_per_week: Literal[5, 6, 7] = Field(description="From Monday.")
    open_on_bank_holidays: bool
    shift_start_hours: Annotated[tuple[HourOfDay, ...], Field(min_length=1, max_length=4)]
    free_chairs_share: Share = Field(description="Chairs kept free over treatments booked.")
    overtime_chairs_share: Share = Field(
        description="Chairs over treatments booked that can be added in the evening, and on a "
        "Saturday on which the unit is closed; for treatments that were moved."
    )
    overtime_start_hour: HourOfDay
    needs_results_share: Share
    tubes_per_treatment: Annotated[int, Field(ge=1, le=2)] = Field(
        description="1 chemistry, 2 a blood count too."
    )
    sent_as: Urgent = Field(
        description="Its blood goes where that of this source goes, and in its class."
    )
    taken_on_the_day_share: Share = Field(
        description="Blood taken before the treatment; the others' on the working day before."
    )
    taken_hours_before: tuple[Positive, Positive] = Field(
        description="Earliest and latest hour before the shift at which blood is taken on the day."
    )
    results_valid_days: Positive = Field(
        description="Blood taken longer before the treatment than this has to be taken again."
    )
    bedside_share: Share = Field(
        description="Who can be treated on a test at the bedside where the result is missing."
    )
    bedside_after_hours: NotNegative = Field(
        description="How long they wait for the result before that test is done."
    )
    longest_wait_hours: NotNegative = Field(
        description="How long a patient waits in the unit for the result."
    )
    move_within_days: Annotated[int, Field(ge=1, le=60)] = Field(
        description="Overtime is opened where no chair is free within these days."
    )
    ordinary_postponement_share: Share = Field(
        description="Not fit for treatment, whatever the laboratory does."
    )
    ordinary_postponement_days: Annotated[int, Field(ge=1, le=60)]

    @property
    def last_start_hour(self) -> float:
        """Clock hour of the last start, overtime included."""
        return max(*self.shift_start_hours, self.overtime_start_hour)


class Outpatients(Section):
    """Outpatient clinics, day units, and the blood results they wait for."""

    appointments_per_week: Positive
    clinics: Annotated[tuple[Clinic, ...], Field(min_length=1, max_length=64)]
    session_start_hours: Annotated[tuple[HourOfDay, ...], Field(min_length=1, max_length=4)]
    tubes_per_appointment: Annotated[int, Field(ge=1, le=2)]
    taken_in_general_practice_share: Share = Field(
        description="Of the blood that is taken before the day of the clinic."
    )
    on_the_day_hours_before: tuple[Positive, Positive] = Field(
        description="Earliest and latest hour before the clinic at which blood is taken on the day."
    )
    on_the_day_sent_as: Urgent = Field(
        description="Such blood goes where that of this source goes, and in its class."
    )
    on_the_day_wait_hours: NotNegative = Field(
        description="Clinics that decide on the day do so so long after their start."
    )
    decision_hour: HourOfDay
    seen_without_results_share: Share = Field(
        description="Of those whose result is missing, is not essential, and who cannot be "
        "telephoned: seen in person all the same; the others are postponed."
    )
    ordinary_postponement_share: Share
    spare_capacity_share: Share = Field(
        description="Free places over appointments; ordinary postponements are put there, too."
    )
    rebook_after_days: tuple[Positive, Positive] = Field(
        description="Earliest and latest rebooking that is looked for first."
    )
    day_units: Annotated[tuple[DayUnit, ...], Field(max_length=16)] = ()

    def results_needed_per_week(self, site: str, *, on_the_day: bool) -> float:
        """Return the appointments of a week at a site for which blood is taken.

        Parameters
        ----------
        site : str
        on_the_day : bool
            Those whose blood is taken on the day of the clinic, or those for whom it is before.
        """
        return self.appointments_per_week * sum(
            clinic.share
            * clinic.sites.get(site, 0.0)
            * clinic.needs_results_share
            * (clinic.taken_on_the_day_share if on_the_day else 1.0 - clinic.taken_on_the_day_share)
            for clinic in self.clinics
        )
