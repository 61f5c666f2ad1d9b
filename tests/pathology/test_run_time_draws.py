"""Draws of samples that are asked for at run time do not depend on what else was asked for.

Otherwise a policy that asks for one sample more would give every later patient other luck, and the
difference between two arms would be noise.
"""

from __future__ import annotations

import dataclasses
import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pytest

from disruption_sim.disruption import Timeline
from disruption_sim.pathology import Pathology
from disruption_sim.pathology.kernel import LaboratoryKernel
from disruption_sim.scenario.model import DemandRestriction, Policy, Source, TubeType
from disruption_sim.world import World
from disruption_sim.world.identities import sample_identities
from tests.reference.networks import Station, network, tubes_arriving
from tests.support.one_hospital import (
    WARM_UP_WEEKS,
    its_world,
    one_hospital,
    refusing_nothing,
    with_policies,
)

pytestmark = pytest.mark.integration

SOURCE = tuple(Source).index(Source.PRE_ASSESSMENT)
CHEMISTRY = tuple(TubeType).index(TubeType.CHEMISTRY)
GROUP_AND_SCREEN = tuple(TubeType).index(TubeType.GROUP_AND_SCREEN)
ONSET = 168.0 * WARM_UP_WEEKS
PATIENTS = 40
SOMEBODY_ELSE = 1_000_000


@lru_cache(maxsize=1)
def idle_world() -> World:
    """Return a world without any blood test, so that nobody waits for another."""
    world = its_world()
    columns = dataclasses.fields(world.tubes)
    nothing = {column.name: getattr(world.tubes, column.name)[:0] for column in columns}
    appointments = dataclasses.replace(
        world.appointments, tubes=np.full_like(world.appointments.tubes, -1)
    )
    return dataclasses.replace(
        world, tubes=dataclasses.replace(world.tubes, **nothing), appointments=appointments
    )


def ask(
    pathology: Pathology, taken: float, who: npt.NDArray[np.int64], *tube_types: int
) -> npt.NDArray[np.int32]:
    """Bleed patients six hours after one another; return the numbers of their tubes."""
    types = np.tile(np.array(tube_types, dtype=np.uint8), len(who))
    patients = np.repeat(who, len(tube_types))
    collected = np.repeat(taken + 6.0 * np.arange(len(who)), len(tube_types))
    identities = sample_identities(SOURCE, patients, 1, types)
    return pathology.submit(collected, 0, SOURCE, types, identities)


def arm(*policies: Policy, others: int, at: float = ONSET - 24.0) -> Pathology:
    """Return laboratories that have already worked for so many others, and refuse no sample."""
    scenario = refusing_nothing(with_policies(*policies).model_copy(update={"disruptions": ()}))
    pathology = Pathology(scenario, idle_world(), Timeline(scenario))
    if others:
        pathology.advance_to(at - 24.0)
        ask(pathology, at - 24.0, SOMEBODY_ELSE + np.arange(others), CHEMISTRY)
    pathology.advance_to(at)
    return pathology


@pytest.mark.parametrize("others", [1, 3])
def test_a_sample_more_before_leaves_the_turnaround_of_everybody_else(others: int) -> None:
    reported = []
    for pathology in (arm(others=0), arm(others=others)):
        numbers = ask(pathology, ONSET - 24.0, np.arange(PATIENTS), CHEMISTRY, GROUP_AND_SCREEN)
        pathology.finish()
        reported.append(pathology.reported_at(numbers))
    assert np.isfinite(reported[0]).all()
    # The way of a group-and-screen sample is drawn, so no two take equally long.
    turnaround = reported[0][1::2] - (ONSET - 24.0 + 6.0 * np.arange(PATIENTS))
    assert np.unique(turnaround).size == PATIENTS
    np.testing.assert_array_equal(reported[0], reported[1])


def test_asking_in_another_order_changes_no_turnaround() -> None:
    ways = []
    for order in (np.arange(PATIENTS), np.arange(PATIENTS)[::-1]):
        pathology = arm(others=0)
        identities = sample_identities(SOURCE, order, 1, GROUP_AND_SCREEN)
        taken = (ONSET + 6.0 * order).astype(np.float64)
        types = np.full(PATIENTS, GROUP_AND_SCREEN, dtype=np.uint8)
        numbers = pathology.submit(taken, 0, SOURCE, types, identities)
        pathology.finish()
        ways.append(pathology.reported_at(numbers)[order])
    np.testing.assert_array_equal(ways[0], ways[1])


