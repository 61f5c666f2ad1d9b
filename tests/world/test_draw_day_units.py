"""Day units of the world: chairs, bookings and blood, and draws that nothing else can shift."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from disruption_sim.scenario import Scenario, with_overrides
from disruption_sim.scenario.model import Source
from disruption_sim.world import World, draw_world
from disruption_sim.world.days import Days
from tests.support.small_scenario import small_scenario

pytestmark = pytest.mark.unit

SOURCES = list(Source)
SATURDAY, SUNDAY = 5, 6


def scenario_with(**values: object) -> Scenario:
    overrides = {f"outpatients.{key.replace('__', '.')}": value for key, value in values.items()}
    changed, _ = with_overrides(small_scenario(), overrides)
    return changed


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return scenario_with(day_units__chemotherapy__treatments_per_week=400.0)


@pytest.fixture(scope="module")
def world(scenario: Scenario) -> World:
    return draw_world(scenario, 7, 0)


def test_each_unit_has_its_volume_and_its_days(scenario: Scenario, world: World) -> None:
    treatments, units = world.day_treatments, world.day_units
    days = Days.of(scenario.calendar)
    weekday = np.arange(days.count) % 7
    holidays = np.flatnonzero((days.weekday == SUNDAY) & (weekday != SUNDAY))
    assert holidays.size > 0
    day = (treatments.start // 24.0).astype(int)
    for number, unit in enumerate(scenario.outpatients.day_units):
        own = units.unit[treatments.place] == number
        booked = np.bincount(day[own], minlength=days.count)
        closed = weekday >= unit.open_days_per_week
        assert not booked[closed].any()
        assert booked[holidays].any() == unit.open_on_bank_holidays
        # Within four standard errors of a count that varies less than a Poisson one.
        opened = ~closed if unit.open_on_bank_holidays else ~closed & (days.weekday != SUNDAY)
        expected = unit.treatments_per_week / unit.open_days_per_week * opened.sum()
        assert booked.sum() == pytest.approx(expected, abs=4 * np.sqrt(expected))
        assert set((treatments.start[own] % 24.0).tolist()) == set(unit.shift_start_hours)


def test_chairs_are_the_same_on_every_day(scenario: Scenario, world: World) -> None:
    treatments, units = world.day_treatments, world.day_units
    booked = np.zeros_like(units.free)
    np.add.at(booked, (treatments.place, (treatments.start // 24.0).astype(int)), 1)
    rules = scenario.outpatients.day_units
    for place, unit in enumerate(units.unit.tolist()):
        opened = booked[place] > 0
        chairs = (booked + units.free)[place, opened]
        daily = rules[unit].treatments_per_week / rules[unit].open_days_per_week
        daily *= rules[unit].sites[scenario.site_names[units.site[place]]]
        least = int(np.ceil(np.round(daily * (1.0 + rules[unit].free_chairs_share), 6)))
        assert chairs.min() == least
        assert chairs.max() <= max(least, np.ceil(np.round(1.05 * daily, 6)))
        assert not units.free[place, ~opened].any()
    saturday = np.arange(units.free.shape[1]) % 7 == SATURDAY
    chemotherapy = units.unit == 0
    assert units.overtime[chemotherapy][:, saturday].all()
    assert not units.free[chemotherapy][:, saturday].any()


def test_blood_is_taken_before_the_treatment_that_needs_it(
    scenario: Scenario, world: World
) -> None:
    treatments, tubes = world.day_treatments, world.tubes
    unit = world.day_units.unit[treatments.place]
    linked = treatments.tubes >= 0
    assert not linked[~treatments.needs_results].any()
    assert linked[treatments.needs_results, 0].mean() > 0.9
    np.testing.assert_array_equal(linked[unit == 0, 0], linked[unit == 0, 1])
    assert not linked[unit == 1, 1].any()
    numbers = treatments.tubes[linked]
    assert np.unique(numbers).size == numbers.size
    assert not np.isin(numbers, world.appointments.tubes).any()
    rows, columns = np.nonzero(linked)
    np.testing.assert_array_equal(tubes.tube_type[numbers], columns)
    site = world.day_units.site[treatments.place[rows]]
    np.testing.assert_array_equal(tubes.origin[numbers], site)
    for number, rules in enumerate(scenario.outpatients.day_units):
        own = unit[rows] == number
        assert set(tubes.source[numbers[own]].tolist()) == {SOURCES.index(rules.sent_as)}
        before = treatments.start[rows[own]] - tubes.collected[numbers[own]]
        latest, earliest = sorted(rules.taken_hours_before)
        same_day = (before >= latest) & (before <= earliest)
        days = treatments.start[rows[own]] // 24.0 - tubes.collected[numbers[own]] // 24.0
        assert np.all(same_day | (days >= 1.0))
        error = np.sqrt(0.25 / own.sum())
        assert same_day.mean() == pytest.approx(rules.taken_on_the_day_share, abs=4 * error)


def _columns(world: World, parts: tuple[str, ...]) -> dict[str, np.ndarray]:
    return {
        f"{part}.{column.name}": getattr(getattr(world, part), column.name)
        for part in parts
        for column in dataclasses.fields(getattr(world, part))
    }


ROOMS = ("operations", "theatre_lists", "bleeding", "national_blood")


@pytest.mark.parametrize(
    ("change", "moved"),
    [
        ({"day_units__chemotherapy__free_chairs_share": 0.2}, {"day_units.free"}),
        ({"day_units__chemotherapy__overtime_chairs_share": 0.2}, {"day_units.overtime"}),
        ({"day_units__chemotherapy__bedside_share": 0.7}, set()),
        ({"spare_capacity_share": 0.09}, {"clinic_sessions.spare"}),
        ({"clinics__oncology__telephone_share": 0.1}, set()),
        ({"clinics__oncology__essential_share": 0.1}, {"appointments.essential"}),
        ({"seen_without_results_share": 0.1}, set()),
        (
            {"day_units__dialysis__ordinary_postponement_share": 0.1},
            {"day_treatments.ordinary_postponed"},
        ),
    ],
)
def test_a_lever_moves_no_unrelated_draw(
    world: World, scenario: Scenario, change: dict[str, object], moved: set[str]
) -> None:
    changed = scenario_with(day_units__chemotherapy__treatments_per_week=400.0, **change)
    parts = (*ROOMS, "tubes", "clinic_sessions", "appointments", "day_units", "day_treatments")
    before = _columns(world, parts)
    after = _columns(draw_world(changed, 7, 0), parts)
    assert {name for name in before if not np.array_equal(before[name], after[name])} == moved


def test_when_blood_is_taken_moves_nothing_but_that(scenario: Scenario, world: World) -> None:
    changed = scenario_with(
        day_units__chemotherapy__treatments_per_week=400.0,
        clinics__rheumatology__taken_days_before=[21, 14],
        day_units__chemotherapy__taken_on_the_day_share=0.9,
    )
    other = draw_world(changed, 7, 0)
    parts = (*ROOMS, "clinic_sessions", "day_units")
    before, after = _columns(world, parts), _columns(other, parts)
    for name, column in before.items():
        np.testing.assert_array_equal(column, after[name], err_msg=name)
    for name in ("session", "essential", "ordinary_postponed", "in_general_practice"):
        one, two = (getattr(each.appointments, name) for each in (world, other))
        np.testing.assert_array_equal(one, two, err_msg=name)
    same = world.clinic_sessions.clinic[world.appointments.session] != 1
    one, two = (
        np.where(each.appointments.tubes < 0, -1.0, each.tubes.collected[each.appointments.tubes])
        for each in (world, other)
    )
    np.testing.assert_array_equal(one[same], two[same])
    assert not np.array_equal(one[~same], two[~same])


def test_blood_of_the_day_of_a_clinic_is_taken_before_it_for_the_hospital(
    scenario: Scenario, world: World
) -> None:
    rules, appointments = scenario.outpatients, world.appointments
    urgent = SOURCES.index(rules.on_the_day_sent_as)
    numbers = appointments.tubes[:, 0]
    there = numbers >= 0
    today = there & (world.tubes.source[numbers] == urgent)
    before = world.clinic_sessions.start[appointments.session] - world.tubes.collected[numbers]
    latest, earliest = sorted(rules.on_the_day_hours_before)
    assert np.all((before[today] >= latest) & (before[today] <= earliest))
    assert not appointments.in_general_practice[today].any()
    clinic = world.clinic_sessions.clinic[appointments.session]
    for number, each in enumerate(rules.clinics):
        own = there & (clinic == number)
        error = np.sqrt(0.25 / own.sum())
        assert today[own].mean() == pytest.approx(each.taken_on_the_day_share, abs=4 * error)
        days = before[own & ~today] / 24.0
        fewest, _ = each.taken_working_days_before
        assert np.all(days > fewest - 1.0)


def test_a_unit_may_have_next_to_no_treatments() -> None:
    hardly = scenario_with(day_units__chemotherapy__treatments_per_week=1e-9)
    world = draw_world(hardly, 7, 0)
    assert not (world.day_units.unit[world.day_treatments.place] == 0).any()


def test_there_is_a_number_for_every_unit_of_every_site() -> None:
    """Of 32 sites with 16 kinds of units each, as many as a scenario may have."""
    scenario = small_scenario()
    world = draw_world(scenario, 7, 0)
    assert np.iinfo(world.day_treatments.place.dtype).max >= 32 * 16
