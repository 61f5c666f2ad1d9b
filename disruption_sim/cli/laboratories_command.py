"""``laboratories``: turnaround and utilisation of a results folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from disruption_sim.cli.input import input_faults_exit_2

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
# Narrower, and the longest names would be cut off.
PLAIN_WIDTH = 120


def laboratories(
    results: Annotated[
        Path, typer.Argument(metavar="RESULTS", help="Results folder of a run.", show_default=False)
    ],
) -> None:
    """Print turnaround against its standards and how busy people and machines were.

    In the normal future, and in the worst week of the incident.
    """
    from rich.console import Console

    with input_faults_exit_2():
        by_type = _read(results, "turnaround_by_type.csv", TURNAROUND_COLUMNS)
        turnaround = _read(results, "turnaround.csv", EXPIRED_COLUMNS)
        utilisation = _read(results, "utilisation.csv", UTILISATION_COLUMNS)
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=PLAIN_WIDTH)
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


def _read(folder: Path, name: str, columns: tuple[str, ...]) -> pd.DataFrame:
    import pandas as pd

    from disruption_sim.experiment import FolderError

    if not folder.is_dir():
        raise FolderError(f"there is no folder {folder}; name the results folder of a run")
    path = folder / name
    if not path.is_file():
        raise FolderError(
            f"{folder} holds no {name}: it is not the results folder of a run, or of one by an "
            "earlier version; run the scenario again"
        )
    try:
        table = pd.read_csv(path)
    except (OSError, ValueError) as error:  # what pandas cannot parse is a ValueError too
        raise FolderError(f"cannot read {path}: {error}") from error
    missing = [column for column in columns if column not in table]
    if missing:
        raise FolderError(f"{path} has no column {', '.join(missing)}; run the scenario again")
    if table.empty:
        raise FolderError(f"{path} has no rows; run the scenario again")
    for column in columns:
        if column not in NAMES and not pd.api.types.is_numeric_dtype(table[column]):
            raise FolderError(
                f"{path}: not every {column} is a number; was the file edited? Run the scenario "
                "again"
            )
    return table


def _turnaround(by_type: pd.DataFrame, with_expired: pd.DataFrame) -> Table:
    shown = _table("Turnaround from receipt to report", "Tubes from")
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
    shown = _table("How busy people and machines were, %", "Step")
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


def _table(title: str, first: str) -> Table:
    from rich import box
    from rich.table import Table

    shown = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    shown.add_column(first, no_wrap=True)
    return shown


def _weighted(table: pd.DataFrame, column: str) -> float:
    """Return the mean over weeks, each with its tubes."""
    return float((table[column] * table["tubes"]).sum() / table["tubes"].sum())


def _percent(share: float) -> str:
    return f"{100.0 * share:.0f}"


def _minutes(minutes: float) -> str:
    return f"{minutes:,.0f}"


def _words(name: object) -> str:
    return str(name).replace("_", " ")
