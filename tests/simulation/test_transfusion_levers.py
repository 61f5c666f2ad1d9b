"""What the levers of transfusion do to the whole arm, and what they leave alone.

A busy pair of hospitals with one scientist at each bench, so that work by hand limits operations.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
import pytest

from disruption_sim.records import INCIDENT_CAUSES, BenchJob, Cause, Records, Route
from disruption_sim.scenario import Scenario, with_overrides
from disruption_sim.scenario.model import BloodGroup, Capability, Policy
from disruption_sim.scenario.writing import plain_scenario
from disruption_sim.simulation import simulate
from disruption_sim.world import World, draw_world
from tests.support.small_scenario import SITES, TRANSFUSION_DAYS, small_scenario
from tests.support.transfusion_levers import (
    donor_appeal,
    extra_group_o,
    o_positive_policy,
    offline_groups,
    rationalisation,
    reinforcement,
    restore_first,
    standalone_analyser,
    trauma_diversion,
)

pytestmark = pytest.mark.integration

SEEDS = (1, 2, 3)
SHIFTS = ("day", "weekend", "night")
O_NEGATIVE = list(BloodGroup).index(BloodGroup.O_NEGATIVE)
# Two weeks with blood by hand, and then some.
HORIZON_WEEKS = 3
OF_TRANSFUSION = frozenset(
    {
        "standalone_analyser",
        "offline_groups",
        "o_positive_policy",
        "extra_group_o",
        "donor_appeal",
        "group_and_screen_rationalisation",
        "trauma_diversion",
        "transfusion_reinforcement",
        "restore_first",
    }
)
SHIPPED_ON = {"more_transfusion_scientists"}


@lru_cache(maxsize=1)
def shipped() -> Scenario:
    """Return the outage with the policies of the built-in scenario."""
    changes: dict[str, Any] = {
        "calendar.horizon_weeks": HORIZON_WEEKS,
        "surgery.elective_admissions_per_week": 3200,
    }
    for site in SITES:
        changes |= {f"network.sites.{site}.transfusion_staff_{x}": 1 for x in SHIFTS}
        changes |= {
            f"network.sites.{site}.red_cell_units_per_week": 100,
            f"network.sites.{site}.major_haemorrhages_per_month": 6,
        }
    return with_overrides(small_scenario(), changes)[0]


@lru_cache(maxsize=len(SEEDS))
def world(seed: int) -> World:
    return draw_world(shipped(), seed, 0)


def live(scenario: Scenario, seed: int) -> Records:
    return simulate(scenario, world(seed), "arm")


def arm(seed: int, *levers: Policy) -> Records:
    """Live the outage with levers in place of all policies of transfusion."""
    if not levers:
        return without_levers(seed)
    return live(shipped().model_copy(update={"policies": (*other_policies(), *levers)}), seed)


@lru_cache(maxsize=len(SEEDS))
def without_levers(seed: int) -> Records:
    return live(shipped().model_copy(update={"policies": other_policies()}), seed)


def other_policies() -> tuple[Policy, ...]:
    return tuple(p for p in shipped().policies if p.kind not in OF_TRANSFUSION)


@lru_cache(maxsize=len(SEEDS))
def baseline(seed: int) -> Records:
    return live(shipped().without_disruption(), seed)


def postponed(records: Records, *causes: Cause) -> int:
    codes = [int(cause) for cause in causes]
    return int(np.isin(records.surgery.postponed_cause, codes).sum())


def for_blood(records: Records) -> int:
    """Operations postponed because transfusion could not support them."""
    return postponed(records, Cause.TRANSFUSION_CANNOT_SUPPORT, Cause.NO_COMPATIBLE_BLOOD)


def units(records: Records, *routes: Route, group: int | None = None) -> int:
    blood = records.transfusion
    chosen = np.isin(blood.issued_route, [int(route) for route in routes or Route])
    if group is not None:
        chosen &= blood.issued_group == group
    return int(blood.issued_units[chosen].sum())


def columns(records: Records) -> dict[str, Any]:
    return {
        f"{room.name}.{column.name}": getattr(getattr(records, room.name), column.name)
        for room in dataclasses.fields(records)
        if room.name not in ("arm", "seconds")
        for column in dataclasses.fields(getattr(records, room.name))
    }


def differing(one: Records, other: Records) -> set[str]:
    """Return the columns in which two arms are not equal to the last bit."""
    others = columns(other)
    return {
        name
        for name, column in columns(one).items()
        if not np.array_equal(
            np.asarray(column),
            np.asarray(others[name]),
            equal_nan=np.asarray(column).dtype.kind == "f",
        )
    }


def switched(changes: Mapping[str, object]) -> Scenario:
    return with_overrides(shipped(), {f"policies.{key}": value for key, value in changes.items()})[
        0
    ]


ON: dict[str, dict[str, object]] = {
    "standalone_analysers": {"analysers": dict.fromkeys(SITES, 1)},
    "copy_of_groups": {"share": 1.0},
    "o_positive_first": {"uptake_share": 1.0},
    "more_group_o": {"units": {"o_negative": 20, "o_positive": 20}},
    "donors_called": {"extra_collections_share": 0.3},
    "fewer_samples": {"transfused_share_under": 0.02},
    "injured_elsewhere": {"share": 1.0},
    "transfusion_first": {"lag_days": 7.0},
    "more_transfusion_scientists": {
        "extra_staff_day": dict.fromkeys(SITES, 3),
        "extra_staff_night": dict.fromkeys(SITES, 2),
    },
}
"""Values with which the levers of the built-in scenario do something."""


def test_every_lever_of_transfusion_is_tried() -> None:
    assert {p.name for p in shipped().policies if p.kind in OF_TRANSFUSION} == ON.keys()


@lru_cache(maxsize=1)
def as_shipped() -> Records:
    return live(shipped(), SEEDS[0])


@pytest.mark.parametrize("name", sorted(ON.keys() - SHIPPED_ON))
def test_a_lever_is_off_as_shipped(name: str) -> None:
    content = plain_scenario(shipped())
    content["policies"] = [policy for policy in content["policies"] if policy["name"] != name]
    assert differing(live(Scenario.model_validate(content), SEEDS[0]), as_shipped()) == set()


@pytest.mark.parametrize("name", sorted(ON))
def test_a_lever_that_is_switched_on_changes_what_follows_and_nothing_before(name: str) -> None:
    scenario = switched({f"{name}.{key}": value for key, value in ON[name].items()})
    changed, usual = live(scenario, SEEDS[0]), as_shipped()
    assert differing(changed, usual)
    policy = next(policy for policy in scenario.policies if policy.name == name)
    begins = scenario.calendar.week_1_hour
    # Lists are booked by the roster of the days to come, on which reinforcement stands already.
    if name != "more_transfusion_scientists":
        begins += 24.0 * (policy.trigger_day + policy.lag_days)
    for one, other in ((changed, usual), (usual, changed)):
        done = one.surgery.done_at < begins
        np.testing.assert_array_equal(
            one.surgery.done_at[done], other.surgery.done_at[done], err_msg="done_at"
        )
        rows = one.transfusion.issued_at < begins
        for column in ("issued_at", "issued_route", "issued_group", "issued_units"):
            np.testing.assert_array_equal(
                getattr(one.transfusion, column)[rows],
                getattr(other.transfusion, column)[: rows.sum()],
                err_msg=column,
            )
    day = int(begins // 24.0)
    for column in ("stock", "samples", "bench_busy_hours", "national_stock"):
        np.testing.assert_array_equal(
            getattr(changed.transfusion, column)[:day], getattr(usual.transfusion, column)[:day]
        )


@pytest.mark.parametrize("name", sorted(ON.keys() - {"transfusion_first", "fewer_samples"}))
def test_levers_of_the_blood_bank_reach_the_rest_by_way_of_operations_alone(name: str) -> None:
    """Where they change nothing about operations they change nothing but blood."""
    changed = live(switched({f"{name}.{key}": v for key, v in ON[name].items()}), SEEDS[0])
    rooms = {column.partition(".")[0] for column in differing(changed, as_shipped())}
    assert "transfusion" in rooms
    if "surgery" not in rooms:
        assert rooms == {"transfusion"}
    if name == "donors_called":
        assert "surgery" not in rooms


@pytest.mark.parametrize("seed", SEEDS[:2])
def test_causes_add_up_and_ordinary_ones_stay(seed: int) -> None:
    usual, disrupted = baseline(seed), arm(seed)
    counts = [postponed(disrupted, cause) for cause in Cause]
    assert sum(counts) == disrupted.surgery.postponed_at.size
    assert for_blood(disrupted) > 5 * max(1, for_blood(usual))
    assert postponed(usual, Cause.TRANSFUSION_CANNOT_SUPPORT) == 0
    assert postponed(disrupted, *INCIDENT_CAUSES) > 2 * postponed(usual, *INCIDENT_CAUSES)


@pytest.mark.parametrize("seed", SEEDS)
def test_transfusion_back_earlier_postpones_fewer_operations_for_blood(seed: int) -> None:
    """Whether it is simply restored or brought back first, at the cost of the others."""
    never, late, soon = (
        arm(seed, *levers) for levers in ((), (restore_first(10.0),), (restore_first(3.0),))
    )
    assert for_blood(soon) < for_blood(late) < for_blood(never)
    assert units(soon, Route.ELECTRONIC_ISSUE) > units(late, Route.ELECTRONIC_ISSUE)
    assert units(late, Route.ELECTRONIC_ISSUE) > units(never, Route.ELECTRONIC_ISSUE)
    content = plain_scenario(shipped())
    content["policies"] = [p for p in content["policies"] if p["kind"] not in OF_TRANSFUSION]
    for effect in content["disruptions"]:
        if effect["name"] == "transfusion_it":
            effect["duration_days"] = 3.0
    sooner = live(Scenario.model_validate(content), seed)
    assert differing(sooner, soon) == set()


@pytest.mark.parametrize("seed", SEEDS[:2])
def test_who_brings_transfusion_back_first_waits_longer_for_the_laboratories(seed: int) -> None:
    free, dear = (arm(seed, restore_first(5.0, delay)) for delay in (0.0, 7.0))
    late = (Cause.RESULTS_NOT_REPORTED, Cause.SAMPLE_EXPIRED, Cause.NO_VALID_GROUP_AND_SCREEN)
    # Most results are in hand weeks before the operation, so that few operations wait for them.
    assert postponed(dear, *late) >= postponed(free, *late)
    assert dear.pathology.manual_hours.sum() > free.pathology.manual_hours.sum()
    # The other way about: laboratories first puts transfusion off beyond its day.
    first = restore_first(5.0, 7.0, Capability.BOOKING_IN)
    assert for_blood(arm(seed, first)) > for_blood(arm(seed))


@pytest.mark.parametrize("seed", SEEDS[:2])
def test_fewer_samples_are_less_work_for_the_bench_and_fewer_postponed(seed: int) -> None:
    usual, fewer = arm(seed), arm(seed, rationalisation(0.02))
    assert fewer.transfusion.samples.sum() < usual.transfusion.samples.sum()
    assert fewer.transfusion.bench_busy_hours.sum() < usual.transfusion.bench_busy_hours.sum()
    assert for_blood(fewer) < for_blood(usual)


@pytest.mark.parametrize("seed", SEEDS[:2])
def test_more_scientists_by_day_and_night_postpone_fewer(seed: int) -> None:
    usual = arm(seed)
    more = arm(seed, reinforcement(dict.fromkeys(SITES, 3), dict.fromkeys(SITES, 2)))
    assert for_blood(more) < for_blood(usual)
    crossmatches = (slice(None), slice(None), BenchJob.CROSSMATCH)
    assert (
        more.transfusion.bench_jobs[crossmatches].sum()
        > usual.transfusion.bench_jobs[crossmatches].sum()
    )


@pytest.mark.parametrize("seed", SEEDS[:2])
def test_a_standalone_analyser_gives_the_bench_time_for_operations(seed: int) -> None:
    usual, analyser = arm(seed), arm(seed, standalone_analyser())
    assert for_blood(analyser) < for_blood(usual)
    # Whose blood is in the tube is no surer for it.
    lost = usual.transfusion.samples_by_hand > 0
    assert analyser.transfusion.samples_by_hand[lost].sum() > (
        0.95 * usual.transfusion.samples_by_hand.sum()
    )
    assert units(analyser, Route.GROUP_SPECIFIC) > units(usual, Route.GROUP_SPECIFIC)


@pytest.mark.parametrize("seed", SEEDS[:2])
def test_a_copy_of_the_groups_spares_second_samples(seed: int) -> None:
    usual, copy = arm(seed), arm(seed, offline_groups(1.0))
    assert copy.transfusion.second_samples.sum() < usual.transfusion.second_samples.sum()


@pytest.mark.parametrize("seed", SEEDS[:2])
def test_o_positive_for_whom_it_may_be_saves_o_negative(seed: int) -> None:
    unmatched = (Route.EMERGENCY_GROUP_O, Route.GROUP_O_UNMATCHED)
    usual, policy = arm(seed), arm(seed, o_positive_policy(1.0))
    assert units(policy, *unmatched, group=O_NEGATIVE) < units(usual, *unmatched, group=O_NEGATIVE)


@pytest.mark.parametrize("seed", SEEDS[:2])
def test_more_group_o_in_the_fridges_and_more_donors_are_seen_in_stock(seed: int) -> None:
    usual = arm(seed).transfusion
    onset = int(shipped().calendar.week_1_hour // 24.0)
    weeks = slice(onset + 4, onset + int(TRANSFUSION_DAYS))
    fuller = arm(seed, extra_group_o(20)).transfusion
    assert (
        fuller.stock[weeks, :, O_NEGATIVE].mean() > 10.0 + usual.stock[weeks, :, O_NEGATIVE].mean()
    )
    called = arm(seed, donor_appeal(0.3)).transfusion
    assert called.national_stock[-1, O_NEGATIVE] > usual.national_stock[-1, O_NEGATIVE]


@pytest.mark.parametrize("seed", SEEDS[:2])
def test_the_injured_who_go_elsewhere_need_no_blood_here(seed: int) -> None:
    usual, diverted = arm(seed), arm(seed, trauma_diversion(1.0))
    assert usual.transfusion.diverted_units.sum() == 0
    assert diverted.transfusion.diverted_units.sum() > 0
    assert units(diverted) < units(usual)
