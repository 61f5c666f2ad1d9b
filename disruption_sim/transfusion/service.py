"""The transfusion room as the other rooms know it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import simpy

from disruption_sim.disruption import Timeline
from disruption_sim.grid import minutes
from disruption_sim.records import TransfusionRecords
from disruption_sim.scenario.model import Scenario
from disruption_sim.transfusion.bench import Bench
from disruption_sim.transfusion.circumstances import Circumstances
from disruption_sim.transfusion.compatibility import GROUP_O, SUBSTITUTION
from disruption_sim.transfusion.counter import Counter
from disruption_sim.transfusion.episodes import Episodes
from disruption_sim.transfusion.ledger import Ledger
from disruption_sim.transfusion.national import NationalStock
from disruption_sim.transfusion.opening_stock import make_stocks
from disruption_sim.transfusion.operations import Operations
from disruption_sim.transfusion.planning import plan_stock
from disruption_sim.transfusion.replenishment import Replenishment
from disruption_sim.transfusion.rosters import rosters
from disruption_sim.transfusion.route_times import RouteTimes
from disruption_sim.transfusion.routes import Routes
from disruption_sim.transfusion.sample_load import SampleLoad, SiteSamples
from disruption_sim.transfusion.samples import PatientSamples
from disruption_sim.transfusion.waiting import WaitingPatients
from disruption_sim.transfusion.work_hours import SiteHours, by_day
from disruption_sim.world.model import World

Floats = npt.NDArray[np.float64]


class Transfusion:
    """Transfusion laboratories, their stocks and the blood service.

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
        days = 7 * scenario.calendar.weeks
        self._env = env
        self._plan = plan_stock(scenario)
        self._daily_use: list[list[float]] = self._plan.daily_use.tolist()
        self._circumstances = Circumstances(scenario, timeline)
        self._stocks = make_stocks(scenario, world, self._plan)
        usual_draw = self._plan.daily_use.sum(axis=0)
        national = NationalStock(scenario, world.national_blood, usual_draw, timeline)
        self._ledger = Ledger(days, self._stocks, national)
        waiting = WaitingPatients(len(self._stocks))
        self._replenishment = Replenishment(
            env,
            scenario,
            world,
            timeline,
            self._plan,
            self._stocks,
            national,
            self._ledger,
            lambda site, group: (
                waiting.units(site, group) + self._operations.short_units(site, group)
            ),
            self._delivered,
        )
        on_duty = rosters(scenario, timeline)
        self._hours = [SiteHours(days) for _ in self._stocks]
        samples_of_site = [
            SiteSamples(env, site, self._circumstances, self._ledger)
            for site in range(len(self._stocks))
        ]
        response = minutes(rules.on_call_response_minutes)
        self._benches = [
            Bench(env, roster, response, site_samples, hours)
            for roster, site_samples, hours in zip(
                on_duty, samples_of_site, self._hours, strict=True
            )
        ]
        self._samples = SampleLoad(env, scenario, world, timeline, self._benches, samples_of_site)
        times = RouteTimes(env, scenario, self._circumstances)
        self._counter = Counter(env, scenario, self._ledger, self._replenishment)
        self._routes = Routes(
            env,
            scenario,
            self._circumstances,
            times,
            self._stocks,
            self._benches,
            PatientSamples(env, scenario, world, self._circumstances, self._benches, self._ledger),
            waiting,
            self._ledger,
            self._replenishment,
            self._counter,
        )
        self._operations = Operations(
            env,
            scenario,
            world,
            self._circumstances,
            self._stocks,
            self._benches,
            on_duty,
            times,
            self._routes,
            self._counter,
            self._ledger,
            self._replenishment,
        )
        self._episodes = Episodes(
            env,
            scenario,
            world,
            self._circumstances,
            national,
            times,
            self._routes,
            self._samples,
            self._ledger,
        )

    def start(self) -> None:
        """Start the SimPy processes: rosters, samples, bleeding, the daily order."""
        for bench in self._benches:
            bench.start()
        self._samples.start()
        self._episodes.start()
        self._replenishment.start()

    def electronic_issue(self, site: int) -> bool:
        """Whether a hospital can issue blood electronically now."""
        return self._circumstances.electronic(site, self._env.now)

    def places_for_operations(self, site: int, day_start: float, since: float) -> int:
        """How many more patients the bench can crossmatch for the operations of a day.

        Parameters
        ----------
        site : int
        day_start : float
            Midnight at the start of the day; those already prepared or queued for it are off.
        since : float
            When the bench is to begin with them: now, or the huddle before the day.
        """
        return self._operations.places(site, day_start, since)

    def group_o_stock_days(self, site: int) -> float:
        """Return the days for which the group O red cells in stock last, the scarcer of the two."""
        self._ledger.close_days(self._env.now)
        stock, use = self._stocks[site], self._daily_use[site]
        return min(
            stock.in_house(group) / use[group] if use[group] > 0.0 else float("inf")
            for group in GROUP_O
        )

    def has_compatible(self, site: int, blood_group: int, units: int) -> bool:
        """Whether the laboratory holds so many units that a patient of a group could have."""
        self._ledger.close_days(self._env.now)
        return self._stocks[site].available(SUBSTITUTION[blood_group]) >= units

    def prepare(self, site: int, patient: int, needed_at: float) -> None:
        """Crossmatch for a planned operation and set the units aside, ready by a time.

        Nothing if it is done or queued already, nor for patients eligible for electronic issue
        while that is there.
        """
        self._operations.prepare(site, patient, needed_at)

    def prepared(self, patient: int) -> bool:
        """Whether units have been set aside for a patient and are ready in time."""
        return self._operations.prepared(patient)

    def release(self, patient: int) -> None:
        """Give up what was or is to be set aside, because the operation does not happen."""
        self._operations.release(patient)

    def samples_taken(self, site: int, collected: Floats, *, second: bool = False) -> None:
        """Announce group-and-screen samples of patients for operations, by their time.

        Parameters
        ----------
        site : int
        collected : float64 (n,)
            Hours, none before now.
        second : bool
            They only confirm a group.
        """
        self._samples.announce(site, collected, second=second)

    def request_for_operation(self, site: int, patient: int, units: int, *, sampled: bool) -> None:
        """Ask for red cells during an operation, now; what was set aside comes first.

        Parameters
        ----------
        site, patient : int
            `patient` is a number of the world's operations.
        units : int
        sampled : bool
            A valid, tested sample is in the laboratory and the group is confirmed.
        """
        self._operations.request(site, patient, units, sampled=sampled)

    @property
    def outstanding_units(self) -> int:
        """Units that have been asked for and not issued yet."""
        return self._counter.outstanding_units

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
        self._counter.judge_unserved()
        for bench in self._benches:
            bench.close()
        return self._ledger.records(self._plan, *by_day(self._hours))

    def _delivered(self, site: int) -> None:
        self._routes.serve_waiting(site)
        self._operations.try_again(site)
