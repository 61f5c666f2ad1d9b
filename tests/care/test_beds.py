"""Beds on hand-made nights."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from disruption_sim.care.beds import Beds
from disruption_sim.records import Bed
from disruption_sim.scenario import Scenario
from disruption_sim.world import World, draw_world
from disruption_sim.world.model import ElectiveBeds
from tests.support.small_scenario import small_scenario

pytestmark = pytest.mark.unit

WARD_BEDS, CRITICAL_BEDS = 3, 1


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return small_scenario(disruption=False)


@pytest.fixture(scope="module")
def world(scenario: Scenario) -> World:
    """Two hospitals with three beds and one; the first has an emergency in a bed on night 4."""
    drawn = draw_world(scenario, 1, 0)
    lost = np.zeros((7 * scenario.calendar.weeks, 2, 2), dtype=np.int64)
    lost[4, 0, Bed.WARD] = 1
    count = np.array([[WARD_BEDS, CRITICAL_BEDS]] * 2)
    return replace(drawn, elective_beds=ElectiveBeds(count=count, lost=lost))


def test_a_patient_is_in_a_bed_for_his_nights_and_then_it_is_free(
    scenario: Scenario, world: World
) -> None:
    beds = Beds(scenario, world)
    beds.admit(0, 2, nights=2, critical_care=False)
    assert [beds.free(0, day)[Bed.WARD] for day in range(1, 6)] == [3, 2, 2, 2, 3]
    assert beds.free(1, 2) == [WARD_BEDS, CRITICAL_BEDS]


def test_the_first_night_in_critical_care_and_the_others_in_the_ward(
    scenario: Scenario, world: World
) -> None:
    beds = Beds(scenario, world)
    beds.admit(1, 2, nights=3, critical_care=True)
    assert [beds.free(1, day) for day in (2, 3, 4, 5)] == [[3, 0], [2, 1], [2, 1], [3, 1]]


def test_day_cases_need_no_bed(scenario: Scenario, world: World) -> None:
    beds = Beds(scenario, world)
    beds.admit(1, 2, nights=0, critical_care=False)
    assert beds.free(1, 2) == [WARD_BEDS, CRITICAL_BEDS]


def test_nobody_is_sent_home_for_an_emergency(scenario: Scenario, world: World) -> None:
    beds = Beds(scenario, world)
    for _ in range(3):
        beds.admit(0, 3, nights=2, critical_care=False)
    assert beds.free(0, 4) == [0, CRITICAL_BEDS]
    count, occupied, lost = beds.records()
    assert occupied[4, 0, Bed.WARD] + lost[4, 0, Bed.WARD] == count[0, Bed.WARD] + 1


def test_stays_beyond_the_end_are_counted_to_it(scenario: Scenario, world: World) -> None:
    beds = Beds(scenario, world)
    last = 7 * scenario.calendar.weeks - 1
    beds.admit(0, last, nights=20, critical_care=False)
    _, occupied, _ = beds.records()
    assert occupied.sum() == 1
    assert occupied.shape == (last + 1, 2, 2)
