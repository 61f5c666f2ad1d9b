"""How fast the kernel is: ratios of times measured in one run."""

from __future__ import annotations

import gc
import math
from collections.abc import Generator
from time import perf_counter
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


def seconds(kernel: LaboratoryKernel, until: float) -> float:
    start = perf_counter()
    kernel.advance_to(until)
    return perf_counter() - start


def kernel_seconds_per_visit(layout: NetworkLayout, tubes: TubeArrays, until: float) -> float:
    kernel = LaboratoryKernel(layout, tubes, seed=1, replication=0, horizon_hours=until)
    elapsed = seconds(kernel, until)
    return elapsed / int(kernel.station_weeks["served"].sum())


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
        start = perf_counter()
        self.env.run(until=until)
        return (perf_counter() - start) / (self.visits - before)


def test_ordinary_running_against_plain_simpy(benchmark: BenchmarkFixture) -> None:
    tubes = tubes_at(ORDINARY_LOAD, 300_000)
    until = math.ceil(float(tubes.arrival[-1])) + 10.0
    kernel = benchmark.pedantic(  # type: ignore[no-untyped-call]
        kernel_seconds_per_visit, (chain(), tubes, until), rounds=5, warmup_rounds=1
    )
    plain = PlainSimpy()
    plain.env.process(plain.arrivals(ORDINARY_LOAD, 8_000))
    reference = plain.seconds_per_visit()
    kernel = min(kernel, kernel_seconds_per_visit(chain(), tubes, until))
    benchmark.extra_info |= {"kernel_ns": kernel * 1e9, "simpy_ns": reference * 1e9}
    print(f"\nordinary: kernel {kernel * 1e9:.0f} ns, SimPy {reference * 1e9:.0f} ns a visit")
    assert reference >= 60 * kernel


def test_a_backlog_of_100_000_against_plain_simpy(benchmark: BenchmarkFixture) -> None:
    # At a load of 1 the backlog stays as long as it is.
    tubes = tubes_at(1.0, 600_000, backlog=BACKLOG)
    until = math.floor(float(tubes.arrival[-1]))
    kernel = benchmark.pedantic(  # type: ignore[no-untyped-call]
        kernel_seconds_per_visit, (chain(), tubes, until), rounds=3, warmup_rounds=1
    )
    plain = PlainSimpy()
    plain.wait_already(BACKLOG)
    plain.env.process(plain.arrivals(1.0, 10_000))
    reference = plain.seconds_per_visit(until=4.0)
    assert len(plain.stations[0].put_queue) == pytest.approx(BACKLOG, rel=0.01)
    benchmark.extra_info |= {"kernel_ns": kernel * 1e9, "simpy_ns": reference * 1e9}
    print(f"\nbacklog: kernel {kernel * 1e9:.0f} ns, SimPy {reference * 1e9:.0f} ns a visit")
    assert reference >= 500 * kernel


def test_time_is_linear_in_tubes(benchmark: BenchmarkFixture) -> None:
    layout = full_scale_layout()
    best: dict[int, float] = {}
    for count, rounds in ((500_000, 4), (2_000_000, 3), (8_000_000, 2)):
        tubes = full_scale_tubes(count)
        for _ in range(rounds):
            gc.collect()
            start = perf_counter()
            kernel = LaboratoryKernel(
                layout, tubes, seed=1, replication=0, horizon_hours=horizon_of(tubes)
            )
            kernel.advance_to(kernel.horizon_hours)
            best[count] = min(best.get(count, math.inf), perf_counter() - start)
            assert kernel.counts.reported == count
        visits = kernel.station_weeks["served"].sum() + kernel.station_weeks["skipped"].sum()
        nanoseconds = best[count] / visits * 1e9
        print(f"\n{count:,} tubes: {best[count]:.2f} s, {nanoseconds:.0f} ns a visit")
    slope = float(np.polyfit(np.log(list(best)), np.log(list(best.values())), 1)[0])
    benchmark.extra_info |= {"exponent": slope, **{str(n): t for n, t in best.items()}}
    benchmark.pedantic(lambda: None)  # type: ignore[no-untyped-call]
    print(f"exponent {slope:.3f}")
    assert slope <= 1.05
