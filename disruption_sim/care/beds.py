"""The beds of each hospital for patients after planned operations."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from disruption_sim.records import Bed
from disruption_sim.scenario.model import Scenario
from disruption_sim.world.model import World

Integers = npt.NDArray[np.int64]


class Beds:
    """Who lies where on which night of one arm.

    A patient is in the ward on every night of the stay, or in critical care on the first of them.
    What emergencies take is in the world, the same in every arm. It decides who can be admitted
    tonight; nobody who is in a bed is sent home for it, so on a later night more may be occupied
    than are left.

    Parameters
    ----------
    scenario : Scenario
    world : World
    """

    def __init__(self, scenario: Scenario, world: World) -> None:
        beds = world.elective_beds
        self._count, self._lost = beds.count, beds.lost
        self._left: list[list[list[int]]] = (beds.count[None] - beds.lost).tolist()
        self._days = 7 * scenario.calendar.weeks
        sites, kinds = beds.count.shape
        self._occupied = [[[0] * kinds for _ in range(sites)] for _ in range(self._days)]

    def free(self, site: int, day: int) -> list[int]:
        """Return how many beds are free on the night after a day, by ``Bed``."""
        return [
            max(left - occupied, 0)
            for left, occupied in zip(self._left[day][site], self._occupied[day][site], strict=True)
        ]

    def admit(self, site: int, day: int, nights: int, critical_care: bool) -> None:
        """Put a patient operated on this day to bed.

        Parameters
        ----------
        site, day : int
        nights : int
            0 for day cases, which need no bed.
        critical_care : bool
            For the first night.
        """
        for night in range(day, min(day + nights, self._days)):
            first = critical_care and night == day
            self._occupied[night][site][Bed.CRITICAL_CARE if first else Bed.WARD] += 1

    def records(self) -> tuple[Integers, Integers, Integers]:
        """Return beds (sites, kinds), and those occupied and lost (days, sites, kinds)."""
        return self._count, np.array(self._occupied, dtype=np.int64), self._lost
