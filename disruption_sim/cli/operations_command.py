"""``operations``: operations of a results folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from disruption_sim.cli.input import input_faults_exit_2
from disruption_sim.cli.sections import plain_console, print_section, read_table

EXAMPLE = "Example: disruption-sim operations synnovis-2024-results"
STATISTICS = ("mean", "q05", "q95", "n")
COLUMNS = {
    "summary": ("site", "measure", "arm", *STATISTICS),
    "recovery": (
        "clock", "median_weeks", "q05_weeks", "q95_weeks", "n", "n_censored", "seen_weeks",
        "fluid_weeks",
    ),
    "operations_ordinary": ("item", *STATISTICS, "holds", "binds"),
    "operations_postponed_by": ("by", "item", "causes", "arm", *STATISTICS),
    "operations_by_specialty": ("specialty", "item", "arm", *STATISTICS),
    "operations_waits": ("group", "priority", "item", *STATISTICS),
    "operations_catching_up": ("phase", "on", *STATISTICS),
    "waiting_list_rules": ("specialty", "item", *STATISTICS),
}  # fmt: skip
NAMES = (
    "site", "measure", "arm", "clock", "item", "by", "causes", "specialty", "group", "priority",
    "phase", "on",
)  # fmt: skip


def operations(
    results: Annotated[
        Path, typer.Argument(metavar="RESULTS", help="Results folder of a run.", show_default=False)
    ],
) -> None:
    """Print operations postponed, who waited longer, and what catching up took.

    With ordinary running beside what a planner would believe.
    """
    with input_faults_exit_2():
        from disruption_sim.experiment.operations_sections import (
            OperationsTables,
            in_short,
            sections,
        )

        tables = OperationsTables(
            **{
                name: read_table(results, f"{name}.csv", columns, NAMES)
                for name, columns in COLUMNS.items()
            }
        )
    console = plain_console()
    for sentence in in_short(tables):
        console.print(f"- {sentence}")
    for section in sections(tables):
        print_section(console, section)
