"""The timetable: ordinary lists that balance the flow, and lists that recovery could add."""

from __future__ import annotations

import dataclasses
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pytest

from disruption_sim.scenario import Scenario
from disruption_sim.scenario.theatre_checks import EVENING_GAP_HOURS
from disruption_sim.world.days import Days
from disruption_sim.world.flows import early_share, flows
from disruption_sim.world.model import EXTRA_LISTS, TheatreLists
from disruption_sim.world.theatre_lists import draw_theatre_lists
from tests.support.small_scenario import small_scenario

pytestmark = pytest.mark.unit

Numbers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

WEEKEND, EVENING, INDEPENDENT = range(3)
ORDINARY = -1


def scenario_with(**changes: object) -> Scenario:
    values: dict[str, object] = {"surgery.elective_admissions_per_week": 2000.0}
    values |= {key.replace("__", "."): value for key, value in changes.items()}
    return small_scenario(disruption=False, **values)  # type: ignore[arg-type]


@lru_cache(maxsize=16)
def lists_with(**changes: object) -> TheatreLists:
    scenario = scenario_with(**changes)
    return draw_theatre_lists(scenario, Days.of(scenario.calendar), 20240603, 0)


def weekday(lists: TheatreLists) -> Numbers:
    days: Numbers = (lists.start // 24).astype(np.int64) % 7
    return days


def of_kind(lists: TheatreLists, kind: int) -> Flags:
    chosen: Flags = lists.extra_kind == kind
    return chosen


def same(one: TheatreLists, chosen: Flags, other: TheatreLists, there: Flags) -> None:
    for column in dataclasses.fields(TheatreLists):
        np.testing.assert_array_equal(
            getattr(one, column.name)[chosen],
            getattr(other, column.name)[there],
            err_msg=column.name,
        )


def test_kinds_of_extra_lists_have_the_names_of_the_records() -> None:
    from disruption_sim.records import ExtraList

    assert [kind.name.lower() for kind in ExtraList] == list(EXTRA_LISTS)


def test_ordinary_lists_are_as_many_as_balance_the_flow() -> None:
    scenario = scenario_with(conditions=[], calendar__bank_holidays=[])
    lists = draw_theatre_lists(scenario, Days.of(scenario.calendar), 20240603, 0)
    weeks, rules = scenario.calendar.weeks, scenario.surgery
    for flow in flows(scenario):
        own = (lists.site == flow.site) & (lists.specialty == flow.specialty)
        ordinary = own & of_kind(lists, ORDINARY)
        # Lists recur evenly: each kind is within one of its number.
        fixed, flexible = (np.count_nonzero(ordinary & (lists.flexible == f)) for f in (0, 1))
        assert fixed == pytest.approx(flow.lists * rules.base_capacity_share * weeks, abs=2)
        assert flexible == pytest.approx(flow.lists * rules.flexible_capacity_share * weeks, abs=1)


def test_the_stated_share_of_ordinary_lists_is_on_saturdays_and_none_on_holidays() -> None:
    scenario = scenario_with()
    lists = lists_with()
    ordinary = of_kind(lists, ORDINARY) & ~lists.flexible
    share = np.mean(weekday(lists)[ordinary] == 5)
    assert share == pytest.approx(scenario.surgery.weekend_share, abs=0.01)
    assert not np.any(weekday(lists)[of_kind(lists, ORDINARY)] == 6)
    assert np.all(weekday(lists)[lists.flexible] < 5)
    days = np.unique((lists.start[~of_kind(lists, WEEKEND)] // 24).astype(int))
    dates = {scenario.calendar.date(24.0 * int(day)) for day in days}
    assert not dates & set(scenario.calendar.bank_holidays)


def test_without_weekend_work_there_are_only_weekdays() -> None:
    lists = lists_with(surgery__weekend_share=0.0)
    assert np.all(weekday(lists)[of_kind(lists, ORDINARY)] < 5)


def test_extra_lists_are_held_when_their_kind_says() -> None:
    scenario, lists = scenario_with(), lists_with()
    rules = scenario.surgery
    assert set(weekday(lists)[of_kind(lists, WEEKEND)].tolist()) == {5, 6}
    for kind in (EVENING, INDEPENDENT):
        assert set(weekday(lists)[of_kind(lists, kind)].tolist()) == {0, 1, 2, 3, 4}
    evening = of_kind(lists, EVENING)
    closes = max(rules.session_start_hours) + rules.session_hours
    assert np.all(lists.start[evening] % 24 == closes + EVENING_GAP_HOURS)
    assert np.all(lists.length[evening] == rules.session_hours)
    assert np.all((lists.extra > 0.0) == (lists.extra_kind >= 0))
    assert not np.any(lists.flexible & (lists.extra > 0.0))


def test_every_kind_of_extra_lists_could_double_the_operating_hours() -> None:
    scenario = scenario_with(conditions=[], calendar__bank_holidays=[])
    lists = draw_theatre_lists(scenario, Days.of(scenario.calendar), 20240603, 0)
    hours = sum(flow.lists * flow.list_hours for flow in flows(scenario)) * scenario.calendar.weeks
    for kind in (WEEKEND, EVENING, INDEPENDENT):
        chosen = of_kind(lists, kind)
        assert lists.length[chosen].sum() == pytest.approx(hours, rel=0.02)


@pytest.mark.parametrize("strength", [0.1, 0.5, 0.83])
def test_a_policy_opens_its_share_of_the_lists_of_every_specialty_evenly(strength: float) -> None:
    scenario = scenario_with(conditions=[], calendar__bank_holidays=[])
    lists = draw_theatre_lists(scenario, Days.of(scenario.calendar), 20240603, 0)
    for flow in flows(scenario):
        own = (lists.site == flow.site) & (lists.specialty == flow.specialty)
        for kind in (WEEKEND, EVENING, INDEPENDENT):
            chosen = own & of_kind(lists, kind)
            week = (lists.start[chosen] // 168).astype(np.int64)
            possible = np.bincount(week, minlength=scenario.calendar.weeks)
            opened = np.bincount(
                week, lists.extra[chosen] <= strength, minlength=scenario.calendar.weeks
            )
            # From the start to the end of any week, about two lists more or fewer than the share.
            assert np.abs(np.cumsum(opened - strength * possible)).max() < 3.0


def test_emergencies_and_strikes_do_not_reach_the_independent_sector() -> None:
    lists = lists_with(surgery__emergency_displacement_share=1.0)
    independent = of_kind(lists, INDEPENDENT)
    assert np.all(lists.loses_last_case == ~independent)
    calm = draw_theatre_lists(
        scenario_with(conditions=[]), Days.of(scenario_with().calendar), 20240603, 0
    )
    usual = lists_with()
    same(usual, of_kind(usual, INDEPENDENT), calm, of_kind(calm, INDEPENDENT))
    assert of_kind(usual, ORDINARY).sum() < of_kind(calm, ORDINARY).sum()


@pytest.mark.parametrize(
    ("change", "stays"),
    [
        ({"surgery__weekend_share": 0.1}, "extra"),
        ({"surgery__base_capacity_share": 1.04}, "extra"),
        ({"surgery__flexible_capacity_share": 0.1}, "all but flexible"),
    ],
)
def test_more_of_one_kind_moves_no_draw_of_another(change: dict[str, object], stays: str) -> None:
    usual, other = lists_with(), lists_with(**change)
    assert usual.start.size != other.start.size or stays == "extra"
    chosen, there = (
        each.extra > 0.0 if stays == "extra" else ~each.flexible for each in (usual, other)
    )
    same(usual, chosen, other, there)


def test_time_is_kept_for_p2_by_what_they_need() -> None:
    scenario = scenario_with()
    for specialty in scenario.surgery.specialties:
        share = early_share(scenario, specialty)
        assert 0.0 < share < scenario.surgery.early_fill_share
    shares = {s.name: early_share(scenario, s) for s in scenario.surgery.specialties}
    # Cancer and heart surgery against hips and knees.
    assert shares["cardiothoracic"] < shares["general_surgery"] < shares["orthopaedics"]


def test_more_operations_are_done_than_those_who_leave_untreated_but_both_are_referred() -> None:
    scenario = scenario_with()
    rules = scenario.surgery
    operations = rules.elective_admissions_per_week * rules.theatre_share
    assert sum(flow.treated for flow in flows(scenario)) == pytest.approx(operations, rel=0.02)
    for flow in flows(scenario):
        leaving = (flow.referrals - flow.treated) / flow.treated
        usual = rules.specialties[flow.specialty].usual_wait_weeks
        # At most the share of everybody on the usual list, booked patients included.
        assert 0.0 < leaving < rules.removals.share_per_week * usual
