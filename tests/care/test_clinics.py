"""Outpatient clinics against laboratories that do as they are told."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
import simpy
from hypothesis import given
from hypothesis import strategies as st

from disruption_sim.care.clinic_days import office_days
from disruption_sim.care.clinic_places import FreePlaces
from disruption_sim.care.clinics import Clinics
from disruption_sim.disruption import Timeline
from disruption_sim.records import Cause, OutpatientRecords
from disruption_sim.scenario.model import Capability, Effect, Scenario, Source
from disruption_sim.world import World
from disruption_sim.world.days import Days
from disruption_sim.world.draw import draw_world
from disruption_sim.world.model import ClinicSessions
from tests.support.small_scenario import small_scenario

pytestmark = pytest.mark.integration

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int32]
Codes = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]
Identities = npt.NDArray[np.uint64]
Turnaround = Callable[[Floats], Floats]

SITES = ("kings",)


class Laboratories:
    """Every tube is reported a stated time after it is taken."""

    def __init__(self, world: World, turnaround: Turnaround) -> None:
        self.now = 0.0
        self.collected = world.tubes.collected
        self.turnaround = turnaround
        self.submitted: list[tuple[float, Floats, int, int, Codes]] = []
        self.first_new = self.collected.size
        self.identities: set[int] = set()
        self.lost_tubes = np.zeros(0, dtype=np.bool_)

    def advance_to(self, now: float) -> None:
        assert now >= self.now
        self.now = now

    def submit(
        self,
        collected: Floats,
        site: int,
        source: int,
        tube_types: Codes,
        identities: Identities,
    ) -> Numbers:
        assert np.all(collected >= self.now)
        # One sample is asked for once.
        assert self.identities.isdisjoint(identities.tolist())
        self.identities.update(identities.tolist())
        assert len(identities) == len(collected)
        self.submitted.append((self.now, collected, site, source, tube_types))
        first = self.collected.size
        self.collected = np.concatenate([self.collected, collected])
        return np.arange(first, self.collected.size, dtype=np.int32)

    def collected_at(self, ids: Numbers) -> Floats:
        return np.where(ids < 0, -np.inf, self.collected[ids])

    def reported_at(self, ids: Numbers) -> Floats:
        collected = np.where(ids < 0, 0.0, self.collected[ids])
        reported = collected + self.turnaround(collected)
        return np.where(ids < 0, -np.inf, np.where(reported <= self.now, reported, np.nan))

    def lost(self, ids: Numbers) -> Flags:
        assert np.all(ids >= 0)
        return self.lost_tubes[ids] if self.lost_tubes.size else np.zeros(ids.size, dtype=np.bool_)


def always(hours: float) -> Turnaround:
    return lambda collected: np.full(collected.shape, hours)


def never_between(first: float, end: float) -> Turnaround:
    return lambda collected: np.where((collected >= first) & (collected < end), np.inf, 1.0)


def live(
    scenario: Scenario, world: World, laboratories: Laboratories, *, arm: Scenario | None = None
) -> OutpatientRecords:
    env = simpy.Environment()
    clinics = Clinics(env, scenario, world, Timeline(arm or scenario), laboratories)
    clinics.start()
    env.run(until=scenario.calendar.end_hour)
    return clinics.finish()


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return small_scenario(SITES, disruption=False)


@pytest.fixture(scope="module")
def world(scenario: Scenario) -> World:
    return draw_world(scenario, seed=1, replication=0)


def outage(scenario: Scenario, weeks: float = 2.0) -> Turnaround:
    onset = scenario.calendar.week_1_hour
    return never_between(onset, onset + 168.0 * weeks)


def test_prompt_results_leave_only_ordinary_postponements(scenario: Scenario, world: World) -> None:
    laboratories = Laboratories(world, always(1.0))
    records = live(scenario, world, laboratories)
    assert np.all(records.postponed_cause == Cause.ORDINARY)
    expected = np.flatnonzero(world.appointments.ordinary_postponed)
    assert expected.size > 20
    np.testing.assert_array_equal(np.sort(records.postponed_appointment), expected)
    assert not laboratories.submitted


def test_without_results_the_essential_wait_and_the_others_go_ahead(
    scenario: Scenario, world: World
) -> None:
    records = live(scenario, world, Laboratories(world, always(np.inf)))
    appointments = world.appointments
    taken = (appointments.tubes >= 0).any(axis=1)
    ordinary = appointments.ordinary_postponed
    stuck = appointments.essential & taken
    assert np.all(np.isnan(records.done_at[stuck]))
    first_time = ~(stuck | ordinary)
    start = world.clinic_sessions.start[appointments.session]
    np.testing.assert_array_equal(records.done_at[first_time], start[first_time])
    causes = np.unique(records.postponed_cause)
    np.testing.assert_array_equal(causes, [Cause.RESULTS_NOT_REPORTED, Cause.ORDINARY])
    held_up = records.postponed_appointment[records.postponed_cause == Cause.RESULTS_NOT_REPORTED]
    np.testing.assert_array_equal(np.unique(held_up), np.flatnonzero(stuck)[_seen(stuck, held_up)])
    # Whoever was put off before for an ordinary reason counts as held up only at the next date.
    missed = np.setdiff1d(np.flatnonzero(stuck & ~ordinary), held_up)
    assert missed.size == 0


def _seen(stuck: Flags, held_up: Numbers) -> Flags:
    seen: Flags = np.isin(np.flatnonzero(stuck), held_up)
    return seen


def test_nobody_is_lost(scenario: Scenario, world: World) -> None:
    records = live(scenario, world, Laboratories(world, outage(scenario)))
    events = np.bincount(records.postponed_appointment, minlength=records.done_at.size)
    start = world.clinic_sessions.start[world.appointments.session]
    at_first = records.done_at == start
    later = records.done_at > start
    waiting = np.isnan(records.done_at)
    assert np.count_nonzero(at_first) + np.count_nonzero(later) + np.count_nonzero(waiting) == (
        records.done_at.size
    )
    np.testing.assert_array_equal(events == 0, at_first)
    assert np.all(np.diff(records.postponed_at) >= 0.0)
    # A postponement counts in the week of the clinic, and precedes the visit.
    done = records.done_at[records.postponed_appointment]
    assert np.all(np.isnan(done) | (records.postponed_at < done))


def test_those_who_need_no_result_are_counted_once(scenario: Scenario, world: World) -> None:
    records = live(scenario, world, Laboratories(world, always(1.0)))
    sessions = world.clinic_sessions
    week = (sessions.start // 168.0).astype(int)
    expected = np.bincount(week, sessions.without_results_postponed, scenario.calendar.weeks)
    np.testing.assert_array_equal(records.without_results_postponed[:, 0], expected)
    booked = int(sessions.without_results.sum())
    waiting = booked - int(records.without_results_done.sum())
    postponed = int(records.without_results_postponed.sum())
    assert 0 < waiting < postponed


def test_rebooked_patients_take_spare_places_only(scenario: Scenario, world: World) -> None:
    records = live(scenario, world, Laboratories(world, outage(scenario)))
    sessions, appointments = world.clinic_sessions, world.appointments
    later = records.done_at > sessions.start[appointments.session]
    clinic = sessions.clinic[appointments.session]
    places: dict[tuple[float, int], int] = {
        (start, code): spare
        for start, code, spare in zip(
            sessions.start.tolist(), sessions.clinic.tolist(), sessions.spare.tolist(), strict=True
        )
    }
    assert np.count_nonzero(later) > 50
    for slot in zip(records.done_at[later].tolist(), clinic[later].tolist(), strict=True):
        places[slot] -= 1
    assert min(places.values()) >= 0


def test_expired_samples_are_told_from_samples_never_taken(
    scenario: Scenario, world: World
) -> None:
    def causes(taken: bool) -> set[int]:
        laboratories = Laboratories(world, always(np.inf))
        laboratories.lost_tubes = np.ones(4 * world.tubes.collected.size, dtype=np.bool_)
        if not taken:
            laboratories.collected = np.full_like(laboratories.collected, np.nan)
        return set(live(scenario, world, laboratories).postponed_cause.tolist())

    assert Cause.SAMPLE_EXPIRED in causes(taken=True)
    assert Cause.RESULTS_NOT_REPORTED not in causes(taken=True)
    assert Cause.RESULTS_NOT_REPORTED in causes(taken=False)


def test_a_result_is_late_one_tick_after_the_decision(scenario: Scenario, world: World) -> None:
    appointments, sessions = world.appointments, world.clinic_sessions
    decided = np.zeros(sessions.start.size)
    for office in office_days(scenario, world):
        decided[office.first_session : office.end_session] = office.time
    chosen = np.flatnonzero(
        appointments.essential
        & ~appointments.ordinary_postponed
        & (appointments.tubes >= 0).all(axis=1)
    )[:200]
    tubes = appointments.tubes[chosen, 0]
    deadline = decided[appointments.session[chosen]]

    def postponed(late_by: float) -> Numbers:
        laboratories = Laboratories(world, always(0.0))
        laboratories.collected = laboratories.collected.copy()
        laboratories.collected[tubes] = deadline + late_by
        records = live(scenario, world, laboratories)
        held_up: Numbers = records.postponed_appointment[records.postponed_cause != Cause.ORDINARY]
        return held_up

    assert postponed(0.0).size == 0
    np.testing.assert_array_equal(np.sort(postponed(2.0**-20)), chosen)


def test_decisions_are_made_working_days_ahead_once_for_every_clinic(
    scenario: Scenario, world: World
) -> None:
    working = Days.of(scenario.calendar).working
    seen = 0
    for office in office_days(scenario, world):
        assert office.first_session == seen
        seen = office.end_session
        starts = world.clinic_sessions.start[office.first_session : office.end_session]
        if office.time == 0.0 or not starts.size:
            continue
        today, clinic_days = int(office.time // 24.0), np.unique(starts // 24.0).astype(int)
        assert clinic_days.size == 1
        assert np.count_nonzero(working[today : clinic_days[0]]) == 2
        assert office.time % 24.0 == 12.0
    assert seen == world.clinic_sessions.start.size


def test_clinics_decided_on_the_same_day_are_decided_before_they_start() -> None:
    scenario = small_scenario(SITES, disruption=False, outpatients__decision_days_before=0)
    world = draw_world(scenario, seed=1, replication=0)
    for office in office_days(scenario, world):
        starts = world.clinic_sessions.start[office.first_session : office.end_session]
        assert np.all(starts >= office.time)


def test_new_blood_is_taken_in_time_where_the_result_is_missing(
    scenario: Scenario, world: World
) -> None:
    laboratories = Laboratories(world, outage(scenario))
    records = live(scenario, world, laboratories)
    assert laboratories.submitted
    working = Days.of(scenario.calendar).working
    for now, collected, site, source, types in laboratories.submitted:
        assert (site, source) == (0, list(Source).index(Source.OUTPATIENT))
        assert np.all(np.diff(collected) >= 0.0)
        assert set(types.tolist()) <= {0, 1}
        days = np.unique(collected // 24.0).astype(int)
        assert days.size == 1
        assert working[days[0]]
        assert np.count_nonzero(working[int(now // 24.0) : days[0]]) == 1
    # Their first tubes are never reported, so whoever is seen is seen with new ones.
    incident = records.postponed_cause == Cause.RESULTS_NOT_REPORTED
    held_up = np.unique(records.postponed_appointment[incident])
    assert np.count_nonzero(records.done_at[held_up] > 0.0) > 0.5 * held_up.size > 50


def waiting_by_week(world: World, records: OutpatientRecords, weeks: int) -> npt.NDArray[np.int64]:
    due = world.clinic_sessions.start[world.appointments.session] // 168.0
    done = np.where(np.isnan(records.done_at), np.inf, records.done_at // 168.0)
    return np.array([np.count_nonzero((due <= w) & (done > w)) for w in range(weeks)])


def test_more_spare_places_clear_the_backlog_sooner() -> None:
    backlog = []
    for spare in (0.035, 0.1):
        scenario = small_scenario(SITES, disruption=False, outpatients__spare_capacity_share=spare)
        world = draw_world(scenario, seed=1, replication=0)
        records = live(scenario, world, Laboratories(world, outage(scenario, 3.0)))
        backlog.append(waiting_by_week(world, records, scenario.calendar.weeks))
    onset = scenario.calendar.warm_up_weeks
    assert backlog[1].max() > 2 * backlog[1][:onset].max()
    assert np.all(backlog[1][onset + 5 :] < 0.8 * backlog[0][onset + 5 :])


def test_a_disruption_that_closes_clinics_stops_everybody(scenario: Scenario, world: World) -> None:
    closure = Effect(
        name="flood",
        capabilities=(Capability.CLINICS,),
        places=SITES,
        start=scenario.calendar.onset,
        duration_days=7.0,
        depth=1.0,
    )
    arm = scenario.model_copy(update={"disruptions": (closure,)})
    records = live(scenario, world, Laboratories(world, always(1.0)), arm=arm)
    week = scenario.calendar.warm_up_weeks
    start = world.clinic_sessions.start[world.appointments.session]
    due = (start // 168.0).astype(int) == week
    ordinary = world.appointments.ordinary_postponed
    stopped = records.postponed_appointment[
        (records.postponed_cause == Cause.STOPPED_BY_INCIDENT_COMMAND)
        & (records.postponed_at == start[records.postponed_appointment])
    ]
    np.testing.assert_array_equal(np.sort(stopped), np.flatnonzero(due & ~ordinary))
    assert not np.any(records.done_at // 168.0 == week)
    assert records.without_results_done[7 * week : 7 * week + 7].sum() == 0
    assert records.without_results_done[7 * week + 7 : 7 * week + 14].sum() > 0


def test_the_same_seed_gives_the_same_numbers(scenario: Scenario, world: World) -> None:
    first, second = (live(scenario, world, Laboratories(world, outage(scenario))) for _ in range(2))
    for name in OutpatientRecords.__dataclass_fields__:
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))


def test_an_outage_does_not_move_the_ordinary_postponements(
    scenario: Scenario, world: World
) -> None:
    def ordinary(turnaround: Turnaround) -> set[tuple[int, float]]:
        records = live(scenario, world, Laboratories(world, turnaround))
        own = records.postponed_cause == Cause.ORDINARY
        return set(
            zip(
                records.postponed_appointment[own].tolist(),
                records.postponed_at[own].tolist(),
                strict=True,
            )
        )

    assert ordinary(always(1.0)) == ordinary(outage(scenario))


@given(
    spare=st.lists(st.integers(0, 3), min_size=1, max_size=12),
    clinics=st.lists(st.integers(0, 1), min_size=12, max_size=12),
    asked=st.lists(
        st.tuples(st.integers(0, 11), st.integers(0, 13), st.integers(1, 4)), max_size=40
    ),
)
def test_places_are_found_as_a_patient_search_would_find_them(
    spare: list[int], clinics: list[int], asked: list[tuple[int, int, int]]
) -> None:
    count = len(spare)
    none = np.zeros(count, dtype=np.int32)
    places = FreePlaces(
        ClinicSessions(
            start=np.arange(count, dtype=np.float64),
            site=np.zeros(count, dtype=np.uint8),
            clinic=np.array(clinics[:count], dtype=np.uint8),
            without_results=none,
            without_results_postponed=none,
            spare=np.array(spare, dtype=np.int32),
            first_appointment=np.zeros(count + 1, dtype=np.int32),
        )
    )
    left = list(spare)
    for like, earliest, wanted in asked:
        like %= count
        fitting = [s for s in range(earliest, count) if left[s] > 0 and clinics[s] == clinics[like]]
        expected = (fitting[0], min(wanted, left[fitting[0]])) if fitting else (-1, 0)
        assert places.take(like, float(earliest), wanted) == expected
        if fitting:
            left[fitting[0]] -= expected[1]
