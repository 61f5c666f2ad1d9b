"""The shipped scenario at full scale: the volumes it promises, and nothing lost."""

from __future__ import annotations

import numpy as np
import pytest

from disruption_sim.measures import MEASURES, measure_arm
from disruption_sim.measures.ordinary_running import DRIFT, ORDINARY_RUNNING
from disruption_sim.records import INCIDENT_CAUSES, Cause, Records
from disruption_sim.scenario import Scenario, load_scenario
from disruption_sim.scenario.model import Source
from disruption_sim.simulation import simulate
from disruption_sim.world import World, draw_world
from disruption_sim.world.days import Days
from tests.support.red_cells import assert_balanced

pytestmark = [pytest.mark.end_to_end, pytest.mark.slow]


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return load_scenario("synnovis-2024")


@pytest.fixture(scope="module")
def world(scenario: Scenario) -> World:
    return draw_world(scenario, 1, 0)


@pytest.fixture(scope="module")
def baseline(scenario: Scenario, world: World) -> Records:
    return simulate(scenario.without_disruption(), world, "baseline")


@pytest.fixture(scope="module")
def disrupted(scenario: Scenario, world: World) -> Records:
    return simulate(scenario, world, "disrupted")


def test_the_network_has_the_published_volumes(
    scenario: Scenario, world: World, baseline: Records
) -> None:
    """Hub design 30,000 tubes a day and 10,000 from practices; the rest as the scenario says."""
    days = Days.of(scenario.calendar)
    ordinary_weeks = days.working.reshape(-1, 7).sum(axis=1) == 5
    received = baseline.pathology.received
    practice = received[ordinary_weeks, :, list(Source).index(Source.GENERAL_PRACTICE)].sum(axis=1)
    assert practice.mean() / 5 == pytest.approx(10_000, rel=0.03)
    collected = np.bincount((world.tubes.collected // 24.0).astype(int), minlength=days.count)
    pre_assessment = received[:, :, list(Source).index(Source.PRE_ASSESSMENT)].sum() / (
        days.working.sum()
    )
    weekday = collected[days.working].mean() + pre_assessment
    assert weekday == pytest.approx(30_000, rel=0.03)
    sessions, appointments = world.clinic_sessions, world.appointments
    by_week = np.bincount((sessions.start // 168.0).astype(int), sessions.without_results)
    by_week += np.bincount((sessions.start[appointments.session] // 168.0).astype(int))
    strikes = scenario.conditions[0]
    strike_weeks = {int(scenario.calendar.hour(at) // 168) for at in (strikes.start, strikes.end)}  # type: ignore[arg-type]
    usual = [w for w in np.flatnonzero(ordinary_weeks) if w not in strike_weeks]
    assert by_week[usual].mean() == pytest.approx(70_000, rel=0.02)
    units = baseline.transfusion.issued_units.sum() / scenario.calendar.weeks
    assert units == pytest.approx(1_300, rel=0.05)
    done = np.isfinite(baseline.surgery.done_at).sum() / scenario.calendar.weeks
    assert 0.85 * 1_600 < done < 1_600


@pytest.mark.parametrize("arm", ["baseline", "disrupted"])
def test_nothing_is_lost_at_full_scale(
    arm: str, scenario: Scenario, world: World, request: pytest.FixtureRequest
) -> None:
    records: Records = request.getfixturevalue(arm)
    pathology, surgery = records.pathology, records.surgery
    assert pathology.received.sum() == (
        pathology.reported.sum()
        + pathology.discarded.sum()
        + pathology.rejected.sum()
        + pathology.waiting_at_end
    )
    lost = pathology.discarded + pathology.rejected
    assert (pathology.abandoned + pathology.rebled).sum() == lost.sum()
    assert pathology.utilisation.max() <= 1.0 + 1e-9
    treated, removed = np.isfinite(surgery.done_at), np.isfinite(surgery.removed_at)
    assert not (treated & removed).any()
    joined = world.operations.clock_start < scenario.calendar.end_hour
    waiting = joined & ~treated & ~removed
    assert treated.sum() + removed.sum() + waiting.sum() == joined.sum()
    assert_balanced(records.transfusion)


def test_ordinary_running_is_in_order(scenario: Scenario, world: World, baseline: Records) -> None:
    """Lists in balance, laboratories within their standards, next to no late blood."""
    pathology, surgery = baseline.pathology, baseline.surgery
    share = pathology.within_standard.sum(axis=(0, 1)) / pathology.reported.sum(axis=(0, 1))
    standards = [scenario.pathology.source(source).standard_share for source in Source]
    assert (share >= standards).all()
    without_incident = [Cause.TRANSFUSION_CANNOT_SUPPORT, Cause.STOPPED_BY_INCIDENT_COMMAND]
    assert not np.isin(surgery.postponed_cause, without_incident).any()
    # A refused sample postpones an operation on an ordinary day too, but rarely.
    for_a_sample = [
        Cause.RESULTS_NOT_REPORTED,
        Cause.SAMPLE_EXPIRED,
        Cause.NO_VALID_GROUP_AND_SCREEN,
    ]
    postponed = np.isin(surgery.postponed_cause, for_a_sample).sum()
    assert 0 < postponed < 0.005 * np.isfinite(surgery.done_at).sum()
    weeks = np.arange(scenario.calendar.warm_up_weeks, scenario.calendar.weeks + 1) * 168.0
    clock, done, removed = world.operations.clock_start, surgery.done_at, surgery.removed_at
    size = [int((clock <= at).sum() - (done <= at).sum() - (removed <= at).sum()) for at in weeks]
    # Of one replication; the mean of several is held to 2 % by hand (see operations_ordinary.csv).
    assert max(size) / min(size) < 1.05


def test_theatres_in_ordinary_running_are_believable(
    scenario: Scenario, world: World, baseline: Records
) -> None:
    """Every range that binds, but for the growth of the list, which one replication cannot show."""
    names = [measure.name for measure in MEASURES]
    total = measure_arm(scenario, world, baseline, baseline).table.total[:, -1]
    binding = [item for item in ORDINARY_RUNNING if item.binds and item.name != DRIFT]
    assert len(binding) >= 4
    outside = {
        item.name: total[names.index(item.name)]
        for item in binding
        if not item.holds(float(total[names.index(item.name)]))
    }
    assert not outside


def test_the_incident_is_felt_and_named(baseline: Records, disrupted: Records) -> None:
    codes = [int(cause) for cause in INCIDENT_CAUSES]
    assert np.isin(disrupted.surgery.postponed_cause, codes).sum() > 300
    o_negative = [
        int(records.transfusion.issued_units[records.transfusion.issued_group == 0].sum())
        for records in (baseline, disrupted)
    ]
    assert o_negative[1] > 1.1 * o_negative[0]
    assert disrupted.outpatients.postponed_at.size > 1.5 * baseline.outpatients.postponed_at.size
