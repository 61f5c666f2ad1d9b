"""Ordinary running of lists: who waits how long, on which days, and what beds allow."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from disruption_sim.records import NON_CLINICAL_CAUSES, Bed, Cause
from disruption_sim.scenario import Scenario
from disruption_sim.world.model import ElectiveBeds
from tests.care.hand_made_rooms import Run, busy_scenario, run_theatres, world_of

pytestmark = pytest.mark.integration

Floats = npt.NDArray[np.float64]

ADMISSIONS = 1600


def scenario(**changes: object) -> Scenario:
    values: dict[str, Any] = {"surgery__elective_admissions_per_week": ADMISSIONS, **changes}
    return busy_scenario(**values)


@lru_cache(maxsize=1)
def ordinary() -> Run:
    return run_theatres(scenario())


def days_waited(run: Run, priority: int) -> Floats:
    """Days of those operated on from week 1 on who could be operated on at once."""
    operations, records = run.world.operations, run.records
    chosen = (records.done_at >= run.scenario.calendar.week_1_hour) & (
        operations.priority == priority
    )
    chosen &= operations.available_from == operations.clock_start
    days: Floats = (records.done_at - operations.clock_start)[chosen] / 24.0
    return days


def test_p2_and_p3_are_seen_within_their_windows_in_ordinary_running() -> None:
    rules = scenario().surgery
    p2, p3, p4 = (days_waited(ordinary(), priority) for priority in range(3))
    assert np.mean(p2 > rules.p2_window_days) < 0.02
    assert np.mean(p3 > rules.p3_window_days) < 0.02
    assert p2.mean() < 0.6 * rules.p2_window_days
    assert p2.mean() < p3.mean() < p4.mean()


def test_long_operations_of_p2_find_their_place_as_short_ones_do() -> None:
    run = ordinary()
    operations, records = run.world.operations, run.records
    chosen = (records.done_at >= run.scenario.calendar.week_1_hour) & (operations.priority == 0)
    waited = (records.done_at - operations.clock_start) / 24.0
    long = operations.expected_duration >= 3.0
    assert np.mean(waited[chosen & long]) < np.mean(waited[chosen & ~long]) + 5.0


def test_one_in_twenty_operations_is_on_a_saturday_and_none_on_a_holiday() -> None:
    run = ordinary()
    at = run.records.done_at[~np.isnan(run.records.done_at)]
    day = (at // 24).astype(int)
    assert np.mean(day % 7 == 5) == pytest.approx(0.05, abs=0.015)
    dates = {run.scenario.calendar.date(24.0 * int(each)) for each in np.unique(day)}
    assert not dates & set(run.scenario.calendar.bank_holidays)
    assert not np.any(day % 7 == 6)


def test_nobody_is_operated_on_before_being_available() -> None:
    run = ordinary()
    done = ~np.isnan(run.records.done_at)
    operations = run.world.operations
    assert np.all(run.records.done_at[done] >= operations.available_from[done])
    later = operations.available_from > operations.clock_start
    assert np.any(done & later)


def test_whoever_stays_has_a_bed_on_every_night_of_the_stay() -> None:
    """Occupied beds are counted again from who was operated on when."""
    run = ordinary()
    operations, records = run.world.operations, run.records
    days, sites, _ = records.beds_occupied.shape
    expected = np.zeros((days, sites, len(Bed)), dtype=np.int64)
    for patient in np.flatnonzero(~np.isnan(records.done_at) & ~operations.day_case):
        first = int(records.done_at[patient] // 24)
        for night in range(first, min(first + int(operations.nights[patient]), days)):
            critical = operations.critical_care[patient] and night == first
            kind = Bed.CRITICAL_CARE if critical else Bed.WARD
            expected[night, operations.site[patient], kind] += 1
    np.testing.assert_array_equal(records.beds_occupied, expected)


def test_nobody_is_admitted_beyond_the_beds_of_tonight() -> None:
    run = ordinary()
    operations, records = run.world.operations, run.records
    admitted = np.zeros_like(records.beds_occupied)
    patients = np.flatnonzero(~np.isnan(records.done_at) & ~operations.day_case)
    day = (records.done_at[patients] // 24).astype(int)
    kind = np.where(operations.critical_care[patients], Bed.CRITICAL_CARE, Bed.WARD)
    np.add.at(admitted, (day, operations.site[patients], kind), 1)
    full = records.beds_occupied > records.beds[None] - records.beds_lost
    assert not np.any(full & (admitted > 0))


def test_more_beds_mean_fewer_cancelled_and_more_emergencies_mean_more() -> None:
    usual = ordinary()
    roomy = run_theatres(scenario(surgery__beds__ward_occupancy=0.6))
    crowded = run_theatres(scenario(surgery__beds__lost_to_emergencies_share=0.2))
    cancelled = [np.count_nonzero(run.events(Cause.NO_BED)) for run in (roomy, usual, crowded)]
    assert cancelled[0] < 0.5 * cancelled[1]
    assert cancelled[1] < 0.7 * cancelled[2]


def test_with_beds_to_spare_nobody_is_cancelled_for_want_of_one() -> None:
    world = world_of(scenario())
    beds = ElectiveBeds(count=world.elective_beds.count + 10_000, lost=world.elective_beds.lost)
    run = run_theatres(scenario(), world=replace(world, elective_beds=beds))
    assert not np.any(run.events(Cause.NO_BED))


def test_lists_are_used_and_operations_cancelled_as_in_ordinary_times() -> None:
    """The bars of ordinary running, a little wider than at full scale."""
    run = ordinary()
    records, calendar = run.records, run.scenario.calendar
    rows = slice(calendar.warm_up_weeks, None)
    assert 0.78 < records.busy_hours[rows].sum() / records.list_hours[rows].sum() < 0.88
    since = records.postponed_at >= calendar.week_1_hour
    last_minute = since & run.events(*NON_CLINICAL_CAUSES)
    weekly = np.count_nonzero(last_minute) / calendar.horizon_weeks
    assert 0.006 < weekly / ADMISSIONS < 0.022
    inpatients = ~run.world.operations.day_case
    cancelled = np.count_nonzero(since & inpatients[records.postponed_patient])
    done = np.count_nonzero((records.done_at >= calendar.week_1_hour) & inpatients)
    assert 0.06 < cancelled / (cancelled + done) < 0.17


def test_the_list_stays_as_long_as_it_was() -> None:
    run = ordinary()
    calendar = run.scenario.calendar
    start, end = run.waiting(calendar.week_1_hour), run.waiting(calendar.end_hour)
    assert end == pytest.approx(start, rel=0.06)
