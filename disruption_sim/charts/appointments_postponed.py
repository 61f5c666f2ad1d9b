"""Outpatient appointments postponed per week."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from disruption_sim.charts import phases, style, words
from disruption_sim.charts.frame import add_headings, add_time
from disruption_sim.charts.inputs import (
    ALL_SITES,
    BASELINE,
    DISRUPTED,
    EXCESS,
    Simulated,
    highest,
    runs,
    site_title,
    total,
    weekly_series,
)

HEIGHT_INCHES = 5.0
MEASURE = "appointments_postponed"
INCIDENT = "appointments_postponed_incident"


def data(result: Simulated, site: str = ALL_SITES) -> pd.DataFrame:
    """Return the numbers of the figure: both arms by week, and what the incident adds."""
    series = [weekly_series(result, MEASURE, arm, site) for arm in (BASELINE, DISRUPTED)]
    series.append(weekly_series(result, INCIDENT, EXCESS, site))
    return pd.concat(series, ignore_index=True)


def title(result: Simulated, site: str = ALL_SITES) -> str:
    """Return the finding in words: above the other future, as samples are refused there too."""
    incident = total(result, INCIDENT, EXCESS, site)
    worst = highest(weekly_series(result, INCIDENT, EXCESS, site))
    if not incident["mean"] >= 0.5:
        return "No outpatient appointment is postponed because of the incident"
    return (
        f"The incident postpones {words.number(incident['mean'])} outpatient appointments "
        f"{words.spread(incident['q05'], incident['q95'], runs(result))}, "
        f"most in week {worst.number} ({words.number(worst.mean)})"
    )


def alt_text(result: Simulated, site: str = ALL_SITES) -> str:
    """Return the figure in words for those who cannot see it."""
    usual = weekly_series(result, MEASURE, BASELINE, site)["mean"].mean()
    worst = highest(weekly_series(result, MEASURE, DISRUPTED, site))
    return (
        f"{title(result, site)}. Line of outpatient appointments postponed per week, "
        f"{site_title(result.scenario, site)}, highest in week {worst.number} with "
        f"{words.number(worst.mean)} {words.spread(worst.q05, worst.q95, runs(result))}; "
        f"without the incident {words.number(usual)} a week on "
        f"average. {phases.in_words(result.scenario, site)}"
    )


def appointments_postponed(
    result: Simulated, ax: Axes | None = None, site: str = ALL_SITES
) -> Axes:
    """Draw outpatient appointments postponed per week in both arms.

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
    disrupted, baseline = (
        weekly_series(result, MEASURE, arm, site) for arm in (DISRUPTED, BASELINE)
    )
    where = site_title(result.scenario, site)
    with style.house_style():
        ax = style.axes_or_new(ax, HEIGHT_INCHES)
        add_headings(
            ax,
            title(result, site),
            f"Outpatient appointments postponed per week for any cause, {where}. "
            f"{words.bands(runs(result))}",
        )
        middle = [day + 3.5 for day in style.day_numbers(disrupted["week_start"])]
        style.band(ax, middle, disrupted, style.BLUE, "with the incident")
        style.band(ax, middle, baseline, style.DARK_GREY, "without the incident")
        ax.set_ylabel("Appointments a week")
        ax.set_ylim(bottom=0.0)
        style.key(ax)
        style.thousands(ax)
        add_time(ax, result, site)
    return ax
