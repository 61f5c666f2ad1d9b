"""Clinics and day units with real laboratories: conservation, ordinary running, an outage."""

from __future__ import annotations

import numpy as np
import pytest

from disruption_sim.records import INCIDENT_CAUSES, Cause, Records
from disruption_sim.scenario import Scenario
from disruption_sim.scenario.model import Capability, Effect
from disruption_sim.simulation import simulate
from disruption_sim.world import World, draw_world
from tests.support.small_scenario import small_scenario

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return small_scenario()


@pytest.fixture(scope="module")
def world(scenario: Scenario) -> World:
    return draw_world(scenario, 20240603, 0)


@pytest.fixture(scope="module")
def arms(scenario: Scenario, world: World) -> tuple[Records, Records]:
    return (
        simulate(scenario.without_disruption(), world, "baseline"),
        simulate(scenario, world, "disrupted"),
    )


@pytest.mark.parametrize("arm", [0, 1])
def test_every_appointment_is_held_telephoned_or_still_waiting(
    arm: int, world: World, arms: tuple[Records, Records]
) -> None:
    outpatients, units = arms[arm].outpatients, arms[arm].day_units
    held = np.isfinite(outpatients.done_at)
    telephoned = outpatients.by_telephone
    waiting = ~held
    assert not (telephoned & waiting).any()
    count = world.appointments.session.size
    assert (held & ~telephoned).sum() + telephoned.sum() + waiting.sum() == count
    # Whoever waits or is late was postponed, each time for one cause.
    start = world.clinic_sessions.start[world.appointments.session]
    events = np.bincount(outpatients.postponed_appointment, minlength=count)
    np.testing.assert_array_equal(events > 0, ~(outpatients.done_at == start))
    by_cause = np.bincount(outpatients.postponed_cause, minlength=len(Cause))
    assert by_cause.sum() == outpatients.postponed_at.size == events.sum()
    sessions = world.clinic_sessions
    booked = sessions.without_results.sum()
    others_waiting = booked - outpatients.without_results_done.sum()
    assert 0 <= others_waiting <= outpatients.without_results_postponed.sum()

    treated = np.isfinite(units.done_at)
    moves = np.bincount(units.postponed_treatment, minlength=treated.size)
    assert treated.sum() + (~treated).sum() == world.day_treatments.start.size
    assert np.all(moves[~treated] > 0)
    by_cause = np.bincount(units.postponed_cause, minlength=len(Cause))
    assert by_cause.sum() == units.postponed_at.size == moves.sum()


def test_ordinary_running_is_quiet(
    scenario: Scenario, world: World, arms: tuple[Records, Records]
) -> None:
    """About three in a hundred are postponed, next to none for a result, and none pile up."""
    usual, sessions = arms[0].outpatients, world.clinic_sessions
    appointments = world.appointments.session.size + sessions.without_results.sum()
    events = usual.postponed_at.size + usual.without_results_postponed.sum()
    assert 0.025 < events / appointments < 0.04
    for_a_result = np.isin(usual.postponed_cause, [int(cause) for cause in INCIDENT_CAUSES])
    assert for_a_result.sum() < 0.01 * world.appointments.session.size
    assert 0 < usual.by_telephone.sum() < 0.02 * world.appointments.session.size
    start = sessions.start[world.appointments.session]
    waiting = [
        np.count_nonzero((start <= 168.0 * week) & ~(usual.done_at <= 168.0 * week))
        for week in range(8, scenario.calendar.weeks + 1)
    ]
    # Those who wait are the ordinary postponements of the weeks until they come again.
    weekly = scenario.outpatients.ordinary_postponement_share * start.size / scenario.calendar.weeks
    assert max(waiting) < 7.0 * weekly
    units = arms[0].day_units
    moved = units.postponed_cause != Cause.ORDINARY
    assert moved.sum() < 0.01 * units.done_at.size
    assert np.isnan(units.done_at).mean() < 0.02


def test_without_analysers_day_patients_wait_go_home_and_come_again(
    scenario: Scenario, world: World, arms: tuple[Records, Records]
) -> None:
    """Laboratories of this size keep up with urgent work by hand, so a week without any result."""
    dark = Effect(
        name="dark",
        capabilities=(Capability.ANALYSERS,),
        places=("all",),
        start=scenario.calendar.onset,
        duration_days=7.0,
        depth=1.0,
    )
    arm = scenario.without_disruption().model_copy(update={"disruptions": (dark,)})
    usual, hit = arms[0].day_units, simulate(arm, world, "dark").day_units
    onset, end = scenario.calendar.week_1_hour, scenario.calendar.end_hour
    needing = world.day_treatments.needs_results
    due = needing & (np.abs(world.day_treatments.start - onset - 84.0) < 84.0)
    assert hit.at_the_bedside.sum() > usual.at_the_bedside.sum()
    assert hit.waited_hours.sum() > 5 * usual.waited_hours.sum()
    moved = np.unique(hit.postponed_treatment[hit.postponed_cause != Cause.ORDINARY])
    assert moved.size > 0.5 * due.sum() > 20
    # All of them are treated in the seven weeks that are left.
    assert np.all(hit.done_at[moved] < end)


def test_an_outage_telephones_postpones_and_keeps_day_patients_waiting(
    scenario: Scenario, arms: tuple[Records, Records]
) -> None:
    onset = scenario.calendar.week_1_hour
    usual, hit = arms
    assert hit.outpatients.by_telephone.sum() > 3 * usual.outpatients.by_telephone.sum()
    assert hit.outpatients.postponed_at.size > 1.1 * usual.outpatients.postponed_at.size
    assert hit.day_units.waited_hours.sum() > usual.day_units.waited_hours.sum()
    for name in ("done_at", "by_telephone"):
        one, other = (getattr(records.outpatients, name) for records in arms)
        early = usual.outpatients.done_at < onset - 21 * 24.0
        np.testing.assert_array_equal(one[early], other[early])
    early = usual.day_units.done_at < onset
    np.testing.assert_array_equal(usual.day_units.done_at[early], hit.day_units.done_at[early])
