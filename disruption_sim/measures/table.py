"""Measures of one arm as one array: measure, week, place; and their totals over the horizon."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from disruption_sim.measures.calendar import Floats
from disruption_sim.measures.definitions import OverWeeks
from disruption_sim.measures.registry import MEASURES


@dataclass(frozen=True)
class Ratio:
    """A share by its two parts, so that weeks and sites can be put together rightly.

    Attributes
    ----------
    numerator, denominator : float64 (weeks, sites + 1) or (weeks,)
    """

    numerator: Floats
    denominator: Floats


Weekly = Floats | Ratio
"""A measure by week: float64 (weeks, sites + 1), or (weeks,) where it is not counted by site."""


@dataclass(frozen=True)
class MeasureTable:
    """All measures of one arm of one replication.

    Attributes
    ----------
    weekly : float64 (measures, weeks, sites + 1)
        In the order of ``MEASURES``; the last place is all sites. NaN where a measure is not
        counted by site, or where a share has nothing to be a share of.
    total : float64 (measures, sites + 1)
        Over the whole horizon.
    """

    weekly: Floats
    total: Floats


def divided(numerator: Floats, denominator: Floats) -> Floats:
    """Divide, with NaN where there is nothing to divide by."""
    wanted = denominator > 0.0
    quotient: Floats = np.full(np.shape(numerator), np.nan)
    np.divide(numerator, denominator, out=quotient, where=wanted)
    return quotient


def assembled(computed: Mapping[str, Weekly], sites: int) -> MeasureTable:
    """Put the measures of all rooms into one table.

    Parameters
    ----------
    computed : mapping of name to weekly values
        Exactly the registered measures.
    sites : int

    Raises
    ------
    ValueError
        If a measure is missing, unknown or of the wrong shape.
    """
    names = [measure.name for measure in MEASURES]
    if set(names) != set(computed):
        raise ValueError(f"registered or computed alone: {sorted(set(names) ^ set(computed))}")
    weekly: list[Floats] = []
    total: list[Floats] = []
    for measure in MEASURES:
        values = computed[measure.name]
        if isinstance(values, Ratio) is not (measure.over_weeks is OverWeeks.RATIO):
            raise ValueError(f"{measure.name} is registered as a {measure.over_weeks.value}")
        by_week, whole = _over_weeks(values, measure.over_weeks)
        if by_week.ndim != 1 + measure.by_site:
            raise ValueError(f"{measure.name} has the shape {by_week.shape}")
        weekly.append(by_week if measure.by_site else _all_alone(by_week, sites))
        total.append(whole if measure.by_site else _all_alone(whole, sites))
    return MeasureTable(np.stack(weekly), np.stack(total))


def _over_weeks(values: Weekly, over_weeks: OverWeeks) -> tuple[Floats, Floats]:
    if isinstance(values, Ratio):
        numerator, denominator = values.numerator, values.denominator
        return (
            divided(numerator, denominator),
            divided(numerator.sum(axis=0), denominator.sum(axis=0)),
        )
    if over_weeks is OverWeeks.SUM:
        return values, np.asarray(values.sum(axis=0))
    if over_weeks is OverWeeks.MEAN:
        return values, np.asarray(values.mean(axis=0))
    return values, np.asarray(values.max(axis=0))


def _all_alone(values: Floats, sites: int) -> Floats:
    """Give values of all sites together a place axis, NaN for the single sites."""
    table: Floats = np.full((*values.shape, sites + 1), np.nan)
    table[..., -1] = values
    return table
