"""Entry point of ``disruption-sim``.

What a verb needs is imported when the verb runs, so that ``--help`` and a mistyped option answer at
once.
"""

from __future__ import annotations

import io
import shlex
import sys
from collections.abc import Sequence

import typer

import disruption_sim
from disruption_sim.cli import (
    laboratories_command,
    operations_command,
    run_command,
    scenario_commands,
    sweep_command,
    transfusion_command,
)

PROGRAM = "disruption-sim"

app = typer.Typer(
    name=PROGRAM,
    help="What a pathology outage does to operations, appointments and blood, and how recovery "
    "goes.",
    epilog="Example: disruption-sim run synnovis-2024",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command("scenarios", epilog=scenario_commands.SCENARIOS_EXAMPLE)(scenario_commands.scenarios)
app.command("validate", epilog=scenario_commands.VALIDATE_EXAMPLE)(scenario_commands.validate)
app.command("run", epilog=run_command.EXAMPLE)(run_command.run)
app.command("laboratories", epilog=laboratories_command.EXAMPLE)(laboratories_command.laboratories)
app.command("transfusion", epilog=transfusion_command.EXAMPLE)(transfusion_command.transfusion)
app.command("operations", epilog=operations_command.EXAMPLE)(operations_command.operations)
app.command("sweep", epilog=sweep_command.EXAMPLE)(sweep_command.sweep)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"{PROGRAM} {disruption_sim.__version__}")
        raise typer.Exit


@app.callback()
def _before_any_verb(
    version: bool = typer.Option(
        False,
        "--version",
        help="Print the version and stop.",
        is_eager=True,
        callback=_print_version,
    ),
) -> None:
    """Take the options that stand before the verb."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    arguments : sequence of str, optional
        By default those of the process.

    Returns
    -------
    int
        0 done; 1 the run failed; 2 the input is wrong.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a console may lack letters of a name
    given = sys.argv[1:] if arguments is None else list(arguments)
    try:
        app(given, prog_name=PROGRAM, obj=shlex.join([PROGRAM, *given]))
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0
