"""The laboratory kernel: tubes through queues, exactly, at some ten million visits a second.

`LaboratoryKernel` holds the state of a network in arrays and advances it to any asked time; the
order of events at one instant and the reason why the result is exact are told in
`disruption_sim.pathology.compiled`. It is lazy: nothing happens until someone asks.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numba
import numpy as np
import numpy.typing as npt

from disruption_sim.grid import HOURS_PER_WEEK, TICKS_PER_HOUR
from disruption_sim.pathology import compiled
from disruption_sim.pathology.network import (
    CLASS_COUNT,
    FACTOR_COUNT,
    LEAVES,
    MODE_COUNT,
    BoolArray,
    FloatArray,
    IntArray,
    NetworkLayout,
    TubeArrays,
    schedule_faults,
    service_factors,
)
from disruption_sim.randomness import purpose_key

__all__ = ["Counts", "LaboratoryKernel", "NetworkLayout", "Trigger", "TubeArrays"]

StructuredArray = npt.NDArray[np.void]
TubeIds = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Trigger:
    """Something watched that has happened.

    Attributes
    ----------
    kind : "queue" or "tube"
        A queue longer than its threshold, or an expired tube that was discarded.
    index : int
        The station or the tube.
    time : float
        Simulation time in hours.
    """

    kind: Literal["queue", "tube"]
    index: int
    time: float


@dataclass(frozen=True)
class Counts:
    """How many tubes came and what became of them; a re-bleed that arrives counts again.

    ``received == departed + discarded + waiting + in_service`` at every time. A tube that is
    reported counts so at once, even if it still has to be entered back before it departs.
    """

    received: int
    reported: int
    discarded: int
    rebled: int
    abandoned: int
    departed: int
    departed_unreported: int
    waiting: int
    in_service: int
    on_their_way: int

    @property
    def unreported_in_laboratory(self) -> int:
        """Tubes that wait or are in service and have not been reported."""
        reported_inside = self.reported - (self.departed - self.departed_unreported)
        return self.waiting + self.in_service - reported_inside


class LaboratoryKernel:
    """All laboratories as one network of stations, advanced exactly to any time.

    Parameters
    ----------
    layout : NetworkLayout
        Stations, rosters, routes and service times.
    tubes : TubeArrays
        The tubes known beforehand; their numbers are their positions.
    seed, replication : int
        Identify the draws that depend on the state: service times, skipping, re-bleeds.
    horizon_hours : float
        Latest time that can be asked for.
    start_hours : float
        The time at which the laboratories start, empty.

    Raises
    ------
    ValueError
        If a tube has an impossible value.
    """

    def __init__(
        self,
        layout: NetworkLayout,
        tubes: TubeArrays,
        *,
        seed: int,
        replication: int,
        horizon_hours: float,
        start_hours: float = 0.0,
    ) -> None:
        if not 0.0 <= start_hours < horizon_hours < math.inf:
            raise ValueError(f"no time between start {start_hours} and horizon {horizon_hours}")
        faulty = compiled.first_faulty_tube(
            tubes.arrival,
            tubes.collected,
            tubes.source,
            tubes.tube_type,
            tubes.priority,
            tubes.entry_station,
            start_hours,
            layout.station_count,
            layout.tube_type_count,
            layout.source_count,
        )
        if faulty >= 0:
            raise ValueError(f"tube {faulty} has an impossible value: {_described(tubes, faulty)}")
        self.layout = layout
        self.horizon_hours = horizon_hours
        self._start_hours = start_hours
        self._tube_count = len(tubes)
        self._back_entry = bool(layout.marks_back_entered.any())
        self._queue_watches: dict[int, int] = {}
        self._triggers: list[Trigger] = []
        # Until when, and with how many tubes, no watched queue can exceed its threshold.
        self._quiet_until, self._quiet_tubes = -math.inf, 0
        self._dirty = True
        self._set_up_tubes(tubes)
        self._set_up_stations(seed, replication)
        self._set_up_routes()
        self._set_up_order(tubes)
        self._set_up_statistics()
        self._gather()

    # --- construction -------------------------------------------------------------------------

    def _set_up_tubes(self, tubes: TubeArrays) -> None:
        count, capacity = len(tubes), len(tubes) + tubes.extra_capacity
        self._tube = np.zeros(capacity, dtype=compiled.TUBE)
        self._tube["ready"][:count] = tubes.arrival
        self._tube["tube_type"][:count] = tubes.tube_type
        self._tube["source"][:count] = tubes.source
        self._tube["priority"][:count] = tubes.priority
        self._collected = np.empty(capacity)
        self._collected[:count] = tubes.collected
        self._reported_at = np.full(capacity, np.nan)
        self._back_entered_at = np.full(capacity if self._back_entry else 0, np.nan)
        self._flags = np.zeros(capacity, dtype=np.uint8)
        self._entry_station = np.full(capacity, LEAVES, dtype=np.int16)
        self._entry_station[:count] = tubes.entry_station
        # Never more entries than tubes, so it cannot overflow; untouched memory costs nothing.
        self._pending = np.empty(capacity, dtype=np.int32)
        self._watched = np.empty(16, dtype=np.int32)

    def _set_up_stations(self, seed: int, replication: int) -> None:
        layout = self.layout
        self._schedule = np.zeros(len(layout.schedule_time), dtype=compiled.SCHEDULE)
        for name in ("time", "servers", "mode", "speed", "skip_share"):
            self._schedule[name] = getattr(layout, f"schedule_{name}")
        stations = layout.station_count
        self._station = np.zeros(stations, dtype=compiled.STATION)
        self._station["settled"] = self._start_hours
        self._station["watch_above"] = compiled.NOT_WATCHED
        for name in ("checks_expiry", "marks_reported", "marks_manual", "marks_back_entered"):
            self._station[name] = getattr(layout, name)
        # Where the rows and the servers of a station lie, and how many have room there.
        self._row_block = np.stack([layout.schedule_start, layout.schedule_end], axis=1)
        self._server_block = np.zeros((stations, 2), dtype=np.int64)
        first_server = 0
        for s, name in enumerate(layout.station_names):
            state = self._station[s]
            state["service_key"] = purpose_key(seed, replication, f"pathology.service.{name}")
            state["skip_key"] = purpose_key(seed, replication, f"pathology.skip.{name}")
            start, end = int(layout.schedule_start[s]), int(layout.schedule_end[s])
            in_force = start + max(
                int(np.searchsorted(self._schedule["time"][start:end], self._start_hours, "right")),
                1,
            )
            row = self._schedule[in_force - 1]
            state["capacity"] = row["servers"]
            for field in ("mode", "speed", "skip_share"):
                state[field] = row[field]
            state["row"], state["row_end"] = in_force, end
            state["row_time"] = self._schedule["time"][in_force] if in_force < end else np.inf
            servers = max(int(self._schedule["servers"][start:end].max()), 1)
            self._server_block[s] = first_server, first_server + servers
            state["first_server"] = first_server
            first_server += servers
        self._server = np.zeros(first_server, dtype=compiled.SERVER)
        self._server["time"] = np.inf
        self._queue = np.zeros((stations, CLASS_COUNT), dtype=compiled.QUEUE)
        self._queue["head"] = -1
        self._service_hours = np.ascontiguousarray(layout.service_hours, dtype=np.float64)
        spreads = np.unique(layout.service_cv[layout.service_cv > 0])
        self._factor_table = np.full((stations, MODE_COUNT), -1, dtype=np.int64)
        for table, spread in enumerate(spreads):
            self._factor_table[layout.service_cv == spread] = table
        self._factors = np.array(
            [service_factors(float(spread), layout.service_distribution) for spread in spreads]
        ).reshape(len(spreads), FACTOR_COUNT)
        self._source = np.zeros(layout.source_count, dtype=compiled.SOURCE)
        self._source["rebleed_share"] = layout.rebleed_share
        self._source["rebleed_delay"] = layout.rebleed_delay_hours
        self._source["transport"] = layout.transport_hours
        self._stability = np.ascontiguousarray(layout.stability_hours, dtype=np.float64)
        self._clock = np.zeros(1, dtype=compiled.CLOCK)
        self._clock["now"] = self._start_hours
        self._clock["lookahead"] = layout.lookahead_hours
        self._clock["watch_from"] = np.inf
        self._clock["known_tubes"] = self._tube_count
        self._clock["rebleed_key"] = purpose_key(seed, replication, "pathology.rebleed")
        self._clock["delay_key"] = purpose_key(seed, replication, "pathology.rebleed_delay")

    def _set_up_routes(self) -> None:
        layout = self.layout
        hands_over = layout.successors()
        edges: dict[tuple[int, int], int] = {}
        starts, station_of_edge = [0], []
        for s in range(layout.station_count):
            station_of_edge.append(s)
            for origin in np.flatnonzero(hands_over[:, s]):
                edges[int(origin), s] = len(station_of_edge)
                station_of_edge.append(s)
            starts.append(len(station_of_edge))
        self._edge = np.zeros(len(station_of_edge), dtype=compiled.EDGE)
        self._edge["time"] = np.inf
        self._edge["head"] = -1
        self._edge["station"] = station_of_edge
        self._edge_start = np.array(starts, dtype=np.int64)
        self._route = np.full((2, layout.station_count, layout.tube_type_count), -1, dtype=np.int32)
        for kind, table in (
            (compiled.SERVED, layout.next_if_served),
            (compiled.SKIPPED, layout.next_if_skipped),
        ):
            for s, tube_type in np.argwhere(table != LEAVES):
                self._route[kind, s, tube_type] = edges[int(s), int(table[s, tube_type])]
        self._reaches = layout.reachable()

    def _set_up_order(self, tubes: TubeArrays) -> None:
        stations = self.layout.station_count
        first = np.zeros(stations + 1, dtype=np.int64)
        buckets = max(len(tubes) // stations, 1)
        hours = self.horizon_hours - self._start_hours
        self._order = compiled.arrival_order(
            tubes.arrival, tubes.entry_station, first, self._start_hours, hours, buckets
        )
        self._station["cursor"] = first[:-1]
        self._station["cursor_end"] = first[1:]

    def _set_up_statistics(self) -> None:
        stations = self.layout.station_count
        weeks = max(math.ceil(self.horizon_hours / HOURS_PER_WEEK), 1)
        self._station_week = np.zeros((weeks, stations), dtype=compiled.STATION_WEEK)
        self._source_week = np.zeros((weeks, self.layout.source_count), dtype=compiled.SOURCE_WEEK)
        self._queue_hourly = np.zeros((math.ceil(self.horizon_hours), stations), dtype=np.int32)

    def _gather(self) -> None:
        """Line up the arguments of the compiled function; again whenever an array is replaced."""
        self._arguments: tuple[Any, ...] = (
            self._tube,
            self._collected,
            self._reported_at,
            self._back_entered_at,
            self._flags,
            self._entry_station,
            self._order,
            self._pending,
            self._station,
            self._queue,
            self._server,
            self._edge,
            self._edge_start,
            self._route,
            self._service_hours,
            self._factor_table,
            self._factors,
            self._schedule,
            self._source,
            self._stability,
            self._reaches,
            self._watched,
            self._station_week,
            self._source_week,
            self._queue_hourly,
            self._clock,
        )

    # --- time ---------------------------------------------------------------------------------

    @property
    def now(self) -> float:
        """The time up to and including which everything has been worked off, in hours."""
        return float(self._clock["now"][0])

    def advance_to(self, time: float) -> float:
        """Work off everything up to and including `time`.

        Returns
        -------
        float
            The time reached: `time`, or the earlier instant at which something watched happened
            (`take_triggers` says what). That instant has then been worked off whole.

        Raises
        ------
        ValueError
            If `time` lies before `now` or behind the horizon.
        """
        now = self.now
        if self._triggers:
            return now
        if time == now and not self._dirty:
            return now
        if not now <= time <= self.horizon_hours:
            raise ValueError(f"cannot advance from {now} to {time} h (up to {self.horizon_hours})")
        reached = float(_quietly(compiled.advance, time, *self._arguments))
        self._dirty = False
        if self._clock["triggered"][0]:
            self._collect_triggers(reached)
        return reached

    # --- watching -----------------------------------------------------------------------------

    def may_stop_by(self, time: float) -> bool:
        """Whether something watched may happen by `time`; if not, no advance is needed to know."""
        if self._triggers or self._clock["watch_from"][0] < time:
            return True
        if not self._queue_watches:
            return False
        if time > self._quiet_until or self._tube_count != self._quiet_tubes:
            until = self.now + min(1.0, self.layout.lookahead_hours - 1.0 / TICKS_PER_HOUR)
            if time > until or not compiled.stays_quiet(
                until, self._tube, self._order, self._station, self._reaches, self._clock
            ):
                return True
            self._quiet_until, self._quiet_tubes = until, self._tube_count
        return False

    def watch(self, station: int, queue_length_above: int) -> None:
        """Let `advance_to` stop once when more than so many tubes wait at a station.

        The length counts at the moment a tube joins the queue. A queue that is longer already
        stops the next advance at once. A new watch replaces the station's former one.
        """
        if not 0 <= station < self.layout.station_count:
            raise ValueError(f"there is no station {station}")
        if queue_length_above < 0:
            raise ValueError("the threshold of a queue is negative")
        if self._station["waiting"][station] > queue_length_above:
            self.unwatch(station)
            self._triggers.append(Trigger("queue", station, self.now))
            return
        self._quiet_until = -math.inf
        self._queue_watches[station] = queue_length_above
        self._station["watch_above"][station] = queue_length_above
        self._clock["watched_queues"] = len(self._queue_watches)

    def unwatch(self, station: int) -> None:
        """Stop watching the queue of a station."""
        self._queue_watches.pop(station, None)
        self._station["watch_above"][station] = compiled.NOT_WATCHED
        self._clock["watched_queues"] = len(self._queue_watches)

    def watch_tube(self, tube: int) -> None:
        """Let `advance_to` stop once when a tube is discarded because it has expired.

        The watch ends by itself when the tube is reported.
        """
        self._check_tube(tube)
        if self._flags[tube] & compiled.WATCHED:
            return
        count = int(self._clock["watched_tubes"][0])
        if count == len(self._watched):
            self._watched = np.concatenate([self._watched, np.empty_like(self._watched)])
            self._gather()
        self._watched[count] = tube
        self._flags[tube] |= compiled.WATCHED
        expires = self._collected[tube] + self._stability[self._tube["tube_type"][tube]]
        self._clock["watched_tubes"] = count + 1
        self._clock["watch_from"] = min(float(self._clock["watch_from"][0]), float(expires))

    def take_triggers(self) -> list[Trigger]:
        """Return what the last advance stopped for and go on; queues first, then tubes."""
        triggers, self._triggers = self._triggers, []
        return triggers

    def _collect_triggers(self, time: float) -> None:
        for station in sorted(self._queue_watches):
            if self._station["watch_above"][station] == compiled.NOT_WATCHED:
                del self._queue_watches[station]
                self._triggers.append(Trigger("queue", station, time))
        watched = self._watched[: int(self._clock["watched_tubes"][0])]
        happened = (self._flags[watched] & compiled.TRIGGERED) != 0
        if happened.any():
            tubes, kept = np.sort(watched[happened]), watched[~happened].copy()
            self._flags[tubes] &= 255 - compiled.TRIGGERED - compiled.WATCHED
            self._watched[: len(kept)] = kept
            self._clock["watched_tubes"] = len(kept)
            self._triggers += [Trigger("tube", int(tube), time) for tube in tubes]

    # --- work handed in at run time --------------------------------------------------------------

    def submit(
        self,
        arrival: float,
        collected: float,
        source: int,
        tube_type: int,
        priority: int,
        entry_station: int,
    ) -> int:
        """Hand in one tube that arrives at `arrival` (not before `now`) and return its number.

        Raises
        ------
        ValueError
            If a value is impossible.
        """
        layout = self.layout
        if not (
            self.now <= arrival < math.inf
            and collected <= arrival
            and (arrival * TICKS_PER_HOUR).is_integer()
            and (collected * TICKS_PER_HOUR).is_integer()
            and 0 <= source < layout.source_count
            and 0 <= tube_type < layout.tube_type_count
            and 0 <= priority < CLASS_COUNT
            and 0 <= entry_station < layout.station_count
        ):
            raise ValueError(
                f"cannot hand in at {self.now} h: arrival {arrival}, collected {collected}, "
                f"source {source}, tube_type {tube_type}, priority {priority}, "
                f"entry_station {entry_station}"
            )
        tube = self._tube_count
        if tube == len(self._tube):
            self._grow(tube + 1)
        self._tube[tube] = arrival, -1, tube_type, source, priority, 0
        self._collected[tube] = collected
        self._entry_station[tube] = entry_station
        self._tube_count = tube + 1
        compiled.push_many(self._pending, self._clock, self._tube, tube, tube + 1)
        self._dirty = True
        return tube

    def submit_many(
        self,
        arrival: FloatArray,
        collected: FloatArray,
        source: npt.NDArray[np.uint8],
        tube_type: npt.NDArray[np.uint8],
        priority: npt.NDArray[np.uint8],
        entry_station: npt.NDArray[np.int16],
    ) -> TubeIds:
        """Hand in tubes that arrive at `arrival` (not before `now`) and return their numbers.

        Parameters are arrays of one length, as in `TubeArrays`.

        Raises
        ------
        ValueError
            If a value is impossible; no tube is then handed in.
        """
        tubes = TubeArrays(arrival, collected, source, tube_type, priority, entry_station)
        faulty = compiled.first_faulty_tube(
            arrival,
            collected,
            source,
            tube_type,
            priority,
            entry_station,
            self.now,
            self.layout.station_count,
            self.layout.tube_type_count,
            self.layout.source_count,
        )
        if faulty >= 0 or (entry_station < 0).any():
            faulty = faulty if faulty >= 0 else int(np.flatnonzero(entry_station < 0)[0])
            raise ValueError(f"cannot hand in at {self.now} h: {_described(tubes, faulty)}")
        first, end = self._tube_count, self._tube_count + len(tubes)
        if end > len(self._tube):
            self._grow(end)
        self._tube["ready"][first:end] = arrival
        self._tube["tube_type"][first:end] = tube_type
        self._tube["source"][first:end] = source
        self._tube["priority"][first:end] = priority
        self._collected[first:end] = collected
        self._entry_station[first:end] = entry_station
        self._tube_count = end
        compiled.push_many(self._pending, self._clock, self._tube, first, end)
        self._dirty = True
        return np.arange(first, end, dtype=np.int32)

    def _grow(self, needed: int) -> None:
        more = max(needed, 2 * len(self._tube), 1024) - len(self._tube)
        self._tube = np.concatenate([self._tube, np.zeros(more, dtype=compiled.TUBE)])
        self._collected = np.concatenate([self._collected, np.empty(more)])
        self._reported_at = np.concatenate([self._reported_at, np.full(more, np.nan)])
        if self._back_entry:
            self._back_entered_at = np.concatenate([self._back_entered_at, np.full(more, np.nan)])
        self._flags = np.concatenate([self._flags, np.zeros(more, dtype=np.uint8)])
        self._entry_station = np.concatenate(
            [self._entry_station, np.full(more, LEAVES, dtype=np.int16)]
        )
        self._pending = np.concatenate([self._pending, np.empty(more, dtype=np.int32)])
        self._gather()

    def reschedule(
        self,
        station: int,
        times: Sequence[float] | FloatArray,
        servers: Sequence[int] | IntArray,
        mode: Sequence[int] | IntArray,
        speed: Sequence[float] | FloatArray,
        skip_share: Sequence[float] | FloatArray,
    ) -> None:
        """Replace the schedule of a station from ``times[0]`` on.

        Rows of the former schedule before ``times[0]`` still hold. If ``times[0]`` is not after
        `now`, the last row whose time has come takes effect at `now`; services under way finish.

        Raises
        ------
        ValueError
            If the rows are faulty.
        """
        rows = np.zeros(len(times), dtype=compiled.SCHEDULE)
        for name, values in (
            ("time", times), ("servers", servers), ("mode", mode), ("speed", speed),
            ("skip_share", skip_share),
        ):  # fmt: skip
            if len(values) != len(rows) or len(rows) == 0:
                raise ValueError("a schedule needs at least one row and columns of one length")
            rows[name] = values
        name = self.layout.station_names[station]
        faults = schedule_faults(
            name, rows["time"], rows["servers"], rows["mode"], rows["speed"], rows["skip_share"]
        )
        if faults:
            raise ValueError("; ".join(faults))
        now, state = self.now, self._station[station]
        former = self._schedule[int(state["row"]) : int(state["row_end"])]
        past = int(np.searchsorted(rows["time"], now, "right"))
        if past:
            rows = rows[past - 1 :]
            rows["time"][0] = now
        rows = np.concatenate([former[former["time"] < rows["time"][0]], rows])
        self._place_rows(station, rows)
        self._place_servers(station, int(rows["servers"].max()))
        self._dirty = True

    def _place_rows(self, station: int, rows: StructuredArray) -> None:
        start, end = self._row_block[station]
        if len(rows) > end - start:
            start, end = len(self._schedule), len(self._schedule) + len(rows)
            self._schedule = np.concatenate([self._schedule, rows])
            self._row_block[station] = start, end
            self._gather()
        self._schedule[start : start + len(rows)] = rows
        state = self._station[station]
        state["row"], state["row_end"] = start, start + len(rows)
        state["row_time"] = rows["time"][0]

    def _place_servers(self, station: int, servers: int) -> None:
        start, end = self._server_block[station]
        if servers <= end - start:
            return
        added = np.zeros(servers, dtype=compiled.SERVER)
        added["time"] = np.inf
        added[: end - start] = self._server[start:end]
        self._server_block[station] = len(self._server), len(self._server) + servers
        self._station["first_server"][station] = len(self._server)
        self._server = np.concatenate([self._server, added])
        self._gather()

    # --- what has happened --------------------------------------------------------------------------

    @property
    def tube_count(self) -> int:
        """Number of tubes known so far; their numbers are 0 to this less one."""
        return self._tube_count

    @property
    def reported_at(self) -> FloatArray:
        """Hour at which each tube was reported, nan if not by `now`: float array (tubes,)."""
        return self._reported_at[: self._tube_count]

    @property
    def back_entered_at(self) -> FloatArray:
        """Hour at which each tube's result was entered back, nan if it was not by `now`."""
        if not self._back_entry:
            return np.full(self._tube_count, np.nan)
        return self._back_entered_at[: self._tube_count]

    @property
    def collected_at(self) -> FloatArray:
        """Hour of each tube's latest collection; later than `now` for a re-bleed that is due."""
        return self._collected[: self._tube_count]

    @property
    def occasion(self) -> npt.NDArray[np.uint8]:
        """How many times each tube was decided to be collected again: uint8 array (tubes,)."""
        occasions: npt.NDArray[np.uint8] = self._tube["occasion"][: self._tube_count]
        return occasions

    @property
    def is_discarded(self) -> BoolArray:
        """Whether each tube was ever discarded because it had expired: bool array (tubes,)."""
        return self._flagged(compiled.DISCARDED)

    @property
    def is_abandoned(self) -> BoolArray:
        """Whether each tube was discarded and not collected again: bool array (tubes,)."""
        return self._flagged(compiled.ABANDONED)

    def abandoned(self, tubes: TubeIds) -> BoolArray:
        """Whether each of some tubes was discarded and not collected again: bool array."""
        flagged: BoolArray = (self._flags[tubes] & compiled.ABANDONED) != 0
        return flagged

    @property
    def is_manual(self) -> BoolArray:
        """Whether each tube was served by hand at a station that notes it: bool array (tubes,)."""
        return self._flagged(compiled.MANUAL)

    def _flagged(self, flag: int) -> BoolArray:
        flagged: BoolArray = (self._flags[: self._tube_count] & flag) != 0
        return flagged

    @property
    def waiting(self) -> npt.NDArray[np.int64]:
        """Tubes waiting at each station at `now`: int array (S,)."""
        waiting: npt.NDArray[np.int64] = self._station["waiting"].copy()
        return waiting

    @property
    def in_service(self) -> npt.NDArray[np.int64]:
        """Tubes in service at each station at `now`: int array (S,)."""
        busy: npt.NDArray[np.int64] = self._station["busy"].copy()
        return busy

    @property
    def servers_on_duty(self) -> npt.NDArray[np.int64]:
        """Servers that the schedule has on duty at each station at `now`: int array (S,)."""
        capacity: npt.NDArray[np.int64] = self._station["capacity"].copy()
        return capacity

    def oldest_waiting_hours(self, station: int) -> float:
        """Return how long the tube that came first of those waiting has waited; 0 if none waits."""
        queue = self._queue[station]
        heads = queue["head"][queue["head"] >= 0]
        return float(self.now - self._tube["ready"][heads].min()) if len(heads) else 0.0

    @property
    def counts(self) -> Counts:
        """Tubes so far, by what became of them."""
        clock = self._clock[0]
        totals = {
            name: int(clock[name])
            for name in (
                "received", "reported", "discarded", "rebled", "abandoned", "departed",
                "departed_unreported",
            )
        }  # fmt: skip
        return Counts(
            **totals,
            waiting=int(self._station["waiting"].sum()),
            in_service=int(self._station["busy"].sum()),
            on_their_way=int(clock["pending"]),
        )

    @property
    def station_weeks(self) -> StructuredArray:
        """What each station did in each week: structured array (weeks, S).

        Weeks count from simulation time 0; an event on the stroke between two belongs to the
        earlier. Fields: `busy_hours` (of servers), `closing_hours` (the part of them worked by
        servers over a capacity that was cut), `offered_hours` (scheduled), `longest_wait` (hours),
        `served`, `skipped`, `longest_queue`.
        """
        week = max(math.ceil(self.now / HOURS_PER_WEEK) - 1, 0)
        compiled.settle_all(self.now, self._station, self._station_week, week)
        return self._station_week.copy()

    @property
    def utilisation(self) -> FloatArray:
        """Share of the scheduled server-hours worked, nan if none: float array (weeks, S)."""
        weeks = self.station_weeks
        offered = np.where(weeks["offered_hours"] > 0, weeks["offered_hours"], np.nan)
        share: FloatArray = (weeks["busy_hours"] - weeks["closing_hours"]) / offered
        return share

    @property
    def source_weeks(self) -> StructuredArray:
        """Tubes `received`, `discarded`, `rebled`, `abandoned`: structured array (weeks, R)."""
        return self._source_week.copy()

    @property
    def queue_hourly(self) -> npt.NDArray[np.int32]:
        """Tubes waiting at each station at the end of each full hour: int array (hours, S)."""
        return self._queue_hourly.copy()

    def _check_tube(self, tube: int) -> None:
        if not 0 <= tube < self._tube_count:
            raise ValueError(f"there is no tube {tube}")


