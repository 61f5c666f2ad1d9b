from __future__ import annotations

from collections.abc import Generator
from itertools import pairwise
from typing import Any

import pytest
import simpy
from hypothesis import given
from hypothesis import strategies as st

from disruption_sim.transfusion.bench import IMMEDIATE, PLANNED, URGENT, Bench, Stint
from disruption_sim.transfusion.rosters import Roster, Shift
from disruption_sim.transfusion.work_hours import SiteHours

pytestmark = pytest.mark.unit

QUARTER = 0.25
END = 480.0

arrivals = st.lists(
    st.tuples(st.integers(0, 30), st.sampled_from([IMMEDIATE, URGENT, PLANNED])),
    min_size=1,
    max_size=30,
)


class Samples:
    """Samples of a quarter of an hour each; notes when how many were taken up or put back."""

    def __init__(self, env: simpy.Environment) -> None:
        self.env = env
        self.taken_up: list[tuple[float, int]] = []
        self.put_back_at: list[tuple[float, int]] = []
        self.done: list[tuple[float, int]] = []

    @property
    def number_tested(self) -> int:
        return sum(number for _, number in self.done)

    def hours_each(self) -> float:
        return QUARTER

    def take_up(self, number: int) -> Stint:
        self.taken_up.append((self.env.now, number))
        return Stint(self.env.now, QUARTER, number, 0, by_hand=True)

    def put_back(self, stint: Stint, number: int) -> None:
        self.put_back_at.append((self.env.now, number))

    def tested(self, stint: Stint) -> None:
        self.done.append((stint.end, stint.number))


class Watched:
    """A bench that notes when each job's turn comes."""

    def __init__(self, shifts: list[Shift], start: float = 9.0, hours: float = 1.0) -> None:
        self.env = simpy.Environment(start)
        self.started: dict[int, float] = {}
        self.hours = hours
        self.samples = Samples(self.env)
        self.worked = SiteHours(20)
        self.bench = Bench(self.env, Roster(shifts), 0.5, self.samples, self.worked)
        self.bench.start()
        self.least_idle_while_waiting = 99

    def join(self, number: int, priority: int = URGENT, order: float | None = None) -> None:
        now = self.env.now

        def begin() -> float:
            self.started[number] = self.env.now
            assert self.bench.busy < self.bench.staff
            return self.hours

        self.bench.join(priority, now if order is None else order, self.hours, begin)

    def at(self, time: float, number: int, priority: int = URGENT) -> None:
        """Let a job come later."""
        come = self.env.timeout(time - self.env.now)
        come.callbacks.append(lambda _: self.join(number, priority))


def always(staff: int) -> list[Shift]:
    return [Shift(0.0, END, staff, 0)]


def day_and_night(day: int, night: int, on_call: int = 0) -> list[Shift]:
    """Return days from 8 to 20 and nights, from midnight on."""
    times = [0.0, *(24.0 * d + hour for d in range(20) for hour in (8.0, 20.0)), END]
    return [
        Shift(start, end, day, 0) if start % 24.0 == 8.0 else Shift(start, end, night, on_call)
        for start, end in pairwise(times)
    ]


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
        # Odd parts of an hour keep arrivals and completions apart, where the two order ties
        # otherwise.
        env.process(patient(number, quarters * QUARTER + number / 1024, priority))
    env.run(until=END)
    return started


@given(arrivals, st.integers(1, 3))
def test_most_urgent_first_as_in_simpys_priority_resource(
    moments: list[tuple[int, int]], staff: int
) -> None:
    watched = Watched(always(staff))
    for number, (quarters, priority) in enumerate(moments):
        watched.at(9.0 + quarters * QUARTER + number / 1024, number, priority)
    watched.env.run(until=END)
    assert watched.started == plain_simpy(moments, staff, 1.0)


@given(arrivals, st.lists(st.integers(0, 30), max_size=10), st.integers(1, 3))
def test_nobody_is_idle_while_somebody_waits_and_no_work_is_lost(
    moments: list[tuple[int, int]], lumps: list[int], staff: int
) -> None:
    """Work conservation, looked at every sixteenth of an hour."""
    watched = Watched(day_and_night(staff, 1))
    for number, (quarters, priority) in enumerate(moments):
        watched.at(9.0 + quarters * QUARTER, number, priority)
    for number in lumps:
        come = watched.env.timeout(number * QUARTER)
        come.callbacks.append(lambda _: watched.bench.add_samples(3))

    def look() -> Generator[simpy.Event, Any, None]:
        while True:
            bench = watched.bench
            if bench.busy < bench.staff:
                assert not bench.waiting
                assert not bench.samples_waiting
            yield watched.env.timeout(1 / 16)

    watched.env.process(look())
    watched.env.run(until=END)
    watched.bench.close()
    assert sorted(watched.started) == list(range(len(moments)))
    assert watched.samples.number_tested == 3 * len(lumps)
    work = len(moments) * 1.0 + 3 * len(lumps) * QUARTER
    assert sum(watched.worked.busy_hours) == work


