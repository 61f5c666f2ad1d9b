from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
import pytest

from disruption_sim.measures import MEASURES, ArmMeasures, Clock, Horizon, Reading, measure_arm
from disruption_sim.measures.clocks import (
    readings,
    spare_appointments_per_week,
    spare_operations_per_week,
)
from disruption_sim.records import Records
from disruption_sim.scenario.model import RecoveryLists
from disruption_sim.world import World, draw_world
from tests.support.pretend import pretend_records
from tests.support.small_scenario import small_scenario

pytestmark = pytest.mark.unit

SCENARIO = small_scenario()
Held = Literal["weekend", "evening", "independent_sector"]
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


def test_sites_add_up_to_all_for_clinical_counts(arms: tuple[ArmMeasures, ArmMeasures]) -> None:
    for name in ("operations_done", "operations_postponed", "operations_backlog", "rebooked_late"):
        weekly = arms[1].table.weekly[NAMES.index(name)]
        assert weekly[:, :-1].sum(axis=1).tolist() == weekly[:, -1].tolist()
        assert weekly[:, -1].any()


def test_causes_add_up_to_the_total(arms: tuple[ArmMeasures, ArmMeasures]) -> None:
    disrupted = arms[1]
    weekly = disrupted.table.weekly[NAMES.index("operations_postponed")]
    assert disrupted.causes.weekly.sum(axis=0).tolist() == weekly.tolist()
    assert disrupted.causes.whole.sum() == weekly[:, -1].sum() > 0


def test_the_baseline_arm_is_its_own_twin(arms: tuple[ArmMeasures, ArmMeasures]) -> None:
    baseline = arms[0]
    for name in ("operations_backlog", "appointments_backlog", "patient_weeks_of_extra_wait"):
        assert not baseline.table.weekly[NAMES.index(name)].any()
    throughput = baseline.table.weekly[NAMES.index("laboratory_throughput_share")]
    assert (throughput == 1.0).all()
    assert [reading.weeks for reading in baseline.clocks] == [0.0] * len(Clock)


def test_general_practice_counts_in_all_sites_alone(arms: tuple[ArmMeasures, ArmMeasures]) -> None:
    weekly = arms[0].table.weekly[NAMES.index("tubes_received")]
    assert (weekly[:, -1] > weekly[:, :-1].sum(axis=1)).all()


def clock(
    records: Records, twin: Records, world: World, which: Clock, days_later: int = 0
) -> Reading:
    """Read one clock, with the onset on the day of the scenario or some days later."""
    horizon = Horizon.of(SCENARIO)
    horizon = replace(horizon, onset=horizon.onset + 24.0 * days_later)
    found = readings(SCENARIO, horizon, world, records, twin)
    return next(reading for reading in found if reading.clock is which)


def test_a_backlog_that_stays_is_censored(world: World, records: tuple[Records, Records]) -> None:
    baseline, disrupted = records
    surgery = disrupted.surgery
    late = np.where(np.isnan(surgery.done_at), np.nan, surgery.done_at + 24.0 * 60)
    late[late >= SCENARIO.calendar.end_hour] = np.nan
    stuck = replace(disrupted, surgery=replace(surgery, done_at=late))
    assert clock(disrupted, baseline, world, Clock.OPERATIONS_BACKLOG).weeks is not None
    assert clock(stuck, baseline, world, Clock.OPERATIONS_BACKLOG).weeks is None


def test_tolerance_is_a_share_of_a_usual_week(
    world: World, records: tuple[Records, Records]
) -> None:
    baseline, disrupted = records
    done = Horizon.of(SCENARIO).daily(baseline.surgery.done_at)
    reading = clock(disrupted, baseline, world, Clock.OPERATIONS_BACKLOG)
    assert reading.tolerance == pytest.approx(0.05 * 7 * done.mean())


