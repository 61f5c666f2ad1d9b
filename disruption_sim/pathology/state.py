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

    def _set_up_rules(self) -> None:
        layout = self.layout
        self.service_hours = np.ascontiguousarray(layout.service_hours, dtype=np.float64)
        spreads = np.unique(layout.service_cv[layout.service_cv > 0])
        self.factor_table = np.full((layout.station_count, MODE_COUNT), -1, dtype=np.int64)
        for table, spread in enumerate(spreads):
            self.factor_table[layout.service_cv == spread] = table
        self.factors = np.array(
            [service_factors(float(spread), layout.service_distribution) for spread in spreads]
        ).reshape(len(spreads), FACTOR_COUNT)
        self.source = np.zeros(layout.source_count, dtype=compiled.SOURCE)
        self.source["rebleed_share"] = layout.rebleed_share
        self.source["rebleed_delay"] = layout.rebleed_delay_hours
        self.source["transport"] = layout.transport_hours
        self.stability = np.ascontiguousarray(layout.stability_hours, dtype=np.float64)

    def _set_up_stations(self, seed: int, replication: int, start_hours: float) -> None:
        layout, stations = self.layout, self.layout.station_count
        self.schedule = np.zeros(len(layout.schedule_time), dtype=compiled.SCHEDULE)
        for name in ("time", "servers", "mode", "speed", "skip_share"):
            self.schedule[name] = getattr(layout, f"schedule_{name}")
        self.station = np.zeros(stations, dtype=compiled.STATION)
        self.station["settled"] = start_hours
        self.station["watch_above"] = compiled.NOT_WATCHED
        for name in ("checks_expiry", "marks_reported", "marks_manual", "marks_back_entered"):
            self.station[name] = getattr(layout, name)
        self.queue = np.zeros((stations, CLASS_COUNT), dtype=compiled.QUEUE)
        self.queue["head"] = -1
        # Where a station's rows and servers lie, and how many have room there.
        self._row_block = np.stack([layout.schedule_start, layout.schedule_end], axis=1)
        self._server_block = np.zeros((stations, 2), dtype=np.int64)
        first_server = 0
        for s, name in enumerate(layout.station_names):
            state = self.station[s]
            state["service_key"] = purpose_key(seed, replication, f"pathology.service.{name}")
            state["skip_key"] = purpose_key(seed, replication, f"pathology.skip.{name}")
            start, end = self._row_block[s]
            rows = self.schedule[start:end]
            begun = max(int(np.searchsorted(rows["time"], start_hours, "right")), 1)
            state["capacity"] = rows["servers"][begun - 1]
            for field in ("mode", "speed", "skip_share"):
                state[field] = rows[field][begun - 1]
            state["row"], state["row_end"] = start + begun, end
            state["row_time"] = rows["time"][begun] if begun < len(rows) else np.inf
            servers = max(int(rows["servers"].max()), 1)
            self._server_block[s] = first_server, first_server + servers
            state["first_server"] = first_server
            first_server += servers
        self.server = np.zeros(first_server, dtype=compiled.SERVER)
        self.server["time"] = np.inf

    def _set_up_routes(self) -> None:
        layout = self.layout
        hands_over = layout.successors()
        edges: dict[tuple[int, int], int] = {}
        starts, count = [0], 0
        for s in range(layout.station_count):
            count += 1  # from outside
            for origin in np.flatnonzero(hands_over[:, s]):
                edges[int(origin), s] = count
                count += 1
            starts.append(count)
        self.edge = np.zeros(count, dtype=compiled.EDGE)
        self.edge["time"] = np.inf
        self.edge["head"] = -1
        self.edge_start = np.array(starts, dtype=np.int64)
        self.route = np.full((2, layout.station_count, layout.tube_type_count), -1, dtype=np.int32)
        for kind, table in (
            (compiled.SERVED, layout.next_if_served),
            (compiled.SKIPPED, layout.next_if_skipped),
        ):
            for s, tube_type in np.argwhere(table != LEAVES):
                self.route[kind, s, tube_type] = edges[int(s), int(table[s, tube_type])]
        self.reaches = layout.reachable()

    def _set_up_clock(self, seed: int, replication: int, start_hours: float) -> None:
        self.clock = np.zeros(1, dtype=compiled.CLOCK)
        self.clock["now"] = start_hours
        self.clock["lookahead"] = self.layout.lookahead_hours
        self.clock["watch_from"] = np.inf
        self.clock["known_tubes"] = self.known_tubes
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
            self.identity, self.entry_station, self.order, self.pending, self.station, self.queue,
            self.server, self.edge, self.edge_start, self.route, self.service_hours,
            self.factor_table, self.factors, self.schedule, self.source, self.stability,
            self.reaches, self.watched, self.station_week, self.source_week, self.queue_hourly,
            self.clock,
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
        expires = float(self.collected[tube] + self.stability[self.tube["tube_type"][tube]])
        self.clock["watch_from"] = min(float(self.clock["watch_from"][0]), expires)

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
        self._make_room_for_servers(station, int(rows["servers"].max()))

    def _make_room_for_servers(self, station: int, servers: int) -> None:
        start, end = self._server_block[station]
        if servers <= end - start:
            return
        added = np.zeros(servers, dtype=compiled.SERVER)
        added["time"] = np.inf
        added[: end - start] = self.server[start:end]
        self._server_block[station] = len(self.server), len(self.server) + servers
        self.station["first_server"][station] = len(self.server)
        self.server = np.concatenate([self.server, added])
        self._gather()
