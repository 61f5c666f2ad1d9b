"""The theatre book: the lists of the timetable, which are open, and who is booked on them."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from disruption_sim.care.patients import Patients
from disruption_sim.grid import HOURS_PER_DAY, minutes
from disruption_sim.randomness import hash_uniform
from disruption_sim.records import ExtraList
from disruption_sim.scenario.effects import disruption_depth
from disruption_sim.scenario.model import Capability, RecoveryLists, Scenario
from disruption_sim.world.model import EXTRA_LISTS, TheatreLists, World

KEEP_TO_TIME = (ExtraList.EVENING, ExtraList.INDEPENDENT_SECTOR)
"""Lists on which no case is planned that is longer than the list."""


def _may_open(scenario: Scenario, lists: TheatreLists) -> npt.NDArray[np.bool_]:
    """Return which lists could be held under the scenario's policies."""
    most = np.zeros(len(EXTRA_LISTS))
    for policy in scenario.policies:
        if isinstance(policy, RecoveryLists):
            most[EXTRA_LISTS.index(policy.held)] += policy.staffed_share
    # Ordinary and flexible lists have the number 0 (and the kind -1, which stands for any here).
    possible: npt.NDArray[np.bool_] = lists.extra <= most[lists.extra_kind]
    return possible


class TheatreBook:
    """Theatre lists as plain lists of Python, and the patients booked on them.

    Recovery lists that no policy could open are left out, so that numbers of lists are those of the
    arm, not of the world.

    Parameters
    ----------
    scenario : Scenario
        The arm's. Its disruptions may close theatres; what its conditions close is not in the
        world's timetable to begin with.
    world : World
    patients : Patients

    Attributes
    ----------
    cases : list of list of int (lists,)
        Patients booked on each list, in order of booking.
    used : list of float (lists,)
        Hours planned: for every case its expected duration and a turnover.
    extra_list : list of int (lists,)
        ``ExtraList`` of recovery lists, -1 for ordinary and flexible ones.
    cost_pounds : list of float (lists,)
        Of recovery lists, once they have been opened.
    opened : bytearray (lists,)
        Whether the list is staffed: ordinary lists from the start, flexible and recovery lists
        once they have been opened.
    on_day : list of list of list of int (sites, days)
        Lists of each site and day in order of start.
    """

    def __init__(self, scenario: Scenario, world: World, patients: Patients) -> None:
        lists = world.theatre_lists
        possible = np.flatnonzero(_may_open(scenario, lists))
        self._patients = patients
        self.count = possible.size
        self.start: list[float] = lists.start[possible].tolist()
        self.length: list[float] = lists.length[possible].tolist()
        self.site: list[int] = lists.site[possible].tolist()
        self.specialty: list[int] = lists.specialty[possible].tolist()
        self.flexible: list[bool] = lists.flexible[possible].tolist()
        self.extra: list[float] = lists.extra[possible].tolist()
        self.extra_list: list[int] = lists.extra_kind[possible].tolist()
        self.cost_pounds = [0.0] * self.count
        self.loses_last_case: list[bool] = lists.loses_last_case[possible].tolist()
        self.cases: list[list[int]] = [[] for _ in range(self.count)]
        self.used = [0.0] * self.count
        ordinary = ~lists.flexible[possible] & (lists.extra[possible] == 0.0)
        self.opened = bytearray(ordinary.astype(np.uint8).tobytes())
        self.turnover = minutes(scenario.surgery.turnover_minutes)
        self.overrun = minutes(scenario.surgery.planned_overrun_minutes)
        self._lost_theatres = [
            disruption_depth(scenario, Capability.THEATRES, site) for site in scenario.site_names
        ]
        self._never_closed = all(lost.is_zero for lost in self._lost_theatres)
        key = world.key("theatre_lists.closed")
        self._closes_below: list[float] = hash_uniform(key, possible).tolist()
        days = 7 * scenario.calendar.weeks
        self.on_day: list[list[list[int]]] = [
            [[] for _ in range(days)] for _ in scenario.site_names
        ]
        for number, (site, start) in enumerate(zip(self.site, self.start, strict=True)):
            self.on_day[site][int(start // HOURS_PER_DAY)].append(number)

    def closed(self, number: int, now: float) -> bool:
        """Whether it is known now that the incident leaves this list without a theatre."""
        if self._never_closed or self.extra_list[number] == ExtraList.INDEPENDENT_SECTOR:
            return False
        lost = self._lost_theatres[self.site[number]]
        if lost.at(now) == 0.0:
            return False
        return self._closes_below[number] < lost.at(self.start[number])

    def room(self, number: int, target: float = math.inf) -> float:
        """Return the longest planned duration that can be added to a list.

        Parameters
        ----------
        number : int
        target : float
            Hours to be planned. The next case may pass it by half its own time, so that on the
            whole lists come out at the target, neither above nor below.

        Notes
        -----
        An empty list takes any case, however long; but in the evening and in the independent
        sector only what fits. Otherwise the plan ends at the latest ``planned_overrun_minutes``
        after the end of the list.
        """
        left = self.length[number] + self.overrun - self.used[number]
        if self.cases[number]:
            return min(left, 2.0 * (target - self.used[number]) - self.turnover)
        return left if self.extra_list[number] in KEEP_TO_TIME else math.inf

    def book(self, number: int, patient: int) -> None:
        """Put a patient at the end of a list."""
        self.cases[number].append(patient)
        self.used[number] += self._patients.expected_duration[patient] + self.turnover

    def strike_out(self, number: int, patient: int) -> None:
        """Take a patient off a list."""
        self.cases[number].remove(patient)
        self.used[number] -= self._patients.expected_duration[patient] + self.turnover
