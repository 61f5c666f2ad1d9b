"""``sweep``: a scenario over a grid of values."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from disruption_sim.cli.input import input_faults_exit_2, loaded
from disruption_sim.cli.options import (
    HorizonOption,
    ReplicationsOption,
    ScenarioArgument,
    SeedOption,
    SetOption,
    WorkersOption,
)
from disruption_sim.cli.progress import shown_progress

EXAMPLE = (
    "Example: disruption-sim sweep synnovis-2024 --vary "
    "policies.reinforce_manual_work.uplift_share=0,0.5,1 --replications 5 --store staff-sweep"
)


def sweep(
    scenario: ScenarioArgument,
    vary: Annotated[
        list[str],
        typer.Option(
            metavar="KEY=V1,V2,...",
            help="Values to try for a dotted key. Repeatable: all combinations are run.",
        ),
    ],
    replications: ReplicationsOption = 10,
    seed: SeedOption = 1,
    workers: WorkersOption = None,
    settings: SetOption = None,
    store: Annotated[
        Path | None,
        typer.Option(help="Folder for the results. By default the scenario's name with -sweep."),
    ] = None,
    horizon_weeks: HorizonOption = None,
) -> None:
    """Run a scenario at every combination of some values.

    The store keeps each point as soon as it is through; the same command goes on with those it does
    not hold yet.
    """
    from disruption_sim.experiment import sweep as sweep_experiment

    try:
        with input_faults_exit_2():
            chosen = loaded(scenario, settings or [], horizon_weeks)
            values = _varied(vary)
            points = 1
            for axis in values.values():
                points *= len(axis)
            folder = store if store is not None else Path(f"{chosen.name}-sweep")
            with shown_progress(points * replications) as progress:
                opened = sweep_experiment(
                    chosen,
                    values,
                    replications=replications,
                    seed=seed,
                    store=folder,
                    workers=workers,
                    progress=progress,
                )
    except KeyboardInterrupt:
        typer.echo("Stopped. The same command goes on with the points that are left.", err=True)
        raise typer.Exit(1) from None
    failures = opened.failures()
    for point, failed in failures.items():
        for failure in failed:
            typer.echo(
                f"Point {point}, replication {failure.replication} failed in stage "
                f"'{failure.stage}': {failure.error}",
                err=True,
            )
    done, whole = len(opened.points_done()), len(opened.design.points)
    typer.echo(f"{done} of {whole} points done")
    typer.echo(f"Results: {folder} (in Python: disruption_sim.open_store({str(folder)!r}).table())")
    if failures:
        raise typer.Exit(1)


def _varied(texts: Sequence[str]) -> dict[str, list[object]]:
    """Read ``KEY=V1,V2`` texts, the values as YAML.

    Raises
    ------
    ScenarioError
        For every text that is not of that form.
    """
    from disruption_sim.scenario import Fault, ScenarioError
    from disruption_sim.scenario.reading import read_text

    faults: list[Fault] = []
    found: dict[str, list[object]] = {}
    for text in texts:
        origin = f"--vary {text}"
        key, _, values = text.partition("=")
        key = key.strip()
        if not key or not values.strip():
            faults.append(Fault(origin, 0, 0, "", "is not of the form KEY=V1,V2,...", "KEY=V1,V2"))
            continue
        if key in found:
            faults.append(Fault(origin, 0, 0, key, "is varied twice", "each key once"))
            continue
        try:
            axis = read_text(f"[{values}]", origin).root
        except ScenarioError as error:
            faults.extend(error.faults)
            continue
        found[key] = list(axis) if isinstance(axis, list) else [axis]
    if faults:
        raise ScenarioError(faults)
    return found
