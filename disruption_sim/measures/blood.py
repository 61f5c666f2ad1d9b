"""Measures of blood: what was issued, what was left, and whether it was there in time."""

from __future__ import annotations

import numpy as np

from disruption_sim.measures.calendar import Floats, Horizon, means_of_weeks, with_all
from disruption_sim.measures.table import Weekly, divided
from disruption_sim.records import Route, TransfusionRecords
from disruption_sim.scenario.model import BloodGroup, Scenario

O_NEGATIVE = tuple(BloodGroup).index(BloodGroup.O_NEGATIVE)
_UNMATCHED = (Route.EMERGENCY_GROUP_O, Route.GROUP_O_UNMATCHED)


def blood_measures(
    scenario: Scenario, horizon: Horizon, records: TransfusionRecords
) -> dict[str, Weekly]:
    """Compute the measures of blood of one arm.

    Parameters
    ----------
    scenario : Scenario
    horizon : Horizon
    records : TransfusionRecords

    Returns
    -------
    dict of name to weekly values
    """
    sites = len(scenario.site_names)
    issued_at, site, units = records.issued_at, records.issued_site, records.issued_units
    o_negative = records.issued_group == O_NEGATIVE
    unmatched = np.isin(records.issued_route, _UNMATCHED)
    expired = records.expired[horizon.day_rows].sum(axis=2)
    return {
        "red_cells_issued": horizon.add_up(issued_at, site, units, sites),
        "o_negative_issued": horizon.add_up(
            issued_at[o_negative], site[o_negative], units[o_negative], sites
        ),
        "unmatched_group_o_issued": horizon.add_up(
            issued_at[unmatched], site[unmatched], units[unmatched], sites
        ),
        "blood_not_in_time": horizon.count(records.late_at, records.late_site, sites),
        "red_cells_expired": with_all(expired.reshape(-1, 7, sites).sum(axis=1).astype(np.float64)),
        "o_negative_stock_days_hospital": _hospital_stock_days(horizon, records),
        "o_negative_stock_days_national": means_of_weeks(
            divided(
                records.national_stock[horizon.day_rows, O_NEGATIVE],
                records.national_daily_use[O_NEGATIVE, None],
            )
        ),
    }


def _hospital_stock_days(horizon: Horizon, records: TransfusionRecords) -> Floats:
    stock = with_all(records.stock[horizon.day_rows, :, O_NEGATIVE].astype(np.float64))
    daily_use = with_all(records.daily_use[:, O_NEGATIVE].astype(np.float64))
    return means_of_weeks(divided(stock, np.broadcast_to(daily_use, stock.shape)))
