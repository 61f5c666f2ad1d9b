"""The frame of every figure: headings, time axis, the disruption's phases, footer."""

from __future__ import annotations

from matplotlib.axes import Axes
from mpl_toolkits.axes_grid1 import make_axes_locatable  # type: ignore[import-untyped]

from disruption_sim.charts import style
from disruption_sim.charts.inputs import Simulated
from disruption_sim.charts.phases import add_phases


def add_headings(ax: Axes, title: str, subtitle: str) -> None:
    """Write the finding and what is shown; first of all, while the axes have their figure alone."""
    style.headings(ax, title, subtitle)


def add_time(
    ax: Axes, result: Simulated, site: str, *, panel_gap_inches: float | None = None
) -> Axes:
    """Add the time axis, the phases under it, and the footer.

    Parameters
    ----------
    ax : Axes
        Out of whose space the rest is taken.
    result : Simulated
    site : str
    panel_gap_inches : float, optional
        Adds a second panel as high as the first at this distance under it.

    Returns
    -------
    Axes
        The lowest panel.
    """
    divider = make_axes_locatable(ax)
    lowest = ax
    if panel_gap_inches is not None:
        lowest = divider.append_axes("bottom", size="100%", pad=panel_gap_inches, sharex=ax)
    style.time_axis(lowest, result)
    if lowest is not ax:
        ax.tick_params(axis="x", length=4.0, labelbottom=False)
    style.footer(add_phases(divider, lowest, result.scenario, site), result)
    return lowest
