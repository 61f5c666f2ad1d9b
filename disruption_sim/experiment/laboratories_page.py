"""One page in plain words: what the laboratories did, and which mechanism carried which share."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from disruption_sim.experiment.laboratory_tables import NORMAL_VOLUME, PEOPLE
from disruption_sim.experiment.markdown import markdown_table
from disruption_sim.experiment.replication import BASELINE, DISRUPTED
from disruption_sim.measures import CapacityItem, VolumeItem

if TYPE_CHECKING:
    from disruption_sim.experiment.result import Result

FIRST_WEEKS = 8
INTRODUCTION = """\
Means over {runs} of scenario `{name}`, seed {seed}; the numbers with their run-to-run variation
are in `laboratories.csv`, `throughput.csv`, `fates.csv`, `utilisation.csv` and the files whose
names begin with `turnaround`. *Normal* is the same week of the same world without the incident."""
VOLUME = """\
Per cent of the tubes that the own laboratories would have reported in the week. Each column adds up
to 100 but for rounding: what was not reported was not asked for, went elsewhere, was lost or is
left waiting (on its way, in a laboratory, or to be taken again). An expired tube is found when its
turn comes, which may be weeks later, and counts in that week. A negative number is work that came
on top: older work reported or thrown out, restricted tests that came back, tests asked for
again."""
CAPACITY = """\
Tubes reported (group and screen apart, which has a bench of its own) as a share of normal = staff
hours on duty x share of them that was worked / minutes for each tube, each over its normal value.
The rows that begin with *of which* multiply to the minutes for each tube: more by hand, fewer with
practice, more for tubes that are booked in and then lost, more for paper that has to be entered
back. Staff on duty above 1 is the reinforcement."""
TURNAROUND = """\
Share of the tubes that were reported, or had expired when their turn came, reported within the
standard, from receipt to report: normal, and the worst week of the incident."""
UTILISATION = """\
Mean over the week of the hours that were worked, over those on duty: normal, and the busiest week
of the incident. People share booking-in, authorisation, reporting and back-entry; of the machines
the busiest kind is shown. Night and day are together, so that a busy morning hides behind a
quiet night: the hours of receipt are in `turnaround_by_hour.csv`."""


def laboratories_page(result: Result) -> str:
    """Return the page as Markdown.

    Parameters
    ----------
    result : Result
    """
    count = len(result.done)
    runs = f"{count} run{'s' if count != 1 else ''}"
    introduction = INTRODUCTION.format(runs=runs, name=result.scenario.name, seed=result.seed)
    parts = [
        f"# The laboratories: {result.scenario.title}",
        introduction,
        *_throughput(result.throughput),
        "## Where the tubes went",
        VOLUME,
        _volume(result.laboratories),
        "## What people had time for",
        CAPACITY,
        _capacity(result.laboratories),
        "## Turnaround",
        TURNAROUND,
        _turnaround(result.turnaround),
        "## How busy",
        UTILISATION,
        _utilisation(result.utilisation),
    ]
    return "\n\n".join(parts) + "\n"


def _throughput(table: pd.DataFrame) -> list[str]:
    weekdays = int(table["weekdays"].iloc[0])
    several = bool((table["n"] > 1).any())
    known = bool(table["published"].notna().any())
    heads = ["Up to", "Throughput, % of normal"]
    heads += ["90 % of runs"] * several + ["Published", "Difference, points"] * known
    rows = []
    for _, row in table.iterrows():
        cells = [f"{row['until']:%Y-%m-%d}", _percent(row["mean"])]
        if several:
            cells.append(f"{_percent(row['q05'])} to {_percent(row['q95'])}")
        if known:
            cells += [
                _percent(row["published"]),
                f"{100.0 * (row['mean'] - row['published']):+.0f}",
            ]
        rows.append(cells)
    parts = [
        "## Throughput",
        f"Tubes reported by the own laboratories on the {weekdays} weekdays up to a date, over the "
        "same\ndays of the normal future.",
        markdown_table(heads, rows),
    ]
    sources = sorted({source for source in table["source"] if source})
    return [*parts, *(f"Published: {source}." for source in sources)]


def _volume(table: pd.DataFrame) -> str:
    volume = table[table["part"] == "volume"]
    weeks = _weeks(table)
    rows = [
        [item.in_words, *map(_percent, _values(volume, item.value, "share_of_normal", weeks))]
        for item in VolumeItem
    ]
    tubes = _values(volume, NORMAL_VOLUME, "mean", weeks)
    rows.append(["Normal volume, tubes", *(f"{count:,.0f}" for count in tubes)])
    return markdown_table(_week_heads("% of normal volume", weeks), rows)


def _capacity(table: pd.DataFrame) -> str:
    weeks = _weeks(table)
    rows = [
        [
            item.in_words,
            *(_decimal(value, 2) for value in _values(table, item.value, "mean", weeks)),
        ]
        for item in CapacityItem
    ]
    for name, title in {
        "staff_minutes_per_tube": "Staff minutes for each tube",
        "staff_minutes_per_tube_usually": "the same, normal",
    }.items():
        rows.append([title, *(_decimal(value, 1) for value in _values(table, name, "mean", weeks))])
    wasted = _values(table, "wasted_share", "mean", weeks)
    rows.append(["Hours spent on tubes that were lost, %", *map(_percent, wasted)])
    return markdown_table(_week_heads("Over normal", weeks), rows)


def _values(table: pd.DataFrame, item: str, column: str, weeks: Sequence[int]) -> list[float]:
    """Return one item's numbers in some weeks."""
    own = table[table["item"] == item].set_index("week")[column]
    return [float(value) for value in own.reindex(list(weeks))]


