"""The frame of every figure: headings, time axis, the disruption's phases, footer."""

from __future__ import annotations

from matplotlib.axes import Axes
from mpl_toolkits.axes_grid1 import make_axes_locatable  # type: ignore[import-untyped]

from disruption_sim.charts import style
from disruption_sim.charts.inputs import Simulated
from disruption_sim.charts.phases import add_phases

PANEL_GAP_INCHES = 0.32


def add_headings(ax: Axes, title: str, subtitle: str) -> None:
    """Write the finding and what is shown; first of all, while the axes have their figure alone."""
    style.headings(ax, title, subtitle)


def add_time(
    ax: Axes,
    result: Simulated,
    site: str,
    *,
    more_panels: int = 0,
    lower_height: float = 1.0,
) -> list[Axes]:
    """Add the time axis, the phases under it, and the footer.

    Parameters
    ----------
    ax : Axes
        Out of whose space the rest is taken.
    result : Simulated
    site : str
    more_panels : int
        Panels under the first.
    lower_height : float
        How high they are, over the first.

    Returns
    -------
    list of Axes
        The panels from the top, `ax` the first.
    """
    divider = make_axes_locatable(ax)
    panels = [ax]
    for _ in range(more_panels):
        panels.append(
            divider.append_axes(
                "bottom", size=f"{100.0 * lower_height:g}%", pad=PANEL_GAP_INCHES, sharex=ax
            )
        )
    style.time_axis(panels[-1], result)
    for panel in panels[:-1]:
        panel.tick_params(axis="x", length=4.0, labelbottom=False)
    style.footer(add_phases(divider, panels[-1], result.scenario, site), result)
    return panels
