"""The kernel against the plain SimPy model, tube by tube, to the last bit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from disruption_sim.pathology.kernel import LaboratoryKernel
from disruption_sim.pathology.network import NetworkLayout
from tests.reference.laboratory import ReferenceLaboratory
from tests.reference.laboratory import Row as ReferenceRow
from tests.reference.networks import (
    Case,
    Station,
    always,
    full,
    network,
    random_case,
    tubes_arriving,
)

pytestmark = pytest.mark.integration


def kernel_of(case: Case, seed: int = 5) -> LaboratoryKernel:
    return LaboratoryKernel(
        case.layout, case.tubes, seed=seed, replication=2, horizon_hours=case.horizon
    )


def run_kernel(case: Case, *, steps: int = 0) -> LaboratoryKernel:
    """Run with the case's stops (hand-ins and reschedules) and further steps between them."""
    kernel = kernel_of(case)
    draw = np.random.default_rng(steps)
    extra = np.round(draw.uniform(0, case.horizon, steps) * 64) / 64
    for time in sorted({*case.stops, *extra.tolist(), case.horizon}):
        assert kernel.advance_to(time) == time
        for when, station, rows in case.reschedules:
            if when == time:
                kernel.reschedule(station, *zip(*map(full, rows), strict=True))
        for submission in case.submissions:
            if submission[0] == time:
                kernel.submit(*submission[1:])
    kernel.advance_to(case.horizon)
    return kernel


def run_reference(case: Case) -> ReferenceLaboratory:
    reference = ReferenceLaboratory(case.layout, case.tubes, seed=5, replication=2)

    def act(time: float) -> None:
        for when, station, rows in case.reschedules:
            if when == time:
                plan = [(row[0], ReferenceRow(*row[1:])) for row in rows]
                reference.reschedule(station, plan)
        for submission in case.submissions:
            if submission[0] == time:
                reference.submit(*submission[1:])

    for time in case.stops:
        reference.call_at(time, lambda time=time: act(time))
    while reference.env.peek() <= case.horizon:
        reference.env.step()
    return reference


def assert_equal(kernel: LaboratoryKernel, reference: ReferenceLaboratory) -> None:
    tubes = reference.tubes
    assert kernel.tube_count == len(tubes)
    for name in ("reported_at", "back_entered_at"):
        np.testing.assert_array_equal(
            getattr(kernel, name), [getattr(tube, name) for tube in tubes], err_msg=name
        )
    for name in ("occasion", "is_discarded", "is_rejected", "is_abandoned"):
        np.testing.assert_array_equal(
            getattr(kernel, name), [getattr(tube, name) for tube in tubes], err_msg=name
        )
    np.testing.assert_array_equal(kernel.is_manual, [tube.is_manual for tube in tubes])
    np.testing.assert_array_equal(kernel.collected_at, [tube.collected for tube in tubes])
    np.testing.assert_array_equal(
        kernel.waiting, [reference.waiting(s) for s in range(len(reference.servers))]
    )
    np.testing.assert_array_equal(
        kernel.in_service, [reference.in_service(s) for s in range(len(reference.servers))]
    )


def assert_conserved(kernel: LaboratoryKernel) -> None:
    counts = kernel.counts
    assert counts.received == (
        counts.departed + counts.discarded + counts.rejected + counts.waiting + counts.in_service
    )
    assert counts.received == (
        counts.reported
        + counts.discarded
        + counts.rejected
        + counts.unreported_in_laboratory
        + counts.departed_unreported
    )
    assert counts.discarded + counts.rejected == counts.rebled + counts.abandoned
    assert counts.reported == np.isfinite(kernel.reported_at).sum()
    assert np.nanmax(kernel.pool_utilisation, initial=0.0) <= 1.0


@pytest.mark.parametrize("seed", range(60))
def test_tube_by_tube_as_plain_simpy(seed: int) -> None:
    case = random_case(seed)
    kernel = run_kernel(case)
    assert_equal(kernel, run_reference(case))
    assert_conserved(kernel)


