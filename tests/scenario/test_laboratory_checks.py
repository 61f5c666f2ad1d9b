"""What is wrong with laboratories is said in plain words, with what would be right."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from disruption_sim.scenario import Scenario, ScenarioError, load_scenario, with_overrides
from disruption_sim.scenario.model import BLOOD_TYPES, Source, Step, TubeType

pytestmark = pytest.mark.unit

STEPS = "pathology.steps"
GENERAL_PRACTICE = "pathology.sources.general_practice"


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return load_scenario("synnovis-2024")


def difference(**changes: object) -> Mapping[str, object]:
    own = {"laboratory": "kings", "step": "booking_in", **changes}
    return {"pathology.laboratory_differences": [own]}


@pytest.mark.parametrize(
    ("overrides", "problem", "allowed"),
    [
        (
            {f"{STEPS}.booking_in.planned_utilisation": 0.5},
            "the people of a laboratory share this step, so it has no places of its own",
            "pathology.people",
        ),
        (
            {f"{STEPS}.reporting.least_servers": 3},
            "the people of a laboratory share this step",
            "pathology.people",
        ),
        (
            {f"{STEPS}.chemistry.planned_utilisation": None},
            "is missing",
            "planned_utilisation and least_servers, or unlimited",
        ),
        ({f"{STEPS}.review.least_servers": 3}, "has no meaning beside unlimited", "one of the two"),
        (
            {f"{STEPS}.chemistry.rejected_share": {"chemistry": 0.01}},
            "samples are refused where they are received",
            "booking_in, group_and_screen",
        ),
        (
            {f"{STEPS}.booking_in.rejected_share": {"group_and_screen": 0.01}},
            "such tubes do not pass this step",
            "chemistry, haematology, coagulation, microbiology, histology",
        ),
        (
            {f"{STEPS}.preparation.minutes.histology": 3.0},
            "such tubes do not pass this step",
            "chemistry, haematology, coagulation",
        ),
        (
            {f"{STEPS}.booking_in.minutes": {"chemistry": 1.0, "haematology": 1.0}},
            "no minutes for coagulation",
            "minutes for every tube type that passes",
        ),
        (
            {f"{STEPS}.chemistry.breakdowns.days_between": 0},
            "0 is out of range",
            "a number from 0.1 to 36,500",
        ),
        (
            {"pathology.switched_on": ["cytology"]},
            "'cytology' is none of the names",
            "microbiology, histology",
        ),
        (
            {"pathology.switched_on": ["histology", "histology"]},
            "'histology' stands 2 times",
            "each kind once",
        ),
        (
            {"pathology.people.back_entry_class": "wards"},
            "'wards' is none of the names",
            "general_practice",
        ),
        (
            {f"{GENERAL_PRACTICE}.laboratory": "local"},
            "practices have no laboratory of their own",
            "hub",
        ),
        (
            {f"{GENERAL_PRACTICE}.laboratory_by_tube_type": {"chemistry": "local"}},
            "practices have no laboratory of their own",
            "hub",
        ),
        (
            {"pathology.sources.outpatient.laboratory_by_tube_type": {"group_and_screen": "hub"}},
            "group-and-screen samples stay with the blood they are for",
            "other tube types",
        ),
        (
            {f"{GENERAL_PRACTICE}.tube_mix": {"chemistry": 0.5, "microbiology": 0.5}},
            "the shares add up to 0.5",
            "shares that add up to 1",
        ),
        (difference(laboratory="leeds"), "there is no laboratory 'leeds'", "kings"),
        (
            difference(step="preparation", manual_minutes={"chemistry": 3.0}),
            "this step does not change when information technology is lost",
            "booking_in",
        ),
        (
            difference(step="chemistry", minutes={"haematology": 3.0}),
            "such tubes do not pass this step",
            "chemistry",
        ),
    ],
)
def test_a_faulty_laboratory_is_named(
    overrides: Mapping[str, object], problem: str, allowed: str, scenario: Scenario
) -> None:
    with pytest.raises(ScenarioError) as caught:
        with_overrides(scenario, overrides)
    (fault,) = caught.value.faults
    assert problem in fault.problem
    assert allowed in fault.allowed


def test_a_laboratory_differs_in_each_step_once(scenario: Scenario) -> None:
    own = {"laboratory": "kings", "step": "booking_in", "minutes": {"chemistry": 2.0}}
    with pytest.raises(ScenarioError, match="kings and booking_in stand together before"):
        with_overrides(scenario, {"pathology.laboratory_differences": [own, own]})


def test_what_is_switched_on_needs_minutes_and_what_is_off_does_not(scenario: Scenario) -> None:
    blood_alone = {f"{STEPS}.booking_in.minutes": {t.value: 1.0 for t in BLOOD_TYPES[:3]}}
    with_overrides(scenario, blood_alone)
    with pytest.raises(ScenarioError, match="no minutes for histology"):
        with_overrides(scenario, {**blood_alone, "pathology.switched_on": ["histology"]})


def test_blood_adds_up_whatever_else_is_sent(scenario: Scenario) -> None:
    for source in scenario.pathology.sources:
        assert sum(source.blood_mix.values()) == pytest.approx(1.0, abs=1e-12)
        for tube_type in BLOOD_TYPES:
            share = source.tube_mix[tube_type] / sum(source.tube_mix[t] for t in BLOOD_TYPES)
            assert source.samples_per_blood_sample(tube_type) == pytest.approx(share)


def test_microbiology_and_histology_have_the_published_volumes(scenario: Scenario) -> None:
    """About 1.0 million microbiology tests a year; 1482 specimens a week at one teaching centre."""
    weekly = dict.fromkeys((TubeType.MICROBIOLOGY, TubeType.HISTOLOGY), 0.0)
    for source in scenario.pathology.sources:
        tubes = sum(site.tubes_per_weekday.get(source.name, 0.0) for site in scenario.network.sites)
        if source.name is Source.GENERAL_PRACTICE:
            tubes = sum(borough.tubes_per_weekday for borough in scenario.network.boroughs)
        days = sum(source.weekday_profile) / (sum(source.weekday_profile[:5]) / 5)
        for tube_type in weekly:
            weekly[tube_type] += days * tubes * source.samples_per_blood_sample(tube_type)
    assert weekly[TubeType.MICROBIOLOGY] * 365 / 7 == pytest.approx(1.0e6, rel=0.05)
    assert weekly[TubeType.HISTOLOGY] == pytest.approx(1482, rel=0.05)


def test_a_laboratory_has_its_own_minutes_and_the_rest_of_the_step(scenario: Scenario) -> None:
    changed, _ = with_overrides(scenario, difference(manual_minutes={"chemistry": 6.0}))
    rules = changed.pathology
    usual, own = (rules.step_at(name, Step.BOOKING_IN) for name in ("guys", "kings"))
    assert usual == rules.step(Step.BOOKING_IN)
    assert own.manual_minutes == {**usual.manual_minutes, TubeType.CHEMISTRY: 6.0}
    assert own.minutes == usual.minutes
    assert own.rejected_share == usual.rejected_share
