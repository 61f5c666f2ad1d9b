"""Day units: chairs, the treatments booked on them, and the blood taken for these.

Each kind of unit at each site is drawn by itself. Conditions such as strikes do not close them:
chemotherapy and dialysis are exempt.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from disruption_sim.grid import HOURS_PER_DAY, TICKS_PER_HOUR, to_grid
from disruption_sim.randomness import stream
from disruption_sim.scenario.model import DayUnit, Scenario, Source
from disruption_sim.world.days import SUNDAY, Days
from disruption_sim.world.model import DayTreatments, DayUnitPlaces
from disruption_sim.world.outpatients import TAKEN_TYPES
from disruption_sim.world.tubes import SOURCES, TUBE_TYPES, HourProfile, pack

Keys = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

SATURDAY = 5
MOST_TUBES = 2
BUSIEST_DAY = 1.05
"""The most that is booked on a day, over the mean: bookings are kept even."""


@dataclass(frozen=True, eq=False)
class Chairs:
    """Chairs of one kind of unit at one site, all int64 (days,).

    Attributes
    ----------
    places, overtime : int64 (days,)
        Treatments that there is room for; those that can be added.
    bookable : int64 (days,)
        The most that are booked.
    booked_share : float
        Of these, each is booked with this probability.
    """

    places: Keys
    overtime: Keys
    bookable: Keys
    booked_share: float

    @classmethod
    def of(cls, unit: DayUnit, share: float, days: Days) -> Chairs:
        """Return the chairs for a share of a unit's treatments."""
        weekday = np.arange(days.count) % 7
        holiday = (days.weekday == SUNDAY) & (weekday != SUNDAY)
        opened = weekday < unit.open_days_per_week
        if not unit.open_on_bank_holidays:
            opened &= ~holiday
        saturday = (weekday == SATURDAY) & (unit.open_days_per_week <= SATURDAY) & ~holiday
        daily = unit.treatments_per_week * share / unit.open_days_per_week
        # Rounded first: 7.000000001 chairs are 7. However few the treatments, they have a chair.
        bookable = max(1, math.ceil(round(daily * BUSIEST_DAY, 6)))
        places = math.ceil(round(daily * (1.0 + unit.free_chairs_share), 6))
        overtime = round(daily * unit.overtime_chairs_share)
        return cls(
            places=np.where(opened, places, 0),
            overtime=np.where(opened | saturday, overtime, 0),
            bookable=np.where(opened, bookable, 0),
            booked_share=daily / bookable,
        )


def draw_day_units(
    scenario: Scenario, days: Days, seed: int, replication: int
) -> tuple[DayUnitPlaces, DayTreatments, Keys]:
    """Return the day units, the treatments booked in them, and the blood for these.

    Returns
    -------
    places : DayUnitPlaces
    treatments : DayTreatments
        Without the numbers of their blood samples.
    samples : int64 (treatments, 2)
        Packed; negative where there is none, or it was taken before hour 0.

    Notes
    -----
    The treatments booked on a day are binomial, with a mean that follows from the shares, and do
    not depend on how many chairs are kept free; the chairs of a unit are the same on every day on
    which it is open, more only where more is booked.
    """
    drawn = [
        _draw(scenario, days, seed, replication, unit, site)
        for site in scenario.site_names
        for unit in scenario.outpatients.day_units
        if unit.sites.get(site, 0.0) > 0.0
    ]
    codes = [
        (number, position)
        for number, site in enumerate(scenario.site_names)
        for position, unit in enumerate(scenario.outpatients.day_units)
        if unit.sites.get(site, 0.0) > 0.0
    ]
    site, unit = np.array(codes, dtype=np.uint8).reshape(-1, 2).T
    nothing = np.zeros((0, days.count), dtype=np.int64)
    places = DayUnitPlaces(
        site=site.copy(),
        unit=unit.copy(),
        free=np.array([part.free for part in drawn] or nothing, dtype=np.int32),
        overtime=np.array([part.overtime for part in drawn] or nothing, dtype=np.int32),
    )
    place = np.repeat(np.arange(len(drawn)), [part.start.size for part in drawn])
    start = _joined([part.start for part in drawn], np.float64)
    order = np.lexsort((start, place, start // HOURS_PER_DAY))
    samples = _joined([part.samples.ravel() for part in drawn], np.int64).reshape(-1, MOST_TUBES)
    samples = samples[order]
    treatments = DayTreatments(
        place=place[order].astype(np.uint16),
        start=start[order],
        needs_results=_joined([part.needs_results for part in drawn], np.bool_)[order],
        tubes=np.full(samples.shape, -1, dtype=np.int32),
        ordinary_postponed=_joined([part.ordinary for part in drawn], np.bool_)[order],
    )
    return places, treatments, samples


def _joined(parts: Sequence[npt.NDArray[Any]], kind: type) -> npt.NDArray[Any]:
    return np.concatenate([*parts, np.zeros(0, dtype=kind)])


@dataclass(frozen=True, eq=False)
class _Drawn:
    free: Keys
    overtime: Keys
    start: Floats
    needs_results: Flags
    ordinary: Flags
    samples: Keys


def _draw(
    scenario: Scenario, days: Days, seed: int, replication: int, unit: DayUnit, site: str
) -> _Drawn:
    chairs = Chairs.of(unit, unit.sites[site], days)
    purpose = f"day_units.{site}.{unit.name}"
    booked = stream(seed, replication, f"{purpose}.booked").binomial(
        chairs.bookable, chairs.booked_share
    )
    rng = stream(seed, replication, purpose)
    day = np.repeat(np.arange(days.count), booked)
    shift, needs, ordinary, today, when = (rng.random(day.size) for _ in range(5))
    hours = np.array([to_grid(hour) for hour in unit.shift_start_hours])
    start = HOURS_PER_DAY * day + hours[(shift * hours.size).astype(np.int64)]
    needs_results = needs < unit.needs_results_share

    latest, earliest = sorted(unit.taken_hours_before)
    taken = start - to_grid(latest + when * (earliest - latest))
    ticks = (taken * TICKS_PER_HOUR).astype(np.int64)
    # The others give blood on the working day before, at the hours of other outpatients.
    working = np.flatnonzero(days.working)
    position = np.searchsorted(working, day) - 1
    profile = HourProfile.of(scenario.pathology.source(Source.OUTPATIENT).hour_profile)
    before = working[np.maximum(position, 0)] * (24 * TICKS_PER_HOUR) + profile.ticks(when)
    before[position < 0] = -1
    ticks = np.where(today < unit.taken_on_the_day_share, ticks, before)
    samples = np.full((day.size, MOST_TUBES), -1, dtype=np.int64)
    for column in range(unit.tubes_per_treatment):
        tube_type = TUBE_TYPES.index(TAKEN_TYPES[column])
        origin = scenario.site_names.index(site)
        samples[:, column] = pack(
            ticks, origin, SOURCES.index(unit.sent_as), tube_type, linked=True
        )
    samples[(ticks < 0) | ~needs_results] = -1
    return _Drawn(
        free=np.maximum(chairs.places - booked, 0),
        overtime=chairs.overtime,
        start=start,
        needs_results=needs_results,
        ordinary=ordinary < unit.ordinary_postponement_share,
        samples=samples,
    )
