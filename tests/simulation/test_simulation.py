"""The rooms together: twins that are equal where they must be, and nothing lost on the way."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import numpy as np
import pytest

from disruption_sim.records import INCIDENT_CAUSES, Cause, Records
from disruption_sim.scenario import Scenario
from disruption_sim.scenario.writing import plain_scenario
from disruption_sim.simulation import simulate
from disruption_sim.world import World, draw_world
from tests.support.red_cells import assert_balanced
from tests.support.small_scenario import small_scenario

pytestmark = pytest.mark.integration

SEED = 20240603


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return small_scenario()


@pytest.fixture(scope="module")
def world(scenario: Scenario) -> World:
    return draw_world(scenario, SEED, 0)


@pytest.fixture(scope="module")
def baseline(scenario: Scenario, world: World) -> Records:
    return simulate(scenario.without_disruption(), world, "baseline")


@pytest.fixture(scope="module")
def disrupted(scenario: Scenario, world: World) -> Records:
    return simulate(scenario, world, "disrupted")


def _columns(records: Records) -> dict[str, Any]:
    return {
        f"{room.name}.{column.name}": getattr(getattr(records, room.name), column.name)
        for room in dataclasses.fields(records)
        if room.name not in ("arm", "seconds")
        for column in dataclasses.fields(getattr(records, room.name))
    }


def _assert_equal(one: Records, other: Records) -> None:
    others = _columns(other)
    for name, column in _columns(one).items():
        np.testing.assert_array_equal(column, others[name], err_msg=name)


def test_a_disruption_without_depth_and_policies_without_strength_change_no_bit(
    scenario: Scenario, world: World, baseline: Records
) -> None:
    """Everything is in place and switched off: the arms are equal to the last bit."""
    content = plain_scenario(scenario)
    for effect in content["disruptions"]:
        effect |= {"depth": 0.0, "stages": [stage | {"depth": 0.0} for stage in effect["stages"]]}
    off = {
        "demand_restriction": {"rebound_share": 0.0},
        "extra_manual_staff": {"uplift_share": 0.0, "learning_per_week": 0.0},
        "mutual_aid": {"tubes_per_day": 0.0},
        "point_of_care": {"devices": {}},
        "reroute": {"share": 0.0},
        "prioritisation": {"rule": "clinical_priority"},
        "stop_elective": {"share": 0.0},
        "group_o_cover": {"transfused_share_at_most": 0.0},
        "swap_cases": {"share": 0.0},
        "recovery_lists": {"uplift_share": 0.0},
        "surgical_mutual_aid": {"cases_per_week": 0.0},
        "standalone_analyser": {"analysers": {}},
        "offline_groups": {"share": 0.0},
        "o_positive_policy": {"uptake_share": 0.0},
        "extra_group_o": {"units": {}},
        "donor_appeal": {"extra_collections_share": 0.0},
        "group_and_screen_rationalisation": {"transfused_share_under": 0.0},
        "trauma_diversion": {"share": 0.0},
        "transfusion_reinforcement": {"extra_staff_day": {}, "extra_staff_night": {}},
        # Nothing is lost, so there is nothing to bring back first.
        "restore_first": {"lag_days": 1.0},
    }
    for policy in content["policies"]:
        policy |= off[policy["kind"]]
        if policy["kind"] == "demand_restriction":
            policy["sources"] = dict.fromkeys(policy["sources"], 0.0)
    switched_off = Scenario.model_validate(content)
    assert switched_off.disruptions
    assert switched_off.policies
    _assert_equal(simulate(switched_off, world, "disrupted"), baseline)


def test_the_same_arm_twice_is_the_same_to_the_bit(
    scenario: Scenario, world: World, disrupted: Records
) -> None:
    _assert_equal(simulate(scenario, world, "again"), disrupted)


def test_living_a_world_does_not_change_it(scenario: Scenario, world: World) -> None:
    fresh = draw_world(scenario, SEED, 0)
    simulate(scenario, fresh, "disrupted")
    for part in dataclasses.fields(world):
        if part.name in ("seed", "replication"):
            continue
        for column in dataclasses.fields(getattr(world, part.name)):
            np.testing.assert_array_equal(
                getattr(getattr(fresh, part.name), column.name),
                getattr(getattr(world, part.name), column.name),
                err_msg=f"{part.name}.{column.name}",
            )


def test_twins_are_equal_until_the_onset(
    scenario: Scenario, baseline: Records, disrupted: Records
) -> None:
    weeks = scenario.calendar.warm_up_weeks
    onset = scenario.calendar.week_1_hour
    for name in ("received", "reported", "within_standard", "discarded"):
        np.testing.assert_array_equal(
            getattr(baseline.pathology, name)[:weeks], getattr(disrupted.pathology, name)[:weeks]
        )
    np.testing.assert_array_equal(
        baseline.surgery.done_at[baseline.surgery.done_at < onset],
        disrupted.surgery.done_at[disrupted.surgery.done_at < onset],
    )
    before = baseline.transfusion.issued_at < onset
    np.testing.assert_array_equal(
        baseline.transfusion.issued_at[before],
        disrupted.transfusion.issued_at[: int(before.sum())],
    )


@pytest.mark.parametrize("arm", ["baseline", "disrupted"])
def test_nothing_is_lost(
    arm: str, scenario: Scenario, world: World, request: pytest.FixtureRequest
) -> None:
    records: Records = request.getfixturevalue(arm)
    pathology = records.pathology
    useless = pathology.discarded + pathology.rejected
    assert pathology.received.sum() == (
        pathology.reported.sum() + useless.sum() + pathology.waiting_at_end
    )
    np.testing.assert_array_equal(pathology.abandoned + pathology.rebled, useless)
    assert pathology.utilisation.max() <= 1.0 + 1e-9

    surgery = records.surgery
    joined = world.operations.clock_start < scenario.calendar.end_hour
    treated = np.isfinite(surgery.done_at)
    removed = np.isfinite(surgery.removed_at)
    assert not (treated & removed).any()
    assert not (treated & ~joined).any()
    waiting = joined & ~treated & ~removed
    assert joined.sum() == treated.sum() + removed.sum() + waiting.sum()
    assert (surgery.done_at[treated] >= world.operations.clock_start[treated]).all()
    assert set(np.unique(surgery.postponed_cause)) <= set(range(len(Cause)))

    assert_balanced(records.transfusion)


def test_a_patient_is_postponed_only_from_a_list_after_joining_and_before_treatment(
    world: World, disrupted: Records
) -> None:
    surgery = disrupted.surgery
    patient = surgery.postponed_patient
    assert (surgery.postponed_decided_at <= surgery.postponed_at).all()
    assert (world.operations.clock_start[patient] <= surgery.postponed_at).all()
    done = surgery.done_at[patient]
    finished = np.isfinite(done)
    assert (done[finished] > surgery.postponed_at[finished]).all()


def _postponed_by_the_incident(records: Records) -> int:
    codes = [int(cause) for cause in INCIDENT_CAUSES]
    return int(np.isin(records.surgery.postponed_cause, codes).sum())


def test_the_outage_postpones_operations_and_appointments(
    baseline: Records, disrupted: Records
) -> None:
    assert _postponed_by_the_incident(disrupted) > 5 * max(1, _postponed_by_the_incident(baseline))
    assert (
        disrupted.outpatients.postponed_appointment.size
        > baseline.outpatients.postponed_appointment.size
    )
    week = disrupted.pathology.reported.shape[0] - 8
    assert disrupted.pathology.reported[week].sum() < 0.9 * baseline.pathology.reported[week].sum()


def test_transfusion_back_earlier_needs_less_group_o(
    scenario: Scenario, world: World, disrupted: Records
) -> None:
    content = plain_scenario(scenario)
    for effect in content["disruptions"]:
        if effect["name"] == "transfusion_it":
            effect["duration_days"] = 3.0
    sooner = simulate(Scenario.model_validate(content), world, "sooner")

    def group_o_unmatched(records: Records) -> int:
        blood = records.transfusion
        return int(blood.issued_units[np.isin(blood.issued_route, [0, 3])].sum())

    assert group_o_unmatched(sooner) < group_o_unmatched(disrupted)


def test_two_overlapping_outages_do_not_end_each_other(
    scenario: Scenario, world: World, disrupted: Records
) -> None:
    """A short outage inside a long one: its end must not bring back what the long one took."""
    content = plain_scenario(scenario)
    start = scenario.calendar.onset + dt.timedelta(days=2)
    inner = content["disruptions"][0] | {
        "name": "short_one",
        "places": ["all"],
        "start": start,
        "duration_days": 2.0,
        "depth": 1.0,
    }
    content["disruptions"].append(inner)
    both = simulate(Scenario.model_validate(content), world, "both")
    # The long outage has depth 1 everywhere, so the short one inside it changes nothing at all.
    _assert_equal(both, disrupted)
