"""How the fridges are filled: daily orders, ad-hoc and emergency orders, deliveries."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

import simpy

from disruption_sim.disruption import Timeline
from disruption_sim.grid import to_grid
from disruption_sim.records import DeliveryKind
from disruption_sim.scenario.events import ExtraGroupO
from disruption_sim.scenario.model import Scenario
from disruption_sim.transfusion.compatibility import GROUPS, O_NEGATIVE, SUBSTITUTION
from disruption_sim.transfusion.deliveries import DeliveredAges, Delivery
from disruption_sim.transfusion.information_technology import InformationTechnology
from disruption_sim.transfusion.ledger import Ledger
from disruption_sim.transfusion.made_to_order import MadeToOrder
from disruption_sim.transfusion.national import NationalStock
from disruption_sim.transfusion.planning import StockPlan, by_group
from disruption_sim.transfusion.routine_days import RoutineDays
from disruption_sim.transfusion.shelf import order_up_to
from disruption_sim.transfusion.stock import HospitalStock
from disruption_sim.world.model import World

# Substitutes for each group, O-negative left out except for its own patients.
SPARING = tuple(
    tuple(group for group in groups if group != O_NEGATIVE) or (O_NEGATIVE,)
    for groups in SUBSTITUTION
)


class Replenishment:
    """Keeps the stocks of all hospitals up to their planned level.

    An order is what brings stock, satellite and units on order up to the level and serves those who
    wait; what is set aside for patients does not count as stock. The blood service sends what it
    has.

    * **Routine** orders once a day, for a delivery on the days that have one; they last until the
      next. Units made to order come with them.
    * **Ad-hoc** orders of everything that is missing when what may be given to the patients of a
      group has fallen under so many days of use and no more is on its way.
    * **Emergency** orders of one group when it has fallen further, or when a patient waits.

    The level is the planned stock, with the buffer while the hospital has its information
    technology (without it the buffer is there to be used up), with the extra group O of a policy
    while that holds, and less the cut of an alert of the blood service. Satellites are filled up
    and rotated at the daily order and at every delivery.

    Parameters
    ----------
    env : simpy.Environment
    scenario : Scenario
    world : World
        For the key of the draws.
    timeline : Timeline
    plan : StockPlan
    stocks : list of HospitalStock
        One for each site.
    national : NationalStock
    ledger : Ledger
    waiting_units : callable
        Takes a site and a group; units for which patients of the group wait.
    delivered : callable
        Told the site after a delivery was put away.
    """

    def __init__(
        self,
        env: simpy.Environment,
        scenario: Scenario,
        world: World,
        timeline: Timeline,
        plan: StockPlan,
        stocks: list[HospitalStock],
        national: NationalStock,
        ledger: Ledger,
        waiting_units: Callable[[int, int], int],
        delivered: Callable[[int], None],
    ) -> None:
        rules = scenario.transfusion.deliveries
        self._env = env
        self._stocks = stocks
        self._national = national
        self._ledger = ledger
        self._waiting_units = waiting_units
        self._delivered = delivered
        self._levels = _Levels(scenario, timeline, plan)
        self._ad_hoc: list[list[int]] = plan.ad_hoc.tolist()
        self._emergency: list[list[int]] = plan.emergency.tolist()
        self._on_order = [[0] * GROUPS for _ in stocks]
        self._under_way = [[0] * GROUPS for _ in stocks]
        self._order_hour = to_grid(rules.order_hour)
        self._routine = RoutineDays.of(scenario)
        self._leads = {
            DeliveryKind.ROUTINE: to_grid(rules.routine_lead_hours),
            DeliveryKind.AD_HOC: to_grid(rules.ad_hoc_lead_hours),
            DeliveryKind.EMERGENCY: to_grid(rules.emergency_lead_hours),
        }
        self._ages = DeliveredAges(scenario, world)
        self._made_to_order = MadeToOrder(scenario, world, plan, self._routine)

    def start(self) -> None:
        """Start the SimPy process of the daily order."""
        self._env.process(self._order_daily())

    def _order_daily(self) -> Generator[simpy.Event, Any, None]:
        yield self._env.timeout(self._order_hour)
        while True:
            self._ledger.close_days(self._env.now)
            self._review(int(self._env.now // 24.0))
            yield self._env.timeout(24.0)

    def _review(self, day: int) -> None:
        """Look through every hospital's stock and order, as is done once a day."""
        self._levels.set_day(self._routine, day)
        for site, stock in enumerate(self._stocks):
            stock.rotate(day)
            for group in range(GROUPS):
                if self._waiting_units(site, group):
                    self.order_in_emergency(site, group)
            if self._routine.ordered[day]:
                unneeded = self._made_to_order.unneeded(day, site)
                self._order_everything(site, DeliveryKind.ROUTINE, unneeded)
            for group in range(GROUPS):
                self.check(site, group)

    def check(self, site: int, group: int) -> None:
        """Order at once if what patients of a group may have has fallen under its limits.

        Substitutes count, so that nobody sends for AB-positive while there is A-positive; only
        O-negative does not, which is not to be used up in this way.
        """
        stock = self._stocks[site]
        here = stock.laboratory[group].units
        if here >= self._ad_hoc[site][group]:
            return
        usable = stock.available(SPARING[group])
        if usable < self._emergency[site][group]:
            self.order_in_emergency(site, group)
        elif usable < self._ad_hoc[site][group] and not self._on_order[site][group]:
            self._order_everything(site, DeliveryKind.AD_HOC)

    def order_in_emergency(self, site: int, group: int, fresh: bool = False) -> None:
        """Order a group at once, unless an emergency order that is enough is already under way.

        Substitutes are sent for patients who wait if the blood service has not enough of the group.

        Parameters
        ----------
        site, group : int
        fresh : bool
            For a patient who needs fresh units.
        """
        waiting, under_way = self._waiting_units(site, group), self._under_way[site][group]
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
            self._send(Delivery(site, DeliveryKind.EMERGENCY, tuple(units), group, fresh))

    def _order_everything(
        self, site: int, kind: DeliveryKind, made_to_order: tuple[tuple[int, int], ...] = ()
    ) -> None:
        """Order what is missing of all groups, and what is made to order."""
        units = []
        for group in range(GROUPS):
            wanted = self._gap(site, group)
            supplied = self._national.supply(group, wanted) if wanted else 0
            if supplied:
                units.append((group, supplied))
        unneeded = []
        for group, number in made_to_order:
            supplied = self._national.supply(group, number)
            if supplied:
                unneeded.append((group, supplied))
        if units or unneeded:
            self._send(Delivery(site, kind, tuple(units), unneeded=tuple(unneeded)))

    def _gap(self, site: int, group: int) -> int:
        kept = self._national.demand_kept(group)
        return order_up_to(
            self._levels.of(site, group, self._env.now, kept),
            self._stocks[site].in_house(group),
            self._on_order[site][group],
            self._waiting_units(site, group),
        )

    def _send(self, delivery: Delivery) -> None:
        for group, number in delivery.units:
            self._on_order[delivery.site][group] += number
        arrival = self._env.timeout(self._leads[delivery.kind])
        arrival.callbacks.append(lambda _: self._put_away(delivery))

    def _put_away(self, delivery: Delivery) -> None:
        now, site = self._env.now, delivery.site
        self._ledger.close_days(now)
        self._ledger.delivery(now, site, delivery.kind)
        day = int(now // 24.0)
        stock = self._stocks[site]
        self._ages.put_away(day, delivery, stock)
        for group, number in delivery.units:
            self._on_order[site][group] -= number
        if delivery.emergency_for >= 0:
            self._under_way[site][delivery.emergency_for] -= sum(n for _, n in delivery.units)
        self._delivered(site)
        stock.rotate(day)


class _Levels:
    """What each hospital orders up to: laboratory and satellite together."""

    def __init__(self, scenario: Scenario, timeline: Timeline, plan: StockPlan) -> None:
        self._use_by_weekday = plan.use_by_weekday
        self._planned: list[list[int]] = (plan.level).tolist()
        self._satellite: list[int] = plan.satellite.tolist()
        self._buffer: list[int] = plan.buffer.tolist()
        self._bridge: list[list[float]] = (0.0 * plan.daily_use).tolist()
        self._technology = InformationTechnology(scenario, timeline)
        self._extra = [
            (
                by_group(policy.units).tolist(),
                strength,
                [name in scenario.places(policy.places) for name in scenario.site_names],
            )
            for policy, strength in timeline.policies(ExtraGroupO)
        ]

    def set_day(self, routine: RoutineDays, day: int) -> None:
        """Let orders last for the days that a day's routine delivery has to bridge."""
        self._bridge = routine.use(day, self._use_by_weekday).tolist()

    def of(self, site: int, group: int, now: float, demand_kept: float) -> int:
        """Return the level of a group at a hospital."""
        level = self._planned[site][group] + self._bridge[site][group]
        if self._buffer[group] and self._technology.works(site, now):
            level += self._buffer[group]
        for units, strength, holds in self._extra:
            if units[group] and holds[site]:
                level += units[group] * strength.at(now)
        return round(level * demand_kept) + self._satellite[group]
