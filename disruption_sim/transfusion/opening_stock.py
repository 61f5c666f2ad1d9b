"""The stock of each hospital at hour 0."""

from __future__ import annotations

from disruption_sim.randomness import hash_uniform
from disruption_sim.scenario.model import Scenario
from disruption_sim.transfusion.compatibility import GROUPS
from disruption_sim.transfusion.planning import StockPlan, whole_days
from disruption_sim.transfusion.steady_state import SteadyStateAges
from disruption_sim.transfusion.stock import HospitalStock
from disruption_sim.world.model import World


def make_stocks(scenario: Scenario, world: World, plan: StockPlan) -> list[HospitalStock]:
    """Return the hospitals' stocks, filled to their level with units of steady-state ages.

    The satellite holds the freshest and hands its oldest on to the laboratory, so that both are one
    line through which units pass: the ages are those of the whole stock of a group, and the
    youngest of them are in the satellite.

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
    satellite: list[int] = plan.satellite.tolist()

    def spoilt(patient: int, unit: int) -> bool:
        return hash_uniform(wasted_key, patient, unit) < rules.returned_wasted_share

    stocks = []
    for site in range(len(scenario.network.sites)):
        stock = HospitalStock(satellite, rules.satellites.rotation_days, spoilt)
        for group in range(GROUPS):
            units = int(plan.level[site, group] + plan.buffer[group]) + satellite[group]
            use = float(plan.daily_use[site, group])
            if not units:
                continue
            days = units / use if use > 0.0 else float("inf")
            steady = SteadyStateAges(youngest, oldest, rules.shelf_life_days, days)
            for unit in range(units):
                uniform = hash_uniform(ages_key, site * GROUPS + group, unit)
                stock.fill(group, rules.shelf_life_days - steady.quantile(uniform), 1)
        stock.rotate(0)
        stocks.append(stock)
    return stocks
