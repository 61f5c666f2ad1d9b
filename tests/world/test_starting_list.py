"""The starting list is one in balance: against closed forms and against a list that was lived."""

from __future__ import annotations

import dataclasses
from functools import lru_cache

import numpy as np
import pytest
from scipy import integrate

from disruption_sim.scenario import Scenario
from disruption_sim.world.days import Days
from disruption_sim.world.flows import flows
from disruption_sim.world.model import REMOVAL_REASONS, Operations
from disruption_sim.world.surgery import ListInBalance, draw_operations
from tests.support.small_scenario import small_scenario

pytestmark = pytest.mark.unit

WEEK = 168.0


def scenario_with(**changes: object) -> Scenario:
    values: dict[str, object] = {"surgery.elective_admissions_per_week": 4000.0}
    values |= {key.replace("__", "."): value for key, value in changes.items()}
    return small_scenario(disruption=False, **values)  # type: ignore[arg-type]


@lru_cache(maxsize=16)
def operations_with(**changes: object) -> Operations:
    scenario = scenario_with(**changes)
    return draw_operations(scenario, Days.of(scenario.calendar), 20240603, 0)


@pytest.mark.parametrize("leaving", [0.0, 0.02])
@pytest.mark.parametrize("share", [0.0, 0.2])
def test_ages_are_those_of_everybody_up_to_the_longest_wait_and_of_the_unavailable_after_it(
    leaving: float, share: float
) -> None:
    longest, weeks = 12.0, 9.0
    waiting = ListInBalance(longest, leaving, share, weeks)

    def still_there(age: float) -> float:
        stayed = np.exp(-leaving * age)
        return float(stayed if age <= longest else stayed * share * np.exp(-age / weeks))

    size = integrate.quad(still_there, 0.0, 300.0, points=[longest], limit=200)[0]
    assert waiting.weeks_of_referrals == pytest.approx(size, rel=1e-6)
    uniform = (np.arange(100_000) + 0.5) / 100_000
    ages = waiting.ages(uniform)
    assert np.all(np.diff(ages) >= 0.0)
    for limit in (2.0, longest, 20.0):
        younger = integrate.quad(still_there, 0.0, limit, points=[min(limit, longest)])[0]
        assert np.mean(ages <= limit) == pytest.approx(younger / size, abs=1e-4)


def test_a_list_that_is_lived_for_years_looks_like_the_starting_list() -> None:
    """Patients come at random, wait their turn or until they are available, and some leave."""
    rng = np.random.default_rng(5)
    longest, weeks, share, leaving, rate, years = 10.0, 16.0, 0.1, 0.01, 40.0, 60.0
    came = rng.uniform(0.0, 52.0 * years, rng.poisson(rate * 52.0 * years))
    away = np.where(rng.random(came.size) < share, rng.exponential(weeks, came.size), 0.0)
    stays = np.minimum(np.maximum(longest, away), rng.exponential(1.0 / leaving, came.size))
    looks = np.arange(10.0, 52.0 * years, 13.0) + 100.0
    looks = looks[looks < 52.0 * years]
    here = [(came <= look) & (look < came + stays) for look in looks]
    ages = np.concatenate([look - came[on] for look, on in zip(looks, here, strict=True)])
    waiting = ListInBalance(longest, leaving, share, weeks)
    assert ages.size / looks.size == pytest.approx(rate * waiting.weeks_of_referrals, rel=0.02)
    expected = waiting.ages(rng.random(100_000))
    for limit in (5.0, longest, 15.0, 30.0):
        assert np.mean(ages <= limit) == pytest.approx(np.mean(expected <= limit), abs=0.01)


def test_the_starting_list_has_the_usual_size() -> None:
    scenario = scenario_with()
    operations = operations_with()
    for flow in flows(scenario):
        own = (operations.site == flow.site) & (operations.specialty == flow.specialty)
        usual = flow.treated * scenario.surgery.specialties[flow.specialty].usual_wait_weeks
        found = np.count_nonzero(own & (operations.clock_start < 0.0))
        assert found == pytest.approx(usual, abs=4.0 * np.sqrt(usual))


def test_p2_and_p3_on_the_starting_list_are_within_their_windows() -> None:
    rules = scenario_with().surgery
    operations = operations_with()
    waited = -operations.clock_start / 24.0
    on_list = waited > 0.0
    assert np.all(waited[on_list & (operations.priority == 0)] < rules.p2_window_days)
    p3 = on_list & (operations.priority == 1)
    available = operations.available_from <= 0.0
    assert np.all(waited[p3 & available] < rules.p3_window_days)


def test_the_unavailable_are_as_many_as_their_referrals_and_time_say() -> None:
    """Little's law, and P2 are never among them."""
    scenario = scenario_with(surgery__removals__share_per_week=0.0)
    operations = operations_with(surgery__removals__share_per_week=0.0)
    away = scenario.surgery.unavailable
    on_list = operations.clock_start < 0.0
    not_p2 = operations.priority > 0
    later = operations.available_from > operations.clock_start
    assert not np.any(later & ~not_p2)
    share = np.mean(later[~on_list & not_p2])
    error = np.sqrt(away.share / np.count_nonzero(~on_list & not_p2))
    assert share == pytest.approx(away.share, abs=4.0 * error)
    working = np.count_nonzero(Days.of(scenario.calendar).working) / 5.0
    per_week = np.count_nonzero(~on_list & not_p2) / working
    expected = per_week * away.share * away.weeks
    found = np.count_nonzero(on_list & (operations.available_from > 0.0))
    assert found == pytest.approx(expected, abs=5.0 * np.sqrt(expected))
    # Exponential: what is left is as long as the whole, for those known to be unavailable now.
    left = operations.available_from[on_list & (operations.available_from > 0.0)] / WEEK
    assert left.mean() == pytest.approx(away.weeks, abs=4.0 * away.weeks / np.sqrt(left.size))


