"""Net backlog of operations in patients, with recovery marked, over that in theatre hours."""

from __future__ import annotations

import math

import pandas as pd
from matplotlib.axes import Axes

from disruption_sim.charts import phases, style, words
from disruption_sim.charts.frame import add_headings, add_time
from disruption_sim.charts.inputs import (
    ALL_SITES,
    DISRUPTED,
    Simulated,
    highest,
    last,
    runs,
    site_title,
    weekly_series,
)

HEIGHT_INCHES = 6.4
LOWER_HEIGHT = 0.45
MEASURE = "operations_backlog"
HOURS = "operations_backlog_hours"
CLOCK = "operations_backlog"
HEADROOM = 1.25
FOOTROOM = 0.19
LEAST_HEIGHT = 10.0


def data(result: Simulated, site: str = ALL_SITES) -> pd.DataFrame:
    """Return the numbers of the figure: the net backlog at the end of each week.

    Returns
    -------
    DataFrame
        ``week_start``, ``week``, ``site``, ``measure`` (in patients, and in theatre hours),
        ``arm``, ``mean``, ``q05`` to ``q95``, ``n``.
    """
    return pd.concat(
        [weekly_series(result, measure, DISRUPTED, site) for measure in (MEASURE, HOURS)],
        ignore_index=True,
    )


def clock(result: Simulated) -> pd.Series[float]:
    """Return the recovery clock of operations (of all sites together).

    Raises
    ------
    ValueError
        If the result does not have it.
    """
    table = result.recovery
    chosen = table[(table["clock"] == CLOCK) & (table["arm"] == DISRUPTED)]
    if chosen.empty:
        raise ValueError(f"the result has no recovery clock {CLOCK!r}")
    row: pd.Series[float] = chosen.iloc[0]
    return row


def recovery_in_words(result: Simulated) -> str:
    """Return when the backlog is gone, and in how many runs it is not."""
    found = clock(result)
    # Recovery has to last, so that the latest to be seen begins before the end of the runs.
    weeks = math.floor(found["seen_weeks"])
    number, censored = int(found["n"]), int(found["n_censored"])
    first, middle, late = (
        float(found[name]) for name in ("q05_weeks", "median_weeks", "q95_weeks")
    )
    if late == 0.0:
        return "never beyond the tolerance"
    not_recovered = f"not recovered within {weeks} weeks"
    if number > 1:
        not_recovered += f" in {censored} of {number} runs"
    if not math.isfinite(middle):
        return not_recovered
    recovered = f"recovered after {words.decimal(middle)} weeks"
    if number < 2:
        return f"{recovered} (one run)"
    upper = words.decimal(late) if math.isfinite(late) else f"more than {weeks}"
    recovered += f" (median; {words.NINETY_PERCENT} of runs {words.decimal(first)} to {upper})"
    return f"{recovered}, {not_recovered}" if censored else recovered


def title(result: Simulated, site: str = ALL_SITES) -> str:
    """Return the finding in words."""
    peak = highest(weekly_series(result, MEASURE, DISRUPTED, site))
    if not peak.mean >= 0.5:
        return "No backlog of operations builds up"
    built = f"Backlog of operations peaks at {words.number(peak.mean)} in week {peak.number}"
    return f"{built}; {recovery_in_words(result)}" if site == ALL_SITES else built


def alt_text(result: Simulated, site: str = ALL_SITES) -> str:
    """Return the figure in words for those who cannot see it."""
    end, hours = (
        last(weekly_series(result, measure, DISRUPTED, site)) for measure in (MEASURE, HOURS)
    )
    most = highest(weekly_series(result, HOURS, DISRUPTED, site))
    found = clock(result)
    return (
        f"{title(result, site)}. Line of the net backlog of operations at the end of each week, "
        f"{site_title(result.scenario, site)}: patients treated or removed from the list without "
        f"the incident less those with it. At the end of week {end.number} it is "
        f"{words.number(end.mean)} {words.spread(end.q05, end.q95, runs(result))}. "
        f"A second line shows the same in planned theatre hours: at most {words.number(most.mean)} "
        f"in week {most.number}, {words.number(hours.mean)} at the end. {_rule(found)} "
        f"{phases.in_words(result.scenario, site)}"
    )


def _rule(found: pd.Series[float]) -> str:
    return (
        f"Recovered: at or under {words.number(found['tolerance'])} operations for "
        f"{found['window_days']:.0f} days."
    )


