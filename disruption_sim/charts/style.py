"""How figures look: colours, type, bands of variation, the time axis, titles and footers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.font_manager import FontProperties
from matplotlib.text import Text
from matplotlib.textpath import text_to_path
from matplotlib.ticker import FuncFormatter

from disruption_sim import __version__
from disruption_sim.charts.inputs import Simulated, runs
from disruption_sim.charts.words import date, plural

# NHS identity colours, chosen so that neighbours differ in lightness as well as in hue and stay
# apart with any common form of colour blindness.
DARK_BLUE = "#003087"
BLUE = "#005EB8"
LIGHT_BLUE = "#41B6E6"
YELLOW = "#FFB81C"
PINK = "#AE2573"
PURPLE = "#330072"
INK = "#212B32"
DARK_GREY = "#425563"
MID_GREY = "#768692"
PALE_GREY = "#C4CCD2"
FAINT_GREY = "#E8EDEE"

WIDTH_INCHES = 6.9
TITLE_POINTS = 13.5
TEXT_POINTS = 10.5
FOOTER_POINTS = 8.5
# What Matplotlib makes of its shipped font, for reckoning the room that texts take.
LINE_HEIGHT = 1.2
POINTS_PER_INCH = 72.0
# Room for the numbers and the label of the vertical axis, into which titles reach back.
LEFT_POINTS = 55.0
RIGHT_POINTS = 14.0
TITLE_GAP_POINTS = 5.0
# Letters are set on whole pixels on a screen, which can make a line this much longer than it is.
FILLED = 0.97
SUBTITLE_GAP_POINTS = 9.0
EDGE_POINTS = 7.0
TIME_AXIS_POINTS = 42.0
FOOTER_GAP_POINTS = 8.0
MOST_TIME_LABELS = 10

FONT = "DejaVu Sans"

HALO = (patheffects.withStroke(linewidth=3.0, foreground="white"),)

RC: dict[str, Any] = {
    # Shipped with Matplotlib, so that a figure looks the same on every machine.
    "font.family": FONT,
    "font.size": TEXT_POINTS,
    # A name with a dollar sign is a name.
    "text.parse_math": False,
    "text.color": INK,
    "axes.edgecolor": MID_GREY,
    "axes.labelcolor": INK,
    "axes.labelsize": TEXT_POINTS,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "axes.facecolor": "white",
    "figure.facecolor": "white",
    "grid.color": FAINT_GREY,
    "grid.linewidth": 0.8,
    "xtick.color": MID_GREY,
    "ytick.color": MID_GREY,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": TEXT_POINTS,
    "ytick.labelsize": TEXT_POINTS,
    "lines.solid_capstyle": "round",
}


@contextmanager
def house_style() -> Iterator[None]:
    """Draw in the house style inside this context and leave the caller's settings alone."""
    settings: Any = RC  # Matplotlib's own type lists every key it knows
    with mpl.rc_context(settings):
        yield


def axes_or_new(ax: Axes | None, height_inches: float) -> Axes:
    """Return the given axes, or new ones in a pyplot figure (which a notebook shows by itself)."""
    if ax is not None:
        ax.set_facecolor("white")
        ax.spines[["top", "right"]].set_visible(False)
        ax.set_axisbelow(True)
        ax.grid(True, axis="y", color=FAINT_GREY, linewidth=0.8)
        return ax
    from matplotlib import pyplot

    return pyplot.figure(figsize=(WIDTH_INCHES, height_inches)).add_subplot()


def day_number(day: dt.date) -> float:
    """Return a date as its position on the time axis: days since 1970, as Matplotlib has it."""
    return float((day - dt.date(1970, 1, 1)).days)


def day_numbers(days: pd.Series[pd.Timestamp]) -> list[float]:
    """Return dates as positions on the time axis."""
    return [day_number(day.date()) for day in days]


def band(
    ax: Axes,
    positions: Sequence[float],
    table: pd.DataFrame,
    colour: str,
    name: str | None = None,
    *,
    factor: float = 1.0,
) -> None:
    """Draw a line for the mean with bands for the middle 50 % and 90 % of the runs."""
    low, high = table["q05"] * factor, table["q95"] * factor
    inner_low, inner_high = table["q25"] * factor, table["q75"] * factor
    ax.fill_between(positions, low, high, color=colour, alpha=0.18, linewidth=0)
    ax.fill_between(positions, inner_low, inner_high, color=colour, alpha=0.35, linewidth=0)
    ax.plot(positions, table["mean"] * factor, color=colour, linewidth=2.0, label=name)


def label(
    ax: Axes,
    text: str,
    at: tuple[float, float],
    offset: tuple[float, float],
    colour: str,
    *,
    align: str = "left",
    valign: str = "center",
) -> Text:
    """Write a label beside what it names, readable over lines and bands."""
    return ax.annotate(
        text,
        xy=at,
        xytext=offset,
        textcoords="offset points",
        color=colour,
        ha=align,
        va=valign,
        path_effects=list(HALO),
        annotation_clip=False,
    )