def test_whoever_waits_longer_than_his_turn_is_unavailable() -> None:
    """Beyond the longest wait of a priority there is nobody who could have been operated on."""
    operations = operations_with(surgery__unavailable__share=0.0)
    with_some = operations_with()

    def cells(each: Operations) -> np.ndarray:
        return (each.site.astype(int) * 100 + each.specialty) * 3 + each.priority

    waited = np.maximum(-operations.clock_start, 0.0)
    longest = np.zeros(cells(operations).max() + 1)
    np.maximum.at(longest, cells(operations), waited)
    beyond = (with_some.priority > 0) & (-with_some.clock_start > longest[cells(with_some)])
    assert beyond.sum() > 100
    # The longest that was drawn is a little under the longest that could have been.
    assert np.mean(with_some.available_from[beyond] > 0.0) > 0.95


def test_removals_follow_their_rate_and_have_the_stated_reasons() -> None:
    scenario, operations = scenario_with(), operations_with()
    rules = scenario.surgery.removals
    stay = (operations.removal - np.maximum(operations.clock_start, 0.0)) / WEEK
    # Exponential from the referral, or from hour 0.
    assert np.mean(stay < 20.0) == pytest.approx(-np.expm1(-rules.share_per_week * 20.0), abs=0.01)
    shares = np.bincount(operations.removal_reason, minlength=4) / operations.removal_reason.size
    for reason, share in zip(REMOVAL_REASONS, shares, strict=True):
        assert share == pytest.approx(rules.reasons[reason], abs=0.01)  # type: ignore[index]


def test_reasons_of_removal_have_the_names_of_the_records() -> None:
    from disruption_sim.records import Removal

    assert [reason.name.lower() for reason in Removal] == list(REMOVAL_REASONS)


@pytest.mark.parametrize(
    ("change", "columns"),
    [
        ({"surgery__short_notice_share": 0.6}, {"short_notice"}),
        (
            {"surgery__needs_results_by_grade__minor": [1.0, 1.0, 1.0]},
            {"needs_results"},
        ),
        (
            {
                "surgery__removals__reasons": {
                    "treated_elsewhere": 0.1,
                    "recovered": 0.1,
                    "declined": 0.1,
                    "died": 0.7,
                }
            },
            {"removal_reason"},
        ),
        ({"surgery__procedures__hip_replacement__nights": 5.0}, {"nights"}),
        (
            {"surgery__procedures__hip_replacement__day_case_share": 0.5},
            {"day_case", "nights", "critical_care"},
        ),
        (
            {"surgery__procedures__hip_replacement__critical_care_share": 0.5},
            {"critical_care"},
        ),
        (
            {"surgery__procedures__hip_replacement__asa_mix": [0.0, 0.0, 1.0]},
            {"asa", "needs_results"},
        ),
    ],
)
def test_another_share_moves_its_own_columns_alone(
    change: dict[str, object], columns: set[str]
) -> None:
    scenario = scenario_with(**change)
    usual = operations_with()
    other = draw_operations(scenario, Days.of(scenario.calendar), 20240603, 0)
    for field in dataclasses.fields(Operations):
        before, after = getattr(usual, field.name), getattr(other, field.name)
        if field.name not in columns:
            np.testing.assert_array_equal(before, after, err_msg=field.name)
    assert any(not np.array_equal(getattr(usual, name), getattr(other, name)) for name in columns)


def test_patients_have_the_needs_of_their_procedure() -> None:
    """ASA, tests by grade and ASA, day cases, stays and critical care within four errors."""
    scenario, operations = scenario_with(), operations_with()
    rules = scenario.surgery
    for number, procedure in enumerate(rules.procedures):
        own = operations.procedure == number
        count = int(np.count_nonzero(own))
        if count < 200:
            continue

        def close(found: float, share: float, size: int = count) -> bool:
            error = np.sqrt(max(share * (1.0 - share), 1e-12) / size)
            return bool(abs(found - share) <= 4.0 * error + 1e-12)

        for asa in range(3):
            of_asa = own & (operations.asa == asa)
            assert close(of_asa.sum() / count, procedure.asa_mix[asa] / sum(procedure.asa_mix))
            if of_asa.any():
                needing = rules.needs_results_shares(procedure)[asa]
                assert close(np.mean(operations.needs_results[of_asa]), needing, of_asa.sum())
        assert close(np.mean(operations.day_case[own]), procedure.day_case_share)
        stays = own & ~operations.day_case
        assert not np.any(operations.nights[own & operations.day_case])
        assert not np.any(operations.critical_care[own & operations.day_case])
        if stays.sum() >= 50:
            nights = operations.nights[stays].astype(np.float64)
            assert nights.min() >= 1.0
            spread = np.sqrt(procedure.nights * (procedure.nights - 1.0) / stays.sum())
            assert nights.mean() == pytest.approx(procedure.nights, abs=4.0 * spread + 1e-9)
            first_day = 1.0 / procedure.nights
            assert close(np.mean(nights == 1.0), first_day, stays.sum())
            assert close(
                np.mean(operations.critical_care[stays]),
                procedure.critical_care_share,
                stays.sum(),
            )
