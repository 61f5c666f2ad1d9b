"""One page in plain words: the transfusion service, and what the incident does to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from disruption_sim.experiment.transfusion_in_short import in_short
from disruption_sim.experiment.transfusion_reading import TransfusionTables
from disruption_sim.experiment.transfusion_sections import sections

if TYPE_CHECKING:
    from disruption_sim.experiment.result import Result

INTRODUCTION = """\
Red cells only. Means over {runs} of scenario `{name}`, seed {seed}{spread}.
The numbers by week are in `weekly.csv` and `blood_not_in_time.csv`; by period and hospital in
`blood_by_route.csv`, `blood_by_use.csv`, `blood_stock.csv` and `transfusion.csv`."""
SPREAD = ", with where 90 % of runs lie in brackets"


def transfusion_page(result: Result) -> str:
    """Return the page as Markdown.

    Parameters
    ----------
    result : Result
    """
    tables = TransfusionTables(
        result.blood_by_route, result.blood_by_use, result.blood_stock, result.transfusion
    )
    count = len(result.done)
    introduction = INTRODUCTION.format(
        runs=f"{count} run{'s' if count != 1 else ''}",
        name=result.scenario.name,
        seed=result.seed,
        spread=SPREAD if count > 1 else "",
    )
    parts = [
        f"# Transfusion: {result.scenario.title}",
        introduction,
        "\n".join(f"- {sentence}" for sentence in in_short(tables)),
    ]
    parts += [section.markdown() for section in sections(tables)]
    return "\n\n".join(parts) + "\n"
