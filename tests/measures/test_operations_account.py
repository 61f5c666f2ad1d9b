"""Who waited longer, by how much, and what caught up."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from disruption_sim.measures import (
    Horizon,
    OperationsAccount,
    Phase,
    SpecialtyItem,
    WaitGroup,
    WaitItem,
)
from disruption_sim.measures.operations import operation_measures
from disruption_sim.measures.operations_account import operations_account
from disruption_sim.records import Cause, DoneOn, SurgeryRecords
from disruption_sim.scenario import Scenario
from disruption_sim.world import World, draw_world
from tests.support.pretend import pretend_surgery
from tests.support.small_scenario import small_scenario

pytestmark = pytest.mark.unit

SCENARIO = small_scenario(calendar__horizon_weeks=6)
HORIZON = Horizon.of(SCENARIO)
WEEK = 168.0
ITEMS = {item: number for number, item in enumerate(WaitItem)}
OF_SPECIALTY = {item: number for number, item in enumerate(SpecialtyItem)}


@pytest.fixture(scope="module")
def world() -> World:
    return draw_world(SCENARIO, seed=2, replication=0)


def muddled(records: SurgeryRecords, random: np.random.Generator) -> SurgeryRecords:
    """Return records in which some come earlier, some later, some are removed, some elsewhere."""
    done = records.done_at.copy()
    onset = HORIZON.start
    hit = np.flatnonzero((done >= onset) & (random.random(len(done)) < 0.6))
    done[hit] = np.maximum(onset, done[hit] + random.choice([-5, 0, 9, 30], len(hit)) * 24.0)
    done[done >= HORIZON.end] = np.nan
    removed = records.removed_at.copy()
    gone = np.isnan(done) & (random.random(len(done)) < 0.2)
    removed[gone] = random.uniform(onset, HORIZON.end, int(gone.sum()))
    on = random.integers(0, len(DoneOn), len(done)).astype(np.uint8)
    on[np.isnan(done)] = 0
    late = np.sort(random.choice(hit, 40, replace=False)).astype(np.int32)
    at = np.sort(random.uniform(onset, HORIZON.end, 40))
    return replace(
        records,
        done_at=done,
        done_on=on,
        removed_at=removed,
        postponed_patient=late,
        postponed_at=at,
        postponed_decided_at=at - 12.0,
        postponed_cause=random.integers(0, len(Cause), 40).astype(np.uint8),
        rebooked_late=np.zeros(40, dtype=np.bool_),
    )


@pytest.fixture(scope="module")
def arms(world: World) -> tuple[SurgeryRecords, SurgeryRecords]:
    twin = pretend_surgery(SCENARIO.without_disruption(), world, delayed=False)
    return muddled(twin, np.random.default_rng(8)), twin


@pytest.fixture(scope="module")
def account(world: World, arms: tuple[SurgeryRecords, SurgeryRecords]) -> OperationsAccount:
    return operations_account(SCENARIO, HORIZON, world.operations, *arms)


def weekly(world: World, arms: tuple[SurgeryRecords, SurgeryRecords], name: str) -> np.ndarray:
    found = operation_measures(SCENARIO, HORIZON, world.operations, *arms)[name]
    assert isinstance(found, np.ndarray)
    return found


def test_groups_add_up_to_all_extra_waits(
    world: World, arms: tuple[SurgeryRecords, SurgeryRecords], account: OperationsAccount
) -> None:
    weeks = account.extra_waits[:, :, ITEMS[WaitItem.PATIENT_WEEKS]]
    extra = weekly(world, arms, "patient_weeks_of_extra_wait")[:, -1].sum()
    assert weeks[:, -1].sum() == pytest.approx(extra)
    assert weeks[:, :-1].sum(axis=1) == pytest.approx(weeks[:, -1])
    # Those left are the same to the day.
    unchanged = account.extra_waits[WaitGroup.UNCHANGED]
    mean = unchanged[:, ITEMS[WaitItem.PATIENT_WEEKS]] / unchanged[:, ITEMS[WaitItem.PATIENTS]]
    assert np.abs(mean).max() < 1.0 / 7.0
    displaced = weekly(world, arms, "patient_weeks_displaced")[:, -1].sum()
    assert weeks[WaitGroup.DISPLACED, -1] == pytest.approx(displaced)
    assert displaced > 0.0
    forward = weekly(world, arms, "patient_weeks_brought_forward")[:, -1].sum()
    assert weeks[WaitGroup.BROUGHT_FORWARD, -1] == pytest.approx(-forward)
    assert forward > 0.0
    people = account.extra_waits[WaitGroup.DISPLACED, -1, ITEMS[WaitItem.PATIENTS]]
    assert people == weekly(world, arms, "patients_displaced")[:, -1].sum()


def test_the_postponed_are_described_by_mean_quantiles_and_shares(world: World) -> None:
    twin = pretend_surgery(SCENARIO.without_disruption(), world, delayed=False)
    inside = np.flatnonzero((twin.done_at >= HORIZON.start) & (twin.done_at < HORIZON.start + 48))
    patients = inside[:4].astype(np.int32)
    done = twin.done_at.copy()
    done[patients] += np.array([1.0, 2.0, 4.5, 0.0]) * WEEK
    done[patients[3]] = np.nan
    here = replace(
        twin,
        done_at=done,
        postponed_patient=patients,
        postponed_at=np.full(4, HORIZON.start + 24.0),
        postponed_decided_at=np.full(4, HORIZON.start + 20.0),
        postponed_cause=np.array([Cause.RESULTS_NOT_REPORTED] * 3 + [Cause.NO_BED], dtype=np.uint8),
        rebooked_late=np.zeros(4, dtype=np.bool_),
    )
    found = operations_account(SCENARIO, HORIZON, world.operations, here, twin).extra_waits[:, -1]
    by_incident = found[WaitGroup.POSTPONED_BY_INCIDENT]
    assert by_incident[ITEMS[WaitItem.PATIENTS]] == 3
    assert by_incident[ITEMS[WaitItem.STILL_WAITING]] == 0
    assert by_incident[ITEMS[WaitItem.MEAN]] == pytest.approx(2.5)
    assert by_incident[ITEMS[WaitItem.MEDIAN]] == pytest.approx(2.0)
    assert by_incident[ITEMS[WaitItem.Q90]] == pytest.approx(4.0)
    assert by_incident[ITEMS[WaitItem.OVER_4_WEEKS]] == pytest.approx(1.0 / 3.0)
    otherwise = found[WaitGroup.POSTPONED_OTHERWISE]
    # Cut at the horizon.
    expected = (HORIZON.end - twin.done_at[patients[3]]) / WEEK
    assert otherwise[ITEMS[WaitItem.MEAN]] == pytest.approx(expected)
    assert otherwise[ITEMS[WaitItem.STILL_WAITING]] == 1
    assert found[WaitGroup.DISPLACED, ITEMS[WaitItem.PATIENTS]] == 0
    assert np.isnan(found[WaitGroup.DISPLACED, ITEMS[WaitItem.MEAN]])


def test_what_caught_up_is_the_fall_of_the_backlog(
    world: World, arms: tuple[SurgeryRecords, SurgeryRecords], account: OperationsAccount
) -> None:
    backlog = weekly(world, arms, "operations_backlog")[:, -1]
    over_phases = account.caught_up.sum(axis=1)
    assert over_phases[Phase.BUILDING_UP] == -backlog.max()
    assert over_phases[Phase.CATCHING_UP] == backlog.max() - backlog[-1]
    assert backlog.max() > 0.0


def test_lists_that_did_the_work_are_told_apart(world: World) -> None:
    twin = pretend_surgery(SCENARIO.without_disruption(), world, delayed=False)
    first = np.flatnonzero((twin.done_at >= HORIZON.start) & (twin.done_at < HORIZON.start + WEEK))
    done, on = twin.done_at.copy(), twin.done_on.copy()
    done[first[:6]] = HORIZON.start + 3 * WEEK + 5.0
    on[first[:4]] = DoneOn.WEEKEND_LIST
    on[first[4:6]] = DoneOn.FLEXIBLE_LIST
    here = replace(twin, done_at=done, done_on=on)
    found = operations_account(SCENARIO, HORIZON, world.operations, here, twin)
    lost, made_good = found.caught_up
    assert lost.tolist() == [-6, 0, 0, 0, 0, 0, 0]
    assert made_good.tolist() == [0, 2, 4, 0, 0, 0, 0]
    assert found.done_on[3].tolist()[1:] == [2, 4, 0, 0, 0]


def test_specialties_add_up_and_lists_are_in_balance(
    world: World, arms: tuple[SurgeryRecords, SurgeryRecords], account: OperationsAccount
) -> None:
    counts = [
        OF_SPECIALTY[item]
        for item in SpecialtyItem
        if item not in (SpecialtyItem.WITHIN_18_WEEKS, SpecialtyItem.MEAN_WAIT)
    ]
    table = account.specialties[:, counts]
    assert table[:-1].sum(axis=0) == pytest.approx(table[-1])
    assert account.waiting[:, :-1].sum(axis=1).tolist() == account.waiting[:, -1].tolist()
    columns = account.specialties.T

    def of(item: SpecialtyItem) -> np.ndarray:
        return np.asarray(columns[OF_SPECIALTY[item]])

    joined, left = of(SpecialtyItem.REFERRALS), of(SpecialtyItem.REMOVED) + of(SpecialtyItem.DONE)
    growth = of(SpecialtyItem.WAITING_AT_END) - of(SpecialtyItem.WAITING_AT_START)
    assert growth == pytest.approx(HORIZON.weeks * (joined - left))
    assert of(SpecialtyItem.WAITING_AT_END) == pytest.approx(account.waiting[-1])
    events = weekly(world, arms, "operations_postponed_incident")[:, -1].sum()
    assert of(SpecialtyItem.POSTPONED_INCIDENT)[-1] == events
    people = weekly(world, arms, "patients_postponed_incident")[:, -1].sum()
    assert of(SpecialtyItem.POSTPONED_PATIENTS)[-1] == people
    extra = weekly(world, arms, "patient_weeks_of_extra_wait")[:, -1].sum()
    assert of(SpecialtyItem.EXTRA_WAIT)[-1] == pytest.approx(extra)


def test_the_baseline_arm_is_its_own_twin(world: World) -> None:
    quiet: Scenario = SCENARIO.without_disruption()
    twin = pretend_surgery(quiet, world, delayed=False)
    found = operations_account(quiet, HORIZON, world.operations, twin, twin)
    assert not found.caught_up.any()
    assert not found.extra_waits[:, :, ITEMS[WaitItem.PATIENT_WEEKS]].any()
    patients = found.extra_waits[:, -1, ITEMS[WaitItem.PATIENTS]]
    assert patients[WaitGroup.UNCHANGED] == patients.sum() > 0
