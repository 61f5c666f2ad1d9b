"""Measures of what operations need: theatre lists and beds."""

from __future__ import annotations

import numpy as np

from disruption_sim.measures.calendar import Floats, Horizon, Integers, with_all
from disruption_sim.measures.operations_registry import (
    extra_lists_measure,
    lost_measure,
    occupied_measure,
)
from disruption_sim.measures.table import Ratio, Weekly
from disruption_sim.records import Bed, ExtraList, SurgeryRecords


def theatre_measures(horizon: Horizon, records: SurgeryRecords) -> dict[str, Weekly]:
    """Compute the measures of theatre lists and beds of one arm.

    Parameters
    ----------
    horizon : Horizon
    records : SurgeryRecords

    Returns
    -------
    dict of name to weekly values
    """
    rows = horizon.week_rows
    extra = records.extra_lists_run[rows].astype(np.float64)
    measures: dict[str, Weekly] = {
        "theatre_lists": records.lists_run[rows].astype(np.float64),
        "flexible_lists": records.flexible_lists_run[rows].astype(np.float64),
        "recovery_lists": extra.sum(axis=1),
        "recovery_cost_pounds": records.cost_pounds[rows],
        "theatre_utilisation": Ratio(records.busy_hours[rows], records.list_hours[rows]),
    }
    for held in ExtraList:
        measures[extra_lists_measure(held)] = extra[:, held]
    nights = np.broadcast_to(records.beds, records.beds_occupied.shape)
    for bed in Bed:
        all_nights = _by_week(horizon, nights[..., bed])
        occupied, lost = (
            _by_week(horizon, daily[..., bed])
            for daily in (records.beds_occupied, records.beds_lost)
        )
        measures[occupied_measure(bed)] = Ratio(occupied, all_nights)
        measures[lost_measure(bed)] = Ratio(lost, all_nights)
    return measures


def _by_week(horizon: Horizon, nights: Integers) -> Floats:
    """Add up bed-nights by week, float64 (weeks, sites + 1)."""
    reported = nights[horizon.day_rows].astype(np.float64)
    return with_all(reported.reshape(-1, 7, reported.shape[1]).sum(axis=1))
