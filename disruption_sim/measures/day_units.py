"""Measures of treatment in day units."""

from __future__ import annotations

import numpy as np

from disruption_sim.measures.calendar import Horizon
from disruption_sim.measures.operations import is_incident
from disruption_sim.measures.table import Weekly
from disruption_sim.records import DayUnitRecords
from disruption_sim.scenario.model import Scenario
from disruption_sim.world.model import World


def day_unit_measures(
    scenario: Scenario,
    horizon: Horizon,
    world: World,
    records: DayUnitRecords,
    twin: DayUnitRecords,
) -> dict[str, Weekly]:
    """Compute the measures of day units of one arm.

    Parameters
    ----------
    scenario : Scenario
    horizon : Horizon
    world : World
    records, twin : DayUnitRecords
        Of this arm and of the baseline arm.

    Returns
    -------
    dict of name to weekly values
    """
    sites = len(scenario.site_names)
    site = world.day_units.site[world.day_treatments.place]
    moved_from = site[records.postponed_treatment]
    incident = is_incident(records.postponed_cause)
    bedside, overtime = records.at_the_bedside, records.in_overtime
    done, usual = (horizon.count(arm.done_at, site, sites) for arm in (records, twin))
    return {
        "day_treatments_done": done,
        "day_treatments_postponed": horizon.count(records.postponed_at, moved_from, sites),
        "day_treatments_postponed_incident": horizon.count(
            records.postponed_at[incident], moved_from[incident], sites
        ),
        "day_treatments_on_bedside_test": horizon.count(
            records.done_at[bedside], site[bedside], sites
        ),
        "day_treatments_in_overtime": horizon.count(
            records.done_at[overtime], site[overtime], sites
        ),
        "day_treatment_hours_waited": horizon.add_up(
            records.waited_at, site[records.waited_treatment], records.waited_hours, sites
        ),
        "day_treatments_backlog": np.cumsum(usual - done, axis=0),
    }
