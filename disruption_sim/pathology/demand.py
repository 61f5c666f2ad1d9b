"""Restriction of demand: which samples are taken later or never."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from disruption_sim.disruption import Timeline
from disruption_sim.pathology.compiled import TICK, TICKS_PER_HOUR, compiled, hash_number
from disruption_sim.pathology.dispatch import restricted_origins
from disruption_sim.pathology.origins import SOURCES, Origins
from disruption_sim.pathology.policy_steps import PolicySteps, span_in_force, strength_at
from disruption_sim.pathology.travel import COMES, COMES_LATER, NEVER_TAKEN
from disruption_sim.scenario.model import DemandRestriction, Scenario
from disruption_sim.world.days import Days
from disruption_sim.world.identities import TYPE_BITS, Identities

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.uint8]
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
    steps : PolicySteps
    end : float64 (policies,)
        When the policy is over for good; infinite if never.
    rebound_share, rebound_hours : float64 (policies,)
    works : bool (origins, days)
        Days on which an origin takes blood at all.
    """

    shares: Floats
    steps: PolicySteps
    end: Floats
    rebound_share: Floats
    rebound_hours: Floats
    works: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, scenario: Scenario, origins: Origins, timeline: Timeline) -> Restrictions:
        """Return the restrictions of an arm."""
        policies = timeline.policies(DemandRestriction)
        weekday = Days.of(scenario.calendar).weekday
        profile = np.array(
            [scenario.pathology.source(SOURCES[code]).weekday_profile for code in origins.source]
        )
        return cls(
            shares=np.array(
                [restricted_origins(scenario, origins, policy) for policy, _ in policies]
            ).reshape(len(policies), origins.count),
            steps=PolicySteps.of([strength for _, strength in policies]),
            end=np.array([span_in_force(strength)[1] for _, strength in policies]),
            rebound_share=np.array([policy.rebound_share for policy, _ in policies]),
            rebound_hours=np.array([24.0 * policy.rebound_days for policy, _ in policies]),
            works=profile[:, weekday] > 0.0,
        )

    @property
    def any(self) -> bool:
        """Whether anything is ever restricted."""
        return bool((self.shares > 0.0).any()) and bool((self.steps.strength > 0.0).any())

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
                self.steps.first, self.steps.time, self.steps.strength, self.end,
                self.rebound_share, self.rebound_hours, self.works,
            )  # fmt: skip


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
            share *= strength_at(p, time, first_step, step_time, strength)
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
