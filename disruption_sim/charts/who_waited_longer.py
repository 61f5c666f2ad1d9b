"""Patients for operations later than without the incident, postponed or not, and those earlier."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from disruption_sim.charts import phases, style, words
from disruption_sim.charts.frame import add_headings, add_time
from disruption_sim.charts.inputs import (
    ALL_SITES,
    DISRUPTED,
    Simulated,
    highest,
    runs,
    site_title,
    weekly_series,
)

HEIGHT_INCHES = 5.2
LATER, NEVER_POSTPONED, EARLIER, NET = (
    "patients_later",
    "patients_later_never_postponed",
    "patients_earlier",
    "operations_backlog",
)
MEASURES = (LATER, NEVER_POSTPONED, EARLIER, NET)
POSTPONED_COLOUR, DISPLACED_COLOUR, EARLIER_COLOUR = style.BLUE, style.YELLOW, style.MID_GREY
KEY_COLUMNS = 2
# Two rows over the highest bar.
HEADROOM = 1.28
BAR_DAYS = 5.8
LEAST_PATIENTS = 0.5


def data(result: Simulated, site: str = ALL_SITES) -> pd.DataFrame:
    """Return the numbers of the figure, at the end of each week of the disrupted arm.

    Returns
    -------
    DataFrame
        ``week_start``, ``week``, ``site``, ``measure`` (patients later in all, those of them never
        postponed, patients earlier, and the net backlog: later less earlier), ``arm``, ``mean``,
        ``q05`` to ``q95``, ``n``.

    Raises
    ------
    ValueError
        If there is no such site.
    """
    return pd.concat(
        [weekly_series(result, measure, DISRUPTED, site) for measure in MEASURES],
        ignore_index=True,
    )


def _part(table: pd.DataFrame, measure: str) -> pd.DataFrame:
    return table[table["measure"] == measure].reset_index(drop=True)


def title(result: Simulated, site: str = ALL_SITES) -> str:
    """Return the finding in words."""
    table = data(result, site)
    worst = highest(_part(table, LATER))
    if not worst.mean >= LEAST_PATIENTS:
        return "Nobody waits longer for an operation than without the incident"
    never = _part(table, NEVER_POSTPONED).set_index("week")["mean"].loc[worst.number]
    return (
        f"In week {worst.number}, {words.number(worst.mean)} patients are later than without the "
        f"incident, {words.percent(float(never) / worst.mean)} of whom were never postponed"
    )


def alt_text(result: Simulated, site: str = ALL_SITES) -> str:
    """Return the figure in words for those who cannot see it."""
    table = data(result, site)
    ends = {
        measure: words.number(float(_part(table, measure)["mean"].iloc[-1])) for measure in MEASURES
    }
    most = highest(_part(table, EARLIER))
    return (
        f"{title(result, site)}. Stacked bars of the patients who at the end of each week still "
        f"wait for an operation they would have had without the incident, "
        f"{site_title(result.scenario, site)}: those postponed before, and those never postponed, "
        f"before whom others were taken. Bars under zero are of patients who were operated on "
        f"earlier than without the incident, at most {words.number(most.mean)} in week "
        f"{most.number}. A line shows the difference, the net backlog. In the last week "
        f"{ends[LATER]} are later, {ends[NEVER_POSTPONED]} of them never postponed, and "
        f"{ends[EARLIER]} earlier: net {ends[NET]}. {phases.in_words(result.scenario, site)}"
    )


def who_waited_longer(result: Simulated, ax: Axes | None = None, site: str = ALL_SITES) -> Axes:
    """Draw patients later and earlier than without the incident at the end of each week.

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
    table = data(result, site)
    number = runs(result)
    spread = (
        f"; whiskers: run-to-run variation, {words.NINETY_PERCENT} of runs" if number > 1 else ""
    )
    with style.house_style():
        ax = style.axes_or_new(ax, HEIGHT_INCHES)
        add_headings(
            ax,
            title(result, site),
            "Patients for operations at the end of each week, against the future without the "
            f"incident, {site_title(result.scenario, site)}. Mean of "
            f"{words.plural(number, 'run')}{spread}",
        )
        _draw_bars(ax, table)
        ax.set_ylabel("Patients")
        style.thousands(ax)
        low, high = ax.get_ylim()
        ax.set_ylim(low, max(high, 1.0) * HEADROOM)
        add_time(ax, result, site)
    return ax


def _draw_bars(ax: Axes, table: pd.DataFrame) -> None:
    later, never, earlier, net = (_part(table, measure) for measure in MEASURES)
    middle = np.asarray(style.day_numbers(net["week_start"])) + 3.5
    postponed = later["mean"] - never["mean"]
    parts = (
        ("Later, postponed", postponed, 0.0, POSTPONED_COLOUR),
        ("Later, never postponed", never["mean"], postponed, DISPLACED_COLOUR),
        ("Earlier", -earlier["mean"], 0.0, EARLIER_COLOUR),
    )
    shown: list[Any] = [
        ax.bar(middle, height, width=BAR_DAYS, bottom=bottom, color=colour, linewidth=0, label=name)
        for name, height, bottom, colour in parts
    ]
    shown += ax.plot(
        middle, net["mean"], color=style.INK, linewidth=2.0, label="Net: later less earlier"
    )
    ax.vlines(middle, net["q05"], net["q95"], color=style.INK, linewidth=0.8)
    ax.axhline(0.0, color=style.INK, linewidth=0.8)
    ax.legend(
        handles=shown,
        loc="upper right",
        ncols=KEY_COLUMNS,
        frameon=False,
        handlelength=1.0,
        handleheight=1.0,
        borderaxespad=0.0,
        labelspacing=0.25,
        columnspacing=1.6,
    )
