"""Measures of the supply of blood: stock, deliveries, the blood service and its alerts."""

from __future__ import annotations

import numpy as np

from disruption_sim.measures.blood import O_NEGATIVE
from disruption_sim.measures.calendar import Floats, Horizon, Integers, means_of_weeks, with_all
from disruption_sim.measures.table import Weekly, divided
from disruption_sim.records import Alert, DeliveryKind, TransfusionRecords


def supply_measures(horizon: Horizon, records: TransfusionRecords) -> dict[str, Weekly]:
    """Compute the measures of the supply of blood in one arm.

    Parameters
    ----------
    horizon : Horizon
    records : TransfusionRecords

    Returns
    -------
    dict of name to weekly values
    """
    days = horizon.day_rows

    stock = with_all(held(records)[days, :, O_NEGATIVE].astype(np.float64))
    daily_use = with_all(records.daily_use[:, O_NEGATIVE].astype(np.float64))
    national = national_days(records)[days]
    alert = records.alert[days].reshape(-1, 7)
    return {
        "red_cells_expired": horizon.weekly(records.expired.sum(axis=2)),
        "red_cells_wasted": horizon.weekly(records.wasted.sum(axis=2)),
        "red_cells_reserved": horizon.weekly(records.reserved_units),
        "red_cells_returned": horizon.weekly(records.returned_units),
        **{
            f"blood_deliveries_{kind.name.lower()}": horizon.weekly(records.deliveries[:, :, kind])
            for kind in DeliveryKind
        },
        "o_negative_stock_days_hospital": means_of_weeks(
            divided(stock, np.broadcast_to(daily_use, stock.shape))
        ),
        "o_negative_stock_days_national": means_of_weeks(national[:, O_NEGATIVE]),
        "national_stock_days_lowest_group": means_of_weeks(national.min(axis=1)),
        "blood_pre_amber_days": (alert == Alert.PRE_AMBER).sum(axis=1).astype(np.float64),
        "blood_alert_days": (alert >= Alert.AMBER).sum(axis=1).astype(np.float64),
    }


def held(records: TransfusionRecords) -> Integers:
    """Return the units that hospitals hold, wherever they are, int64 (days, sites, groups)."""
    units: Integers = records.stock.astype(np.int64) + records.satellite + records.reserved
    return units


def national_days(records: TransfusionRecords) -> Floats:
    """Return the blood service's stock of each group in days of its use, (days, groups)."""
    use = np.broadcast_to(records.national_daily_use, records.national_stock.shape)
    return divided(records.national_stock, use)
