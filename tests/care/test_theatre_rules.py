"""Pre-assessment, the theatre book, and what counts as rebooked late."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import simpy

from disruption_sim.care.incident_rules import IncidentRules
from disruption_sim.care.patients import Patients
from disruption_sim.care.pre_assessment import (
    CHEMISTRY,
    GROUP_AND_SCREEN,
    HAEMATOLOGY,
    PreAssessment,
    SampleState,
)
from disruption_sim.care.surgery_log import rebooked_late
from disruption_sim.care.theatre_book import TheatreBook
from disruption_sim.care.working_hours import WorkingHours
from disruption_sim.disruption import Timeline
from disruption_sim.records import ExtraList
from disruption_sim.scenario import Scenario
from disruption_sim.scenario.model import RecoveryLists
from disruption_sim.world import World
from disruption_sim.world.days import Days
from tests.care.hand_made_rooms import ObligingBank, PromptLaboratories, world_of
from tests.support.small_scenario import small_scenario

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return small_scenario(disruption=False)


@pytest.fixture(scope="module")
def world(scenario: Scenario) -> World:
    """Everybody needs everything."""
    drawn = world_of(scenario)
    everybody = np.ones(drawn.operations.clock_start.size, dtype=np.bool_)
    return replace(
        drawn,
        operations=replace(
            drawn.operations, needs_results=everybody, needs_group_and_screen=everybody
        ),
    )


class Clinic:
    """Pre-assessment and its laboratories."""

    def __init__(
        self, scenario: Scenario, world: World, laboratories: PromptLaboratories | None = None
    ) -> None:
        self.laboratories = laboratories or PromptLaboratories()
        self.patients = Patients(world.operations)
        self.bank = ObligingBank()
        self.bank.env = simpy.Environment()
        self.visits = PreAssessment(
            scenario,
            Days.of(scenario.calendar),
            world,
            self.patients,
            IncidentRules(scenario, world, Timeline(scenario), self.patients),
            self.laboratories,
            self.bank,
        )

    def book(self, patient: int, now: float, start: float) -> dict[int, float]:
        """Book a patient; return when blood is newly taken, by type of tube."""
        before = self.laboratories.collected.size
        self.patients.bookings[patient] += 1
        self.laboratories.advance_to(now)
        self.visits.arrange(0, now, [(patient, start)])
        types = self.laboratories.types[before:].tolist()
        return dict(zip(types, self.laboratories.collected[before:].tolist(), strict=True))


def list_on(week: int, weekday: int) -> float:
    return 168.0 * week + 24.0 * weekday + 8.5


def test_blood_is_taken_on_a_working_day_before_the_list(scenario: Scenario, world: World) -> None:
    working = Days.of(scenario.calendar).working
    for weekday in range(7):
        start = list_on(3, weekday)
        taken = Clinic(scenario, world).book(5, 0.5, start)
        assert set(taken) == {CHEMISTRY, HAEMATOLOGY, GROUP_AND_SCREEN}
        assert taken[CHEMISTRY] == taken[HAEMATOLOGY]
        for time in taken.values():
            assert working[int(time // 24.0)]
            assert 9.0 <= time % 24.0 <= 16.0
            assert time < start
        # One to three weeks before, and sooner where a weekend comes in between.
        assert 6.0 < (start - taken[CHEMISTRY]) / 24.0 < 24.0
        # Valid for seven days: at least one day is left on the morning of the list.
        assert start - taken[GROUP_AND_SCREEN] <= 24.0 * 6.0


@pytest.mark.parametrize("validity_days", [3, 4, 7, 14])
def test_group_and_screen_is_in_date_on_the_day(validity_days: int, world: World) -> None:
    scenario = small_scenario(
        disruption=False, surgery__group_and_screen_validity_days=validity_days
    )
    for weekday in range(7):
        start = list_on(3, weekday)
        taken = Clinic(scenario, world).book(5, 100.0, start)[GROUP_AND_SCREEN]
        assert taken < start <= taken + 24.0 * validity_days


def test_a_late_booking_takes_blood_in_the_next_half_day(scenario: Scenario, world: World) -> None:
    wednesday_ten = 168.0 * 2 + 48.0 + 10.0
    taken = Clinic(scenario, world).book(5, wednesday_ten, wednesday_ten + 46.5)
    assert all(wednesday_ten + 3.0 <= time <= wednesday_ten + 6.0 for time in taken.values())


def test_results_are_kept_and_group_and_screen_is_renewed(scenario: Scenario, world: World) -> None:
    clinic = Clinic(scenario, world)
    clinic.book(5, 100.0, list_on(2, 1))
    again = clinic.book(5, list_on(2, 1), list_on(4, 1))
    assert set(again) == {GROUP_AND_SCREEN}
    soon = clinic.book(5, list_on(4, 1), list_on(4, 2))
    assert soon == {}


def test_lost_results_are_taken_again(scenario: Scenario, world: World) -> None:
    clinic = Clinic(scenario, world, PromptLaboratories(loses=lambda collected: collected < 300.0))
    first = clinic.book(5, 100.0, list_on(2, 1))
    assert max(first.values()) < 336.0
    assert CHEMISTRY in clinic.book(5, list_on(2, 1), list_on(4, 1))


def test_blood_is_taken_one_to_three_weeks_before_every_day_alike(
    scenario: Scenario, world: World
) -> None:
    clinic = Clinic(scenario, world)
    start = list_on(5, 4)
    taken = [clinic.book(patient, 0.5, start)[CHEMISTRY] for patient in range(600)]
    days = list_on(5, 4) // 24.0 - np.floor(np.array(taken) / 24.0)
    # From a Friday, seven to twenty-one days back: those of a weekend come on the Friday before.
    assert days.min() == 7
    assert days.max() == 21
    planned = np.arange(7, 22)
    weekday = (4 - planned) % 7
    expected = planned + np.where(weekday >= 5, weekday - 4, 0)
    assert days.mean() == pytest.approx(expected.mean(), abs=4 * days.std() / math.sqrt(600))


def test_results_of_blood_taken_before_the_run_are_in_hand(
    scenario: Scenario, world: World
) -> None:
    clinic = Clinic(scenario, world)
    wanted = [set(clinic.book(patient, 0.0, list_on(2, 0))) for patient in range(300)]
    # Group and screen is valid for a week, so it is still to be taken; of the results about half.
    assert all(GROUP_AND_SCREEN in types for types in wanted)
    still = sum(CHEMISTRY in types for types in wanted)
    assert 0.4 < still / 300 < 0.6
    morning = list_on(2, 0) - 1.0
    clinic.laboratories.advance_to(morning)
    cases = [(patient, list_on(2, 0)) for patient in range(300)]
    assert clinic.visits.look(cases, morning) == ({}, {})


def test_results_in_hand_are_those_reported_and_in_date(scenario: Scenario, world: World) -> None:
    clinic = Clinic(scenario, world)
    start = list_on(4, 3)
    assert not clinic.visits.results_in_hand(5, start, 0.0)
    taken = clinic.book(5, 10.0, start)[CHEMISTRY]
    assert not clinic.visits.results_in_hand(5, start, taken + 1.0)
    clinic.laboratories.advance_to(taken + 6.0)
    assert clinic.visits.results_in_hand(5, start, taken + 6.0)
    validity = 24.0 * scenario.surgery.results_validity_days
    assert clinic.visits.results_in_hand(5, taken + validity, taken + 6.0)
    assert not clinic.visits.results_in_hand(5, taken + validity + 1.0, taken + 6.0)


def test_first_week_has_everything_in_hand(scenario: Scenario, world: World) -> None:
    clinic = Clinic(scenario, world)
    assert clinic.book(5, 0.0, list_on(0, 4)) == {}
    assert clinic.visits.look([(5, list_on(0, 4))], 100.0) == ({}, {})


def test_the_state_of_samples_is_seen(scenario: Scenario, world: World) -> None:
    start = list_on(3, 3)
    clinic = Clinic(scenario, world)
    taken = clinic.book(5, 100.0, start)
    case = [(5, start)]
    now = max(taken.values()) + 1.0
    clinic.laboratories.advance_to(now)
    assert clinic.visits.look(case, now)[1] == {5: SampleState.AWAITED}
    now += 6.0
    clinic.laboratories.advance_to(now)
    assert clinic.visits.look(case, now) == ({}, {})
    weeks_later = [(5, start + 14 * 24.0)]
    assert clinic.visits.look(weeks_later, now) == ({}, {5: SampleState.OUT_OF_DATE})
    unlucky = Clinic(
        scenario, world, PromptLaboratories(loses=lambda collected: np.ones(collected.size, bool))
    )
    unlucky.book(5, 100.0, start)
    unlucky.laboratories.advance_to(now)
    assert unlucky.visits.look(case, now) == ({5: SampleState.LOST}, {5: SampleState.LOST})


def test_lost_samples_are_taken_again_in_the_next_half_day(
    scenario: Scenario, world: World
) -> None:
    start = list_on(3, 3)
    clinic = Clinic(scenario, world, PromptLaboratories(loses=lambda collected: collected < 460.0))
    first = clinic.book(5, 100.0, start)
    assert max(first.values()) < 460.0
    # Monday ten o'clock, two working days before.
    now = list_on(3, 0) + 1.5
    clinic.laboratories.advance_to(now)
    before = clinic.laboratories.collected.size
    clinic.visits.repeat_lost(0, now, [(5, start)])
    again = clinic.laboratories.collected[before:]
    assert again.size == 3
    assert np.all((again >= now + 3.0) & (again < now + 6.0))
    clinic.laboratories.advance_to(now + 12.0)
    assert clinic.visits.look([(5, start)], now + 12.0) == ({}, {})
    # What is ready is not taken again.
    clinic.visits.repeat_lost(0, now + 12.0, [(5, start)])
    assert clinic.laboratories.collected.size == before + 3


def test_half_days_skip_weekends_and_bank_holidays(scenario: Scenario) -> None:
    hours = WorkingHours(Days.of(scenario.calendar))
    friday_afternoon = 4 * 24.0 + 14.0
    assert hours.next_half_day(friday_afternoon) == (7 * 24.0 + 9.0, 7 * 24.0 + 13.0)
    assert hours.next_half_day(7 * 24.0 + 9.5) == (7 * 24.0 + 13.0, 7 * 24.0 + 16.0)
    first_day = scenario.calendar.first_day
    holiday = next(
        (day - first_day).days for day in scenario.calendar.bank_holidays if day > first_day
    )
    start, _ = hours.next_half_day(24.0 * holiday + 8.0)
    assert start == 24.0 * (holiday + 1) + 9.0


def test_a_list_has_room_up_to_its_plan_and_its_overrun(scenario: Scenario, world: World) -> None:
    patients = Patients(world.operations)
    book = TheatreBook(scenario, world, patients)
    number = int(np.argmax(world.theatre_lists.extra_kind < 0))
    assert book.room(number) == math.inf
    patient = int(np.argmin(world.operations.expected_duration))
    planned = patients.expected_duration[patient] + book.turnover
    book.book(number, patient)
    assert book.room(number) == book.length[number] + book.overrun - planned
    # Of the longest case that still fits, half is over the plan.
    longest = book.room(number, 2 * planned)
    assert planned + 0.5 * (longest + book.turnover) == pytest.approx(2 * planned)
    book.strike_out(number, patient)
    assert book.room(number) == math.inf
    assert book.used[number] == 0.0


def test_nothing_longer_than_the_list_is_planned_in_the_evening_and_elsewhere(
    scenario: Scenario, world: World
) -> None:
    for kind in (ExtraList.EVENING, ExtraList.INDEPENDENT_SECTOR):
        policy = RecoveryLists.model_validate(
            {
                "name": "recovery",
                "kind": "recovery_lists",
                "held": kind.name.lower(),
                "trigger_day": 0.0,
                "uplift_share": 0.1,
            }
        )
        with_lists = scenario.model_copy(update={"policies": (policy,)})
        book = TheatreBook(with_lists, world, Patients(world.operations))
        number = book.extra_list.index(kind)
        assert book.room(number) == book.length[number] + book.overrun


def test_lists_that_no_policy_could_open_are_not_in_the_book(
    scenario: Scenario, world: World
) -> None:
    book = TheatreBook(scenario.without_disruption(), world, Patients(world.operations))
    assert book.count == np.count_nonzero(world.theatre_lists.extra_kind < 0)
    assert set(book.extra_list) == {-1}


def test_rebooked_late_means_neither_operated_nor_removed_in_time() -> None:
    nan = np.nan
    postponed_at = np.zeros(6)
    done_at = np.array([10.0, 28.0, 29.0, nan, nan, nan])
    removed_at = np.array([nan, nan, nan, 20.0, 40.0, nan])
    late = rebooked_late(postponed_at, done_at, removed_at, 28.0, 100.0)
    np.testing.assert_array_equal(late, [False, False, True, False, True, True])
    assert not np.any(rebooked_late(postponed_at, done_at, removed_at, 28.0, 27.0))
