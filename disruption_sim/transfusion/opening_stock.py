"""The stock of each hospital at hour 0."""

from __future__ import annotations

import math

from disruption_sim.randomness import hash_uniform
from disruption_sim.scenario.model import Scenario
from disruption_sim.transfusion.compatibility import GROUPS
from disruption_sim.transfusion.planning import StockPlan, whole_days
from disruption_sim.transfusion.steady_state import SteadyStateAges
from disruption_sim.transfusion.stock import HospitalStock
from disruption_sim.world.model import World


def make_stocks(scenario: Scenario, world: World, plan: StockPlan) -> list[HospitalStock]:
    """Return the hospitals' stocks, filled to their level with units of steady-state ages.

    The satellite is filled with the freshest of what comes, which stay until they are used for
    somebody who cannot wait or until they go back with the rotation; the laboratory has the rest.
    So each is a line of its own, with its own part of what comes and its own use.

    Parameters
    ----------
    scenario : Scenario
    world : World
        For the keys of the draws.
    plan : StockPlan
    """
    rules = scenario.transfusion
    ages_key = world.key("transfusion.age_at_start")
    wasted_key = world.key("transfusion.returned_wasted")
    youngest, oldest = whole_days(rules.age_on_delivery_days, rules.shelf_life_days)
    satellite_units: list[int] = plan.satellite.tolist()
    rotation = math.ceil(rules.satellites.rotation_days)
    longest = max(1, rules.shelf_life_days - rotation - youngest)  # days in the satellite

    def spoilt(patient: int, unit: int) -> bool:
        return hash_uniform(wasted_key, patient, unit) < rules.returned_wasted_share

    stocks = []
    for site in range(len(scenario.network.sites)):
        stock = HospitalStock(satellite_units, rules.satellites.rotation_days, spoilt)
        for group in range(GROUPS):
            use = float(plan.daily_use[site, group])
            in_satellite = int(plan.satellite[group])
            in_laboratory = int(plan.level[site, group] + plan.buffer[group])
            for_satellite = min(use, max(plan.emergency_use[site, group], in_satellite / longest))
            split = round(_over(for_satellite, use, 0.0) * (oldest - youngest + 1))
            satellite_ages = SteadyStateAges(
                youngest,
                max(youngest, youngest + split - 1),
                max(youngest, rules.shelf_life_days - rotation),
                _over(in_satellite, for_satellite, math.inf),
            )
            # What comes back with the rotation is used in the laboratory.
            in_use = use - min(use, float(plan.emergency_use[site, group]))
            laboratory_ages = SteadyStateAges(
                min(oldest, youngest + split),
                oldest,
                rules.shelf_life_days,
                _over(in_laboratory, in_use, math.inf),
            )
            for unit in range(in_satellite + in_laboratory):
                uniform = hash_uniform(ages_key, site * GROUPS + group, unit)
                satellite = unit < in_satellite
                ages = satellite_ages if satellite else laboratory_ages
                last_day = rules.shelf_life_days - ages.quantile(uniform)
                stock.fill(group, last_day, 1, satellite=satellite)
        stocks.append(stock)
    return stocks


def _over(units: float, a_day: float, otherwise: float) -> float:
    return units / a_day if a_day > 0.0 else otherwise
