"""Records without a simulation: cheap, lawful in shape, and different in the two arms."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import numpy as np

from disruption_sim.records import (
    HOURS_OF_DAY,
    TURNAROUND_BINS,
    Bed,
    Cause,
    DayUnitRecords,
    DoneOn,
    ExtraList,
    Fate,
    OutpatientRecords,
    PathologyRecords,
    Period,
    Records,
    SurgeryRecords,
)
from disruption_sim.scenario import Scenario
from disruption_sim.scenario.model import PEOPLE_STEPS, Source, TubeType
from disruption_sim.world import World
from tests.support.pretend_blood import pretend_transfusion


def pretend_records(scenario: Scenario, world: World, arm: str) -> Records:
    """Make up records of one arm; with disruptions operations and results come later."""
    # Both arms draw the same, as they live the same world.
    text = f"{world.seed} {world.replication} {scenario.calendar}"
    seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little")
    random = np.random.default_rng(seed)
    delayed = bool(scenario.disruptions)
    return Records(
        arm=arm,
        pathology=_pathology(scenario, random, 0.4 if delayed else 1.0),
        surgery=pretend_surgery(scenario, world, delayed),
        outpatients=_outpatients(scenario, world, delayed),
        day_units=_day_units(scenario, world, delayed),
        transfusion=pretend_transfusion(scenario, random),
        seconds={"kernel": 0.25, "clinical": 0.125, "preparation": 0.0625},
    )


def _during(scenario: Scenario, times: np.ndarray, days: float) -> np.ndarray:
    start = scenario.calendar.week_1_hour
    return (times >= start) & (times < start + 24.0 * days)


def _pathology(scenario: Scenario, random: np.random.Generator, share: float) -> PathologyRecords:
    weeks, sources, types = scenario.calendar.weeks, len(Source), len(TubeType)
    places = len(scenario.network.sites) + len(scenario.network.boroughs)
    laboratories = len(scenario.laboratory_names)
    stations = tuple(
        f"{laboratory}.{step.value}"
        for laboratory in scenario.laboratory_names
        for step in scenario.pathology.steps_in_use
    )
    received = random.integers(50, 60, (weeks, places, sources))
    first = scenario.calendar.warm_up_weeks
    reported = received.copy()
    reported[first : first + 2] = (received[first : first + 2] * share).astype(np.int64)
    zero = np.zeros_like(received)
    # What is not reported in the first two weeks is abandoned, as it was rejected.
    lost = received - reported
    within = (reported * (0.5 if share < 1.0 else 0.95)).astype(np.int64)
    by_type = np.zeros((weeks, places, sources, types, 3), dtype=np.int64)
    by_type[:, :, :, 0] = np.stack([reported, within, reported], axis=-1)
    by_day = np.zeros((7 * weeks, sources, types), dtype=np.int64)
    by_day[::7, :, 0] = reported.sum(axis=1)
    fates = np.zeros((7 * weeks, places, sources, types, len(Fate)), dtype=np.int32)
    fates[::7, :, :, 0, Fate.REPORTED] = reported
    fates[::7, :, :, 0, Fate.ABANDONED_REJECTED] = lost
    # Everything takes about as long.
    histogram = np.zeros((weeks, sources, types, 2, TURNAROUND_BINS), dtype=np.int32)
    histogram[:, :, 0, :, 20 if share < 1.0 else 10] = reported.sum(axis=1)[:, :, None]
    periods = np.zeros((len(Period), places, sources, types, 3), dtype=np.int64)
    periods[Period.BEFORE] = by_type[:first].sum(axis=0)
    periods[Period.AFTER] = by_type[first:].sum(axis=0)
    period_histogram = np.zeros((*periods.shape[:-1], 2, TURNAROUND_BINS), dtype=np.int32)
    period_histogram[..., 10] = periods[..., :1]
    hours = np.zeros((len(Period), HOURS_OF_DAY, sources, types, 3), dtype=np.int64)
    hours[:, 9] = periods.sum(axis=1)
    hour_histogram = np.zeros((*hours.shape[:-1], 2, TURNAROUND_BINS), dtype=np.int32)
    hour_histogram[..., 10] = hours[..., :1]
    return PathologyRecords(
        received=received,
        reported=reported,
        reported_elsewhere=zero,
        within_standard=within,
        discarded=zero,
        abandoned=lost,
        rebled=zero,
        deferred=zero,
        asked_for=received,
        returned=zero,
        sent_elsewhere=zero,
        point_of_care=zero,
        rejected=lost,
        abandoned_rejected=lost,
        flagged=zero,
        fates=fates,
        daily_reported=by_day,
        turnaround_weekly=by_type,
        turnaround_by_place=periods,
        turnaround_by_hour=hours,
        histogram_weekly=histogram,
        histogram_by_place=period_histogram,
        histogram_by_hour=hour_histogram,
        daily_paper_waiting=np.zeros(7 * weeks, dtype=np.int64),
        waiting_at_end=0,
        station_names=stations,
        utilisation=random.uniform(0.4, 0.6, (weeks, len(stations))),
        staff_hours=np.full((weeks, laboratories, len(PEOPLE_STEPS)), 20.0),
        staff_on_duty_hours=np.full((weeks, laboratories), 120.0),
        people_utilisation=np.full((weeks, laboratories), 80.0 / 120.0),
        wasted_staff_hours=np.full((weeks, laboratories), 4.0 * (1.0 - share)),
        reinforcement=np.full(weeks, 1.5 - 0.5 * share),
        learning=np.full(weeks, share),
        transcription_errors=np.full((weeks, 2), (5, 1) if share < 1.0 else (0, 0)),
        helper_turnaround_hours=np.full(weeks, np.nan),
        manual_hours=np.full(weeks, 100.0 * (1.0 - share)),
        longest_queue=random.integers(0, 9, (weeks, len(stations))),
        visits=int(received.sum()) * 5,
    )


def pretend_surgery(scenario: Scenario, world: World, delayed: bool) -> SurgeryRecords:
    """Make up operations of one arm; the delayed ones are done on flexible lists."""
    people, weeks = len(world.operations.site), scenario.calendar.weeks
    wished = np.maximum(world.operations.clock_start, 0.0) + 24.0 * (1 + np.arange(people) % 60)
    hit = np.flatnonzero(_during(scenario, wished, 14.0) & delayed)
    done = wished.copy()
    done[hit] += 24.0 * 21
    done[done >= scenario.calendar.end_hour] = np.nan
    hit = hit[np.argsort(wished[hit], kind="stable")]
    one = np.ones(weeks, dtype=np.int64)
    done_on = np.zeros(people, dtype=np.uint8)
    done_on[hit[np.isfinite(done[hit])]] = DoneOn.FLEXIBLE_LIST
    beds = np.full((len(scenario.network.sites), len(Bed)), 10, dtype=np.int64)
    nights = np.broadcast_to(beds, (7 * weeks, *beds.shape))
    return SurgeryRecords(
        done_at=done,
        done_on=done_on,
        removed_at=np.full(people, np.nan),
        postponed_at=wished[hit],
        postponed_decided_at=wished[hit] - 12.0,
        postponed_patient=hit.astype(np.int32),
        postponed_cause=(hit % len(Cause)).astype(np.uint8),
        rebooked_late=hit % 3 == 0,
        swapped_in=np.arange(0, 10, dtype=np.int32),
        transferred=np.empty(0, dtype=np.int32),
        host_displaced=np.zeros(weeks),
        lists_run=20 * one,
        flexible_lists_run=one,
        extra_lists_run=np.zeros((weeks, len(ExtraList)), dtype=np.int64),
        cost_pounds=np.zeros(weeks),
        busy_hours=np.full(weeks, 64.0),
        list_hours=np.full(weeks, 80.0),
        beds=beds,
        beds_occupied=nights * 8 // 10,
        beds_lost=nights // 10,
    )


def _outpatients(scenario: Scenario, world: World, delayed: bool) -> OutpatientRecords:
    start = world.clinic_sessions.start[world.appointments.session]
    hit = np.flatnonzero(_during(scenario, start, 14.0) & world.appointments.essential & delayed)
    done = start.copy()
    done[hit] += 24.0 * 28
    done[done >= scenario.calendar.end_hour] = np.nan
    others = np.full((scenario.calendar.weeks, len(scenario.network.sites)), 100, dtype=np.int64)
    return OutpatientRecords(
        done_at=done,
        by_telephone=(np.arange(done.size) % 50 == 0) & np.isfinite(done) & delayed,
        postponed_at=start[hit],
        postponed_appointment=hit.astype(np.int32),
        postponed_cause=np.full(len(hit), Cause.RESULTS_NOT_REPORTED, dtype=np.uint8),
        without_results_done=np.repeat(others // 7, 7, axis=0),
        without_results_postponed=others // 20,
    )


def _day_units(scenario: Scenario, world: World, delayed: bool) -> DayUnitRecords:
    treatments = world.day_treatments
    hit = np.flatnonzero(_during(scenario, treatments.start, 7.0) & treatments.needs_results)
    hit = hit[: hit.size * delayed]
    done = treatments.start.copy()
    done[hit] += 24.0 * 7
    done[done >= scenario.calendar.end_hour] = np.nan
    return DayUnitRecords(
        done_at=done,
        at_the_bedside=np.isin(np.arange(done.size), hit[::5]),
        in_overtime=np.isin(np.arange(done.size), hit[::7]),
        waited_at=treatments.start[hit],
        waited_treatment=hit.astype(np.int32),
        waited_hours=np.full(hit.size, 2.0),
        postponed_at=treatments.start[hit],
        postponed_treatment=hit.astype(np.int32),
        postponed_cause=np.full(hit.size, Cause.RESULTS_NOT_REPORTED, dtype=np.uint8),
    )


def failing_simulate(when: str) -> Callable[[Scenario, World, str], Records]:
    """Return a simulation that fails in one arm of every world but the first."""

    def simulate(scenario: Scenario, world: World, arm: str) -> Records:
        if arm == when and world.replication > 0:
            raise RuntimeError(f"broke in the {arm} arm\nsecond line")
        return pretend_records(scenario, world, arm)

    return simulate
