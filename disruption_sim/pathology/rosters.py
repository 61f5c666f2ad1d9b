"""Rosters: how many are on duty at each station, by band of the day and kind of day.

A roster is made from the scenario alone, so it is the same in every arm and replication. In each
band (from one of ``roster_bands_start_hour`` to the next) and separately for working days and for
weekends it carries the expected load of ordinary running at the planned utilisation:
``servers = ceil(mean load of the band / planned_utilisation)``, and never less than
``least_servers``. The load of a band is the mean over its hours and over the days of its kind, so
the peak after a van is worked off within the band, in an hour or two. Steps that only paper needs
get a share of the booking-in staff. A bank holiday is staffed like a Sunday.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from disruption_sim.grid import to_grid
from disruption_sim.pathology.expected import SLOTS, SLOTS_PER_HOUR, ExpectedWeek
from disruption_sim.pathology.travel import STEPS
from disruption_sim.scenario.model import Scenario, Step
from disruption_sim.world.days import Days

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

KINDS_OF_DAY = 2
WEEKEND = 1


@dataclass(frozen=True, eq=False)
class Rosters:
    """Servers on duty.

    Attributes
    ----------
    servers : int64 (laboratories, steps, 2, bands)
        The third axis is working day, weekend; a band that runs past midnight belongs to the day on
        which it started.
    times : float64 (changes,)
        When bands start, over the whole simulation; the first is -inf.
    kind, band : int64 (changes,)
        Kind of day and band that start then.
    """

    servers: Integers
    times: Floats
    kind: Integers
    band: Integers

    @classmethod
    def of(cls, scenario: Scenario, week: ExpectedWeek) -> Rosters:
        """Return the rosters of a scenario, sized on its expected week."""
        starts = np.array(sorted({to_grid(h) for h in scenario.pathology.roster_bands_start_hour}))
        hours = (np.arange(SLOTS) + 0.5) / SLOTS_PER_HOUR
        band = np.searchsorted(starts, hours % 24.0, side="right") - 1
        day = (hours // 24.0 - (band < 0)) % 7
        cell = np.where(day >= 5, len(starts), 0) + band % len(starts)
        cells = KINDS_OF_DAY * len(starts)
        servers = np.zeros((len(scenario.laboratory_names), len(STEPS), cells), dtype=np.int64)
        for laboratory in range(len(servers)):
            loads = week.loads(scenario, laboratory)
            for number, step in enumerate(STEPS):
                rule = scenario.pathology.step(step)
                if rule.sized_on == "booking_in_staff":
                    staff = servers[laboratory, STEPS.index(Step.BOOKING_IN)]
                    needed = np.floor(staff * rule.share_of_booking_in_staff + 0.5)
                else:
                    totals = np.bincount(cell, weights=loads[number], minlength=cells)
                    mean = totals / np.maximum(np.bincount(cell, minlength=cells), 1)
                    # A load of exactly n servers does not need one more for a rounding error.
                    needed = np.ceil(mean / rule.planned_utilisation - 1e-9)
                servers[laboratory, number] = np.maximum(needed, rule.least_servers)
        weekday = Days.of(scenario.calendar).weekday
        times = (24.0 * np.arange(len(weekday))[:, None] + starts[None, :]).ravel()
        kind = np.repeat((weekday >= 5).astype(np.int64), len(starts))
        bands = np.tile(np.arange(len(starts)), len(weekday))
        # The simulation starts on a Monday; a band over midnight comes from the Sunday before.
        return cls(
            servers=servers.reshape(*servers.shape[:2], KINDS_OF_DAY, len(starts)),
            times=np.concatenate([[-math.inf], times]),
            kind=np.concatenate([[WEEKEND], kind]),
            band=np.concatenate([[len(starts) - 1], bands]),
        )

    def on_duty(self, laboratory: int, step: Step, times: Floats) -> Integers:
        """Return the servers on the roster at given times, int64 of the same shape."""
        row = np.searchsorted(self.times, times, side="right") - 1
        found: Integers = self.servers[
            laboratory, STEPS.index(step), self.kind[row], self.band[row]
        ]
        return found
