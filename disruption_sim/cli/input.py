"""What the user gave: loaded with every remark, and every fault as one message."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from disruption_sim.scenario import Scenario


@contextmanager
def input_faults_exit_2() -> Iterator[None]:
    """Turn wrong input into its message and exit code 2, never into a traceback."""
    from disruption_sim.experiment import ArgumentError, FolderError
    from disruption_sim.scenario import ScenarioError

    try:
        yield
    except (ScenarioError, FolderError, ArgumentError) as error:
        typer.echo(f"Error: {error}", err=True)
        raise typer.Exit(2) from error


def stated(context: typer.Context, name: str) -> bool:
    """Whether the user gave an option, be it with its default's value."""
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def loaded(
    name_or_path: str, settings: Sequence[str], horizon_weeks: int | None = None
) -> Scenario:
    """Load a scenario with what was set on the command line, and print remarks on it.

    Raises
    ------
    ScenarioError
        With every fault.
    """
    from disruption_sim.scenario import load_scenario_with_notes

    overrides = list(settings)
    if horizon_weeks is not None:
        overrides.append(f"calendar.horizon_weeks={horizon_weeks}")
    scenario, notes = load_scenario_with_notes(name_or_path, overrides)
    for note in notes:
        typer.echo(f"Note: {note}", err=True)
    return scenario
