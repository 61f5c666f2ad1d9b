"""``run``: one scenario, with and without its disruption."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from disruption_sim.cli.input import input_faults_exit_2, loaded, stated
from disruption_sim.cli.options import (
    HorizonOption,
    ReplicationsOption,
    ScenarioArgument,
    SeedOption,
    SetOption,
    WorkersOption,
)
from disruption_sim.cli.progress import shown_progress
from disruption_sim.experiment.limits import MOST_REPLICATIONS

if TYPE_CHECKING:
    from disruption_sim.experiment import Failure, Result
    from disruption_sim.scenario import Scenario

EXAMPLE = (
    "Example: disruption-sim run synnovis-2024 --replications 20 "
    "--set disruptions.transfusion_it.end=2024-08-01 --out shorter-outage"
)


def run(
    context: typer.Context,
    scenario: ScenarioArgument,
    replications: ReplicationsOption = 10,
    seed: SeedOption = 1,
    workers: WorkersOption = None,
    settings: SetOption = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for the results. By default the scenario's name with -results."),
    ] = None,
    horizon_weeks: HorizonOption = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a results folder that is already there.")
    ] = False,
    profile: Annotated[bool, typer.Option("--profile", help="Print where the time went.")] = False,
    only_replication: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=MOST_REPLICATIONS - 1,
            help="Run this one replication alone, for example one that failed.",
        ),
    ] = None,
) -> None:
    """Run a scenario in both arms and write a folder of results.

    An interrupted run leaves what it has finished beside the folder; the same command goes on from
    there.
    """
    if only_replication is not None and stated(context, "replications"):
        raise typer.BadParameter(
            "says how many, --only-replication which one: give one of them",
            param_hint="--replications",
        )
    with input_faults_exit_2():
        chosen = loaded(scenario, settings or [], horizon_weeks)

        from disruption_sim.experiment import check_folder

        folder = out if out is not None else Path(f"{chosen.name}-results")
        check_folder(folder, overwrite=overwrite)
    again = _typed(scenario, settings or [], horizon_weeks)
    numbers = range(replications) if only_replication is None else (only_replication,)
    result = _result(chosen, folder, numbers, seed, workers, again)
    with input_faults_exit_2():
        result.save(folder, overwrite=overwrite, command=str(context.obj))
    if not result.failures:
        from disruption_sim.experiment import forget_unfinished

        forget_unfinished(_unfinished(folder), result)
    typer.echo("\n".join(result.answer))
    if profile:
        _print_profile(result)
    _print_failures(result.failures, again)
    typer.echo(f"Results: {folder}")
    if result.failures:
        raise typer.Exit(1)


def _result(
    scenario: Scenario,
    folder: Path,
    numbers: Sequence[int],
    seed: int,
    workers: int | None,
    again: str,
) -> Result:
    from disruption_sim.experiment import AllFailedError
    from disruption_sim.experiment import run as run_experiment

    try:
        with shown_progress(len(numbers)) as progress:
            return run_experiment(
                scenario,
                replications=len(numbers),
                only=numbers,
                seed=seed,
                workers=workers,
                progress=progress,
                unfinished=_unfinished(folder),
            )
    except KeyboardInterrupt:
        typer.echo(
            f"Stopped. Finished replications are kept in {_unfinished(folder)}; the same command "
            "goes on from there.",
            err=True,
        )
        raise typer.Exit(1) from None
    except AllFailedError as error:
        typer.echo(error.failures[0].traceback, err=True)
        typer.echo(f"Error: {error}", err=True)
        _print_failures(error.failures, again)
        raise typer.Exit(1) from error


def _unfinished(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.partial")


def _typed(scenario: str, settings: Sequence[str], horizon_weeks: int | None) -> str:
    """Return the scenario and its settings as they were typed."""
    parts = [scenario, *(part for setting in settings for part in ("--set", setting))]
    if horizon_weeks is not None:
        parts += ["--horizon-weeks", str(horizon_weeks)]
    return shlex.join(parts)


def _print_failures(failures: Sequence[Failure], again: str) -> None:
    for failure in failures:
        typer.echo(
            f"Replication {failure.replication} failed in stage '{failure.stage}': "
            f"{failure.error}\n  again: {failure.command(again)}",
            err=True,
        )


def _print_profile(result: Result) -> None:
    total = sum(result.seconds.values())
    typer.echo("Seconds of one replication, both arms (mean):")
    for part, seconds in result.seconds.items():
        typer.echo(f"  {part:<12} {seconds:8.2f}  {seconds / total:4.0%}")
    typer.echo(f"  {'total':<12} {total:8.2f}")