def test_paper_counts_until_the_last_result_is_entered(
    world: World, records: tuple[Records, Records]
) -> None:
    baseline, disrupted = records
    onset = 7 * SCENARIO.calendar.warm_up_weeks
    waiting = np.zeros(7 * SCENARIO.calendar.weeks, dtype=np.int64)
    waiting[onset : onset + 10] = 1
    pathology = replace(disrupted.pathology, daily_paper_waiting=waiting)
    here = replace(disrupted, pathology=pathology)
    assert clock(here, baseline, world, Clock.RESULTS_ENTERED_BACK).weeks == 11 / 7


def test_fewer_samples_of_one_source_do_not_pass_for_late_reports(
    world: World, records: tuple[Records, Records]
) -> None:
    baseline = records[0]
    reported = np.full_like(baseline.pathology.reported, 100)
    within = reported.copy()
    within[:, :, 0] = 40  # a source that is late in ordinary running, too
    usual = replace(
        baseline,
        pathology=replace(baseline.pathology, reported=reported, within_standard=within),
    )
    restricted = reported.copy()
    restricted[:, :, 1:] = 10
    here = replace(
        usual,
        pathology=replace(
            usual.pathology,
            reported=restricted,
            within_standard=np.minimum(within, restricted),
        ),
    )
    assert clock(here, usual, world, Clock.LABORATORY_TURNAROUND).weeks == 0.0
    silent = replace(
        usual,
        pathology=replace(
            usual.pathology,
            reported=np.zeros_like(reported),
            within_standard=np.zeros_like(reported),
        ),
    )
    assert clock(silent, usual, world, Clock.LABORATORY_TURNAROUND).weeks is None


def test_a_closed_clinic_counts_for_those_who_need_no_results_too(
    world: World, records: tuple[Records, Records]
) -> None:
    baseline, disrupted = records
    row = SCENARIO.calendar.warm_up_weeks + 1
    counts = disrupted.outpatients.without_results_postponed.copy()
    counts[row, 0] += 30
    outpatients = replace(disrupted.outpatients, without_results_postponed=counts)
    flooded = replace(disrupted, outpatients=outpatients)
    before, after = (
        measure_arm(SCENARIO, world, arm, baseline).table.weekly[
            NAMES.index("appointments_postponed_incident")
        ]
        for arm in (disrupted, flooded)
    )
    more = np.zeros_like(before)
    more[1, [0, -1]] = 30.0
    assert (after - before).tolist() == more.tolist()


def held_back(twin: Records, count: int, returned: int) -> Records:
    """Return records in which appointments without results are put off by a week.

    Three days after the onset `count` at site 0 are not held, and a week later `returned` of them
    are held besides the usual ones.
    """
    onset = round(Horizon.of(SCENARIO).onset / 24.0)
    held = twin.outpatients.without_results_done.copy()
    held[onset + 3, 0] -= count
    held[onset + 10, 0] += returned
    assert held.min() >= 0
    return replace(twin, outpatients=replace(twin.outpatients, without_results_done=held))


@pytest.fixture(scope="module")
def busy(records: tuple[Records, Records]) -> Records:
    """The baseline with so many appointments without results that each day has 400 at site 0."""
    baseline = records[0]
    held = baseline.outpatients.without_results_done.copy()
    held[:, 0] = 400
    return replace(baseline, outpatients=replace(baseline.outpatients, without_results_done=held))


def test_appointments_without_results_put_off_are_a_backlog_until_they_are_held(
    world: World, busy: Records
) -> None:
    here = held_back(busy, 399, 399)
    reading = clock(here, busy, world, Clock.APPOINTMENTS_BACKLOG)
    assert reading.peak == 399.0
    assert 0.0 < reading.tolerance < 399.0
    # Days count to the end of the day on which the last are held, the eleventh.
    assert reading.weeks == 11 / 7
    assert clock(here, busy, world, Clock.APPOINTMENTS_BACKLOG, days_later=2).weeks == 9 / 7
    # What was put off before the onset is not the incident's.
    assert clock(here, busy, world, Clock.APPOINTMENTS_BACKLOG, days_later=4).weeks == 0.0
    backlog = measure_arm(SCENARIO, world, here, busy).table.weekly[
        NAMES.index("appointments_backlog")
    ]
    expected = np.zeros_like(backlog)
    expected[0, [0, -1]] = 399.0
    assert backlog.tolist() == expected.tolist()


