"""The transfusion laboratories of all hospitals: who gets which blood, by which route, and when."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import simpy

from disruption_sim.disruption import Timeline
from disruption_sim.grid import minutes, to_grid
from disruption_sim.records import Route, TransfusionRecords
from disruption_sim.scenario.model import Capability, Scenario
from disruption_sim.transfusion.bench import DAY_SHIFT_HOURS, Bench, shifts
from disruption_sim.transfusion.compatibility import GROUP_O, SUBSTITUTION, group_o_for
from disruption_sim.transfusion.ledger import Ledger
from disruption_sim.transfusion.national import NationalStock
from disruption_sim.transfusion.planning import expected_crossmatches, plan_stock
from disruption_sim.transfusion.replenishment import Replenishment
from disruption_sim.transfusion.stock import Fridge
from disruption_sim.world.days import Days
from disruption_sim.world.model import URGENCIES, World

IMMEDIATE, URGENT, ROUTINE = (URGENCIES.index(name) for name in ("immediate", "urgent", "routine"))
UNLIMITED_PLACES = 1_000_000
# Electronic issue needs the whole validated system: with half of it gone it is not permitted.
LOST_DEPTH = 0.5


@dataclass(slots=True)
class Episode:
    """A patient who needs red cells."""

    requested: float
    due: float
    site: int
    blood_group: int
    missing: int
    urgency: int
    use: int
    antibodies: bool
    o_positive_allowed: bool
    valid_sample: bool
    late: bool = False


class Transfusion:
    """Red cells for six hospitals or any number of them.

    Routes, in the order in which they are tried:

    * **Emergency group O** at once for immediate need: O-positive where it is allowed, else
      O-negative. In this first form all units of a major haemorrhage are group O, not only the
      first ones.
    * **Electronic issue** with working information technology, a valid sample and no antibodies.
    * **Crossmatch** otherwise, which takes one scientist of the bench for the hands-on minutes and
      the patient the whole time, both longer without information technology.
    * **Group O unmatched** where the bench cannot be done before the blood is due, and for urgent
      patients without a valid sample while the laboratory cannot look up their group. Not for
      patients with antibodies, who wait for the bench.

    A patient for whom there are not enough compatible units gets what there is; the rest is ordered
    in emergency and tried again at every delivery. Blood that is not all there when it is due is
    recorded as late, once for each patient.

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
        self._plan = plan_stock(scenario)
        self._daily_use: list[list[float]] = self._plan.daily_use.tolist()
        self._crossmatches = expected_crossmatches(scenario)
        self._weekdays = Days.of(scenario.calendar).weekday
        self._lost = [
            timeline.depth(Capability.TRANSFUSION_IT, name) for name in scenario.site_names
        ]
        self._limits = [
            minutes(rules.immediate_minutes),
            minutes(rules.urgent_minutes),
            minutes(rules.routine_minutes),
        ]
        times = rules.times
        self._emergency_hours = minutes(times.emergency_group_o_minutes)
        self._electronic_hours = minutes(times.electronic_issue_minutes)
        # By whether information technology is lost.
        self._crossmatch_hours = _with_and_without(times.crossmatch_minutes, times.manual_uplift)
        self._hands_on_hours = _with_and_without(
            times.crossmatch_hands_on_minutes, times.manual_uplift
        )
        self._day_staff = rules.bench_staff_day
        self._order_hour = to_grid(rules.order_hour)
        self._fridges = [Fridge() for _ in scenario.network.sites]
        self._waiting: list[list[Episode]] = [[] for _ in scenario.network.sites]
        self._benches = [
            Bench(env, rules.bench_staff_day, rules.bench_staff_night, self._crossmatch)
            for _ in scenario.network.sites
        ]
        self._national = NationalStock(
            scenario, world.national_blood, self._plan.daily_use.sum(axis=0)
        )
        self._ledger = Ledger(7 * scenario.calendar.weeks, len(self._fridges))
        self._replenishment = Replenishment(
            env,
            scenario,
            world,
            self._plan,
            self._fridges,
            self._national,
            self._ledger,
            self._waiting_units,
            self._serve_waiting,
        )
        self._ledger.open(self._fridges)
        self._day = 0
        self._midnight = 24.0

    # ------------------------------------------------------------------ what other rooms ask

    def start(self) -> None:
        """Start the SimPy processes: bleeding, the daily order, the shifts of the benches."""
        self._env.process(self._bleed())
        self._env.process(self._review_daily())
        self._env.process(shifts(self._env, self._benches))

    def electronic_issue(self, site: int) -> bool:
        """Whether a hospital can issue blood electronically now."""
        return self._lost[site].at(self._env.now) < LOST_DEPTH

    def crossmatch_places(self, site: int, day_start: float) -> int:
        """Return how many patients for operations the bench can crossmatch for a day.

        What the day shift can do by hand less the crossmatches that bleeding patients are expected
        to need on such a day; as the laboratory stands now. Without bound with electronic issue.

        Parameters
        ----------
        site : int
        day_start : float
            Midnight at the start of the day of the operations.
        """
        if self.electronic_issue(site):
            return UNLIMITED_PLACES
        start, end = DAY_SHIFT_HOURS
        possible = self._day_staff * (end - start) / self._hands_on_hours[True]
        weekday = self._weekdays[int(day_start // 24.0)]
        return max(0, int(possible - self._crossmatches[site, weekday]))

    def group_o_stock_days(self, site: int) -> float:
        """Return the days of planned use that are in stock of O-negative or O-positive, the lesser.

        Both are needed to cover an operation with group O: it depends on the patient which.
        """
        self._end_days()
        shelves = self._fridges[site].shelves
        return min(
            shelves[group].units / use if (use := self._daily_use[site][group]) > 0.0 else 0.0
            for group in GROUP_O
        )

    def has_compatible(self, site: int, blood_group: int, units: int) -> bool:
        """Whether so many units compatible with a group are in stock now (none are reserved)."""
        self._end_days()
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
        self._end_days()
        now = self._env.now
        self._serve(
            Episode(
                now,
                now + self._limits[urgency],
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
        self._end_days()
        if self._day < self._ledger.days:
            raise RuntimeError("the records are complete only at the end of the calendar")
        for site, bench in enumerate(self._benches):
            for episode in (*self._waiting[site], *bench.waiting):
                self._judge(episode, self._env.now)
        return self._ledger.records(self._plan, self._national)

    # ------------------------------------------------------------------------------ the routes

    def _serve(self, episode: Episode) -> None:
        """Find a route by what holds now; what remains missing queues at the bench or waits."""
        site = episode.site
        tried_group_o = False
        if episode.urgency == IMMEDIATE:
            self._give_group_o(episode, Route.EMERGENCY_GROUP_O)
            tried_group_o = True
        lost = not self.electronic_issue(site)
        if episode.missing and not lost and episode.valid_sample and not episode.antibodies:
            self._give_matched(episode, Route.ELECTRONIC_ISSUE, self._electronic_hours)
        elif episode.missing:
            if not tried_group_o and not episode.antibodies and self._too_late(episode, lost):
                self._give_group_o(episode, Route.GROUP_O_UNMATCHED)
            if episode.missing and self.has_compatible(site, episode.blood_group, 1):
                self._benches[site].join(episode.urgency, episode)
                return
        if episode.missing:
            self._wait(episode)

    def _too_late(self, episode: Episode, lost: bool) -> bool:
        """Whether a crossmatch would come too late, as it looks now."""
        if lost and episode.urgency == URGENT and not episode.valid_sample:
            return True
        wait = self._benches[episode.site].expected_wait(
            episode.urgency, self._hands_on_hours[lost]
        )
        return self._env.now + wait + self._crossmatch_hours[lost] > episode.due

    def _crossmatch(self, episode: Episode) -> float:
        """Crossmatch a patient whose turn at the bench has come; hours a scientist is busy."""
        self._end_days()
        if not self.has_compatible(episode.site, episode.blood_group, 1):
            self._wait(episode)
            return 0.0
        lost = not self.electronic_issue(episode.site)
        self._give_matched(episode, Route.CROSSMATCH, self._crossmatch_hours[lost])
        if episode.missing:
            self._wait(episode)
        return self._hands_on_hours[lost]

    def _give_group_o(self, episode: Episode, route: Route) -> None:
        groups = group_o_for(episode.o_positive_allowed)
        self._give(episode, route, groups, self._emergency_hours)

    def _give_matched(self, episode: Episode, route: Route, hours: float) -> None:
        self._give(episode, route, SUBSTITUTION[episode.blood_group], hours)

    def _give(
        self, episode: Episode, route: Route, groups: tuple[int, ...], hours: float
    ) -> None:
        now, site = self._env.now, episode.site
        ready = now + hours
        for group, units in self._fridges[site].take(groups, episode.missing):
            episode.missing -= units
            waited = 60.0 * (ready - episode.requested)
            self._ledger.issue(now, site, route, episode.use, group, units, waited)
            self._replenishment.check(site, group)
            self._judge(episode, ready)

    def _judge(self, episode: Episode, ready: float) -> None:
        if ready > episode.due and not episode.late:
            episode.late = True
            self._ledger.late(episode.due, episode.site, episode.urgency)

    # ------------------------------------------------------------------ those who wait for units

    def _wait(self, episode: Episode) -> None:
        self._waiting[episode.site].append(episode)
        self._replenishment.order_in_emergency(episode.site, episode.blood_group)

    def _waiting_units(self, site: int, group: int) -> int:
        waiting = self._waiting[site]
        if not waiting:
            return 0
        return sum(episode.missing for episode in waiting if episode.blood_group == group)

    def _serve_waiting(self, site: int) -> None:
        """Try again for those who wait, the most urgent and longest due first."""
        waiting = self._waiting[site]
        if waiting:
            self._waiting[site] = []
            for episode in sorted(waiting, key=lambda e: (e.urgency, e.due)):
                self._serve(episode)

    # ------------------------------------------------------------------------------ processes

    def _bleed(self) -> Generator[simpy.Event, Any, None]:
        """Live through the world's episodes; the sample comes with the request, so it is valid."""
        episodes = self._bleeding
        rows = zip(
            episodes.time.tolist(),
            episodes.site.tolist(),
            episodes.blood_group.tolist(),
            episodes.units.tolist(),
            episodes.urgency.tolist(),
            episodes.use.tolist(),
            episodes.antibodies.tolist(),
            episodes.o_positive_allowed.tolist(),
            strict=True,
        )
        env = self._env
        for time, site, group, units, urgency, use, antibodies, o_positive_allowed in rows:
            if time > env.now:
                yield env.timeout(time - env.now)
            self.request(
                site, group, units, urgency, use, antibodies, o_positive_allowed, valid_sample=True
            )

    def _review_daily(self) -> Generator[simpy.Event, Any, None]:
        yield self._env.timeout(self._order_hour)
        while True:
            self._end_days()
            self._replenishment.review()
            yield self._env.timeout(24.0)

    def _end_days(self) -> None:
        """Close the days that are over.

        Called before anything is done or asked, so that a day ends before the next one begins
        whatever the order of events that fall on midnight.
        """
        while self._env.now >= self._midnight and self._day < self._ledger.days:
            self._ledger.end_day(self._day, self._fridges, self._national)
            self._day += 1
            self._midnight += 24.0


def _with_and_without(minutes_each: float, uplift: float) -> tuple[float, float]:
    """Return hours with working information technology, and by hand."""
    return minutes(minutes_each), minutes(minutes_each * uplift)
