"""What comes to the laboratories, from where, and when: decided once for every sample."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from disruption_sim.disruption import Timeline
from disruption_sim.pathology.compiled import compiled
from disruption_sim.pathology.counting import by_week
from disruption_sim.pathology.demand import Restrictions
from disruption_sim.pathology.dispatch import Dispatch
from disruption_sim.pathology.elsewhere import (
    ResultsElsewhere,
    answer_at_the_bedside,
    send_elsewhere,
)
from disruption_sim.pathology.network import TubeArrays
from disruption_sim.pathology.origins import Origins
from disruption_sim.pathology.rerouting import Reroutes
from disruption_sim.pathology.travel import (
    AT_THE_BEDSIDE,
    COMES_LATER,
    ELSEWHERE,
    NEVER_TAKEN,
    Travel,
    arrive,
    first_steps,
)
from disruption_sim.scenario.model import Scenario
from disruption_sim.world import World
from disruption_sim.world.identities import Identities

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.int32]
Codes = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]
# Arguments of compiled functions.
Array = Any

# Room for samples that other rooms ask for at run time, before the arrays must grow.
RUN_TIME_TUBES_PER_OPERATION = 4
# The kernel has no word for a sample that was asked for at run time and is never taken: such a one
# is due long after the end.
BEYOND_THE_END = 1e6
# The draws of the world's samples are found by their numbers.
BY_NUMBER: Identities = np.empty(0, dtype=np.uint64)


class Intake:
    """Requests for samples and what becomes of them before they reach a laboratory.

    Devices at the bedside answer what they can. Of the other samples mutual-aid laboratories take
    their part first; demand restriction then defers its share of the rest. Deferred samples may
    come back after the restriction, except those asked for at run time, because whoever asked for
    them asks again. What comes may be sent another way, by the time of its collection. What was on
    the road when something happened arrives as it would have.

    Parameters
    ----------
    scenario : Scenario
    world : World
    origins : Origins
    travel : Travel
    timeline : Timeline

    Attributes
    ----------
    tubes : TubeArrays
        The world's samples, for the kernel.
    bedside, mutual_aid : ResultsElsewhere
        Those that devices at the bedside answer, and those that other laboratories take.
    helper_turnaround_hours : float64 (weeks,)
        Mean turnaround of the own tubes of the laboratories that help; NaN if there are none.
    deferred : int64 (weeks, origins)
        By the week in which they would have been taken.
    """

    def __init__(
        self,
        scenario: Scenario,
        world: World,
        origins: Origins,
        travel: Travel,
        timeline: Timeline,
    ) -> None:
        self._scenario = scenario
        self._origins = origins
        self._travel = travel
        self._steps = len(scenario.pathology.steps_in_use)
        self._first_step = first_steps(scenario)
        self._world_tubes = len(world.tubes.collected)
        self._keys = {
            purpose: world.key(f"pathology.{purpose}")
            for purpose in (
                "travel",
                "restriction",
                "rebound",
                "rebound_day",
                "mutual_aid",
                "point_of_care",
                "reroute",
            )
        }
        self._dispatch = Dispatch(scenario, origins, timeline)
        self._reroutes = Reroutes.of(scenario, origins, travel, timeline)
        restrictions = Restrictions.of(scenario, origins, timeline)
        self._restrictions = restrictions.without_rebound()
        operations = scenario.surgery.elective_admissions_per_week * scenario.surgery.theatre_share
        room = int(RUN_TIME_TUBES_PER_OPERATION * operations * scenario.calendar.weeks)
        capacity = self._world_tubes + room
        self._origin = np.empty(capacity, dtype=np.uint8)
        self._fate = np.zeros(capacity, dtype=np.uint8)
        self._arrival = np.empty(capacity)
        self.count = self._world_tubes
        self.tubes = self._receive_world(world, restrictions, timeline, room)

    def _receive_world(
        self, world: World, restrictions: Restrictions, timeline: Timeline, room: int
    ) -> TubeArrays:
        tubes, count = world.tubes, self._world_tubes
        origin, fate, arrival = self.origin, self._fate[:count], self.arrival
        faulty = number_origins(tubes.origin, tubes.source, self._origins.number, origin)
        if faulty >= 0:
            raise ValueError(
                f"sample {faulty} of the world comes from place {tubes.origin[faulty]} and source "
                f"{tubes.source[faulty]}, which do not belong together"
            )
        self.bedside = answer_at_the_bedside(
            self._scenario,
            self._origins,
            timeline,
            tubes,
            origin,
            fate,
            self._keys["point_of_care"],
        )
        aid = send_elsewhere(
            self._scenario, self._origins, timeline, tubes, origin, fate, self._keys["mutual_aid"]
        )
        self.helper_turnaround_hours = aid.helper_turnaround_hours
        collected = tubes.collected
        if restrictions.any:
            collected = collected.copy()
            self._restrict(restrictions, BY_NUMBER, collected, origin, fate)
        deferred = (fate == COMES_LATER) | (fate == NEVER_TAKEN)
        self.deferred = self._by_week(tubes.collected[deferred], origin[deferred])
        entry_station = np.empty(count, dtype=np.int16)
        self._arrive(BY_NUMBER, collected, origin, tubes.tube_type, fate, arrival, entry_station)
        self.mutual_aid = aid.reported(arrival)
        return TubeArrays(
            arrival=arrival,
            collected=collected,
            source=origin,
            tube_type=tubes.tube_type,
            priority=self._dispatch.classes(origin, collected, arrival, entry_station),
            entry_station=entry_station,
            extra_capacity=room,
        )

    def add(
        self, collected: Floats, origin: Codes, tube_type: Codes, identity: Identities
    ) -> TubeArrays:
        """Take in samples that were asked for at run time, and return them for the kernel.

        All arrays have one length; `identity` is from `sample_identities`.
        """
        first, end = self.count, self.count + len(collected)
        if end > len(self._origin):
            self._grow(end)
        self.count = end
        self._origin[first:end] = origin
        fate, arrival = self._fate[first:end], self._arrival[first:end]
        fate[:] = 0
        if self._restrictions.any:
            self._restrict(self._restrictions, identity, collected, origin, fate)
        entry_station = np.empty(len(collected), dtype=np.int16)
        self._arrive(identity, collected, origin, tube_type, fate, arrival, entry_station)
        never = fate == NEVER_TAKEN
        if never.any():
            self.deferred = self.deferred + self._by_week(collected[never], origin[never])
            arrival[never] = BEYOND_THE_END
            entry_station[never] = 0
        return TubeArrays(
            arrival=arrival,
            collected=collected,
            source=origin,
            tube_type=tube_type,
            priority=self._dispatch.classes(origin, collected, arrival, entry_station),
            entry_station=entry_station,
        )

    def _grow(self, needed: int) -> None:
        more = max(needed, 2 * len(self._origin), 1024) - len(self._origin)
        self._origin = np.concatenate([self._origin, np.empty(more, dtype=np.uint8)])
        self._fate = np.concatenate([self._fate, np.zeros(more, dtype=np.uint8)])
        self._arrival = np.concatenate([self._arrival, np.empty(more)])

    def _restrict(
        self,
        restrictions: Restrictions,
        identity: Identities,
        collected: Floats,
        origin: Codes,
        fate: Codes,
    ) -> None:
        restrictions.apply(
            identity,
            collected,
            origin,
            fate,
            self._keys["restriction"],
            self._keys["rebound"],
            self._keys["rebound_day"],
        )

    def _arrive(
        self,
        identity: Identities,
        collected: Floats,
        origin: Codes,
        tube_type: Codes,
        fate: Codes,
        arrival: Floats,
        entry_station: npt.NDArray[np.int16],
    ) -> None:
        way, other = self._travel, self._reroutes
        with np.errstate(over="ignore"):  # matters only when compiling is switched off
            arrive(
                identity, collected, origin, tube_type, fate, self._keys["travel"], self._steps,
                self._first_step, way.route, way.transport, way.van, way.laboratory, way.van_every,
                way.runs, way.run_spread, way.next_run_day, self._keys["reroute"], other.shares,
                other.steps.first, other.steps.time, other.steps.strength, other.laboratory,
                other.route, other.van, arrival, entry_station,
            )  # fmt: skip

    def _by_week(self, times: Floats, origin: Codes) -> Integers:
        return by_week(times, origin, self._scenario.calendar.weeks, self._origins.count)

    # --- what became of them ------------------------------------------------------------------

    @property
    def origin(self) -> Codes:
        """Origin of every sample, uint8 (samples,)."""
        return self._origin[: self.count]

    @property
    def fate(self) -> Codes:
        """What became of the request for every sample, a code of `travel`; uint8 (samples,)."""
        return self._fate[: self.count]

    @property
    def arrival(self) -> Floats:
        """Arrival after the first collection of every sample, float64 (samples,)."""
        return self._arrival[: self.count]

    def never_taken(self, numbers: Numbers) -> Flags:
        """Return which samples a restriction suppressed for good."""
        flags: Flags = self._fate[numbers] == NEVER_TAKEN
        return flags

    def fill_in_elsewhere(self, numbers: Numbers, now: float, reported: Floats) -> None:
        """Put the times of results from the bedside and mutual aid until now into `reported`."""
        fates = self._fate[numbers]
        for results, fate in ((self.bedside, AT_THE_BEDSIDE), (self.mutual_aid, ELSEWHERE)):
            if results.numbers.size == 0:
                continue
            theirs = np.flatnonzero((fates == fate) & (numbers >= 0))
            if theirs.size:
                times = results.of(numbers[theirs])
                reported[theirs] = np.where(times <= now, times, np.nan)

    def by_week(self, results: ResultsElsewhere) -> Integers:
        """Return the results of `bedside` or `mutual_aid`, int64 (weeks, origins)."""
        return self._by_week(results.reported, self._origin[results.numbers])

    def fate_counts(self) -> Integers:
        """Return how many of the world's samples have each fate, in the order of the codes."""
        return np.bincount(self._fate[: self._world_tubes], minlength=AT_THE_BEDSIDE + 1)


@compiled
def number_origins(place: Array, source: Array, number: Array, origin: Array) -> int:
    """Fill in the origin of every sample; return the first that has none, or -1."""
    for k in range(len(place)):
        found = number[place[k], source[k]]
        if found < 0:
            return k
        origin[k] = found
    return -1
