"""Levers that cannot work are refused in words a planner can act on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from disruption_sim.scenario import ScenarioError, load_scenario, with_overrides, write_scenario
from disruption_sim.scenario.events import MOST_UTILISATION
from disruption_sim.scenario.faults import CrossFaults
from disruption_sim.scenario.model import MutualAid, Scenario
from disruption_sim.scenario.writing import plain_scenario
from tests.support.levers import helper

pytestmark = pytest.mark.unit

AID, BEDSIDE = "mutual_aid_lambeth_and_southwark", "bedside_devices"
OTHER_WAY, RULE = "outpatients_to_kings", "rule_of_dispatch"


def faults_with(policy_name: str, **changes: object) -> list[str]:
    """Change one of the shipped levers, write the scenario, read it, and return its faults."""
    root: dict[str, Any] = plain_scenario(load_scenario("synnovis-2024"))
    (policy,) = (policy for policy in root["policies"] if policy["name"] == policy_name)
    policy |= changes
    with pytest.raises(ValidationError) as caught:
        Scenario.model_validate(root)
    (error,) = caught.value.errors()
    assert isinstance(error["ctx"]["error"], CrossFaults)
    return [
        f"{'.'.join(map(str, fault.path[2:]))}: {fault.problem}; {fault.allowed}"
        for fault in error["ctx"]["error"].faults
    ]


@pytest.mark.parametrize(
    ("policy", "changes", "words"),
    [
        (
            AID,
            {"tubes_per_day": 4000.0},
            "tubes_per_day: 4000 tubes a day are more than the helper can take beside its own "
            "9000: its 20 people would be busy 100% of the time; up to 3686 tubes a day",
        ),
        (AID, {"sources": ["pre_assessment"]}, "sources: blood for pre-assessment is arranged"),
        (AID, {"tube_types": ["group_and_screen"]}, "tube_types: group-and-screen samples stay"),
        (
            "restrict_general_practice_last_three",
            {"places": ["guys"]},
            "places: no samples of general_practice are taken there; boroughs for general_prac",
        ),
        (
            AID,
            {"places": ["kings_college"]},
            "places: no samples of general_practice are taken there; boroughs for general_prac",
        ),
        (
            AID,
            {"tube_types": ["microbiology"]},
            "tube_types: microbiology is not switched on, so the lever has nothing to move; chem",
        ),
        (
            AID,
            {"helper": helper(own_tubes_per_day=1e9).model_dump()},
            "helper.own_tubes_per_day: takes 2170139 people in one step of the helper; up to 10000",
        ),
        (
            OTHER_WAY,
            {"sources": ["emergency_department"]},
            "sources: no such samples of emergency_department go to hub; sources whose laboratory",
        ),
        (OTHER_WAY, {"tube_types": ["histology"]}, "tube_types: histology is not switched on"),
        (BEDSIDE, {"devices": {"st_elsewhere": 2}}, "st_elsewhere: there is no site 'st_elsewh"),
        (OTHER_WAY, {"to_laboratory": "lambeth"}, "there is no laboratory 'lambeth'; guys, st_"),
        (OTHER_WAY, {"to_laboratory": "hub"}, "to the laboratory from which they are taken"),
        (OTHER_WAY, {"tube_types": ["group_and_screen"]}, "group-and-screen samples stay"),
        (RULE, {"places": ["lambeth"]}, "places: there is no laboratory where this rule could"),
        (RULE, {"ramp_days": 3.0}, "ramp_days: a rule holds or does not hold; lag_days"),
    ],
)
def test_a_lever_that_cannot_work_is_refused(
    policy: str, changes: dict[str, object], words: str
) -> None:
    (fault,) = faults_with(policy, **changes)
    assert words in fault


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("rule: clinical_priority", "rule: clinical", "allowed: first_come, clinical_priority"),
        (
            "sources: [emergency_department, theatre_and_intensive_care]",
            "sources: [general_practice]",
            "allowed: theatre_and_intensive_care, emergency_department, inpatient_urgent",
        ),
        (
            "rest_goes_as: inpatient_urgent",
            "rest_goes_as: inpatient_urgnt",
            "did you mean 'inpatient_urg",
        ),
    ],
)
def test_a_wrong_word_is_answered_with_the_right_ones(
    old: str, new: str, words: str, tmp_path: Path
) -> None:
    path = tmp_path / "mine.yaml"
    write_scenario(load_scenario("synnovis-2024"), path)
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path)
    assert words in str(caught.value)


def test_the_most_that_a_helper_takes_makes_it_as_busy_as_may_be() -> None:
    laboratory = helper()
    busy = laboratory.own_load + (
        laboratory.most_tubes_per_day / laboratory.open_hours * laboratory.our_minutes / 60.0
    )
    assert busy / laboratory.people == pytest.approx(MOST_UTILISATION)
    assert laboratory.own_load / laboratory.people <= laboratory.planned_utilisation


def test_levers_are_checked_beside_a_source_without_rules() -> None:
    overrides = {"pathology.sources.outpatient.name": "pre_assessment"}
    with pytest.raises(ScenarioError):
        with_overrides(load_scenario("synnovis-2024"), overrides)


@pytest.mark.parametrize(
    ("key", "value", "problem", "allowed"),
    [
        # More staff than a laboratory, or the memory of a computer, can hold.
        ("reinforce_manual_work.uplift_share", 1e9, "out of range", "a number from 0 to 100"),
        ("restrict_inpatients.sources", {}, "is an empty section", "inpatient_routine"),
    ],
)
def test_a_slip_of_the_keyboard_is_refused(
    key: str, value: object, problem: str, allowed: str
) -> None:
    with pytest.raises(ScenarioError) as caught:
        with_overrides(load_scenario("synnovis-2024"), {f"policies.{key}": value})
    (fault,) = caught.value.faults
    assert problem in fault.problem
    assert allowed in fault.allowed


def test_a_helper_has_nobody_for_a_rounding_error() -> None:
    # 2.1 / 0.7 is a little above 3 in binary fractions.
    assert helper(
        own_tubes_per_day=2016.0, open_hours=16.0, minutes=1.0, planned_utilisation=0.7
    ).people == 3  # fmt: skip


def test_the_whole_range_of_the_shipped_help_can_be_given() -> None:
    scenario = load_scenario("synnovis-2024")
    ranges = {record.key: record.high for record in scenario.provenance}
    for policy in scenario.policies:
        if isinstance(policy, MutualAid):
            high = ranges[f"policies.{policy.name}.tubes_per_day"]
            assert high is not None
            assert high <= policy.helper.most_tubes_per_day
