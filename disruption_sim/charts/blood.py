"""O-negative red cells: issued per week, days of stock, and the blood service's alerts."""

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

HEIGHT_INCHES = 8.4
ISSUED = "o_negative_issued"
HOSPITAL = "o_negative_stock_days_hospital"
NATIONAL = "o_negative_stock_days_national"
SCARCEST = "national_stock_days_lowest_group"
ALERT = "blood_alert_days"
# Days by which another group is scarcer before it is worth a line.
VISIBLE = 0.1
LINES = {"pre_amber": style.MID_GREY, "amber": style.YELLOW, "red": style.PINK}
LABEL_POINTS = 9.0


def data(result: Simulated, site: str = ALL_SITES) -> pd.DataFrame:
    """Return the numbers of the figure, both arms; the blood service's are national."""
    wanted = (
        (ISSUED, site), (HOSPITAL, site), (NATIONAL, ALL_SITES), (SCARCEST, ALL_SITES),
        (ALERT, ALL_SITES),
    )  # fmt: skip
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
    kept = (
        f"lowest stock {_lowest(result, HOSPITAL, site, ' without the incident')} days in "
        f"hospitals, {_lowest(result, NATIONAL, ALL_SITES)} at the blood service"
    )
    alert = total(result, ALERT, EXCESS, ALL_SITES)["mean"]
    if alert >= 0.5:
        kept += f"; {words.number(alert)} more days in an amber or red alert"
    if not abs(excess["mean"]) >= 0.5:
        return "No more O-negative units are issued than without the incident"
    more = "more" if excess["mean"] > 0.0 else "fewer"
    share = f" ({words.percent(abs(excess['mean']) / usual)})" if usual > 0.0 else ""
    return f"{words.number(abs(excess['mean']))} {more} O-negative units issued{share}; {kept}"


def _lowest(result: Simulated, measure: str, place: str, usually: str = "") -> str:
    """Return the days of the week with the lowest stock, beside the same week's without."""
    stock = weekly_series(result, measure, DISRUPTED, place)
    worst = lowest(stock)
    usual = weekly_series(result, measure, BASELINE, place)["mean"]
    instead = float(usual[stock["week"] == worst.number].iloc[0])
    return f"{words.decimal(worst.mean)} ({words.decimal(instead)}{usually})"


def alt_text(result: Simulated, site: str = ALL_SITES) -> str:
    """Return the figure in words for those who cannot see it."""
    worst = highest(weekly_series(result, ISSUED, DISRUPTED, site))
    usual = weekly_series(result, ISSUED, BASELINE, site)["mean"].mean()
    national = lowest(weekly_series(result, NATIONAL, DISRUPTED, ALL_SITES))
    return (
        f"{title(result, site)}. Three panels, {site_title(result.scenario, site)}. Above: "
        f"O-negative units issued per week, most in week {worst.number} with "
        f"{words.number(worst.mean)}; without the incident {words.number(usual)} on average. "
        f"In the middle: days of O-negative stock in hospitals. Below: days of O-negative stock at "
        f"the blood service, lowest in week {national.number} with "
        f"{words.decimal(national.mean)} days; its alerts begin under {_triggers(result)}. "
        f"{phases.in_words(result.scenario, site)}"
    )


def _triggers(result: Simulated) -> str:
    """Return when each alert begins, in words."""
    alerts = result.scenario.transfusion.blood_service.alerts
    named = [f"{_named(phase.name)} {words.decimal(phase.trigger_days)}" for phase in alerts]
    return f"{words.enumeration(named)} days of any group" if named else "no level"


def _named(phase: str) -> str:
    return phase.replace("_", "-")


def o_negative(result: Simulated, ax: Axes | None = None, site: str = ALL_SITES) -> Axes:
    """Draw O-negative units issued per week over days of stock in hospitals and nationally.

    Parameters
    ----------
    result : Simulated
    ax : Axes, optional
        Where, divided for the three panels; else in a new figure.
    site : str
        Name of a site, or ``all``. The blood service's stock is national in either case.

    Returns
    -------
    Axes
        The uppermost panel.

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
        issued, hospitals, national = add_time(ax, result, site, more_panels=2)
        _draw(issued, result, ISSUED, site, style.PINK, "Units issued a week")
        style.key(issued)
        _draw(hospitals, result, HOSPITAL, site, style.BLUE, "Days, hospitals")
        _draw(national, result, NATIONAL, ALL_SITES, style.PURPLE, "Days, blood service")
        _draw_scarcest(national, result)
        _draw_alerts(national, result)
    return ax


def _middle(table: pd.DataFrame) -> list[float]:
    return [day + 3.5 for day in style.day_numbers(table["week_start"])]


def _draw(
    ax: Axes, result: Simulated, measure: str, place: str, colour: str, axis_label: str
) -> None:
    here, usual = (weekly_series(result, measure, arm, place) for arm in (DISRUPTED, BASELINE))
    style.band(ax, _middle(here), here, colour, "with the incident")
    style.band(ax, _middle(usual), usual, style.DARK_GREY, "without the incident")
    ax.set_ylabel(axis_label)
    ax.set_ylim(bottom=0.0)


def _draw_scarcest(ax: Axes, result: Simulated) -> None:
    """Draw the stock of the scarcest group, by which alerts go, where it is another one."""
    scarcest, own = (
        weekly_series(result, measure, DISRUPTED, ALL_SITES) for measure in (SCARCEST, NATIONAL)
    )
    if not (own["mean"] - scarcest["mean"]).max() > VISIBLE:
        return
    ax.plot(
        _middle(scarcest),
        scarcest["mean"],
        color=style.PURPLE,
        linewidth=1.6,
        linestyle="--",
        label="scarcest group (mean)",
    )
    ax.legend(
        handles=[ax.get_lines()[-1]],
        loc="best",
        frameon=False,
        labelcolor="linecolor",
        handlelength=1.6,
        borderaxespad=0.2,
    )


def _draw_alerts(ax: Axes, result: Simulated) -> None:
    """Draw the levels under which the blood service goes into an alert."""
    _, right = ax.get_xlim()
    for phase in result.scenario.transfusion.blood_service.alerts:
        ax.axhline(phase.trigger_days, color=LINES[phase.name], linewidth=1.4, zorder=1.5)
        name = style.label(
            ax,
            _named(phase.name),
            (right, phase.trigger_days),
            (-2.0, 2.0),
            style.INK,
            align="right",
            valign="bottom",
        )
        name.set_fontsize(LABEL_POINTS)
