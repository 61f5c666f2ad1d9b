"""Laboratory throughput over some weekdays: the figure that was published at Synnovis."""

from __future__ import annotations

import datetime as dt

import numpy as np
import numpy.typing as npt

from disruption_sim.records import PathologyRecords
from disruption_sim.scenario.model import Scenario

SATURDAY = 5


def weekdays_until(until: dt.date, count: int) -> list[dt.date]:
    """Return the last so many days from Monday to Friday up to a date, itself included."""
    days: list[dt.date] = []
    day = until
    while len(days) < count:
        if day.weekday() < SATURDAY:
            days.append(day)
        day -= dt.timedelta(days=1)
    return days[::-1]


def throughput_share(
    scenario: Scenario,
    records: PathologyRecords,
    twin: PathologyRecords,
    until: dt.date,
    weekdays: int = 5,
) -> float:
    """Return tubes reported by the own laboratories over those of the same days of the twin.

    Parameters
    ----------
    scenario : Scenario
        Gives the calendar.
    records, twin : PathologyRecords
        Of an arm and of the baseline arm of the same world.
    until : date
        The last day that counts, if it is a weekday.
    weekdays : int
        How many days from Monday to Friday are taken together, bank holidays among them.

    Raises
    ------
    ValueError
        If one of the days is not simulated.
    """
    first = scenario.calendar.first_day
    return share_of_days(
        records.daily_reported.sum(axis=(1, 2)),
        twin.daily_reported.sum(axis=(1, 2)),
        first,
        until,
        weekdays,
    )


def share_of_days(
    reported: npt.NDArray[np.integer],
    usually: npt.NDArray[np.integer],
    first: dt.date,
    until: dt.date,
    weekdays: int = 5,
) -> float:
    """Return the share from daily counts (days,) that start on a date; see `throughput_share`."""
    rows = [(day - first).days for day in weekdays_until(until, weekdays)]
    if rows[0] < 0 or rows[-1] >= len(reported):
        last = first + dt.timedelta(days=len(reported) - 1)
        raise ValueError(f"the {weekdays} weekdays up to {until} are not within {first} to {last}")
    normal = int(usually[rows].sum())
    return float(reported[rows].sum()) / normal if normal else float("nan")