def operations_backlog(result: Simulated, ax: Axes | None = None, site: str = ALL_SITES) -> Axes:
    """Draw the net backlog of operations, when it is gone, and what it is in theatre hours.

    Parameters
    ----------
    result : Simulated
    ax : Axes, optional
        Where, divided for the two panels; else in a new figure.
    site : str
        Name of a site, or ``all``; recovery is known, and marked, for all sites together.

    Returns
    -------
    Axes
        The upper panel.

    Raises
    ------
    ValueError
        If there is no such site.
    """
    table, hours = (weekly_series(result, name, DISRUPTED, site) for name in (MEASURE, HOURS))
    found = clock(result)
    where = site_title(result.scenario, site)
    rule = f" {_rule(found)}" if site == ALL_SITES else ""
    with style.house_style():
        ax = style.axes_or_new(ax, HEIGHT_INCHES)
        add_headings(
            ax,
            title(result, site),
            f"Operations, and theatre hours for them, behind the future without the incident, "
            f"{where}. "
            f"{words.bands(runs(result))}.{rule}",
        )
        days = style.day_numbers(table["week_start"])
        _draw_backlog(ax, table)
        ax.set_ylabel("Operations")
        low, high = ax.get_ylim()
        high = max(high, LEAST_HEIGHT)
        ax.set_ylim(min(low, -FOOTROOM * high), high * HEADROOM)
        # The room under zero is for the label, unless the backlog really goes there.
        least = min(0.0, float(table["q05"].min()))
        ax.set_yticks([tick for tick in ax.get_yticks() if least <= tick <= ax.get_ylim()[1]])
        style.label(
            ax,
            "without the incident",
            (days[-1] + 7.0, 0.0),
            (0.0, -3.0),
            style.INK,
            align="right",
            valign="top",
        )
        if site == ALL_SITES and found["q95_weeks"] != 0.0 and highest(table).mean >= 0.5:
            _mark_recovery(ax, result, found, days[0])
        _, lower = add_time(ax, result, site, more_panels=1, lower_height=LOWER_HEIGHT)
        _draw_backlog(lower, hours)
        lower.set_ylabel("Theatre hours")
        low, high = lower.get_ylim()
        lower.set_ylim(low, max(high, LEAST_HEIGHT))
    return ax


def _draw_backlog(ax: Axes, table: pd.DataFrame) -> None:
    # A backlog is counted at the end of its week, and starts from nothing.
    days = style.day_numbers(table["week_start"])
    start = pd.DataFrame({name: [0.0] for name in ("mean", "q05", "q25", "q75", "q95")})
    style.band(ax, [days[0], *(day + 7.0 for day in days)], pd.concat([start, table]), style.BLUE)
    ax.axhline(0.0, color=style.INK, linewidth=1.2)
    style.thousands(ax)


def _mark_recovery(ax: Axes, result: Simulated, found: pd.Series[float], week_1: float) -> None:
    """Mark the median with its interval above the curve; an open end is an arrow."""
    onset = week_1 + result.scenario.calendar.onset.weekday()
    end = week_1 + 7.0 * result.scenario.calendar.horizon_weeks
    level = ax.get_ylim()[1] / HEADROOM * 1.12
    first, middle, late = (
        onset + 7.0 * found[name] if math.isfinite(found[name]) else math.inf
        for name in ("q05_weeks", "median_weeks", "q95_weeks")
    )
    if math.isfinite(first):
        ax.plot([first, min(late, end)], [level, level], color=style.PINK, linewidth=2.0)
        if math.isinf(late):
            ax.plot([end], [level], marker=">", color=style.PINK, markersize=7.0, clip_on=False)
    if math.isfinite(middle):
        ax.plot([middle], [level], marker="o", color=style.PINK, markersize=7.0)
        ax.plot([middle, middle], [0.0, level], color=style.PINK, linewidth=1.0, linestyle=":")
    text = (
        recovery_in_words(result).replace(" (median; ", "\n").replace(")", "").replace(", ", "\n")
    )
    text = text[0].upper() + text[1:]
    start, stop = min(first, middle, end), min(max(middle, late), end)
    if stop - week_1 < 0.55 * (end - week_1):
        style.label(ax, text, (stop, level), (11.0, 0.0), style.PINK)
    else:
        style.label(ax, text, (start, level), (-9.0, 0.0), style.PINK, align="right")
