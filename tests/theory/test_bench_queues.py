"""Waits at the transfusion bench against formulas for queues."""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import simpy

from disruption_sim.grid import to_grid
from disruption_sim.transfusion.bench import IMMEDIATE, PLANNED, URGENT, Bench, Stint
from disruption_sim.transfusion.rosters import Roster, Shift
from disruption_sim.transfusion.work_hours import SiteHours

pytestmark = pytest.mark.integration

FloatArray = npt.NDArray[np.float64]


class NoSamples:
    """Nobody sends samples."""

    def hours_each(self) -> float:
        return 0.0

    def take_up(self, number: int) -> Stint:
        raise AssertionError("there are none")

    def put_back(self, stint: Stint, number: int) -> None:
        raise AssertionError("there are none")

    def tested(self, stint: Stint) -> None:
        raise AssertionError("there are none")


def waits(
    scientists: int, rates: dict[int, float], jobs: int, *, cv: float, seed: int = 1
) -> dict[int, FloatArray]:
    """Return waits by priority of Poisson arrivals; hands-on time has mean 1 hour.

    Parameters
    ----------
    cv : float
        1 for exponential times, 0 if all are equal.
    """
    draw = np.random.default_rng(seed)
    total = sum(rates.values())
    arrival = to_grid(np.cumsum(draw.exponential(1.0 / total, jobs)))
    shares = np.array(list(rates.values())) / total
    priority = draw.choice(list(rates), size=jobs, p=shares)
    hours = to_grid(draw.exponential(1.0, jobs)) if cv else np.ones(jobs)
    hours = np.maximum(hours, 2.0**-20)
    end = float(arrival[-1]) + 1000.0
    env = simpy.Environment()
    roster = Roster([Shift(0.0, end, scientists, 0)])
    bench = Bench(env, roster, 0.5, NoSamples(), SiteHours(1))
    bench.start()
    waited = np.full(jobs, np.nan)

    def arrive() -> Generator[simpy.Event, Any, None]:
        rows = zip(arrival.tolist(), priority.tolist(), hours.tolist(), strict=True)
        for number, (time, place, needed) in enumerate(rows):
            yield env.timeout(time - env.now)

            def begin(number: int = number, time: float = time, needed: float = needed) -> float:
                waited[number] = env.now - time
                return needed

            bench.join(place, time, needed, begin)

    env.process(arrive())
    env.run(until=end)
    assert not np.isnan(waited).any()
    settled = np.arange(jobs) >= jobs // 10
    return {place: waited[settled & (priority == place)] for place in rates}


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


def test_two_scientists_wait_as_erlang_says() -> None:
    waited = waits(2, {URGENT: 1.4}, 100_000, cv=1.0)[URGENT]
    waiting = erlang_c(2, 1.4)
    assert waiting == pytest.approx(0.5765, abs=5e-5)
    assert (waited > 0).mean() == pytest.approx(waiting, abs=0.02)
    assert_mean(waited, waiting / (2 - 1.4), at_most=0.05)


def test_two_scientists_with_three_priorities() -> None:
    """Non-preemptive priorities, M/M/2 (Cobham, 1954; Kella and Yechiali, 1985)."""
    rates = {IMMEDIATE: 0.3, URGENT: 0.5, PLANNED: 0.7}
    waited = waits(2, rates, 120_000, cv=1.0)
    base = erlang_c(2, 1.5) / 2
    before = 0.0
    for place, rate in rates.items():
        upto = before + rate / 2
        assert_mean(waited[place], base / (1 - before) / (1 - upto), at_most=0.08)
        before = upto


def test_one_scientist_with_equal_jobs_and_two_priorities() -> None:
    """Non-preemptive priorities, M/D/1 (Cobham, 1954)."""
    rates = {URGENT: 0.3, PLANNED: 0.4}
    waited = waits(1, rates, 100_000, cv=0.0)
    residual = 0.7 / 2
    assert_mean(waited[URGENT], residual / (1 - 0.3), at_most=0.05)
    assert_mean(waited[PLANNED], residual / (1 - 0.3) / (1 - 0.7), at_most=0.05)
