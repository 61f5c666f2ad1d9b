"""The kernel's interface: what it counts, accepts and refuses."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import warnings
from dataclasses import replace
from typing import Any

import numba
import numpy as np
import pytest

from disruption_sim.pathology import compiled
from disruption_sim.pathology.kernel import LaboratoryKernel, warm_up_compile
from disruption_sim.pathology.network import NetworkLayout, TubeArrays
from disruption_sim.randomness import hash_uniform, purpose_key
from tests.reference.laboratory import ReferenceLaboratory
from tests.reference.networks import Row, Station, always, network, random_case, tubes_arriving

pytestmark = pytest.mark.unit


def run(layout: NetworkLayout, tubes: TubeArrays, horizon: float = 400.0) -> LaboratoryKernel:
    kernel = LaboratoryKernel(layout, tubes, seed=0, replication=0, horizon_hours=horizon)
    kernel.advance_to(horizon)
    return kernel


# --- randomness ---------------------------------------------------------------------------------


def test_the_compiled_hash_is_that_of_randomness() -> None:
    key = purpose_key(3, 1, "pathology.service.anywhere")
    entities, occasions = np.arange(0, 2**31 - 1, 104_729_381), np.arange(4)
    for entity in entities:
        for occasion in occasions:
            with np.errstate(over="ignore"):
                number = compiled.hash_number(key, entity, occasion)
            assert number == hash_uniform(key, int(entity), int(occasion))


def test_service_times_do_not_depend_on_the_position_of_a_station() -> None:
    alone = network([Station(always(1), 0.5, cv=1.0, reports=True)])
    behind = network([Station(always(1), 9.0), Station(always(1), 0.5, cv=1.0, reports=True)])
    behind = replace(behind, station_names=("another", alone.station_names[0]))
    arrival = np.arange(40.0) * 8
    first = run(alone, tubes_arriving(arrival))
    second = run(behind, tubes_arriving(arrival, entry_station=1))
    np.testing.assert_array_equal(first.reported_at, second.reported_at)
    assert len(np.unique(first.reported_at - arrival)) > 30


# --- order and rosters --------------------------------------------------------------------------


def test_higher_class_first_and_first_come_first_served_within_it() -> None:
    layout = network([Station(always(1), 1.0, reports=True)])
    tubes = tubes_arriving([0.0, 0.25, 0.5, 0.75], priority=[2, 2, 0, 2])
    np.testing.assert_array_equal(run(layout, tubes).reported_at, [1.0, 3.0, 2.0, 4.0])


def test_a_capacity_cut_closes_servers_as_they_finish() -> None:
    rows: list[Row] = [(-math.inf, 2, 0, 1.0, 0.0), (1.0, 0, 0, 1.0, 0.0), (10.0, 1, 0, 1.0, 0.0)]
    kernel = run(network([Station(rows, 3.0, reports=True)]), tubes_arriving([0.0, 0.5, 0.75]))
    np.testing.assert_array_equal(kernel.reported_at, [3.0, 3.5, 13.0])
    week = kernel.station_weeks[0, 0]
    assert week["busy_hours"] == 9.0
    assert week["closing_hours"] == 4.5
    assert week["offered_hours"] == 2 * 1.0 + 1 * (168.0 - 10.0)
    assert week["longest_wait"] == 9.25


def test_manual_mode_and_speed_count_from_the_start_of_a_service() -> None:
    rows: list[Row] = [(-math.inf, 1, 0, 1.0, 0.0), (2.0, 1, 1, 0.5, 0.0)]
    station = Station(rows, 1.5, manual_hours=8.0, reports=True, notes_manual=True)
    kernel = run(network([station]), tubes_arriving([1.0, 1.25]))
    np.testing.assert_array_equal(kernel.reported_at, [2.5, 6.5])
    np.testing.assert_array_equal(kernel.is_manual, [False, True])


def test_a_service_takes_a_tick_at_least() -> None:
    kernel = run(network([Station(always(1), 0.0, reports=True)]), tubes_arriving([1.0, 1.0]))
    np.testing.assert_array_equal(kernel.reported_at, [1.0 + 2**-20, 1.0 + 2**-19])


def test_skipping_passes_straight_through_in_the_share_asked_for() -> None:
    layout = network(
        [
            Station(always(1, 0.7), 1e-3, served=1, skipped=2),
            Station(always(1), 1e-3),
            Station(always(1, 1.0), 1e-3, reports=True),
        ]
    )
    kernel = run(layout, tubes_arriving(np.arange(2000.0) / 8))
    skipped = np.isfinite(kernel.reported_at)
    assert skipped.mean() == pytest.approx(0.7, abs=0.04)
    np.testing.assert_array_equal(kernel.reported_at[skipped], np.arange(2000.0)[skipped] / 8)


def test_back_entry_follows_the_report() -> None:
    layout = network(
        [
            Station(always(1), 1.0, served=1, reports=True),
            Station([(-math.inf, 0, 0, 1.0, 0.0), (20.0, 1, 0, 1.0, 0.0)], 2.0, back_entry=True),
        ]
    )
    kernel = LaboratoryKernel(
        layout, tubes_arriving([0.0, 0.0]), seed=0, replication=0, horizon_hours=30.0
    )
    kernel.advance_to(10.0)
    counts = kernel.counts
    assert (counts.reported, counts.departed, counts.waiting) == (2, 0, 2)
    assert counts.unreported_in_laboratory == 0
    assert np.isnan(kernel.back_entered_at).all()
    kernel.advance_to(30.0)
    np.testing.assert_array_equal(kernel.reported_at, [1.0, 2.0])
    np.testing.assert_array_equal(kernel.back_entered_at, [22.0, 24.0])


def test_expired_tubes_are_collected_again_or_abandoned() -> None:
    layout = network(
        [Station([(-math.inf, 0, 0, 1.0, 0.0), (50.0, 4, 0, 1.0, 0.0)], 0.01, checks_expiry=True,
                 reports=True)],
        stability=[24.0],
        rebleed_share=[0.6, 0.0],
        rebleed_delay=[3.0, 1.0],
        transport=[0.5, 0.0],
    )  # fmt: skip
    kernel = run(layout, tubes_arriving([1.0] * 400 + [49.0], source=[0] * 300 + [1] * 101))
    assert kernel.is_discarded.sum() == 400
    assert kernel.is_abandoned[300:400].all()
    assert not kernel.is_discarded[400]
    again = np.flatnonzero(kernel.occasion)
    assert len(again) == pytest.approx(180, abs=30)
    np.testing.assert_array_equal(
        kernel.abandoned(np.arange(300, dtype=np.int32)), kernel.occasion[:300] == 0
    )
    assert (kernel.collected_at[again] >= 53.0).all()
    assert (kernel.collected_at[again] <= 56.0).all()
    assert (kernel.reported_at[again] > kernel.collected_at[again] + 0.5).all()
    weeks = kernel.source_weeks
    assert weeks["discarded"].sum(axis=0).tolist() == [300, 100]
    assert weeks["received"].sum() == 401 + len(again)
    assert weeks["rebled"].sum() == len(again)
    assert weeks["abandoned"].sum() == 400 - len(again)


def test_tubes_that_do_not_come_are_left_alone() -> None:
    kernel = run(
        network([Station(always(1), 1.0, reports=True)]),
        tubes_arriving([np.nan, 1.0], collected=[np.nan, 1.0], entry_station=[-1, 0]),
    )
    np.testing.assert_array_equal(kernel.reported_at, [np.nan, 2.0])
    assert kernel.counts.received == 1


# --- statistics ---------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(300, 312))
def test_weekly_figures_are_those_of_the_reference(seed: int) -> None:
    case = random_case(seed, tubes=200, horizon=700.0, grain=1, run_time=False)
    case = replace(case, horizon=800.5)
    kernel = LaboratoryKernel(
        case.layout, case.tubes, seed=5, replication=2, horizon_hours=case.horizon
    )
    kernel.advance_to(case.horizon)
    reference = ReferenceLaboratory(case.layout, case.tubes, seed=5, replication=2)
    queue = np.zeros((800, case.layout.station_count), dtype=np.int64)
    for hour in range(1, 801):
        while reference.env.peek() <= hour:
            reference.env.step()
        queue[hour - 1] = [reference.waiting(s) for s in range(case.layout.station_count)]
    while reference.env.peek() <= case.horizon:
        reference.env.step()
    np.testing.assert_array_equal(kernel.queue_hourly[:800], queue)
    weeks = kernel.station_weeks
    for s in range(case.layout.station_count):
        services = [service[1:] for service in reference.services if service[0] == s]
        for week in range(5):
            start, end = 168.0 * week, min(168.0 * (week + 1), case.horizon)
            row = weeks[week, s]
            assert row["busy_hours"] == sum(
                max(min(done, end) - max(begin, start), 0.0) for _, begin, done in services
            )
            ended = [1 for _, _, done in services if start < done <= end]
            assert row["served"] == len(ended)
            assert row["skipped"] == sum(
                1 for station, time in reference.skips
                if station == s and (start < time <= end or time == start == 0)
            )  # fmt: skip
            assert row["longest_queue"] == max(
                (length for time, station, length in reference.queued
                 if station == s and (start < time <= end or time == start == 0)), default=0,
            )  # fmt: skip


# --- run-time work ------------------------------------------------------------------------------


def test_handed_in_one_by_one_or_together_is_the_same() -> None:
    layout = network([Station(always(2), 0.5, cv=1.0, reports=True)])
    arrival = np.array([5.0, 3.0, 3.0, 4.0, 3.5] * 500)
    byte = np.zeros(len(arrival), dtype=np.uint8)
    kernels = [
        LaboratoryKernel(
            layout, tubes_arriving([0.5], extra_capacity=extra), seed=0, replication=0,
            horizon_hours=1000.0,
        )
        for extra in (0, 7, 9000)
    ]  # fmt: skip
    for kernel in kernels:
        kernel.advance_to(2.0)
    identity = np.arange(len(arrival), dtype=np.uint64) + np.uint64(1 << 63)
    ids = kernels[0].submit_many(
        arrival, arrival, byte, byte, byte, byte.astype(np.int16), identity
    )
    for kernel in kernels[1:]:
        one_by_one = [
            kernel.submit(float(time), float(time), 0, 0, 0, 0, int(number))
            for time, number in zip(arrival, identity, strict=True)
        ]
        assert one_by_one == ids.tolist() == list(range(1, 2501))
    for kernel in kernels:
        kernel.advance_to(1000.0)
        np.testing.assert_array_equal(kernel.reported_at, kernels[0].reported_at)
    assert np.isfinite(kernels[0].reported_at).all()


def test_handed_in_for_now_is_worked_off_now() -> None:
    layout = network(
        [Station(always(1, 1.0), 1.0, skipped=1), Station(always(1), 2.0, reports=True)]
    )
    kernel = LaboratoryKernel(layout, tubes_arriving([]), seed=0, replication=0, horizon_hours=10.0)
    kernel.advance_to(3.0)
    tube = kernel.submit(3.0, 2.0, 0, 0, 0, 0, identity=0)
    assert kernel.counts.on_their_way == 1
    kernel.advance_to(3.0)
    assert kernel.in_service.tolist() == [0, 1]
    kernel.advance_to(5.0)
    assert kernel.reported_at[tube] == 5.0


@pytest.mark.parametrize(
    "change",
    [
        {"arrival": 1.0}, {"arrival": 3.0 + 2**-21}, {"arrival": math.inf}, {"collected": 3.5},
        {"collected": 1 / 3}, {"source": 1}, {"tube_type": 1}, {"priority": 8},
        {"entry_station": 1}, {"entry_station": -1}, {"identity": -1}, {"identity": 1 << 64},
    ],
)  # fmt: skip
def test_impossible_tubes_are_refused(change: dict[str, Any]) -> None:
    layout = network([Station(always(1), 1.0)])
    kernel = LaboratoryKernel(layout, tubes_arriving([]), seed=0, replication=0, horizon_hours=9)
    kernel.advance_to(2.0)
    values = {"arrival": 3.0, "collected": 2.5, "source": 0, "tube_type": 0, "priority": 0,
              "entry_station": 0, "identity": 0} | change  # fmt: skip
    with pytest.raises(ValueError, match="cannot hand in"):
        kernel.submit(**values)
    together = {name: np.array([value]) for name, value in values.items()}
    for name, kind in (("source", "u1"), ("tube_type", "u1"), ("priority", "u1"),
                       ("entry_station", "i2"), ("identity", "u8")):  # fmt: skip
        if name != "identity" or name not in change:
            together[name] = together[name].astype(kind)
    with pytest.raises(ValueError, match="cannot hand in"):
        kernel.submit_many(**together)
    assert kernel.tube_count == 0


def test_impossible_tubes_of_the_world_are_named() -> None:
    layout = network([Station(always(1), 1.0)])
    tubes = tubes_arriving([1.0, 2.0, 3.0], priority=[0, 9, 0])
    with pytest.raises(ValueError, match=r"tube 1 .*priority 9"):
        run(layout, tubes)
    with pytest.raises(ValueError, match="length 2"):
        replace(tubes, arrival=tubes.arrival[:2])


def test_time_does_not_run_backwards_or_over_the_horizon() -> None:
    kernel = run(network([Station(always(1), 1.0)]), tubes_arriving([1.0]), 10.0)
    with pytest.raises(ValueError, match="cannot advance"):
        kernel.advance_to(9.0)
    with pytest.raises(ValueError, match="cannot advance"):
        kernel.advance_to(11.0)


def test_a_later_start_takes_the_roster_that_holds_then() -> None:
    rows: list[Row] = [(-math.inf, 0, 0, 1.0, 0.0), (5.0, 1, 0, 1.0, 0.0), (9.0, 2, 0, 1.0, 0.0)]
    layout = network([Station(rows, 4.0, reports=True)])
    kernel = LaboratoryKernel(
        layout, tubes_arriving([7.0, 7.0, 7.0]), seed=0, replication=0, horizon_hours=20.0,
        start_hours=6.5,
    )  # fmt: skip
    kernel.advance_to(20.0)
    np.testing.assert_array_equal(kernel.reported_at, [11.0, 13.0, 15.0])
    assert kernel.station_weeks["offered_hours"][0, 0] == 2.5 + 2 * 11


# --- rescheduling -------------------------------------------------------------------------------


def rescheduled(times: list[float], servers: list[int], at: float = 4.0) -> LaboratoryKernel:
    rows: list[Row] = [(-math.inf, 1, 0, 1.0, 0.0), (6.0, 0, 0, 1.0, 0.0), (30.0, 1, 0, 1.0, 0.0)]
    kernel = LaboratoryKernel(
        network([Station(rows, 2.0, reports=True), Station(always(1), 1.0)]),
        tubes_arriving([0.0] * 6), seed=0, replication=0, horizon_hours=100.0,
    )  # fmt: skip
    kernel.advance_to(at)
    count = len(times)
    kernel.reschedule(
        0, times, servers, [0] * count, [1.0] * count, [0.0] * count, [False] * count,
        [True] * count,
    )  # fmt: skip
    kernel.advance_to(100.0)
    return kernel


def test_a_new_schedule_from_now_replaces_all_that_was_to_come() -> None:
    kernel = rescheduled([1.0, 3.0], [7, 2])
    np.testing.assert_array_equal(kernel.reported_at, [2.0, 4.0, 6.0, 6.0, 8.0, 8.0])


def test_a_new_schedule_for_later_keeps_what_comes_before_it() -> None:
    kernel = rescheduled([20.0], [4])
    np.testing.assert_array_equal(kernel.reported_at, [2.0, 4.0, 6.0, 22.0, 22.0, 22.0])


def test_a_new_schedule_may_have_more_rows_and_servers_than_there_was_room_for() -> None:
    kernel = rescheduled([4.0, 10.0, 11.0, 12.0, 13.0, 14.0], [0, 1, 0, 0, 0, 40])
    np.testing.assert_array_equal(kernel.reported_at, [2.0, 4.0, 6.0, 12.0, 16.0, 16.0])


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (([], [], [], [], [], [], []), "at least one row"),
        (([1.0], [1, 2], [0], [1.0], [0.0], [False], [True]), "one length"),
        (([1.0], [1], [0], [1.0], [0.0], [False], []), "one length"),
        (
            ([2.0, 1.0], [1, 1], [0, 0], [1.0, 1.0], [0.0, 0.0], [False] * 2, [True] * 2),
            "do not increase",
        ),
        (([1 / 3], [1], [0], [1.0], [0.0], [False], [True]), "time grid"),
        (([1.0], [-1], [0], [1.0], [0.0], [False], [True]), "negative"),
        (([1.0], [1], [2], [1.0], [0.0], [False], [True]), "mode"),
        (([1.0], [1], [0], [0.0], [0.0], [False], [True]), "speed"),
        (([1.0], [1], [0], [1.0], [1.5], [False], [True]), "skip share"),
    ],
)
def test_faulty_schedules_are_refused(rows: tuple[Any, ...], message: str) -> None:
    kernel = run(network([Station(always(1), 1.0)]), tubes_arriving([1.0]), 10.0)
    with pytest.raises(ValueError, match=message):
        kernel.reschedule(0, *rows)


def test_a_station_without_servers_of_its_own_cannot_be_given_any() -> None:
    layout = network(
        [Station(always(2), 1.0, served=1), Station(always(0), 1.0, pool=0, reports=True)]
    )
    kernel = run(layout, tubes_arriving([0.0]), 1.0)
    with pytest.raises(ValueError, match="takes the servers of another station"):
        kernel.reschedule(1, [1.0], [1], [0], [1.0], [0.0], [False], [True])


# --- shared servers -----------------------------------------------------------------------------


def shared(rows: list[Row], *second: Row, ranks: tuple[int, int] = (1, 0), fixed: int = -1,
           cv: float = 0.0) -> NetworkLayout:  # fmt: skip
    """Two steps by the same people, with half an hour on a machine between them."""
    return network(
        [
            Station(rows, 1.0, served=1, pick_rank=ranks[0], cv=cv),
            Station(always(99), 0.5, served=2),
            Station(second or always(0), 1.0, pool=0, pick_rank=ranks[1], fixed_class=fixed,
                    reports=True, cv=cv),
        ]
    )  # fmt: skip


def test_one_person_does_both_steps_and_first_finishes_what_was_begun() -> None:
    kernel = run(shared(always(1)), tubes_arriving([0.0] * 3))
    np.testing.assert_array_equal(kernel.reported_at, [3.0, 4.0, 6.5])
    kernel = run(shared(always(1), ranks=(0, 1)), tubes_arriving([0.0] * 3))
    np.testing.assert_array_equal(kernel.reported_at, [4.0, 5.0, 6.0])
    week = kernel.station_weeks[0]
    np.testing.assert_array_equal(week["busy_hours"], [3.0, 1.5, 3.0])
    np.testing.assert_array_equal(week["offered_hours"], [168.0, 99 * 168.0, 0.0])
    np.testing.assert_array_equal(
        kernel.pool_utilisation[0], [6.0 / 168.0, 1.5 / (99 * 168.0), np.nan]
    )


def test_a_lower_class_at_one_step_goes_before_a_higher_at_another() -> None:
    # At 2.5 h the first tube waits for the second step, the last for the first step.
    kernel = run(shared(always(1)), tubes_arriving([0.0, 1.5, 1.5], priority=[1, 0, 2]))
    np.testing.assert_array_equal(kernel.reported_at, [3.5, 4.5, 7.0])
    # At 2 h so they do too, but now the last is of the lower class.
    kernel = run(shared(always(1)), tubes_arriving([0.0, 1.0, 1.25], priority=[1, 0, 0]))
    np.testing.assert_array_equal(kernel.reported_at, [6.0, 4.0, 5.0])


def test_a_fixed_class_lets_live_work_of_lower_classes_go_first() -> None:
    tubes = tubes_arriving([0.0, 0.5, 0.75, 0.875], priority=[0, 2, 5, 7])
    kernel = run(shared(always(1), fixed=4), tubes)
    np.testing.assert_array_equal(kernel.reported_at, [3.0, 4.0, 7.0, 8.0])
    kernel = run(shared(always(1), fixed=6), tubes)
    np.testing.assert_array_equal(kernel.reported_at, [4.0, 5.0, 6.0, 8.5])


def test_a_closed_station_leaves_its_people_to_the_other_steps() -> None:
    opens: list[Row] = [
        (-math.inf, 0, 0, 1.0, 0.0, False, False), (10.0, 0, 0, 1.0, 0.0, False, True),
        (11.5, 0, 0, 1.0, 0.0, False, False), (20.0, 0, 0, 1.0, 0.0, False, True),
    ]  # fmt: skip
    kernel = run(shared(always(1), *opens), tubes_arriving([0.0] * 4))
    np.testing.assert_array_equal(kernel.reported_at, [11.0, 12.0, 21.0, 22.0])


def test_people_who_are_added_start_at_every_step_at_once() -> None:
    rows: list[Row] = [(-math.inf, 1, 0, 1.0, 0.0), (1.0, 0, 0, 1.0, 0.0), (5.0, 3, 0, 1.0, 0.0)]
    kernel = run(shared(rows), tubes_arriving([0.0] * 3))
    np.testing.assert_array_equal(kernel.reported_at, [6.0, 7.5, 7.5])


def test_more_people_may_come_to_a_pool_than_there_was_room_for() -> None:
    kernel = LaboratoryKernel(
        shared(always(1)), tubes_arriving([0.0] * 40), seed=0, replication=0, horizon_hours=50.0
    )
    kernel.advance_to(2.5)
    kernel.reschedule(0, [3.0], [50], [0], [1.0], [0.0], [False], [True])
    kernel.advance_to(50.0)
    np.testing.assert_array_equal(kernel.reported_at, [3.0, 4.0] + [5.5] * 38)


# --- rejection ----------------------------------------------------------------------------------


def test_a_share_of_tubes_is_rejected_when_booked_in_and_bled_again() -> None:
    rows: list[Row] = [(-math.inf, 9, 0, 1.0, 0.0), (1000.0, 9, 1, 1.0, 0.0)]
    layout = network(
        [Station(rows, 0.25, 0.25, rejected=[0.05, 0.0], manual_rejected=[0.2, 0.0], served=1),
         Station(always(9), 0.25, reports=True)],
        stability=[1e6, 1e6],
        rebleed_share=[1.0, 0.0],
        rebleed_delay=[2.0, 1.0],
        transport=[0.0, 0.0],
    )  # fmt: skip
    kind, source = np.tile([0, 0, 0, 1], 2000), np.repeat([0, 1], 4000)
    arrival = np.arange(8000) % 4000 / 2
    kernel = run(layout, tubes_arriving(arrival, tube_type=kind, source=source), 2100.0)
    assert not kernel.is_rejected[kind == 1].any()
    by_hand, own = arrival >= 1000.0, kind == 0
    assert kernel.is_rejected[own & ~by_hand].mean() == pytest.approx(0.05, abs=0.012)
    assert kernel.is_rejected[own & by_hand].mean() == pytest.approx(0.2, abs=0.025)
    rejected = kernel.is_rejected
    np.testing.assert_array_equal(kernel.is_abandoned, rejected & (source == 1))
    assert not kernel.is_discarded.any()
    again = rejected & (source == 0)
    once = again & (kernel.occasion == 1)
    took = (kernel.reported_at - arrival)[once]
    assert (took >= 2.75).all()
    assert (took <= 4.75).all()
    counts = kernel.counts
    assert counts.rejected == counts.rebled + counts.abandoned > rejected.sum()
    assert counts.abandoned == (rejected & (source == 1)).sum()
    week = kernel.source_weeks
    assert week["rejected"].sum(axis=0).tolist() == [
        int(kernel.occasion[source == 0].sum()), counts.abandoned
    ]  # fmt: skip
    assert kernel.station_weeks["served"][:, 0].sum() == counts.received


def test_the_reason_of_the_last_loss_counts() -> None:
    """Rejected first, then expired while nobody works."""
    rows: list[Row] = [(-math.inf, 1, 0, 1.0, 0.0), (2.0, 0, 0, 1.0, 0.0), (30.0, 1, 0, 1.0, 0.0)]
    layout = network(
        [Station(rows, 1.0, rejected=1.0, checks_expiry=True)], stability=[10.0],
        rebleed_share=[1.0], rebleed_delay=[4.0],
    )  # fmt: skip
    kernel = LaboratoryKernel(
        layout, tubes_arriving([0.0]), seed=0, replication=0, horizon_hours=60.0
    )
    kernel.advance_to(2.0)
    assert (kernel.is_rejected[0], kernel.is_discarded[0]) == (True, False)
    kernel.advance_to(30.0)
    assert (kernel.is_rejected[0], kernel.is_discarded[0]) == (False, True)
    kernel.advance_to(45.0)
    assert (kernel.is_rejected[0], kernel.is_discarded[0]) == (True, True)


# --- freshest first and expiry ------------------------------------------------------------------


def test_the_freshest_goes_first_and_what_has_expired_is_thrown_out() -> None:
    rows: list[Row] = [(-math.inf, 0, 0, 1.0, 0.0, True, True), (6.5, 1, 0, 1.0, 0.0, True, True)]
    layout = network([Station(rows, 1.0, checks_expiry=True, reports=True)], stability=[4.0])
    kernel = run(layout, tubes_arriving(np.arange(7.0)))
    # At 6.5 h those of 0 to 2 h are thrown out, at 7.5 h that of 3 h, at 8.5 h that of 4 h.
    np.testing.assert_array_equal(
        kernel.reported_at, [np.nan, np.nan, np.nan, np.nan, np.nan, 8.5, 7.5]
    )
    assert kernel.counts.discarded == 5
    assert kernel.station_weeks["longest_wait"][0, 0] == 6.5


def test_freshest_first_saves_tubes_under_overload() -> None:
    """Four tubes an hour, two are served: first come, first served lets nearly all grow old."""
    reported = {}
    for freshest in (False, True):
        rows: list[Row] = [(-math.inf, 1, 0, 1.0, 0.0, freshest, True)]
        layout = network([Station(rows, 0.5, checks_expiry=True, reports=True)], stability=[6.0])
        kernel = run(layout, tubes_arriving(np.arange(1200) / 4), 300.0)
        wait = kernel.reported_at - 0.5 - np.arange(1200) / 4
        reported[freshest] = kernel.counts.reported, float(np.nanmedian(wait))
    assert reported[True][0] >= reported[False][0]
    assert reported[True][1] < 0.5 < 5.5 < reported[False][1]


def test_a_queue_can_be_turned_round_while_it_stands() -> None:
    """The kernel keeps no links to those before until a schedule asks for them."""
    layout = network([Station(always(0), 1.0, reports=True)])
    kernel = LaboratoryKernel(
        layout, tubes_arriving([0.0, 1.0, 2.0, 3.0, 10.5]), seed=0, replication=0,
        horizon_hours=60.0,
    )  # fmt: skip
    kernel.advance_to(8.0)
    kernel.reschedule(
        0, [10.0, 12.0], [1, 1], [0, 0], [1.0, 1.0], [0.0, 0.0], [True, False], [True, True]
    )
    kernel.advance_to(60.0)
    np.testing.assert_array_equal(kernel.reported_at, [13.0, 14.0, 15.0, 11.0, 12.0])


def test_tubes_of_a_source_that_never_expire_are_used_however_old() -> None:
    rows: list[Row] = [(-math.inf, 0, 0, 1.0, 0.0), (50.0, 9, 0, 1.0, 0.0)]
    layout = network(
        [Station(rows, 1.0, checks_expiry=True, reports=True)], stability=[4.0],
        expires=[True, False], rebleed_share=[0.0, 0.0], rebleed_delay=[1.0, 1.0],
        transport=[0.0, 0.0],
    )  # fmt: skip
    kernel = run(layout, tubes_arriving([0.0, 0.0], source=[0, 1]))
    np.testing.assert_array_equal(kernel.reported_at, [np.nan, 51.0])


# --- layouts ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"next_if_served": np.array([[0], [-1]])}, "not a later station"),
        ({"next_if_skipped": np.array([[2], [-1]])}, "not a later station"),
        ({"checks_expiry": np.array([True, True])}, "behind a reporting station"),
        ({"rebleed_share": np.array([1.5])}, "within 0 to 1"),
        ({"rebleed_share": np.array([0.5]), "rebleed_delay_hours": np.zeros(1)}, "two ticks"),
        ({"transport_hours": np.array([0.1])}, "time grid"),
        ({"service_hours": np.full((2, 2, 1), -1.0)}, "negative"),
        ({"service_hours": np.zeros((2, 1, 1))}, "shape"),
        ({"station_names": ("one", "one")}, "repeat"),
        ({"schedule_end": np.array([1, 1])}, "no schedule row"),
        ({"service_distribution": "exponential", "service_cv": np.full((2, 2), 0.5)}, "of 1"),
        ({"pool": np.array([0, 0])}, "has some itself"),
        ({"pool": np.array([1, 1])}, "nor an earlier one"),
        ({"pool": np.array([0, 2])}, "nor an earlier one"),
        ({"pool": np.zeros(1, dtype=int)}, "shape"),
        ({"pick_rank": np.array([0, -1])}, "negative"),
        ({"fixed_class": np.array([0, 8])}, "within -1 to 7"),
        ({"fixed_class": np.array([0, -2])}, "within -1 to 7"),
        ({"rejected_share": np.full((2, 2, 1), 1.5)}, "within 0 to 1"),
        ({"rejected_share": np.full((2, 2, 1), np.nan)}, "within 0 to 1"),
        ({"rejected_share": np.full((2, 2, 1), 0.5)}, "behind a reporting station rejects"),
        ({"schedule_freshest_first": np.array([0, 1])}, "not of bool"),
        ({"schedule_open": np.array([True])}, "shape"),
        ({"expires": np.array([1.0])}, "not of bool"),
    ],
)
def test_unusable_networks_are_refused_in_words(changes: dict[str, Any], message: str) -> None:
    layout = network([Station(always(1), 1.0, served=1, reports=True), Station(always(1), 1.0)])
    with pytest.raises(ValueError, match=message):
        replace(layout, **changes)


# --- compiling ----------------------------------------------------------------------------------

SMALL_RUN = (
    "import numpy as np;"
    "from disruption_sim.pathology.kernel import LaboratoryKernel;"
    "from tests.reference.networks import random_case;"
    "case = random_case(9, tubes=200);"
    "kernel = LaboratoryKernel("
    "    case.layout, case.tubes, seed=1, replication=0, horizon_hours=case.horizon);"
    "kernel.advance_to(case.horizon);"
    "print(kernel.reported_at.tobytes().hex())"
)


def test_the_same_without_compiling() -> None:
    outputs = [
        subprocess.run(
            [sys.executable, "-W", "error::RuntimeWarning", "-c", SMALL_RUN],
            env={**os.environ, "NUMBA_DISABLE_JIT": disabled},
            capture_output=True, text=True, check=True,
        ).stdout
        for disabled in ("0", "1")
    ]  # fmt: skip
    assert outputs[0] == outputs[1]
    assert len(outputs[0]) > 1000


def test_no_place_for_the_cache_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    def njit(**options: Any) -> Any:
        if options.get("cache"):
            raise RuntimeError("cannot cache function: no locator available")
        return lambda function: function

    monkeypatch.setattr(numba, "njit", njit)
    with pytest.warns(RuntimeWarning, match="anew in every process"):
        assert compiled.compiled(len) is len


def test_warming_up_is_quiet() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warm_up_compile()
