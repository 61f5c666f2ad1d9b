"""Who is on duty at a transfusion bench, and who can be called in."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from operator import mul

import numpy as np
import numpy.typing as npt

from disruption_sim.disruption import Timeline
from disruption_sim.grid import HOURS_PER_DAY, to_grid
from disruption_sim.scenario.model import Scenario, TransfusionReinforcement
from disruption_sim.step_function import StepFunction, combine
from disruption_sim.world.days import Days

Floats = npt.NDArray[np.float64]

SATURDAY = 5


@dataclass(frozen=True)
class Shift:
    """A stretch of time in which the roster of a bench stays the same.

    Attributes
    ----------
    start, end : float
        Hours.
    resident, on_call : int
        Scientists in the hospital, and at home by the telephone.
    """

    start: float
    end: float
    resident: int
    on_call: int


class Roster:
    """The roster of one bench from hour 0 to the end.

    Parameters
    ----------
    shifts : sequence of Shift
        One after the other, from hour 0 on.
    """

    def __init__(self, shifts: list[Shift]) -> None:
        self.shifts = shifts
        self._starts = [shift.start for shift in shifts]
        self._times = np.array([*self._starts, shifts[-1].end])
        hours = [(shift.end - shift.start) * shift.resident for shift in shifts]
        self._hours = np.concatenate([[0.0], np.cumsum(hours)])

    def at(self, time: float) -> Shift:
        """Return the shift at a time."""
        return self.shifts[max(bisect_right(self._starts, time) - 1, 0)]

    def resident_hours(self, start: float, end: float) -> float:
        """Return the hours that scientists in the hospital are on duty between two times."""
        if end <= start:
            return 0.0
        return float(np.diff(np.interp([start, end], self._times, self._hours))[0])


def rosters(scenario: Scenario, timeline: Timeline) -> list[Roster]:
    """Return the roster of every site.

    Day shifts of weekdays and of weekends, where bank holidays count as Sundays; the night belongs
    to those who are resident or on call. Reinforcement comes on top, resident, rounded to people
    while it ramps up.
    """
    start, end = (to_grid(hour) for hour in scenario.transfusion.day_shift_hours)
    days = Days.of(scenario.calendar)
    last = scenario.calendar.end_hour
    policies = timeline.policies(TransfusionReinforcement)
    midnights = HOURS_PER_DAY * np.arange(days.count)
    found = []
    for site in scenario.network.sites:
        more_by_day = _reinforcement(
            [(policy.extra_staff_day.get(site.name, 0), strength) for policy, strength in policies]
        )
        more_by_night = _reinforcement(
            [
                (policy.extra_staff_night.get(site.name, 0), strength)
                for policy, strength in policies
            ]
        )
        times = {0.0, *(midnights + start).tolist(), *(midnights + end).tolist()}
        times.update(t for t in (*more_by_day.times, *more_by_night.times) if 0.0 < t < last)
        ordered = [*sorted(time for time in times if time < last), last]
        on_call = site.transfusion_night == "on_call"
        shifts = []
        for time, until in pairwise(ordered):
            day, clock = divmod(time, HOURS_PER_DAY)
            if start <= clock < end:
                weekend = days.weekday[int(day)] >= SATURDAY
                staff = site.transfusion_staff_weekend if weekend else site.transfusion_staff_day
                shifts.append(Shift(time, until, staff + round(more_by_day.at(time)), 0))
            else:
                staff, more = site.transfusion_staff_night, round(more_by_night.at(time))
                resident = more if on_call else staff + more
                shifts.append(Shift(time, until, resident, staff if on_call else 0))
        found.append(Roster(shifts))
    return found


def _reinforcement(parts: list[tuple[int, StepFunction]]) -> StepFunction:
    """Return the people that policies add together over time."""
    functions = [strength.map(partial(mul, number)) for number, strength in parts if number]
    return combine(functions, sum) if functions else StepFunction.constant(0.0)
