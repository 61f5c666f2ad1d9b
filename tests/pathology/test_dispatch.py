"""The class in which a tube waits, and the rule that holds."""

from __future__ import annotations

import numpy as np
import pytest

from disruption_sim.disruption import Timeline
from disruption_sim.pathology.dispatch import (
    CLINICAL_PRIORITY,
    FIRST_COME,
    FRESHEST_FIRST,
    dispatch_rule,
)
from disruption_sim.pathology.origins import Origins
from disruption_sim.scenario.model import Policy, Source
from disruption_sim.world.identities import sample_identities
from tests.support.levers import restriction, rule_of_dispatch
from tests.support.one_hospital import (
    OUTAGE_DAYS,
    SITE,
    WARM_UP_WEEKS,
    intake_of,
    its_world,
    one_hospital,
    with_policies,
)

pytestmark = pytest.mark.unit

SOURCES = tuple(Source)
ONSET = 168.0 * WARM_UP_WEEKS
END = ONSET + 24.0 * OUTAGE_DAYS
PRACTICE, OUTPATIENT = (
    SOURCES.index(source) for source in (Source.GENERAL_PRACTICE, Source.OUTPATIENT)
)
URGENT = SOURCES.index(Source.INPATIENT_URGENT)


def rule_at(time: float, laboratory: str, *policies: Policy) -> float:
    scenario = with_policies(*policies)
    return dispatch_rule(scenario, Timeline(scenario), laboratory).at(time)


def test_a_rule_holds_where_and_while_it_is_meant_to() -> None:
    policy = rule_of_dispatch("freshest_first", places=("hub",), lag_days=2.0, duration_days=3)
    times = (ONSET + 47.0, ONSET + 48.0, ONSET + 119.0, ONSET + 120.0)
    expected = [CLINICAL_PRIORITY, FRESHEST_FIRST, FRESHEST_FIRST, CLINICAL_PRIORITY]
    assert [rule_at(time, "hub", policy) for time in times] == expected
    assert [rule_at(time, SITE, policy) for time in times] == [CLINICAL_PRIORITY] * 4


def test_of_several_rules_the_last_in_the_file_counts() -> None:
    long = rule_of_dispatch("freshest_first")
    short = rule_of_dispatch("first_come", lag_days=1.0, duration_days=2)
    for policies, expected in (
        ((long, short), [FRESHEST_FIRST, FIRST_COME, FRESHEST_FIRST]),
        ((short, long), [FRESHEST_FIRST] * 3),
    ):
        times = (ONSET + 12.0, ONSET + 36.0, ONSET + 96.0)
        assert [rule_at(time, "hub", *policies) for time in times] == expected
    ordinary = rule_of_dispatch("clinical_priority", name="ordinary")
    assert rule_at(ONSET, "hub", long, ordinary) == CLINICAL_PRIORITY


def test_the_class_of_a_tube_is_that_of_its_source_unless_somebody_says_otherwise() -> None:
    ordinary = intake_of(()).tubes.priority
    np.testing.assert_array_equal(ordinary, its_world().tubes.source)
    for rule in ("clinical_priority", "freshest_first"):
        same = intake_of((rule_of_dispatch(rule),)).tubes.priority
        np.testing.assert_array_equal(same, ordinary)


def test_where_first_come_is_the_rule_all_that_arrive_meanwhile_have_one_class() -> None:
    start = ONSET + 36.0
    intake = intake_of(
        (rule_of_dispatch("first_come", places=("hub",), lag_days=1.5, duration_days=12.5),)
    )
    steps = len(one_hospital().pathology.steps_in_use)
    at_hub = intake.tubes.entry_station >= steps
    meanwhile = (intake.tubes.arrival >= start) & (intake.tubes.arrival < END)
    assert (intake.tubes.priority[at_hub & meanwhile] == 0).all()
    others = ~(at_hub & meanwhile)
    np.testing.assert_array_equal(intake.tubes.priority[others], its_world().tubes.source[others])
    # What was taken before the rule and arrives under it is under it.
    assert (its_world().tubes.collected[at_hub & meanwhile] < start).any()


def test_what_is_still_asked_for_under_a_restriction_goes_with_the_urgent() -> None:
    policy = restriction(
        Source.GENERAL_PRACTICE, 0.9, rest_goes_as=Source.INPATIENT_URGENT, rebound_share=0.5
    )
    intake, tubes = intake_of((policy,)), its_world().tubes
    taken = intake.tubes.collected
    meanwhile = (tubes.source == PRACTICE) & (taken >= ONSET) & (taken < END)
    assert (intake.tubes.priority[meanwhile] == URGENT).all()
    # Those that come back afterwards are ordinary again.
    np.testing.assert_array_equal(intake.tubes.priority[~meanwhile], tubes.source[~meanwhile])


def test_the_rest_never_goes_later_than_it_would_have() -> None:
    policy = restriction(Source.INPATIENT_URGENT, 0.5, rest_goes_as=Source.OUTPATIENT)
    intake = intake_of((policy,))
    np.testing.assert_array_equal(intake.tubes.priority, its_world().tubes.source)


def test_samples_asked_for_at_run_time_have_their_class_too() -> None:
    policies = (
        restriction(Source.OUTPATIENT, 0.5, rest_goes_as=Source.INPATIENT_URGENT),
        rule_of_dispatch("first_come", lag_days=7.0, duration_days=7),
    )
    intake, origins = intake_of(policies), Origins.of(one_hospital())
    collected = np.array([ONSET - 48.0, ONSET + 34.0, ONSET + 202.0])
    handed_in = intake.add(
        collected,
        np.full(3, origins.number[0, OUTPATIENT], dtype=np.uint8),
        np.zeros(3, dtype=np.uint8),
        sample_identities(OUTPATIENT, np.arange(3), 1, 0),
    )
    assert handed_in.priority.tolist() == [OUTPATIENT, URGENT, 0]
