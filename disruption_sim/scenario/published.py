"""Figures that were published about real incidents, to stand beside those of the simulation."""

from __future__ import annotations

import csv
import datetime as dt
from dataclasses import dataclass
from importlib.resources import files
from io import StringIO


@dataclass(frozen=True)
class PublishedFigure:
    """One row of ``library/published.csv``.

    Attributes
    ----------
    scenario, measure : str
        What it is about.
    date : date
    value : float
    unit, source, confidence, notes : str
    """

    scenario: str
    measure: str
    date: dt.date
    value: float
    unit: str
    source: str
    confidence: str
    notes: str


def published_figures(scenario: str, measure: str) -> tuple[PublishedFigure, ...]:
    """Return what was published about a measure of a scenario's incident, in order of time.

    Parameters
    ----------
    scenario : str
        Name of a scenario; of one that is no real incident there is nothing.
    measure : str
    """
    table = files("disruption_sim.scenario") / "library" / "published.csv"
    rows = csv.DictReader(StringIO(table.read_text(encoding="utf-8"), newline=""), strict=True)
    found = [
        PublishedFigure(
            scenario=row["scenario"],
            measure=row["measure"],
            date=dt.date.fromisoformat(row["date"]),
            value=float(row["value"]),
            unit=row["unit"],
            source=row["source"],
            confidence=row["confidence"],
            notes=row["notes"],
        )
        for row in rows
        if row["scenario"] == scenario and row["measure"] == measure
    ]
    return tuple(sorted(found, key=lambda figure: figure.date))
