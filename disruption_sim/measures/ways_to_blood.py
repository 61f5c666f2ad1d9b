"""By which way red cells came to patients, and how long each patient waited."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from disruption_sim.measures.calendar import Floats, Integers
from disruption_sim.records import Route, TransfusionRecords

QUANTILES = (0.5, 0.9)


class Way(IntEnum):
    """Routes to blood, with what was crossmatched and set aside in advance as one of its own.

    Every unit issued came by exactly one. The first three are of a known group and matched.
    """

    ELECTRONIC_ISSUE = 0
    CROSSMATCH = 1
    SET_ASIDE = 2
    GROUP_SPECIFIC = 3
    GROUP_O_UNMATCHED = 4
    EMERGENCY_GROUP_O = 5

    @property
    def title(self) -> str:
        """The way in words."""
        return {
            Way.ELECTRONIC_ISSUE: "Electronic issue",
            Way.CROSSMATCH: "Crossmatched when asked for",
            Way.SET_ASIDE: "Set aside for the patient in advance",
            Way.GROUP_SPECIFIC: "Of the patient's group, not crossmatched",
            Way.GROUP_O_UNMATCHED: "Group O from the laboratory, unmatched",
            Way.EMERGENCY_GROUP_O: "Emergency group O",
        }[self]


UNMATCHED_GROUP_O = (Way.GROUP_O_UNMATCHED, Way.EMERGENCY_GROUP_O)

_WAY_OF_ROUTE = np.array([Way[route.name] for route in Route])


def ways_of(records: TransfusionRecords) -> Integers:
    """Return the ``Way`` of each row of issues, int64 (rows,)."""
    by_route = _WAY_OF_ROUTE[records.issued_route]
    ways: Integers = np.where(records.issued_reserved, int(Way.SET_ASIDE), by_route)
    return ways


@dataclass(frozen=True)
class Requests:
    """Patients who were given blood by one way at one time, in order of time.

    A patient whose units leave at several times, or by several ways, is several.

    Attributes
    ----------
    at : float64 (n,)
        Hours.
    site, way : int64 (n,)
    minutes : float64 (n,)
        From the request until the units were there.
    """

    at: Floats
    site: Integers
    way: Integers
    minutes: Floats


def requests_of(records: TransfusionRecords) -> Requests:
    """Put together the issues of different groups and ages that went to one patient at once."""
    at, minutes = records.issued_at, records.issued_minutes
    site, way = records.issued_site.astype(np.int64), ways_of(records)
    keys: tuple[npt.NDArray[np.generic], ...] = (
        at, site, way, records.issued_use, records.issued_urgency, records.issued_patient_group,
        minutes,
    )  # fmt: skip
    order = np.lexsort(keys[::-1])
    first = np.zeros(order.size, dtype=np.bool_)
    first[:1] = True
    for key in keys:
        ordered = key[order]
        first[1:] |= ordered[1:] != ordered[:-1]
    kept = order[first]
    return Requests(at[kept], site[kept], way[kept], minutes[kept])


def quantiles_by_cell(
    cell: npt.NDArray[np.integer], values: Floats, cells: int, shares: tuple[float, ...] = QUANTILES
) -> Floats:
    """Return quantiles of values in numbered cells, linear between order statistics.

    Parameters
    ----------
    cell : int (n,)
        From 0 to `cells` - 1.
    values : float64 (n,)
    cells : int
    shares : tuple of float

    Returns
    -------
    float64 (cells, shares)
        NaN for a cell without values.
    """
    order = np.lexsort((values, cell))
    ordered = values[order]
    count = np.bincount(cell, minlength=cells)
    first = np.cumsum(count) - count
    found = np.full((cells, len(shares)), np.nan)
    some = count > 0
    for column, share in enumerate(shares):
        place = share * (count[some] - 1)
        below = np.floor(place).astype(np.int64)
        above = np.ceil(place).astype(np.int64)
        low, high = ordered[first[some] + below], ordered[first[some] + above]
        found[some, column] = low + (place - below) * (high - low)
    return found
