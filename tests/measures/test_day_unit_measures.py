"""Measures of day units and of appointments by telephone, by week and site."""

from __future__ import annotations

import numpy as np
import pytest

from disruption_sim.measures import MEASURES, ArmMeasures, measure_arm
from disruption_sim.records import Records
from disruption_sim.world import World, draw_world
from tests.support.pretend import pretend_records
from tests.support.small_scenario import small_scenario

pytestmark = pytest.mark.unit

SCENARIO = small_scenario()
NAMES = [measure.name for measure in MEASURES]


@pytest.fixture(scope="module")
def world() -> World:
    return draw_world(SCENARIO, seed=3, replication=0)


@pytest.fixture(scope="module")
def records(world: World) -> tuple[Records, Records]:
    return (
        pretend_records(SCENARIO.without_disruption(), world, "baseline"),
        pretend_records(SCENARIO, world, "disrupted"),
    )


@pytest.fixture(scope="module")
def arms(world: World, records: tuple[Records, Records]) -> tuple[ArmMeasures, ArmMeasures]:
    baseline, disrupted = records
    return (
        measure_arm(SCENARIO, world, baseline, baseline),
        measure_arm(SCENARIO, world, disrupted, baseline),
    )


def weekly(arm: ArmMeasures, name: str) -> np.ndarray:
    values: np.ndarray = arm.table.weekly[NAMES.index(name)]
    return values


def test_sites_add_up_to_all(arms: tuple[ArmMeasures, ArmMeasures]) -> None:
    counted = [name for name in NAMES if name.startswith("day_treatment")]
    assert len(counted) == 7
    for name in (*counted, "appointments_by_telephone"):
        values = weekly(arms[1], name)
        np.testing.assert_allclose(values[:, :-1].sum(axis=1), values[:, -1])
        assert values.any(), name


def test_what_happened_is_counted_in_its_week(
    world: World, records: tuple[Records, Records], arms: tuple[ArmMeasures, ArmMeasures]
) -> None:
    units, outpatients = records[1].day_units, records[1].outpatients
    moved = weekly(arms[1], "day_treatments_postponed")
    assert moved[0, -1] == units.postponed_at.size > 10
    assert not moved[1:].any()
    np.testing.assert_array_equal(moved, weekly(arms[1], "day_treatments_postponed_incident"))
    assert weekly(arms[1], "day_treatment_hours_waited")[0, -1] == 2.0 * units.postponed_at.size
    onset = SCENARIO.calendar.week_1_hour
    for name, flags in (
        ("day_treatments_on_bedside_test", units.at_the_bedside),
        ("day_treatments_in_overtime", units.in_overtime),
    ):
        week = (units.done_at[flags] - onset) // 168.0
        assert weekly(arms[1], name)[:2, -1].tolist() == [(week == 0).sum(), (week == 1).sum()]
    telephoned = outpatients.done_at[outpatients.by_telephone]
    inside = telephoned >= onset
    assert weekly(arms[1], "appointments_by_telephone").sum() == 2 * inside.sum() > 0
    assert not weekly(arms[0], "appointments_by_telephone").any()


def test_the_backlog_is_what_the_twin_has_done_more(
    records: tuple[Records, Records], arms: tuple[ArmMeasures, ArmMeasures]
) -> None:
    assert not weekly(arms[0], "day_treatments_backlog").any()
    done = weekly(arms[0], "day_treatments_done") - weekly(arms[1], "day_treatments_done")
    np.testing.assert_array_equal(weekly(arms[1], "day_treatments_backlog"), done.cumsum(axis=0))
    # Those who are moved from the first week come in the second.
    assert weekly(arms[1], "day_treatments_backlog")[0, -1] > 0
    assert weekly(arms[1], "day_treatments_backlog")[1, -1] == 0
