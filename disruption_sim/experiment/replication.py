"""One paired replication: one world lived in both arms, measured; a failure comes back as data."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import perf_counter

from disruption_sim.measures import ArmMeasures, measure_arm
from disruption_sim.records import Records
from disruption_sim.scenario import Scenario
from disruption_sim.simulation import simulate
from disruption_sim.world import draw_world

BASELINE = "baseline"
DISRUPTED = "disrupted"
ARMS = (BASELINE, DISRUPTED)
EXCESS = "excess"


@dataclass(frozen=True)
class Failure:
    """A replication that could not be finished.

    Attributes
    ----------
    replication, seed : int
        Which world it was.
    stage : str
        What was being done: ``world``, ``baseline``, ``disrupted``, ``measures``, or ``worker``
        when the process itself was lost.
    error : str
        One line.
    traceback : str
    """

    replication: int
    seed: int
    stage: str
    error: str
    traceback: str

    def command(self, scenario: str) -> str:
        """Return the command that repeats this replication alone, for a scenario as typed."""
        return (
            f"disruption-sim run {scenario} --seed {self.seed} "
            f"--only-replication {self.replication} --workers 1"
        )


@dataclass(frozen=True)
class ReplicationOutcome:
    """What came of one replication.

    Attributes
    ----------
    replication : int
        From 0.
    arms : tuple of ArmMeasures
        Baseline first; empty after a failure.
    failure : Failure or None
    seconds : mapping of str to float
        Time spent on ``world``, ``kernel``, ``clinical``, ``preparation`` and ``measures``, both
        arms together. No part of the result.
    """

    replication: int
    arms: tuple[ArmMeasures, ...]
    failure: Failure | None = None
    seconds: Mapping[str, float] = field(default_factory=dict, compare=False)


def run_replication(scenario: Scenario, seed: int, replication: int) -> ReplicationOutcome:
    """Draw one world, live it in both arms and measure it. Never raises.

    Parameters
    ----------
    scenario : Scenario
    seed : int
        Of the experiment, 0 to 2**64 - 1.
    replication : int
        From 0.
    """
    stage = "world"
    seconds: dict[str, float] = {}
    begun = perf_counter()
    try:
        world = draw_world(scenario, seed, replication)
        seconds["world"] = perf_counter() - begun
        stage = BASELINE
        baseline = simulate(scenario.without_disruption(), world, BASELINE)
        stage = DISRUPTED
        disrupted = simulate(scenario, world, DISRUPTED)
        _add(seconds, baseline, disrupted)
        stage, begun = "measures", perf_counter()
        arms = tuple(measure_arm(scenario, world, arm, baseline) for arm in (baseline, disrupted))
        seconds["measures"] = perf_counter() - begun
    except Exception as error:
        return ReplicationOutcome(replication, (), failure_of(error, seed, replication, stage))
    return ReplicationOutcome(replication, arms, seconds=seconds)


@dataclass(frozen=True)
class Replication:
    """A world to be lived in both arms, as a task for any process.

    Attributes
    ----------
    scenario : Scenario
    seed, number : int
    point : int
        Of the design it belongs to.
    """

    scenario: Scenario
    seed: int
    number: int
    point: int = 0

    def run(self) -> ReplicationOutcome:
        """Run it here; see :func:`run_replication`."""
        return run_replication(self.scenario, self.seed, self.number)

    def lost(self, error: BaseException) -> ReplicationOutcome:
        """Return what came of it when the process that ran it was lost."""
        failure = failure_of(error, self.seed, self.number, "worker")
        return ReplicationOutcome(self.number, (), failure)


def failure_of(error: BaseException, seed: int, replication: int, stage: str) -> Failure:
    """Return an error as data."""
    return Failure(
        replication=replication,
        seed=seed,
        stage=stage,
        error=f"{type(error).__name__}: {error}".strip().splitlines()[0],
        traceback="".join(traceback.format_exception(error)),
    )


def _add(seconds: dict[str, float], *arms: Records) -> None:
    for records in arms:
        for part, spent in records.seconds.items():
            seconds[part] = seconds.get(part, 0.0) + spent
