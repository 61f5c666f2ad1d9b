"""What the definition of a measure says: name, unit, how it adds up over weeks, meaning."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class OverWeeks(StrEnum):
    """How the weeks of a measure become one number for the whole horizon."""

    SUM = "sum"
    RATIO = "ratio of sums"
    MEAN = "mean"
    MAXIMUM = "maximum"


class Kind(StrEnum):
    """What a measure is."""

    COUNT = "count"
    SHARE = "share"
    LEVEL = "level"


class Worse(StrEnum):
    """Which direction hurts."""

    HIGHER = "higher"
    LOWER = "lower"
    NEITHER = "neither"


@dataclass(frozen=True)
class Measure:
    """Definition of a measure.

    Attributes
    ----------
    name : str
        As in every table.
    title : str
        As on a figure.
    unit : str
    kind : Kind
        A count of events in the week, a share, or a level.
    definition : str
        One sentence.
    worse : Worse
    over_weeks : OverWeeks
        How the weeks make up the total over the horizon.
    by_site : bool
        Whether it is counted for each hospital site as well as for all together.
    """

    name: str
    title: str
    unit: str
    kind: Kind
    definition: str
    worse: Worse
    over_weeks: OverWeeks
    by_site: bool = True


def count(
    name: str, title: str, unit: str, worse: Worse, definition: str, *, by_site: bool = True
) -> Measure:
    """Define events of the week; the weeks add up."""
    return Measure(name, title, unit, Kind.COUNT, definition, worse, OverWeeks.SUM, by_site)


def share(name: str, title: str, worse: Worse, definition: str, *, by_site: bool = True) -> Measure:
    """Define a share; its parts add up over weeks and places."""
    return Measure(name, title, "share", Kind.SHARE, definition, worse, OverWeeks.RATIO, by_site)


def level(
    name: str, title: str, unit: str, worse: Worse, definition: str, *, by_site: bool = True
) -> Measure:
    """Define a level; over the horizon, the mean of the weeks."""
    return Measure(name, title, unit, Kind.LEVEL, definition, worse, OverWeeks.MEAN, by_site)
