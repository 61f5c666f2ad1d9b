"""The laboratories as a plain SimPy model: one process per tube, one resource per pool of servers.

Written without a look at the compiled kernel, to which it is the reference. The two share the
drawn service times and the rule for events at one instant: stations in network order; at a
station the schedule change, then arrivals by tube number, then completions by tube number.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import simpy
from simpy.resources.resource import Request

from disruption_sim.grid import TICKS_PER_HOUR, to_grid
from disruption_sim.pathology.network import NetworkLayout, TubeArrays, service_factors
from disruption_sim.randomness import hash_uniform, purpose_key

SCHEDULE, ARRIVAL, COMPLETION = 0, 1, 2
# Later than everything else of an instant.
LAST = 1 << 62

Steps = Generator[simpy.Event, Any, None]


@dataclass
class Row:
    servers: int
    mode: int
    speed: float
    skip_share: float
    freshest_first: bool = False
    open: bool = True


class Call(Request):
    """A tube's request for a server; it happens with whether the tube gets one.

    If not, it was thrown out of the queue because it had expired.
    """

    def __init__(self, servers: Servers, station: int, tube: Tube, queue_class: int) -> None:
        self.station = station
        self.tube = tube
        self.queue_class = queue_class
        super().__init__(servers)


class Servers(simpy.Resource):
    """Servers that one or more stations share; their number may change, to zero as well."""

    def __init__(self, laboratory: ReferenceLaboratory, capacity: int) -> None:
        super().__init__(laboratory.env, 1)
        self.laboratory = laboratory
        self._capacity = capacity

    def change_capacity(self, capacity: int) -> None:
        self._capacity = capacity

    def serve(self) -> None:
        """Give free servers to those who call, in the order of their key."""
        while len(self.users) < self._capacity:
            call = self._next()
            if call is None:
                return
            self.put_queue.remove(call)
            self.users.append(call)
            call.succeed(True)

    def _trigger_put(self, get_event: Any) -> None:
        self.serve()

    def _key(self, call: Call) -> tuple[int, int, int]:
        return call.queue_class, int(self.laboratory.layout.pick_rank[call.station]), call.station

    def _next(self) -> Call | None:
        laboratory = self.laboratory
        while True:
            calls = cast(list[Call], self.put_queue)
            able = [call for call in calls if laboratory.rows[call.station].open]
            if not able:
                return None
            first = min(able, key=self._key)  # the oldest of equals
            if not laboratory.rows[first.station].freshest_first:
                return first
            station, queue_class = first.station, first.queue_class
            line = [c for c in able if c.station == station and c.queue_class == queue_class]
            while line and laboratory.expired(line[0].tube, station):
                self.put_queue.remove(line[0])
                laboratory.thrown_out.append((laboratory.env.now, line[0].tube.number))
                line.pop(0).succeed(False)
            if line:
                return line[-1]


@dataclass
class Tube:
    number: int
    arrival: float
    collected: float
    source: int
    tube_type: int
    priority: int
    entry_station: int
    entity: int
    occasion: int = 0
    reported_at: float = math.nan
    back_entered_at: float = math.nan
    is_discarded: bool = False
    is_rejected: bool = False
    """on the last occasion on which it was lost"""
    is_abandoned: bool = False
    is_manual: bool = False


class ReferenceLaboratory:
    """The same inputs as the kernel, run with SimPy."""

    def __init__(
        self, layout: NetworkLayout, tubes: TubeArrays, *, seed: int, replication: int
    ) -> None:
        self.env = simpy.Environment()
        self.layout = layout
        names = layout.station_names
        self.keys = {
            draw: [purpose_key(seed, replication, f"pathology.{draw}.{name}") for name in names]
            for draw in ("service", "skip", "reject")
        }
        self.rebleed_key = purpose_key(seed, replication, "pathology.rebleed")
        self.delay_key = purpose_key(seed, replication, "pathology.rebleed_delay")
        self.factors = {
            float(cv): service_factors(float(cv), layout.service_distribution)
            for cv in np.unique(layout.service_cv)
        }
        self.queued: list[tuple[float, int, int]] = []
        """time, station, queue length: whenever a tube has joined a queue"""
        self.losses: list[tuple[float, int]] = []
        """time, tube: whenever one was discarded or rejected"""
        self.thrown_out: list[tuple[float, int]] = []
        """time, tube: those discarded from the oldest end of a queue served freshest first"""
        self.services: list[tuple[int, float, float, float]] = []
        """station, arrival there, start, end"""
        self.skips: list[tuple[int, float]] = []
        """station, time"""
        self.rows: list[Row] = []
        self.servers: list[Servers] = []
        """by station, those of a pool several times"""
        self.plans: list[list[tuple[float, Row]]] = []
        self.plan_version = [0] * len(names)
        for s in range(len(names)):
            plan = self._plan(s)
            lead = int(layout.pool[s])
            self.rows.append(plan[0][1])
            own = Servers(self, plan[0][1].servers) if lead == s else self.servers[lead]
            self.servers.append(own)
            self.plans.append(plan[1:])
            self.env.process(self._follow_plan(s))
        self.tubes: list[Tube] = []
        for i in range(len(tubes)):
            self.submit(
                float(tubes.arrival[i]),
                float(tubes.collected[i]),
                int(tubes.source[i]),
                int(tubes.tube_type[i]),
                int(tubes.priority[i]),
                int(tubes.entry_station[i]),
            )

    def submit(
        self,
        arrival: float,
        collected: float,
        source: int,
        tube_type: int,
        priority: int,
        entry_station: int,
        identity: int | None = None,
    ) -> None:
        """Add a tube; one that was known beforehand has no identity but its number."""
        number = len(self.tubes)
        entity = number if identity is None else identity
        tube = Tube(number, arrival, collected, source, tube_type, priority, entry_station, entity)
        self.tubes.append(tube)
        if entry_station >= 0:
            self.env.process(self._live(tube))

    def reschedule(self, station: int, plan: list[tuple[float, Row]]) -> None:
        """Replace the plan from its first time on; rows whose time has come collapse to now."""
        past = [entry for entry in plan if entry[0] <= self.env.now]
        if past:
            plan = [(self.env.now, past[-1][1]), *plan[len(past) :]]
        kept = [entry for entry in self.plans[station] if self.env.now < entry[0] < plan[0][0]]
        self.plans[station] = kept + plan
        self.plan_version[station] += 1
        self.env.process(self._follow_plan(station))

    def call_at(self, time: float, action: Any) -> None:
        """Call `action` when everything else of that instant is over."""

        def wait() -> Steps:
            yield self._at(time, LAST)
            action()

        self.env.process(wait())

    def waiting(self, station: int) -> int:
        return sum(call.station == station for call in self.servers[station].put_queue)

    def in_service(self, station: int) -> int:
        calls: list[Any] = self.servers[station].users
        return sum(call.station == station for call in calls)

    def expired(self, tube: Tube, station: int) -> bool:
        layout = self.layout
        limit = tube.collected + float(layout.stability_hours[tube.tube_type])
        old = self.env.now > limit and layout.expires[tube.source]
        return bool(layout.checks_expiry[station] and old)

    # --- processes --------------------------------------------------------------------------------

    def _at(self, time: float, order: int) -> simpy.Event:
        event = self.env.event()
        event._ok, event._value = True, None
        heapq.heappush(self.env._queue, (time, order, next(self.env._eid), event))  # type: ignore[misc]
        return event

    def _order(self, station: int, phase: int, tube: int = 0) -> int:
        # SimPy's own events of an instant have the priorities 0 and 1: they follow at once.
        return 2 + ((station * 3 + phase) << 32) + tube

    def _plan(self, s: int) -> list[tuple[float, Row]]:
        layout = self.layout
        return [
            (
                float(layout.schedule_time[r]),
                Row(
                    int(layout.schedule_servers[r]),
                    int(layout.schedule_mode[r]),
                    float(layout.schedule_speed[r]),
                    float(layout.schedule_skip_share[r]),
                    bool(layout.schedule_freshest_first[r]),
                    bool(layout.schedule_open[r]),
                ),
            )
            for r in range(int(layout.schedule_start[s]), int(layout.schedule_end[s]))
        ]

    def _follow_plan(self, s: int) -> Steps:
        version = self.plan_version[s]
        for time, row in list(self.plans[s]):
            if time < self.env.now:
                time = self.env.now
            yield self._at(time, self._order(s, SCHEDULE))
            if self.plan_version[s] != version:
                return
            self.rows[s] = row
            if self.layout.pool[s] == s:
                self.servers[s].change_capacity(row.servers)
            self.servers[s].serve()

    def _live(self, tube: Tube) -> Steps:
        yield self._at(tube.arrival, self._order(tube.entry_station, ARRIVAL, tube.number))
        while True:
            lost = yield from self._pass_stations(tube)
            if lost is None:
                return
            tube.is_discarded |= lost == "expired"
            tube.is_rejected = lost == "rejected"
            self.losses.append((self.env.now, tube.number))
            layout, entity, occasion = self.layout, tube.entity, tube.occasion
            too_late = self.env.now - tube.collected > layout.repeat_within_hours[tube.source]
            if too_late or (
                hash_uniform(self.rebleed_key, entity, occasion)
                >= layout.rebleed_share[tube.source]
            ):
                tube.is_abandoned = True
                return
            stretch = 1.0 + hash_uniform(self.delay_key, entity, occasion)
            delay = to_grid(float(layout.rebleed_delay_hours[tube.source]) * stretch)
            tube.collected = self.env.now + delay
            tube.occasion += 1
            yield self._at(
                tube.collected + float(layout.transport_hours[tube.source]),
                self._order(tube.entry_station, ARRIVAL, tube.number),
            )

    def _pass_stations(self, tube: Tube) -> Generator[simpy.Event, Any, str | None]:
        """From the first station on; returns why the tube was lost on the way, if it was."""
        layout, env, s, i = self.layout, self.env, tube.entry_station, tube.number
        while True:
            share = self.rows[s].skip_share
            if hash_uniform(self.keys["skip"][s], tube.entity, tube.occasion) < share:
                if self.expired(tube, s):
                    return "expired"
                self.skips.append((s, env.now))
                following = int(layout.next_if_skipped[s, tube.tube_type])
            else:
                came = env.now
                fixed = int(layout.fixed_class[s])
                call = Call(self.servers[s], s, tube, tube.priority if fixed < 0 else fixed)
                if not call.triggered:
                    self.queued.append((env.now, s, self.waiting(s)))
                served = yield call
                if not served:
                    return "expired"
                if self.expired(tube, s):
                    self.servers[s].release(call)
                    return "expired"
                if self.rows[s].mode == 1 and layout.marks_manual[s]:
                    tube.is_manual = True
                done = env.now + self._duration(s, tube)
                self.services.append((s, came, env.now, done))
                yield self._at(done, self._order(s, COMPLETION, i))
                self.servers[s].release(call)
                share = layout.rejected_share[s, self.rows[s].mode, tube.tube_type]
                if hash_uniform(self.keys["reject"][s], tube.entity, tube.occasion) < share:
                    return "rejected"
                following = int(layout.next_if_served[s, tube.tube_type])
            if layout.marks_reported[s] and math.isnan(tube.reported_at):
                tube.reported_at = env.now
            if layout.marks_back_entered[s]:
                tube.back_entered_at = env.now
            if following < 0:
                return None
            s = following
            yield self._at(env.now, self._order(s, ARRIVAL, i))

    def _duration(self, s: int, tube: Tube) -> float:
        row = self.rows[s]
        hours = float(self.layout.service_hours[s, row.mode, tube.tube_type]) * row.speed
        factors = self.factors[float(self.layout.service_cv[s, row.mode])]
        number = hash_uniform(self.keys["service"][s], tube.entity, tube.occasion)
        hours *= float(factors[int(number * len(factors))])
        return max(round(hours * TICKS_PER_HOUR), 1) / TICKS_PER_HOUR