@given(st.lists(st.integers(0, 12), min_size=1, max_size=15), st.integers(1, 3))
def test_the_expected_wait_comes_true_when_nobody_more_urgent_follows(
    quarters: list[int], staff: int
) -> None:
    watched = Watched(always(staff), hours=0.5)
    expected: dict[int, float] = {}

    def arrive(number: int, delay: float) -> Generator[simpy.Event, Any, None]:
        yield watched.env.timeout(delay)
        expected[number] = watched.env.now + watched.bench.expected_wait(URGENT)
        watched.join(number)

    for number, delay in enumerate(sorted(quarters)):
        watched.env.process(arrive(number, delay * QUARTER + number / 1024))
    watched.env.run(until=END)
    assert watched.started == expected


def test_those_in_front_count_only_if_they_are_as_urgent() -> None:
    watched = Watched(always(1))
    for number in range(4):
        watched.join(number, URGENT)
    assert watched.bench.expected_wait(IMMEDIATE) == 1.0
    assert watched.bench.expected_wait(URGENT) == 4.0
    assert len(watched.bench.waiting) == 3


def test_planned_work_goes_by_the_time_it_is_for() -> None:
    watched = Watched(always(1))
    watched.join(0, PLANNED, 20.0)
    for number, needed in ((1, 40.0), (2, 30.0), (3, 50.0)):
        watched.join(number, PLANNED, needed)
    watched.env.run(until=END)
    assert watched.started == {0: 9.0, 2: 10.0, 1: 11.0, 3: 12.0}


def test_samples_come_after_the_urgent_and_before_the_planned() -> None:
    watched = Watched(always(1))
    watched.join(0)
    watched.join(1, PLANNED)
    watched.bench.add_samples(3)
    watched.join(2)
    watched.env.run(until=END)
    assert watched.started == {0: 9.0, 2: 10.0, 1: 11.75}
    assert watched.samples.taken_up == [(11.0, 3)]


def test_urgent_work_waits_for_the_sample_at_hand_and_no_longer() -> None:
    watched = Watched(always(1))
    watched.bench.add_samples(4)
    watched.at(9.0 + QUARTER / 2, 0)
    watched.at(9.0 + QUARTER / 2, 1, PLANNED)
    watched.env.run(until=9.0 + QUARTER / 2 - 1 / 64)
    assert watched.bench.expected_wait(URGENT) == QUARTER / 2 + 1 / 64
    watched.env.run(until=END)
    assert watched.started == {0: 9.25, 1: 11.0}
    assert watched.samples.taken_up == [(9.0, 4), (10.25, 3)]
    assert watched.samples.put_back_at == [(9.0 + QUARTER / 2, 3)]
    assert watched.samples.done == [(9.25, 1), (11.0, 3)]
    assert sum(watched.worked.busy_hours) == 2.0 + 4 * QUARTER


def test_samples_are_shared_by_those_who_are_free_and_left_by_as_many_as_are_wanted() -> None:
    watched = Watched(always(3))
    watched.join(0)
    watched.bench.add_samples(5)
    assert watched.samples.taken_up == [(9.0, 3), (9.0, 2)]
    watched.at(9.0 + QUARTER / 2, 1)
    watched.env.run(until=END)
    watched.bench.close()
    # One of the two leaves the samples, and whoever is free first takes up what that leaves.
    assert watched.started == {0: 9.0, 1: 9.25}
    assert len(watched.samples.put_back_at) == 1
    assert watched.samples.number_tested == 5
    assert sum(watched.worked.busy_hours) == 2.0 + 5 * QUARTER


def test_who_goes_home_leaves_the_samples() -> None:
    watched = Watched(day_and_night(2, 1), 19.875)
    watched.bench.add_samples(8)
    watched.env.run(until=END)
    watched.bench.close()
    # Four each until 20:00; one goes home after the first of hers.
    assert watched.samples.number_tested == 8
    assert watched.worked.duty_hours[0] == 2 * 0.125 + 4.0 + 0.125
    assert sum(watched.worked.busy_hours) == 8 * QUARTER


def test_what_is_given_up_takes_no_time() -> None:
    watched = Watched(always(1))
    watched.join(0)
    watched.join(1)
    watched.join(2)
    watched.bench.waiting[0].cancelled = True
    assert watched.bench.expected_wait(URGENT) == 2.0
    watched.env.run(until=END)
    assert watched.started == {0: 9.0, 2: 10.0}


def test_hours_before_planned_work_leave_out_what_can_come_after_it() -> None:
    watched = Watched(always(1))
    for number, (priority, order) in enumerate(
        ((URGENT, 9.0), (URGENT, 9.0), (PLANNED, 30.0), (PLANNED, 60.0))
    ):
        watched.join(number, priority, order)
    watched.bench.add_samples(4)
    assert watched.bench.hours_of_planned_work(40.0) == 1.0 + 1.0 + 1.0 + 4 * QUARTER


