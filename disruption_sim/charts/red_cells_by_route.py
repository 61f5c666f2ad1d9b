"""Red cells issued per week by the way they came to patients."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from disruption_sim.charts import phases, style, words
from disruption_sim.charts.frame import add_headings, add_time
from disruption_sim.charts.inputs import (
    ALL_SITES,
    BASELINE,
    DISRUPTED,
    Simulated,
    runs,
    site_title,
    weekly_series,
)
from disruption_sim.measures import Way

HEIGHT_INCHES = 6.9
KEY_COLUMNS = 2
KEY_ROW_POINTS = 15.0
KEY_GAP_POINTS = 10.0
# The lower panel has no key in it, and the scale of the upper one.
LOWER_HEIGHT = 0.65
BAR_DAYS = 6.4
# A way that is nowhere this share of the units is not named, as it is not seen.
VISIBLE = 0.002
# Less than this is no change of routes, but chance.
CHANGED = 0.03

# From the bottom upwards. Neighbours differ in lightness.
COLOURS = {
    Way.ELECTRONIC_ISSUE: style.BLUE,
    Way.CROSSMATCH: style.LIGHT_BLUE,
    Way.SET_ASIDE: style.DARK_BLUE,
    Way.GROUP_SPECIFIC: style.YELLOW,
    Way.GROUP_O_UNMATCHED: style.PINK,
    Way.EMERGENCY_GROUP_O: style.PURPLE,
}
KEY_WORDS = {
    Way.ELECTRONIC_ISSUE: "Electronic issue",
    Way.CROSSMATCH: "Crossmatched when asked for",
    Way.SET_ASIDE: "Set aside in advance",
    Way.GROUP_SPECIFIC: "Group-specific",
    Way.GROUP_O_UNMATCHED: "Group O, unmatched",
    Way.EMERGENCY_GROUP_O: "Emergency group O",
}


def _measure(way: Way) -> str:
    return f"red_cells_{way.name.lower()}"


def data(result: Simulated, site: str = ALL_SITES) -> pd.DataFrame:
    """Return the numbers of the figure: units of each way by week, both arms."""
    return pd.concat(
        [
            weekly_series(result, _measure(way), arm, site)
            for arm in (DISRUPTED, BASELINE)
            for way in COLOURS
        ],
        ignore_index=True,
    )


def _units(result: Simulated, arm: str, site: str) -> pd.DataFrame:
    """Return mean units: a row for each week, a column for each way."""
    return pd.DataFrame(
        {
            way: weekly_series(result, _measure(way), arm, site).set_index("week")["mean"]
            for way in COLOURS
        }
    )


def _unmatched(units: pd.DataFrame) -> pd.Series[float]:
    return units[Way.GROUP_O_UNMATCHED] + units[Way.EMERGENCY_GROUP_O]


def title(result: Simulated, site: str = ALL_SITES) -> str:
    """Return the finding in words."""
    here, usually = (_units(result, arm, site) for arm in (DISRUPTED, BASELINE))
    if not here.to_numpy().sum() > 0.0:
        return "No red cells are issued"
    share = (here[Way.ELECTRONIC_ISSUE] / here.sum(axis=1)).dropna()
    usual_share = float(usually[Way.ELECTRONIC_ISSUE].sum() / max(usually.to_numpy().sum(), 1e-9))
    week = int(share.index[int(share.argmin())])
    if not share.loc[week] < usual_share - CHANGED:
        return "Red cells get to patients by the same routes as without the incident"
    most = _unmatched(here)
    most_week = int(most.index[int(most.argmax())])
    return (
        f"Electronic issue falls to {words.percent(float(share.loc[week]))} of the red cells in "
        f"week {week} ({words.percent(usual_share)} without the incident), and unmatched group O "
        f"rises to {words.number(float(most.loc[most_week]))} units in week {most_week} "
        f"({words.number(float(_unmatched(usually).mean()))})"
    )


def alt_text(result: Simulated, site: str = ALL_SITES) -> str:
    """Return the figure in words for those who cannot see it."""
    here, usually = (_units(result, arm, site) for arm in (DISRUPTED, BASELINE))
    each = [
        f"{KEY_WORDS[way].lower()} {words.number(float(usually[way].mean()))} without the "
        f"incident, at most {words.number(float(here[way].max()))} and at least "
        f"{words.number(float(here[way].min()))} with it"
        for way in _shown(here, usually)
    ]
    return (
        f"{title(result, site)}. Two panels of stacked bars of red cells issued per week by the "
        f"way they came, {site_title(result.scenario, site)}: above with the incident, below "
        f"without it. Units a week: {'; '.join(each) or 'none'}. "
        f"{phases.in_words(result.scenario, site)}"
    )


def _shown(*arms: pd.DataFrame) -> list[Way]:
    """Return the ways that can be seen in any arm."""
    most = max(float(units.sum(axis=1).max()) for units in arms)
    return [
        way for way in COLOURS if any(float(units[way].max()) > VISIBLE * most for units in arms)
    ]


def red_cells_by_route(result: Simulated, ax: Axes | None = None, site: str = ALL_SITES) -> Axes:
    """Draw red cells issued per week by the way they came, with and without the incident.

    Parameters
    ----------
    result : Simulated
    ax : Axes, optional
        Where, divided for the two panels; else in a new figure.
    site : str
        Name of a site, or ``all``.

    Returns
    -------
    Axes
        The upper panel.

    Raises
    ------
    ValueError
        If there is no such site.
    """
    where = site_title(result.scenario, site)
    here, usually = (_units(result, arm, site) for arm in (DISRUPTED, BASELINE))
    weeks = weekly_series(result, _measure(Way.ELECTRONIC_ISSUE), DISRUPTED, site)["week_start"]
    middle = np.array(style.day_numbers(weeks)) + 3.5
    ways = _shown(here, usually)
    with style.house_style():
        ax = style.axes_or_new(ax, HEIGHT_INCHES)
        add_headings(
            ax,
            title(result, site),
            f"Red cells issued per week by the way they came, {where}. "
            f"Mean of {words.plural(runs(result), 'run')}",
        )
        upper, lower = add_time(ax, result, site, more_panels=1, lower_height=LOWER_HEIGHT)
        for panel, units in ((upper, here), (lower, usually)):
            _draw_bars(panel, middle, units, ways)
            style.thousands(panel)
        _add_key(upper, ways)
        bars = _make_room(upper, lower, max(here.sum(axis=1).max(), usually.sum(axis=1).max(), 1.0))
        upper.set_ylabel("With the incident", y=bars / 2.0)
        lower.set_ylabel("Without it")
    return ax


def _draw_bars(
    ax: Axes,
    middle: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    units: pd.DataFrame,
    ways: list[Way],
) -> None:
    bottom = np.zeros(middle.size)
    for way in ways:
        height = units[way].to_numpy()
        ax.bar(
            middle, height, width=BAR_DAYS, bottom=bottom, color=COLOURS[way], linewidth=0,
            label=KEY_WORDS[way],
        )  # fmt: skip
        bottom = bottom + height


def _add_key(ax: Axes, ways: list[Way]) -> None:
    if not ways:
        return
    ax.legend(
        loc="upper left",
        ncols=KEY_COLUMNS,
        frameon=False,
        handlelength=1.0,
        handleheight=1.0,
        borderaxespad=0.0,
        borderpad=0.2,
        labelspacing=0.25,
        columnspacing=1.6,
    )


def _make_room(upper: Axes, lower: Axes, most: float) -> float:
    """Keep the key above the bars, and a unit as high in both panels.

    Returns
    -------
    float
        Share of the upper panel that is for bars.
    """
    rows = -(-len(COLOURS) // KEY_COLUMNS)
    key = (KEY_ROW_POINTS * rows + KEY_GAP_POINTS) / style.height_points(upper)
    share = min(max(key, 1.0 - LOWER_HEIGHT), 0.6)
    top = 1.02 * most / (1.0 - share)
    upper.set_ylim(0.0, top)
    lower.set_ylim(0.0, LOWER_HEIGHT * top)
    ticks = [tick for tick in upper.get_yticks() if tick <= 1.02 * most]
    for panel in (upper, lower):
        panel.set_yticks(ticks)
    upper.spines["left"].set_bounds(0.0, 1.02 * most)
    return 1.0 - share