def test_a_sample_more_before_leaves_the_restricted_patients_the_same() -> None:
    half = DemandRestriction(
        name="restriction", kind="demand_restriction", trigger_day=0, duration_days=14,
        sources={Source.PRE_ASSESSMENT: 0.5}, rebound_share=0.0, rebound_days=7,
    )  # fmt: skip
    lost = []
    for others in (0, 1):
        pathology = arm(half, others=others, at=ONSET)
        numbers = ask(pathology, ONSET, np.arange(PATIENTS), CHEMISTRY, GROUP_AND_SCREEN)
        pathology.finish()
        lost.append(pathology.lost(numbers).reshape(PATIENTS, 2))
    assert 0 < lost[0][:, 0].sum() < PATIENTS
    np.testing.assert_array_equal(lost[0][:, 0], lost[0][:, 1])
    np.testing.assert_array_equal(lost[0], lost[1])


def test_what_else_a_patient_is_bled_for_does_not_decide_on_the_restriction() -> None:
    half = DemandRestriction(
        name="restriction", kind="demand_restriction", trigger_day=0, duration_days=14,
        sources={Source.PRE_ASSESSMENT: 0.5}, rebound_share=0.0, rebound_days=7,
    )  # fmt: skip
    lost = []
    for tube_types in ((CHEMISTRY, GROUP_AND_SCREEN), (GROUP_AND_SCREEN,)):
        pathology = arm(half, others=0, at=ONSET)
        numbers = ask(pathology, ONSET, np.arange(PATIENTS), *tube_types)
        pathology.finish()
        lost.append(pathology.lost(numbers)[len(tube_types) - 1 :: len(tube_types)])
    np.testing.assert_array_equal(lost[0], lost[1])


def test_a_tube_more_before_leaves_every_other_draw_of_the_kernel() -> None:
    """Service, skipping, whether and when blood is taken again: each is drawn often."""
    closed_at_first = [(-math.inf, 0, 0, 1.0, 0.0), (20.0, 500, 0, 1.0, 0.5)]
    always_open = [(-math.inf, 500, 0, 1.0, 0.0)]
    layout = network(
        [
            Station(closed_at_first, 0.5, cv=1.0, checks_expiry=True, served=1, skipped=1),
            Station(always_open, 0.25, cv=1.0, reports=True),
        ],
        stability=[12.0],
        rebleed_share=[0.5],
        rebleed_delay=[1.0],
        transport=[0.5],
    )
    count = 400
    byte = np.zeros(count, dtype=np.uint8)
    # Half of them expire before the station opens.
    arrival = np.where(np.arange(count) % 2, 15.0, 5.0)
    identity = sample_identities(SOURCE, np.arange(count), 1, 0)
    outcomes = []
    for others in (0, 1):
        kernel = LaboratoryKernel(
            layout, tubes_arriving([1.0, 2.0]), seed=3, replication=0, horizon_hours=100.0
        )
        for other in range(others):
            kernel.submit(
                3.0, 3.0, 0, 0, 0, 0, int(sample_identities(SOURCE, 900 + other, 1, 0)[0])
            )
        kernel.advance_to(4.0)
        ids = kernel.submit_many(
            arrival, arrival, byte, byte, byte, byte.astype(np.int16), identity
        )
        kernel.advance_to(100.0)
        outcomes.append((kernel.reported_at[ids], kernel.collected_at[ids], kernel.occasion[ids]))
    first, second = outcomes
    again = first[2] > 0
    assert 0.4 < again[::2].mean() < 0.6
    assert np.unique(first[1][again]).size > 90
    for before, after in zip(first, second, strict=True):
        np.testing.assert_array_equal(before, after)


def test_a_new_occasion_is_drawn_anew() -> None:
    scenario = one_hospital().without_disruption()
    reported = []
    for occasion in (1, 2):
        pathology = Pathology(scenario, idle_world(), Timeline(scenario))
        types = np.full(1, GROUP_AND_SCREEN, dtype=np.uint8)
        identities = sample_identities(SOURCE, 7, occasion, types)
        numbers = pathology.submit(np.array([34.0]), 0, SOURCE, types, identities)
        pathology.finish()
        reported.append(float(pathology.reported_at(numbers)[0]))
    assert reported[0] != reported[1]
