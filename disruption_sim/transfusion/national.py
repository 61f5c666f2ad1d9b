"""The blood service: national stock by group, day by day, and its alerts."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from disruption_sim.disruption import Timeline
from disruption_sim.records import Alert
from disruption_sim.scenario.events import DonorAppeal
from disruption_sim.scenario.model import BloodGroup, Scenario
from disruption_sim.transfusion.compatibility import GROUP_O, GROUPS
from disruption_sim.world.model import NationalBlood

Floats = npt.NDArray[np.float64]

NOON = 12.0


class NationalStock:
    """Red cells of the blood service; ages are not kept (six days of stock do not expire).

    Each day collections come in and the rest of the country is served; our hospitals draw on what
    is there when they order, so that their draw is what they order and nothing assumed. In
    ordinary running collections equal the demand of the rest of the country and ours. Collections
    make up a share of a shortfall against the target (as the day opened) each day; an appeal to
    donors adds its share on top.

    The phase of alert is judged at the end of each day from the group with the fewest days of
    stock. A worse one holds at once; a better one only when the present one has held for its least
    time, and then the one that fits the stock.

    Parameters
    ----------
    scenario : Scenario
    factors : NationalBlood
        Daily ups and downs of the world.
    our_daily_use : float64 (groups,)
        What our hospitals draw in ordinary running.
    timeline : Timeline
        For appeals to donors.

    Attributes
    ----------
    daily_use : float64 (groups,)
        Of the whole country, ours included.
    units : list of float
        In stock, by group.
    drawn_today : list of int
        Handed out to our hospitals since the last `end_day`, by group.
    alert : Alert
    """

    def __init__(
        self,
        scenario: Scenario,
        factors: NationalBlood,
        our_daily_use: Floats,
        timeline: Timeline,
    ) -> None:
        rules = scenario.transfusion
        service = rules.blood_service
        donors = np.array([rules.donor_groups[group] for group in BloodGroup])
        self.daily_use: Floats = service.units_per_week / 7.0 * donors / donors.sum()
        self._use: list[float] = self.daily_use.tolist()
        self._elsewhere: list[float] = np.maximum(self.daily_use - our_daily_use, 0.0).tolist()
        self._target: list[float] = (service.stock_days * self.daily_use).tolist()
        self._correction = service.correction_per_day
        self._phases = sorted(
            ((Alert[phase.name.upper()], phase.trigger_days) for phase in service.alerts),
            reverse=True,
        )
        self._cuts = {Alert.GREEN: [0.0] * GROUPS}
        for phase in service.alerts:
            cuts = [phase.demand_cut_all] * GROUPS
            for group in GROUP_O:
                cuts[group] = phase.demand_cut_group_o
            self._cuts[Alert[phase.name.upper()]] = cuts
        self._least_days = service.alert_least_days
        self._collected: list[list[float]] = (
            factors.collected_units * self._appeal(timeline, factors.collected_units.shape[0])
        ).tolist()
        self._demanded: list[list[float]] = factors.demanded_units.tolist()
        self.units = list(self._target)
        self._opening = list(self._target)
        self.drawn_today = [0] * GROUPS
        self._days_held = 0
        self.alert = self._fitting()

    @staticmethod
    def _appeal(timeline: Timeline, days: int) -> Floats:
        """Return the factors of appeals on collections, float64 (days, groups)."""
        factor = np.ones((days, GROUPS))
        groups = list(BloodGroup)
        noons: Floats = 24.0 * np.arange(days, dtype=np.float64) + NOON
        for appeal, strength in timeline.policies(DonorAppeal):
            more = appeal.extra_collections_share * strength.at_many(noons)
            for group in set(appeal.groups):
                factor[:, groups.index(group)] += more
        return factor

    def demand_kept(self, group: int) -> float:
        """Return the share of the usual demand that is left: 1, or less while an alert holds."""
        return 1.0 - self._cuts[self.alert][group]

    def supply(self, group: int, units: int) -> int:
        """Hand out units of a group as far as there are any, and return how many."""
        supplied = max(0, min(units, int(self.units[group])))
        self.units[group] -= supplied
        self.drawn_today[group] += supplied
        return supplied

    def end_day(self, day: int) -> list[int]:
        """Add a day's collections, serve the rest of the country and judge the alert anew.

        Returns
        -------
        list of int
            Handed out to our hospitals on the day, by group.
        """
        collected, demanded = self._collected[day], self._demanded[day]
        for group in range(GROUPS):
            units = self.units[group]
            correction = self._correction * (self._target[group] - self._opening[group])
            units += max(0.0, self._use[group] * collected[group] + correction)
            demand = self._elsewhere[group] * demanded[group] * self.demand_kept(group)
            self.units[group] = self._opening[group] = units - min(units, demand)
        self._judge()
        drawn, self.drawn_today = self.drawn_today, [0] * GROUPS
        return drawn

    def _judge(self) -> None:
        fitting = self._fitting()
        self._days_held += 1
        if fitting > self.alert or (fitting < self.alert and self._days_held >= self._least_days):
            self.alert = fitting
            self._days_held = 0

    def _fitting(self) -> Alert:
        """Return the phase that fits the stock as it is."""
        days = min(
            units / use for units, use in zip(self.units, self._use, strict=True) if use > 0.0
        )
        for phase, trigger in self._phases:
            if days < trigger:
                return phase
        return Alert.GREEN
