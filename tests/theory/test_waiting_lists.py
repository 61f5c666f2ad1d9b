"""A waiting list of one specialty against what the theory of waiting lists says of it.

The case of Fong and others (medRxiv 2022, doi:10.1101/2022.08.23.22279117): 30 patients a week are
referred, 1,200 wait, and 390 should; with 61.15 operations a week they do after 26 weeks.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from disruption_sim.care.booking import BOOKING_HOUR
from disruption_sim.measures.waiting_list_rules import relief_capacity, target_queue
from disruption_sim.records import DoneOn
from tests.care.hand_made_rooms import Run, run_theatres
from tests.support.one_specialty import (
    BOOKED_AHEAD,
    CASES,
    DEMAND,
    HORIZON_WEEKS,
    USUAL_WAIT_WEEKS,
    one_specialty,
    with_backlog,
    with_capacity,
)

pytestmark = pytest.mark.integration

Times = npt.NDArray[np.float64]
WEEK = 168.0
QUEUE, WEEKS_TO_TARGET = 1200.0, 26
TARGET = target_queue(DEMAND, target_wait=52.0)
RELIEF = relief_capacity(DEMAND, QUEUE, TARGET, WEEKS_TO_TARGET)
SEEDS = range(6)


def begins(run: Run) -> float:
    """When the first list is held that was opened because of the backlog."""
    return run.scenario.calendar.week_1_hour + 24.0 * BOOKED_AHEAD


def referred(run: Run, weeks: float) -> int:
    clock = run.world.operations.clock_start
    return int(np.count_nonzero((clock > begins(run)) & (clock <= begins(run) + WEEK * weeks)))


def usual(run: Run) -> float:
    """Mean size over the four weeks before week 1, which extra lists stop at."""
    days = run.scenario.calendar.week_1_hour - 24.0 * np.arange(28)
    return float(np.mean([run.waiting(float(day)) for day in days - 14.0]))


def weeks_until(run: Run, size: float) -> float:
    """Weeks from the first extra list until no more than so many wait."""
    days = np.arange(7 * (HORIZON_WEEKS - 1))
    sizes = np.array([run.waiting(begins(run) + 24.0 * day) for day in days])
    assert sizes.min() <= size
    return float(np.argmax(sizes <= size)) / 7.0


@pytest.fixture(scope="module")
def relieved() -> list[Run]:
    scenario = with_capacity(one_specialty(), RELIEF, ("weekend", "evening"))
    backlog = round(QUEUE - TARGET)
    return [run_theatres(scenario, world=with_backlog(scenario, backlog, seed)) for seed in SEEDS]


def test_the_numbers_are_those_of_the_worked_example() -> None:
    assert TARGET == 390.0
    assert pytest.approx(61.15, abs=0.005) == RELIEF
    assert DEMAND * USUAL_WAIT_WEEKS == TARGET


def test_without_a_backlog_the_list_stays_at_its_size() -> None:
    """Ordinary lists alone treat as many as are referred, so only referrals move it."""
    run = run_theatres(one_specialty())
    end = run.scenario.calendar.end_hour
    weeks = run.scenario.calendar.weeks
    treated = np.count_nonzero(run.records.done_at < end) / weeks
    assert treated == pytest.approx(DEMAND, rel=0.02)
    assert run.waiting(end) == pytest.approx(TARGET, abs=4.0 * np.sqrt(DEMAND * weeks))


def test_relief_capacity_is_what_the_extra_lists_give(relieved: list[Run]) -> None:
    for run in relieved:
        done = run.records.done_at
        weeks = 20
        inside = (done >= begins(run)) & (done < begins(run) + WEEK * weeks)
        assert np.count_nonzero(inside) / weeks == pytest.approx(RELIEF, abs=1.0)
        first = run.scenario.calendar.warm_up_weeks
        extra = run.records.extra_lists_run[first + 1 : first + weeks].sum(axis=0)
        assert extra[0] == pytest.approx(extra[1], rel=0.06)
        assert extra[2] == 0


def test_relief_capacity_brings_the_queue_to_its_target_in_26_weeks(relieved: list[Run]) -> None:
    """The sampling error is that of the referrals: 30 a week at random, over 26 weeks."""
    weeks = np.mean([weeks_until(run, TARGET) for run in relieved])
    of_queue = np.sqrt(DEMAND * (WEEKS_TO_TARGET + 6)) / np.sqrt(len(relieved))
    error = of_queue / (RELIEF - DEMAND)
    assert weeks == pytest.approx(WEEKS_TO_TARGET, abs=3.5 * error)
    half_way = np.mean([run.waiting(begins(run) + 13 * WEEK) for run in relieved])
    assert half_way == pytest.approx((QUEUE + TARGET) / 2.0, abs=3.5 * of_queue)


def test_with_the_referrals_that_came_the_queue_is_known_week_by_week(relieved: list[Run]) -> None:
    """No sampling error is left but that of lists, of which a week holds a whole number."""
    for run in relieved:
        at_first = run.waiting(begins(run))
        for weeks in (4, 13, 20):
            expected = at_first + referred(run, weeks) - RELIEF * weeks
            found = run.waiting(begins(run) + WEEK * weeks)
            assert found == pytest.approx(expected, abs=4 * CASES)


def test_extra_lists_go_on_until_the_list_is_back_at_its_usual_size(relieved: list[Run]) -> None:
    for run in relieved:
        until = weeks_until(run, usual(run))
        week = run.scenario.calendar.warm_up_weeks + int(np.ceil(until)) + 1
        # What was opened two days before has been held by then.
        assert run.records.extra_lists_run[week - 3].sum() > 0


def test_extra_lists_are_held_only_while_the_list_is_above_its_usual_size(
    relieved: list[Run],
) -> None:
    """A list is opened at its booking, when the operations of that day are off the list."""
    for run in relieved:
        done, clock = run.records.done_at, run.world.operations.clock_start
        week_1 = int(run.scenario.calendar.week_1_hour // 24.0)

        def size(day: int, done: Times = done, clock: Times = clock) -> int:
            joined = np.count_nonzero(clock <= 24.0 * day + BOOKING_HOUR)
            return int(joined - np.count_nonzero(done < 24.0 * (day + 1)))

        observed = [size(day) for day in range(week_1 - 28, week_1) if day % 7 < 5]
        extra = done[np.isin(run.records.done_on, (DoneOn.WEEKEND_LIST, DoneOn.EVENING_LIST))]
        with_extra = set((extra // 24.0).astype(int).tolist())
        above: set[int] = set()
        below: set[int] = set()
        for day in range(week_1 + BOOKED_AHEAD, 7 * run.scenario.calendar.weeks):
            booked = day - BOOKED_AHEAD
            booked -= max(booked % 7 - 4, 0)
            (above if size(booked) > np.mean(observed) else below).add(day)
        assert len(below) > 14
        assert with_extra
        assert with_extra <= above


@pytest.mark.parametrize(("backlog", "capacity"), [(150, 40.0), (300, 50.0), (300, 60.0)])
def test_a_backlog_is_cleared_in_its_size_over_the_spare_capacity(
    backlog: int, capacity: float
) -> None:
    """With the demand that came, weeks = backlog / (capacity - demand)."""
    scenario = with_capacity(one_specialty(), capacity)
    found, expected = [], []
    for seed in SEEDS:
        run = run_theatres(scenario, world=with_backlog(scenario, backlog, seed))
        found.append(weeks_until(run, usual(run)))
        demand = referred(run, found[-1]) / found[-1]
        expected.append((run.waiting(begins(run)) - usual(run)) / (capacity - demand))
    np.testing.assert_allclose(found, expected, rtol=0.08)
    assert np.mean(found) == pytest.approx(np.mean(expected), rel=0.04)
    # Without knowing who will come: the sampling error is that of the referrals until then, and
    # of the list on the day on which the backlog comes.
    until = backlog / (capacity - DEMAND)
    spread = np.sqrt(DEMAND * (until + 4.0)) / (capacity - DEMAND)
    assert np.mean(found) == pytest.approx(until, abs=3.5 * spread / np.sqrt(len(SEEDS)))
