"""Where samples come from: every pair of place and source gets a number.

The laboratory kernel counts by source of a sample. It is given these pairs as its sources, so that
its counters say for every place what was received, discarded and taken again, and so that a
repeated sample travels from its own place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from disruption_sim.scenario.model import Scenario, Source

Count = TypeVar("Count", bound=np.integer)

SOURCES = tuple(Source)
GENERAL_PRACTICE = SOURCES.index(Source.GENERAL_PRACTICE)
MOST_ORIGINS = 256
NO_ORIGIN = -1


@dataclass(frozen=True, eq=False)
class Origins:
    """Pairs of place and source.

    Attributes
    ----------
    places : tuple of str
        Names of the sites in file order, then of the boroughs.
    site_count : int
    place, source : int64 (origins,)
        What a number stands for.
    number : int16 (places, sources)
        The number of a pair; -1 where there is none (practices send only their own samples, and
        hospitals none of practices).
    """

    places: tuple[str, ...]
    site_count: int
    place: npt.NDArray[np.int64]
    source: npt.NDArray[np.int64]
    number: npt.NDArray[np.int16]

    @classmethod
    def of(cls, scenario: Scenario) -> Origins:
        """Return the pairs of a scenario.

        Raises
        ------
        ValueError
            If there are more than 256 pairs, which the kernel cannot tell apart.
        """
        sites = scenario.site_names
        places = (*sites, *(borough.name for borough in scenario.network.boroughs))
        pairs = [
            (place, source)
            for place in range(len(places))
            for source in range(len(SOURCES))
            if (source == GENERAL_PRACTICE) == (place >= len(sites))
        ]
        if len(pairs) > MOST_ORIGINS:
            raise ValueError(
                f"{len(sites)} sites and {len(places) - len(sites)} boroughs are {len(pairs)} "
                f"origins of samples, and the laboratories can tell {MOST_ORIGINS} apart "
                "(6 for each site, 1 for each borough)"
            )
        place, source = np.array(pairs, dtype=np.int64).T
        number = np.full((len(places), len(SOURCES)), NO_ORIGIN, dtype=np.int16)
        number[place, source] = np.arange(len(pairs))
        return cls(places, len(sites), place, source, number)

    @property
    def count(self) -> int:
        """How many pairs there are."""
        return int(self.place.size)

    def spread_out(self, counts: npt.NDArray[Count]) -> npt.NDArray[Count]:
        """Return counts (weeks, origins, ...) as (weeks, places, sources, ...)."""
        shape = (len(counts), len(self.places), len(SOURCES), *counts.shape[2:])
        table = np.zeros(shape, dtype=counts.dtype)
        table[:, self.place, self.source] = counts
        return table
