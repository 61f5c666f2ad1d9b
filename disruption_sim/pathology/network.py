"""What a laboratory network is: stations, rosters, routes, service times, rules for expired tubes.

A network is a row of stations in an order in which no tube ever moves back (each laboratory's
stations are simply rows of it). These are the frozen inputs of
`disruption_sim.pathology.kernel.LaboratoryKernel`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from disruption_sim.grid import TICKS_PER_HOUR

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.integer[Any]]
BoolArray = npt.NDArray[np.bool_]

MODE_NORMAL = 0
MODE_MANUAL = 1
MODE_COUNT = 2
CLASS_COUNT = 8
FACTOR_COUNT = 4096
LEAVES = -1

Distribution = Literal["lognormal", "exponential"]


@dataclass(frozen=True, eq=False)
class NetworkLayout:
    """The stations of all laboratories and the rules by which tubes pass them.

    S stations, T tube types, R sources, and the schedule rows of all stations one after another.

    Attributes
    ----------
    station_names : tuple of str, length S
        Unique names; a station's random draws are found by its name, not by its position.
    schedule_start, schedule_end : int array (S,)
        The schedule rows of station ``s`` are ``schedule_start[s]:schedule_end[s]``, at least one.
    schedule_time : float array (rows,)
        Hour (simulation time) from which a row holds; the first row of a station has always held.
    schedule_servers : int array (rows,)
        Servers on duty.
    schedule_mode : int array (rows,)
        0 normal, 1 manual.
    schedule_speed : float array (rows,)
        Multiplier on the service time of services that start while the row holds.
    schedule_skip_share : float array (rows,)
        Share of the arriving tubes that pass straight through without service.
    schedule_freshest_first : bool array (rows,)
        Whether, while the row holds, the tube that joined the station's queue last is taken first
        (within its class). Before that, expired tubes are thrown out from the oldest end of that
        class's queue as long as the oldest has expired, where the station checks expiry.
    schedule_open : bool array (rows,)
        While false the station starts nothing: arriving tubes wait, services under way finish.
    pool : int array (S,)
        The station whose servers a station uses: itself, or an earlier one that uses its own. The
        schedule rows of that lead station carry the servers of all that share them.
    pick_rank : int array (S,)
        A freed server takes a tube of the lowest class that waits at any station of its pool;
        within a class the stations come in order of (rank, station).
    fixed_class : int array (S,)
        Class in which tubes wait at a station, whatever their own priority; -1 for their own.
    service_hours : float array (S, 2, T)
        Mean service time in hours by mode and tube type.
    service_cv : float array (S, 2)
        Coefficient of variation of the service time by mode; 0 for a fixed time.
    checks_expiry, marks_reported, marks_manual, marks_back_entered : bool array (S,)
        Whether tubes past their stability are discarded when their service would start; whether a
        tube that leaves is reported; whether manual service is noted on the tube; whether a tube
        that leaves has been entered back into the record system.
    next_if_served, next_if_skipped : int array (S, T)
        The next station, always a later one, or -1 when the tube leaves.
    rejected_share : float array (S, 2, T)
        Share of the tubes that are found unusable when their service is complete (unlabelled,
        haemolysed, in the wrong tube), by the station's mode at that moment and tube type. They
        are collected again, or abandoned, like expired ones.
    stability_hours : float array (T,)
        Hours after collection for which a tube may be used.
    expires : bool array (R,)
        Whether tubes of a source are discarded for their age; if not, they are used however old.
    rebleed_share : float array (R,)
        Probability that a discarded or rejected tube is collected again.
    rebleed_delay_hours : float array (R,)
        Shortest time from the discard to the new collection; the drawn time is one to two times it.
    repeat_within_hours : float array (R,)
        A tube that is lost longer than this after its collection is not collected again: nobody
        waits for its result any more. May be infinite.
    transport_hours : float array (R,)
        Time from a repeated collection to its arrival at the first station.
    service_distribution : "lognormal" or "exponential"
        Shape of the service times; "exponential" wants coefficients of variation of 1 or 0.
    """

    station_names: tuple[str, ...]
    schedule_start: IntArray
    schedule_end: IntArray
    schedule_time: FloatArray
    schedule_servers: IntArray
    schedule_mode: IntArray
    schedule_speed: FloatArray
    schedule_skip_share: FloatArray
    schedule_freshest_first: BoolArray
    schedule_open: BoolArray
    pool: IntArray
    pick_rank: IntArray
    fixed_class: IntArray
    service_hours: FloatArray
    service_cv: FloatArray
    checks_expiry: BoolArray
    marks_reported: BoolArray
    marks_manual: BoolArray
    marks_back_entered: BoolArray
    next_if_served: IntArray
    next_if_skipped: IntArray
    rejected_share: FloatArray
    stability_hours: FloatArray
    expires: BoolArray
    rebleed_share: FloatArray
    rebleed_delay_hours: FloatArray
    repeat_within_hours: FloatArray
    transport_hours: FloatArray
    service_distribution: Distribution = "lognormal"

    @property
    def station_count(self) -> int:
        """Number of stations S."""
        return len(self.station_names)

    @property
    def tube_type_count(self) -> int:
        """Number of tube types T."""
        return len(self.stability_hours)

    @property
    def source_count(self) -> int:
        """Number of sources R."""
        return len(self.rebleed_share)

    def __post_init__(self) -> None:
        """Refuse a layout that the kernel cannot run.

        Raises
        ------
        ValueError
            With every fault that was found.
        """
        faults = [*self._shape_faults()]
        if not faults:
            faults = [
                *self._schedule_faults(),
                *self._pool_faults(),
                *self._route_faults(),
                *self._value_faults(),
            ]
        if faults:
            raise ValueError("unusable laboratory network: " + "; ".join(faults))

    def _shape_faults(self) -> list[str]:
        stations, types, sources = self.station_count, self.tube_type_count, self.source_count
        rows = len(self.schedule_time)
        # Not by shape in a dictionary: two of the shapes may be alike.
        wanted: list[tuple[tuple[int, ...], tuple[str, ...]]] = [
            ((stations,), (
                "schedule_start", "schedule_end", "checks_expiry", "marks_reported",
                "marks_manual", "marks_back_entered", "pool", "pick_rank", "fixed_class",
            )),
            ((rows,), (
                "schedule_servers", "schedule_mode", "schedule_speed", "schedule_skip_share",
                "schedule_freshest_first", "schedule_open",
            )),
            ((stations, MODE_COUNT, types), ("service_hours", "rejected_share")),
            ((stations, MODE_COUNT), ("service_cv",)),
            ((stations, types), ("next_if_served", "next_if_skipped")),
            ((sources,), ("expires", "rebleed_delay_hours", "transport_hours")),
        ]  # fmt: skip
        faults = [
            f"{name} has shape {np.shape(getattr(self, name))} instead of {shape}"
            for shape, names in wanted
            for name in names
            if np.shape(getattr(self, name)) != shape
        ]
        faults += [
            f"{name} is not of bool"
            for name in ("schedule_freshest_first", "schedule_open", "expires")
            if np.asarray(getattr(self, name)).dtype != np.bool_
        ]
        if stations == 0 or types == 0 or sources == 0:
            faults.append("there must be a station, a tube type and a source")
        if types > 256 or sources > 256:
            faults.append("there can be at most 256 tube types and 256 sources")
        if len(set(self.station_names)) != stations:
            faults.append("station names repeat")
        return faults

    def _schedule_faults(self) -> list[str]:
        faults = []
        for station, name in enumerate(self.station_names):
            start, end = int(self.schedule_start[station]), int(self.schedule_end[station])
            if not 0 <= start < end <= len(self.schedule_time):
                faults.append(f"{name} has no schedule row")
                continue
            faults += schedule_faults(
                name,
                self.schedule_time[start:end],
                self.schedule_servers[start:end],
                self.schedule_mode[start:end],
                self.schedule_speed[start:end],
                self.schedule_skip_share[start:end],
            )
        return faults

    def _pool_faults(self) -> list[str]:
        names, pool = self.station_names, self.pool
        stations = np.arange(self.station_count)
        faults = [
            f"{names[s]} takes its servers from station {pool[s]}, which is neither itself nor an "
            "earlier one with servers of its own"
            for s in stations
            if not (0 <= pool[s] <= s and pool[pool[s]] == pool[s])
        ]
        for s in stations[pool != stations]:
            rows = slice(int(self.schedule_start[s]), int(self.schedule_end[s]))
            if self.schedule_servers[rows].any():
                faults.append(
                    f"{names[s]} takes the servers of another station and has some itself"
                )
        if (self.pick_rank < 0).any():
            faults.append("pick_rank has a negative value")
        if not ((self.fixed_class >= -1) & (self.fixed_class < CLASS_COUNT)).all():
            faults.append(f"fixed_class is not within -1 to {CLASS_COUNT - 1}")
        return faults

    def _route_faults(self) -> list[str]:
        faults = []
        stations = np.arange(self.station_count)[:, None]
        for name in ("next_if_served", "next_if_skipped"):
            table = getattr(self, name)
            wrong = (table != LEAVES) & ((table <= stations) | (table >= self.station_count))
            faults += [
                f"{name}[{station}, {kind}] = {table[station, kind]} is not a later station or -1"
                for station, kind in np.argwhere(wrong)
            ]
        if not faults:
            behind = self.stations_after_reporting()
            if (self.checks_expiry & behind).any():
                faults.append("a station behind a reporting station checks expiry")
            if self.rejected_share[behind].any():
                faults.append("a station behind a reporting station rejects tubes")
        return faults

    def _value_faults(self) -> list[str]:
        faults = []
        for name in (
            "service_hours", "service_cv", "stability_hours", "rebleed_delay_hours",
            "repeat_within_hours",
            "transport_hours",
        ):  # fmt: skip
            values = getattr(self, name)
            if not (values >= 0).all():
                faults.append(f"{name} has a negative or undefined value")
        for name in ("rebleed_share", "rejected_share"):
            values = getattr(self, name)
            if not ((values >= 0) & (values <= 1)).all():
                faults.append(f"{name} is not within 0 to 1")
        for name in ("rebleed_delay_hours", "transport_hours"):
            if not is_on_grid(getattr(self, name)):
                faults.append(f"{name} is not on the time grid")
        if not (math.isinf(self.lookahead_hours) or self.lookahead_hours * TICKS_PER_HOUR >= 2):
            faults.append("a re-bleed must take at least two ticks until it arrives")
        unit_cv = np.isin(self.service_cv, (0, 1)).all()
        if self.service_distribution == "exponential" and not unit_cv:
            faults.append("exponential service has a coefficient of variation of 1")
        return faults

    @property
    def lookahead_hours(self) -> float:
        """Shortest time from a discard to the arrival of its re-bleed; infinite without any."""
        returns = self.rebleed_share > 0
        if not returns.any():
            return math.inf
        return float((self.rebleed_delay_hours + self.transport_hours)[returns].min())

    def successors(self) -> BoolArray:
        """Whether station ``[s, d]`` can hand a tube to station ``d``: bool array (S, S)."""
        table = np.zeros((self.station_count, self.station_count), dtype=np.bool_)
        for routes in (self.next_if_served, self.next_if_skipped):
            station, kind = np.nonzero(routes != LEAVES)
            table[station, routes[station, kind]] = True
        return table

    def reachable(self) -> BoolArray:
        """Whether a tube at station ``s`` can come to ``d``, itself included: bool array (S, S)."""
        table = self.successors()
        for station in range(self.station_count - 1, -1, -1):
            table[station] |= table[table[station]].any(axis=0)
            table[station, station] = True
        return table

    def stations_after_reporting(self) -> BoolArray:
        """Stations that a tube can come to after it was reported: bool array (S,)."""
        behind = self.successors() @ self.reachable()
        return np.asarray(behind[self.marks_reported].any(axis=0), dtype=np.bool_)


@dataclass(frozen=True, eq=False)
class TubeArrays:
    """The tubes known beforehand, one element each, in any order.

    Attributes
    ----------
    arrival, collected : float array (N,)
        Hour (simulation time) of arrival at the first station and of collection.
    source, tube_type : uint8 array (N,)
        Rows of the layout's source and tube-type tables.
    priority : uint8 array (N,)
        Class 0 (served first) to 7.
    entry_station : int16 array (N,)
        First station, or -1 for a tube that does not come to these laboratories.
    extra_capacity : int
        Room for tubes handed in at run time before the arrays must grow.
    """

    arrival: FloatArray
    collected: FloatArray
    source: npt.NDArray[np.uint8]
    tube_type: npt.NDArray[np.uint8]
    priority: npt.NDArray[np.uint8]
    entry_station: npt.NDArray[np.int16]
    extra_capacity: int = 0

    def __post_init__(self) -> None:
        """Refuse arrays of different length or of the wrong kind.

        Raises
        ------
        ValueError
            With every fault that was found.
        """
        kinds = {
            "arrival": np.float64, "collected": np.float64, "source": np.uint8,
            "tube_type": np.uint8, "priority": np.uint8, "entry_station": np.int16,
        }  # fmt: skip
        faults = [
            f"{name} must be a {np.dtype(kind).name} array of length {len(self.arrival)}"
            for name, kind in kinds.items()
            if getattr(self, name).dtype != kind or getattr(self, name).shape != self.arrival.shape
        ]
        if self.extra_capacity < 0:
            faults.append("extra_capacity is negative")
        if faults:
            raise ValueError("unusable tubes: " + "; ".join(faults))

    def __len__(self) -> int:
        """Number of tubes N."""
        return len(self.arrival)


def is_on_grid(values: FloatArray) -> bool:
    """Whether every finite value is a multiple of the tick."""
    ticks = values[np.isfinite(values)] * TICKS_PER_HOUR
    return bool((ticks == np.rint(ticks)).all())


def schedule_faults(
    name: str,
    times: FloatArray,
    servers: IntArray,
    mode: IntArray,
    speed: FloatArray,
    skip_share: FloatArray,
) -> list[str]:
    """Return what is wrong with the schedule rows of one station, in words."""
    faults = []
    if not (np.diff(times) > 0).all():
        faults.append(f"the schedule times of {name} do not increase")
    if np.isnan(times).any() or not is_on_grid(times):
        faults.append(f"a schedule time of {name} is not on the time grid")
    if (np.asarray(servers) < 0).any():
        faults.append(f"{name} has a negative number of servers")
    if not np.isin(mode, (MODE_NORMAL, MODE_MANUAL)).all():
        faults.append(f"{name} has an unknown mode")
    if not (np.isfinite(speed) & (np.asarray(speed) > 0)).all():
        faults.append(f"{name} has a speed that is not positive")
    if not ((np.asarray(skip_share) >= 0) & (np.asarray(skip_share) <= 1)).all():
        faults.append(f"{name} has a skip share outside 0 to 1")
    return faults


def service_factors(cv: float, distribution: Distribution = "lognormal") -> FloatArray:
    """Return equally likely multiples of a mean service time, in increasing order.

    Each is the mean of the distribution between two neighbouring quantiles, so the mean is exactly
    that of the distribution and the variance short by what lies within the steps (0.03 % for an
    exponential time).

    Parameters
    ----------
    cv : float
        Coefficient of variation.
    distribution : "lognormal" or "exponential"

    Returns
    -------
    float array (4096,)
        With mean 1.
    """
    if cv == 0:
        return np.ones(FACTOR_COUNT)
    below = np.zeros(FACTOR_COUNT + 1)
    below[-1] = 1.0
    shares = np.arange(1, FACTOR_COUNT) / FACTOR_COUNT
    if distribution == "exponential":
        below[1:-1] = shares + (1.0 - shares) * np.log1p(-shares)
    else:
        normal, sigma = NormalDist(), math.sqrt(math.log1p(cv * cv))
        below[1:-1] = [normal.cdf(normal.inv_cdf(float(share)) - sigma) for share in shares]
    return np.diff(below) * FACTOR_COUNT