def test_appointments_without_results_recover_when_few_enough_are_left(
    world: World, busy: Records
) -> None:
    def weeks(count: int, returned: int) -> float | None:
        return clock(
            held_back(busy, count, returned), busy, world, Clock.APPOINTMENTS_BACKLOG
        ).weeks

    usual = busy.outpatients.without_results_done
    horizon = Horizon.of(SCENARIO)
    first = round(horizon.onset / 24.0)
    with_results = horizon.daily(busy.outpatients.done_at).mean()
    daily = usual[first : first + horizon.days_from_onset].sum(axis=1).mean() + with_results
    allowed = int(SCENARIO.recovery.backlog_tolerance_share_of_week * 7 * daily)
    assert 100 < allowed < 390
    assert weeks(allowed, 0) == 0.0
    assert weeks(allowed + 1, 1) == 11 / 7
    assert weeks(allowed + 1, 0) is None


def test_expired_tubes_count_against_every_source_s_turnaround(
    world: World, records: tuple[Records, Records]
) -> None:
    baseline, disrupted = records
    discarded = disrupted.pathology.reported // 2
    here = replace(disrupted, pathology=replace(disrupted.pathology, discarded=discarded))
    arm = measure_arm(SCENARIO, world, here, baseline)
    within, handled = (
        part[:, -1].sum(axis=1) for part in (arm.turnaround.within_standard, arm.turnaround.handled)
    )
    places = arm.turnaround.handled[:, :-1].sum(axis=1)
    np.testing.assert_array_equal(places, arm.turnaround.handled[:, -1])
    share = arm.table.weekly[NAMES.index("turnaround_within_standard_share"), :, -1]
    np.testing.assert_allclose(within / handled, share)
    assert (share < 0.7).all()


def test_those_who_need_no_results_take_free_places_too(
    world: World, records: tuple[Records, Records]
) -> None:
    horizon = Horizon.of(SCENARIO)
    twin = records[0].outpatients
    assert twin.postponed_at.size == 0
    sessions = world.clinic_sessions
    inside = (sessions.start >= horizon.start) & (sessions.start < horizon.end)
    places = sessions.spare[inside].sum() / horizon.weeks
    taken = np.zeros_like(twin.without_results_postponed)
    taken[horizon.week_rows] = 20
    nobody = replace(twin, without_results_postponed=np.zeros_like(taken))
    twenty = replace(twin, without_results_postponed=taken)
    assert spare_appointments_per_week(horizon, world, nobody) == places
    assert spare_appointments_per_week(horizon, world, twenty) == places - 20 * taken.shape[1]


def test_recovery_policies_that_hold_together_open_more_lists(
    world: World, records: tuple[Records, Records]
) -> None:
    def spare(*uplifts: float, staffed: float = 1.0, held: Held = "weekend") -> float:
        policies = tuple(
            RecoveryLists(
                kind="recovery_lists",
                name=f"lists_{number}",
                trigger_day=0,
                held=held,
                uplift_share=uplift,
                staffing_limit_share=staffed,
            )
            for number, uplift in enumerate(uplifts)
        )
        scenario = SCENARIO.model_copy(update={"policies": policies})
        twin = records[0].surgery
        return spare_operations_per_week(scenario, Horizon.of(scenario), world, twin)

    assert spare() < spare(0.2) < spare(0.2, 0.2) == spare(0.4)
    assert spare(0.4, staffed=0.5) == spare(0.2)
    assert spare() == spare(0.4, staffed=0.0)
    assert spare() < spare(0.2, held="independent_sector")
