"""How fast the kernel is: ratios of times measured in one run.

Times are the processor's for this process, not the clock's, and of several rounds the least
counts. Every round does all that is compared, so that a neighbour on the same machine who is busy
for a while does not slow one side alone.
"""

from __future__ import annotations

import gc
import math
import os
from collections.abc import Generator
from dataclasses import dataclass, field
from time import process_time
from typing import Any

import numpy as np
import pytest
import simpy
from pytest_benchmark.fixture import BenchmarkFixture

from disruption_sim.grid import to_grid
from disruption_sim.pathology.kernel import LaboratoryKernel, warm_up_compile
from disruption_sim.pathology.network import NetworkLayout, TubeArrays
from tests.reference.full_scale import full_scale_layout, full_scale_tubes, horizon_of
from tests.reference.networks import Station, always, network, tubes_arriving

pytestmark = pytest.mark.slow

STATIONS = 3
SERVERS = 4
SERVICE_HOURS = 0.05
ORDINARY_LOAD = 0.8
BACKLOG = 100_000
LEAST_ROUNDS, MOST_ROUNDS = 2, 6
LARGEST_EXPONENT = 1.05


@pytest.fixture(autouse=True, scope="module")
def compiled() -> None:
    warm_up_compile()


def chain() -> NetworkLayout:
    """Three stations of four servers, one after the other."""
    return network(
        [
            Station(always(SERVERS), SERVICE_HOURS, cv=0.5, served=following)
            for following in [*range(1, STATIONS), -1]
        ]
    )


def tubes_at(load: float, count: int, *, backlog: int = 0) -> TubeArrays:
    """Draw tubes that arrive at a load, behind a backlog at time 0."""
    draw = np.random.default_rng(1)
    arrival = np.cumsum(draw.exponential(SERVICE_HOURS / SERVERS / load, count))
    arrival = to_grid(np.concatenate([np.zeros(backlog), arrival]))
    return tubes_arriving(arrival, priority=draw.integers(0, 3, len(arrival)))


def kernel_seconds_per_visit(layout: NetworkLayout, tubes: TubeArrays, until: float) -> float:
    kernel = LaboratoryKernel(layout, tubes, seed=1, replication=0, horizon_hours=until)
    start = process_time()
    kernel.advance_to(until)
    elapsed = process_time() - start
    return elapsed / int(kernel.station_weeks["served"].sum())


def full_scale_seconds(tubes: TubeArrays) -> tuple[float, int]:
    """Return how long all tubes take at full scale, and how many visits they make.

    The time of the program alone, without that of the operating system for fresh memory: a small
    kernel gets the pages of the one before it, a large one does not, and on a virtual machine the
    difference is a fifth of the whole.
    """
    gc.collect()
    start = os.times().user
    kernel = LaboratoryKernel(
        full_scale_layout(), tubes, seed=1, replication=0, horizon_hours=horizon_of(tubes)
    )
    kernel.advance_to(kernel.horizon_hours)
    elapsed = os.times().user - start
    counts = kernel.counts
    unfinished = counts.unreported_in_laboratory + counts.on_their_way
    assert counts.reported + counts.abandoned + unfinished == len(tubes.arrival)
    assert unfinished < 0.01 * len(tubes.arrival)
    weeks = kernel.station_weeks
    return elapsed, int(weeks["served"].sum() + weeks["skipped"].sum())


