"""Tables as CSV that a spreadsheet cannot mistake for formulas."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def guarded(text: object) -> object:
    """Return text with an apostrophe ahead if a spreadsheet would take it for a formula.

    After OWASP, "CSV injection". Numbers are not text and stay as they are.
    """
    if isinstance(text, str) and text.startswith(_STARTS_A_FORMULA):
        return f"'{text}"
    return text


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """Write a table as UTF-8 CSV; dates as 2024-06-03, NaN as an empty field."""
    safe = frame.rename(columns=lambda name: str(guarded(name)))
    for position, name in enumerate(safe.columns):
        column = safe.iloc[:, position]
        if pd.api.types.is_string_dtype(column) or column.dtype == object:
            safe = safe.assign(**{str(name): column.map(guarded)})
    safe.to_csv(path, index=False, encoding="utf-8", date_format="%Y-%m-%d", lineterminator="\n")
