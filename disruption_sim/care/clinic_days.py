"""The days of the outpatient offices: when they decide on which clinics, and on new blood."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from disruption_sim.grid import HOURS_PER_DAY, TICKS_PER_HOUR, to_grid
from disruption_sim.randomness import hash_uniform
from disruption_sim.scenario.effects import disruption_depth
from disruption_sim.scenario.model import Capability, Scenario, Source
from disruption_sim.world.days import Days
from disruption_sim.world.model import World
from disruption_sim.world.tubes import HourProfile

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class OfficeDay:
    """One working day of the outpatient offices.

    Attributes
    ----------
    time : float
        When they are through with everything that was decided on this day.
    working_day : int
        Working days are numbered from 0.
    sessions : int64 (n,)
        The sessions that were decided on, in order of start.
    undecided_from : float64 (clinics,)
        From when on nobody has decided on any session of a clinic after this.
    """

    time: float
    working_day: int
    sessions: Integers
    undecided_from: Floats


def _session_working_day(working: Integers, world: World) -> Integers:
    """Return the number of each session's working day, or of the last one before it."""
    day = (world.clinic_sessions.start // HOURS_PER_DAY).astype(np.int64)
    found: Integers = np.maximum(np.searchsorted(working, day, side="right") - 1, 0)
    return found


def decided_at(scenario: Scenario, world: World) -> Floats:
    """Return when each session is decided on: results that come later do not count.

    At the decision hour the stated number of working days ahead, at hour 0 where that lies before
    it; clinics that decide on the day do so when results have been waited for. float64 (sessions,).
    """
    rules, sessions = scenario.outpatients, world.clinic_sessions
    working = np.flatnonzero(Days.of(scenario.calendar).working)
    ahead = np.array([clinic.decision_days_before for clinic in rules.clinics])[sessions.clinic]
    day = _session_working_day(working, world) - ahead
    in_advance = HOURS_PER_DAY * working[np.maximum(day, 0)] + to_grid(rules.decision_hour)
    in_advance[day < 0] = 0.0
    on_the_day = sessions.start + to_grid(rules.on_the_day_wait_hours)
    times: Floats = np.where(ahead == 0, on_the_day, in_advance)
    return times


def office_days(scenario: Scenario, world: World) -> list[OfficeDay]:
    """Return which sessions the offices decide on on each working day, each of them once."""
    rules, sessions = scenario.outpatients, world.clinic_sessions
    working = np.flatnonzero(Days.of(scenario.calendar).working)
    ahead = np.array([clinic.decision_days_before for clinic in rules.clinics])
    day = _session_working_day(working, world) - ahead[sessions.clinic]
    day = np.maximum(day, 0)
    order = np.argsort(day, kind="stable")
    edges = np.searchsorted(day[order], np.arange(working.size + 1)).tolist()

    evening = max(rules.decision_hour, max(rules.session_start_hours) + rules.on_the_day_wait_hours)
    times = (HOURS_PER_DAY * working + to_grid(evening)).tolist()
    begins = np.append(HOURS_PER_DAY * working, scenario.calendar.end_hour)
    first = np.minimum(np.arange(working.size)[:, None] + 1 + ahead[None, :], working.size)
    return [
        OfficeDay(time, number, order[begin:end], begins[undecided])
        for number, (time, begin, end, undecided) in enumerate(
            zip(times, edges, edges[1:], first, strict=False)
        )
    ]


def closed_sessions(scenario: Scenario, world: World) -> Flags:
    """Return which clinics the disruptions of an arm close.

    Those that are closed in every arm, by conditions, are not drawn in the first place.
    """
    sessions = world.clinic_sessions
    uniform = hash_uniform(world.key("clinics.closed"), np.arange(sessions.start.size))
    closed = np.zeros(sessions.start.size, dtype=np.bool_)
    for number, name in enumerate(scenario.site_names):
        own = np.flatnonzero(sessions.site == number)
        depth = disruption_depth(scenario, Capability.CLINICS, name)
        closed[own] = uniform[own] < depth.at_many(sessions.start[own])
    return closed


class NewBlood:
    """When rebooked patients give new blood.

    As many as usual of their clinic do so on the day of the clinic. For the others the day is even
    over the working days in the usual span before it that come after the day of rebooking and
    before the decision.
    """

    def __init__(self, scenario: Scenario, world: World) -> None:
        rules = scenario.outpatients
        self._clinic: Codes = world.clinic_sessions.clinic
        self._start: Floats = world.clinic_sessions.start
        spans = np.array([sorted(clinic.taken_days_before) for clinic in rules.clinics])
        self._latest_before, self._earliest_before = spans.T
        self._ahead = np.array([clinic.decision_days_before for clinic in rules.clinics])
        self._share = np.array([clinic.taken_on_the_day_share for clinic in rules.clinics])
        self._hours_before = sorted(rules.on_the_day_hours_before)
        self._working = np.flatnonzero(Days.of(scenario.calendar).working)
        self._session_day = _session_working_day(self._working, world)
        self._hours = HourProfile.of(scenario.pathology.source(Source.OUTPATIENT).hour_profile)
        self._way_key = world.key("clinics.new_blood_on_the_day")
        self._day_key = world.key("clinics.new_blood_day")
        self._hour_key = world.key("clinics.new_blood_hour")

    def working_days(
        self, who: Integers, occasion: Integers, session: Integers, today: int
    ) -> Integers:
        """Return the working days on which blood is taken, -1 if there is none in time.

        Parameters
        ----------
        who, occasion : int (n,)
            Appointments, and for the how-manieth booking.
        session : int (n,)
            The clinics for which the results are needed.
        today : int
            The last working day that is too late to ask for.
        """
        clinic, session_day = self._clinic[session], self._session_day[session]
        date = self._working[session_day]
        last = session_day - self._ahead[clinic] - 1
        low = np.searchsorted(self._working, date - self._earliest_before[clinic], "right") - 1
        high = np.searchsorted(self._working, date - self._latest_before[clinic], "right") - 1
        low = np.minimum(np.maximum(low, today + 1), last)
        high = np.maximum(np.minimum(high, last), low)
        wish = hash_uniform(self._day_key, who, occasion)
        day = low + (wish * (high - low + 1)).astype(np.int64)
        day = np.where(self.on_the_day(who, occasion, session), session_day, day)
        found: Integers = np.where(day > today, day, -1)
        return found

    def on_the_day(self, who: Integers, occasion: Integers, session: Integers) -> Flags:
        """Return who gives blood on the day of the clinic itself."""
        flags: Flags = (
            hash_uniform(self._way_key, who, occasion) < self._share[self._clinic[session]]
        )
        return flags

    def taken(
        self, who: Integers, occasion: Integers, session: Integers, working_day: int
    ) -> Floats:
        """Return when patients give blood on their working day, in hours."""
        wish = hash_uniform(self._hour_key, who, occasion)
        latest, earliest = self._hours_before
        before_clinic = self._start[session] - to_grid(latest + wish * (earliest - latest))
        hours = self._hours.ticks(wish) / TICKS_PER_HOUR
        hours = HOURS_PER_DAY * self._working[working_day] + hours
        times: Floats = np.where(self.on_the_day(who, occasion, session), before_clinic, hours)
        return times
