"""What became of the samples that were to be taken in each week."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from disruption_sim.charts import phases, style, words
from disruption_sim.charts.frame import add_headings, add_time
from disruption_sim.charts.inputs import (
    ALL_SITES,
    DISRUPTED,
    STATISTICS,
    Simulated,
    runs,
    site_title,
)
from disruption_sim.records import Fate

HEIGHT_INCHES = 5.4
KEY_COLUMNS = 2
KEY_ROW_POINTS = 15.0
KEY_GAP_POINTS = 16.0
# In heights of its letters, so that the key does not touch the axis.
KEY_PAD = 0.4
# A layer that nowhere reaches this share is not named, as it is not seen.
VISIBLE = 0.002
# In ordinary running some samples in a hundred are refused or not finished.
USUAL = 0.97
BAR_DAYS = 6.4


@dataclass(frozen=True)
class Layer:
    """Fates that are drawn as one part of the bars.

    Attributes
    ----------
    title : str
        In the key.
    in_words : str
        As the end of a sentence "… per cent of the samples are".
    fates : tuple of Fate
    colour : str
    """

    title: str
    in_words: str
    fates: tuple[Fate, ...]
    colour: str


# From the bottom upwards. Neighbours differ in lightness.
OWN = Layer("Reported by our laboratories", "reported", (Fate.REPORTED,), style.BLUE)
REPEATED = Layer(
    "Reported, after a new sample",
    "reported after a new sample",
    (Fate.REPORTED_AFTER_REPEAT,),
    style.LIGHT_BLUE,
)
LATER = Layer(
    "Reported, but taken later",
    "taken and reported later",
    (Fate.DEFERRED_AND_REPORTED,),
    style.PURPLE,
)
ELSEWHERE = Layer(
    "Mutual aid or bedside test",
    "done by mutual aid or at the bedside",
    (Fate.REPORTED_ELSEWHERE, Fate.AT_THE_BEDSIDE),
    style.YELLOW,
)
NEVER = Layer("Not asked for (restriction)", "not asked for", (Fate.NEVER_TAKEN,), style.PALE_GREY)
LOST = Layer(
    "Lost: expired or refused",
    "lost",
    (Fate.ABANDONED_EXPIRED, Fate.ABANDONED_REJECTED),
    style.PINK,
)
UNFINISHED = Layer("Not finished by the end", "not finished", (Fate.OPEN,), style.DARK_GREY)
LAYERS = (OWN, REPEATED, LATER, ELSEWHERE, NEVER, LOST, UNFINISHED)


def data(result: Simulated, site: str = ALL_SITES) -> pd.DataFrame:
    """Return the numbers of the figure.

    Returns
    -------
    DataFrame
        ``week_start``, ``week``, ``site``, ``arm``, ``fate``, ``share`` (mean over the mean of all
        samples of the week), ``mean``, ``q05`` to ``q95``, ``n`` of the disrupted arm.

    Raises
    ------
    ValueError
        If there is no such site.
    """
    site_title(result.scenario, site)
    table = result.fates
    table = table[
        (table["arm"] == DISRUPTED)
        & (table["site"] == site)
        & (table["source"] == ALL_SITES)
        & (table["tube_type"] == ALL_SITES)
    ]
    table = table.assign(
        week_start=pd.to_datetime(table["week_start"]),
        share=table["mean"] / table.groupby("week")["mean"].transform("sum"),
    )
    order = {fate.name.lower(): fate.value for fate in Fate}
    table = table.assign(order=table["fate"].map(order)).sort_values(["week", "order"])
    columns = ["week_start", "week", "site", "arm", "fate", "share", *STATISTICS, "n"]
    return table[columns].reset_index(drop=True)


def _shares(table: pd.DataFrame) -> pd.DataFrame:
    """Return the share of each layer in each week: a row for each week, a column for each layer."""
    by_fate = table.pivot_table(index="week", columns="fate", values="share", aggfunc="sum")
    return pd.DataFrame(
        {
            layer.title: by_fate.reindex(columns=[fate.name.lower() for fate in layer.fates])
            .fillna(0.0)
            .sum(axis=1)
            for layer in LAYERS
        }
    )


def title(result: Simulated, site: str = ALL_SITES) -> str:
    """Return the finding in words."""
    shares = _shares(data(result, site))
    ours = shares[[OWN.title, REPEATED.title]].sum(axis=1)
    if not ours.min() < USUAL:
        return "Laboratories report nearly all samples of every week"
    week = int(shares.index[int(ours.argmin())])
    others = [
        f"{words.percent(float(shares[layer.title].loc[week]))} {layer.in_words}"
        for layer in (NEVER, LATER, ELSEWHERE, LOST)
        if shares[layer.title].loc[week] >= 0.01
    ]
    found = f"Of the samples wanted in week {week}, {words.percent(float(ours.min()))} are reported"
    return words.enumeration([found, *others])


def alt_text(result: Simulated, site: str = ALL_SITES) -> str:
    """Return the figure in words for those who cannot see it."""
    shares = _shares(data(result, site))
    first = ", ".join(words.percent(float(share)) for share in shares[OWN.title].iloc[:6])
    most = [
        f"{layer.in_words} {words.percent(float(shares[layer.title].max()))} "
        f"(week {shares.index[int(shares[layer.title].argmax())]})"
        for layer in LAYERS[1:]
        if shares[layer.title].max() >= VISIBLE
    ]
    return (
        f"{title(result, site)}. Stacked bars, one for each week, of what became of the samples "
        f"that were to be taken in it, {site_title(result.scenario, site)}; each bar is 100 per "
        f"cent. Reported at the first attempt by our laboratories in the first weeks: {first}. "
        f"At most: {words.enumeration(most)}. {phases.in_words(result.scenario, site)}"
    )


def where_the_tubes_went(result: Simulated, ax: Axes | None = None, site: str = ALL_SITES) -> Axes:
    """Draw the shares of the samples of each week by what became of them.

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
            "What became of the samples that were to be taken in each week, per cent, "
            f"{where}. Mean of {words.plural(runs(result), 'run')}",
        )
        rows = _draw_bars(ax, table)
        ax.set_ylabel("% of samples wanted")
        add_time(ax, result, site)
        _make_room(ax, rows)
    return ax


