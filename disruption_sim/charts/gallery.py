"""All figures of a result, and how they are written into a folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from disruption_sim.charts import (
    appointments_postponed,
    blood,
    laboratory_throughput,
    operations_backlog,
    operations_postponed,
    red_cells_by_route,
    style,
    where_the_tubes_went,
    who_waited_longer,
)
from disruption_sim.charts.inputs import ALL_SITES, Simulated
from disruption_sim.charts.phases import phase_table
from disruption_sim.charts.words import NO_BREAK
from disruption_sim.experiment.csv_files import write_csv

DOTS_PER_INCH = 200


@dataclass(frozen=True)
class Chart:
    """One kind of figure.

    Attributes
    ----------
    name : str
        Of its files.
    draw : callable
        (result, axes, site) to axes.
    data : callable
        (result, site) to the numbers shown.
    alt_text : callable
        (result, site) to the figure in words.
    height_inches : float
    """

    name: str
    draw: Callable[[Simulated, Axes | None, str], Axes]
    data: Callable[[Simulated, str], pd.DataFrame]
    alt_text: Callable[[Simulated, str], str]
    height_inches: float


CHARTS = (
    Chart(
        "operations_postponed",
        operations_postponed.operations_postponed,
        operations_postponed.data,
        operations_postponed.alt_text,
        operations_postponed.HEIGHT_INCHES,
    ),
    Chart(
        "appointments_postponed",
        appointments_postponed.appointments_postponed,
        appointments_postponed.data,
        appointments_postponed.alt_text,
        appointments_postponed.HEIGHT_INCHES,
    ),
    Chart(
        "operations_backlog",
        operations_backlog.operations_backlog,
        operations_backlog.data,
        operations_backlog.alt_text,
        operations_backlog.HEIGHT_INCHES,
    ),
    Chart(
        "who_waited_longer",
        who_waited_longer.who_waited_longer,
        who_waited_longer.data,
        who_waited_longer.alt_text,
        who_waited_longer.HEIGHT_INCHES,
    ),
    Chart(
        "laboratory_throughput",
        laboratory_throughput.laboratory_throughput,
        laboratory_throughput.data,
        laboratory_throughput.alt_text,
        laboratory_throughput.HEIGHT_INCHES,
    ),
    Chart(
        "where_the_tubes_went",
        where_the_tubes_went.where_the_tubes_went,
        where_the_tubes_went.data,
        where_the_tubes_went.alt_text,
        where_the_tubes_went.HEIGHT_INCHES,
    ),
    Chart(
        "red_cells_by_route",
        red_cells_by_route.red_cells_by_route,
        red_cells_by_route.data,
        red_cells_by_route.alt_text,
        red_cells_by_route.HEIGHT_INCHES,
    ),
    Chart("o_negative", blood.o_negative, blood.data, blood.alt_text, blood.HEIGHT_INCHES),
)


class Charts:
    """The figures of one result.

    Parameters
    ----------
    result : Simulated

    Examples
    --------
    >>> result.charts.operations_postponed()  # doctest: +SKIP
    >>> result.charts.operations_backlog(ax=axes[0], site="kings")  # doctest: +SKIP
    """

    def __init__(self, result: Simulated) -> None:
        self._result = result

    def __repr__(self) -> str:
        return f"Charts({', '.join(chart.name for chart in CHARTS)})"

    def operations_postponed(self, ax: Axes | None = None, site: str = ALL_SITES) -> Axes:
        """Draw operations postponed per week by cause."""
        return operations_postponed.operations_postponed(self._result, ax, site)

    def appointments_postponed(self, ax: Axes | None = None, site: str = ALL_SITES) -> Axes:
        """Draw outpatient appointments postponed per week in both arms."""
        return appointments_postponed.appointments_postponed(self._result, ax, site)

    def operations_backlog(self, ax: Axes | None = None, site: str = ALL_SITES) -> Axes:
        """Draw the net backlog of operations, and when it is gone."""
        return operations_backlog.operations_backlog(self._result, ax, site)

    def who_waited_longer(self, ax: Axes | None = None, site: str = ALL_SITES) -> Axes:
        """Draw patients later and earlier than without the incident, postponed or not."""
        return who_waited_longer.who_waited_longer(self._result, ax, site)

    def laboratory_throughput(self, ax: Axes | None = None, site: str = ALL_SITES) -> Axes:
        """Draw tubes reported as a share of normal, with mutual aid beside it."""
        return laboratory_throughput.laboratory_throughput(self._result, ax, site)

    def where_the_tubes_went(self, ax: Axes | None = None, site: str = ALL_SITES) -> Axes:
        """Draw what became of the samples that were to be taken in each week."""
        return where_the_tubes_went.where_the_tubes_went(self._result, ax, site)

    def red_cells_by_route(self, ax: Axes | None = None, site: str = ALL_SITES) -> Axes:
        """Draw red cells issued per week by the way they came, with and without the incident."""
        return red_cells_by_route.red_cells_by_route(self._result, ax, site)

    def o_negative(self, ax: Axes | None = None, site: str = ALL_SITES) -> Axes:
        """Draw O-negative units issued per week over days of stock, with the alerts."""
        return blood.o_negative(self._result, ax, site)

    def save_all(self, folder: str | Path, site: str = ALL_SITES) -> list[Path]:
        """Write every figure into a folder, as `disruption_sim.charts.save_all`."""
        return save_all(self._result, folder, site)


def save_all(result: Simulated, folder: str | Path, site: str = ALL_SITES) -> list[Path]:
    """Write every figure as PNG and SVG, its numbers as CSV and its words as text.

    The same result gives the same bytes. The disruption's phases are written once, as
    ``phases.csv``.

    Parameters
    ----------
    result : Simulated
    folder : str or Path
        Made if it is not there.
    site : str
        Name of a site, or ``all``.

    Returns
    -------
    list of Path
        The files, in the order in which they were written.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for chart in CHARTS:
        written += _save(chart, result, folder, site)
    timeline = folder / "phases.csv"
    write_csv(phase_table(result.scenario, site), timeline)
    return [*written, timeline]


def _save(chart: Chart, result: Simulated, folder: Path, site: str) -> list[Path]:
    png, svg, csv, text = (
        folder / f"{chart.name}.{suffix}" for suffix in ("png", "svg", "csv", "txt")
    )
    words = chart.alt_text(result, site).replace(NO_BREAK, " ")
    # Not by way of pyplot: no window system is asked for and no figure is left open.
    figure = Figure(figsize=(style.WIDTH_INCHES, chart.height_inches))
    FigureCanvasAgg(figure)
    ids: Any = {"svg.hashsalt": "disruption_sim", "svg.fonttype": "path"}
    with style.house_style(), mpl.rc_context(ids):
        chart.draw(result, figure.add_subplot(), site)
        about = {"Title": chart.name, "Description": words}
        figure.savefig(png, dpi=DOTS_PER_INCH, metadata={**about, "Software": "disruption_sim"})
        figure.savefig(svg, metadata={**about, "Creator": "disruption_sim", "Date": None})
    write_csv(chart.data(result, site), csv)
    text.write_text(words + "\n", encoding="utf-8")
    return [png, svg, csv, text]
