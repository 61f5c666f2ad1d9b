"""Parts of a page: the same in the results folder and on the command line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from disruption_sim.experiment.markdown import markdown_table


@dataclass(frozen=True)
class Section:
    """A heading, what to know, and a table: its first column is of words, the others of numbers."""

    heading: str
    text: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]

    def markdown(self) -> str:
        """Return it as Markdown."""
        table = markdown_table(self.heads, self.rows)
        return f"## {self.heading}\n\n{self.text}\n\n{table}"
