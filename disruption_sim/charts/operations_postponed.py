"""Operations postponed per week by cause."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.text import Annotation

from disruption_sim.charts import phases, style, words
from disruption_sim.charts.frame import add_headings, add_time
from disruption_sim.charts.inputs import (
    ALL_SITES,
    BASELINE,
    DISRUPTED,
    EXCESS,
    STATISTICS,
    Simulated,
    highest,
    runs,
    site_title,
    total,
    weekly_series,
)
from disruption_sim.records import INCIDENT_CAUSES, Cause

HEIGHT_INCHES = 5.2
EVERY_CAUSE = "every cause"
FIRST_WEEKS = 4
KEY_ROW_POINTS = 13.5
KEY_COUNT_POINTS = 46.0
# The part of the time axis over which the key hangs, and the least height left to the bars there.
KEY_FROM = 0.4
LEAST_FREE = 0.2


@dataclass(frozen=True)
class Part:
    """A part of each bar.

    Attributes
    ----------
    title : str
    causes : tuple of Cause
    colour : str
    """

    title: str
    causes: tuple[Cause, ...]
    colour: str


def _of_one_cause(cause: Cause, colour: str) -> Part:
    return Part(cause.title, (cause,), colour)


PARTS = (
    _of_one_cause(Cause.ORDINARY, style.PALE_GREY),
    Part(
        "Ordinary: bed, time, staff, or displaced",
        (Cause.NO_BED, Cause.NO_TIME_LEFT, Cause.NO_STAFF, Cause.DISPLACED),
        style.MID_GREY,
    ),
    _of_one_cause(Cause.RESULTS_NOT_REPORTED, style.BLUE),
    _of_one_cause(Cause.SAMPLE_EXPIRED, style.LIGHT_BLUE),
    _of_one_cause(Cause.NO_VALID_GROUP_AND_SCREEN, style.PURPLE),
    _of_one_cause(Cause.TRANSFUSION_CANNOT_SUPPORT, style.PINK),
    _of_one_cause(Cause.NO_COMPATIBLE_BLOOD, style.DARK_GREY),
    _of_one_cause(Cause.STOPPED_BY_INCIDENT_COMMAND, style.YELLOW),
)
"""From the bottom of a bar upwards: what happens anyway, then laboratories in blues, transfusion in
purple and pink, command in yellow."""


def data(result: Simulated, site: str = ALL_SITES) -> pd.DataFrame:
    """Return the numbers of the figure.

    Returns
    -------
    DataFrame
        ``week_start``, ``week``, ``site``, ``arm``, ``cause``, ``mean``, ``q05`` to ``q95``,
        ``n``: the disrupted arm by cause, and both arms for every cause together.
    """
    columns = ["week_start", "week", "site", "arm", "cause", *STATISTICS, "n"]
    causes = result.weekly_causes
    causes = causes[(causes["arm"] == DISRUPTED) & (causes["site"] == site)]
    causes = causes.assign(
        week_start=pd.to_datetime(causes["week_start"]), cause=causes["cause"].map(_cause_key)
    )
    totals = [
        weekly_series(result, "operations_postponed", arm, site).assign(cause=EVERY_CAUSE)
        for arm in (DISRUPTED, BASELINE)
    ]
    return pd.concat([causes[columns], *(table[columns] for table in totals)], ignore_index=True)


def _cause_key(cause: object) -> str:
    return str(cause).strip().lower().replace(" ", "_")


def title(result: Simulated, site: str = ALL_SITES) -> str:
    """Return the finding in words: above the other future, as samples are refused there too."""
    incident = total(result, "operations_postponed_incident", EXCESS, site)
    if incident["mean"] < 0.5:
        return "No operation is postponed because of the incident"
    weekly = weekly_series(result, "operations_postponed_incident", EXCESS, site)["mean"]
    share = weekly.iloc[:FIRST_WEEKS].sum() / weekly.sum()
    when = f", {words.percent(share)} of them in the first {FIRST_WEEKS} weeks"
    found = f"The incident postpones {words.number(incident['mean'])} operations " + words.spread(
        incident["q05"], incident["q95"], runs(result)
    )
    return found + (when if len(weekly) > FIRST_WEEKS else "")


def alt_text(result: Simulated, site: str = ALL_SITES) -> str:
    """Return the figure in words for those who cannot see it."""
    table = data(result, site)
    every = table[table["cause"] == EVERY_CAUSE]
    disrupted = every[every["arm"] == DISRUPTED].reset_index(drop=True)
    usual = every.loc[every["arm"] == BASELINE, "mean"].mean()
    worst = highest(disrupted)
    by_cause = [
        f"{part.title.lower()} {words.number(count)}"
        for part, count in reversed(_totals(table))
        if count >= 0.5
    ]
    return (
        f"{title(result, site)}. Stacked bars of operations postponed per week at "
        f"{site_title(result.scenario, site)}, by cause. The highest bar is week {worst.number} "
        f"with {words.number(worst.mean)} {words.spread(worst.q05, worst.q95, runs(result))}; "
        f"without the incident about {words.number(usual)} a week are postponed. "
        f"Over the whole time: {words.enumeration(by_cause)}. "
        f"{phases.in_words(result.scenario, site)}"
    )


def _whiskers(number: int) -> str:
    if number < 2:
        return words.bands(number)
    return (
        f"Bars: mean; whiskers: run-to-run variation, 50{words.NO_BREAK}% (thick) and "
        f"{words.NINETY_PERCENT} (thin) of runs"
    )


def _totals(table: pd.DataFrame) -> list[tuple[Part, float]]:
    sums = table[table["cause"] != EVERY_CAUSE].groupby("cause")["mean"].sum()
    return [
        (part, sum(float(sums.get(cause.name.lower(), 0.0)) for cause in part.causes))
        for part in PARTS
    ]


def operations_postponed(result: Simulated, ax: Axes | None = None, site: str = ALL_SITES) -> Axes:
    """Draw operations postponed per week by cause, with the baseline's level.

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
    where = site_title(result.scenario, site)
    with style.house_style():
        ax = style.axes_or_new(ax, HEIGHT_INCHES)
        add_headings(
            ax,
            title(result, site),
            f"Operations postponed per week by cause, {where}. {_whiskers(runs(result))}",
        )
        _draw_bars(ax, table)
        ax.set_ylabel("Operations a week")
        ax.set_ylim(bottom=0.0)
        style.thousands(ax)
        add_time(ax, result, site)
        _draw_key(ax, table)
    return ax


