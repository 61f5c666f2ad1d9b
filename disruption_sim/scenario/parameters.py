"""The sourced defaults that the built-in scenarios draw on."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from importlib.resources import files
from io import StringIO


@dataclass(frozen=True)
class Parameter:
    """One row of ``library/parameters.csv``.

    Attributes
    ----------
    name : str
        Dotted name, ``area.quantity.case``.
    value : float or str
        A number, or text for a distribution or a table (``lognormal(median 40, sigma 0.35)``).
    unit : str
        Unit in words.
    low, high : float or None
        Plausible range.
    source, confidence, notes : str
        Where the value comes from, how sure it is, anything else.
    """

    name: str
    value: float | str
    unit: str
    low: float | None
    high: float | None
    source: str
    confidence: str
    notes: str


def load_parameters() -> tuple[Parameter, ...]:
    """Read every sourced default, in the order of the file."""
    table = files("disruption_sim.scenario") / "library" / "parameters.csv"
    rows = csv.DictReader(StringIO(table.read_text(encoding="utf-8"), newline=""), strict=True)
    return tuple(_parameter(row) for row in rows)


def _parameter(row: dict[str, str]) -> Parameter:
    return Parameter(
        name=row["name"],
        value=_number_or_text(row["value"]),
        unit=row["unit"],
        low=float(row["low"]) if row["low"] else None,
        high=float(row["high"]) if row["high"] else None,
        source=row["source"],
        confidence=row["confidence"],
        notes=row["notes"],
    )


def _number_or_text(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text