@given(
    seed=st.integers(0, 2**32 - 1),
    tubes=st.integers(2, 120),
    grain=st.sampled_from([1, 2, 4, 8, 1 << 20]),
    horizon=st.sampled_from([10.0, 40.0, 200.0]),
)
def test_any_case_as_plain_simpy(seed: int, tubes: int, grain: int, horizon: float) -> None:
    case = random_case(seed, tubes=tubes, grain=grain, horizon=horizon)
    kernel = run_kernel(case)
    assert_equal(kernel, run_reference(case))
    assert_conserved(kernel)


@pytest.mark.parametrize("seed", range(100, 130))
def test_steps_do_not_matter(seed: int) -> None:
    case = random_case(seed, tubes=150).without_run_time()
    at_once, in_steps = run_kernel(case), run_kernel(case, steps=57)
    np.testing.assert_array_equal(at_once.reported_at, in_steps.reported_at)
    np.testing.assert_array_equal(at_once.queue_hourly, in_steps.queue_hourly)
    assert at_once.station_weeks.tobytes() == in_steps.station_weeks.tobytes()
    assert at_once.source_weeks.tobytes() == in_steps.source_weeks.tobytes()
    assert at_once.counts == in_steps.counts


def test_the_cases_contain_what_they_are_for() -> None:
    """Among the seeded cases every mechanism occurs, so their equality means something."""
    seen: dict[str, int] = {}
    for seed in range(60):
        case = random_case(seed)
        kernel, reference = run_kernel(case), run_reference(case)
        counts, weeks, layout = kernel.counts, kernel.station_weeks, case.layout
        served = weeks["served"].sum(axis=0)
        stations = np.arange(layout.station_count)
        shares = layout.pool != stations
        leads = np.isin(stations, layout.pool[shares])
        age = kernel.reported_at - kernel.collected_at
        with np.errstate(invalid="ignore"):
            too_old = age > layout.stability_hours[[tube.tube_type for tube in reference.tubes]]
        for name, number in {
            "reported": counts.reported,
            "discarded": counts.discarded,
            "rejected": counts.rejected,
            "rejected after it expired": int((kernel.is_rejected & kernel.is_discarded).sum()),
            "rebled": counts.rebled,
            "abandoned": counts.abandoned,
            "waiting at the end": counts.waiting,
            "manual": int(kernel.is_manual.sum()),
            "skipped": int(weeks["skipped"].sum()),
            "twice rebled": int((kernel.occasion > 1).sum()),
            "closing": int((weeks["closing_hours"] > 0).sum()),
            "back entered": int(np.isfinite(kernel.back_entered_at).sum()),
            "handed in": len(case.submissions),
            "served by another station's servers": int(served[shares].sum()),
            "thrown out at the oldest end": len(reference.thrown_out),
            "reported however old": int(
                (too_old & ~layout.expires[[tube.source for tube in reference.tubes]]).sum()
            ),
            "rescheduled on its own": sum(not (shares | leads)[s] for _, s, _ in case.reschedules),
            "rescheduled lead of a pool": sum(leads[s] for _, s, _ in case.reschedules),
            "rescheduled member of a pool": sum(shares[s] for _, s, _ in case.reschedules),
            "together": len(case.tubes) - len(np.unique(case.tubes.arrival)),
        }.items():
            seen[name] = seen.get(name, 0) + number
    assert min(seen.values()) >= 10, seen


