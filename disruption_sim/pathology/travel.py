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
from disruption_sim.scenario.model import Scenario, Step, TubeType

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
# Arguments of compiled functions.
Array = Any

STEPS = tuple(Step)
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

DOES_NOT_COME = -1


def path(tube_type: TubeType) -> tuple[Step, ...]:
    """Return the steps that a tube of one type passes in its laboratory.

    Group-and-screen samples go straight to the transfusion bench, which books in, tests, checks
    and reports its own work; its minutes cover all of that.
    """
    if tube_type is TubeType.GROUP_AND_SCREEN:
        return (Step.GROUP_AND_SCREEN,)
    return (
        Step.BOOKING_IN,
        Step.PREPARATION,
        Step(tube_type.value),
        Step.AUTHORISATION,
        Step.REPORTING,
        Step.BACK_ENTRY,
    )


# Position of the first step of each tube type.
FIRST_STEP = np.array([STEPS.index(path(tube_type)[0]) for tube_type in TUBE_TYPES])

# Days behind the end for which van runs are still known; a sample collected later stays outside.
DAYS_BEYOND = 28


@dataclass(frozen=True, eq=False)
class Travel:
    """The ways of all origins.

    Attributes
    ----------
    route : int64 (origins,)
        ``DIRECT`` to the laboratory of the site; ``BY_VAN`` from the site's reception to the hub;
        ``FROM_PRACTICE`` with the next collection run to the hub.
    transport, van : float64 (origins,)
        Hours by tube or porter (a sample takes 0.5 to 1.5 times this), and in the van.
    laboratory, own_laboratory : int64 (origins,)
        Where samples go, and where group-and-screen samples go: to the site's own.
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
    own_laboratory: Integers
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
        count = origins.count
        route, laboratory = np.zeros(count, np.int64), np.full(count, hub)
        own, transport, van = np.full(count, hub), np.zeros(count), np.zeros(count)
        for number, (place, code) in enumerate(zip(origins.place, origins.source, strict=True)):
            source = rules.source(SOURCES[code])
            transport[number] = source.transport_minutes / 60.0
            if code == GENERAL_PRACTICE:
                route[number] = FROM_PRACTICE
                van[number] = minutes(network.boroughs[place - hub].van_minutes)
                continue
            own[number] = place
            if source.laboratory == "local":
                route[number], laboratory[number] = DIRECT, place
            else:
                route[number] = BY_VAN
                van[number] = minutes(
                    network.sites[place].distance_to_hub_miles
                    * rules.outpatient_van_minutes_per_mile
                )
        beyond = np.arange(len(has_runs), len(has_runs) + DAYS_BEYOND) % 7 < 5
        runs_on = np.concatenate([has_runs, beyond])
        days = np.where(runs_on, np.arange(len(runs_on)), len(runs_on))
        return cls(
            route=route,
            transport=transport,
            van=van,
            laboratory=laboratory,
            own_laboratory=own,
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
    own_laboratory: Array, van_every: float, runs: Array, run_spread: float, next_run_day: Array,
    arrival: Array, entry_station: Array,
) -> None:  # fmt: skip
    """Fill in when samples arrive and at which station (-1 for those that do not come).

    The draw of sample k is found by its `identity`, or by k if there are no identities.
    Group-and-screen samples go directly to the site's own laboratory.
    """
    by_number = len(identity) == 0
    for k in range(len(collected)):
        way = origin[k]
        kind = route[way]
        at = laboratory[way]
        if tube_type[k] == GROUP_AND_SCREEN and kind == BY_VAN:
            kind = DIRECT
            at = own_laboratory[way]
        entity = np.uint64(k) if by_number else identity[k]
        uniform = hash_number(key, entity, 0)
        arrival[k] = arrival_time(
            collected[k], uniform, kind, transport[way], van[way], van_every, runs, run_spread,
            next_run_day,
        )  # fmt: skip
        entry_station[k] = DOES_NOT_COME
        if fate[k] <= COMES_LATER:
            entry_station[k] = at * steps + first_step[tube_type[k]]
