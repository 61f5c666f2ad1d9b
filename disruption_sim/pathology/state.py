"""The arrays in which the laboratory kernel keeps its state, and how they grow."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from disruption_sim.grid import HOURS_PER_WEEK
from disruption_sim.pathology import compiled
from disruption_sim.pathology.arrival_order import arrival_order
from disruption_sim.pathology.network import (
    CLASS_COUNT,
    FACTOR_COUNT,
    LEAVES,
    MODE_COUNT,
    IntArray,
    NetworkLayout,
    TubeArrays,
    service_factors,
)
from disruption_sim.randomness import purpose_key

StructuredArray = npt.NDArray[np.void]


class KernelState:
    """Everything the compiled passes read and write; the record layouts are in `compiled`.

    Parameters
    ----------
    layout : NetworkLayout
    tubes : TubeArrays
        Checked by the caller.
    seed, replication : int
    start_hours, horizon_hours : float

    Attributes
    ----------
    arguments : tuple of arrays
        In the order in which `compiled.advance` takes them.
    """

    def __init__(
        self,
        layout: NetworkLayout,
        tubes: TubeArrays,
        seed: int,
        replication: int,
        start_hours: float,
        horizon_hours: float,
    ) -> None:
        self.layout = layout
        self.tube_count = len(tubes)
        self._set_up_tubes(tubes)
        self._set_up_rules()
        self._set_up_stations(seed, replication, start_hours)
        self._set_up_pools()
        self._set_up_routes()
        self._set_up_clock(seed, replication, start_hours)
        self._set_up_order(tubes, start_hours, horizon_hours)
        self._set_up_figures(horizon_hours)
        self._gather()

    def _set_up_tubes(self, tubes: TubeArrays) -> None:
        count, capacity = len(tubes), len(tubes) + tubes.extra_capacity
        self.tube = np.zeros(capacity, dtype=compiled.TUBE)
        self.tube["ready"][:count] = tubes.arrival
        self.tube["tube_type"][:count] = tubes.tube_type
        self.tube["source"][:count] = tubes.source
        self.tube["priority"][:count] = tubes.priority
        self.collected = np.empty(capacity)
        self.collected[:count] = tubes.collected
        self.reported_at = np.full(capacity, np.nan)
        self.back_entry = bool(self.layout.marks_back_entered.any())
        self.back_entered_at = np.full(capacity if self.back_entry else 0, np.nan)
        self.flags = np.zeros(capacity, dtype=np.uint8)
        # For the draws of tubes handed in at run time; the others are drawn for by their number.
        self.known_tubes = count
        self.identity = np.empty(tubes.extra_capacity, dtype=np.uint64)
        self.entry_station = np.full(capacity, LEAVES, dtype=np.int16)
        self.entry_station[:count] = tubes.entry_station
        # Never more entries than tubes, so it cannot overflow; untouched memory costs nothing.
        self.pending = np.empty(capacity, dtype=np.int32)
        self.watched = np.empty(16, dtype=np.int32)
        # Who stands before a tube in a queue; kept only if some queue is served from its end.
        self.links_back = bool(self.layout.schedule_freshest_first.any())
        self.previous = np.empty(capacity if self.links_back else 0, dtype=np.int32)

    def _set_up_rules(self) -> None:
        layout = self.layout
        self.rule = np.zeros(layout.service_hours.shape, dtype=compiled.RULE)
        self.rule["service_hours"] = layout.service_hours
        self.rule["rejected_share"] = layout.rejected_share
        spreads = np.unique(layout.service_cv[layout.service_cv > 0])
        self.factor_table = np.full((layout.station_count, MODE_COUNT), -1, dtype=np.int64)
        for table, spread in enumerate(spreads):
            self.factor_table[layout.service_cv == spread] = table * FACTOR_COUNT
        self.factors = np.array(
            [service_factors(float(spread), layout.service_distribution) for spread in spreads]
        ).ravel()
        self.source = np.zeros(layout.source_count, dtype=compiled.SOURCE)
        self.source["rebleed_share"] = layout.rebleed_share
        self.source["rebleed_delay"] = layout.rebleed_delay_hours
        self.source["repeat_within"] = layout.repeat_within_hours
        self.source["transport"] = layout.transport_hours
        self.source["expires"] = layout.expires
        self.stability = np.ascontiguousarray(layout.stability_hours, dtype=np.float64)

    def _set_up_stations(self, seed: int, replication: int, start_hours: float) -> None:
        layout, stations = self.layout, self.layout.station_count
        self.schedule = np.zeros(len(layout.schedule_time), dtype=compiled.SCHEDULE)
        for name in compiled.SCHEDULE.fields or ():
            self.schedule[name] = getattr(layout, f"schedule_{name}")
        self.station = np.zeros(stations, dtype=compiled.STATION)
        self.station["watch_above"] = compiled.NOT_WATCHED
        self.station["fixed_class"] = layout.fixed_class
        self.station["rejects"] = layout.rejected_share.any(axis=(1, 2))
        for name in ("checks_expiry", "marks_reported", "marks_manual", "marks_back_entered"):
            self.station[name] = getattr(layout, name)
        self.queue = np.zeros((stations, CLASS_COUNT), dtype=compiled.QUEUE)
        self.queue["head"] = -1
        # Where a station's rows lie, and how many have room there.
        self._row_block = np.stack([layout.schedule_start, layout.schedule_end], axis=1)
        for s, name in enumerate(layout.station_names):
            state = self.station[s]
            for draw in ("service", "skip", "reject"):
                state[f"{draw}_key"] = purpose_key(seed, replication, f"pathology.{draw}.{name}")
            start, end = self._row_block[s]
            rows = self.schedule[start:end]
            begun = max(int(np.searchsorted(rows["time"], start_hours, "right")), 1)
            state["capacity"] = rows["servers"][begun - 1]
            for field in ("mode", "speed", "skip_share", "freshest_first", "open"):
                state[field] = rows[field][begun - 1]
            state["rule"] = (MODE_COUNT * s + int(state["mode"])) * layout.tube_type_count
            state["table"] = self.factor_table[s, state["mode"]]
            state["row"], state["row_end"] = start + begun, end
            state["row_time"] = rows["time"][begun] if begun < len(rows) else np.inf

    def _set_up_pools(self) -> None:
        layout, stations = self.layout, self.layout.station_count
        self.station["lead"] = layout.pool
        self.pool_member = np.lexsort((np.arange(stations), layout.pick_rank, layout.pool))
        leads = layout.pool[self.pool_member]
        self.station["first_member"] = np.searchsorted(leads, np.arange(stations), "left")
        self.station["end_member"] = np.searchsorted(leads, np.arange(stations), "right")
        # A place in every station of a pool for each of its servers; how many have room there.
        servers = [
            max(int(self.schedule["servers"][start:end].max()), 1) for start, end in self._row_block
        ]
        self._server_room = np.array(servers)[layout.pool]
        self.station["first_server"] = np.cumsum(self._server_room) - self._server_room
        # Only the first place is looked at while nobody is busy; untouched memory costs nothing.
        self.server = np.zeros(int(self._server_room.sum()), dtype=compiled.SERVER)
        self.server["time"][self.station["first_server"]] = np.inf
        first = block_starts(layout.pool)
        self.block = np.zeros(len(first), dtype=compiled.BLOCK)
        self.block["first"], self.block["end"] = first, np.append(first[1:], stations)
        self.next_time = np.full(stations, np.inf)

    def _set_up_routes(self) -> None:
        layout, stations = self.layout, self.layout.station_count
        self.reaches = layout.reachable()
        first = self.block["first"]
        block_of = np.searchsorted(first, np.arange(stations), "right") - 1
        hands_over = np.logical_or.reduceat(layout.successors(), first, axis=0)
        edges: dict[tuple[int, int], int] = {}
        starts, targets = [0], []
        for s in range(stations):
            targets.append(s)  # from outside
            for origin in np.flatnonzero(hands_over[:, s]):
                edges[int(origin), s] = len(targets)
                targets.append(s)
            starts.append(len(targets))
        self.edge = np.zeros(len(targets), dtype=compiled.EDGE)
        self.edge["station"] = targets
        self.edge["time"] = np.inf
        self.edge["head"] = -1
        self.edge_start = np.array(starts, dtype=np.int64)
        for name, table in (
            ("if_served", layout.next_if_served), ("if_skipped", layout.next_if_skipped),
        ):  # fmt: skip
            self.rule[name] = LEAVES
            for s, tube_type in np.argwhere(table != LEAVES).tolist():
                edge = edges[int(block_of[s]), int(table[s, tube_type])]
                self.rule[name][s, :, tube_type] = edge
        # Whether what happens in a block can matter at a station, directly or through others.
        influences = np.logical_or.reduceat(hands_over, first, axis=1)
        for b in range(len(first) - 1, -1, -1):
            influences[b] |= influences[influences[b]].any(axis=0)
            influences[b, b] = True
        self.influences = np.ascontiguousarray(influences[:, block_of])

    def _set_up_clock(self, seed: int, replication: int, start_hours: float) -> None:
        self.clock = np.zeros(1, dtype=compiled.CLOCK)
        self.clock["now"] = self.clock["settled"] = start_hours
        self.clock["lookahead"] = self.layout.lookahead_hours
        self.clock["watch_from"] = np.inf
        self.clock["known_tubes"] = self.known_tubes
        self.clock["links_back"] = self.links_back
        self.clock["rebleed_key"] = purpose_key(seed, replication, "pathology.rebleed")
        self.clock["delay_key"] = purpose_key(seed, replication, "pathology.rebleed_delay")

    def _set_up_order(self, tubes: TubeArrays, start_hours: float, horizon_hours: float) -> None:
        stations = self.layout.station_count
        first = np.zeros(stations + 1, dtype=np.int64)
        buckets = max(len(tubes) // stations, 1)
        hours = horizon_hours - start_hours
        self.order = arrival_order(
            tubes.arrival, tubes.entry_station, first, start_hours, hours, buckets
        )
        self.station["cursor"] = first[:-1]
        self.station["cursor_end"] = first[1:]

    def _set_up_figures(self, horizon_hours: float) -> None:
        stations = self.layout.station_count
        weeks = math.ceil(horizon_hours / HOURS_PER_WEEK)
        self.station_week = np.zeros((weeks, stations), dtype=compiled.STATION_WEEK)
        self.source_week = np.zeros((weeks, self.layout.source_count), dtype=compiled.SOURCE_WEEK)
        self.queue_hourly = np.zeros((math.ceil(horizon_hours), stations), dtype=np.int32)

    def _gather(self) -> None:
        """Line up the arguments; again whenever an array is replaced."""
        self.arguments: tuple[Any, ...] = (
            self.tube, self.collected, self.reported_at, self.back_entered_at, self.flags,
            self.identity, self.previous, self.entry_station, self.order, self.pending, self.block,
            self.next_time, self.next_time.view(np.int64), self.station, self.pool_member,
            self.queue.ravel(), self.server, self.edge, self.edge_start, self.rule.ravel(),
            self.factor_table, self.factors, self.schedule, self.source, self.stability,
            self.reaches, self.influences, self.watched, self.station_week, self.source_week,
            self.queue_hourly, self.clock,
        )  # fmt: skip

    # --- growth -------------------------------------------------------------------------------

    def make_room_for_tubes(self, count: int) -> None:
        """Let there be room for `count` tubes, at least doubling what there was."""
        present = len(self.tube)
        if count <= present:
            return
        more = max(count, 2 * present, 1024) - present
        self.tube = np.concatenate([self.tube, np.zeros(more, dtype=compiled.TUBE)])
        self.collected = np.concatenate([self.collected, np.empty(more)])
        self.reported_at = np.concatenate([self.reported_at, np.full(more, np.nan)])
        if self.back_entry:
            self.back_entered_at = np.concatenate([self.back_entered_at, np.full(more, np.nan)])
        self.flags = np.concatenate([self.flags, np.zeros(more, dtype=np.uint8)])
        self.identity = np.concatenate([self.identity, np.empty(more, dtype=np.uint64)])
        self.entry_station = np.concatenate(
            [self.entry_station, np.full(more, LEAVES, dtype=np.int16)]
        )
        self.pending = np.concatenate([self.pending, np.empty(more, dtype=np.int32)])
        if self.links_back:
            self.previous = np.concatenate([self.previous, np.empty(more, dtype=np.int32)])
        self._gather()

    def add_watched(self, tube: int) -> None:
        """Put a tube on the list of watched ones."""
        count = int(self.clock["watched_tubes"][0])
        if count == len(self.watched):
            self.watched = np.concatenate([self.watched, np.empty_like(self.watched)])
            self._gather()
        self.watched[count] = tube
        self.flags[tube] |= compiled.WATCHED
        self.clock["watched_tubes"] = count + 1
        # From when on it can be discarded or rejected, at the earliest.
        rule = self.source[self.tube["source"][tube]]
        happens = np.inf
        if rule["expires"]:
            happens = self.collected[tube] + self.stability[self.tube["tube_type"][tube]]
        if self.station["rejects"].any():
            happens = min(happens, self.tube["ready"][tube])
        self.clock["watch_from"] = min(float(self.clock["watch_from"][0]), float(happens))

    def link_back(self) -> None:
        """Note from now on who stands before whom in every queue, and who stands so already."""
        if self.links_back:
            return
        self.links_back = True
        self.clock["links_back"] = True
        self.previous = np.empty(len(self.tube), dtype=np.int32)
        for line in self.queue.ravel():
            i = int(line["head"])
            while i >= 0 and i != line["tail"]:
                following = int(self.tube["next"][i])
                self.previous[following] = i
                i = following
        self._gather()

    def replace_rows(self, station: int, rows: StructuredArray) -> None:
        """Let these schedule rows be what comes next at a station."""
        start, end = self._row_block[station]
        if len(rows) > end - start:
            start, end = len(self.schedule), len(self.schedule) + len(rows)
            self.schedule = np.concatenate([self.schedule, rows])
            self._row_block[station] = start, end
            self._gather()
        self.schedule[start : start + len(rows)] = rows
        state = self.station[station]
        state["row"], state["row_end"] = start, start + len(rows)
        state["row_time"] = rows["time"][0]
        if rows["freshest_first"].any():
            self.link_back()
        self._make_room_for_servers(station, int(rows["servers"].max()))

    def _make_room_for_servers(self, lead: int, servers: int) -> None:
        room = int(self._server_room[lead])
        if servers <= room:
            return
        for member in np.flatnonzero(self.layout.pool == lead):
            added = np.zeros(servers, dtype=compiled.SERVER)
            start = int(self.station["first_server"][member])
            added[:room] = self.server[start : start + room]
            self._server_room[member] = servers
            self.station["first_server"][member] = len(self.server)
            self.server = np.concatenate([self.server, added])
        self._gather()


def block_starts(pool: IntArray) -> npt.NDArray[np.int64]:
    """Return the first station of each block: of stations that must be passed together.

    The stations of a pool and all between them belong together; a station that shares no servers
    and lies within no pool is a block of its own.
    """
    stations = np.arange(len(pool))
    last = stations.copy()
    np.maximum.at(last, pool, stations)
    covered = np.maximum.accumulate(last)
    return np.flatnonzero(np.concatenate([[True], covered[:-1] < stations[1:]]))
