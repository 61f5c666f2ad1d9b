"""When routine deliveries come, and for what each has to last."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from disruption_sim.grid import HOURS_PER_DAY
from disruption_sim.scenario.model import Scenario
from disruption_sim.world.days import Days

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class RoutineDays:
    """Routine orders, day by day of a run.

    Attributes
    ----------
    ordered : tuple of bool
        Whether an order is made on a day: where a routine delivery comes after the lead time.
    bridged : tuple of tuple of int
        Weekdays (0 Monday) of the days between the order's delivery and the next on which none
        comes, which its order has to last for besides. Bank holidays have none and are used like
        Sundays.
    """

    ordered: tuple[bool, ...]
    bridged: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, scenario: Scenario) -> RoutineDays:
        """Return the routine days of a scenario's calendar."""
        rules = scenario.transfusion.deliveries
        days = Days.of(scenario.calendar)
        later = int((rules.order_hour + rules.routine_lead_hours) // HOURS_PER_DAY)
        # Beyond the calendar weeks are ordinary ones.
        weekdays = [*days.weekday.tolist(), *(day % 7 for day in range(later + 14))]
        comes = [rules.routine_weekdays[weekday] for weekday in weekdays]
        ordered, bridged = [], []
        for day in range(days.count):
            arrival = day + later
            ordered.append(comes[arrival])
            gap = []
            for after in range(arrival + 1, len(weekdays)):
                if comes[after]:
                    break
                gap.append(weekdays[after])
            bridged.append(tuple(gap) if comes[arrival] else ())
        return cls(tuple(ordered), tuple(bridged))

    def use(self, day: int, by_weekday: Floats) -> Floats:
        """Return the use of the days that a day's order has to bridge.

        Parameters
        ----------
        day : int
        by_weekday : float64 (sites, 7, groups)

        Returns
        -------
        float64 (sites, groups)
        """
        found: Floats = by_weekday[:, list(self.bridged[day]), :].sum(axis=1)
        return found
