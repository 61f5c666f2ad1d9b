"""One page in plain words: operations, and what the incident does to them."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

from disruption_sim.experiment.operations_sections import OperationsTables, in_short, sections

if TYPE_CHECKING:
    from disruption_sim.experiment.result import Result

INTRODUCTION = """\
Means over {runs} of scenario `{name}`, seed {seed}{spread}. The numbers are in `summary.csv`, by
week in `weekly.csv`, and in `waiting_list_rules.csv` and the files whose names begin with
`operations`."""
SPREAD = ", with where 90 % of runs lie in brackets"


def operations_page(result: Result) -> str:
    """Return the page as Markdown.

    Parameters
    ----------
    result : Result
    """
    tables = OperationsTables(
        **{field.name: getattr(result, field.name) for field in fields(OperationsTables)}
    )
    count = len(result.done)
    introduction = INTRODUCTION.format(
        runs=f"{count} run{'s' if count != 1 else ''}",
        name=result.scenario.name,
        seed=result.seed,
        spread=SPREAD if count > 1 else "",
    )
    parts = [
        f"# Operations: {result.scenario.title}",
        introduction,
        "\n".join(f"- {sentence}" for sentence in in_short(tables)),
        *(section.markdown() for section in sections(tables)),
    ]
    return "\n\n".join(parts) + "\n"
