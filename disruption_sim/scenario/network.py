"""Calendar and places: when the story is told, and between which sites."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import Field

from disruption_sim.scenario.sections import (
    Name,
    NotNegative,
    Section,
    Source,
)


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
    transfusion_staff_day: Annotated[int, Field(ge=1, le=50)] = Field(
        description="Biomedical scientists at the transfusion bench by day, Monday to Friday."
    )
    transfusion_staff_weekend: Annotated[int, Field(ge=1, le=50)] = Field(
        description="By day, Saturday, Sunday and bank holidays."
    )
    transfusion_staff_night: Annotated[int, Field(ge=1, le=50)]
    transfusion_night: Literal["resident", "on_call"] = Field(
        description="Whether the night's scientists are in the hospital or come when called."
    )


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
    sites: Annotated[tuple[Site, ...], Field(min_length=1, max_length=32)]
    hub: Hub
    boroughs: Annotated[tuple[Borough, ...], Field(max_length=48)]
