"""Count what became of the samples, in one compiled pass over all of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from disruption_sim.pathology.compiled import compiled
from disruption_sim.pathology.kernel import LaboratoryKernel
from disruption_sim.pathology.origins import SOURCES, Origins
from disruption_sim.scenario.model import Scenario

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Codes = npt.NDArray[np.uint8]
# Arguments of compiled functions.
Array = Any


@dataclass(frozen=True, eq=False)
class ReportCounts:
    """Reports of our own laboratories; the stroke between two days belongs to the earlier.

    Attributes
    ----------
    reported, within_standard : int64 (weeks, origins)
    daily_paper_waiting : int64 (days,)
        On paper and not entered back at the end of the day.
    """

    reported: Integers
    within_standard: Integers
    daily_paper_waiting: Integers


def count_reports(
    scenario: Scenario,
    origins: Origins,
    kernel: LaboratoryKernel,
    origin: Codes,
    arrival: Floats,
) -> ReportCounts:
    """Count the reports of a kernel that has run to the end.

    Parameters
    ----------
    scenario : Scenario
    origins : Origins
    kernel : LaboratoryKernel
    origin, arrival : uint8, float64 (tubes,)
        Of every tube of the kernel; the arrival is that of its first collection. Turnaround runs
        from the last one, which is known from the collection and the fixed way of a repeat.
    """
    weeks, days = scenario.calendar.weeks, 7 * scenario.calendar.weeks
    counts = np.zeros((2, weeks, origins.count), dtype=np.int64)
    paper = np.zeros(days, dtype=np.int64)
    standards = np.array([scenario.pathology.source(source).standard_hours for source in SOURCES])
    count_tubes(
        kernel.reported_at, kernel.back_entered_at, kernel.collected_at, kernel.occasion,
        kernel.is_manual, origin, arrival, kernel.layout.transport_hours,
        standards[origins.source], counts, paper,
    )  # fmt: skip
    return ReportCounts(
        reported=counts[0],
        within_standard=counts[1],
        daily_paper_waiting=np.cumsum(paper),
    )


@compiled
def day_of(time: float, days: int) -> int:
    """Return the day that a time belongs to; a stroke belongs to the day that ends."""
    return min(max(int(np.ceil(time / 24.0)) - 1, 0), days - 1)


@compiled
def count_tubes(
    reported_at: Array, back_entered_at: Array, collected: Array, occasion: Array, manual: Array,
    origin: Array, arrival: Array, transport: Array, standard: Array, counts: Array, paper: Array,
) -> None:  # fmt: skip
    """Do what `count_reports` says."""
    days = len(paper)
    for i in range(len(reported_at)):
        time = reported_at[i]
        if math.isnan(time):
            continue
        way = origin[i]
        received = arrival[i] if occasion[i] == 0 else collected[i] + transport[way]
        day = day_of(time, days)
        counts[0, day // 7, way] += 1
        if time - received <= standard[way]:
            counts[1, day // 7, way] += 1
        if manual[i]:
            paper[day] += 1
            if not math.isnan(back_entered_at[i]):
                paper[day_of(back_entered_at[i], days)] -= 1


def by_week(times: Floats, origin: Codes, weeks: int, origins: int) -> Integers:
    """Return how many of the times within the simulation fall into each week, (weeks, origins)."""
    week = np.maximum(np.ceil(times / 168.0).astype(np.int64) - 1, 0)
    inside = week < weeks
    cells = week[inside] * origins + origin[inside]
    return np.bincount(cells, minlength=weeks * origins).reshape(weeks, origins).astype(np.int64)
