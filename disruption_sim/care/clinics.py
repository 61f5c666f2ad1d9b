"""Outpatient clinics: who is postponed for want of a blood result, and until when."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Generator

import numpy as np
import numpy.typing as npt
import simpy

from disruption_sim.care.clinic_days import NewBlood, OfficeDay, closed_sessions, office_days
from disruption_sim.care.clinic_places import FreePlaces
from disruption_sim.care.ports import BloodTests, Codes, Flags, Floats, Numbers, Timeline
from disruption_sim.grid import HOURS_PER_DAY
from disruption_sim.randomness import hash_uniform
from disruption_sim.records import Cause, OutpatientRecords
from disruption_sim.scenario.model import Scenario, Source
from disruption_sim.world.identities import sample_identities
from disruption_sim.world.model import World

Integers = npt.NDArray[np.int64]

OUTPATIENT = tuple(Source).index(Source.OUTPATIENT)


class Clinics:
    """Every outpatient clinic of one arm.

    On each working day at the decision hour the offices look at the clinics that are
    ``decision_days_before`` working days ahead. An appointment is postponed for ordinary reasons
    (drawn with the world, tested first, so that all arms share it), because the clinic is closed
    by a disruption, or because it is essential to have its results and they are not all reported.
    The others take place, if need be by telephone or with the result to follow.

    A postponed patient is given a date between the earliest and the latest rebooking time, and the
    first free place of the same clinic and site from that date on, or failing that the first from
    the earliest rebooking time on, or else waits until the end. Patients who need no result
    and are postponed for ordinary reasons use the same places; on one day those who need
    results choose first. The place that a postponed patient leaves stays empty. Rebooked patients
    whose results are essential and still missing on the working day before their blood would be
    taken give new blood.

    Parameters
    ----------
    env : simpy.Environment
        At hour 0.
    scenario : Scenario
    world : World
    timeline : Timeline
        Its scenario carries the disruptions of this arm.
    blood_tests : BloodTests
        The laboratories.
    """

    def __init__(
        self,
        env: simpy.Environment,
        scenario: Scenario,
        world: World,
        timeline: Timeline,
        blood_tests: BloodTests,
    ) -> None:
        self._env = env
        self._rules = scenario.outpatients
        self._world = world
        self._blood_tests = blood_tests
        self._office_days = office_days(scenario, world)
        self._places = FreePlaces(world.clinic_sessions)
        self._closed = closed_sessions(timeline.scenario, world)
        self._new_blood = NewBlood(scenario, world)

        count = world.appointments.session.size
        self._session: Numbers = world.appointments.session.copy()
        self._occasion = np.zeros(count, dtype=np.int64)
        self._tubes: Numbers = world.appointments.tubes.copy()
        self._done_at = np.full(count, np.nan)
        self._rebooked: defaultdict[int, list[int]] = defaultdict(list)
        self._rebooked_without_results: defaultdict[int, int] = defaultdict(int)
        self._due_for_blood: defaultdict[int, list[int]] = defaultdict(list)
        # A tube that is in hand from before hour 0 is never taken again: its type is not asked.
        self._tube_types: Codes = world.tubes.tube_type[np.maximum(self._tubes, 0)]
        self._events: list[tuple[Floats, Numbers, Codes]] = []

        weeks, sites = scenario.calendar.weeks, len(scenario.site_names)
        self._without_results_done = np.zeros((7 * weeks, sites), dtype=np.int64)
        self._without_results_postponed = np.zeros((weeks, sites), dtype=np.int64)
        self._rebooking_key = world.key("clinics.rebooking")
        self._group_rebooking_key = world.key("clinics.rebooking_without_results")

    def start(self) -> None:
        """Open the offices."""
        self._env.process(self._work())

    def _work(self) -> Generator[simpy.Event, None, None]:
        for office in self._office_days:
            if office.time > self._env.now:
                yield self._env.timeout(office.time - self._env.now)
            self._blood_tests.advance_to(office.time)
            self._decide(office)
            self._decide_without_results(office)
            self._take_blood(office)

    def _decide(self, office: OfficeDay) -> None:
        first, end = self._world.clinic_sessions.first_appointment[
            [office.first_session, office.end_session]
        ].tolist()
        again = [
            appointment
            for session in range(office.first_session, office.end_session)
            for appointment in self._rebooked.pop(session, ())
        ]
        who = np.concatenate([np.arange(first, end), np.asarray(again, dtype=np.int64)])
        if not who.size:
            return
        appointments = self._world.appointments
        session = self._session[who]
        ordinary = appointments.ordinary_postponed[who] & (self._occasion[who] == 0)
        missing = self._missing(who, office.time)
        without_results = appointments.essential[who] & missing.any(axis=1)
        stopped = self._closed[session]
        postponed = ordinary | stopped | without_results
        start = self._world.clinic_sessions.start[session]
        self._done_at[who[~postponed]] = start[~postponed]
        if not postponed.any():
            return

        cause = np.full(who.size, Cause.RESULTS_NOT_REPORTED, dtype=np.uint8)
        expired = np.flatnonzero(without_results & ~ordinary & ~stopped)
        cause[expired[self._expired(who[expired], missing[expired], office.time)]] = (
            Cause.SAMPLE_EXPIRED
        )
        cause[stopped] = Cause.STOPPED_BY_INCIDENT_COMMAND
        cause[ordinary] = Cause.ORDINARY
        left = who[postponed]
        self._events.append((start[postponed], left.astype(np.int32), cause[postponed]))
        self._rebook(left, office)

    def _missing(self, who: Integers, now: float) -> Flags:
        """Return which tubes of some appointments are not reported, bool (appointments, 2)."""
        tubes = self._tubes[who]
        reported_at: Floats = self._blood_tests.reported_at(tubes.ravel()).reshape(tubes.shape)
        missing = np.ones(tubes.shape, dtype=np.bool_)
        missing[reported_at <= now] = False
        return missing

    def _expired(self, who: Integers, missing: Flags, now: float) -> Flags:
        """Return for which appointments a missing tube was taken and is no good any more."""
        expired = np.zeros(missing.shape, dtype=np.bool_)
        tubes = self._tubes[who][missing]
        if tubes.size:
            # A tube that a restriction kept from being taken is lost too, but has not expired.
            taken = self._blood_tests.collected_at(tubes) <= now
            expired[missing] = self._blood_tests.lost(tubes) & taken
        found: Flags = expired[:, 0] | expired[:, 1]
        return found

    def _rebook(self, who: Integers, office: OfficeDay) -> None:
        earliest, latest = self._rebooking_range(office)
        wish = hash_uniform(self._rebooking_key, who, self._occasion[who])
        from_hours = (earliest + wish * (latest - earliest)).tolist()
        self._occasion[who] += 1
        essential = self._world.appointments.essential[who].tolist()
        occasions: list[int] = self._occasion[who].tolist()
        sessions: list[int] = self._session[who].tolist()
        for position, appointment in enumerate(who.tolist()):
            like = sessions[position]
            session, taken = self._places.take(like, from_hours[position])
            if not taken:
                session, taken = self._places.take(like, earliest)
            if not taken:
                continue
            sessions[position] = session
            self._rebooked[session].append(appointment)
            if essential[position]:
                day = self._new_blood.working_day(
                    appointment, occasions[position], session, office.working_day
                )
                if day >= 0:
                    self._due_for_blood[day].append(appointment)
        self._session[who] = sessions

    def _rebooking_range(self, office: OfficeDay) -> tuple[float, float]:
        earliest, latest = (
            office.time + HOURS_PER_DAY * days for days in self._rules.rebook_after_days
        )
        return max(earliest, office.undecided_from), max(latest, office.undecided_from)

    def _decide_without_results(self, office: OfficeDay) -> None:
        sessions = self._world.clinic_sessions
        chosen = slice(office.first_session, office.end_session)
        day = (sessions.start[chosen] // HOURS_PER_DAY).astype(np.int64)
        site = sessions.site[chosen]
        numbers = range(office.first_session, office.end_session)
        rebooked = np.array(
            [self._rebooked_without_results.pop(session, 0) for session in numbers], dtype=np.int64
        )
        booked = sessions.without_results[chosen] + rebooked
        ordinary = sessions.without_results_postponed[chosen]
        postponed = np.where(self._closed[chosen], booked, ordinary)
        np.add.at(self._without_results_done, (day, site), booked - postponed)
        np.add.at(self._without_results_postponed, (day // 7, site), postponed)

        earliest, latest = self._rebooking_range(office)
        wish = hash_uniform(self._group_rebooking_key, np.asarray(numbers))
        from_hours = (earliest + wish * (latest - earliest)).tolist()
        for session, hour, waiting in zip(numbers, from_hours, postponed.tolist(), strict=True):
            for begin in (hour, earliest):
                while waiting:
                    found, taken = self._places.take(session, begin, waiting)
                    if not taken:
                        break
                    self._rebooked_without_results[found] += taken
                    waiting -= taken

    def _take_blood(self, office: OfficeDay) -> None:
        """Ask those who would give new blood on the next working day, if they need to."""
        tomorrow = office.working_day + 1
        due = np.array(self._due_for_blood.pop(tomorrow, []), dtype=np.int64)
        if not due.size:
            return
        missing = self._missing(due, office.time)
        due, missing = due[missing.any(axis=1)], missing[missing.any(axis=1)]
        taken = self._new_blood.taken(due, self._occasion[due], tomorrow)
        order = np.argsort(taken, kind="stable")
        due, missing, taken = due[order], missing[order], taken[order]
        site = self._world.clinic_sessions.site[self._session[due]]
        for number in np.unique(site).tolist():
            rows, columns = np.nonzero(missing & (site == number)[:, None])
            who = due[rows]
            tube_types = self._tube_types[who, columns]
            self._tubes[who, columns] = self._blood_tests.submit(
                taken[rows],
                number,
                OUTPATIENT,
                tube_types,
                sample_identities(OUTPATIENT, who, self._occasion[who], tube_types),
            )

    def finish(self) -> OutpatientRecords:
        """Return what became of every appointment."""
        times, numbers, causes = (
            np.concatenate([event[part] for event in self._events])
            if self._events
            else np.zeros(0, dtype=dtype)
            for part, dtype in enumerate((np.float64, np.int32, np.uint8))
        )
        order = np.argsort(times, kind="stable")
        return OutpatientRecords(
            done_at=self._done_at,
            postponed_at=times[order],
            postponed_appointment=numbers[order],
            postponed_cause=causes[order],
            without_results_done=self._without_results_done,
            without_results_postponed=self._without_results_postponed,
        )
