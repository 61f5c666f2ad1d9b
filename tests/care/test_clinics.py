"""Outpatient clinics against laboratories that do as they are told."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
import simpy
from hypothesis import given
from hypothesis import strategies as st

from disruption_sim.care.clinic_days import decided_at, office_days
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


def test_without_results_the_essential_wait_and_most_others_go_ahead(
    scenario: Scenario, world: World
) -> None:
    records = live(scenario, world, Laboratories(world, always(np.inf)))
    appointments, sessions = world.appointments, world.clinic_sessions
    without = (appointments.tubes >= 0).any(axis=1) & ~appointments.ordinary_postponed
    start = sessions.start[appointments.session]
    at_first = records.done_at == start
    assert not at_first[without & appointments.essential].any()
    in_hand = (appointments.tubes < 0).all(axis=1) & ~appointments.ordinary_postponed
    assert at_first[in_hand].all()
    causes = np.unique(records.postponed_cause)
    np.testing.assert_array_equal(causes, [Cause.RESULTS_NOT_REPORTED, Cause.ORDINARY])
    # The shares of each clinic, within four standard errors.
    for number, clinic in enumerate(scenario.outpatients.clinics):
        own = without & (sessions.clinic[appointments.session] == number)
        count = np.count_nonzero(own)
        telephone, seen = clinic.telephone_share, scenario.outpatients.seen_without_results_share
        in_person = (1.0 - clinic.essential_share - telephone) * seen
        for found, share in (
            (at_first & records.by_telephone, telephone),
            (at_first & ~records.by_telephone, in_person),
        ):
            error = np.sqrt(share * (1.0 - share) / count)
            assert np.mean(found[own]) == pytest.approx(share, abs=4 * error), clinic.name


def test_nobody_is_telephoned_whose_result_is_there(scenario: Scenario, world: World) -> None:
    records = live(scenario, world, Laboratories(world, always(1.0)))
    assert not records.by_telephone.any()
    late = live(scenario, world, Laboratories(world, outage(scenario)))
    onset = scenario.calendar.week_1_hour
    assert late.by_telephone.any()
    assert np.all(late.done_at[late.by_telephone] >= onset)


def incident(records: OutpatientRecords) -> int:
    return int(np.count_nonzero(records.postponed_cause != Cause.ORDINARY))


def changed(scenario: Scenario, **values: object) -> Scenario:
    """Return the scenario with other values in every clinic."""
    rules = scenario.outpatients
    clinics = tuple(clinic.model_copy(update=values) for clinic in rules.clinics)
    return scenario.model_copy(
        update={"outpatients": rules.model_copy(update={"clinics": clinics})}
    )


def test_more_by_telephone_postpones_fewer_and_moves_nobody_else(
    scenario: Scenario, world: World
) -> None:
    """Who goes ahead with few telephones goes ahead with more: only the way of it may change."""
    turnaround = outage(scenario)
    runs = [
        live(changed(scenario, telephone_share=share), world, Laboratories(world, turnaround))
        for share in (0.0, 0.3, 0.6)
    ]
    postponed = [incident(records) for records in runs]
    assert postponed[0] > 1.1 * postponed[1] > 1.1 * 1.1 * postponed[2]
    assert not runs[0].by_telephone.any()
    telephoned = [int(records.by_telephone.sum()) for records in runs]
    assert telephoned[0] < telephoned[1] < telephoned[2]
    first = [records.done_at == _start(world) for records in runs]
    assert np.all(first[1] <= first[2])
    assert np.all(first[0] <= first[1])


def _start(world: World) -> Floats:
    found: Floats = world.clinic_sessions.start[world.appointments.session]
    return found


def test_a_laboratory_that_is_back_sooner_postpones_fewer(scenario: Scenario, world: World) -> None:
    weeks = (0.5, 1.0, 2.0)
    runs = [live(scenario, world, Laboratories(world, outage(scenario, w))) for w in weeks]
    postponed = [incident(records) for records in runs]
    assert 0 < postponed[0] < postponed[1] < postponed[2]


def test_blood_that_is_taken_earlier_postpones_fewer_when_results_are_slow(
    scenario: Scenario,
) -> None:
    """Results that take nine days: blood of two to three weeks before is in time, of one is not."""
    postponed = []
    for days in ((7.0, 4.0), (21.0, 14.0)):
        values = {"taken_days_before": days, "taken_on_the_day_share": 0.0}
        slow = changed(scenario, **values)
        world = draw_world(slow, seed=1, replication=0)
        postponed.append(incident(live(slow, world, Laboratories(world, always(9.0 * 24.0)))))
    assert postponed[0] > 10 * postponed[1]


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
    appointments = world.appointments
    chosen = np.flatnonzero(
        appointments.essential
        & ~appointments.ordinary_postponed
        & (appointments.tubes >= 0).all(axis=1)
    )[:200]
    tubes = appointments.tubes[chosen, 0]
    deadline = decided_at(scenario, world)[appointments.session[chosen]]

    def postponed(late_by: float) -> Numbers:
        laboratories = Laboratories(world, always(0.0))
        laboratories.collected = laboratories.collected.copy()
        laboratories.collected[tubes] = deadline + late_by
        records = live(scenario, world, laboratories)
        held_up: Numbers = records.postponed_appointment[records.postponed_cause != Cause.ORDINARY]
        return held_up

    assert postponed(0.0).size == 0
    np.testing.assert_array_equal(np.sort(postponed(2.0**-20)), chosen)


def test_every_clinic_is_decided_on_once_at_its_own_time(scenario: Scenario, world: World) -> None:
    working, sessions = Days.of(scenario.calendar).working, world.clinic_sessions
    rules = scenario.outpatients
    decided = decided_at(scenario, world)
    seen = np.zeros(sessions.start.size, dtype=np.int64)
    for office in office_days(scenario, world):
        seen[office.sessions] += 1
        # By then everything is decided, and nothing is that they would rebook into.
        assert np.all(decided[office.sessions] <= office.time)
        assert np.all(decided[office.sessions] // 24.0 * 24.0 <= office.time)
        open_ones = sessions.start >= office.undecided_from[sessions.clinic]
        assert np.all(decided[open_ones] > office.time)
        assert not seen[open_ones].any()
    assert np.all(seen == 1)
    ahead = np.array([clinic.decision_days_before for clinic in rules.clinics])[sessions.clinic]
    assert set(ahead.tolist()) == {0, 2}
    np.testing.assert_array_equal(
        decided[ahead == 0], sessions.start[ahead == 0] + rules.on_the_day_wait_hours
    )
    for number in np.flatnonzero((ahead == 2) & (decided > 0.0)).tolist():
        today, clinic_day = int(decided[number] // 24.0), int(sessions.start[number] // 24.0)
        assert np.count_nonzero(working[today:clinic_day]) == 2
        assert decided[number] % 24.0 == rules.decision_hour


def test_new_blood_is_taken_in_time_where_the_result_is_missing(
    scenario: Scenario, world: World
) -> None:
    laboratories = Laboratories(world, outage(scenario))
    records = live(scenario, world, laboratories)
    assert laboratories.submitted
    working = Days.of(scenario.calendar).working
    sources = list(Source)
    urgent = sources.index(scenario.outpatients.on_the_day_sent_as)
    hours = scenario.outpatients.session_start_hours
    for now, collected, site, source, types in laboratories.submitted:
        assert site == 0
        if source == urgent:
            to_clinic = np.array(hours)[:, None] - collected % 24.0
            assert np.all(((to_clinic >= 1.0) & (to_clinic <= 2.5)).any(axis=0))
        else:
            assert source == sources.index(Source.OUTPATIENT)
        assert np.all(np.diff(collected) >= 0.0)
        assert set(types.tolist()) <= {0, 1}
        days = np.unique(collected // 24.0).astype(int)
        assert days.size == 1
        assert working[days[0]]
        assert np.count_nonzero(working[int(now // 24.0) : days[0]]) == 1
    assert {source for _, _, _, source, _ in laboratories.submitted} == {
        urgent,
        sources.index(Source.OUTPATIENT),
    }
    # Their first tubes are never reported, so whoever is seen is seen with new ones.
    missing = records.postponed_cause == Cause.RESULTS_NOT_REPORTED
    held_up = np.unique(records.postponed_appointment[missing])
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
