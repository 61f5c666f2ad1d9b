"""The answer in plain words."""

from __future__ import annotations

import math

import pandas as pd

from disruption_sim.measures import Clock
from disruption_sim.scenario import Scenario

FIRST_WEEKS = 4


def answer(
    scenario: Scenario, weekly: pd.DataFrame, summary: pd.DataFrame, recovery: pd.DataFrame
) -> tuple[str, ...]:
    """Say what a planner asks first: how many, when, and until when.

    Parameters
    ----------
    scenario : Scenario
    weekly, summary, recovery : DataFrame
        As in ``Result``.

    Returns
    -------
    tuple of str
        Sentences.
    """
    weeks = scenario.calendar.horizon_weeks
    return (
        _postponed("Operations", "operations_postponed_incident", weeks, weekly, summary),
        _postponed("Appointments", "appointments_postponed_incident", weeks, weekly, summary),
        *(recovered(row) for _, row in recovery.iterrows()),
    )


def _postponed(
    what: str, measure: str, weeks: int, weekly: pd.DataFrame, summary: pd.DataFrame
) -> str:
    total = _only(summary, measure).iloc[0]
    first = _only(weekly, measure).sort_values("week").head(FIRST_WEEKS)
    by_week = ", ".join(f"week {int(row['week'])}: {_spread(row)}" for _, row in first.iterrows())
    runs = "; means, and 90 % of runs in brackets" if total["n"] > 1 else ""
    return (
        f"{what} postponed because of the incident: {_spread(total)} in {weeks} weeks "
        f"({by_week}{runs})."
    )


def _only(frame: pd.DataFrame, measure: str) -> pd.DataFrame:
    wanted = (frame["measure"] == measure) & (frame["site"] == "all")
    return frame[wanted & (frame["arm"] == "excess")]


def _spread(row: pd.Series[float]) -> str:
    mean = f"{row['mean']:,.0f}"
    return f"{mean} ({row['q05']:,.0f} to {row['q95']:,.0f})" if row["n"] > 1 else mean


def recovered(row: pd.Series[float]) -> str:
    """Say when one clock is back to normal, and in how many runs the end comes too early to see it.

    Parameters
    ----------
    row : Series
        Of ``Result.recovery``.
    """
    clock = Clock(str(row["clock"]))
    n, censored = int(row["n"]), int(row["n_censored"])
    # Recovery has to last, so that the latest to be seen begins before the end of the run.
    seen = f"{math.floor(row['seen_weeks'])} weeks"
    if row["q95_weeks"] == 0.0:
        return f"{clock.in_words}: never beyond tolerance."
    check = (
        f" At the earliest by the closed form, weeks to the peak + (peak - tolerance) / spare "
        f"capacity a week: {row['fluid_weeks']:.0f} weeks."
        if math.isfinite(row["fluid_weeks"])
        else ""
    )
    if censored == n:
        runs = f" in any of {n} runs" if n > 1 else ""
        return (
            f"{clock.in_words}: not back to normal within {seen}{runs}, and the run ends too early "
            f"to say when.{check}"
        )
    median, low, high = (float(row[f"{name}_weeks"]) for name in ("median", "q05", "q95"))
    middle = f"after {median:.1f} weeks" if math.isfinite(median) else f"later than {seen}"
    if n == 1:
        return f"{clock.in_words}: back to normal {middle}.{check}"
    lowest, highest = (
        f"{weeks:.1f}" if math.isfinite(weeks) else f"more than {math.floor(row['seen_weeks'])}"
        for weeks in (low, high)
    )
    late = f"; {censored} of {n} runs end too early to see it" if censored else ""
    span = f"(median; 90 % of runs {lowest} to {highest})"
    return f"{clock.in_words}: back to normal {middle} {span}{late}.{check}"
