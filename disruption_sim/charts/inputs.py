"""What a figure takes from a result, and how it finds its numbers there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd

from disruption_sim.scenario.model import Scenario

BASELINE, DISRUPTED, EXCESS = "baseline", "disrupted", "excess"
ALL_SITES = "all"
STATISTICS = ["mean", "q05", "q25", "q50", "q75", "q95"]


class Simulated(Protocol):
    """The parts of a result that figures read; tables as described for the results folder."""

    @property
    def scenario(self) -> Scenario:
        """What was simulated."""

    @property
    def seed(self) -> int:
        """Seed of the experiment."""

    @property
    def weekly(self) -> pd.DataFrame:
        """Measures by week, site and arm."""

    @property
    def weekly_causes(self) -> pd.DataFrame:
        """Postponed operations by week, site, cause and arm."""

    @property
    def fates(self) -> pd.DataFrame:
        """What became of the samples of each week, by site, source, tube type, fate and arm."""

    @property
    def summary(self) -> pd.DataFrame:
        """Measures over the whole horizon."""

    @property
    def recovery(self) -> pd.DataFrame:
        """Recovery clocks."""


def weekly_series(result: Simulated, measure: str, arm: str, site: str) -> pd.DataFrame:
    """Return one measure of one arm by week.

    Returns
    -------
    DataFrame
        In order of weeks; columns ``week_start`` (datetime64), ``week``, ``site``, ``measure``,
        ``arm``, ``mean``, ``q05`` to ``q95``, ``n``.

    Raises
    ------
    ValueError
        If there is no such site, or the result does not have the measure.
    """
    site_title(result.scenario, site)
    weekly = result.weekly
    chosen = weekly[
        (weekly["measure"] == measure) & (weekly["arm"] == arm) & (weekly["site"] == site)
    ]
    if chosen.empty:
        raise ValueError(f"the result has no {measure!r} of the {arm} arm for site {site!r}")
    columns = ["week_start", "week", "site", "measure", "arm", *STATISTICS, "n"]
    chosen = chosen[columns].sort_values("week").reset_index(drop=True)
    chosen["week_start"] = pd.to_datetime(chosen["week_start"])
    return chosen


def total(result: Simulated, measure: str, arm: str, site: str) -> pd.Series[float]:
    """Return one measure of one arm over the whole horizon: ``mean``, ``q05`` to ``q95``, ``n``.

    Raises
    ------
    ValueError
        If the result does not have it.
    """
    table = result.summary
    chosen = table[(table["measure"] == measure) & (table["arm"] == arm) & (table["site"] == site)]
    if len(chosen) != 1:
        raise ValueError(f"the result has no {measure!r} of the {arm} arm for site {site!r}")
    row: pd.Series[float] = chosen[[*STATISTICS, "n"]].iloc[0]
    return row


@dataclass(frozen=True)
class Week:
    """One week of a series."""

    number: int
    mean: float
    q05: float
    q95: float


def highest(table: pd.DataFrame) -> Week:
    """Return the week with the highest mean; the first where all are missing."""
    return _week(table, int(table["mean"].fillna(-np.inf).to_numpy().argmax()))


def lowest(table: pd.DataFrame) -> Week:
    """Return the week with the lowest mean; the first where all are missing."""
    return _week(table, int(table["mean"].fillna(np.inf).to_numpy().argmin()))


def last(table: pd.DataFrame) -> Week:
    """Return the last week."""
    return _week(table, len(table) - 1)


def _week(table: pd.DataFrame, position: int) -> Week:
    number, mean, q05, q95 = (
        float(table[name].iloc[position]) for name in ("week", "mean", "q05", "q95")
    )
    return Week(int(number), mean, q05, q95)


def site_title(scenario: Scenario, site: str) -> str:
    """Return a site's title, "all sites" for all together.

    Raises
    ------
    ValueError
        If there is no such site.
    """
    if site == ALL_SITES:
        return "all sites"
    for known in scenario.network.sites:
        if known.name == site:
            return known.title
    allowed = ", ".join((ALL_SITES, *scenario.site_names))
    raise ValueError(f"there is no site {site!r}; choose one of {allowed}")


def runs(result: Simulated) -> int:
    """Return the number of replications behind the numbers."""
    return int(result.weekly["n"].max())
