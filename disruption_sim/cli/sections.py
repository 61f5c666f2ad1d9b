"""Tables of a results folder read back, and parts of a page printed."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console
    from rich.table import Table

    from disruption_sim.experiment.sections import Section

# Narrower, and the longest names would be cut off.
PLAIN_WIDTH = 120


def read_table(
    folder: Path,
    name: str,
    columns: tuple[str, ...],
    texts: Collection[str],
    *,
    may_be_empty: bool = False,
) -> pd.DataFrame:
    """Read a table of a results folder.

    Parameters
    ----------
    folder : Path
    name : str
        Of the file.
    columns : tuple of str
        That it has to have.
    texts : collection of str
        Columns of words; the others are of numbers.
    may_be_empty : bool
        Whether a run may have nothing to write in it.

    Raises
    ------
    FolderError
        If it is not there, or not as a run writes it.
    """
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
    if table.empty and may_be_empty:
        return table
    if table.empty:
        raise FolderError(f"{path} has no rows; run the scenario again")
    for column in columns:
        if column not in texts and not pd.api.types.is_numeric_dtype(table[column]):
            raise FolderError(
                f"{path}: not every {column} is a number; was the file edited? Run the scenario "
                "again"
            )
    return table


def plain_console() -> Console:
    """Return where to print; of a fixed width where it is no terminal."""
    from rich.console import Console

    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=PLAIN_WIDTH)


def plain_table(title: str, first: str) -> Table:
    """Return an empty table whose first column is of words."""
    from rich import box
    from rich.table import Table

    shown = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    shown.add_column(first, no_wrap=True)
    return shown


def print_section(console: Console, section: Section) -> None:
    """Print a part of a page, an empty line ahead."""
    first, *others = section.heads
    shown = plain_table(section.heading, first)
    for head in others:
        shown.add_column(head, justify="right")
    for row in section.rows:
        shown.add_row(*row)
    console.print()
    console.print(shown)
    console.print(" ".join(section.text.split()))
