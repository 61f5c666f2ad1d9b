"""Small networks, written shortly, for the tests of the kernel."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from disruption_sim.pathology.network import Distribution, NetworkLayout, TubeArrays

ShortRow = tuple[float, int, int, float, float]
FullRow = tuple[float, int, int, float, float, bool, bool]
Row = ShortRow | FullRow
"""time, servers, mode, speed, skip share; freshest first (or not), open (or not)"""


def full(row: Row) -> FullRow:
    return (*row, False, True) if len(row) == 5 else row


@dataclass(frozen=True)
class Station:
    """One station; times in hours; routes and shares by tube type, or one for all."""

    rows: Sequence[Row]
    hours: float | Sequence[float]
    manual_hours: float | Sequence[float] = 1.0
    cv: float = 0.0
    manual_cv: float = 0.0
    served: int | Sequence[int] = -1
    skipped: int | Sequence[int] = -1
    checks_expiry: bool = False
    reports: bool = False
    notes_manual: bool = False
    back_entry: bool = False
    pool: int | None = None
    """the station whose servers it uses, if they are not its own"""
    pick_rank: int = 0
    fixed_class: int = -1
    rejected: float | Sequence[float] = 0.0
    manual_rejected: float | Sequence[float] = 0.0


def always(servers: int, skip_share: float = 0.0) -> list[Row]:
    return [(-math.inf, servers, 0, 1.0, skip_share)]


def network(
    stations: Sequence[Station],
    *,
    stability: Sequence[float] = (1e6,),
    expires: bool | Sequence[bool] = True,
    rebleed_share: Sequence[float] = (0.0,),
    rebleed_delay: Sequence[float] = (1.0,),
    repeat_within: float | Sequence[float] = np.inf,
    transport: Sequence[float] = (0.0,),
    distribution: Distribution = "lognormal",
) -> NetworkLayout:
    types = len(stability)
    ends = np.cumsum([len(station.rows) for station in stations])
    rows = [full(row) for station in stations for row in station.rows]

    def by_type(values: Sequence[float | Sequence[float]], kind: type) -> np.ndarray:
        return np.array([np.broadcast_to(value, (types,)) for value in values], dtype=kind)

    return NetworkLayout(
        station_names=tuple(f"station {s}" for s in range(len(stations))),
        schedule_start=np.concatenate([[0], ends[:-1]]),
        schedule_end=ends,
        schedule_time=np.array([row[0] for row in rows]),
        schedule_servers=np.array([row[1] for row in rows]),
        schedule_mode=np.array([row[2] for row in rows]),
        schedule_speed=np.array([row[3] for row in rows]),
        schedule_skip_share=np.array([row[4] for row in rows]),
        schedule_freshest_first=np.array([row[5] for row in rows]),
        schedule_open=np.array([row[6] for row in rows]),
        pool=np.array([s if a.pool is None else a.pool for s, a in enumerate(stations)]),
        pick_rank=np.array([station.pick_rank for station in stations]),
        fixed_class=np.array([station.fixed_class for station in stations]),
        service_hours=np.stack(
            [
                by_type([station.hours for station in stations], float),
                by_type([station.manual_hours for station in stations], float),
            ],
            axis=1,
        ),
        service_cv=np.array([[station.cv, station.manual_cv] for station in stations]),
        checks_expiry=np.array([station.checks_expiry for station in stations]),
        marks_reported=np.array([station.reports for station in stations]),
        marks_manual=np.array([station.notes_manual for station in stations]),
        marks_back_entered=np.array([station.back_entry for station in stations]),
        next_if_served=by_type([station.served for station in stations], int),
        next_if_skipped=by_type([station.skipped for station in stations], int),
        rejected_share=np.stack(
            [
                by_type([station.rejected for station in stations], float),
                by_type([station.manual_rejected for station in stations], float),
            ],
            axis=1,
        ),
        stability_hours=np.array(stability, dtype=float),
        expires=np.array(np.broadcast_to(expires, len(rebleed_share))),
        rebleed_share=np.array(rebleed_share, dtype=float),
        rebleed_delay_hours=np.array(rebleed_delay, dtype=float),
        repeat_within_hours=np.full(len(rebleed_delay), repeat_within, dtype=float),
        transport_hours=np.array(transport, dtype=float),
        service_distribution=distribution,
    )


def tubes_arriving(
    arrival: Sequence[float] | np.ndarray,
    *,
    collected: Sequence[float] | np.ndarray | None = None,
    source: int | Sequence[int] | np.ndarray = 0,
    tube_type: int | Sequence[int] | np.ndarray = 0,
    priority: int | Sequence[int] | np.ndarray = 0,
    entry_station: int | Sequence[int] | np.ndarray = 0,
    extra_capacity: int = 0,
) -> TubeArrays:
    times = np.array(arrival, dtype=np.float64)

    def column(value: int | Sequence[int] | np.ndarray, kind: type) -> np.ndarray:
        return np.array(np.broadcast_to(value, times.shape), dtype=kind)

    return TubeArrays(
        arrival=times,
        collected=times.copy() if collected is None else np.array(collected, dtype=np.float64),
        source=column(source, np.uint8),
        tube_type=column(tube_type, np.uint8),
        priority=column(priority, np.uint8),
        entry_station=column(entry_station, np.int16),
        extra_capacity=extra_capacity,
    )


@dataclass(frozen=True)
class Case:
    """A network, its tubes, and what is done to it while it runs."""

    layout: NetworkLayout
    tubes: TubeArrays
    horizon: float
    submissions: tuple[tuple[float, float, float, int, int, int, int, int], ...] = ()
    """when handed in, arrival, collected, source, tube type, priority, entry station, identity"""
    reschedules: tuple[tuple[float, int, tuple[Row, ...]], ...] = ()
    """when, station, rows"""
    stops: tuple[float, ...] = ()

    def without_run_time(self) -> Case:
        return replace(self, submissions=(), reschedules=(), stops=())


def random_case(
    seed: int,
    *,
    tubes: int = 120,
    horizon: float = 40.0,
    grain: int = 4,
    run_time: bool = True,
) -> Case:
    """Draw a case with everything in it; times are multiples of 1/grain h, so ties abound."""
    draw = np.random.default_rng(seed)
    stations = int(draw.integers(1, 7))
    types, sources = int(draw.integers(1, 4)), int(draw.integers(1, 4))

    def coarse(low: float, high: float) -> float:
        return float(draw.integers(round(low * grain), round(high * grain) + 1)) / grain

    # Some cases have pools, some of which lie within one another or across one another.
    pools = list(range(stations))
    if draw.random() < 0.7:
        for s in range(1, stations):
            if draw.random() < 0.6:
                pools[s] = pools[int(draw.integers(0, s))]
    # With one class only, a freed server chooses between stations by their rank alone.
    classes = int(draw.choice([1, 2, 3]))
    ranks = draw.permutation(stations) // int(draw.choice([1, 1, 2]))
    turns_round, closes = draw.random() < 0.6, draw.random() < 0.5

    def rows(s: int, first: float) -> list[Row]:
        times = sorted({coarse(0, horizon) for _ in range(draw.integers(0, 6))})
        return [
            (
                time,
                int(draw.choice([0, 0, 1, 1, 2, 3, 5])) if pools[s] == s else 0,
                int(draw.integers(0, 2)),
                float(draw.choice([1.0, 1.0, 0.5, 1.3])),
                float(draw.choice([0.0, 0.0, 0.0, 0.4, 1.0])),
                bool(turns_round and draw.random() < 0.5),
                not (closes and draw.random() < 0.3),
            )
            for time in [first, *[time for time in times if time > first]]
        ]

    def onward(s: int) -> list[int]:
        choices = [*range(s + 1, stations), *range(s + 1, stations), -1]
        return [int(draw.choice(choices)) for _ in range(types)]

    def shares(s: int) -> list[float]:
        if s > reporting:
            return [0.0] * types
        return [float(draw.choice([0.0, 0.0, 0.2, 0.6])) for _ in range(types)]

    reporting = int(draw.integers(stations // 2, stations))
    made = []
    for s in range(stations):
        hours = [coarse(1 / grain, 1.0) for _ in range(types)]
        made.append(
            Station(
                rows=rows(s, -math.inf),
                hours=hours,
                manual_hours=[2 * hour for hour in hours],
                cv=float(draw.choice([0.0, 0.0, 0.7])),
                manual_cv=float(draw.choice([0.0, 1.2])),
                served=onward(s),
                skipped=onward(s),
                checks_expiry=bool(s <= reporting and draw.random() < 0.6),
                reports=bool(s >= reporting and draw.random() < 0.7),
                notes_manual=bool(draw.random() < 0.7),
                back_entry=bool(s > reporting and draw.random() < 0.7),
                pool=pools[s],
                pick_rank=int(ranks[s]),
                fixed_class=int(draw.choice([-1, -1, -1, 0, 2, 7])) if classes > 1 else -1,
                rejected=shares(s),
                manual_rejected=shares(s),
            )
        )
    layout = network(
        made,
        stability=[float(draw.choice([1.0, 2.5, 6.0, 1e4])) for _ in range(types)],
        expires=[bool(draw.random() < 0.6) for _ in range(sources)],
        rebleed_share=[float(draw.choice([0.0, 0.5, 0.9])) for _ in range(sources)],
        rebleed_delay=[coarse(1 / grain, 1.5) for _ in range(sources)],
        repeat_within=[float(draw.choice([4.0, np.inf])) for _ in range(sources)],
        transport=[coarse(0.0, 1.0) for _ in range(sources)],
    )
    entries = [-1, *range(min(stations, 3)), *range(min(stations, 3))]

    def columns(count: int, low: float, high: float) -> dict[str, np.ndarray]:
        arrival = np.array([coarse(low, high) for _ in range(count)])
        return {
            "arrival": arrival,
            "collected": arrival - np.array([coarse(0, 1.0) for _ in range(count)]),
            "source": draw.integers(0, sources, count),
            "tube_type": draw.integers(0, types, count),
            "priority": draw.integers(0, classes, count),
            "entry_station": draw.choice(entries, count),
        }

    count = int(draw.integers(1, tubes))
    case = Case(
        layout,
        tubes_arriving(**columns(count, 0, horizon * 0.7)),  # type: ignore[arg-type]
        horizon,
    )
    if not run_time:
        return case
    stops = sorted({coarse(0, horizon - 1) for _ in range(draw.integers(0, 12))})
    stops += [time + float(draw.integers(0, 1 << 18)) / (1 << 20) for time in stops[:3]]
    submissions = []
    for time in stops:
        for _ in range(draw.integers(0, 4)):
            one = columns(1, 0.0, 3.0)
            entry = max(int(one["entry_station"][0]), 0)
            submissions.append(
                (
                    time, time + float(one["arrival"][0]), time + float(one["collected"][0]),
                    int(one["source"][0]), int(one["tube_type"][0]), int(one["priority"][0]), entry,
                    int(draw.integers(0, 1 << 64, dtype=np.uint64)),
                )
            )  # fmt: skip
    submissions.sort(key=lambda submission: submission[0])
    reschedules = [
        (time, station, tuple(rows(station, max(time + coarse(-1.0, 2.0), 0.0))))
        for time in sorted(stops)
        for station in draw.choice(stations, 1).tolist()
        if draw.random() < 0.3
    ]
    return replace(
        case,
        stops=tuple(sorted(stops)),
        submissions=tuple(submissions),
        reschedules=tuple(reschedules),
    )