def test_night_staff_finish_what_the_day_began_and_take_up_no_more() -> None:
    watched = Watched(day_and_night(2, 1), 19.5)
    watched.join(0)
    watched.env.run(until=19.75)
    for number in (1, 2, 3):
        watched.join(number)
    watched.env.run(until=20.25)
    assert watched.bench.busy == 2
    # One finishes at 20:30 and goes home, the other at 20:45 and takes up two more.
    assert watched.bench.expected_wait(URGENT) == 2.5
    watched.env.run(until=48.0)
    assert watched.started == {0: 19.5, 1: 19.75, 2: 20.75, 3: 21.75}
    # Two until 20:00, one after that, and the other who stays half an hour over.
    assert watched.worked.duty_hours[0] == 2 * 0.5 + 4.0 + 0.5
    assert watched.worked.busy_hours[0] == 0.5 + 0.5 + 3.0


def test_the_day_shift_takes_up_what_waits_when_it_comes() -> None:
    watched = Watched(day_and_night(3, 1), 7.5, hours=2.0)
    for number in range(3):
        watched.join(number)
    watched.env.run(until=12.0)
    assert watched.started == {0: 7.5, 1: 8.0, 2: 8.0}


def test_a_job_for_which_nothing_can_be_done_takes_no_time() -> None:
    watched = Watched(always(1))
    turns: list[int] = []

    def nothing() -> float:
        turns.append(0)
        return 0.0

    watched.bench.join(URGENT, 9.0, 1.0, nothing)
    watched.join(1)
    assert turns == [0]
    assert watched.started == {1: 9.0}
    assert watched.bench.busy == 1


# ---------------------------------------------------------------------------------------- on call


def test_those_on_call_come_half_an_hour_after_an_urgent_job_and_stay_an_hour() -> None:
    watched = Watched(day_and_night(2, 0, on_call=1), 22.0, hours=0.25)
    assert watched.bench.expected_wait(URGENT) == 0.5
    watched.join(0)
    watched.env.run(until=22.25)
    assert watched.bench.expected_wait(URGENT) == 0.25 + 0.25
    watched.env.run(until=22.75)
    # Somebody who is there takes up planned work and samples as well, and does them at once.
    assert watched.bench.staff == 1
    watched.join(1, PLANNED)
    watched.env.run(until=23.75)
    assert watched.bench.staff == 0
    assert watched.started == {0: 22.5, 1: 22.75}
    assert watched.worked.duty_hours[0] == 1.0


def test_those_on_call_stay_until_everything_is_done() -> None:
    watched = Watched(day_and_night(2, 0, on_call=1), 22.0)
    for number in range(3):
        watched.join(number)
    watched.bench.add_samples(2)
    watched.env.run(until=30.0)
    assert watched.started == {0: 22.5, 1: 23.5, 2: 24.5}
    assert watched.samples.taken_up == [(25.5, 2)]
    assert watched.worked.duty_hours[0] == 1.5
    assert watched.worked.duty_hours[1] == 2.0


def test_what_can_wait_calls_nobody_in() -> None:
    watched = Watched(day_and_night(2, 0, on_call=1), 22.0)
    watched.join(0, PLANNED)
    watched.bench.add_samples(2)
    watched.env.run(until=40.0)
    assert watched.started == {0: 32.25}
    assert watched.samples.taken_up == [(32.0, 1), (32.0, 1)]


def test_a_call_before_the_day_shift_is_the_day_shifts() -> None:
    watched = Watched(day_and_night(2, 0, on_call=1), 31.75)
    watched.join(0)
    watched.env.run(until=40.0)
    assert watched.started == {0: 32.0}
    assert watched.bench.staff == 2


def test_all_of_those_on_call_come_and_each_spell_is_its_own() -> None:
    watched = Watched(day_and_night(2, 0, on_call=2), 22.0)
    for number in range(2):
        watched.join(number)
    watched.at(26.0, 2)
    watched.env.run(until=31.0)
    assert watched.started == {0: 22.5, 1: 22.5, 2: 26.5}
    assert watched.worked.duty_hours[1] == 2 * 1.0


def test_a_resident_reinforcement_works_before_those_on_call_come() -> None:
    watched = Watched(day_and_night(2, 1, on_call=1), 22.0)
    watched.join(0)
    watched.env.run(until=22.125)
    assert watched.bench.staff == 1
    watched.join(1)
    watched.env.run(until=30.0)
    # The second finds nobody free and brings in the other, who comes before the first is done.
    assert watched.started == {0: 22.0, 1: 22.625}


def test_resident_hours_are_those_of_the_roster() -> None:
    roster = Roster(day_and_night(3, 1))
    assert roster.resident_hours(6.0, 9.0) == 2.0 + 3.0
    assert roster.resident_hours(0.0, 24.0) == 36.0 + 12.0
    assert roster.resident_hours(9.0, 6.0) == 0.0
    assert roster.at(8.0).resident == 3
    assert roster.at(20.0).resident == 1
