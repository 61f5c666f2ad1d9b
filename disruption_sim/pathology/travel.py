"""How samples get to a laboratory: tube or porter, van from a hospital, van from a practice."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from disruption_sim.grid import minutes, to_grid
from disruption_sim.pathology.compiled import TICK, TICKS_PER_HOUR, compiled, hash_number
from disruption_sim.pathology.origins import GENERAL_PRACTICE, SOURCES, Origins
from disruption_sim.pathology.policy_steps import strength_at
from disruption_sim.scenario.model import Scenario, TubeType, path
from disruption_sim.world.identities import TYPE_BITS

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
# Arguments of compiled functions.
Array = Any

TUBE_TYPES = tuple(TubeType)
GROUP_AND_SCREEN = TUBE_TYPES.index(TubeType.GROUP_AND_SCREEN)

DIRECT = 0
BY_VAN = 1
FROM_PRACTICE = 2

# What became of the request for a sample.
COMES = 0
COMES_LATER = 1
ELSEWHERE = 2
NEVER_TAKEN = 3
AT_THE_BEDSIDE = 4

DOES_NOT_COME = -1


def first_steps(scenario: Scenario) -> Integers:
    """Return the position of each tube type's first step in a laboratory, int64 (tube types,)."""
    steps = scenario.pathology.steps_in_use
    in_use = scenario.pathology.tube_types_in_use
    return np.array(
        [steps.index(path(tube_type)[0]) if tube_type in in_use else 0 for tube_type in TUBE_TYPES],
        dtype=np.int64,
    )


# Days behind the end for which van runs are still known; a sample collected later stays outside.
DAYS_BEYOND = 28


@dataclass(frozen=True, eq=False)
class Travel:
    """The ways of all origins.

    Attributes
    ----------
    route : int64 (origins, tube types)
        ``DIRECT`` to the laboratory of the site; ``BY_VAN`` from the site's reception to the hub;
        ``FROM_PRACTICE`` with the next collection run to the hub.
    transport : float64 (origins,)
        Hours by tube or porter; a sample takes 0.5 to 1.5 times this.
    van : float64 (origins, tube types)
        Hours in the van.
    laboratory : int64 (origins, tube types)
        Where samples go. Group-and-screen samples of a site go to its own laboratory.
    van_every : float
        Hours between vans from a site to the hub, counted from midnight.
    runs : float64 (runs,)
        Clock hours, ascending, at which the first practice of a run is visited.
    run_spread : float
        Hours over which the practices of a run are visited.
    next_run_day : int64 (days,)
        The first day with collection runs from each day on.
    """

    route: Integers
    transport: Floats
    van: Floats
    laboratory: Integers
    van_every: float
    runs: Floats
    run_spread: float
    next_run_day: Integers

    @classmethod
    def of(cls, scenario: Scenario, origins: Origins, has_runs: npt.NDArray[np.bool_]) -> Travel:
        """Return the ways of a scenario.

        Parameters
        ----------
        scenario : Scenario
        origins : Origins
        has_runs : bool (days,)
            Days on which vans collect from practices.
        """
        rules, network = scenario.pathology, scenario.network
        hub = len(network.sites)
        shape = (origins.count, len(TUBE_TYPES))
        route, laboratory = np.full(shape, FROM_PRACTICE), np.full(shape, hub)
        transport, van = np.zeros(origins.count), np.zeros(shape)
        for number, (place, code) in enumerate(zip(origins.place, origins.source, strict=True)):
            source = rules.source(SOURCES[code])
            transport[number] = source.transport_minutes / 60.0
            if code == GENERAL_PRACTICE:
                van[number] = minutes(network.boroughs[place - hub].van_minutes)
                continue
            miles = network.sites[place].distance_to_hub_miles
            for column, tube_type in enumerate(TUBE_TYPES):
                goes_to = source.laboratory_by_tube_type.get(tube_type, source.laboratory)
                if goes_to == "local" or tube_type is TubeType.GROUP_AND_SCREEN:
                    route[number, column], laboratory[number, column] = DIRECT, place
                else:
                    route[number, column] = BY_VAN
                    van[number, column] = minutes(miles * rules.outpatient_van_minutes_per_mile)
        beyond = np.arange(len(has_runs), len(has_runs) + DAYS_BEYOND) % 7 < 5
        runs_on = np.concatenate([has_runs, beyond])
        days = np.where(runs_on, np.arange(len(runs_on)), len(runs_on))
        return cls(
            route=route,
            transport=transport,
            van=van,
            laboratory=laboratory,
            van_every=to_grid(rules.outpatient_van_every_hours),
            runs=np.array(sorted(to_grid(hour) for hour in rules.general_practice_runs)),
            run_spread=rules.general_practice_run_spread_minutes / 60.0,
            next_run_day=np.minimum.accumulate(days[::-1])[::-1],
        )


