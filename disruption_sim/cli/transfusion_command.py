"""``transfusion``: the transfusion service of a results folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from disruption_sim.cli.input import input_faults_exit_2
from disruption_sim.cli.sections import plain_console, print_section, read_table

EXAMPLE = "Example: disruption-sim transfusion synnovis-2024-results"
STATISTICS = ("arm", "mean", "q05", "q95", "n")
COLUMNS = {
    "blood_by_route": ("period", "site", "way", "item", *STATISTICS),
    "blood_by_use": ("period", "site", "use", *STATISTICS),
    "blood_stock": ("period", "site", "group", "item", *STATISTICS),
    "transfusion": ("period", "site", "part", "item", *STATISTICS),
}
NAMES = ("period", "site", "way", "use", "group", "part", "item", "arm")


def transfusion(
    results: Annotated[
        Path, typer.Argument(metavar="RESULTS", help="Results folder of a run.", show_default=False)
    ],
) -> None:
    """Print how blood got to patients, group O, stock, alerts, lateness and the bench.

    In ordinary running, and while transfusion information technology is lost.
    """
    with input_faults_exit_2():
        from disruption_sim.experiment.transfusion_in_short import in_short
        from disruption_sim.experiment.transfusion_reading import TransfusionTables
        from disruption_sim.experiment.transfusion_sections import sections

        tables = TransfusionTables(
            **{
                name: read_table(
                    results, f"{name}.csv", columns, NAMES, may_be_empty=name != "transfusion"
                )
                for name, columns in COLUMNS.items()
            }
        )
    console = plain_console()
    for sentence in in_short(tables):
        console.print(f"- {sentence}")
    for section in sections(tables):
        print_section(console, section)
