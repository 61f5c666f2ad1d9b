"""Turnaround of the own laboratories: against its standards, by week, site and hour of receipt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from disruption_sim.measures.calendar import Floats, Horizon
from disruption_sim.records import TURNAROUND_EDGES_HOURS, PathologyRecords

Numbers = npt.NDArray[np.int32]
SmallFloats = npt.NDArray[np.float32]

QUANTILES = (0.5, 0.9)
CLOCKS = ("receipt", "collection")
LIMITS = ("standard", "outer_limit")


@dataclass(frozen=True)
class TurnaroundCells:
    """Reported tubes in cells of some table.

    Attributes
    ----------
    reported : int32 (...)
    within : int32 (..., 2)
        In the order of ``LIMITS``.
    hours : float32 (..., 2, 2)
        From each of ``CLOCKS``, each of ``QUANTILES``; NaN where nothing was reported. From
        histograms, so exact to a part of a bin.
    """

    reported: Numbers
    within: Numbers
    hours: SmallFloats

    @classmethod
    def of(
        cls, counts: npt.NDArray[np.integer], histogram: npt.NDArray[np.integer]
    ) -> TurnaroundCells:
        """Return the cells of a table by tube type, with all types together as one more.

        Parameters
        ----------
        counts : int (..., tube types, 3)
        histogram : int (..., tube types, 2, bins)
        """
        counts = np.concatenate([counts, counts.sum(axis=-2, keepdims=True)], axis=-2)
        histogram = np.concatenate([histogram, histogram.sum(axis=-3, keepdims=True)], axis=-3)
        return cls(
            reported=counts[..., 0].astype(np.int32),
            within=counts[..., 1:].astype(np.int32),
            hours=quantiles(histogram).astype(np.float32),
        )


@dataclass(frozen=True)
class Turnaround:
    """Turnaround of the tubes of one arm; the last tube type and place are all together.

    Attributes
    ----------
    handled, within_standard, within_outer_limit : int64 (weeks, places + 1, sources)
        Of the own laboratories. A tube that had expired was handled, and within no limit.
    weekly : TurnaroundCells of (weeks, sources, tube types + 1)
        By the week of the report.
    by_place : TurnaroundCells of (periods, places, sources, tube types + 1)
    by_hour : TurnaroundCells of (periods, hours, sources, tube types + 1)
        By the hour of receipt.
    """

    handled: npt.NDArray[np.int64]
    within_standard: npt.NDArray[np.int64]
    within_outer_limit: npt.NDArray[np.int64]
    weekly: TurnaroundCells
    by_place: TurnaroundCells
    by_hour: TurnaroundCells


def turnaround_of(horizon: Horizon, records: PathologyRecords) -> Turnaround:
    """Return the turnaround of one arm; by week from week 1 on, by period of the whole run."""
    rows = horizon.week_rows
    counts = records.turnaround_weekly[rows]
    by_place = counts.sum(axis=3)
    handled = by_place[..., 0] + records.discarded[rows]
    handled, standard, outer = (
        np.concatenate([table, table.sum(axis=1, keepdims=True)], axis=1)
        for table in (handled, by_place[..., 1], by_place[..., 2])
    )
    return Turnaround(
        handled=handled,
        within_standard=standard,
        within_outer_limit=outer,
        weekly=TurnaroundCells.of(counts.sum(axis=1), records.histogram_weekly[rows]),
        by_place=TurnaroundCells.of(records.turnaround_by_place, records.histogram_by_place),
        by_hour=TurnaroundCells.of(records.turnaround_by_hour, records.histogram_by_hour),
    )


def quantiles(histogram: npt.NDArray[np.integer]) -> Floats:
    """Return quantiles of turnaround in hours from histograms.

    Parameters
    ----------
    histogram : int (..., bins)

    Returns
    -------
    float64 (..., quantiles)
        As if the logarithms of what lies in one bin were spread evenly; what took longer than the
        last edge is put there. NaN for an empty histogram.
    """
    edges = np.array(TURNAROUND_EDGES_HOURS)
    low = np.concatenate([[0.0], edges])
    high = np.concatenate([edges, [edges[-1]]])
    up_to = np.cumsum(histogram, axis=-1, dtype=np.int64)
    total = up_to[..., -1]
    found = np.full((*total.shape, len(QUANTILES)), np.nan)
    some = total > 0
    for column, share in enumerate(QUANTILES):
        target = share * total[some]
        place = (up_to[some] < target[:, None]).sum(axis=-1)
        inside = np.take_along_axis(histogram[some], place[:, None], axis=-1)[:, 0]
        before = np.take_along_axis(up_to[some], place[:, None], axis=-1)[:, 0] - inside
        part = (target - before) / inside
        first = place == 0
        log_low = np.log(np.where(first, 1.0, low[place]))
        log_high = np.log(np.where(first, 1.0, high[place]))
        between = np.exp(log_low + part * (log_high - log_low))
        found[some, column] = np.where(first, part * high[place], between)
    return found
