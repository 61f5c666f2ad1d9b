"""Places in other hospitals: how many, for whom, and when."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import pytest
import simpy

from disruption_sim.care.incident_rules import IncidentRules
from disruption_sim.care.mutual_aid import OtherHospitals
from disruption_sim.care.patients import Patients, Stage
from disruption_sim.disruption import Timeline
from disruption_sim.scenario import Scenario
from disruption_sim.scenario.model import Grade, GroupOCover, Policy, SurgicalMutualAid
from disruption_sim.world import World, draw_world
from tests.care.hand_made_rooms import ObligingBank
from tests.care.made_up_operations import made_up_operations
from tests.support.small_scenario import small_scenario

pytestmark = pytest.mark.unit

GRADES = tuple(Grade)
MAJOR, COMPLEX = GRADES.index(Grade.MAJOR), GRADES.index(Grade.COMPLEX)


def policy(**changes: object) -> SurgicalMutualAid:
    values: dict[str, Any] = {
        "kind": "surgical_mutual_aid",
        "name": "elsewhere",
        "trigger_day": 0,
        "duration_days": 28,
        "grades": ["major", "complex"],
        "priorities": ["p2", "p3"],
        "cases_per_week": 10,
        "days_until_operation": 5,
        "host_displaced_share": 0.7,
    }
    return SurgicalMutualAid.model_validate(values | changes)


def others(
    patients: Patients, *policies: Policy, electronic: bool = True
) -> tuple[OtherHospitals, Scenario]:
    scenario = small_scenario().model_copy(update={"policies": policies})
    timeline = Timeline(scenario)
    rules = IncidentRules(scenario, small_world(), timeline, patients)
    bank = ObligingBank(lambda now: electronic)
    bank.env = simpy.Environment()
    return OtherHospitals(scenario, timeline, patients, rules, bank), scenario


@lru_cache(maxsize=1)
def small_world() -> World:
    """Return a world, for its keys."""
    return draw_world(small_scenario(), 1, 0)


def huddle(scenario: Scenario, day: int) -> float:
    """Return the hour of the huddle so many days after Monday of week 1."""
    return scenario.calendar.week_1_hour + 24.0 * day + 15.0


def test_places_go_to_the_most_urgent_and_then_to_who_waited_longest() -> None:
    patients = Patients(made_up_operations(6, grade=MAJOR, priority=[1, 0, 1, 0, 0, 2]))
    hospitals, scenario = others(patients, policy())
    now = huddle(scenario, 0)
    hospitals.new_day(now)
    agreed = hospitals.agree(reversed(range(6)), now)
    # A fifth of ten places; of the P2 patients the first two on the list.
    assert list(agreed) == [1, 3]
    assert not hospitals.have_places
    assert all(transfer.host_displaced == 0.7 for transfer in agreed.values())


def test_a_week_has_its_places_and_unused_ones_are_kept_for_a_week() -> None:
    patients = Patients(made_up_operations(40, grade=MAJOR))
    hospitals, scenario = others(patients, policy(cases_per_week=7))
    used = []
    for day in range(5):
        hospitals.new_day(huddle(scenario, day))
        used.append(len(hospitals.agree(range(40), huddle(scenario, day))))
    assert sum(used) == 7
    assert max(used) == 2
    for day in range(7, 21):
        hospitals.new_day(huddle(scenario, day))
    assert len(hospitals.agree(range(40), huddle(scenario, 20))) == 7


def test_only_eligible_patients_of_the_places_named_are_taken() -> None:
    grades = [GRADES.index(Grade.MINOR), MAJOR, MAJOR, COMPLEX, MAJOR]
    operations = made_up_operations(5, grade=grades, priority=[0, 2, 0, 0, 0], site=[1, 1, 1, 1, 0])
    hospitals, scenario = others(Patients(operations), policy(places=["kings"], cases_per_week=100))
    assert scenario.site_names == ("st_thomas", "kings")
    now = huddle(scenario, 1)
    hospitals.new_day(now)
    assert list(hospitals.agree(range(5), now)) == [2, 3]


def test_of_those_who_wait_only_whom_nobody_can_book_here_are_asked() -> None:
    cover = GroupOCover(
        kind="group_o_cover",
        name="cover",
        trigger_day=0,
        transfused_share_at_most=0.05,
        least_group_o_stock_days=0.0,
    )
    shares = [p.transfused_share for p in small_scenario().surgery.procedures]
    bleeds, seldom = shares.index(max(shares)), shares.index(min(shares))
    operations = made_up_operations(
        8,
        grade=MAJOR,
        procedure=[bleeds, bleeds, seldom, seldom, bleeds, bleeds, seldom, seldom],
        needs_group_and_screen=[True, True, True, True, False, True, True, False],
        antibodies=[False, False, False, True, False, False, False, False],
        available_from=[-1, 1e5, -1, -1, -1, -1, -1, -1],
    )

    def agreed(*, electronic: bool) -> list[int]:
        patients = Patients(operations)
        patients.stage[:] = bytes([Stage.WAITING] * 8)
        patients.stage[5] = Stage.BOOKED
        hospitals, scenario = others(
            patients, policy(cases_per_week=100), cover, electronic=electronic
        )
        hospitals.postponed(7)
        now = huddle(scenario, 1)
        hospitals.new_day(now)
        return [transfer.patient for transfer in hospitals.agree_with_waiting(now)]

    # Who needs blood that cannot be had (0, 3), not who is unavailable (1), may go ahead on group O
    # (2, 6), needs none (4) or has a date (5); and whom the incident has postponed (7).
    assert agreed(electronic=False) == [0, 3, 7]
    assert agreed(electronic=True) == [7]


def test_there_is_no_place_before_and_after() -> None:
    patients = Patients(made_up_operations(3, grade=MAJOR))
    hospitals, scenario = others(patients, policy())
    for day, places in ((-1, False), (0, True), (27, True), (28, False)):
        hospitals.new_day(huddle(scenario, day))
        assert hospitals.have_places is places


def test_a_ramp_brings_fewer_places_at_first() -> None:
    patients = Patients(made_up_operations(90, grade=MAJOR))
    hospitals, scenario = others(patients, policy(cases_per_week=50, ramp_days=14))
    used = []
    for day in range(21):
        if day % 7 < 5:
            hospitals.new_day(huddle(scenario, day))
        agreed = hospitals.agree(range(90), huddle(scenario, day))
        used.append(len(agreed))
    assert sum(used[:7]) < sum(used[7:14]) < sum(used[14:]) == 50


@pytest.mark.parametrize(
    ("day", "days_until", "expected"), [(0, 5, 7), (0, 1, 1), (1, 0.5, 2), (3, 2, 7), (4, 10, 14)]
)
def test_the_operation_is_on_a_working_day_that_far_away(
    day: int, days_until: float, expected: int
) -> None:
    patients = Patients(made_up_operations(1, grade=MAJOR))
    hospitals, scenario = others(patients, policy(days_until_operation=days_until))
    now = huddle(scenario, day)
    hospitals.new_day(now)
    (transfer,) = hospitals.agree([0], now).values()
    start = scenario.surgery.session_start_hours[0]
    assert transfer.at == huddle(scenario, expected) - 15.0 + start
    assert transfer.at > now
