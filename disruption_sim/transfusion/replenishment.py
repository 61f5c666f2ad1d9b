"""How the fridges are filled: daily orders, emergency orders, deliveries."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import simpy

from disruption_sim.grid import to_grid
from disruption_sim.randomness import hash_uniform
from disruption_sim.scenario.model import Scenario
from disruption_sim.transfusion.compatibility import GROUPS, O_NEGATIVE, SUBSTITUTION
from disruption_sim.transfusion.ledger import Ledger
from disruption_sim.transfusion.national import NationalStock
from disruption_sim.transfusion.planning import StockPlan, whole_days
from disruption_sim.transfusion.stock import Fridge, SteadyStateAges
from disruption_sim.transfusion.waiting import WaitingPatients
from disruption_sim.world.model import World

# Substitutes for each group, O-negative left out except for its own patients.
SPARING = tuple(
    tuple(group for group in groups if group != O_NEGATIVE) or (O_NEGATIVE,)
    for groups in SUBSTITUTION
)
GOLDEN_RATIO = (math.sqrt(5.0) - 1.0) / 2.0


@dataclass(frozen=True)
class Delivery:
    """Units on the road to a hospital.

    Attributes
    ----------
    site : int
    units : tuple of (int, int)
        Group and number.
    emergency_for : int
        Group of the shelf or patient an emergency order was made for; -1 for a routine order.
    """

    site: int
    units: tuple[tuple[int, int], ...]
    emergency_for: int = -1


class Replenishment:
    """Keeps the fridges of all hospitals up to their planned level.

    An order is what brings stock and units on order up to the level and serves those who wait; the
    blood service sends what it has. While an alert holds the level is lowered by the cut in
    demand. Ages on delivery depend on the day, the hospital, the group and the number of the unit
    that day, and on nothing else that is ordered: a hashed start and steps of the golden ratio
    from unit to unit, which spread any number of units evenly over the range.

    Parameters
    ----------
    env : simpy.Environment
    scenario : Scenario
    world : World
        For the key of the draws.
    plan : StockPlan
    fridges : list of Fridge
        One for each site; filled at once with the planned stock at steady-state ages.
    national : NationalStock
    ledger : Ledger
    waiting : WaitingPatients
    delivered : callable
        Told the site after a delivery was put away.
    """

    def __init__(
        self,
        env: simpy.Environment,
        scenario: Scenario,
        world: World,
        plan: StockPlan,
        fridges: list[Fridge],
        national: NationalStock,
        ledger: Ledger,
        waiting: WaitingPatients,
        delivered: Callable[[int], None],
    ) -> None:
        rules = scenario.transfusion
        self._env = env
        self._fridges = fridges
        self._national = national
        self._ledger = ledger
        self._waiting = waiting
        self._delivered = delivered
        self._level: list[list[int]] = plan.level.tolist()
        self._emergency: list[list[int]] = plan.emergency.tolist()
        self._on_order = [[0] * GROUPS for _ in fridges]
        self._under_way = [[0] * GROUPS for _ in fridges]
        self._routine_lead = to_grid(rules.routine_lead_hours)
        self._emergency_lead = to_grid(rules.emergency_lead_hours)
        self._shelf_life = rules.shelf_life_days
        self._ages = whole_days(rules.age_on_delivery_days, rules.shelf_life_days)
        self._age_key = world.key("transfusion.age_on_delivery")
        self._fill(plan, world)

    def _fill(self, plan: StockPlan, world: World) -> None:
        """Fill the fridges to their level with units whose ages are those of the steady state."""
        key = world.key("transfusion.age_at_start")
        for site, fridge in enumerate(self._fridges):
            for group, shelf in enumerate(fridge.shelves):
                level, use = self._level[site][group], float(plan.daily_use[site, group])
                if not level:
                    continue
                days = level / use if use > 0.0 else float("inf")
                ages = SteadyStateAges(*self._ages, self._shelf_life, days)
                for unit in range(level):
                    age = ages.quantile(hash_uniform(key, site * GROUPS + group, unit))
                    shelf.add(self._shelf_life - age, 1)

    def review(self) -> None:
        """Order for every hospital, as is done once a day."""
        for site in range(len(self._fridges)):
            units = []
            for group in range(GROUPS):
                if self._waiting.units(site, group):
                    self.order_in_emergency(site, group)
                wanted = self._gap(site, group)
                supplied = self._national.supply(group, wanted) if wanted > 0 else 0
                if supplied:
                    units.append((group, supplied))
            if units:
                self._send(Delivery(site, tuple(units)), self._routine_lead)

    def check(self, site: int, group: int) -> None:
        """Order at once if what patients of a group may have has fallen under its emergency level.

        Substitutes count, so that nobody sends for AB-positive while there is A-positive; only
        O-negative does not, which is not to be used up in this way.
        """
        fridge, emergency = self._fridges[site], self._emergency[site][group]
        if fridge.shelves[group].units < emergency > fridge.available(SPARING[group]):
            self.order_in_emergency(site, group)

    def order_in_emergency(self, site: int, group: int) -> None:
        """Order a group at once, unless an emergency order that is enough is already under way.

        Substitutes are sent for patients who wait if the blood service has not enough of the group.
        """
        waiting, under_way = self._waiting.units(site, group), self._under_way[site][group]
        if under_way and waiting <= under_way:
            return
        missing = max(self._gap(site, group), waiting - under_way)
        if missing <= 0:
            return
        supplied = self._national.supply(group, missing)
        units = [(group, supplied)] if supplied else []
        missing = waiting - under_way - supplied
        for substitute in SUBSTITUTION[group][1:]:
            if missing <= 0:
                break
            supplied = self._national.supply(substitute, missing)
            if supplied:
                units.append((substitute, supplied))
                missing -= supplied
        if units:
            self._under_way[site][group] += sum(number for _, number in units)
            self._send(Delivery(site, tuple(units), group), self._emergency_lead)

    def _gap(self, site: int, group: int) -> int:
        level = round(self._level[site][group] * self._national.demand_kept(group))
        level += self._waiting.units(site, group)
        return level - self._fridges[site].shelves[group].units - self._on_order[site][group]

    def _send(self, delivery: Delivery, lead: float) -> None:
        for group, number in delivery.units:
            self._on_order[delivery.site][group] += number
        arrival = self._env.timeout(lead)
        arrival.callbacks.append(lambda _: self._put_away(delivery))

    def _put_away(self, delivery: Delivery) -> None:
        self._ledger.close_days(self._env.now)
        site = delivery.site
        day = int(self._env.now // 24.0)
        youngest, oldest = self._ages
        shelves = self._fridges[site].shelves
        for group, number in delivery.units:
            before = self._ledger.receive(site, group, number)
            entity = (day * len(self._fridges) + site) * GROUPS + group
            start = hash_uniform(self._age_key, entity)
            for unit in range(before, before + number):
                share = (start + unit * GOLDEN_RATIO) % 1.0
                age = youngest + int(share * (oldest - youngest + 1))
                shelves[group].add(day + self._shelf_life - age, 1)
            self._on_order[site][group] -= number
        if delivery.emergency_for >= 0:
            self._under_way[site][delivery.emergency_for] -= sum(n for _, n in delivery.units)
        self._delivered(site)
