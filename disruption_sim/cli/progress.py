"""How far a run is: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from disruption_sim.experiment import Progress


@contextmanager
def shown_progress(total: int) -> Iterator[Callable[[Progress], None]]:
    """Give a function that shows progress on standard error.

    Parameters
    ----------
    total : int
        Replications.
    """
    from rich.console import Console

    console = Console(stderr=True, highlight=False)
    if not console.is_terminal:
        yield _line
        return
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("Replications"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("left:"),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=console) as bar:
        task = bar.add_task("", total=total)

        def update(progress: Progress) -> None:
            bar.update(task, completed=progress.done)
            if progress.outcome is None:
                bar.console.print(_found(progress))

        yield update


def _line(progress: Progress) -> None:
    outcome = progress.outcome
    if outcome is None:
        typer.echo(_found(progress), err=True)
        return
    what = "failed" if outcome.failure is not None else "done"
    typer.echo(
        f"Replication {outcome.replication} {what}: {progress.done} of {progress.total}", err=True
    )


def _found(progress: Progress) -> str:
    return f"{progress.done} of {progress.total} replications were finished before"
