"""Numbers of tidy tables in words: means with where most runs lie."""

from __future__ import annotations

import math
from collections.abc import Callable

import pandas as pd

UNKNOWN = "-"
Write = Callable[[float], str]


def where(table: pd.DataFrame, **values: str) -> pd.DataFrame:
    """Return the rows with these values."""
    kept = pd.Series(True, index=table.index)
    for column, value in values.items():
        kept &= table[column] == value
    return table[kept]


def mean_of(table: pd.DataFrame, otherwise: float = math.nan) -> float:
    """Return the mean of the only row, or what it is where there is none."""
    return float(table["mean"].iloc[0]) if len(table) else otherwise


def spread(table: pd.DataFrame, write: Write, otherwise: str = UNKNOWN) -> str:
    """Return the mean of the only row, with where 90 % of runs lie if that is anywhere else."""
    if table.empty:
        return otherwise
    row = table.iloc[0]
    mean = write(float(row["mean"]))
    low, high = write(float(row["q05"])), write(float(row["q95"]))
    return mean if low == mean == high else f"{mean} ({low} to {high})"


def whole(value: float) -> str:
    """Return a number without digits after the point."""
    return _decimal(value, 0)


def one_digit(value: float) -> str:
    """Return a number with one digit after the point."""
    return _decimal(value, 1)


def two_digits(value: float) -> str:
    """Return a number with two digits after the point."""
    return _decimal(value, 2)


def percent(share: float) -> str:
    """Return a share in per cent, without the sign."""
    return _decimal(100.0 * share, 1)


def _decimal(value: float, digits: int) -> str:
    return f"{round(value, digits) + 0.0:,.{digits}f}" if math.isfinite(value) else UNKNOWN


def in_words(name: str) -> str:
    """Return a name as it is read."""
    return name.replace("_", " ")
