"""The pathology service as the rest of the simulation sees it: blood tests and their results."""

from __future__ import annotations

from time import perf_counter

import numpy as np
import numpy.typing as npt

from disruption_sim.disruption import Timeline
from disruption_sim.pathology.capacity import REINFORCED, Capacity, stations
from disruption_sim.pathology.expected import ExpectedWeek
from disruption_sim.pathology.intake import Intake
from disruption_sim.pathology.kernel import LaboratoryKernel
from disruption_sim.pathology.layout import build_layout
from disruption_sim.pathology.manual_hours import ManualHours
from disruption_sim.pathology.origins import NO_ORIGIN, Origins
from disruption_sim.pathology.recording import recorded
from disruption_sim.pathology.rosters import Rosters
from disruption_sim.pathology.travel import Travel
from disruption_sim.records import PathologyRecords
from disruption_sim.scenario.model import Scenario
from disruption_sim.world import World
from disruption_sim.world.days import Days
from disruption_sim.world.identities import Identities

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int32]
Codes = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]


class Pathology:
    """All laboratories of a scenario in one arm.

    Parameters
    ----------
    scenario : Scenario
    world : World
    timeline : Timeline
        What holds in this arm.

    Attributes
    ----------
    kernel : LaboratoryKernel
        The stations. Sample numbers are those of the world, then those handed in by `submit`.
    intake : Intake
        What comes and what does not.
    kernel_seconds : float
        Wall time spent in the kernel.
    """

    def __init__(self, scenario: Scenario, world: World, timeline: Timeline) -> None:
        self._scenario = scenario
        self._world = world
        self._timeline = timeline
        self._origins = Origins.of(scenario)
        travel = Travel.of(scenario, self._origins, Days.of(scenario.calendar).working)
        week = ExpectedWeek.of(scenario, self._origins, travel)
        capacity = Capacity(scenario, world, week, Rosters.of(scenario, week), timeline)
        schedules = [capacity.schedule(*station) for station in stations(scenario)]
        self.intake = Intake(scenario, world, self._origins, travel, timeline)
        self.kernel = LaboratoryKernel(
            build_layout(scenario, self._origins, week, schedules),
            self.intake.tubes,
            seed=world.seed,
            replication=world.replication,
            horizon_hours=scenario.calendar.end_hour,
        )
        self.kernel_seconds = 0.0
        by_hand = [
            schedule if step in REINFORCED else None
            for schedule, (_, step) in zip(schedules, stations(scenario), strict=True)
        ]
        self._manual_hours = ManualHours(by_hand, scenario.calendar.end_hour)
        self._requests: list[tuple[Floats, int, Codes, Identities]] = []
        self._next_number = self.intake.count
        # Of what was handed in at run time: the kernel forgets the first collection of a repeat.
        self._asked_for: list[Floats] = [np.empty(0)]
        self._identities: list[Identities] = [np.empty(0, dtype=np.uint64)]
        self._origin_numbers: list[list[int]] = self._origins.number.tolist()

    def advance_to(self, now: float) -> None:
        """Let the laboratories work until a time in hours, which is not before the last one."""
        if now == self.kernel.now:
            # What has been asked for since waits, so that all of a moment is handed in together.
            return
        self._hand_in()
        start = perf_counter()
        self._manual_hours.follow(self.kernel, now)
        self.kernel.advance_to(now)
        self.kernel_seconds += perf_counter() - start

    def submit(
        self,
        collected: Floats,
        site: int,
        source: int,
        tube_types: Codes,
        identities: Identities,
    ) -> Numbers:
        """Ask for samples that are not in the world, and return their numbers.

        Parameters
        ----------
        collected : float64 (n,)
            When they are taken: hours on the grid, none before the present time.
        site, source : int
            Positions in the scenario's sites and in ``Source``; not general practice.
        tube_types : uint8 (n,)
            Positions in ``TubeType``. Group-and-screen samples go to the site's own laboratory.
        identities : uint64 (n,)
            From `disruption_sim.world.identities.sample_identities`: by these the samples' draws
            are found, so that they do not depend on what else was asked for before.

        Raises
        ------
        ValueError
            If hospitals send no samples of this source.
        """
        origin = self._origin_numbers[site][source]
        if origin == NO_ORIGIN:
            raise ValueError(f"place {site} sends no samples of source {source}")
        first = self._next_number
        self._next_number += len(collected)
        self._requests.append((collected, origin, tube_types, identities))
        return np.arange(first, self._next_number, dtype=np.int32)

    def _hand_in(self) -> None:
        """Pass on what was asked for since the last time, all at once because that is faster."""
        if not self._requests:
            return
        collected, origins, tube_types, identities = zip(*self._requests, strict=True)
        self._requests = []
        counts = [len(times) for times in collected]
        identity = np.concatenate(identities)
        tubes = self.intake.add(
            np.concatenate(collected),
            np.repeat(np.array(origins, dtype=np.uint8), counts),
            np.concatenate(tube_types).astype(np.uint8, copy=False),
            identity,
        )
        self._asked_for.append(tubes.collected)
        self._identities.append(identity)
        self.kernel.submit_many(
            tubes.arrival,
            tubes.collected,
            tubes.source,
            tubes.tube_type,
            tubes.priority,
            tubes.entry_station,
            identity,
        )

    def _hand_in_for(self, ids: Numbers) -> None:
        """Pass on what was asked for if some of these samples are among it."""
        if self._requests and ids.size and ids.max() >= self.kernel.tube_count:
            self._hand_in()

    def reported_at(self, ids: Numbers) -> Floats:
        """Return when results were reported, here or elsewhere, up to the last advance.

        Parameters
        ----------
        ids : int32 (n,)
            Numbers of samples; -1 for a result that is in hand.

        Returns
        -------
        float64 (n,)
            NaN for what is not reported so far, -inf for what is in hand.
        """
        self._hand_in_for(ids)
        times = self.kernel.reported_at[ids]
        self.intake.fill_in_elsewhere(ids, self.kernel.now, times)
        times[ids < 0] = -np.inf
        return times

    def collected_at(self, ids: Numbers) -> Floats:
        """Return when samples were or will be taken, the last time if taken again.

        NaN for what a restriction suppressed, -inf for what is in hand; float64 (n,).
        """
        self._hand_in_for(ids)
        times = self.kernel.collected_at[ids]
        times[self.intake.never_taken(ids)] = np.nan
        times[ids < 0] = -np.inf
        return times

    def lost(self, ids: Numbers) -> Flags:
        """Return which samples will give no result, as far as that is known by now; bool (n,).

        Expired or rejected and not taken again, or not taken at their time because of a
        restriction.
        """
        self._hand_in_for(ids)
        due = self.kernel.collected_at[ids] <= self.kernel.now
        flags: Flags = self.kernel.abandoned(ids) | (self.intake.never_taken(ids) & due)
        return flags & (ids >= 0)

    def finish(self) -> PathologyRecords:
        """Run to the end and return what happened."""
        self.advance_to(self._scenario.calendar.end_hour)
        self._hand_in()
        return recorded(
            self._scenario,
            self._world,
            self._timeline,
            self._origins,
            self.intake,
            self.kernel,
            (np.concatenate(self._asked_for), np.concatenate(self._identities)),
            self._manual_hours.by_week(self.kernel),
        )
