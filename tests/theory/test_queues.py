"""Queues whose answer is known: the kernel against the formulas."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest

from disruption_sim.grid import to_grid
from disruption_sim.pathology.kernel import LaboratoryKernel
from disruption_sim.pathology.network import Distribution, service_factors
from disruption_sim.randomness import hash_uniform, purpose_key
from tests.reference.networks import Station, always, network, tubes_arriving

pytestmark = pytest.mark.integration

FloatArray = npt.NDArray[np.float64]

# Mean service times are one unit of time; a short unit keeps the run within a few thousand hours.
UNIT_HOURS = 1 / 64


def waits(
    servers: int,
    rates: list[float],
    *,
    tubes: int,
    cv: float = 1.0,
    distribution: Distribution = "exponential",
    stations: int = 1,
    seed: int = 1,
) -> tuple[FloatArray, npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Simulate Poisson arrivals of the given rates per class; return waits, classes, stations.

    If there are several stations, each tube goes to one of them and all share the servers.
    """
    draw = np.random.default_rng(seed)
    total = sum(rates)
    arrival = to_grid(np.cumsum(draw.exponential(UNIT_HOURS / total, tubes)))
    priority = draw.choice(len(rates), size=tubes, p=np.array(rates) / total)
    station = draw.integers(0, stations, tubes)
    layout = network(
        [
            Station(
                always(servers if s == 0 else 0),
                UNIT_HOURS, cv=cv, reports=True, pool=0,
            )
            for s in range(stations)
        ],
        distribution=distribution,
    )  # fmt: skip
    kernel = LaboratoryKernel(
        layout,
        tubes_arriving(arrival, priority=priority, entry_station=station),
        seed=seed,
        replication=0,
        horizon_hours=float(arrival[-1]) + 24.0,
    )
    kernel.advance_to(kernel.horizon_hours)
    factors = service_factors(cv, distribution)
    numbers = np.empty(tubes)
    for s in range(stations):
        key = purpose_key(seed, 0, f"pathology.service.station {s}")
        numbers[station == s] = hash_uniform(key, np.flatnonzero(station == s))
    service = to_grid(UNIT_HOURS * factors[(numbers * len(factors)).astype(np.int64)])
    waited = (kernel.reported_at - arrival - service) / UNIT_HOURS
    settled = slice(tubes // 10, None)
    return waited[settled], priority[settled], station[settled]


def assert_mean(values: FloatArray, expected: float, *, at_most: float) -> None:
    """The mean is as expected within four standard errors (batch means), which are small."""
    batches = np.array([batch.mean() for batch in np.array_split(values, 30)])
    error = batches.std(ddof=1) / math.sqrt(len(batches))
    assert error < at_most * expected, "the run is too short to tell"
    assert abs(values.mean() - expected) < 4 * error


def erlang_c(servers: int, load: float) -> float:
    """Return the probability of waiting in M/M/c (Erlang, 1917)."""
    busy = 1.0
    for number in range(1, servers + 1):
        busy = load * busy / (number + load * busy)
    return busy / (1 - load / servers * (1 - busy))


def test_waits_of_two_classes_at_three_servers() -> None:
    """Non-preemptive priority M/M/3 (Kella and Yechiali, 1985)."""
    waited, priority, _ = waits(3, [0.6, 1.8], tubes=2_000_000)
    waiting = erlang_c(3, 2.4) / 3
    first = waiting / (1 - 0.2)
    second = waiting / ((1 - 0.2) * (1 - 0.8))
    assert (first, second) == pytest.approx((0.2697, 1.3483), abs=5e-5)
    assert_mean(waited[priority == 0], first, at_most=0.02)
    assert_mean(waited[priority == 1], second, at_most=0.02)


def test_waits_at_ten_servers() -> None:
    """M/M/10 with a load of 9 (Erlang C)."""
    waited, _, _ = waits(10, [9.0], tubes=3_000_000)
    expected = erlang_c(10, 9.0) / (10 - 9)
    assert expected == pytest.approx(0.6687, abs=5e-5)
    assert_mean(waited, expected, at_most=0.02)
    assert (waited > 0).mean() == pytest.approx(erlang_c(10, 9.0), abs=0.01)


def test_two_stations_that_share_ten_servers_wait_as_one() -> None:
    """M/M/10 of the merged stream (Erlang C); with five servers each they would wait 1.52."""
    waited, _, station = waits(10, [9.0], tubes=3_000_000, stations=2)
    assert_mean(waited, erlang_c(10, 9.0) / (10 - 9), at_most=0.02)
    assert (waited > 0).mean() == pytest.approx(erlang_c(10, 9.0), abs=0.01)
    # Within a class the first station goes first, as if it were a class (Kella, Yechiali, 1985).
    first = erlang_c(10, 9.0) / 10 / (1 - 0.45)
    assert_mean(waited[station == 0], first, at_most=0.02)
    assert_mean(waited[station == 1], first / (1 - 0.9), at_most=0.03)


def test_classes_come_before_stations_in_a_shared_pool() -> None:
    """Priority M/M/3 of the merged streams (Kella and Yechiali, 1985), whichever the station."""
    waited, priority, station = waits(3, [0.6, 1.8], tubes=2_000_000, stations=2)
    first = erlang_c(3, 2.4) / 3 / (1 - 0.2)
    assert_mean(waited[priority == 0], first, at_most=0.02)
    assert_mean(waited[priority == 1], first / (1 - 0.8), at_most=0.02)
    # Four streams in all, each of whose waits counts the load of those before it and its own.
    loads = np.cumsum([0.0, 0.1, 0.1, 0.3, 0.3])
    for rank, (a, b) in enumerate(pairwise(loads)):
        stream = (priority == rank // 2) & (station == rank % 2)
        assert_mean(waited[stream], erlang_c(3, 2.4) / 3 / (1 - a) / (1 - b), at_most=0.02)


def test_wait_with_lognormal_service() -> None:
    """M/G/1 (Pollaczek and Khinchine)."""
    cv = 1.5
    waited, _, _ = waits(1, [0.7], tubes=2_000_000, cv=cv, distribution="lognormal")
    assert_mean(waited, 0.7 * (1 + cv**2) / (2 * (1 - 0.7)), at_most=0.02)


@pytest.mark.parametrize(("cv", "distribution"), [(0.5, "lognormal"), (1.0, "exponential")])
def test_factors_have_the_moments_of_their_distribution(
    cv: float, distribution: Distribution
) -> None:
    factors = service_factors(cv, distribution)
    assert (np.diff(factors) > 0).all()
    assert factors.mean() == pytest.approx(1.0, abs=1e-12)
    assert factors.std() == pytest.approx(cv, rel=5e-4)


def test_an_outage_is_worked_off_as_a_fluid() -> None:
    """100 tubes a day, capacity 110, twenty days at a tenth of it.

    The backlog grows by 100 - 11 a day to 1,780 and shrinks by 10 a day, for 178 days.
    """
    days, start, end = 260, 30, 50
    rows = [
        (-math.inf, 10, 0, 1.0, 0.0),
        (start * 24.0, 1, 0, 1.0, 0.0),
        (end * 24.0, 10, 0, 1.0, 0.0),
    ]
    layout = network([Station(rows, 24 / 11)])
    arrival = to_grid(np.arange(days * 100, dtype=np.float64) * 0.24)
    kernel = LaboratoryKernel(
        layout, tubes_arriving(arrival), seed=0, replication=0, horizon_hours=days * 24.0
    )
    kernel.advance_to(days * 24.0)
    queue = kernel.queue_hourly[:, 0]
    assert queue[: start * 24].max() <= 1
    assert queue.max() == pytest.approx(1_780, abs=10)  # the nine that close finish first
    assert abs(int(queue.argmax()) + 1 - end * 24) <= 3
    recovered = (np.flatnonzero(queue > 1)[-1] + 1) / 24 - end
    assert recovered == pytest.approx(178, abs=1)


def test_utilisation_is_the_load() -> None:
    draw = np.random.default_rng(3)
    weeks, servers, load = 20, 4, 0.75
    tubes = int(weeks * 168 * servers * load * 10)
    arrival = to_grid(np.sort(draw.uniform(0, weeks * 168, tubes)))
    layout = network([Station(always(servers), 0.1, cv=0.4)])
    kernel = LaboratoryKernel(
        layout, tubes_arriving(arrival), seed=0, replication=0, horizon_hours=weeks * 168.0
    )
    kernel.advance_to(weeks * 168.0)
    assert kernel.pool_utilisation.shape == (weeks, 1)
    assert kernel.pool_utilisation.mean() == pytest.approx(load, abs=0.01)
    assert kernel.pool_utilisation.max() < 1.0


def pool_waits(
    servers: int, rates: list[float], *, tubes: int, freshest: bool = False, seed: int = 4
) -> tuple[FloatArray, npt.NDArray[np.int64]]:
    """Simulate Poisson arrivals at several stations that share servers; return waits, stations.

    The station is the class as well; with one rate it is a single queue.
    """
    draw = np.random.default_rng(seed)
    arrival = to_grid(np.cumsum(draw.exponential(UNIT_HOURS / sum(rates), tubes)))
    entry = draw.choice(len(rates), size=tubes, p=np.array(rates) / sum(rates))
    rows = [(-math.inf, servers, 0, 1.0, 0.0, freshest, True)]
    layout = network(
        [Station(rows, UNIT_HOURS, cv=1.0, reports=True)]
        + [Station(always(0), UNIT_HOURS, cv=1.0, reports=True, pool=0) for _ in rates[1:]],
        distribution="exponential",
    )
    kernel = LaboratoryKernel(
        layout,
        tubes_arriving(arrival, priority=entry, entry_station=entry),
        seed=seed,
        replication=0,
        horizon_hours=float(arrival[-1]) + 24.0,
    )
    kernel.advance_to(kernel.horizon_hours)
    factors = service_factors(1.0, "exponential")
    service = np.empty(tubes)
    for station in range(len(rates)):
        own = np.flatnonzero(entry == station)
        key = purpose_key(seed, 0, f"pathology.service.station {station}")
        numbers = (hash_uniform(key, own) * len(factors)).astype(np.int64)
        service[own] = to_grid(UNIT_HOURS * factors[numbers])
    waited = (kernel.reported_at - arrival - service) / UNIT_HOURS
    return waited[tubes // 10 :], entry[tubes // 10 :]


def test_two_stations_with_the_same_people_wait_as_one() -> None:
    """The waits of all together do not depend on who goes first: M/M/4 with the merged stream."""
    waited, station = pool_waits(4, [1.0, 2.2], tubes=2_000_000)
    assert_mean(waited, erlang_c(4, 3.2) / (4 - 3.2), at_most=0.03)
    waiting = erlang_c(4, 3.2) / 4
    assert_mean(waited[station == 0], waiting / (1 - 0.25), at_most=0.02)
    assert_mean(waited[station == 1], waiting / ((1 - 0.25) * (1 - 0.8)), at_most=0.03)


def test_the_freshest_first_wait_as_long_on_the_whole_and_less_evenly() -> None:
    """M/M/3: the mean is that of first come, first served; the second moment is not.

    The wait of one who must wait, last come first served, is a busy period of the three servers:
    mean 1 / (3 - 2.4), second moment 2 * 3 / (3 - 2.4)**3 (Takács, 1962), instead of that of an
    exponential time, 2 / (3 - 2.4)**2.
    """
    probability, spare = erlang_c(3, 2.4), 3 - 2.4
    moments = {False: 2 / spare**2, True: 2 * 3 / spare**3}
    for freshest, second_moment in moments.items():
        waited, _ = pool_waits(3, [2.4], tubes=3_000_000, freshest=freshest)
        assert_mean(waited, probability / spare, at_most=0.02)
        assert_mean(waited**2, probability * second_moment, at_most=0.1)


@pytest.mark.parametrize("ranks", [(0, 1), (1, 0)])
def test_two_steps_by_one_person_conserve_work(ranks: tuple[int, int]) -> None:
    """Work in the system is that of an M/G/1 of whole tubes, whichever step goes first.

    Conservation law (Kleinrock, 1965): a tube brings two exponential parts of mean 1, so it stands
    for 2 while it waits for the first, for 1 while it waits for the second, and for 2 + 1 in
    service, its work times the time summed up.
    """
    draw = np.random.default_rng(5)
    tubes, rate = 1_000_000, 0.35
    arrival = to_grid(np.cumsum(draw.exponential(UNIT_HOURS / rate, tubes)))
    layout = network(
        [
            Station(always(1), UNIT_HOURS, cv=1.0, served=1, pick_rank=ranks[0], back_entry=True),
            Station(always(0), UNIT_HOURS, cv=1.0, reports=True, pool=0, pick_rank=ranks[1]),
        ],
        distribution="exponential",
    )
    kernel = LaboratoryKernel(
        layout,
        tubes_arriving(arrival),
        seed=5,
        replication=0,
        horizon_hours=float(arrival[-1]) + 24.0,
    )
    kernel.advance_to(kernel.horizon_hours)
    # The time at which it leaves the first step is noted as its back-entry.
    first = (kernel.back_entered_at - arrival) / UNIT_HOURS - 1
    second = (kernel.reported_at - kernel.back_entered_at) / UNIT_HOURS - 1
    load, second_moment = 2 * rate, 2**2 + 2
    work = (2 * first + second + 3)[tubes // 10 :]
    assert_mean(work, second_moment / (2 * (1 - load)), at_most=0.02)