@pytest.mark.parametrize(
    ("mechanism", "without"),
    [
        ("pool", lambda layout: {"pool": np.arange(layout.station_count)}),
        ("pick_rank", lambda layout: {"pick_rank": np.zeros_like(layout.pick_rank)}),
        ("fixed_class", lambda layout: {"fixed_class": np.full_like(layout.fixed_class, -1)}),
        ("rejected_share", lambda layout: {"rejected_share": np.zeros_like(layout.rejected_share)}),
        (
            "schedule_freshest_first",
            lambda layout: {
                "schedule_freshest_first": np.zeros_like(layout.schedule_freshest_first)
            },
        ),
        (
            "schedule_open",
            lambda layout: {"schedule_open": np.ones_like(layout.schedule_open)},
        ),
        ("expires", lambda layout: {"expires": np.ones_like(layout.expires)}),
        (
            "repeat_within_hours",
            lambda layout: {
                "repeat_within_hours": np.full_like(layout.repeat_within_hours, np.inf)
            },
        ),
    ],
)
def test_the_cases_would_notice_a_mechanism_that_does_nothing(
    mechanism: str, without: Callable[[NetworkLayout], dict[str, Any]]
) -> None:
    """In several of the seeded cases tubes fare differently without it."""
    different = 0
    for seed in range(60):
        case = random_case(seed)
        neutral = replace(case, layout=replace(case.layout, **without(case.layout)))
        with_it, without_it = run_kernel(case).reported_at, run_kernel(neutral).reported_at
        different += not np.array_equal(with_it, without_it, equal_nan=True)
    assert different >= 5, mechanism


def test_long_backlog_of_an_outage_as_plain_simpy() -> None:
    """Days without servers, two classes, expiry and re-bleeds, on fine times."""
    draw = np.random.default_rng(11)
    outage = [(-np.inf, 3, 0, 1.0, 0.0), (30.0, 0, 0, 1.0, 0.0), (60.0, 2, 1, 1.0, 0.0),
              (100.0, 4, 0, 1.0, 0.0)]  # fmt: skip
    layout = network(
        [
            Station(outage, 0.1, 0.3, cv=0.5, manual_cv=1.0, served=[1, 2], checks_expiry=True),
            Station(always(2), 0.12, cv=0.3, served=2),
            Station(always(1, 0.9), 0.05, skipped=-1, reports=True),
        ],
        stability=[24.0, 6.0],
        rebleed_share=[0.8],
        rebleed_delay=[2.0],
        transport=[0.5],
    )
    arrival = np.round(np.sort(draw.uniform(0, 120, 2500)) * 2**20) / 2**20
    tubes = tubes_arriving(
        arrival, tube_type=draw.integers(0, 2, 2500), priority=draw.integers(0, 2, 2500)
    )
    case = Case(layout, tubes, 168.0)
    kernel = run_kernel(case)
    assert kernel.queue_hourly[:, 0].max() > 300
    assert_equal(kernel, run_reference(case))
    assert_conserved(kernel)


def test_tubes_handed_over_together_queue_by_number() -> None:
    """A completion (tube 0) and tubes that skip (the others) come to one station at one instant."""
    layout = network(
        [
            Station(always(1, 0.5), 1.0, served=1, skipped=1),
            Station(always(1), 1.0, served=-1, reports=True),
        ]
    )
    for entry in range(8):
        arrival = np.full(16, 2.0)
        arrival[:entry] = 1.0
        case = Case(layout, tubes_arriving(arrival), 60.0)
        kernel, reference = run_kernel(case), run_reference(case)
        assert kernel.station_weeks["skipped"].sum() not in (0, 16)
        assert_equal(kernel, reference)


def test_a_rebleed_that_comes_back_within_the_hour() -> None:
    """Discards at the second station bring tubes back before others are through the first."""
    layout = network(
        [
            Station(always(2), 0.0625, served=1),
            Station([(-np.inf, 0, 0, 1.0, 0.0), (4.0, 3, 0, 1.0, 0.0)], 0.0625,
                    checks_expiry=True, reports=True),
        ],
        stability=[1.0],
        rebleed_share=[0.95],
        rebleed_delay=[0.0625],
    )  # fmt: skip
    case = Case(layout, tubes_arriving(np.arange(200) / 32), 60.0)
    kernel = run_kernel(case)
    assert kernel.counts.rebled > 50
    assert_equal(kernel, run_reference(case))