def time_axis(ax: Axes, result: Simulated) -> None:
    """Set the time axis: all simulated weeks from week 1, dates and week numbers of Mondays."""
    calendar = result.scenario.calendar
    weeks = calendar.horizon_weeks
    first = day_number(calendar.week_1)
    ax.set_xlim(first - 1.5, first + 7.0 * weeks + 1.5)
    step = next(step for step in (1, 2, 4, 8, 13, 26) if weeks / step <= MOST_TIME_LABELS)
    numbers = range(1, weeks + 1, step)
    mondays = [calendar.week_1 + dt.timedelta(weeks=number - 1) for number in numbers]
    ax.set_xticks(
        [day_number(monday) for monday in mondays],
        [
            f"{date(monday)}\n{'week ' if number == 1 else ''}{number}"
            for monday, number in zip(mondays, numbers, strict=True)
        ],
    )
    ax.tick_params(axis="x", length=4.0, pad=3.0)


def thousands(ax: Axes) -> None:
    """Write whole numbers with separators on the vertical axis."""
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))


def key(ax: Axes) -> None:
    """Name the lines in their own colours where the panel is emptiest."""
    ax.legend(
        loc="best",
        frameon=False,
        labelcolor="linecolor",
        handlelength=1.6,
        borderaxespad=0.2,
        labelspacing=0.3,
    )


def height_points(ax: Axes) -> float:
    """Return how high the axes are as they will be drawn."""
    figure = ax.get_figure(root=True)
    assert figure is not None
    locator: Any = ax.get_axes_locator()
    box = locator(ax, None) if locator is not None else ax.get_position()
    return float(box.height * figure.get_figheight() * POINTS_PER_INCH)


def wrapped(text: str, width_points: float, size_points: float, weight: str = "normal") -> str:
    """Return text with line breaks, so that every line is no wider than a width."""
    lines: list[str] = []
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(longer, size_points, weight) <= width_points:
            lines[-1] = longer
        else:
            lines.append(word)
    return "\n".join(lines)


def text_width(text: str, size_points: float, weight: str = "normal") -> float:
    """Return how wide a line of text is set, in points."""
    properties = FontProperties(family=FONT, weight=weight, size=size_points)
    measure: Any = text_to_path.get_text_width_height_descent
    width, _, _ = measure(text, properties, ismath=False)
    return float(width)


def headings(ax: Axes, title: str, subtitle: str) -> None:
    """Write the finding over what is shown, over the axes; make room if they have the figure."""
    figure = ax.get_figure(root=True)
    assert figure is not None
    alone = len(figure.axes) == 1
    figure_width, figure_height = (POINTS_PER_INCH * side for side in figure.get_size_inches())
    if alone:
        figure.subplots_adjust(
            left=LEFT_POINTS / figure_width, right=1.0 - RIGHT_POINTS / figure_width
        )
    axes_width = ax.get_position().width * figure_width
    back = LEFT_POINTS - EDGE_POINTS
    room = FILLED * (axes_width + back)
    title = wrapped(title, room, TITLE_POINTS, "bold")
    subtitle = wrapped(subtitle, room, TEXT_POINTS)
    over_subtitle = SUBTITLE_GAP_POINTS + _height(subtitle, TEXT_POINTS)
    ax.set_title(
        title,
        loc="left",
        x=-back / axes_width,
        pad=over_subtitle + TITLE_GAP_POINTS,
        fontsize=TITLE_POINTS,
        fontweight="bold",
        parse_math=False,
        color=INK,
    )
    ax.annotate(
        subtitle,
        xy=(0.0, 1.0),
        xycoords="axes fraction",
        xytext=(-back, SUBTITLE_GAP_POINTS),
        textcoords="offset points",
        color=DARK_GREY,
        va="bottom",
        annotation_clip=False,
    )
    if alone:
        over = over_subtitle + TITLE_GAP_POINTS + _height(title, TITLE_POINTS) + EDGE_POINTS
        under = EDGE_POINTS + FOOTER_POINTS * LINE_HEIGHT + FOOTER_GAP_POINTS
        figure.subplots_adjust(top=1.0 - over / figure_height, bottom=under / figure_height)


def footer(lowest: Axes, result: Simulated) -> None:
    """Write under the lowest axes what the figure was made from."""
    parts = (
        plural(runs(result), "run"),
        f"seed {result.seed}",
        f"scenario {result.scenario.name}",
        f"week 1 starts {date(result.scenario.calendar.week_1, year=True)}",
        f"disruption_sim {__version__}",
    )
    lowest.annotate(
        " · ".join(parts),
        xy=(0.0, 0.0),
        xycoords="axes fraction",
        xytext=(EDGE_POINTS - LEFT_POINTS, -FOOTER_GAP_POINTS),
        textcoords="offset points",
        color=DARK_GREY,
        fontsize=FOOTER_POINTS,
        va="top",
        annotation_clip=False,
    )


def _height(text: str, size_points: float) -> float:
    return size_points * LINE_HEIGHT * (1 + text.count("\n"))
