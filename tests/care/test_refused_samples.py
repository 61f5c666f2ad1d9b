"""A sample that the laboratory refuses is new work, and the patient's operation may wait for it."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest

from disruption_sim.disruption import Timeline
from disruption_sim.pathology import Pathology
from disruption_sim.records import Cause, Records
from disruption_sim.scenario import Scenario
from disruption_sim.scenario.model import Source, Step, TubeType
from disruption_sim.simulation import simulate
from disruption_sim.world import World, draw_world
from disruption_sim.world.identities import sample_identities
from tests.support.small_scenario import small_scenario

pytestmark = pytest.mark.integration

PRE_ASSESSMENT = list(Source).index(Source.PRE_ASSESSMENT)
CHEMISTRY = list(TubeType).index(TubeType.CHEMISTRY)
BOOKED_IN = (TubeType.CHEMISTRY, TubeType.HAEMATOLOGY, TubeType.COAGULATION)
PATIENTS = 300


@lru_cache(maxsize=8)
def refusing(
    booking_in: float = 0.0, bench: float = 0.0, taken_again: float | None = None
) -> Scenario:
    """Return ordinary running in which laboratories refuse a share of the samples."""
    scenario = small_scenario(disruption=False)
    shares = {
        Step.BOOKING_IN: dict.fromkeys(BOOKED_IN, booking_in),
        Step.GROUP_AND_SCREEN: {TubeType.GROUP_AND_SCREEN: bench},
    }
    rules = scenario.pathology
    steps = tuple(
        step.model_copy(update={"rejected_share": shares.get(step.name, step.rejected_share)})
        for step in rules.steps
    )
    sources = tuple(
        source if taken_again is None else source.model_copy(update={"rebleed_share": taken_again})
        for source in rules.sources
    )
    pathology = rules.model_copy(update={"steps": steps, "sources": sources})
    return scenario.model_copy(update={"pathology": pathology})


@lru_cache(maxsize=1)
def world() -> World:
    return draw_world(refusing(), seed=11, replication=0)


@lru_cache(maxsize=8)
def arm(booking_in: float, bench: float, taken_again: float | None = None) -> Records:
    return simulate(refusing(booking_in, bench, taken_again), world(), "refusing")


def pre_assessment(
    scenario: Scenario,
) -> tuple[Pathology, np.ndarray[tuple[int], np.dtype[np.int32]]]:
    """Take blood from some patients on one working day and let three weeks pass."""
    pathology = Pathology(scenario, world(), Timeline(scenario))
    collected = 24.0 * 8 + 10.0 + np.arange(PATIENTS) / 128.0
    ids = pathology.submit(
        collected,
        0,
        PRE_ASSESSMENT,
        np.full(PATIENTS, CHEMISTRY, dtype=np.uint8),
        sample_identities(PRE_ASSESSMENT, np.arange(PATIENTS), 1, CHEMISTRY),
    )
    pathology.advance_to(24.0 * 29)
    return pathology, ids


def causes(records: Records, cause: Cause) -> int:
    return int((records.surgery.postponed_cause == cause).sum())


def test_a_refused_sample_is_taken_again_after_its_delay_and_reported_later() -> None:
    pathology, ids = pre_assessment(refusing(booking_in=0.3, taken_again=1.0))
    reported, collected = pathology.reported_at(ids), pathology.collected_at(ids)
    first = 24.0 * 8 + 10.0 + np.arange(PATIENTS) / 128.0
    again = collected > first
    assert again.mean() == pytest.approx(0.3, abs=4 * np.sqrt(0.21 / PATIENTS))
    delay = refusing().pathology.source(Source.PRE_ASSESSMENT).rebleed_delay_hours
    assert (collected[again] >= first[again] + delay).all()
    assert (reported[again] > collected[again]).all()
    assert reported[again].min() > reported[~again].min() + delay
    assert not pathology.lost(ids).any()


def test_a_refused_sample_that_nobody_takes_again_is_lost() -> None:
    pathology, ids = pre_assessment(refusing(booking_in=0.3, taken_again=0.0))
    lost = pathology.lost(ids)
    assert lost.mean() == pytest.approx(0.3, abs=4 * np.sqrt(0.21 / PATIENTS))
    np.testing.assert_array_equal(np.isnan(pathology.reported_at(ids)), lost)
    assert np.isfinite(pathology.collected_at(ids)[lost]).all()


def test_operations_wait_for_samples_that_are_taken_again() -> None:
    smooth, refused = arm(0.0, 0.0), arm(0.5, 0.0, 1.0)
    assert causes(refused, Cause.RESULTS_NOT_REPORTED) > 10 + 2 * causes(
        smooth, Cause.RESULTS_NOT_REPORTED
    )
    assert causes(refused, Cause.SAMPLE_EXPIRED) == causes(smooth, Cause.SAMPLE_EXPIRED) == 0


def test_operations_are_postponed_for_samples_that_are_lost() -> None:
    lost = arm(0.2, 0.0, 0.0)
    assert causes(lost, Cause.SAMPLE_EXPIRED) > 10
    # A new sample is taken for the new date, so nobody waits for ever.
    patients = lost.surgery.postponed_patient[lost.surgery.postponed_cause == Cause.SAMPLE_EXPIRED]
    early = lost.surgery.postponed_at[lost.surgery.postponed_cause == Cause.SAMPLE_EXPIRED] < 1000.0
    done = np.isfinite(lost.surgery.done_at[patients[early]])
    assert done.mean() > 0.8


def test_appointments_wait_for_samples_that_the_laboratory_refuses() -> None:
    def postponed(records: Records) -> int:
        return int((records.outpatients.postponed_cause != Cause.ORDINARY).sum())

    smooth, awaited, lost = arm(0.0, 0.0), arm(0.5, 0.0, 1.0), arm(0.2, 0.0, 0.0)
    assert postponed(awaited) > postponed(smooth)
    assert np.isin(Cause.SAMPLE_EXPIRED, lost.outpatients.postponed_cause)
    assert not np.isin(Cause.SAMPLE_EXPIRED, smooth.outpatients.postponed_cause)


def test_refused_group_and_screen_samples_leave_no_valid_one() -> None:
    smooth, refused = arm(0.0, 0.0), arm(0.0, 0.5, 0.0)
    assert causes(refused, Cause.NO_VALID_GROUP_AND_SCREEN) > 10 + 2 * causes(
        smooth, Cause.NO_VALID_GROUP_AND_SCREEN
    )
    assert refused.pathology.rejected[:, :, PRE_ASSESSMENT].sum() > 10
