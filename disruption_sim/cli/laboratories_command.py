"""``laboratories``: turnaround and utilisation of a results folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from disruption_sim.cli.input import input_faults_exit_2
from disruption_sim.cli.sections import plain_console, plain_table, read_table

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

EXAMPLE = "Example: disruption-sim laboratories synnovis-2024-results"
BASELINE, DISRUPTED, ALL, PEOPLE = "baseline", "disrupted", "all", "people"
TURNAROUND_COLUMNS = (
    "week", "source", "tube_type", "arm", "tubes", "standard_hours", "within_standard_share",
    "outer_limit_hours", "within_outer_limit_share", "median_minutes_from_receipt",
    "q90_minutes_from_receipt",
)  # fmt: skip
EXPIRED_COLUMNS = ("week", "site", "source", "arm", "mean")
UTILISATION_COLUMNS = ("week", "laboratory", "step", "of", "arm", "mean")
NAMES = ("site", "source", "tube_type", "arm", "laboratory", "step", "of")


def laboratories(
    results: Annotated[
        Path, typer.Argument(metavar="RESULTS", help="Results folder of a run.", show_default=False)
    ],
) -> None:
    """Print turnaround against its standards and how busy people and machines were.

    In the normal future, and in the worst week of the incident.
    """
    with input_faults_exit_2():
        by_type = read_table(results, "turnaround_by_type.csv", TURNAROUND_COLUMNS, NAMES)
        turnaround = read_table(results, "turnaround.csv", EXPIRED_COLUMNS, NAMES)
        utilisation = read_table(results, "utilisation.csv", UTILISATION_COLUMNS, NAMES)
    console = plain_console()
    console.print(_turnaround(by_type, turnaround[turnaround["site"] == ALL]))
    console.print(
        "Share of the reported tubes that were within the limit, and minutes, in the normal "
        "future.\nWorst week of the incident: of a whole source, tubes that had expired count as "
        "late; of a single type, those reported count.\n"
    )
    console.print(_utilisation(utilisation))
    console.print(
        "Share of the hours on duty that were worked: normal, to busiest week of the incident.\n"
        "A step of people: its part of all people's hours."
    )


def _turnaround(by_type: pd.DataFrame, with_expired: pd.DataFrame) -> Table:
    shown = plain_table("Turnaround from receipt to report", "Tubes from")
    for head in (
        "Standard", "Within, %", "Outer limit", "Within, %", "Median, min", "90 %, min",
        "Worst week, %", "Week",
    ):  # fmt: skip
        shown.add_column(head, justify="right")
    for (source, tube_type), cell in _all_first(by_type).groupby(
        ["source", "tube_type"], sort=False
    ):
        usual = cell[cell["arm"] == BASELINE]
        if usual.empty:
            continue
        whole = tube_type == ALL
        table, column = cell, "within_standard_share"
        if whole:
            table, column = with_expired[with_expired["source"] == source], "mean"
        worst, week = _lowest(table[table["arm"] == DISRUPTED], column)
        shown.add_row(
            _words(source) if whole else f"  {_words(tube_type)}",
            f"{cell['standard_hours'].iloc[0]:g} h",
            _percent(_weighted(usual, "within_standard_share")),
            f"{cell['outer_limit_hours'].iloc[0]:g} h",
            _percent(_weighted(usual, "within_outer_limit_share")),
            _minutes(_weighted(usual, "median_minutes_from_receipt")),
            _minutes(_weighted(usual, "q90_minutes_from_receipt")),
            worst,
            week,
            style="bold" if whole else None,
        )
    return shown


def _all_first(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with those of all types ahead of the single ones of their source."""
    sources = list(dict.fromkeys(table["source"]))
    order = table.assign(
        by_source=table["source"].map(sources.index), single=table["tube_type"] != ALL
    )
    ordered: pd.DataFrame = order.sort_values(["by_source", "single"], kind="stable")
    return ordered


def _lowest(table: pd.DataFrame, column: str) -> tuple[str, str]:
    known = table[table[column].notna()]
    if known.empty:
        return "-", "-"
    row = known.iloc[int(known[column].argmin())]
    return _percent(row[column]), f"{row['week']}"


def _utilisation(table: pd.DataFrame) -> Table:
    shown = plain_table("How busy people and machines were, %", "Step")
    laboratories = [str(name) for name in table["laboratory"].unique()]
    for laboratory in laboratories:
        shown.add_column(_words(laboratory), justify="right")
    steps = list(table[["step", "of"]].drop_duplicates().itertuples(index=False, name=None))
    steps.sort(key=lambda row: (row[1] != PEOPLE, row[0] != PEOPLE))
    for step, of in steps:
        own = table[table["step"] == step]
        cells = [
            _normal_and_most(own[own["laboratory"] == laboratory]) for laboratory in laboratories
        ]
        a_part = of == PEOPLE and step != PEOPLE
        shown.add_row(f"{'  ' * a_part}{_words(step)}", *cells)
    return shown


def _normal_and_most(table: pd.DataFrame) -> str:
    usual = float(table.loc[table["arm"] == BASELINE, "mean"].mean())
    most = float(table.loc[table["arm"] == DISRUPTED, "mean"].max())
    return f"{_percent(usual)} to {_percent(most)}"


def _weighted(table: pd.DataFrame, column: str) -> float:
    """Return the mean over weeks, each with its tubes."""
    return float((table[column] * table["tubes"]).sum() / table["tubes"].sum())


def _percent(share: float) -> str:
    return f"{100.0 * share:.0f}"


def _minutes(minutes: float) -> str:
    return f"{minutes:,.0f}"


def _words(name: object) -> str:
    return str(name).replace("_", " ")
