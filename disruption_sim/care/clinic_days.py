"""The days of the outpatient offices: when they decide on which clinics, and on new blood."""

from __future__ import annotations

from bisect import bisect_right
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


@dataclass(frozen=True)
class OfficeDay:
    """One working day of the outpatient offices.

    Attributes
    ----------
    time : float
        When they decide.
    working_day : int
        Working days are numbered from 0; -1 for what is decided at hour 0.
    first_session, end_session : int
        They decide on the sessions from the first up to the end, which is not one of them.
    undecided_from : float
        Start of the first day on whose clinics nobody has decided after this.
    """

    time: float
    working_day: int
    first_session: int
    end_session: int
    undecided_from: float


def _session_working_day(working: Integers, world: World) -> Integers:
    """Return the number of each session's working day, or of the last one before it."""
    day = (world.clinic_sessions.start // HOURS_PER_DAY).astype(np.int64)
    found: Integers = np.maximum(np.searchsorted(working, day, side="right") - 1, 0)
    return found


def office_days(scenario: Scenario, world: World) -> list[OfficeDay]:
    """Return when the offices decide, and on which sessions.

    Each session is decided on once, ``decision_days_before`` working days ahead at the decision
    hour; those of the first days, for which that lies before hour 0, at hour 0. Where clinics are
    decided on the same day, it is before the first of them.
    """
    rules = scenario.outpatients
    working = np.flatnonzero(Days.of(scenario.calendar).working)
    session_day = _session_working_day(working, world)
    ahead = rules.decision_days_before
    hour = to_grid(rules.decision_hour)
    if ahead == 0:
        hour = min(hour, *(to_grid(start) for start in rules.session_start_hours))
    times = [0.0, *(HOURS_PER_DAY * working + hour).tolist()]
    ends = np.searchsorted(session_day, ahead + np.arange(len(times))).tolist()
    later = working[ahead:].tolist()
    undecided = [HOURS_PER_DAY * day for day in later]
    undecided += [scenario.calendar.end_hour] * (len(times) - len(undecided))
    return [
        OfficeDay(time, number - 1, first, end, begin)
        for number, (time, first, end, begin) in enumerate(
            zip(times, [0, *ends[:-1]], ends, undecided, strict=True)
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

    The day is even over the working days in the usual span before the clinic that come after the
    day of rebooking and before the decision on the clinic.
    """

    def __init__(self, scenario: Scenario, world: World) -> None:
        rules = scenario.outpatients
        self._latest_before, self._earliest_before = sorted(rules.taken_days_before)
        self._ahead = rules.decision_days_before
        working = np.flatnonzero(Days.of(scenario.calendar).working)
        self._working: list[int] = working.tolist()
        self._session_day: list[int] = _session_working_day(working, world).tolist()
        self._hours = HourProfile.of(scenario.pathology.source(Source.OUTPATIENT).hour_profile)
        self._day_key = world.key("clinics.new_blood_day")
        self._hour_key = world.key("clinics.new_blood_hour")

    def working_day(self, appointment: int, occasion: int, session: int, today: int) -> int:
        """Return the working day on which blood is taken, -1 if there is none in time.

        Parameters
        ----------
        appointment, occasion : int
            Who, and for the how-manieth booking.
        session : int
            The clinic for which the results are needed.
        today : int
            The working day on which this is settled.
        """
        session_day = self._session_day[session]
        date = self._working[session_day]
        last = session_day - self._ahead - 1
        low = bisect_right(self._working, date - self._earliest_before) - 1
        high = bisect_right(self._working, date - self._latest_before) - 1
        low = min(max(low, today + 1), last)
        high = max(min(high, last), low)
        if low <= today:
            return -1
        wish = hash_uniform(self._day_key, appointment, occasion)
        return low + int(wish * (high - low + 1))

    def taken(self, who: Integers, occasion: Integers, working_day: int) -> Floats:
        """Return when patients give blood on a working day, in hours."""
        ticks = self._hours.ticks(hash_uniform(self._hour_key, who, occasion))
        hours: Floats = HOURS_PER_DAY * self._working[working_day] + ticks / TICKS_PER_HOUR
        return hours