def _draw_bars(ax: Axes, table: pd.DataFrame) -> None:
    every = table[table["cause"] == EVERY_CAUSE]
    disrupted = every[every["arm"] == DISRUPTED]
    baseline = every[every["arm"] == BASELINE]
    middle = np.asarray(style.day_numbers(disrupted["week_start"])) + 3.5
    bottom = np.zeros(middle.size)
    for part in PARTS:
        names = [cause.name.lower() for cause in part.causes]
        own = table[table["cause"].isin(names) & (table["arm"] == DISRUPTED)]
        if own.empty:
            continue
        by_week = own.groupby("week")["mean"].sum()
        means = by_week.reindex(disrupted["week"]).fillna(0.0).to_numpy()
        ax.bar(middle, means, width=5.8, bottom=bottom, color=part.colour, linewidth=0)
        bottom = bottom + means
    ax.vlines(middle, disrupted["q05"], disrupted["q95"], color=style.INK, linewidth=0.8)
    ax.vlines(middle, disrupted["q25"], disrupted["q75"], color=style.INK, linewidth=2.2)
    edges = np.append(middle - 3.5, middle[-1] + 3.5)
    ax.stairs(baseline["mean"], edges, baseline=None, color=style.INK, linewidth=1.4)


def _draw_key(ax: Axes, table: pd.DataFrame) -> None:
    """Name the causes with their totals at the top right, in the order of the stack."""
    totals = [(part, count) for part, count in _totals(table) if count >= 0.5]
    weeks = int(table["week"].max())
    _key_row(ax, 0, f"Total of {words.plural(weeks, 'week')} (mean)", "", style.DARK_GREY)
    for row, (part, count) in enumerate(reversed(totals), start=1):
        weight = "bold" if INCIDENT_CAUSES.issuperset(part.causes) else "normal"
        name = _key_row(ax, row, part.title, words.number(count), style.INK, weight)
        swatch = {"color": part.colour, "fontsize": style.TEXT_POINTS + 2.0}
        _beside(ax, name, "■", swatch)
    name = _key_row(ax, len(totals) + 1, "Without the incident", "", style.INK)
    _beside(ax, name, "━", {"color": style.INK})
    _make_room(ax, table, (len(totals) + 2.5) * KEY_ROW_POINTS)


def _key_row(
    ax: Axes, row: int, name: str, count: str, colour: str, weight: str = "normal"
) -> Annotation:
    down = -KEY_ROW_POINTS * (row + 0.5)
    for text, left, bold in ((count, 0.0, weight), (name, -KEY_COUNT_POINTS, "normal")):
        written = ax.annotate(
            text,
            xy=(1.0, 1.0),
            xycoords="axes fraction",
            xytext=(left, down),
            textcoords="offset points",
            ha="right",
            va="center",
            color=colour,
            fontweight=bold,
            path_effects=list(style.HALO),
        )
    return written


def _beside(ax: Axes, name: Annotation, symbol: str, look: dict[str, Any]) -> None:
    ax.annotate(
        symbol,
        xy=(0.0, 0.5),
        xycoords=name,
        xytext=(-11.0, 0.0),
        textcoords="offset points",
        ha="center",
        va="center",
        **look,
    )


def _make_room(ax: Axes, table: pd.DataFrame, key_points: float) -> None:
    """Stretch the vertical axis where the bars would reach into the key."""
    disrupted = table[(table["cause"] == EVERY_CAUSE) & (table["arm"] == DISRUPTED)]
    under_key = disrupted["week"] > KEY_FROM * disrupted["week"].max()
    free = 1.0 - key_points / style.height_points(ax)
    needed = float(disrupted.loc[under_key, "q95"].max()) / max(free, LEAST_FREE)
    if needed > ax.get_ylim()[1]:
        ax.set_ylim(top=needed)
