"""`sweep`: a scenario over a grid of values, every point on the same worlds."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

import pandas as pd

from disruption_sim.experiment.arguments import Plan, checked_plan
from disruption_sim.experiment.errors import ArgumentError
from disruption_sim.experiment.replication import Failure, Replication, ReplicationOutcome
from disruption_sim.experiment.running import Progress
from disruption_sim.experiment.store import Design, Point, Store, make_or_extend
from disruption_sim.experiment.tables import replication_rows
from disruption_sim.experiment.versions import code_digest
from disruption_sim.experiment.workers import finished_replications
from disruption_sim.scenario import Fault, Scenario, ScenarioError, with_overrides, write_scenario
from disruption_sim.scenario.provenance import plain


def sweep(
    scenario: Scenario,
    vary: Mapping[str, Sequence[object]],
    *,
    replications: int = 10,
    seed: int = 1,
    store: str | Path | None = None,
    workers: int | None = None,
    executor: Executor | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Store:
    """Run a scenario at every combination of some values.

    Parameters
    ----------
    scenario : Scenario
    vary : mapping of dotted key to values
        ``{"disruptions.transfusion_it.depth": [0.5, 1.0]}``; all combinations are run.
    replications, seed
        As for `run`. Every point lives the same worlds as far as its values leave them alone.
    store : str or Path, optional
        Folder of the results, by default the scenario's name with ``-sweep``. Points that it
        holds already are not run again, so an interrupted sweep goes on.
    workers, executor, progress
        As for `run`.

    Returns
    -------
    Store
        ``.table()`` gives one row per point, arm, measure and replication.

    Raises
    ------
    ArgumentError
        If an argument is wrong.
    ScenarioError
        With every fault of every point, before anything runs.
    FolderError
        If the store holds something else, or cannot be written.
    """
    plan = checked_plan(scenario, replications, seed, workers)
    keys, points = _grid(vary)
    _check_points(scenario, keys, points)
    identity: dict[str, str | int] = {
        "scenario": scenario.digest(),
        "seed": plan.seed,
        "replications": len(plan.replications),
        "version": code_digest(),
    }
    opened = make_or_extend(
        Path(store) if store is not None else Path(f"{scenario.name}-sweep"),
        Design(identity, keys, points),
    )
    write_scenario(scenario, opened.folder / "scenario.yaml")
    _Sweep(scenario, plan, opened).run(workers, executor, progress)
    return opened


def _grid(vary: Mapping[str, Sequence[object]]) -> tuple[tuple[str, ...], tuple[Point, ...]]:
    if not vary:
        raise ArgumentError("vary is empty; allowed: at least one key with its values")
    wrong: list[str] = []
    axes: list[list[object]] = []
    for key, values in vary.items():
        if isinstance(values, str | bytes) or not values:
            wrong.append(f"vary['{key}'] is {values!r}; allowed: a list of values")
            continue
        axis = [_storable(plain(value)) for value in values]
        if len({json.dumps(value, sort_keys=True) for value in axis}) < len(axis):
            wrong.append(f"vary['{key}'] has the same value twice")
        axes.append(axis)
    if wrong:
        raise ArgumentError("; ".join(wrong))
    return tuple(vary), tuple(product(*axes))


def _storable(value: object) -> object:
    """Write dates as text, as JSON has none."""
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, list):
        return [_storable(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _storable(item) for key, item in value.items()}
    return value


def _check_points(scenario: Scenario, keys: tuple[str, ...], points: Sequence[Point]) -> None:
    faults: list[Fault] = []
    for point in points:
        try:
            with_overrides(scenario, dict(zip(keys, point, strict=True)))
        except ScenarioError as error:
            faults.extend(error.faults)
    if faults:
        raise ScenarioError(faults)


@dataclass
class _Sweep:
    """A sweep under way: what has come back of the points that are not through yet."""

    scenario: Scenario
    plan: Plan
    store: Store
    waiting: dict[int, list[ReplicationOutcome]] = field(default_factory=dict)

    def run(
        self,
        workers: int | None,
        executor: Executor | None,
        progress: Callable[[Progress], None] | None,
    ) -> None:
        through = set(self.store.points_done())
        left = [n for n in range(len(self.store.design.points)) if n not in through]
        each = len(self.plan.replications)
        total, done = each * len(self.store.design.points), each * len(through)
        if through and progress is not None:
            progress(Progress(done, total, None))
        for task, outcome in finished_replications(
            self._tasks(left), each * len(left), workers, executor
        ):
            self._take(task.point, outcome)
            done += 1
            if progress is not None:
                progress(Progress(done, total, outcome))

    def _tasks(self, left: Sequence[int]) -> Iterator[Replication]:
        for number in left:
            values = dict(
                zip(self.store.design.keys, self.store.design.points[number], strict=True)
            )
            varied, _ = with_overrides(self.scenario, values)
            for replication in self.plan.replications:
                yield Replication(varied, self.plan.seed, replication, number)

    def _take(self, point: int, outcome: ReplicationOutcome) -> None:
        outcomes = self.waiting.setdefault(point, [])
        outcomes.append(outcome)
        if len(outcomes) < len(self.plan.replications):
            return
        del self.waiting[point]
        outcomes.sort(key=lambda each: each.replication)
        failures: list[Failure] = [o.failure for o in outcomes if o.failure is not None]
        rows: list[pd.DataFrame] = [
            replication_rows(o.replication, o.arms) for o in outcomes if o.failure is None
        ]
        self.store.write_point(point, rows, failures)
