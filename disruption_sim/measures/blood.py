"""Measures of blood: what was issued and how, and whether it was there in time."""

from __future__ import annotations

import numpy as np

from disruption_sim.measures.calendar import Floats, Horizon
from disruption_sim.measures.table import Ratio, Weekly
from disruption_sim.measures.ways_to_blood import (
    UNMATCHED_GROUP_O,
    Way,
    quantiles_by_cell,
    requests_of,
    ways_of,
)
from disruption_sim.records import TransfusionRecords
from disruption_sim.scenario.model import BloodGroup, Scenario

O_NEGATIVE = tuple(BloodGroup).index(BloodGroup.O_NEGATIVE)
O_POSITIVE = tuple(BloodGroup).index(BloodGroup.O_POSITIVE)


def blood_measures(
    scenario: Scenario, horizon: Horizon, records: TransfusionRecords
) -> dict[str, Weekly]:
    """Compute the measures of red cells issued in one arm.

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
    ways, groups = ways_of(records), records.issued_group

    def units(kept: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> Floats:
        return horizon.add_up(
            records.issued_at[kept], records.issued_site[kept], records.issued_units[kept], sites
        )

    issued = units(np.ones(ways.size, dtype=np.bool_))
    o_negative = units(groups == O_NEGATIVE)
    medians = _median_minutes(horizon, records)
    return {
        "red_cells_issued": issued,
        "o_negative_issued": o_negative,
        "o_positive_issued": units(groups == O_POSITIVE),
        "o_negative_share_of_issues": Ratio(o_negative, issued),
        "unmatched_group_o_issued": units(np.isin(ways, UNMATCHED_GROUP_O)),
        **{f"red_cells_{way.name.lower()}": units(ways == way) for way in Way},
        **{
            f"minutes_to_blood_{way.name.lower()}": Ratio(
                np.nan_to_num(medians[:, way]), np.isfinite(medians[:, way]).astype(np.float64)
            )
            for way in Way
        },
        "red_cells_withheld": horizon.weekly(records.withheld_units),
        "red_cells_diverted": horizon.weekly(records.diverted_units),
        "blood_not_in_time": horizon.count(records.late_at, records.late_site, sites),
    }


def _median_minutes(horizon: Horizon, records: TransfusionRecords) -> Floats:
    """Return the median minutes to blood of all sites by week and way."""
    requests = requests_of(records)
    week = horizon.week_of(requests.at)
    kept = week >= 0
    medians = quantiles_by_cell(
        week[kept] * len(Way) + requests.way[kept],
        requests.minutes[kept],
        horizon.weeks * len(Way),
        shares=(0.5,),
    )
    return medians.reshape(horizon.weeks, len(Way))
