"""Group-and-screen samples that nobody waits for, and which still have to be tested."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np
import numpy.typing as npt
import simpy

from disruption_sim.disruption import Timeline
from disruption_sim.randomness import hash_uniform
from disruption_sim.records import BenchJob
from disruption_sim.scenario.model import DemandRestriction, Scenario, Source, TubeType
from disruption_sim.transfusion.bench import Bench, Stint
from disruption_sim.transfusion.circumstances import Circumstances
from disruption_sim.transfusion.ledger import Ledger
from disruption_sim.world.model import Tubes, World

Counts = npt.NDArray[np.int64]

SOURCES, TUBE_TYPES = tuple(Source), tuple(TubeType)
TRAVEL_HOURS = 1.0
"""From the patient to the transfusion bench, for samples that nobody waits for."""


class SiteSamples:
    """Samples that nobody waits for at one bench."""

    def __init__(
        self, env: simpy.Environment, site: int, circumstances: Circumstances, ledger: Ledger
    ) -> None:
        self._env = env
        self._site = site
        self._circumstances = circumstances
        self._ledger = ledger
        self._confirming = 0

    def confirm(self, number: int) -> None:
        """Let so many of the samples that come confirm a group only."""
        self._confirming += number

    def hours_each(self) -> float:
        """Return the hands-on hours of one sample now."""
        return self._circumstances.sample_work(self._site, self._env.now)[0]

    def take_up(self, number: int) -> Stint:
        """Let a scientist begin with so many samples now; those that confirm a group go first."""
        now = self._env.now
        each, by_hand = self._circumstances.sample_work(self._site, now)
        stint = Stint(now, each, number, min(number, self._confirming), by_hand)
        self._confirming -= stint.second
        return stint

    def put_back(self, stint: Stint, number: int) -> None:
        """Let so many of a stint's samples, the last, wait again."""
        confirming = max(0, number - (stint.number - stint.second))
        self._confirming += confirming
        stint.second -= confirming

    def tested(self, stint: Stint) -> None:
        """Write down the samples of a stint that has ended, by its end."""
        time = stint.end
        self._ledger.samples(time, self._site, stint.number - stint.second, stint.by_hand)
        if stint.second:
            self._ledger.samples(time, self._site, stint.second, stint.by_hand, second=True)
        self._ledger.bench_job(time, self._site, BenchJob.GROUP_AND_SCREEN, stint.number)


class SampleLoad:
    """Brings the samples that nobody waits for to the benches, in hourly lumps.

    Those of wards and emergency departments are the world's tubes, less what a restriction of
    demand keeps from being taken; those of patients for operations are announced. The laboratories
    keep their own account of the same tubes: how long a result takes is found there, and the bench
    only spends its hands on them. What a restriction puts off and what is refused and taken again
    comes to it once.

    Parameters
    ----------
    env : simpy.Environment
    scenario : Scenario
    world : World
    timeline : Timeline
    benches : list of Bench
    samples : list of SiteSamples
    """

    def __init__(
        self,
        env: simpy.Environment,
        scenario: Scenario,
        world: World,
        timeline: Timeline,
        benches: list[Bench],
        samples: list[SiteSamples],
    ) -> None:
        self._env = env
        self._benches = benches
        self._of_site = samples
        hours = 168 * scenario.calendar.weeks
        self._lumps: list[list[int]] = hourly_samples(scenario, world, timeline, hours).tolist()
        self._confirming: list[dict[int, int]] = [{} for _ in benches]

    def start(self) -> None:
        """Start the SimPy process."""
        self._env.process(self._come())

    def announce(self, site: int, collected: npt.NDArray[np.float64], *, second: bool) -> None:
        """Let samples of patients for operations come at their times.

        Parameters
        ----------
        site : int
        collected : float64 (n,)
            Hours, none before now.
        second : bool
            They only confirm a group.
        """
        lumps = self._lumps[site]
        for lump in _lump(collected).tolist():
            if lump < len(lumps):
                lumps[lump] += 1
                if second:
                    self._confirming[site][lump] = self._confirming[site].get(lump, 0) + 1

    def _come(self) -> Generator[simpy.Event, Any, None]:
        for hour in range(1, len(self._lumps[0])):
            yield self._env.timeout(1.0)
            for site, bench in enumerate(self._benches):
                number = self._lumps[site][hour]
                if number:
                    second = self._confirming[site].pop(hour, 0)
                    if second:
                        self._of_site[site].confirm(second)
                    bench.add_samples(number)


def _lump(collected: npt.NDArray[np.float64]) -> Counts:
    """Return the first full hour after samples have come to the laboratory."""
    found: Counts = np.floor(collected + TRAVEL_HOURS).astype(np.int64) + 1
    return found


def hourly_samples(scenario: Scenario, world: World, timeline: Timeline, hours: int) -> Counts:
    """Return the world's group-and-screen samples that come to each hospital by each full hour.

    Returns
    -------
    int64 (sites, hours)
    """
    tubes = world.tubes
    sites = len(scenario.network.sites)
    chosen = (tubes.tube_type == TUBE_TYPES.index(TubeType.GROUP_AND_SCREEN)) & (
        tubes.origin < sites
    )
    chosen[chosen] = _asked_for(scenario, world, timeline, tubes, np.flatnonzero(chosen))
    lump = _lump(tubes.collected[chosen])
    kept = lump < hours
    numbers = tubes.origin[chosen].astype(np.int64)[kept] * hours + lump[kept]
    return np.bincount(numbers, minlength=sites * hours).reshape(sites, hours)


def _asked_for(
    scenario: Scenario, world: World, timeline: Timeline, tubes: Tubes, numbers: Counts
) -> npt.NDArray[np.bool_]:
    """Return which tubes are taken in spite of restrictions: one draw each for all of these."""
    collected, origin = tubes.collected[numbers], tubes.origin[numbers]
    deferred = np.zeros(numbers.size)
    for policy, strength in timeline.policies(DemandRestriction):
        places = scenario.places(policy.places)
        here = np.array([name in places for name in scenario.site_names])
        share = np.array([policy.sources.get(source, 0.0) for source in SOURCES])
        of_tube = np.where(here[origin], share[tubes.source[numbers]], 0.0)
        deferred = np.maximum(deferred, of_tube * strength.at_many(collected))
    if not deferred.any():
        return np.ones(numbers.size, dtype=np.bool_)
    drawn: npt.NDArray[np.bool_] = (
        hash_uniform(world.key("transfusion.samples_restricted"), numbers) >= deferred
    )
    return drawn
