"""Units on their way from the blood service to a hospital, and how old they are."""

from __future__ import annotations

import math
from dataclasses import dataclass

from disruption_sim.randomness import hash_uniform
from disruption_sim.records import DeliveryKind
from disruption_sim.scenario.model import Scenario
from disruption_sim.transfusion.compatibility import GROUPS
from disruption_sim.transfusion.planning import whole_days
from disruption_sim.transfusion.stock import HospitalStock
from disruption_sim.world.model import World

GOLDEN_RATIO = (math.sqrt(5.0) - 1.0) / 2.0


@dataclass(frozen=True)
class Delivery:
    """Units on the road to a hospital.

    Attributes
    ----------
    site : int
    kind : DeliveryKind
    units : tuple of (int, int)
        Group and number.
    emergency_for : int
        Group of the shelf or patient an emergency order was made for; -1 for other orders.
    fresh : bool
        For a patient who needs fresh units.
    unneeded : tuple of (int, int)
        Group and number of units made to order for patients who will not need them.
    """

    site: int
    kind: DeliveryKind
    units: tuple[tuple[int, int], ...]
    emergency_for: int = -1
    fresh: bool = False
    unneeded: tuple[tuple[int, int], ...] = ()


class DeliveredAges:
    """Ages of delivered units.

    They depend on the day, the hospital, the group and the number of the unit that day, and on
    nothing else that is ordered: a hashed start and steps of the golden ratio from unit to unit,
    which spread any number of units evenly over the range. Fresh units are as old as the patients
    who need them may have them, or as the youngest if that is less.

    Parameters
    ----------
    scenario : Scenario
    world : World
        For the key of the draws.
    """

    def __init__(self, scenario: Scenario, world: World) -> None:
        rules = scenario.transfusion
        self._sites = len(scenario.network.sites)
        self._shelf_life = rules.shelf_life_days
        self._ages = whole_days(rules.age_on_delivery_days, rules.shelf_life_days)
        self._fresh_age = min(rules.fresh_needs.most_days_old, self._ages[0])
        self._made_to_order_life = min(
            rules.made_to_order.life_days, rules.shelf_life_days - self._ages[0]
        )
        self._key = world.key("transfusion.age_on_delivery")

    def put_away(self, day: int, delivery: Delivery, stock: HospitalStock) -> None:
        """Put a delivery into a hospital's stock on a day."""
        youngest, oldest = self._ages
        for group, number in delivery.unneeded:
            stock.receive_for_one_patient(group, day + self._made_to_order_life, number)
        for group, number in delivery.units:
            if delivery.fresh:
                stock.receive(group, day + self._shelf_life - self._fresh_age, number)
                continue
            entity = (day * self._sites + delivery.site) * GROUPS + group
            start = hash_uniform(self._key, entity)
            before = stock.today.received[group] - stock.today.made_to_order[group]
            for unit in range(before, before + number):
                share = (start + unit * GOLDEN_RATIO) % 1.0
                age = youngest + int(share * (oldest - youngest + 1))
                stock.receive(group, day + self._shelf_life - age, 1)
