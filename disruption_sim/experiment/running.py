"""`run`: paired replications of one scenario over processes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from disruption_sim.experiment.arguments import Plan, checked_plan
from disruption_sim.experiment.checkpoint import Checkpoint
from disruption_sim.experiment.replication import Failure, Replication, ReplicationOutcome
from disruption_sim.experiment.result import Result
from disruption_sim.experiment.tables import tables_of
from disruption_sim.experiment.versions import versions
from disruption_sim.experiment.workers import finished_replications
from disruption_sim.scenario import Scenario


@dataclass(frozen=True)
class Progress:
    """How far a run is.

    Attributes
    ----------
    done, total : int
        Replications, failed ones included.
    outcome : ReplicationOutcome or None
        The one that was just finished; None for those found finished at the start.
    """

    done: int
    total: int
    outcome: ReplicationOutcome | None


class AllFailedError(Exception):
    """Not one replication could be finished.

    Attributes
    ----------
    failures : tuple of Failure
    """

    failures: tuple[Failure, ...]

    def __init__(self, failures: Sequence[Failure]) -> None:
        self.failures = tuple(failures)
        first = self.failures[0]
        super().__init__(
            f"none of {len(self.failures)} replications could be finished; replication "
            f"{first.replication} failed in stage '{first.stage}': {first.error}"
        )


def run(
    scenario: Scenario,
    *,
    replications: int = 10,
    seed: int = 1,
    workers: int | None = None,
    progress: Callable[[Progress], None] | None = None,
    executor: Executor | None = None,
    only: Collection[int] | None = None,
    unfinished: Path | None = None,
) -> Result:
    """Live a scenario in two arms, with and without its disruption, many times.

    Parameters
    ----------
    scenario : Scenario
    replications : int
        How many worlds; each is lived in both arms.
    seed : int
        0 to 2**64 - 1. The same seed gives the same numbers to the bit, whatever the workers.
    workers : int, optional
        Processes; by default one for each physical core. 1 runs in this process. With an
        executor: how many tasks to have under way.
    progress : callable, optional
        Called in this process after each replication.
    executor : concurrent.futures.Executor, optional
        Where to run instead of on processes of this machine.
    only : collection of int, optional
        Numbers of the replications to run, instead of all from 0 to `replications` - 1.
    unfinished : Path, optional
        Folder in which finished replications are kept until all are; a run that was interrupted
        goes on from there.

    Returns
    -------
    Result
        Of the replications that could be finished; `failures` has the others.

    Raises
    ------
    ArgumentError
        If an argument is wrong; the message names every one.
    AllFailedError
        If no replication could be finished.

    Examples
    --------
    >>> import disruption_sim as ds
    >>> result = ds.run(ds.load_scenario("synnovis-2024"), replications=20)  # doctest: +SKIP
    """
    plan = checked_plan(scenario, replications, seed, workers, only)
    started = dt.datetime.now(dt.UTC)
    made_with = versions()
    kept = Checkpoint(unfinished, scenario, plan.seed, made_with) if unfinished else None
    outcomes = sorted(
        _outcomes(scenario, plan, workers, progress, executor, kept),
        key=lambda outcome: outcome.replication,
    )
    failures = tuple(outcome.failure for outcome in outcomes if outcome.failure is not None)
    finished = [outcome for outcome in outcomes if outcome.failure is None]
    if not finished:
        raise AllFailedError(failures)
    tables = tables_of(
        scenario, [outcome.replication for outcome in finished], [o.arms for o in finished]
    )
    return Result(
        scenario=scenario,
        seed=plan.seed,
        weekly=tables.weekly,
        summary=tables.summary,
        causes=tables.causes,
        weekly_causes=tables.weekly_causes,
        recovery=tables.recovery,
        operations_ordinary=tables.operations_ordinary,
        operations_postponed_by=tables.operations_postponed_by,
        operations_by_specialty=tables.operations_by_specialty,
        operations_waits=tables.operations_waits,
        operations_catching_up=tables.operations_catching_up,
        waiting_list_rules=tables.waiting_list_rules,
        turnaround=tables.turnaround,
        turnaround_by_type=tables.turnaround_by_type,
        turnaround_by_site=tables.turnaround_by_site,
        turnaround_by_hour=tables.turnaround_by_hour,
        fates=tables.fates,
        laboratories=tables.laboratories,
        throughput=tables.throughput,
        utilisation=tables.utilisation,
        blood_by_route=tables.blood_by_route,
        blood_by_use=tables.blood_by_use,
        blood_not_in_time=tables.blood_not_in_time,
        blood_stock=tables.blood_stock,
        transfusion=tables.transfusion,
        replications=tables.replications,
        failures=failures,
        versions=made_with,
        seconds=_mean_seconds(finished),
        started=started,
        finished=dt.datetime.now(dt.UTC),
    )


def _outcomes(
    scenario: Scenario,
    plan: Plan,
    workers: int | None,
    progress: Callable[[Progress], None] | None,
    executor: Executor | None,
    kept: Checkpoint | None,
) -> Iterator[ReplicationOutcome]:
    total = len(plan.replications)
    earlier = [] if kept is None else [kept.found(number) for number in plan.replications]
    found = [outcome for outcome in earlier if outcome is not None]
    yield from found
    done = len(found)
    if found and progress is not None:
        progress(Progress(done, total, None))
    left = sorted(set(plan.replications) - {outcome.replication for outcome in found})
    tasks = [Replication(scenario, plan.seed, number) for number in left]
    for _, outcome in finished_replications(tasks, len(tasks), workers, executor):
        if kept is not None:
            kept.keep(outcome)
        done += 1
        if progress is not None:
            progress(Progress(done, total, outcome))
        yield outcome


def _mean_seconds(outcomes: Sequence[ReplicationOutcome]) -> dict[str, float]:
    timed = [outcome.seconds for outcome in outcomes if outcome.seconds]
    parts = dict.fromkeys(part for seconds in timed for part in seconds)
    return {part: float(np.mean([seconds.get(part, 0.0) for seconds in timed])) for part in parts}
