"""O-negative red cells: issued per week, and days of stock."""

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
    lowest,
    runs,
    site_title,
    total,
    weekly_series,
)

HEIGHT_INCHES = 6.9
ISSUED = "o_negative_issued"
HOSPITAL = "o_negative_stock_days_hospital"
NATIONAL = "o_negative_stock_days_national"
GAP_INCHES = 0.32


def data(result: Simulated, site: str = ALL_SITES) -> pd.DataFrame:
    """Return the numbers of the figure: both panels, both arms; the national stock is national."""
    wanted = ((ISSUED, site), (HOSPITAL, site), (NATIONAL, ALL_SITES))
    return pd.concat(
        [
            weekly_series(result, measure, arm, place)
            for measure, place in wanted
            for arm in (BASELINE, DISRUPTED)
        ],
        ignore_index=True,
    )


def title(result: Simulated, site: str = ALL_SITES) -> str:
    """Return the finding in words."""
    excess = total(result, ISSUED, EXCESS, site)
    usual = total(result, ISSUED, BASELINE, site)["mean"]
    stock = weekly_series(result, HOSPITAL, DISRUPTED, site)
    worst = lowest(stock)
    usually = weekly_series(result, HOSPITAL, BASELINE, site)["mean"]
    instead = float(usually[stock["week"] == worst.number].iloc[0])
    kept = (
        f"hospital stock lowest in week {worst.number}: {words.decimal(worst.mean)} days "
        f"({words.decimal(instead)} without the incident)"
    )
    if not abs(excess["mean"]) >= 0.5:
        return "No more O-negative units are issued than without the incident"
    more = "more" if excess["mean"] > 0.0 else "fewer"
    share = f" ({words.percent(abs(excess['mean']) / usual)})" if usual > 0.0 else ""
    return f"{words.number(abs(excess['mean']))} {more} O-negative units issued{share}; {kept}"


def alt_text(result: Simulated, site: str = ALL_SITES) -> str:
    """Return the figure in words for those who cannot see it."""
    worst = highest(weekly_series(result, ISSUED, DISRUPTED, site))
    usual = weekly_series(result, ISSUED, BASELINE, site)["mean"].mean()
    national = lowest(weekly_series(result, NATIONAL, DISRUPTED, ALL_SITES))
    return (
        f"{title(result, site)}. Two panels, {site_title(result.scenario, site)}. Above: "
        f"O-negative units issued per week, most in week {worst.number} with "
        f"{words.number(worst.mean)}; without the incident {words.number(usual)} on average. "
        f"Below: days of O-negative stock in hospitals and at the blood service, whose lowest is "
        f"{words.decimal(national.mean)} days in week {national.number}. "
        f"{phases.in_words(result.scenario, site)}"
    )


def o_negative(result: Simulated, ax: Axes | None = None, site: str = ALL_SITES) -> Axes:
    """Draw O-negative units issued per week over days of O-negative stock.

    Parameters
    ----------
    result : Simulated
    ax : Axes, optional
        Where, halved for the two panels; else in a new figure.
    site : str
        Name of a site, or ``all``. The blood service's stock is national in either case.

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
    with style.house_style():
        ax = style.axes_or_new(ax, HEIGHT_INCHES)
        add_headings(
            ax,
            title(result, site),
            f"O-negative red cells issued per week, and days of stock, {where}. "
            f"{words.bands(runs(result))}",
        )
        issued, usual = (weekly_series(result, ISSUED, arm, site) for arm in (DISRUPTED, BASELINE))
        middle = [day + 3.5 for day in style.day_numbers(issued["week_start"])]
        style.band(ax, middle, issued, style.PINK, "with the incident")
        style.band(ax, middle, usual, style.DARK_GREY, "without the incident")
        ax.set_ylabel("Units issued a week")
        ax.set_ylim(bottom=0.0)
        style.key(ax)
        stock = add_time(ax, result, site, panel_gap_inches=GAP_INCHES)
        _draw_stock(stock, result, site, middle)
    return ax


def _draw_stock(ax: Axes, result: Simulated, site: str, middle: list[float]) -> None:
    hospitals = "hospitals" if site == ALL_SITES else site_title(result.scenario, site)
    for measure, place, colour, name in (
        (HOSPITAL, site, style.BLUE, hospitals),
        (NATIONAL, ALL_SITES, style.PURPLE, "blood service, national"),
    ):
        held, usually = (
            weekly_series(result, measure, arm, place) for arm in (DISRUPTED, BASELINE)
        )
        style.band(ax, middle, held, colour, name)
        ax.plot(middle, usually["mean"], color=colour, linewidth=1.4, linestyle=":")
    ax.plot([], [], color=style.DARK_GREY, linestyle=":", label="without the incident")
    ax.set_ylabel("Days of stock")
    ax.set_ylim(bottom=0.0)
    style.key(ax)
