"""Red cells ordered for one patient that are not needed in the end."""

from __future__ import annotations

from disruption_sim.randomness import hash_uniform
from disruption_sim.scenario.model import Scenario
from disruption_sim.transfusion.compatibility import GROUPS
from disruption_sim.transfusion.planning import StockPlan
from disruption_sim.transfusion.routine_days import RoutineDays
from disruption_sim.world.model import World


class MadeToOrder:
    """How many units made to order for nothing come with each routine delivery.

    The stock of a hospital is not one: beside what is kept by group there is what was irradiated,
    washed or matched for one patient. Those that are used are among the ordinary use, where they
    differ in nothing that is modelled; those that are not needed expire. Their number depends on
    the day, the hospital and the group, and on nothing that happens.

    Parameters
    ----------
    scenario : Scenario
    world : World
        For the key of the draws.
    plan : StockPlan
    routine : RoutineDays
    """

    def __init__(
        self, scenario: Scenario, world: World, plan: StockPlan, routine: RoutineDays
    ) -> None:
        rules = scenario.transfusion.made_to_order
        self._a_day: list[list[float]] = (
            rules.share * rules.unused_share * plan.daily_use
        ).tolist()
        self._bridged = [len(weekdays) for weekdays in routine.bridged]
        self._key = world.key("transfusion.made_to_order")

    def unneeded(self, day: int, site: int) -> tuple[tuple[int, int], ...]:
        """Return group and number of the units that a day's routine order brings for nothing."""
        days = 1 + self._bridged[day]
        found = []
        for group, a_day in enumerate(self._a_day[site]):
            entity = (day * len(self._a_day) + site) * GROUPS + group
            number = int(days * a_day + hash_uniform(self._key, entity)) if a_day else 0
            if number:
                found.append((group, number))
        return tuple(found)
