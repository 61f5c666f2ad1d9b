"""Hospitals' stocks, their orders and the blood service, with units taken as planned for.

Nobody is ill here: units leave by the expected use of each hospital, group and weekday.
"""

from __future__ import annotations

from collections.abc import Generator
from functools import cache
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import simpy

from disruption_sim.disruption import Timeline
from disruption_sim.records import TransfusionRecords
from disruption_sim.scenario import Scenario, load_scenario
from disruption_sim.transfusion.compatibility import GROUPS, SUBSTITUTION
from disruption_sim.transfusion.ledger import Ledger
from disruption_sim.transfusion.national import NationalStock
from disruption_sim.transfusion.opening_stock import make_stocks
from disruption_sim.transfusion.planning import plan_stock
from disruption_sim.transfusion.replenishment import Replenishment
from disruption_sim.world.days import Days
from disruption_sim.world.model import NationalBlood, World

HOURS_OF_USE = (2.0, 8.0, 11.5, 14.0, 18.0, 22.0)


@cache
def supplied_scenario(*overrides: str, weeks: int = 10) -> Scenario:
    """Return the built-in hospitals for some weeks, 6 of them before the onset.

    Nothing is made to order.
    """
    basis = [
        "calendar.warm_up_weeks=6",
        f"calendar.horizon_weeks={weeks - 6}",
    ]
    scenario = load_scenario("synnovis-2024", (*basis, *overrides))
    return with_made_to_order(scenario, 0.0, 0.0)


def with_made_to_order(scenario: Scenario, share: float, unused_share: float) -> Scenario:
    """Return the scenario with such shares of units made to order, and of these not needed."""
    rules = scenario.transfusion
    changes = {"share": share, "unused_share": unused_share}
    made = rules.made_to_order.model_copy(update=changes)
    rules = rules.model_copy(update={"made_to_order": made})
    return scenario.model_copy(update={"transfusion": rules})


class Supply:
    """The supply of all hospitals of a scenario.

    Parameters
    ----------
    scenario : Scenario
    seed : int
    use : float
        Times the expected use.
    factors : NationalBlood, optional
        Ups and downs of the blood service; none by default.
    """

    def __init__(
        self,
        scenario: Scenario,
        seed: int = 1,
        use: float = 1.0,
        factors: NationalBlood | None = None,
    ) -> None:
        self.env = simpy.Environment()
        self.scenario = scenario
        self.days = Days.of(scenario.calendar)
        unseen = cast(Any, None)
        ones = np.ones((self.days.count, GROUPS))
        national = factors or NationalBlood(ones, ones)
        world = World(seed, 0, unseen, unseen, unseen, unseen, unseen, unseen, unseen, national)
        timeline = Timeline(scenario)
        self.plan = plan_stock(scenario)
        self.stocks = make_stocks(scenario, world, self.plan)
        self.national = NationalStock(scenario, national, self.plan.daily_use.sum(axis=0), timeline)
        self.ledger = Ledger(self.days.count, self.stocks, self.national)
        self.waiting = np.zeros((len(self.stocks), GROUPS), dtype=np.int64)
        self.missing = 0
        self.arrivals: list[tuple[float, int]] = []
        self.replenishment = Replenishment(
            self.env,
            scenario,
            world,
            timeline,
            self.plan,
            self.stocks,
            self.national,
            self.ledger,
            lambda site, group: int(self.waiting[site, group]),
            lambda site: self.arrivals.append((self.env.now, site)),
        )
        self._rng = np.random.default_rng(seed)
        self._use = use
        daily_use = self.plan.daily_use
        self._cannot_wait = np.divide(
            self.plan.emergency_use, daily_use, out=np.zeros_like(daily_use), where=daily_use > 0.0
        )

    def start(self) -> None:
        """Start the daily orders and the use."""
        self.replenishment.start()
        if self._use:
            self.env.process(self._use_units())

    def live(self) -> TransfusionRecords:
        """Live to the end of the calendar."""
        self.start()
        self.env.run(until=self.scenario.calendar.end_hour)
        return self.records()

    def records(self) -> TransfusionRecords:
        """Return the records at the end."""
        self.ledger.close_days(self.env.now)
        hours = np.zeros((self.days.count, len(self.stocks)))
        return self.ledger.records(self.plan, hours, hours)

    def take(self, site: int, group: int, units: int, *, emergency: bool = False) -> int:
        """Take units for patients of a group now; return how many there were."""
        self.ledger.close_days(self.env.now)
        stock = self.stocks[site]
        if emergency:
            taken = stock.take_for_emergency((group,), units)
        else:
            taken = stock.take(SUBSTITUTION[group], units)
        for batch in taken:
            self.ledger.issue(
                self.env.now, site, 0, 0, 0, group, batch.group, batch.last_day, batch.units, 0.0
            )
            self.replenishment.check(site, batch.group)
        found = sum(batch.units for batch in taken)
        self.missing += units - found
        return found

    def _use_units(self) -> Generator[simpy.Event, Any, None]:
        for day in range(self.days.count):
            means = self.plan.use_by_weekday[:, self.days.weekday[day]] * self._use
            for hour in HOURS_OF_USE:
                yield self.env.timeout(24.0 * day + hour - self.env.now)
                units = self._rng.poisson(means / len(HOURS_OF_USE))
                for site, group in np.argwhere(units).tolist():
                    number = int(units[site, group])
                    cannot_wait = int(self._rng.binomial(number, self._cannot_wait[site, group]))
                    if cannot_wait:
                        self.take(site, group, cannot_wait, emergency=True)
                    if number > cannot_wait:
                        self.take(site, group, number - cannot_wait)


def issued_by_day(records: TransfusionRecords) -> npt.NDArray[np.int64]:
    """Return issued units (days, sites, groups)."""
    issued = np.zeros(records.stock.shape, dtype=np.int64)
    day = (records.issued_at // 24.0).astype(np.int64)
    places = (day, records.issued_site.astype(np.int64), records.issued_group.astype(np.int64))
    np.add.at(issued, places, records.issued_units)
    return issued


def assert_units_are_conserved(records: TransfusionRecords) -> None:
    """Assert that by hospital, group and last day, and by day, no unit appears or gets lost."""
    issued: dict[tuple[int, int, int], int] = {}
    for site, group, last_day, units in zip(
        records.issued_site.tolist(),
        records.issued_group.tolist(),
        records.issued_last_day.tolist(),
        records.issued_units.tolist(),
        strict=True,
    ):
        issued[site, group, last_day] = issued.get((site, group, last_day), 0) + units
    for site, group, last_day, came, gone in zip(
        records.batch_site.tolist(),
        records.batch_group.tolist(),
        records.batch_last_day.tolist(),
        (records.batch_first + records.batch_received).tolist(),
        (records.batch_expired + records.batch_wasted + records.batch_left).tolist(),
        strict=True,
    ):
        assert came == gone + issued.pop((site, group, last_day), 0)
    assert not issued
    assert (records.issued_units > 0).all()
    assert (records.issued_last_day >= records.issued_at // 24.0).all()
    held = (records.stock + records.satellite + records.reserved).astype(np.int64)
    flow = records.received - records.expired - records.wasted - issued_by_day(records)
    first = np.zeros(held.shape[1:], dtype=np.int64)
    np.add.at(
        first,
        (records.batch_site.astype(np.int64), records.batch_group.astype(np.int64)),
        records.batch_first,
    )
    np.testing.assert_array_equal(first + np.cumsum(flow, axis=0), held)
    assert records.national_stock.min() >= 0.0