@compiled
def arrival_time(
    collected: float, uniform: float, route: int, transport: float, van: float, van_every: float,
    runs: Array, run_spread: float, next_run_day: Array,
) -> float:  # fmt: skip
    """Return when a sample arrives at its laboratory.

    From a practice: with the first run that visits it at or after the collection, on the same day
    or else the first run of the next day with runs; `uniform` says where in the run it is visited.
    """
    if route != FROM_PRACTICE:
        reception: float = collected + np.rint(transport * (0.5 + uniform) * TICKS_PER_HOUR) * TICK
        if route == DIRECT:
            return reception
        departure: float = math.ceil(reception / van_every) * van_every
        # Rounding may put the van a tick before the sample.
        departure = max(np.rint(departure * TICKS_PER_HOUR) * TICK, reception)
        return departure + van
    into_run = np.rint(run_spread * uniform * TICKS_PER_HOUR) * TICK
    day = int(collected / 24.0)
    last = len(next_run_day) - 1
    if day >= last:
        return collected + 24.0 + van
    if next_run_day[day] == day:
        for run in runs:
            visit: float = 24.0 * day + run + into_run
            if visit >= collected:
                return visit + van
    later: float = 24.0 * next_run_day[day + 1] + runs[0] + into_run + van
    return later


@compiled
def arrive(
    identity: Array, collected: Array, origin: Array, tube_type: Array, fate: Array, key: Any,
    steps: int, first_step: Array, route: Array, transport: Array, van: Array, laboratory: Array,
    van_every: float, runs: Array, run_spread: float, next_run_day: Array, other_key: Any,
    other_share: Array, first: Array, step_time: Array, strength: Array, other_laboratory: Array,
    other_route: Array, other_van: Array, arrival: Array, entry_station: Array,
) -> None:  # fmt: skip
    """Fill in when samples arrive and at which station (-1 for those that do not come).

    The draw of sample k is found by its `identity`, or by k if there are no identities. What is
    sent another way is decided by the time of collection, for the tubes of a request alike (those
    taken at one moment and place, or for one patient on one occasion); of several policies the
    first that takes a sample has it.
    """
    by_number = len(identity) == 0
    request = np.uint64(0)
    before = np.nan
    for k in range(len(collected)):
        way, column, time = origin[k], tube_type[k], collected[k]
        if not by_number:
            request = identity[k] >> TYPE_BITS
        elif not (time == before and way == origin[k - 1]):
            request = np.uint64(k)
        before = time
        entry_station[k] = DOES_NOT_COME
        kind, hours, at = route[way, column], van[way, column], laboratory[way, column]
        for p in range(len(other_share)):
            share = other_share[p, way, column]
            if share > 0.0:
                share *= strength_at(p, time, first, step_time, strength)
                if hash_number(other_key, request, p) < share:
                    kind, hours, at = other_route[p, way], other_van[p, way], other_laboratory[p]
                    break
        entity = np.uint64(k) if by_number else identity[k]
        uniform = hash_number(key, entity, 0)
        arrival[k] = arrival_time(
            time, uniform, kind, transport[way], hours, van_every, runs, run_spread, next_run_day
        )
        if fate[k] <= COMES_LATER:
            entry_station[k] = at * steps + first_step[column]
