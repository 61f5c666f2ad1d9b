"""Which samples come at all: mutual aid first, then restriction of demand."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from disruption_sim.disruption import Timeline
from disruption_sim.grid import to_grid
from disruption_sim.pathology.compiled import TICK, TICKS_PER_HOUR, compiled, hash_number
from disruption_sim.pathology.origins import SOURCES, Origins
from disruption_sim.pathology.travel import (
    COMES,
    COMES_LATER,
    ELSEWHERE,
    GROUP_AND_SCREEN,
    NEVER_TAKEN,
)
from disruption_sim.randomness import hash_uniform
from disruption_sim.scenario.model import DemandRestriction, MutualAid, Scenario
from disruption_sim.step_function import StepFunction
from disruption_sim.world.days import Days
from disruption_sim.world.identities import TYPE_BITS, Identities
from disruption_sim.world.model import Tubes

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.int32]
# Arguments of compiled functions.
Array = Any

# Tries to find a day on which the source works, before the next such day is taken.
DAY_TRIES = 8


@dataclass(frozen=True, eq=False)
class Restrictions:
    """Restrictions of demand, as arrays for the compiled pass.

    Attributes
    ----------
    shares : float64 (policies, origins)
        Share deferred at full strength.
    first_step : int64 (policies + 1,)
        Where the steps of each policy's strength lie.
    step_time, strength : float64 (steps,)
    end : float64 (policies,)
        When the policy is over for good; infinite if never.
    rebound_share, rebound_hours : float64 (policies,)
    works : bool (origins, days)
        Days on which an origin takes blood at all.
    """

    shares: Floats
    first_step: npt.NDArray[np.int64]
    step_time: Floats
    strength: Floats
    end: Floats
    rebound_share: Floats
    rebound_hours: Floats
    works: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, scenario: Scenario, origins: Origins, timeline: Timeline) -> Restrictions:
        """Return the restrictions of an arm."""
        policies = timeline.policies(DemandRestriction)
        shares = np.zeros((len(policies), origins.count))
        for number, (policy, _) in enumerate(policies):
            places = scenario.places(policy.places)
            for origin in range(origins.count):
                if origins.places[origins.place[origin]] in places:
                    source = SOURCES[origins.source[origin]]
                    shares[number, origin] = policy.sources.get(source, 0.0)
        strengths = [strength for _, strength in policies]
        lengths = [len(strength.times) for strength in strengths]
        weekday = Days.of(scenario.calendar).weekday
        profile = np.array(
            [scenario.pathology.source(SOURCES[code]).weekday_profile for code in origins.source]
        )
        return cls(
            shares=shares,
            first_step=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
            step_time=np.array([time for s in strengths for time in s.times]),
            strength=np.array([value for s in strengths for value in s.values]),
            end=np.array([_end(strength) for strength in strengths]),
            rebound_share=np.array([policy.rebound_share for policy, _ in policies]),
            rebound_hours=np.array([24.0 * policy.rebound_days for policy, _ in policies]),
            works=profile[:, weekday] > 0.0,
        )

    @property
    def any(self) -> bool:
        """Whether anything is ever restricted."""
        return bool((self.shares > 0.0).any()) and bool((self.strength > 0.0).any())

    def without_rebound(self) -> Restrictions:
        """Return the same restrictions with nothing coming back by itself."""
        return replace(self, rebound_share=np.zeros_like(self.rebound_share))

    def apply(
        self,
        identity: Identities,
        collected: Floats,
        origin: Codes,
        fate: Codes,
        key: np.uint64,
        rebound_key: np.uint64,
        day_key: np.uint64,
    ) -> None:
        """Decide which of the samples that come are deferred, in place.

        Parameters
        ----------
        identity : uint64 (n,) or (0,)
            Of samples asked for at run time; none for those of the world, which have their
            positions for numbers.
        collected : float64 (n,)
            Changed to the later time for those that come back.
        origin, fate : uint8 (n,)
            Fate is changed to `COMES_LATER` or `NEVER_TAKEN`.
        key, rebound_key, day_key : uint64
            Of the draws: deferred or not (one draw for all policies, so that several restrictions
            of one sample act as the largest of them), coming back or not, on which day. Tubes of
            one request share them: those of the world that are taken at one moment and place, and
            those asked for at run time for one patient on one occasion.
        """
        with np.errstate(over="ignore"):  # matters only when compiling is switched off
            restrict(
                identity, collected, origin, fate, key, rebound_key, day_key, self.shares,
                self.first_step, self.step_time, self.strength, self.end, self.rebound_share,
                self.rebound_hours, self.works,
            )  # fmt: skip


def _end(strength: StepFunction) -> float:
    """Return when a strength becomes 0 for good; infinite if it does not."""
    return strength.times[-1] if strength.values[-1] == 0.0 else math.inf


@compiled
def new_time(
    number: Any, collected: float, end: float, hours: float, day_key: Any, works: Array
) -> float:
    """Return when a deferred sample is taken after all: same clock time, on a working day.

    Days are drawn evenly from the `hours` that follow the end of the restriction, or the sample's
    own time if that is later.
    """
    base = max(end, collected)
    start = collected + 24.0 * math.ceil((base - collected) / 24.0)
    days = max(int(np.ceil(hours / 24.0)), 1)
    day = int(start / 24.0)
    chosen = day
    for attempt in range(DAY_TRIES):
        chosen = day + int(hash_number(day_key, number, attempt) * days)
        if chosen >= len(works) or works[chosen]:
            break
    while chosen < len(works) and not works[chosen]:
        chosen += 1
    time: float = np.rint((start + 24.0 * (chosen - day)) * TICKS_PER_HOUR) * TICK
    return time


@compiled
def restrict(
    identity: Array, collected: Array, origin: Array, fate: Array, key: Any, rebound_key: Any,
    day_key: Any, shares: Array, first_step: Array, step_time: Array, strength: Array,
    end: Array, rebound_share: Array, rebound_hours: Array, works: Array,
) -> None:  # fmt: skip
    """Do what `Restrictions.apply` says."""
    by_number = len(identity) == 0
    number = np.uint64(0)
    before = np.nan
    for k in range(len(collected)):
        time = collected[k]
        if not by_number:
            number = identity[k] >> TYPE_BITS
        elif not (time == before and origin[k] == origin[k - 1]):
            number = np.uint64(k)
        before = time
        if fate[k] != COMES:
            continue
        largest = 0.0
        policy = -1
        for p in range(len(shares)):
            share = shares[p, origin[k]]
            if share <= largest:
                continue
            step = first_step[p + 1] - 1
            while step_time[step] > time:
                step -= 1
            share *= strength[step]
            if share > largest:
                largest = share
                policy = p
        if policy < 0 or hash_number(key, number, 0) >= largest:
            continue
        if end[policy] < np.inf and hash_number(rebound_key, number, 0) < rebound_share[policy]:
            fate[k] = COMES_LATER
            collected[k] = new_time(
                number, time, end[policy], rebound_hours[policy], day_key, works[origin[k]]
            )
        else:
            fate[k] = NEVER_TAKEN


def _first_of_request(collected: Floats, origin: Codes, numbers: Numbers) -> Numbers:
    """Return the number of the first tube taken at the moment and place of each tube."""
    alone = np.ones(len(numbers), dtype=np.bool_)
    alone[1:] = (np.diff(collected) != 0.0) | (origin[1:] != origin[:-1])
    first: Numbers = np.maximum.accumulate(np.where(alone, numbers, 0))
    return first


def send_elsewhere(
    scenario: Scenario,
    origins: Origins,
    timeline: Timeline,
    tubes: Tubes,
    origin: Codes,
    fate: Codes,
    key: np.uint64,
) -> tuple[Numbers, Floats]:
    """Pick the samples that other laboratories take, and mark them in `fate`.

    A policy takes a fair sample of the eligible ones of each day, up to its number. Policies pick
    in file order; none takes what another has. Group-and-screen samples stay with the site, and
    tubes that are taken at one moment and place stay together.

    Returns
    -------
    numbers : int32 (n,)
        In ascending order.
    turnaround : float64 (n,)
        Hours from the time at which they would have arrived here to the report, 0.7 to 1.3 times
        the policy's.
    """
    found: list[Numbers] = []
    turnaround: list[Floats] = []
    for policy, strength in timeline.policies(MutualAid):
        places = scenario.places(policy.places)
        eligible_origin = np.array(
            [
                origins.places[place] in places and SOURCES[source] in policy.sources
                for place, source in zip(origins.place, origins.source, strict=True)
            ]
        )
        steps = [time for time, value in zip(strength.times, strength.values, strict=True) if value]
        if not steps:
            continue
        # Samples stand in order of collection, so only the time of the policy need be looked at.
        low, high = np.searchsorted(tubes.collected, [steps[0], _end(strength)])
        span = slice(int(low), int(high))
        wanted = eligible_origin[origin[span]] & (fate[span] == COMES)
        wanted &= tubes.tube_type[span] != GROUP_AND_SCREEN
        numbers = (np.flatnonzero(wanted) + low).astype(np.int32)
        if not numbers.size:
            continue
        request = _first_of_request(tubes.collected[numbers], origin[numbers], numbers)
        day = (tubes.collected[numbers] // 24.0).astype(np.int64)
        order = np.lexsort((request, hash_uniform(key, request, 0), day))
        numbers, request, day = numbers[order], request[order], day[order]
        place_in_day = np.arange(len(day)) - np.searchsorted(day, day)
        # A request goes if there is room for the last of its tubes.
        ends = np.append(np.flatnonzero(np.diff(request)), len(request) - 1)
        last = ends[np.searchsorted(ends, np.arange(len(request)))]
        limit = np.floor(policy.tubes_per_day * strength.at_many(tubes.collected[numbers]) + 0.5)
        goes = place_in_day[last] < limit
        order = np.argsort(numbers[goes])
        numbers, request = numbers[goes][order], request[goes][order]
        fate[numbers] = ELSEWHERE
        found.append(numbers)
        turnaround.append(policy.turnaround_hours * (0.7 + 0.6 * hash_uniform(key, request, 1)))
    if not found:
        return np.empty(0, dtype=np.int32), np.empty(0)
    numbers = np.concatenate(found)
    order = np.argsort(numbers)
    return numbers[order], to_grid(np.concatenate(turnaround)[order])