def _described(tubes: TubeArrays, tube: int) -> str:
    names = ("arrival", "collected", "source", "tube_type", "priority", "entry_station")
    return ", ".join(f"{name} {getattr(tubes, name)[tube]}" for name in names)


def _quietly(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a compiled function; when compiling is switched off, hashes overflow as intended."""
    if not numba.config.DISABLE_JIT:
        return function(*arguments)
    with np.errstate(over="ignore"):
        return function(*arguments)


def warm_up_compile() -> None:
    """Compile the kernel, or load it from the cache; call once before worker processes start."""
    one = np.ones(1)
    layout = NetworkLayout(
        station_names=("warm-up",),
        schedule_start=np.array([0]),
        schedule_end=np.array([1]),
        schedule_time=np.array([-np.inf]),
        schedule_servers=np.array([1]),
        schedule_mode=np.array([0]),
        schedule_speed=one,
        schedule_skip_share=one * 0.5,
        service_hours=np.full((1, MODE_COUNT, 1), 0.25),
        service_cv=np.ones((1, MODE_COUNT)),
        checks_expiry=np.array([True]),
        marks_reported=np.array([False]),
        marks_manual=np.array([True]),
        marks_back_entered=np.array([True]),
        next_if_served=np.array([[LEAVES]]),
        next_if_skipped=np.array([[LEAVES]]),
        stability_hours=one,
        rebleed_share=one,
        rebleed_delay_hours=one,
        transport_hours=one,
    )
    byte = np.zeros(1, dtype=np.uint8)
    tubes = TubeArrays(one, one, byte, byte, byte, np.zeros(1, dtype=np.int16))
    kernel = LaboratoryKernel(layout, tubes, seed=0, replication=0, horizon_hours=4.0)
    kernel.submit(1.0 + 1.0 / TICKS_PER_HOUR, 1.0, 0, 0, 0, 0)
    kernel.advance_to(4.0)
    if not kernel.station_weeks.size:
        raise RuntimeError("the kernel keeps no statistics")
