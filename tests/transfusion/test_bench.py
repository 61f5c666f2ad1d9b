from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest
import simpy
from hypothesis import given
from hypothesis import strategies as st

from disruption_sim.transfusion.bench import Bench, shifts

pytestmark = pytest.mark.unit

QUARTER = 0.25

arrivals = st.lists(
    st.tuples(st.integers(0, 30), st.integers(0, 2)),
    min_size=1,
    max_size=30,
)


class Watched:
    """A bench that notes when each patient's turn comes."""

    def __init__(self, day_staff: int, night_staff: int, start: float, hours: float) -> None:
        self.env = simpy.Environment(start)
        self.started: dict[int, float] = {}
        self.hours = hours
        self.bench: Bench[int] = Bench(self.env, day_staff, night_staff, self._serve)
        self.most_busy = 0

    def _serve(self, patient: int) -> float:
        self.started[patient] = self.env.now
        assert self.bench.busy < self.bench.staff
        return self.hours


def plain_simpy(moments: list[tuple[int, int]], staff: int, hours: float) -> dict[int, float]:
    env = simpy.Environment(9.0)
    bench = simpy.PriorityResource(env, staff)
    started: dict[int, float] = {}

    def patient(number: int, delay: float, priority: int) -> Generator[simpy.Event, Any, None]:
        yield env.timeout(delay)
        with bench.request(priority) as turn:
            yield turn
            started[number] = env.now
            yield env.timeout(hours)

    for number, (quarters, priority) in enumerate(moments):
        # Odd sixteenths keep arrivals and completions apart, where the two order ties otherwise.
        env.process(patient(number, quarters * QUARTER + number / 1024, priority))
    env.run(until=2000.0)
    return started


@given(arrivals, st.integers(1, 3))
def test_most_urgent_first_as_in_simpys_priority_resource(
    moments: list[tuple[int, int]], staff: int
) -> None:
    watched = Watched(staff, staff, 9.0, 1.0)

    def arrive(number: int, delay: float, priority: int) -> Generator[simpy.Event, Any, None]:
        yield watched.env.timeout(delay)
        watched.bench.join(priority, number)

    for number, (quarters, priority) in enumerate(moments):
        watched.env.process(arrive(number, quarters * QUARTER + number / 1024, priority))
    watched.env.run(until=2000.0)
    assert watched.started == plain_simpy(moments, staff, 1.0)


@given(st.lists(st.integers(0, 12), min_size=1, max_size=15), st.integers(1, 3))
def test_the_expected_wait_comes_true_when_nobody_more_urgent_follows(
    quarters: list[int], staff: int
) -> None:
    watched = Watched(staff, staff, 9.0, 0.5)
    expected: dict[int, float] = {}

    def arrive(number: int, delay: float) -> Generator[simpy.Event, Any, None]:
        yield watched.env.timeout(delay)
        wait = watched.bench.expected_wait(1, 0.5)
        expected[number] = watched.env.now + wait
        watched.bench.join(1, number)

    for number, delay in enumerate(sorted(quarters)):
        watched.env.process(arrive(number, delay * QUARTER + number / 1024))
    watched.env.run(until=2000.0)
    assert watched.started == expected


def test_those_in_front_count_only_if_they_are_as_urgent() -> None:
    watched = Watched(1, 1, 9.0, 1.0)
    for number in range(4):
        watched.bench.join(2, number)
    assert watched.bench.expected_wait(1, 1.0) == 1.0
    assert watched.bench.expected_wait(2, 1.0) == 4.0
    assert watched.bench.waiting == [1, 2, 3]


def test_night_staff_finish_what_the_day_began_and_take_up_no_more() -> None:
    watched = Watched(2, 1, 19.5, 1.0)
    watched.env.process(shifts(watched.env, [watched.bench]))
    watched.bench.join(1, 0)
    watched.env.run(until=19.75)
    for number in (1, 2, 3):
        watched.bench.join(1, number)
    watched.env.run(until=20.25)
    assert watched.bench.busy == 2
    # One finishes at 20:30 and goes home, the other at 20:45 and takes up two more.
    assert watched.bench.expected_wait(1, 1.0) == 2.5
    watched.env.run(until=48.0)
    assert watched.started == {0: 19.5, 1: 19.75, 2: 20.75, 3: 21.75}


def test_the_day_shift_takes_up_what_waits_when_it_comes() -> None:
    watched = Watched(3, 1, 7.5, 2.0)
    watched.env.process(shifts(watched.env, [watched.bench]))
    for number in range(3):
        watched.bench.join(1, number)
    watched.env.run(until=12.0)
    assert watched.started == {0: 7.5, 1: 8.0, 2: 8.0}


def test_a_patient_for_whom_nothing_can_be_done_takes_no_time() -> None:
    env = simpy.Environment(9.0)
    turns: list[int] = []

    def serve(patient: int) -> float:
        turns.append(patient)
        return 0.0 if patient == 0 else 1.0

    bench: Bench[int] = Bench(env, 1, 1, serve)
    for number in range(2):
        bench.join(1, number)
    assert turns == [0, 1]
    assert bench.busy == 1
