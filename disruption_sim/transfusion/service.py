"""The transfusion room as the other rooms know it."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np
import simpy

from disruption_sim.disruption import Timeline
from disruption_sim.grid import to_grid
from disruption_sim.randomness import hash_uniform
from disruption_sim.records import TransfusionRecords
from disruption_sim.scenario.model import Capability, Scenario
from disruption_sim.transfusion.bench import DAY_SHIFT_HOURS, shifts
from disruption_sim.transfusion.compatibility import GROUP_O, SUBSTITUTION
from disruption_sim.transfusion.ledger import Ledger
from disruption_sim.transfusion.national import NationalStock
from disruption_sim.transfusion.planning import (
    expected_crossmatches,
    expected_group_and_screens,
    plan_stock,
)
from disruption_sim.transfusion.replenishment import Replenishment
from disruption_sim.transfusion.routes import Routes
from disruption_sim.transfusion.stock import Fridge
from disruption_sim.transfusion.waiting import Episode, WaitingPatients
from disruption_sim.world.days import Days
from disruption_sim.world.model import World

UNLIMITED_PLACES = 1_000_000


class Transfusion:
    """Transfusion laboratories, fridges and the blood service.

    See `disruption_sim.transfusion.routes.Routes` for who gets which blood by which route.

    Parameters
    ----------
    env : simpy.Environment
        At time 0.
    scenario : Scenario
    world : World
    timeline : Timeline
        What holds in this arm.
    """

    def __init__(
        self, env: simpy.Environment, scenario: Scenario, world: World, timeline: Timeline
    ) -> None:
        rules = scenario.transfusion
        self._env = env
        self._bleeding = world.bleeding
        self._record_key = world.key("transfusion.group_only_on_record")
        self._only_on_record = rules.group_only_on_record_share
        self._plan = plan_stock(scenario)
        self._daily_use: list[list[float]] = self._plan.daily_use.tolist()
        self._crossmatches = expected_crossmatches(scenario, DAY_SHIFT_HOURS)
        self._samples_by_hand = (
            expected_group_and_screens(scenario, DAY_SHIFT_HOURS)
            * rules.times.group_and_screen_hands_on_minutes
            / 60.0
        )
        self._weekdays = Days.of(scenario.calendar).weekday
        self._day_staff = [site.transfusion_staff_day for site in scenario.network.sites]
        self._order_hour = to_grid(rules.order_hour)
        self._fridges = [Fridge() for _ in scenario.network.sites]
        waiting = WaitingPatients(len(self._fridges))
        national = NationalStock(scenario, world.national_blood, self._plan.daily_use.sum(axis=0))
        days = 7 * scenario.calendar.weeks
        self._ledger = Ledger(days, self._fridges, national)
        self._replenishment = Replenishment(
            env,
            scenario,
            world,
            self._plan,
            self._fridges,
            national,
            self._ledger,
            waiting,
            self._delivered,
        )
        self._ledger.open()
        lost = [timeline.depth(Capability.TRANSFUSION_IT, name) for name in scenario.site_names]
        self._routes = Routes(
            env, scenario, lost, self._fridges, waiting, self._ledger, self._replenishment
        )

    def start(self) -> None:
        """Start the SimPy processes: bleeding, the daily order, the shifts of the benches."""
        self._env.process(self._bleed())
        self._env.process(self._review_daily())
        self._env.process(shifts(self._env, self._routes.benches))

    def electronic_issue(self, site: int) -> bool:
        """Whether a hospital can issue blood electronically now."""
        return self._routes.electronic_issue(site)

    def crossmatch_places(self, site: int, day_start: float) -> int:
        """Return how many patients for operations the bench can crossmatch for a day.

        What the day shift can do by hand, less what is expected in its hours on such a day: the
        group-and-screen samples, and the crossmatches of patients who bleed. As the laboratory
        stands now; without bound with electronic issue.

        Parameters
        ----------
        site : int
        day_start : float
            Midnight at the start of the day of the operations.
        """
        if self.electronic_issue(site):
            return UNLIMITED_PLACES
        start, end = DAY_SHIFT_HOURS
        weekday = self._weekdays[int(day_start // 24.0)]
        hours = self._day_staff[site] * (end - start) - self._samples_by_hand[site, weekday]
        possible = max(0.0, hours) / self._routes.hands_on_hours[True]
        return max(0, int(possible - self._crossmatches[site, weekday]))

    def group_o_stock_days(self, site: int) -> float:
        """Return the days of planned use that are in stock of O-negative or O-positive, the lesser.

        Both are needed to cover an operation with group O: it depends on the patient which.
        """
        self._ledger.close_days(self._env.now)
        shelves = self._fridges[site].shelves
        return min(
            shelves[group].units / use if (use := self._daily_use[site][group]) > 0.0 else 0.0
            for group in GROUP_O
        )

    def has_compatible(self, site: int, blood_group: int, units: int) -> bool:
        """Whether so many units compatible with a group are in stock now (none are reserved)."""
        self._ledger.close_days(self._env.now)
        return self._fridges[site].available(SUBSTITUTION[blood_group]) >= units

    def request(
        self,
        site: int,
        blood_group: int,
        units: int,
        urgency: int,
        use: int,
        antibodies: bool,
        o_positive_allowed: bool,
        valid_sample: bool,
    ) -> None:
        """Ask for blood for a patient now.

        Parameters
        ----------
        site, blood_group : int
            `blood_group` of the patient, a position in ``BloodGroup``.
        units : int
        urgency, use : int
            Positions in ``URGENCIES`` and ``USES``.
        antibodies : bool
            The patient has red-cell antibodies, so electronic issue is out of the question.
        o_positive_allowed : bool
            Whether O-positive may be given unmatched.
        valid_sample : bool
            Whether a group-and-screen sample is in date.
        """
        self._ledger.close_days(self._env.now)
        self._routes.serve(
            Episode(
                self._env.now,
                self._routes.due(urgency),
                site,
                blood_group,
                units,
                urgency,
                use,
                antibodies,
                o_positive_allowed,
                valid_sample,
            )
        )

    def finish(self) -> TransfusionRecords:
        """Return the records, at the end of the calendar.

        Raises
        ------
        RuntimeError
            If the environment has not yet come to the end of the calendar.
        """
        self._ledger.close_days(self._env.now)
        if not self._ledger.complete:
            raise RuntimeError("the records are complete only at the end of the calendar")
        self._routes.judge_unserved()
        return self._ledger.records(self._plan)

    def _delivered(self, site: int) -> None:
        self._routes.serve_waiting(site)

    def _bleed(self) -> Generator[simpy.Event, Any, None]:
        """Live through the world's episodes.

        A sample comes with the request. It is enough while the laboratory can look the patient up;
        when it cannot, a hashed share of patients has no confirmed group.
        """
        episodes = self._bleeding
        numbers = np.arange(episodes.time.size)
        confirmed = hash_uniform(self._record_key, numbers) >= self._only_on_record
        rows = zip(
            episodes.time.tolist(),
            episodes.site.tolist(),
            episodes.blood_group.tolist(),
            episodes.units.tolist(),
            episodes.urgency.tolist(),
            episodes.use.tolist(),
            episodes.antibodies.tolist(),
            episodes.o_positive_allowed.tolist(),
            confirmed.tolist(),
            strict=True,
        )
        env = self._env
        for time, site, group, units, urgency, use, antibodies, o_positive, known in rows:
            if time > env.now:
                yield env.timeout(time - env.now)
            valid = known or self.electronic_issue(site)
            self.request(site, group, units, urgency, use, antibodies, o_positive, valid)

    def _review_daily(self) -> Generator[simpy.Event, Any, None]:
        yield self._env.timeout(self._order_hour)
        while True:
            self._ledger.close_days(self._env.now)
            self._replenishment.review()
            yield self._env.timeout(24.0)