def _turnaround(table: pd.DataFrame) -> str:
    rows = []
    table = table[table["site"] == "all"]
    for source, own in table.groupby("source", sort=False):
        usual = own.loc[own["arm"] == BASELINE, "mean"].mean()
        here = own[own["arm"] == DISRUPTED]
        first = own.iloc[0]
        standard = f"{100.0 * first['standard_share']:.0f} % in {first['standard_hours']:g} h"
        shown = here[here["mean"].notna()].sort_values("mean", kind="stable")
        worst = ["-", "-"]
        if len(shown):
            worst = [_percent(float(shown["mean"].iloc[0])), str(shown["week"].iloc[0])]
        rows.append(
            [
                _in_words(str(source)),
                standard,
                _percent(usual),
                *worst,
            ]
        )
    return markdown_table(["Source", "Standard", "Normal, %", "Worst week, %", "Week"], rows)


def _utilisation(table: pd.DataFrame) -> str:
    rows = []
    for laboratory, own in table.groupby("laboratory", sort=False):
        people = own[own["step"] == PEOPLE]
        machines = own[own["of"] == "places"]
        usual = machines[machines["arm"] == BASELINE].groupby("step", sort=False)["mean"].mean()
        busiest = str(usual.idxmax())
        rows.append(
            [
                _in_words(str(laboratory)),
                *_before_and_at_most(people),
                _in_words(busiest),
                *_before_and_at_most(machines[machines["step"] == busiest]),
            ]
        )
    heads = ["Laboratory", "People, %", "at most", "Busiest machines", "%", "at most"]
    return markdown_table(heads, rows)


def _before_and_at_most(table: pd.DataFrame) -> list[str]:
    usual = table.loc[table["arm"] == BASELINE, "mean"].mean()
    most = table.loc[table["arm"] == DISRUPTED, "mean"].max()
    return [_percent(float(usual)), _percent(float(most))]


def _weeks(table: pd.DataFrame) -> list[int]:
    return [int(week) for week in sorted(table["week"].unique())[:FIRST_WEEKS]]


def _week_heads(what: str, weeks: Sequence[int]) -> list[str]:
    return [what, *(f"Week {week}" for week in weeks)]


def _percent(share: float) -> str:
    """Return a share in whole per cent, without the sign that stands at the head."""
    if not math.isfinite(share):
        return "-"
    return f"{round(100.0 * share) + 0:d}"


def _decimal(value: float, digits: int) -> str:
    return f"{value:.{digits}f}" if math.isfinite(value) else "-"


def _in_words(name: str) -> str:
    return name.replace("_", " ")
