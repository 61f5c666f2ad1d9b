"""By which route a patient gets red cells, and when."""

from __future__ import annotations

import simpy

from disruption_sim.grid import minutes
from disruption_sim.records import Route
from disruption_sim.scenario.model import Scenario
from disruption_sim.step_function import StepFunction
from disruption_sim.transfusion.bench import Bench
from disruption_sim.transfusion.compatibility import SUBSTITUTION, group_o_for
from disruption_sim.transfusion.ledger import Ledger
from disruption_sim.transfusion.replenishment import Replenishment
from disruption_sim.transfusion.stock import Fridge
from disruption_sim.transfusion.waiting import Episode, WaitingPatients
from disruption_sim.world.model import URGENCIES

IMMEDIATE, URGENT = URGENCIES.index("immediate"), URGENCIES.index("urgent")
# Electronic issue needs the whole validated system: with half of it gone it is not permitted.
LOST_DEPTH = 0.5


class Routes:
    """Issues red cells in the laboratories of all hospitals.

    Routes, in the order in which they are tried:

    * **Emergency group O** at once for immediate need: O-positive where it is allowed, else
      O-negative. In this first form all units of a major haemorrhage are group O, not only the
      first ones.
    * **Electronic issue** with working information technology, a valid sample and no antibodies.
    * **Crossmatch** otherwise, which takes one scientist of the bench for the hands-on minutes and
      the patient the whole time, both longer without information technology.
    * **Group O unmatched** where the bench cannot be done before the blood is due, and for urgent
      patients whose group is not confirmed by samples (two-sample rule) while the laboratory cannot
      look it up. Not for patients with antibodies, who wait for the bench.

    A patient for whom there are not enough compatible units gets what there is; the rest is ordered
    in emergency and tried again at every delivery. Blood that is not all there when it is due is
    recorded as late, once for each patient.

    Parameters
    ----------
    env : simpy.Environment
    scenario : Scenario
    lost : list of StepFunction
        Depth to which transfusion information technology is lost, by site.
    fridges : list of Fridge
    waiting : WaitingPatients
    ledger : Ledger
    replenishment : Replenishment

    Attributes
    ----------
    benches : list of Bench
    hands_on_hours : tuple of float
        Of one scientist for a crossmatch, with working information technology and by hand.
    """

    def __init__(
        self,
        env: simpy.Environment,
        scenario: Scenario,
        lost: list[StepFunction],
        fridges: list[Fridge],
        waiting: WaitingPatients,
        ledger: Ledger,
        replenishment: Replenishment,
    ) -> None:
        rules = scenario.transfusion
        times = rules.times
        self._env = env
        self._lost = lost
        self._fridges = fridges
        self._waiting = waiting
        self._ledger = ledger
        self._replenishment = replenishment
        self._limits = (
            minutes(rules.immediate_minutes),
            minutes(rules.urgent_minutes),
            minutes(rules.routine_minutes),
        )
        self._emergency_hours = minutes(times.emergency_group_o_minutes)
        self._electronic_hours = minutes(times.electronic_issue_minutes)
        self._crossmatch_hours = _with_and_without(times.crossmatch_minutes, times.manual_uplift)
        self.hands_on_hours = _with_and_without(
            times.crossmatch_hands_on_minutes, times.manual_uplift
        )
        self.benches = [
            Bench(env, site.transfusion_staff_day, site.transfusion_staff_night, self._crossmatch)
            for site in scenario.network.sites
        ]

    def electronic_issue(self, site: int) -> bool:
        """Whether a hospital can issue blood electronically now."""
        return self._lost[site].at(self._env.now) < LOST_DEPTH

    def due(self, urgency: int) -> float:
        """Return when blood asked for now is due."""
        return self._env.now + self._limits[urgency]

    def serve(self, episode: Episode) -> None:
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
            if episode.missing and self._any_compatible(episode):
                self.benches[site].join(episode.urgency, episode)
                return
        if episode.missing:
            self._wait(episode)

    def _too_late(self, episode: Episode, lost: bool) -> bool:
        """Whether a crossmatch would come too late, as it looks now."""
        if lost and episode.urgency == URGENT and not episode.valid_sample:
            return True
        wait = self.benches[episode.site].expected_wait(episode.urgency, self.hands_on_hours[lost])
        return self._env.now + wait + self._crossmatch_hours[lost] > episode.due

    def _crossmatch(self, episode: Episode) -> float:
        """Crossmatch a patient whose turn at the bench has come; hours a scientist is busy."""
        self._ledger.close_days(self._env.now)
        if not self._any_compatible(episode):
            self._wait(episode)
            return 0.0
        lost = not self.electronic_issue(episode.site)
        self._give_matched(episode, Route.CROSSMATCH, self._crossmatch_hours[lost])
        if episode.missing:
            self._wait(episode)
        return self.hands_on_hours[lost]

    def _give_group_o(self, episode: Episode, route: Route) -> None:
        groups = group_o_for(episode.o_positive_allowed)
        self._give(episode, route, groups, self._emergency_hours)

    def _give_matched(self, episode: Episode, route: Route, hours: float) -> None:
        self._give(episode, route, SUBSTITUTION[episode.blood_group], hours)

    def _give(self, episode: Episode, route: Route, groups: tuple[int, ...], hours: float) -> None:
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

    def _any_compatible(self, episode: Episode) -> bool:
        fridge = self._fridges[episode.site]
        return fridge.available(SUBSTITUTION[episode.blood_group]) > 0

    def _wait(self, episode: Episode) -> None:
        self._waiting.add(episode)
        self._replenishment.order_in_emergency(episode.site, episode.blood_group)

    def serve_waiting(self, site: int) -> None:
        """Try again for those who wait at a site, after a delivery."""
        for episode in self._waiting.take_all(site):
            self.serve(episode)

    def judge_unserved(self) -> None:
        """Record as late whoever still waits now, at the end, and was due before."""
        for site, bench in enumerate(self.benches):
            for episode in (*self._waiting.take_all(site), *bench.waiting):
                self._judge(episode, self._env.now)


def _with_and_without(minutes_each: float, uplift: float) -> tuple[float, float]:
    """Return hours by whether information technology is lost."""
    return minutes(minutes_each), minutes(minutes_each * uplift)
