"""What is drawn of patients who bleed outside planned operations."""

from __future__ import annotations

import dataclasses
import hashlib

import numpy as np
import numpy.typing as npt
import pytest

from disruption_sim.scenario import Scenario, load_scenario
from disruption_sim.world.blood import (
    IMMEDIATE,
    KINDS,
    LEAST_MAJOR_HAEMORRHAGE_UNITS,
    MAJOR_HAEMORRHAGE,
    draw_bleeding,
)
from disruption_sim.world.days import Days
from disruption_sim.world.model import USES, BleedingEpisodes

pytestmark = pytest.mark.unit


def drawn(scenario: Scenario, **rules: object) -> BleedingEpisodes:
    transfusion = scenario.transfusion.model_copy(update=rules)
    changed = scenario.model_copy(update={"transfusion": transfusion})
    return draw_bleeding(changed, Days.of(changed.calendar), 1, 0)


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return load_scenario("synnovis-2024")


@pytest.fixture(scope="module")
def bleeding(scenario: Scenario) -> BleedingEpisodes:
    return drawn(scenario)


def share(flags: npt.NDArray[np.bool_]) -> float:
    return float(flags.mean())


def test_shares_are_those_of_the_scenario(scenario: Scenario, bleeding: BleedingEpisodes) -> None:
    """Within four standard errors."""
    rules = scenario.transfusion
    for flags, expected in (
        (bleeding.antibodies, rules.antibody_positive_share),
        (bleeding.always_crossmatched[~bleeding.antibodies], rules.always_crossmatched_share),
        (bleeding.history_on_file, rules.history_on_file_share),
        (bleeding.o_positive_eligible, rules.o_positive_eligible_share),
        (
            bleeding.trauma[bleeding.use == MAJOR_HAEMORRHAGE],
            rules.major_haemorrhage.trauma_share,
        ),
    ):
        error = np.sqrt(expected * (1.0 - expected) / flags.size)
        assert share(flags) == pytest.approx(expected, abs=4.0 * error)
    assert not (bleeding.antibodies & bleeding.always_crossmatched).any()
    assert not bleeding.fresh.any()


def test_most_may_have_electronic_issue(bleeding: BleedingEpisodes) -> None:
    assert 0.75 < share(~(bleeding.antibodies | bleeding.always_crossmatched)) < 0.9


def test_the_injured_are_those_of_trauma_and_some_who_bleed_heavily(
    bleeding: BleedingEpisodes,
) -> None:
    trauma, heavy = bleeding.use == USES.index("trauma"), bleeding.use == MAJOR_HAEMORRHAGE
    assert bleeding.trauma[trauma].all()
    assert not bleeding.trauma[~trauma & ~heavy].any()
    assert 0 < share(bleeding.trauma[heavy]) < 1


def test_samples_are_tested_by_kind_and_the_injured_have_none(
    scenario: Scenario, bleeding: BleedingEpisodes
) -> None:
    shares = scenario.transfusion.tested_sample_shares
    for name, kind in KINDS.items():
        chosen = (bleeding.use == USES.index(kind.use)) & (bleeding.urgency == kind.urgency)
        assert share(bleeding.tested_sample[chosen]) == pytest.approx(shares[name], abs=0.05)
    heavy = bleeding.use == MAJOR_HAEMORRHAGE
    for injured, name in ((True, "trauma"), (False, "medical_urgent")):
        chosen = heavy & (bleeding.trauma == injured)
        assert share(bleeding.tested_sample[chosen]) == pytest.approx(shares[name], abs=0.08)


def test_a_major_haemorrhage_is_immediate_and_takes_five_units_or_more(
    scenario: Scenario, bleeding: BleedingEpisodes
) -> None:
    heavy = bleeding.use == MAJOR_HAEMORRHAGE
    assert bleeding.units[heavy].min() >= LEAST_MAJOR_HAEMORRHAGE_UNITS
    assert (bleeding.urgency[heavy] == IMMEDIATE).all()
    mean = scenario.transfusion.major_haemorrhage.mean_units
    assert bleeding.units[heavy].mean() == pytest.approx(mean, abs=0.3)


QUESTIONS: dict[str, dict[str, object]] = {
    "always_crossmatched": {"always_crossmatched_share": 0.5},
    "history_on_file": {"history_on_file_share": 0.1},
    "tested_sample": {
        "tested_sample_shares": {
            "medical_routine": 0.1,
            "medical_urgent": 0.1,
            "obstetric": 0.1,
            "trauma": 0.9,
        }
    },
    "o_positive_eligible": {"o_positive_eligible_share": 0.2},
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_another_answer_to_one_question_leaves_all_others(
    scenario: Scenario, bleeding: BleedingEpisodes, question: str
) -> None:
    other = drawn(scenario, **QUESTIONS[question])
    for field in dataclasses.fields(BleedingEpisodes):
        same = np.array_equal(getattr(bleeding, field.name), getattr(other, field.name))
        assert same == (field.name != question), field.name


def test_fresh_needs_can_be_switched_on(scenario: Scenario, bleeding: BleedingEpisodes) -> None:
    needs = scenario.transfusion.fresh_needs.model_copy(update={"share": 0.05})
    other = drawn(scenario, fresh_needs=needs)
    assert share(other.fresh) == pytest.approx(0.05, abs=0.01)
    np.testing.assert_array_equal(other.time, bleeding.time)


def test_times_units_and_groups_are_those_drawn_before_there_was_more_to_know(
    bleeding: BleedingEpisodes,
) -> None:
    """New columns have streams of their own: what is recorded here was drawn without them."""
    digest = hashlib.sha256()
    for name in ("time", "site", "use", "urgency", "blood_group", "units", "antibodies"):
        digest.update(np.ascontiguousarray(getattr(bleeding, name)).tobytes())
    assert digest.hexdigest()[:16] == "c3941a40747dd60b"
