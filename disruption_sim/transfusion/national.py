"""The blood service: national stock by group, day by day, and its amber alert."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from disruption_sim.scenario.model import BloodGroup, Scenario
from disruption_sim.transfusion.compatibility import GROUP_O, GROUPS
from disruption_sim.world.model import NationalBlood

Floats = npt.NDArray[np.float64]


class NationalStock:
    """Red cells of the blood service; ages are not kept (six days of stock do not expire).

    Each day collections come in and the rest of the country is served; our hospitals draw on what
    is there when they order. In ordinary running collections equal the demand of the rest of the
    country and ours. Collections make up a share of a shortfall against the target (as the day
    opened) each day. An
    amber alert holds for all from the day after any group falls under its trigger until none is.

    Parameters
    ----------
    scenario : Scenario
    factors : NationalBlood
        Daily ups and downs of the world.
    our_daily_use : float64 (groups,)
        What our hospitals draw in ordinary running.
    """

    def __init__(self, scenario: Scenario, factors: NationalBlood, our_daily_use: Floats) -> None:
        rules = scenario.transfusion
        donors = np.array([rules.donor_groups[group] for group in BloodGroup])
        self.daily_use: Floats = rules.national_units_per_week / 7.0 * donors / donors.sum()
        self._collections: list[float] = self.daily_use.tolist()
        self._elsewhere: list[float] = np.maximum(self.daily_use - our_daily_use, 0.0).tolist()
        self._target: list[float] = (rules.national_stock_days * self.daily_use).tolist()
        self._trigger: list[float] = (rules.amber_trigger_days * self.daily_use).tolist()
        self._correction = rules.national_correction_per_day
        self._cut = [rules.amber_demand_cut_all] * GROUPS
        for group in GROUP_O:
            self._cut[group] = rules.amber_demand_cut_group_o
        self._collected: list[list[float]] = factors.collected_units.tolist()
        self._demanded: list[list[float]] = factors.demanded_units.tolist()
        self.units = list(self._target)
        self._opening = list(self._target)
        self.alert = False
        self._judge()

    def demand_kept(self, group: int) -> float:
        """Return the share of the usual demand that is left: 1, or less while an alert holds."""
        return 1.0 - self._cut[group] if self.alert else 1.0

    def supply(self, group: int, units: int) -> int:
        """Hand out units of a group as far as there are any, and return how many."""
        supplied = max(0, min(units, int(self.units[group])))
        self.units[group] -= supplied
        return supplied

    def end_day(self, day: int) -> None:
        """Add a day's collections, serve the rest of the country and judge the alert anew."""
        collected, demanded = self._collected[day], self._demanded[day]
        for group in range(GROUPS):
            units = self.units[group]
            correction = self._correction * (self._target[group] - self._opening[group])
            units += max(0.0, self._collections[group] * collected[group] + correction)
            demand = self._elsewhere[group] * demanded[group] * self.demand_kept(group)
            self.units[group] = self._opening[group] = units - min(units, demand)
        self._judge()

    def _judge(self) -> None:
        self.alert = any(
            units < trigger for units, trigger in zip(self.units, self._trigger, strict=True)
        )
