"""Places in other hospitals: how many, for whom, and when."""

from __future__ import annotations

from typing import Any

import pytest

from disruption_sim.care.mutual_aid import OtherHospitals
from disruption_sim.care.patients import Patients
from disruption_sim.disruption import Timeline
from disruption_sim.scenario import Scenario
from disruption_sim.scenario.model import Grade, SurgicalMutualAid
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


def others(patients: Patients, *policies: SurgicalMutualAid) -> tuple[OtherHospitals, Scenario]:
    scenario = small_scenario().model_copy(update={"policies": policies})
    return OtherHospitals(scenario, Timeline(scenario), patients), scenario


def huddle(scenario: Scenario, day: int) -> float:
    """Return the hour of the huddle so many days after Monday of week 1."""
    return scenario.calendar.week_1_hour + 24.0 * day + 15.0


def test_places_go_to_the_most_urgent_and_then_to_who_waited_longest() -> None:
    patients = Patients(made_up_operations(6, grade=MAJOR, priority=[1, 0, 1, 0, 0, 2]))
    hospitals, scenario = others(patients, policy())
    now = huddle(scenario, 0)
    hospitals.new_day(now)
    agreed = hospitals.agree([(0, patient) for patient in reversed(range(6))], now)
    # A fifth of ten places; of the P2 patients the first two on the list.
    assert list(agreed) == [1, 3]
    assert not hospitals.have_places
    assert all(transfer.host_displaced == 0.7 for transfer in agreed.values())


def test_a_week_has_its_places_and_unused_ones_are_kept_for_a_week() -> None:
    patients = Patients(made_up_operations(40, grade=MAJOR))
    hospitals, scenario = others(patients, policy(cases_per_week=7))
    everybody = [(0, patient) for patient in range(40)]
    used = []
    for day in range(5):
        hospitals.new_day(huddle(scenario, day))
        used.append(len(hospitals.agree(everybody, huddle(scenario, day))))
    assert sum(used) == 7
    assert max(used) == 2
    for day in range(7, 21):
        hospitals.new_day(huddle(scenario, day))
    assert len(hospitals.agree(everybody, huddle(scenario, 20))) == 7


def test_only_eligible_patients_of_the_places_named_are_taken() -> None:
    grades = [GRADES.index(Grade.MINOR), MAJOR, MAJOR, COMPLEX]
    patients = Patients(made_up_operations(4, grade=grades, priority=[0, 2, 0, 0]))
    hospitals, scenario = others(patients, policy(places=["kings"], cases_per_week=100))
    kings = scenario.site_names.index("kings")
    now = huddle(scenario, 1)
    hospitals.new_day(now)
    assert list(hospitals.agree([(kings, patient) for patient in range(4)], now)) == [2, 3]
    assert not hospitals.agree([(1 - kings, patient) for patient in range(4)], now)


def test_who_is_eligible_is_known_beforehand() -> None:
    grades = [GRADES.index(Grade.MINOR), MAJOR, MAJOR, COMPLEX, MAJOR]
    operations = made_up_operations(5, grade=grades, priority=[0, 2, 0, 0, 0], site=[1, 1, 1, 1, 0])
    hospitals, scenario = others(Patients(operations), policy(places=["kings"]))
    assert scenario.site_names == ("st_thomas", "kings")
    assert hospitals.eligible().tolist() == [False, False, True, True, False]


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
        agreed = hospitals.agree([(0, patient) for patient in range(90)], huddle(scenario, day))
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
    (transfer,) = hospitals.agree([(0, 0)], now).values()
    start = scenario.surgery.session_start_hours[0]
    assert transfer.at == huddle(scenario, expected) - 15.0 + start
    assert transfer.at > now
