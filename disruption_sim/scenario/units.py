"""Units in the names of keys, so that a wrong one can be named and converted."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from types import MappingProxyType

from disruption_sim.scenario.provenance import is_finite_number

# Each family: unit → how many of the family's base unit it is.
_FAMILIES = (
    MappingProxyType(
        {
            "seconds": 1 / 3600,
            "minutes": 1 / 60,
            "hours": 1.0,
            "days": 24.0,
            "weeks": 168.0,
            "months": 365.25 * 2.0,
            "years": 365.25 * 24.0,
        }
    ),
    MappingProxyType({"percent": 0.01, "share": 1.0}),
    MappingProxyType({"miles": 1.609344, "kilometres": 1.0, "metres": 0.001}),
    MappingProxyType(
        {
            "per_hour": 168.0,
            "per_day": 7.0,
            "per_week": 1.0,
            "per_month": 84 / 365.25,
            "per_year": 7 / 365.25,
        }
    ),
)

_ALIASES = MappingProxyType(
    {
        "s": "seconds",
        "sec": "seconds",
        "secs": "seconds",
        "second": "seconds",
        "min": "minutes",
        "mins": "minutes",
        "minute": "minutes",
        "h": "hours",
        "hr": "hours",
        "hrs": "hours",
        "hour": "hours",
        "day": "days",
        "week": "weeks",
        "month": "months",
        "year": "years",
        "%": "percent",
        "pct": "percent",
        "percentage": "percent",
        "per_cent": "percent",
        "fraction": "share",
        "proportion": "share",
        "mile": "miles",
        "km": "kilometres",
        "kilometre": "kilometres",
        "m": "metres",
    }
)

# Longest first: `per_week` before `week`. Singular words end many names that are no quantities
# (`order_hour`, `share_of_week`), so they are left out.
_KEY_SUFFIXES = tuple(
    sorted(
        {
            *(unit for family in _FAMILIES for unit in family),
            *("secs", "mins", "hrs", "km", "pct", "percentage", "per_cent"),
            *("fraction", "proportion"),
        },
        key=len,
        reverse=True,
    )
)


@dataclass(frozen=True)
class UnitOfKey:
    """The name of a key taken apart: ``duration_days`` is the stem ``duration`` in ``days``."""

    stem: str
    unit: str


def unit_of_key(key: str) -> UnitOfKey | None:
    """Return the stem and the unit of a key whose name ends with one, or None."""
    for suffix in _KEY_SUFFIXES:
        # `minutes_per_mile` is in neither minutes nor miles.
        if key.endswith(f"_{suffix}") and not key.endswith(f"_per_{suffix}"):
            return UnitOfKey(key[: -len(suffix) - 1], _ALIASES.get(suffix, suffix))
    return None


def unit_in_words(words: str) -> str | None:
    """Return the unit that a word such as ``min``, ``hours`` or ``%`` stands for, or None."""
    word = words.strip().casefold().replace(" ", "_")
    unit = _ALIASES.get(word, word)
    return unit if any(unit in family for family in _FAMILIES) else None


def converted(value: float, unit: str, wanted: str) -> float | None:
    """Convert between units of one kind; None if they measure different things."""
    for family in _FAMILIES:
        if unit in family and wanted in family:
            return value * family[unit] / family[wanted]
    return None


def same_but_for_unit(key: str, known: Iterable[str]) -> str | None:
    """Return the known key that differs from a key in nothing but its unit, or None."""
    given = unit_of_key(key)
    if given is None:
        return None
    for candidate in known:
        wanted = unit_of_key(candidate)
        if (
            wanted is not None
            and wanted.stem == given.stem
            and wanted.unit != given.unit
            and converted(1.0, given.unit, wanted.unit) is not None
        ):
            return candidate
    return None


def conversion_in_words(value: object, unit: str, wanted: str) -> str:
    """Say what a number would be in the wanted unit: ``36 hours would be 1.5``."""
    if not is_finite_number(value):
        return ""
    result = converted(value, unit, wanted)
    return f"{value:.6g} {unit} would be {result:.4g}" if result is not None else ""


def quantity(text: str) -> tuple[float, str] | None:
    """Read text such as ``36 hours`` or ``40%``; None if it is no number with a known unit."""
    match = re.fullmatch(r"\s*([-+]?[0-9]+(?:\.[0-9]+)?)\s*([A-Za-z%_ ]+)", text)
    unit = unit_in_words(match[2]) if match else None
    return (float(match[1]), unit) if match and unit else None
