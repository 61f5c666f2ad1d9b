"""The disruption's timeline as bars under a time axis."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb

from disruption_sim.charts import style, words
from disruption_sim.charts.inputs import ALL_SITES
from disruption_sim.scenario.effects import disruption_depth, effect_depth
from disruption_sim.scenario.model import Capability, Scenario
from disruption_sim.step_function import StepFunction, combine

ROW_POINTS = 15.0
LABEL_POINTS = 9.0
BAR_HEIGHT = 0.66
# The palest bar still shows on white.
LEAST_TINT = 0.25

SERVICES = (
    (
        "Laboratory IT lost",
        (Capability.BOOKING_IN, Capability.AUTHORISATION, Capability.REPORTING),
    ),
    ("Analysers lost", (Capability.ANALYSERS,)),
    ("Transfusion IT lost", (Capability.TRANSFUSION_IT,)),
    ("Theatres closed", (Capability.THEATRES,)),
    ("Clinics closed", (Capability.CLINICS,)),
)
IN_LABORATORIES = frozenset(
    {
        Capability.BOOKING_IN,
        Capability.AUTHORISATION,
        Capability.REPORTING,
        Capability.ANALYSERS,
    }
)


@dataclass(frozen=True)
class Phase:
    """Something that was lost for a time.

    Attributes
    ----------
    title : str
    condition : bool
        Whether it holds in every arm.
    spans : tuple of (start, end, depth)
        Hours of simulation time, and the share lost; from week 1 to the end.
    """

    title: str
    condition: bool
    spans: tuple[tuple[float, float, float], ...]


def phases(scenario: Scenario, site: str = ALL_SITES) -> tuple[Phase, ...]:
    """Return what a scenario takes away, service by service, and its conditions.

    The depth of a service is the mean over its places (the hospitals, or one of them, and for
    laboratories the hub as well) of the deepest loss of its capabilities.
    """
    found = []
    sites = scenario.site_names if site == ALL_SITES else (site,)
    for title, capabilities in SERVICES:
        laboratories = IN_LABORATORIES.issuperset(capabilities)
        places = (*sites, scenario.network.hub.name) if laboratories else sites
        depth = combine(
            [
                combine(
                    [disruption_depth(scenario, capability, place) for capability in capabilities],
                    max,
                )
                for place in places
            ],
            _mean,
        )
        found.append(Phase(title, False, _spans(scenario, depth)))
    for condition in scenario.conditions:
        if scenario.places(condition.places) & set(sites):
            title = condition.name.replace("_", " ").capitalize()
            depth = effect_depth(scenario, condition)
            found.append(Phase(f"{title} (in both futures)", True, _spans(scenario, depth)))
    return tuple(phase for phase in found if phase.spans)


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)


def _spans(scenario: Scenario, depth: StepFunction) -> tuple[tuple[float, float, float], ...]:
    calendar = scenario.calendar
    limits = pairwise((*depth.times, float("inf")))
    spans = (
        (max(start, calendar.week_1_hour), min(end, calendar.end_hour), value)
        for (start, end), value in zip(limits, depth.values, strict=True)
        if value > 0.0
    )
    return tuple(span for span in spans if span[0] < span[1])


def phase_table(scenario: Scenario, site: str = ALL_SITES) -> pd.DataFrame:
    """Return the phases as a table: ``phase``, ``start``, ``end`` (dates and times), ``depth``."""
    origin = pd.Timestamp(scenario.calendar.first_day)
    rows = [
        (phase.title, origin + pd.Timedelta(hours=start), origin + pd.Timedelta(hours=end), depth)
        for phase in phases(scenario, site)
        for start, end, depth in phase.spans
    ]
    return pd.DataFrame(rows, columns=["phase", "start", "end", "depth"])


def add_phases(divider: Any, ax: Axes, scenario: Scenario, site: str = ALL_SITES) -> Axes:
    """Draw the phases under a time axis.

    Parameters
    ----------
    divider : mpl_toolkits.axes_grid1.axes_divider.AxesDivider
        Of the axes that the figure was given, out of whose space the strip is taken.
    ax : Axes
        Whose time axis is shared.
    scenario : Scenario
    site : str

    Returns
    -------
    Axes
        The strip; empty and flat if nothing is lost.
    """
    rows = phases(scenario, site)
    strip: Axes = divider.append_axes(
        "bottom",
        size=max(len(rows), 0.1) * ROW_POINTS / style.POINTS_PER_INCH,
        pad=style.TIME_AXIS_POINTS / style.POINTS_PER_INCH,
        sharex=ax,
    )
    strip.grid(False)
    strip.spines[:].set_visible(False)
    strip.tick_params(left=False, labelleft=False, bottom=False, labelbottom=False)
    strip.set_ylim(len(rows) - 0.5 if rows else 0.5, -0.5)
    for row, phase in enumerate(rows):
        _draw(strip, scenario, row, phase)
    return strip


def _draw(strip: Axes, scenario: Scenario, row: int, phase: Phase) -> None:
    colour = style.MID_GREY if phase.condition else style.DARK_BLUE
    origin = style.day_number(scenario.calendar.first_day)
    bars = [(origin + start / 24.0, (end - start) / 24.0) for start, end, _ in phase.spans]
    tints = [_tinted(colour, depth) for _, _, depth in phase.spans]
    strip.broken_barh(bars, (row - BAR_HEIGHT / 2.0, BAR_HEIGHT), facecolors=tints, linewidth=0)
    end = bars[-1][0] + bars[-1][1]
    left, right = strip.get_xlim()
    figure = strip.get_figure(root=True)
    assert figure is not None
    points = strip.get_position().width * figure.get_figwidth() * style.POINTS_PER_INCH
    room = (right - end) / (right - left) * points
    beside = room > style.text_width(phase.title, LABEL_POINTS) + 8.0
    strip.annotate(
        phase.title,
        xy=(end if beside else bars[0][0], row),
        xytext=(4.0, -0.5),
        textcoords="offset points",
        fontsize=LABEL_POINTS,
        color=style.INK if beside else "white",
        va="center",
        annotation_clip=False,
    )


def _tinted(colour: str, depth: float) -> tuple[float, float, float]:
    strength = LEAST_TINT + (1.0 - LEAST_TINT) * depth
    red, green, blue = (1.0 - strength * (1.0 - part) for part in to_rgb(colour))
    return red, green, blue


def in_words(scenario: Scenario, site: str = ALL_SITES) -> str:
    """Return the phases as sentences for an alt text."""
    calendar = scenario.calendar
    return " ".join(
        f"{phase.title}: {words.percent(depth)} from {words.date(calendar.date(start), year=True)} "
        f"to {words.date(calendar.date(end), year=True)}."
        for phase in phases(scenario, site)
        for start, end, depth in phase.spans
    )
