"""Rosters: people on duty by band of the day and kind of day, and places of machines.

Both are made from the scenario alone, so they are the same in every arm and replication.

The people of a laboratory share booking-in, authorisation, reporting and back-entry. In each band
(from one of ``roster_bands_start_hour`` to the next) and separately for working days and for
weekends they carry the expected hands-on load of ordinary running at the planned utilisation:
``people = ceil(mean load of the band / planned_utilisation)``, and never less than
``least_on_duty``. The load of a band is the mean over its hours and over the days of its kind, so
the peak after a van is worked off within the band, in an hour or two. A bank holiday is staffed
like a Sunday.

Machines stand there day and night: places for the mean load of the busiest band at the planned
utilisation of the step, and never less than ``least_servers``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from disruption_sim.grid import to_grid
from disruption_sim.pathology.expected import SLOTS, SLOTS_PER_HOUR, ExpectedWeek
from disruption_sim.scenario.model import PEOPLE_STEPS, Breakdowns, Scenario, StepRules
from disruption_sim.world.days import Days

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

KINDS_OF_DAY = 2
WEEKEND = 1
# Places of a step that is never full, for each busy one and at least.
UNLIMITED_TIMES = 10.0
UNLIMITED_LEAST = 50
# A load of exactly n places does not need one more for a rounding error.
ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class Rosters:
    """People on duty and places of machines.

    Attributes
    ----------
    people : int64 (laboratories, 2, bands)
        The second axis is working day, weekend; a band that runs past midnight belongs to the day
        on which it started.
    places : int64 (laboratories, steps)
        In the order of ``steps_in_use``; 0 for the steps of people.
    times : float64 (changes,)
        When bands start, over the whole simulation; the first is -inf.
    kind, band : int64 (changes,)
        Kind of day and band that start then.
    """

    people: Integers
    places: Integers
    times: Floats
    kind: Integers
    band: Integers

    @classmethod
    def of(cls, scenario: Scenario, week: ExpectedWeek) -> Rosters:
        """Return the rosters of a scenario, sized on its expected week."""
        rules = scenario.pathology
        starts = np.array(sorted({to_grid(h) for h in rules.roster_bands_start_hour}))
        hours = (np.arange(SLOTS) + 0.5) / SLOTS_PER_HOUR
        band = np.searchsorted(starts, hours % 24.0, side="right") - 1
        day = (hours // 24.0 - (band < 0)) % 7
        cell = np.where(day >= 5, len(starts), 0) + band % len(starts)
        cells = KINDS_OF_DAY * len(starts)
        slots = np.maximum(np.bincount(cell, minlength=cells), 1)
        steps, laboratories = rules.steps_in_use, len(scenario.laboratory_names)
        people = np.zeros((laboratories, cells), dtype=np.int64)
        places = np.zeros((laboratories, len(steps)), dtype=np.int64)
        for laboratory in range(laboratories):
            loads = week.loads(scenario, laboratory)
            hands = np.zeros(cells)
            for number, step in enumerate(steps):
                mean = np.bincount(cell, weights=loads[number], minlength=cells) / slots
                if step in PEOPLE_STEPS:
                    hands += mean
                else:
                    places[laboratory, number] = places_for(rules.step(step), float(mean.max()))
            needed = np.ceil(hands / rules.people.planned_utilisation - ROUNDING)
            people[laboratory] = np.maximum(needed, rules.people.least_on_duty)
        weekday = Days.of(scenario.calendar).weekday
        times = (24.0 * np.arange(len(weekday))[:, None] + starts[None, :]).ravel()
        kind = np.repeat((weekday >= 5).astype(np.int64), len(starts))
        bands = np.tile(np.arange(len(starts)), len(weekday))
        # The simulation starts on a Monday; a band over midnight comes from the Sunday before.
        return cls(
            people=people.reshape(laboratories, KINDS_OF_DAY, len(starts)),
            places=places,
            times=np.concatenate([[-math.inf], times]),
            kind=np.concatenate([[WEEKEND], kind]),
            band=np.concatenate([[len(starts) - 1], bands]),
        )

    def on_duty(self, laboratory: int, times: Floats) -> Integers:
        """Return the people on duty at given times, int64 of the same shape."""
        row = np.searchsorted(self.times, times, side="right") - 1
        found: Integers = self.people[laboratory, self.kind[row], self.band[row]]
        return found


def places_for(rule: StepRules, busy: float) -> int:
    """Return the places of a machine step whose mean load is `busy` places when it is busiest."""
    if rule.unlimited:
        return max(math.ceil(UNLIMITED_TIMES * busy), UNLIMITED_LEAST)
    assert rule.planned_utilisation is not None
    assert rule.least_servers is not None
    return max(math.ceil(busy / rule.planned_utilisation - ROUNDING), rule.least_servers)


def machine_sizes(rule: Breakdowns, places: int) -> list[int]:
    """Return the places of each machine of a station: as equal as can be, together `places`."""
    count = min(max(math.ceil(places / rule.places_per_machine), rule.least_machines), places)
    return [places // count + (number < places % count) for number in range(count)]