def _draw_bars(ax: Axes, table: pd.DataFrame) -> int:
    """Draw the bars and their key; return the rows of the key."""
    shares = 100.0 * _shares(table)
    middle = np.array(style.day_numbers(table.groupby("week")["week_start"].first())) + 3.5
    bottom = np.zeros(middle.size)
    shown = 0
    for layer in LAYERS:
        height = shares[layer.title].to_numpy()
        if height.max() < 100.0 * VISIBLE:
            bottom = bottom + height
            continue
        ax.bar(
            middle, height, width=BAR_DAYS, bottom=bottom, color=layer.colour, linewidth=0,
            label=layer.title,
        )  # fmt: skip
        bottom = bottom + height
        shown += 1
    ax.legend(
        loc="upper left",
        ncols=KEY_COLUMNS,
        frameon=False,
        handlelength=1.0,
        handleheight=1.0,
        borderaxespad=0.0,
        borderpad=KEY_PAD,
        labelspacing=0.25,
        columnspacing=1.6,
    )
    return -(-shown // KEY_COLUMNS)


def _make_room(ax: Axes, key_rows: int) -> None:
    """Keep the key above the bars, which all reach to 100."""
    key = KEY_ROW_POINTS * key_rows + KEY_GAP_POINTS
    share = min(key / style.height_points(ax), 0.6)
    ax.set_ylim(0.0, 100.0 / (1.0 - share))
    ax.set_yticks(range(0, 101, 20))
    ax.spines["left"].set_bounds(0.0, 100.0)
