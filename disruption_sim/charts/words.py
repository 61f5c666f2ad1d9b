"""Numbers and dates in the words of titles and alt texts, the same in every locale."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence

NO_BREAK = "\N{NO-BREAK SPACE}"
NINETY_PERCENT = f"90{NO_BREAK}%"
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def number(value: float) -> str:
    """Return a count for reading: whole, with three significant digits from a thousand on.

    Examples
    --------
    >>> number(12345.6), number(987.6), number(0.4), number(float("nan"))
    ('12,300', '988', '0', 'unknown')
    """
    if not math.isfinite(value):
        return "unknown"
    size = abs(value)
    step = 10 ** (math.floor(math.log10(size)) - 2) if size >= 1000.0 else 1
    rounded = round(value / step) * step
    return f"{rounded:,}"


def decimal(value: float) -> str:
    """Return a number with one digit after the point, none from 10 on.

    Examples
    --------
    >>> decimal(4.26), decimal(31.4)
    ('4.3', '31')
    """
    if not math.isfinite(value):
        return "unknown"
    return f"{value:.1f}" if abs(value) < 9.95 else f"{value:.0f}"


def percent(share: float) -> str:
    """Return a share in per cent, kept together by a space that does not break.

    Examples
    --------
    >>> [percent(share).replace(NO_BREAK, "_") for share in (0.456, 0.004, 0.0)]
    ['46_%', '0.4_%', '0_%']
    """
    if not math.isfinite(share):
        return "unknown"
    if 0.0 < abs(share) < 0.01:
        return f"{100.0 * share:.1f}{NO_BREAK}%"
    return f"{100.0 * share:.0f}{NO_BREAK}%"


def date(day: dt.date, *, year: bool = False) -> str:
    """Return a date such as 3 Jun, or 3 Jun 2024."""
    text = f"{day.day} {MONTHS[day.month - 1]}"
    return f"{text} {day.year}" if year else text


def spread(low: float, high: float, runs: int) -> str:
    """Return where 90 % of the runs lie, in brackets; of one run that cannot be said."""
    if runs < 2:
        return "(one run)"
    return f"({NINETY_PERCENT} of runs {number(low)} to {number(high)})"


def bands(runs: int) -> str:
    """Return what lines and bands show."""
    if runs < 2:
        return "One run: its variation is unknown"
    return (
        f"Line: mean; bands: run-to-run variation, 50{NO_BREAK}% (dark) and {NINETY_PERCENT} "
        "(light) of runs"
    )


def enumeration(parts: Sequence[str]) -> str:
    """Return a list in words.

    Examples
    --------
    >>> enumeration(["a", "b", "c"])
    'a, b and c'
    """
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def plural(count: int, one: str, many: str | None = None) -> str:
    """Return a count with its noun.

    Examples
    --------
    >>> plural(1, "run"), plural(3, "run")
    ('1 run', '3 runs')
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"
