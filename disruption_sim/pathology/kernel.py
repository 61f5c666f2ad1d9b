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

import numpy as np
import numpy.typing as npt

from disruption_sim.grid import TICKS_PER_HOUR
from disruption_sim.pathology import compiled
from disruption_sim.pathology.arrival_order import first_faulty_tube
from disruption_sim.pathology.figures import Counts, LaboratoryFigures, TubeIds
from disruption_sim.pathology.network import (
    CLASS_COUNT,
    LEAVES,
    MODE_COUNT,
    BoolArray,
    FloatArray,
    IntArray,
    NetworkLayout,
    TubeArrays,
    schedule_faults,
)
from disruption_sim.pathology.state import KernelState

__all__ = ["Counts", "LaboratoryKernel", "NetworkLayout", "Trigger", "TubeArrays"]


@dataclass(frozen=True)
class Trigger:
    """Something watched that has happened.

    Attributes
    ----------
    kind : "queue" or "tube"
        A queue longer than its threshold, or a tube that was discarded or rejected.
    index : int
        The station or the tube.
    time : float
        Simulation time in hours.
    """

    kind: Literal["queue", "tube"]
    index: int
    time: float


class LaboratoryKernel(LaboratoryFigures):
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
        faulty = first_faulty_tube(
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
        super().__init__(KernelState(layout, tubes, seed, replication, start_hours, horizon_hours))
        self.layout = layout
        self.horizon_hours = horizon_hours
        self._queue_watches: dict[int, int] = {}
        self._triggers: list[Trigger] = []
        # Until when, and with how many tubes, no watched queue can exceed its threshold.
        self._quiet_until, self._quiet_tubes = -math.inf, 0
        # Whether something was handed in or rescheduled for an instant that is over.
        self._dirty = True

    # --- time ---------------------------------------------------------------------------------

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
        reached = float(_quietly(compiled.advance, time, *self._state.arguments))
        self._dirty = False
        if self._state.clock["triggered"][0]:
            self._collect_triggers(reached)
        return reached

    # --- watching -----------------------------------------------------------------------------

    def may_stop_by(self, time: float) -> bool:
        """Whether something watched may happen by `time`; if not, no advance is needed to know."""
        if self._triggers or self._state.clock["watch_from"][0] < time:
            return True
        if not self._queue_watches:
            return False
        state = self._state
        if time > self._quiet_until or self._state.tube_count != self._quiet_tubes:
            until = self.now + min(1.0, self.layout.lookahead_hours - 1.0 / TICKS_PER_HOUR)
            if time > until or not compiled.stays_quiet(
                until, state.tube, state.order, state.station, state.reaches, state.clock
            ):
                return True
            self._quiet_until, self._quiet_tubes = until, self._state.tube_count
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
        if self._state.station["waiting"][station] > queue_length_above:
            self.unwatch(station)
            self._triggers.append(Trigger("queue", station, self.now))
            return
        self._quiet_until = -math.inf
        self._queue_watches[station] = queue_length_above
        self._state.station["watch_above"][station] = queue_length_above
        self._state.clock["watched_queues"] = len(self._queue_watches)

    def unwatch(self, station: int) -> None:
        """Stop watching the queue of a station."""
        self._queue_watches.pop(station, None)
        self._state.station["watch_above"][station] = compiled.NOT_WATCHED
        self._state.clock["watched_queues"] = len(self._queue_watches)

    def watch_tube(self, tube: int) -> None:
        """Let `advance_to` stop once when a tube is discarded, having expired, or rejected.

        The watch ends by itself when the tube is reported.
        """
        self._check_tube(tube)
        if self._state.flags[tube] & compiled.WATCHED:
            return
        self._state.add_watched(tube)

    def take_triggers(self) -> list[Trigger]:
        """Return what the last advance stopped for and go on; queues first, then tubes."""
        triggers, self._triggers = self._triggers, []
        return triggers

    def _collect_triggers(self, time: float) -> None:
        for station in sorted(self._queue_watches):
            if self._state.station["watch_above"][station] == compiled.NOT_WATCHED:
                del self._queue_watches[station]
                self._triggers.append(Trigger("queue", station, time))
        watched = self._state.watched[: int(self._state.clock["watched_tubes"][0])]
        happened = (self._state.flags[watched] & compiled.TRIGGERED) != 0
        if happened.any():
            tubes, kept = np.sort(watched[happened]), watched[~happened].copy()
            self._state.flags[tubes] &= 255 - compiled.TRIGGERED - compiled.WATCHED
            self._state.watched[: len(kept)] = kept
            self._state.clock["watched_tubes"] = len(kept)
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
        identity: int,
    ) -> int:
        """Hand in one tube that arrives at `arrival` (not before `now`) and return its number.

        Its draws are found by `identity`, from 0 to 2**64 - 1, which should depend on nothing but
        what the tube is, and be no number of a tube known beforehand.

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
            and 0 <= identity < 1 << 64
        ):
            raise ValueError(
                f"cannot hand in at {self.now} h: arrival {arrival}, collected {collected}, "
                f"source {source}, tube_type {tube_type}, priority {priority}, "
                f"entry_station {entry_station}, identity {identity}"
            )
        state = self._state
        tube = state.tube_count
        state.make_room_for_tubes(tube + 1)
        state.tube[tube] = arrival, -1, tube_type, source, priority, 0
        state.collected[tube] = collected
        state.entry_station[tube] = entry_station
        state.identity[tube - state.known_tubes] = identity
        self._arrive(tube, tube + 1)
        return tube

    def submit_many(
        self,
        arrival: FloatArray,
        collected: FloatArray,
        source: npt.NDArray[np.uint8],
        tube_type: npt.NDArray[np.uint8],
        priority: npt.NDArray[np.uint8],
        entry_station: npt.NDArray[np.int16],
        identity: npt.NDArray[np.uint64],
    ) -> TubeIds:
        """Hand in tubes that arrive at `arrival` (not before `now`) and return their numbers.

        Parameters are arrays of one length, as in `TubeArrays`; `identity` as in `submit`.

        Raises
        ------
        ValueError
            If a value is impossible; no tube is then handed in.
        """
        tubes = TubeArrays(arrival, collected, source, tube_type, priority, entry_station)
        faulty = first_faulty_tube(
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
        if identity.dtype != np.uint64 or identity.shape != arrival.shape:
            raise ValueError(
                f"cannot hand in at {self.now} h: identity must be a uint64 array of length "
                f"{len(arrival)}"
            )
        state = self._state
        first, end = state.tube_count, state.tube_count + len(tubes)
        state.make_room_for_tubes(end)
        state.tube["ready"][first:end] = arrival
        state.tube["tube_type"][first:end] = tube_type
        state.tube["source"][first:end] = source
        state.tube["priority"][first:end] = priority
        state.collected[first:end] = collected
        state.entry_station[first:end] = entry_station
        state.identity[first - state.known_tubes : end - state.known_tubes] = identity
        self._arrive(first, end)
        return np.arange(first, end, dtype=np.int32)

    def _arrive(self, first: int, end: int) -> None:
        state = self._state
        compiled.push_many(state.pending, state.clock, state.tube, first, end)
        state.tube_count = end
        self._dirty = True

    def reschedule(
        self,
        station: int,
        times: Sequence[float] | FloatArray,
        servers: Sequence[int] | IntArray,
        mode: Sequence[int] | IntArray,
        speed: Sequence[float] | FloatArray,
        skip_share: Sequence[float] | FloatArray,
        freshest_first: Sequence[bool] | BoolArray,
        open: Sequence[bool] | BoolArray,
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
            ("skip_share", skip_share), ("freshest_first", freshest_first), ("open", open),
        ):  # fmt: skip
            if len(values) != len(rows) or len(rows) == 0:
                raise ValueError("a schedule needs at least one row and columns of one length")
            rows[name] = values
        name = self.layout.station_names[station]
        faults = schedule_faults(
            name, rows["time"], rows["servers"], rows["mode"], rows["speed"], rows["skip_share"]
        )
        if self.layout.pool[station] != station and rows["servers"].any():
            faults.append(f"{name} takes the servers of another station")
        if faults:
            raise ValueError("; ".join(faults))
        now, state = self.now, self._state.station[station]
        former = self._state.schedule[int(state["row"]) : int(state["row_end"])]
        past = int(np.searchsorted(rows["time"], now, "right"))
        if past:
            rows = rows[past - 1 :]
            rows["time"][0] = now
        rows = np.concatenate([former[former["time"] < rows["time"][0]], rows])
        self._state.replace_rows(station, rows)
        self._dirty = True

    def _check_tube(self, tube: int) -> None:
        if not 0 <= tube < self._state.tube_count:
            raise ValueError(f"there is no tube {tube}")


def _described(tubes: TubeArrays, tube: int) -> str:
    names = ("arrival", "collected", "source", "tube_type", "priority", "entry_station")
    return ", ".join(f"{name} {getattr(tubes, name)[tube]}" for name in names)


def _quietly(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a compiled function; when compiling is switched off, hashes overflow as intended."""
    if hasattr(function, "py_func"):
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
        schedule_freshest_first=np.array([True]),
        schedule_open=np.array([True]),
        pool=np.array([0]),
        pick_rank=np.array([0]),
        fixed_class=np.array([-1]),
        service_hours=np.full((1, MODE_COUNT, 1), 0.25),
        service_cv=np.ones((1, MODE_COUNT)),
        checks_expiry=np.array([True]),
        marks_reported=np.array([False]),
        marks_manual=np.array([True]),
        marks_back_entered=np.array([True]),
        next_if_served=np.array([[LEAVES]]),
        next_if_skipped=np.array([[LEAVES]]),
        rejected_share=np.full((1, MODE_COUNT, 1), 0.5),
        stability_hours=one,
        expires=np.array([True]),
        rebleed_share=one,
        rebleed_delay_hours=one,
        repeat_within_hours=one,
        transport_hours=one,
    )
    byte = np.zeros(1, dtype=np.uint8)
    tubes = TubeArrays(one, one, byte, byte, byte, np.zeros(1, dtype=np.int16))
    kernel = LaboratoryKernel(layout, tubes, seed=0, replication=0, horizon_hours=4.0)
    kernel.submit(1.0 + 1.0 / TICKS_PER_HOUR, 1.0, 0, 0, 0, 0, identity=1)
    kernel.advance_to(4.0)
    if not kernel.station_weeks.size:
        raise RuntimeError("the kernel keeps no statistics")
