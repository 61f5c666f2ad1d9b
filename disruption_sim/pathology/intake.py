"""What comes to the laboratories, from where, and when: decided once for every sample."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from disruption_sim.disruption import Timeline
from disruption_sim.pathology.compiled import compiled
from disruption_sim.pathology.counting import by_week
from disruption_sim.pathology.demand import Restrictions, send_elsewhere
from disruption_sim.pathology.network import TubeArrays
from disruption_sim.pathology.origins import SOURCES, Origins
from disruption_sim.pathology.travel import (
    COMES_LATER,
    ELSEWHERE,
    FIRST_STEP,
    NEVER_TAKEN,
    STEPS,
    Travel,
    arrive,
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

    At the time of collection mutual-aid laboratories take their part first; demand restriction
    then defers its share of the rest. Deferred samples may come back after the restriction, except
    those asked for at run time, because whoever asked for them asks again.

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
    elsewhere : int32 (m,)
        Numbers of those that mutual aid takes, ascending.
    elsewhere_reported : float64 (m,)
        When their results come.
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
        self._world_tubes = len(world.tubes.collected)
        self._keys = {
            purpose: world.key(f"pathology.{purpose}")
            for purpose in ("travel", "restriction", "rebound", "rebound_day", "mutual_aid")
        }
        dispatch = [rules.name for rules in scenario.pathology.sources]
        ranks = np.array([dispatch.index(source) for source in SOURCES], dtype=np.uint8)
        self._priority = ranks[origins.source]
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
        self.elsewhere, turnaround = send_elsewhere(
            self._scenario, self._origins, timeline, tubes, origin, fate, self._keys["mutual_aid"]
        )
        collected = tubes.collected
        if restrictions.any:
            collected = collected.copy()
            self._restrict(restrictions, BY_NUMBER, collected, origin, fate)
        deferred = (fate == COMES_LATER) | (fate == NEVER_TAKEN)
        self.deferred = self._by_week(tubes.collected[deferred], origin[deferred])
        entry_station = np.empty(count, dtype=np.int16)
        self._arrive(BY_NUMBER, collected, origin, tubes.tube_type, fate, arrival, entry_station)
        self.elsewhere_reported = arrival[self.elsewhere] + turnaround
        return TubeArrays(
            arrival=arrival,
            collected=collected,
            source=origin,
            tube_type=tubes.tube_type,
            priority=self._priority[origin],
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
            priority=self._priority[origin],
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
        way = self._travel
        with np.errstate(over="ignore"):  # matters only when compiling is switched off
            arrive(
                identity, collected, origin, tube_type, fate, self._keys["travel"], len(STEPS),
                FIRST_STEP, way.route, way.transport, way.van, way.laboratory, way.own_laboratory,
                way.van_every, way.runs, way.run_spread, way.next_run_day, arrival, entry_station,
            )  # fmt: skip

    def _by_week(self, times: Floats, origin: Codes) -> Integers:
        return by_week(times, origin, self._scenario.calendar.weeks, self._origins.count)

    # --- what became of them ------------------------------------------------------------------

    @property
    def origin(self) -> Codes:
        """Origin of every sample, uint8 (samples,)."""
        return self._origin[: self.count]

    @property
    def arrival(self) -> Floats:
        """Arrival after the first collection of every sample, float64 (samples,)."""
        return self._arrival[: self.count]

    def never_taken(self, numbers: Numbers) -> Flags:
        """Return which samples a restriction suppressed for good."""
        flags: Flags = self._fate[numbers] == NEVER_TAKEN
        return flags

    def fill_in_elsewhere(self, numbers: Numbers, now: float, reported: Floats) -> None:
        """Put the times of reports from mutual aid until now into `reported`."""
        if self.elsewhere.size == 0:
            return
        sent = np.flatnonzero((self._fate[numbers] == ELSEWHERE) & (numbers >= 0))
        if sent.size:
            times = self.elsewhere_reported[np.searchsorted(self.elsewhere, numbers[sent])]
            reported[sent] = np.where(times <= now, times, np.nan)

    def reported_elsewhere(self) -> Integers:
        """Return the reports from mutual aid, int64 (weeks, origins)."""
        return self._by_week(self.elsewhere_reported, self._origin[self.elsewhere])

    def fate_counts(self) -> Integers:
        """Return how many of the world's samples come, come later, go elsewhere, never come."""
        return np.bincount(self._fate[: self._world_tubes], minlength=NEVER_TAKEN + 1)


@compiled
def number_origins(place: Array, source: Array, number: Array, origin: Array) -> int:
    """Fill in the origin of every sample; return the first that has none, or -1."""
    for k in range(len(place)):
        found = number[place[k], source[k]]
        if found < 0:
            return k
        origin[k] = found
    return -1
