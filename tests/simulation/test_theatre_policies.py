"""Each lever of theatres in the whole arm: off as shipped, and on it changes what follows alone."""

from __future__ import annotations

from functools import cache, lru_cache

import numpy as np
import pytest

from disruption_sim.records import INCIDENT_CAUSES, Records
from disruption_sim.scenario import Scenario, with_overrides
from disruption_sim.scenario.writing import plain_scenario
from disruption_sim.simulation import simulate
from disruption_sim.world import World, draw_world
from tests.support.small_scenario import small_scenario

pytestmark = pytest.mark.integration

SEEDS = (11, 12)
ON: dict[str, dict[str, object]] = {
    "recovery_lists": {"uplift_share": 0.3},
    "operations_elsewhere": {"cases_per_week": 30},
    "swap_cases": {"share": 1.0},
    "first_days_stop": {"share": 1.0},
}
OFF: dict[str, dict[str, object]] = {
    "recovery_lists": {},
    "operations_elsewhere": {},
    "swap_cases": {"share": 0.0},
    "first_days_stop": {"share": 0.0},
}
"""Levers that are off as shipped need no change."""


@lru_cache(maxsize=1)
def shipped() -> Scenario:
    """Return the outage at ten times the operations, so that every lever meets patients."""
    changes = {"calendar.horizon_weeks": 12, "surgery.elective_admissions_per_week": 2000}
    changes |= {"policies.recovery_lists.trigger_day": 14}
    return with_overrides(small_scenario(), changes)[0]


@lru_cache(maxsize=len(SEEDS))
def world(seed: int) -> World:
    return draw_world(shipped(), seed, 0)


def switched(changes: dict[str, dict[str, object]]) -> Scenario:
    flat = {
        f"policies.{name}.{key}": value for name, of in changes.items() for key, value in of.items()
    }
    return with_overrides(shipped(), flat)[0] if flat else shipped()


@lru_cache(maxsize=2 * len(SEEDS))
def all_off(seed: int) -> Records:
    return simulate(switched(OFF), world(seed), "off")


@cache
def one_on(name: str, seed: int) -> Records:
    return simulate(switched(OFF | {name: ON[name]}), world(seed), "on")


def incident(records: Records) -> int:
    return int(np.isin(records.surgery.postponed_cause, list(INCIDENT_CAUSES)).sum())


@pytest.mark.parametrize("name", sorted(ON))
def test_a_lever_that_is_off_is_as_if_it_were_not_there(name: str) -> None:
    content = plain_scenario(switched(OFF))
    content["policies"] = [policy for policy in content["policies"] if policy["name"] != name]
    without = simulate(Scenario.model_validate(content), world(SEEDS[0]), "without")
    for column in ("done_at", "done_on", "postponed_at", "postponed_patient", "postponed_cause"):
        np.testing.assert_array_equal(
            getattr(without.surgery, column), getattr(all_off(SEEDS[0]).surgery, column)
        )
    np.testing.assert_array_equal(
        without.transfusion.issued_at, all_off(SEEDS[0]).transfusion.issued_at
    )


@pytest.mark.parametrize("name", sorted(ON))
def test_a_lever_that_is_on_changes_what_follows_and_nothing_before(name: str) -> None:
    scenario = shipped()
    policy = next(policy for policy in scenario.policies if policy.name == name)
    begins = scenario.calendar.week_1_hour + 24.0 * (policy.trigger_day + policy.lag_days)
    if name == "recovery_lists":
        # Extra lists are booked as far ahead as others.
        begins -= 24.0 * (scenario.surgery.late_booking_days_ahead + 4)
    on, off = one_on(name, SEEDS[0]).surgery, all_off(SEEDS[0]).surgery
    assert not np.array_equal(on.done_at, off.done_at, equal_nan=True)
    before = np.where(np.isnan(off.done_at), np.inf, off.done_at) < begins
    assert np.count_nonzero(before) > 500
    np.testing.assert_array_equal(on.done_at[before], off.done_at[before])
    np.testing.assert_array_equal(
        np.where(np.isnan(on.done_at), np.inf, on.done_at) < begins, before
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_each_lever_does_what_it_is_for(seed: int) -> None:
    off = all_off(seed).surgery
    lists, transfers, _, stop = (one_on(name, seed).surgery for name in ON)
    assert lists.extra_lists_run.sum() > 0 == off.extra_lists_run.sum()
    assert np.count_nonzero(~np.isnan(lists.done_at)) > np.count_nonzero(~np.isnan(off.done_at))
    assert transfers.transferred.size > 0 == off.transferred.size
    assert transfers.host_displaced.sum() == pytest.approx(0.7 * transfers.transferred.size)
    # Somebody has to leave a place at the huddle.
    both = {name: ON[name] for name in ("first_days_stop", "swap_cases")}
    swaps = simulate(switched(OFF | both), world(seed), "both").surgery
    assert swaps.swapped_in.size > stop.swapped_in.size == 0
    assert np.nansum(swaps.busy_hours) > np.nansum(stop.busy_hours)
    assert incident(one_on("first_days_stop", seed)) > 2 * incident(all_off(seed))
    assert stop.lists_run.sum() < off.lists_run.sum()
