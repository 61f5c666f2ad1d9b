"""Stopping at what is watched: at the right instant, and without changing anything."""

from __future__ import annotations

import numpy as np
import pytest

from disruption_sim.pathology.kernel import LaboratoryKernel, Trigger
from tests.reference.laboratory import ReferenceLaboratory
from tests.reference.networks import Case, Station, always, network, random_case, tubes_arriving

pytestmark = pytest.mark.integration


def kernel_of(case: Case) -> LaboratoryKernel:
    return LaboratoryKernel(
        case.layout, case.tubes, seed=5, replication=2, horizon_hours=case.horizon
    )


def reference_of(case: Case) -> ReferenceLaboratory:
    reference = ReferenceLaboratory(case.layout, case.tubes, seed=5, replication=2)
    while reference.env.peek() <= case.horizon:
        reference.env.step()
    return reference


def same_state(one: LaboratoryKernel, other: LaboratoryKernel) -> None:
    np.testing.assert_array_equal(one.reported_at, other.reported_at)
    np.testing.assert_array_equal(one.occasion, other.occasion)
    np.testing.assert_array_equal(one.waiting, other.waiting)
    np.testing.assert_array_equal(one.in_service, other.in_service)
    assert one.counts == other.counts
    assert one.station_weeks.tobytes() == other.station_weeks.tobytes()
    assert one.source_weeks.tobytes() == other.source_weeks.tobytes()


@pytest.mark.parametrize("seed", range(200, 240))
def test_stops_where_the_reference_first_saw_it(seed: int) -> None:
    case = random_case(seed, tubes=150, run_time=False)
    draw = np.random.default_rng(seed)
    reference = reference_of(case)
    expected: list[Trigger] = []
    watched, plain = kernel_of(case), kernel_of(case)
    for station in range(case.layout.station_count):
        if draw.random() < 0.6:
            above = int(draw.integers(0, 6))
            watched.watch(station, above)
            over = [t for t, s, length in reference.queued if s == station and length > above]
            expected += [Trigger("queue", station, over[0])] if over else []
    for tube in range(len(case.tubes)):
        if draw.random() < 0.3:
            watched.watch_tube(tube)
            first = [time for time, i in reference.losses if i == tube]
            expected += [Trigger("tube", tube, first[0])] if first else []
    happened: list[Trigger] = []
    while True:
        reached = watched.advance_to(case.horizon)
        triggers = watched.take_triggers()
        happened += triggers
        assert all(trigger.time == reached for trigger in triggers)
        plain.advance_to(reached)
        same_state(watched, plain)
        if reached == case.horizon and not triggers:
            break
    assert happened == sorted(expected, key=lambda t: (t.time, t.kind, t.index))
    np.testing.assert_array_equal(
        watched.reported_at, [tube.reported_at for tube in reference.tubes]
    )


def test_the_watched_cases_have_triggers() -> None:
    seen = dict.fromkeys(("queue", "queue of a pool", "expired", "rejected", "thrown out"), 0)
    for seed in range(200, 240):
        case = random_case(seed, tubes=150, run_time=False)
        reference, pool = reference_of(case), case.layout.pool
        shared = np.bincount(pool, minlength=len(pool))[pool] > 1
        seen["queue"] += len(reference.queued) > 0
        seen["queue of a pool"] += any(shared[s] for _, s, _ in reference.queued)
        seen["expired"] += any(tube.is_discarded for tube in reference.tubes)
        seen["rejected"] += any(tube.is_rejected for tube in reference.tubes)
        seen["thrown out"] += len(reference.thrown_out) > 0
    assert min(seen.values()) >= 5, seen


def test_a_queue_that_is_long_already_stops_at_once_and_once() -> None:
    layout = network([Station(always(1), 1.0)])
    kernel = LaboratoryKernel(
        layout, tubes_arriving([0.0] * 6), seed=0, replication=0, horizon_hours=20
    )
    kernel.advance_to(0.5)
    kernel.watch(0, 3)
    assert kernel.advance_to(10.0) == 0.5
    assert kernel.take_triggers() == [Trigger("queue", 0, 0.5)]
    assert kernel.advance_to(10.0) == 10.0
    assert kernel.take_triggers() == []


def test_triggers_must_be_taken_before_going_on() -> None:
    layout = network([Station(always(1), 1.0)])
    kernel = LaboratoryKernel(
        layout, tubes_arriving([1.0] * 4), seed=0, replication=0, horizon_hours=20
    )
    kernel.watch(0, 1)
    assert kernel.advance_to(10.0) == kernel.advance_to(10.0) == 1.0
    assert len(kernel.take_triggers()) == 1
    assert kernel.advance_to(10.0) == 10.0


def test_unwatched_does_not_stop() -> None:
    layout = network([Station(always(1), 1.0)])
    kernel = LaboratoryKernel(
        layout, tubes_arriving([1.0] * 4), seed=0, replication=0, horizon_hours=20
    )
    kernel.watch(0, 1)
    assert kernel.may_stop_by(10.0)
    kernel.unwatch(0)
    assert not kernel.may_stop_by(10.0)
    assert kernel.advance_to(10.0) == 10.0


def test_a_watch_on_a_tube_ends_with_its_report() -> None:
    layout = network([Station(always(1), 1.0, checks_expiry=True, reports=True)], stability=[5.0])
    kernel = LaboratoryKernel(
        layout, tubes_arriving([1.0, 1.0]), seed=0, replication=0, horizon_hours=50
    )
    kernel.watch_tube(1)
    assert not kernel.may_stop_by(6.0)
    assert kernel.may_stop_by(6.5)
    assert kernel.advance_to(40.0) == 40.0
    assert not kernel.may_stop_by(50.0)


def test_a_rejected_tube_stops_at_the_instant_of_its_rejection() -> None:
    layout = network(
        [
            Station(always(2), 1.0, rejected=[1.0, 0.0], served=1),
            Station(always(0), 1.0, pool=0, reports=True),
        ],
        stability=[1e6, 1e6],
    )
    kernel = LaboratoryKernel(
        layout, tubes_arriving([1.5, 1.5], tube_type=[0, 1]), seed=0, replication=0,
        horizon_hours=50.0,
    )  # fmt: skip
    kernel.watch_tube(0)
    kernel.watch_tube(1)
    assert not kernel.may_stop_by(1.5)
    assert kernel.may_stop_by(2.0)
    assert kernel.advance_to(40.0) == 2.5
    assert kernel.take_triggers() == [Trigger("tube", 0, 2.5)]
    assert kernel.advance_to(40.0) == 40.0
    np.testing.assert_array_equal(kernel.reported_at, [np.nan, 3.5])
    assert not kernel.may_stop_by(50.0)


def test_impossible_watches_are_refused() -> None:
    layout = network([Station(always(1), 1.0)])
    kernel = LaboratoryKernel(
        layout, tubes_arriving([1.0]), seed=0, replication=0, horizon_hours=50
    )
    with pytest.raises(ValueError, match="no station 1"):
        kernel.watch(1, 3)
    with pytest.raises(ValueError, match="negative"):
        kernel.watch(0, -1)
    with pytest.raises(ValueError, match="no tube 1"):
        kernel.watch_tube(1)