class PlainSimpy:
    """The chain as one writes it in SimPy: a process per tube, stock priority resources."""

    def __init__(self) -> None:
        self.env = simpy.Environment()
        self.stations = [simpy.PriorityResource(self.env, SERVERS) for _ in range(STATIONS)]
        self.draw = np.random.default_rng(2)
        self.visits = 0

    def tube(self, priority: int) -> Generator[simpy.Event, Any, None]:
        for station in self.stations:
            with station.request(priority=priority) as request:
                yield request
                yield self.env.timeout(self.draw.gamma(4.0, SERVICE_HOURS / 4.0))
            self.visits += 1

    def arrivals(self, load: float, count: int) -> Generator[simpy.Event, Any, None]:
        for _ in range(count):
            yield self.env.timeout(self.draw.exponential(SERVICE_HOURS / SERVERS / load))
            self.env.process(self.tube(int(self.draw.integers(0, 3))))

    def wait_already(self, count: int) -> None:
        """Let so many tubes wait at the first station, without paying for how they came."""
        station = self.stations[0]
        sorted_queue, station.put_queue = station.put_queue, []
        for number in range(count):
            self.env.process(self.tube(number * 3 // count))
        self.env.run(until=1e-9)
        sorted_queue.extend(station.put_queue)
        station.put_queue = sorted_queue

    def seconds_per_visit(self, until: float | None = None) -> float:
        before = self.visits
        gc.collect()
        start = process_time()
        self.env.run(until=until)
        return (process_time() - start) / (self.visits - before)


@dataclass
class Times:
    """Seconds per visit, one of each round."""

    kernel: list[float] = field(default_factory=list)
    simpy: list[float] = field(default_factory=list)

    def ratio(self, name: str, benchmark: BenchmarkFixture) -> float:
        """Return how many times longer SimPy takes, both at their best, and report it."""
        kernel, reference = min(self.kernel), min(self.simpy)
        benchmark.extra_info |= {"kernel_ns": kernel * 1e9, "simpy_ns": reference * 1e9}
        print(f"\n{name}: kernel {kernel * 1e9:.0f} ns, SimPy {reference * 1e9:.0f} ns a visit")
        return reference / kernel


def test_ordinary_running_against_plain_simpy(benchmark: BenchmarkFixture) -> None:
    tubes = tubes_at(ORDINARY_LOAD, 300_000)
    until = math.ceil(float(tubes.arrival[-1])) + 10.0
    times = Times()

    def simpy_round() -> None:
        plain = PlainSimpy()
        plain.env.process(plain.arrivals(ORDINARY_LOAD, 8_000))
        times.simpy.append(plain.seconds_per_visit())
        del plain
        gc.collect()

    def kernel_round() -> None:
        times.kernel.append(kernel_seconds_per_visit(chain(), tubes, until))

    benchmark.pedantic(  # type: ignore[no-untyped-call]
        kernel_round, setup=simpy_round, rounds=5, warmup_rounds=1
    )
    assert times.ratio("ordinary", benchmark) >= 60


def test_a_backlog_of_100_000_against_plain_simpy(benchmark: BenchmarkFixture) -> None:
    # At a load of 1 the backlog stays as long as it is.
    tubes = tubes_at(1.0, 600_000, backlog=BACKLOG)
    until = math.floor(float(tubes.arrival[-1]))
    times = Times()

    def simpy_round() -> None:
        plain = PlainSimpy()
        plain.wait_already(BACKLOG)
        plain.env.process(plain.arrivals(1.0, 10_000))
        times.simpy.append(plain.seconds_per_visit(until=2.0))
        assert len(plain.stations[0].put_queue) == pytest.approx(BACKLOG, rel=0.01)
        # A hundred thousand processes, not to be cleared away at the kernel's expense.
        del plain
        gc.collect()

    def kernel_round() -> None:
        times.kernel.append(kernel_seconds_per_visit(chain(), tubes, until))

    benchmark.pedantic(  # type: ignore[no-untyped-call]
        kernel_round, setup=simpy_round, rounds=3
    )
    assert times.ratio("backlog", benchmark) >= 500


def test_time_is_linear_in_tubes(benchmark: BenchmarkFixture) -> None:
    tubes = {count: full_scale_tubes(count) for count in (500_000, 2_000_000, 8_000_000)}
    best = dict.fromkeys(tubes, math.inf)
    visits = dict.fromkeys(tubes, 0)
    exponent = math.inf
    for done in range(MOST_ROUNDS):
        if done >= LEAST_ROUNDS and exponent <= LARGEST_EXPONENT:
            break
        for count, drawn in tubes.items():
            # As long for every size: a short span would catch the processor at its fastest.
            runs = [full_scale_seconds(drawn) for _ in range(max(tubes) // count)]
            best[count] = min(best[count], sum(elapsed for elapsed, _ in runs) / len(runs))
            visits[count] = runs[-1][1]
        exponent = float(np.polyfit(np.log(list(best)), np.log(list(best.values())), 1)[0])
        print(f"\nround {done + 1}: exponent {exponent:.3f}")
    for count, least in best.items():
        nanoseconds = least / visits[count] * 1e9
        print(f"{count:,} tubes: {least:.2f} s, {nanoseconds:.0f} ns a visit")
    benchmark.extra_info |= {"exponent": exponent, **{str(n): t for n, t in best.items()}}
    benchmark.pedantic(lambda: None)  # type: ignore[no-untyped-call]
    assert exponent <= LARGEST_EXPONENT
