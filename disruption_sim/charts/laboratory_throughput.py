"""Laboratory throughput as a share of normal."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from disruption_sim.charts import phases, style, words
from disruption_sim.charts.frame import add_headings, add_time
from disruption_sim.charts.inputs import (
    ALL_SITES,
    DISRUPTED,
    Simulated,
    last,
    lowest,
    runs,
    site_title,
    weekly_series,
)

HEIGHT_INCHES = 5.0
OWN = "laboratory_throughput_share"
WITH_AID = "laboratory_throughput_share_with_mutual_aid"
NORMAL_AGAIN = 0.95
# Mutual aid that moves no week by as much as half a per cent is not a second line.
VISIBLE = 0.005


def data(result: Simulated, site: str = ALL_SITES) -> pd.DataFrame:
    """Return the numbers of the figure: own laboratories, and with mutual aid, by week."""
    return pd.concat(
        [weekly_series(result, measure, DISRUPTED, site) for measure in (OWN, WITH_AID)],
        ignore_index=True,
    )


def title(result: Simulated, site: str = ALL_SITES) -> str:
    """Return the finding in words."""
    own = weekly_series(result, OWN, DISRUPTED, site)
    worst = lowest(own)
    if not worst.mean < 1.0 - VISIBLE:
        return "Laboratories report as many tubes as in normal weeks throughout"
    found = (
        f"Laboratories report {words.percent(worst.mean)} of normal in their worst week "
        f"({worst.number})"
    )
    below = [int(week) for week in own.loc[own["mean"] < NORMAL_AGAIN, "week"]]
    if not below:
        return found
    if below[-1] == last(own).number:
        return f"{found} and are not back at {words.percent(NORMAL_AGAIN)} by the end"
    return f"{found} and {words.percent(NORMAL_AGAIN)} or more from week {below[-1] + 1} on"


def alt_text(result: Simulated, site: str = ALL_SITES) -> str:
    """Return the figure in words for those who cannot see it."""
    own, aided = (weekly_series(result, name, DISRUPTED, site) for name in (OWN, WITH_AID))
    first = ", ".join(words.percent(share) for share in own["mean"].iloc[:6])
    gain = (aided["mean"] - own["mean"]).max()
    return (
        f"{title(result, site)}. Line of tubes reported per week by the own laboratories as a "
        f"share of the same week without the incident, {site_title(result.scenario, site)}. "
        f"The first weeks: {first}. Mutual aid adds up to {words.percent(gain)} of normal. "
        f"{phases.in_words(result.scenario, site)}"
    )


def laboratory_throughput(result: Simulated, ax: Axes | None = None, site: str = ALL_SITES) -> Axes:
    """Draw tubes reported as a share of normal, with mutual aid beside it.

    Parameters
    ----------
    result : Simulated
    ax : Axes, optional
        Where; else in a new figure.
    site : str
        Name of a site, or ``all``.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If there is no such site.
    """
    own, aided = (weekly_series(result, name, DISRUPTED, site) for name in (OWN, WITH_AID))
    where = site_title(result.scenario, site)
    with style.house_style():
        ax = style.axes_or_new(ax, HEIGHT_INCHES)
        add_headings(
            ax,
            title(result, site),
            "Tubes reported per week as a share of the same week without the incident, "
            f"{where}. {words.bands(runs(result))}",
        )
        middle = [day + 3.5 for day in style.day_numbers(own["week_start"])]
        ax.axhline(100.0, color=style.INK, linewidth=1.2)
        style.band(ax, middle, own, style.BLUE, "own laboratories", factor=100.0)
        gain = aided["mean"] - own["mean"]
        if gain.max() >= VISIBLE:
            # Only where there is aid, so that the two lines do not cover each other.
            shown = aided["mean"].where(gain.rolling(3, center=True, min_periods=1).max() > 0.0)
            ax.plot(
                middle,
                100.0 * shown,
                color=style.PINK,
                linewidth=1.8,
                linestyle="--",
                label="with mutual aid (mean)",
            )
        ax.set_ylabel("Tubes reported, % of normal")
        ax.set_ylim(bottom=0.0, top=max(112.0, ax.get_ylim()[1]))
        style.key(ax)
        add_time(ax, result, site)
    return ax
