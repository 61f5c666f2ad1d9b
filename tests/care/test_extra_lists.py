"""Where and for whom extra lists are held, as an elective-recovery planner expects it."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest

from disruption_sim.records import DoneOn, ExtraList
from disruption_sim.scenario import Scenario
from disruption_sim.scenario.model import Grade, RecoveryLists
from disruption_sim.world import World
from tests.care.hand_made_rooms import Run, busy_scenario, run_theatres, with_policies, world_of

pytestmark = pytest.mark.integration

KINDS = ("weekend", "evening", "independent_sector")
COST = 5000.0


def lists_of(held: str, uplift: float = 0.2, staffed: float = 1.0) -> RecoveryLists:
    return RecoveryLists.model_validate(
        {
            "name": f"recovery_{held}",
            "kind": "recovery_lists",
            "held": held,
            "trigger_day": 0.0,
            "duration_days": 56.0,
            "uplift_share": uplift,
            "staffing_limit_share": staffed,
            "cost_per_list_pounds": COST,
        }
    )


@lru_cache(maxsize=1)
def scenario() -> Scenario:
    """Return two hospitals on which more is asked than their ordinary lists can do."""
    return busy_scenario(surgery__base_capacity_share=0.9, surgery__flexible_capacity_share=0.0)


@lru_cache(maxsize=1)
def world() -> World:
    return world_of(scenario())


@lru_cache(maxsize=8)
def run_with(held: str, uplift: float = 0.2, staffed: float = 1.0) -> Run:
    arm = with_policies(scenario(), lists_of(held, uplift, staffed))
    return run_theatres(arm, world=world())


def from_week_1(run: Run) -> slice:
    return slice(run.scenario.calendar.warm_up_weeks, None)


@pytest.mark.parametrize("held", KINDS)
def test_extra_lists_add_the_operations_of_their_kind_alone(held: str) -> None:
    run, without = run_with(held), run_theatres(scenario(), world=world())
    kind = ExtraList[held.upper()]
    by_kind = run.records.extra_lists_run.sum(axis=0)
    assert by_kind[kind] > 0
    assert by_kind.sum() == by_kind[kind]
    assert not np.any(run.records.extra_lists_run[: from_week_1(run).start])
    done, done_without = (
        np.count_nonzero(~np.isnan(each.records.done_at)) for each in (run, without)
    )
    assert done > done_without
    on_extra = np.count_nonzero(
        (run.records.done_on >= DoneOn.WEEKEND_LIST) & ~np.isnan(run.records.done_at)
    )
    assert done - done_without == pytest.approx(on_extra, rel=0.35)


def test_weekend_lists_are_at_weekends_and_evening_lists_after_the_days_lists() -> None:
    weekend, evening = run_with("weekend"), run_with("evening")
    at = weekend.records.done_at[weekend.records.done_on == DoneOn.WEEKEND_LIST]
    assert at.size > 50
    assert np.all((at // 24).astype(int) % 7 >= 5)
    at = evening.records.done_at[evening.records.done_on == DoneOn.EVENING_LIST]
    rules = scenario().surgery
    assert at.size > 50
    assert np.all((at // 24).astype(int) % 7 < 5)
    assert np.all(at % 24 >= max(rules.session_start_hours) + rules.session_hours)


@pytest.mark.parametrize("held", KINDS)
def test_nobody_is_booked_on_an_extra_list_before_the_incident_has_come(held: str) -> None:
    records, calendar = run_with(held).records, scenario().calendar
    on_extra = records.done_at[records.done_on >= DoneOn.WEEKEND_LIST]
    ahead = 24.0 * scenario().surgery.late_booking_days_ahead
    assert np.nanmin(on_extra) >= calendar.week_1_hour + ahead


def test_no_long_case_is_planned_in_the_evening() -> None:
    run = run_with("evening")
    rules = scenario().surgery
    planned = world().operations.expected_duration[run.records.done_on == DoneOn.EVENING_LIST]
    longest = rules.session_hours + rules.planned_overrun_minutes / 60.0
    assert planned.max() <= longest
    assert world().operations.expected_duration.max() > longest


def test_the_independent_sector_takes_fit_patients_for_small_day_cases_without_blood() -> None:
    run = run_with("independent_sector")
    operations = world().operations
    taken = run.records.done_on == DoneOn.INDEPENDENT_SECTOR
    assert taken.sum() > 50
    assert np.all(operations.day_case[taken])
    assert np.all(operations.asa[taken] <= 1)
    grades = [list(Grade).index(grade) for grade in (Grade.MINOR, Grade.INTERMEDIATE)]
    assert np.all(np.isin(operations.grade[taken], grades))
    assert not np.any(operations.needs_group_and_screen[taken])
    assert not np.any(operations.units_crossmatched[taken])


def test_lists_of_the_independent_sector_use_none_of_our_theatre_hours() -> None:
    run, weekend = run_with("independent_sector"), run_with("weekend")
    without = run_theatres(scenario(), world=world()).records.list_hours.sum()
    assert run.records.list_hours.sum() == pytest.approx(without, rel=0.01)
    assert weekend.records.list_hours.sum() > 1.02 * without


@pytest.mark.parametrize("held", KINDS)
def test_as_many_lists_are_held_as_can_be_staffed_and_each_costs_its_price(held: str) -> None:
    half_staffed, half_planned = run_with(held, staffed=0.5), run_with(held, uplift=0.1)
    for column in ("extra_lists_run", "done_at", "cost_pounds"):
        np.testing.assert_array_equal(
            getattr(half_staffed.records, column), getattr(half_planned.records, column)
        )
    for run in (half_staffed, run_with(held)):
        records = run.records
        np.testing.assert_array_equal(
            records.cost_pounds, COST * records.extra_lists_run.sum(axis=1)
        )
    assert half_staffed.records.cost_pounds.sum() < run_with(held).records.cost_pounds.sum()


def test_weekend_and_evening_lists_of_one_uplift_add_as_many_hours() -> None:
    ordinary = run_theatres(scenario(), world=world()).records.list_hours
    more = [(run_with(held).records.list_hours - ordinary).sum() for held in ("weekend", "evening")]
    assert more[0] == pytest.approx(more[1], rel=0.15)


def test_a_stronger_policy_opens_the_same_lists_and_more() -> None:
    """Paired arms: the lists of a weaker policy are among those of a stronger one."""
    weak, strong = run_with("weekend", 0.1), run_with("weekend", 0.3)
    # In the first weeks, in which the backlog of neither arm is cleared.
    rows = slice(from_week_1(weak).start, from_week_1(weak).start + 3)
    counts = [run.records.extra_lists_run[rows, ExtraList.WEEKEND] for run in (weak, strong)]
    assert np.all(counts[0] <= counts[1])
    assert counts[0].sum() < counts[1].sum()


def test_two_policies_of_one_kind_add_up() -> None:
    one = lists_of("weekend", 0.1)
    other = one.model_copy(update={"name": "more", "cost_per_list_pounds": 2.0 * COST})
    run = run_theatres(with_policies(scenario(), one, other), world=world())
    together = run_with("weekend", 0.2)
    np.testing.assert_array_equal(run.records.extra_lists_run, together.records.extra_lists_run)
    np.testing.assert_array_equal(run.records.done_at, together.records.done_at)
    count = together.records.extra_lists_run.sum()
    # About half of them at either price.
    assert run.records.cost_pounds.sum() == pytest.approx(1.5 * COST * count, rel=0.1)
