"""Levers of theatres that could never do anything are refused in words a planner can act on."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from disruption_sim.scenario import ScenarioError, load_scenario, with_overrides
from disruption_sim.scenario.faults import CrossFaults
from disruption_sim.scenario.model import Scenario
from disruption_sim.scenario.writing import plain_scenario

pytestmark = pytest.mark.unit

ELSEWHERE, EXTRA, STOP = "operations_elsewhere", "recovery_lists", "first_days_stop"


def faults_of(root: dict[str, Any]) -> list[str]:
    with pytest.raises(ValidationError) as caught:
        Scenario.model_validate(root)
    (error,) = caught.value.errors()
    assert isinstance(error["ctx"]["error"], CrossFaults)
    return [
        f"{'.'.join(map(str, fault.path))}: {fault.problem}; {fault.allowed}"
        for fault in error["ctx"]["error"].faults
    ]


def shipped() -> dict[str, Any]:
    return plain_scenario(load_scenario("synnovis-2024"))


def lever(root: dict[str, Any], name: str) -> dict[str, Any]:
    (policy,) = (policy for policy in root["policies"] if policy["name"] == name)
    found: dict[str, Any] = policy
    return found


@pytest.mark.parametrize("name", [ELSEWHERE, STOP])
def test_a_lever_for_operations_needs_a_hospital(name: str) -> None:
    root = shipped()
    lever(root, name)["places"] = ["lambeth"]
    (fault,) = faults_of(root)
    assert "there are no operations at lambeth; all, guys, st_thomas" in fault


def test_an_unknown_place_is_told_once() -> None:
    root = shipped()
    lever(root, ELSEWHERE)["places"] = ["mars"]
    (fault,) = faults_of(root)
    assert "there is no place 'mars'" in fault


def test_transfers_need_patients_who_are_eligible() -> None:
    root = shipped()
    for procedure in root["surgery"]["procedures"]:
        if procedure["grade"] == "complex":
            procedure["priority_mix"] = [0.0, 0.5, 0.5]
    lever(root, ELSEWHERE)["grades"] = ["complex"]
    (fault,) = faults_of(root)
    assert "no procedure of grade complex has patients of priority p2; grades and prio" in fault


def test_the_independent_sector_needs_patients_whom_it_takes() -> None:
    root = shipped()
    lever(root, EXTRA).update(held="independent_sector", uplift_share=0.1)
    Scenario.model_validate(root)
    for procedure in root["surgery"]["procedures"]:
        procedure["asa_mix"] = [0.0, 0.0, 1.0]
    (fault,) = faults_of(root)
    assert "held: no procedure suits the independent sector: day cases" in fault
    assert fault.endswith("; weekend, evening")
    # Switched off it does no harm.
    lever(root, EXTRA)["uplift_share"] = 0.0
    Scenario.model_validate(root)


def test_swapping_needs_somebody_who_can_come_the_next_day() -> None:
    with pytest.raises(ScenarioError) as caught:
        with_overrides(load_scenario("synnovis-2024"), {"surgery.short_notice_share": 0.0})
    (fault,) = caught.value.faults
    assert "nobody can come at short notice" in fault.problem


@pytest.mark.parametrize(
    ("key", "value", "allowed"),
    [
        ("operations_elsewhere.days_until_operation", 0, "above 0"),
        ("operations_elsewhere.cases_per_week", -1, "0 or more"),
        ("operations_elsewhere.host_displaced_share", 4, "from 0 to 3"),
        ("operations_elsewhere.priorities", ["p5"], "p2, p3, p4"),
        ("recovery_lists.held", "weekends", "weekend"),
        ("recovery_lists.staffing_limit_share", 1.5, "from 0 to 1"),
        ("recovery_lists.cost_per_list_pounds", -1, "0 or more"),
        ("swap_cases.share", 2, "from 0 to 1"),
    ],
)
def test_a_slip_of_the_keyboard_is_answered(key: str, value: object, allowed: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        with_overrides(load_scenario("synnovis-2024"), {f"policies.{key}": value})
    (fault,) = caught.value.faults
    assert allowed in fault.allowed
