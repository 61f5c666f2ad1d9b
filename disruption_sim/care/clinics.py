"""Outpatient clinics: who is postponed for want of a blood result, and until when."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Generator

import numpy as np
import numpy.typing as npt
import simpy

from disruption_sim.care.clinic_days import (
    NewBlood,
    OfficeDay,
    closed_sessions,
    decided_at,
    office_days,
)
from disruption_sim.care.clinic_places import FreePlaces
from disruption_sim.care.ports import BloodTests, Codes, Flags, Floats, Numbers, Timeline
from disruption_sim.care.results import expired, in_order, missing_results
from disruption_sim.grid import HOURS_PER_DAY
from disruption_sim.randomness import hash_uniform
from disruption_sim.records import Cause, OutpatientRecords
from disruption_sim.scenario.model import Scenario, Source
from disruption_sim.world.identities import sample_identities
from disruption_sim.world.model import World

Integers = npt.NDArray[np.int64]

_NOBODY = 1e-12
OUTPATIENT = tuple(Source).index(Source.OUTPATIENT)


class Clinics:
    """Every outpatient clinic of one arm.

    Each clinic is decided on at its own time: at the decision hour of the day that lies so many
    working days before it, or on the day itself, when results have been waited for. In the evening
    of each working day the offices are through with what was decided on it. An appointment is
    postponed for ordinary reasons (drawn with the world, tested first, so that all arms share it),
    or because the clinic is closed by a disruption. If it needs results and they are not all
    reported, it is postponed where they are essential; otherwise it is held by telephone with the
    result to follow, or in person all the same, or postponed too, in the shares of the clinic.

    A postponed patient is given a date between the earliest and the latest rebooking time, and the
    first free place of the same clinic and site from that date on, or failing that the first from
    the earliest rebooking time on, or else waits until the end. Patients who need no result
    and are postponed for ordinary reasons use the same places; at one time those who need
    results choose first. The place that a postponed patient leaves stays empty. Rebooked patients
    whose results are still missing on the working day before their blood would be taken give new
    blood.

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
        self._decided_at = decided_at(scenario, world)
        self._places = FreePlaces(world.clinic_sessions)
        self._closed = closed_sessions(timeline.scenario, world)
        self._new_blood = NewBlood(scenario, world)

        count = world.appointments.session.size
        self._session: Integers = world.appointments.session.astype(np.int64)
        self._occasion = np.zeros(count, dtype=np.int64)
        self._tubes: Numbers = world.appointments.tubes.copy()
        self._done_at = np.full(count, np.nan)
        self._by_telephone = np.zeros(count, dtype=np.bool_)
        self._rebooked: defaultdict[int, list[int]] = defaultdict(list)
        self._rebooked_without_results = np.zeros(world.clinic_sessions.start.size, dtype=np.int64)
        self._due_for_blood: defaultdict[int, list[int]] = defaultdict(list)
        # A tube that is in hand from before hour 0 is never taken again: its type is not asked.
        self._tube_types: Codes = world.tubes.tube_type[np.maximum(self._tubes, 0)]
        self._events: list[tuple[Floats, Numbers, Codes]] = []

        # Of those whose result is missing and not essential: below the first share by telephone,
        # from there to the second in person all the same.
        clinics = self._rules.clinics
        self._telephone = np.array(
            [
                min(1.0, clinic.telephone_share / max(1.0 - clinic.essential_share, _NOBODY))
                for clinic in clinics
            ]
        )
        in_person = (1.0 - self._telephone) * self._rules.seen_without_results_share
        self._goes_ahead = self._telephone + in_person

        weeks, sites = scenario.calendar.weeks, len(scenario.site_names)
        self._without_results_done = np.zeros((7 * weeks, sites), dtype=np.int64)
        self._without_results_postponed = np.zeros((weeks, sites), dtype=np.int64)
        self._way_key = world.key("clinics.without_the_result")
        self._rebooking_key = world.key("clinics.rebooking")
        self._group_rebooking_key = world.key("clinics.rebooking_without_results")

    def start(self) -> None:
        """Open the offices."""
        self._env.process(self._work())

    def _work(self) -> Generator[simpy.Event, None, None]:
        for office in self._office_days:
            yield self._env.timeout(office.time - self._env.now)
            self._blood_tests.advance_to(office.time)
            if office.sessions.size:
                self._decide(office)
                self._decide_without_results(office)
            self._take_blood(office)

    def _booked(self, sessions: Integers) -> Integers:
        """Return who is booked into some sessions now."""
        first = self._world.clinic_sessions.first_appointment
        begin, count = first[sessions].astype(np.int64), first[sessions + 1] - first[sessions]
        offset = np.cumsum(count) - count
        first_time = np.repeat(begin - offset, count) + np.arange(int(count.sum()))
        again = [
            appointment
            for session in sessions.tolist()
            if session in self._rebooked
            for appointment in self._rebooked.pop(session)
        ]
        return np.concatenate([first_time, np.asarray(again, dtype=np.int64)])

    def _decide(self, office: OfficeDay) -> None:
        who = self._booked(office.sessions)
        if not who.size:
            return
        appointments, sessions = self._world.appointments, self._world.clinic_sessions
        session = self._session[who]
        ordinary = appointments.ordinary_postponed[who] & (self._occasion[who] == 0)
        missing = missing_results(self._blood_tests, self._tubes[who], self._decided_at[session])
        stopped = self._closed[session]
        to_settle = np.flatnonzero(missing.any(axis=1) & ~ordinary & ~stopped)
        held_up, by_telephone = self._without_the_result(who[to_settle], session[to_settle])
        self._by_telephone[who[to_settle[by_telephone]]] = True
        postponed = ordinary | stopped
        postponed[to_settle[held_up]] = True
        start = sessions.start[session]
        self._done_at[who[~postponed]] = start[~postponed]
        if not postponed.any():
            return

        cause = np.full(who.size, Cause.RESULTS_NOT_REPORTED, dtype=np.uint8)
        without = to_settle[held_up]
        gone = expired(self._blood_tests, self._tubes[who[without]], missing[without], office.time)
        cause[without[gone]] = Cause.SAMPLE_EXPIRED
        cause[stopped] = Cause.STOPPED_BY_INCIDENT_COMMAND
        cause[ordinary] = Cause.ORDINARY
        left = who[postponed]
        self._events.append((start[postponed], left.astype(np.int32), cause[postponed]))
        self._rebook(left, office)

    def _without_the_result(self, who: Integers, session: Integers) -> tuple[Flags, Flags]:
        """Return who is postponed for want of a result, and who is telephoned."""
        clinic = self._world.clinic_sessions.clinic[session]
        essential = self._world.appointments.essential[who]
        wish = hash_uniform(self._way_key, who, self._occasion[who])
        by_telephone = ~essential & (wish < self._telephone[clinic])
        held_up = essential | (wish >= self._goes_ahead[clinic])
        return held_up, by_telephone

    def _rebook(self, who: Integers, office: OfficeDay) -> None:
        session = self._session[who]
        earliest, latest = self._rebooking_range(office, session)
        wish = hash_uniform(self._rebooking_key, who, self._occasion[who])
        wished = earliest + wish * (latest - earliest)
        self._occasion[who] += 1
        found = self._places.first_free(session, wished, earliest)
        rebooked = np.flatnonzero(found >= 0)
        who, found = who[rebooked], found[rebooked]
        self._session[who] = found
        for number, appointment in zip(found.tolist(), who.tolist(), strict=True):
            self._rebooked[number].append(appointment)
        days = self._new_blood.working_days(who, self._occasion[who], found, office.working_day)
        for day, appointment in zip(days.tolist(), who.tolist(), strict=True):
            self._due_for_blood[day].append(appointment)

    def _rebooking_range(self, office: OfficeDay, session: Integers) -> tuple[Floats, Floats]:
        """Return from when and until when dates are looked for first, float64 (sessions,)."""
        undecided = office.undecided_from[self._world.clinic_sessions.clinic[session]]
        earliest, latest = (
            np.maximum(office.time + HOURS_PER_DAY * days, undecided)
            for days in self._rules.rebook_after_days
        )
        return earliest, latest

    def _decide_without_results(self, office: OfficeDay) -> None:
        sessions, chosen = self._world.clinic_sessions, office.sessions
        day = (sessions.start[chosen] // HOURS_PER_DAY).astype(np.int64)
        site = sessions.site[chosen]
        booked = sessions.without_results[chosen] + self._rebooked_without_results[chosen]
        ordinary = sessions.without_results_postponed[chosen]
        postponed = np.where(self._closed[chosen], booked, ordinary)
        np.add.at(self._without_results_done, (day, site), booked - postponed)
        np.add.at(self._without_results_postponed, (day // 7, site), postponed)

        some = np.flatnonzero(postponed)
        chosen, postponed = chosen[some], postponed[some]
        earliest, latest = self._rebooking_range(office, chosen)
        wish = hash_uniform(self._group_rebooking_key, chosen)
        wished = earliest + wish * (latest - earliest)
        for session, waiting, *begins in zip(
            chosen.tolist(), postponed.tolist(), wished.tolist(), earliest.tolist(), strict=True
        ):
            for begin in begins:
                while waiting:
                    found, taken = self._places.take(session, begin, waiting)
                    if not taken:
                        break
                    self._rebooked_without_results[found] += taken
                    waiting -= taken

    def _take_blood(self, office: OfficeDay) -> None:
        """Ask those who would give new blood on the next working day, if they need to."""
        day = office.working_day + 1
        due = np.array(self._due_for_blood.pop(day, []), dtype=np.int64)
        if not due.size:
            return
        missing = missing_results(self._blood_tests, self._tubes[due], office.time)
        due, missing = due[missing.any(axis=1)], missing[missing.any(axis=1)]
        occasion, session = self._occasion[due], self._session[due]
        taken = self._new_blood.taken(due, occasion, session, day)
        order = np.argsort(taken, kind="stable")
        due, missing, taken = due[order], missing[order], taken[order]
        session = self._session[due]
        on_the_day = self._new_blood.on_the_day(due, self._occasion[due], session)
        site = self._world.clinic_sessions.site[session]
        urgent = tuple(Source).index(self._rules.on_the_day_sent_as)
        for source, group in ((OUTPATIENT, ~on_the_day), (urgent, on_the_day)):
            for number in np.unique(site[group]).tolist():
                rows, columns = np.nonzero(missing & (group & (site == number))[:, None])
                who = due[rows]
                tube_types = self._tube_types[who, columns]
                self._tubes[who, columns] = self._blood_tests.submit(
                    taken[rows],
                    number,
                    source,
                    tube_types,
                    sample_identities(source, who, self._occasion[who], tube_types),
                )

    def finish(self) -> OutpatientRecords:
        """Return what became of every appointment."""
        times, numbers, causes = in_order(self._events, (np.float64, np.int32, np.uint8))
        return OutpatientRecords(
            done_at=self._done_at,
            by_telephone=self._by_telephone,
            postponed_at=times,
            postponed_appointment=numbers,
            postponed_cause=causes,
            without_results_done=self._without_results_done,
            without_results_postponed=self._without_results_postponed,
        )
