from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from disruption_sim.measures import clearing_days, days_to_recovery, kaplan_meier

pytestmark = pytest.mark.unit


def fluid_backlog(days: int) -> np.ndarray:
    """Demand 100 a day, capacity 110, for 20 days a tenth of it."""
    backlog, levels = 0.0, []
    for day in range(days):
        capacity = 11.0 if day < 20 else 110.0
        backlog = max(0.0, backlog + 100.0 - capacity)
        levels.append(backlog)
    return np.array(levels)


def test_a_fluid_outage_recovers_when_the_closed_form_says() -> None:
    backlog = fluid_backlog(300)
    assert backlog.max() == 1780.0
    assert clearing_days(1780.0, capacity=110.0, demand=100.0) == 178.0
    assert days_to_recovery(backlog, tolerance=0.0, sustained_days=28) == 20 + 178


def test_capacity_that_does_not_exceed_demand_never_clears() -> None:
    assert math.isnan(clearing_days(10.0, capacity=100.0, demand=100.0))


def test_what_was_never_disturbed_recovers_at_once() -> None:
    assert days_to_recovery(np.zeros(10), tolerance=0.0, sustained_days=28) == 0.0


def test_a_run_that_ends_before_the_window_is_complete_is_censored() -> None:
    backlog = fluid_backlog(20 + 178 + 26)
    assert days_to_recovery(backlog, tolerance=0.0, sustained_days=28) is None
    backlog = fluid_backlog(20 + 178 + 27)
    assert days_to_recovery(backlog, tolerance=0.0, sustained_days=28) == 198.0


def test_a_lull_shorter_than_the_window_does_not_count() -> None:
    series = np.array([5.0, 0.0, 0.0, 5.0, 0.0, 0.0, 0.0, 0.0])
    assert days_to_recovery(series, tolerance=1.0, sustained_days=3) == 5.0


def test_calm_days_before_a_late_disturbance_are_not_its_recovery() -> None:
    series = np.concatenate([np.zeros(40), [9.0, 9.0], np.zeros(30)])
    assert days_to_recovery(series, tolerance=0.0, sustained_days=28) == 43.0


@given(
    st.lists(st.integers(0, 3), min_size=1, max_size=30),
    st.integers(0, 2),
    st.integers(1, 8),
)
def test_recovery_is_as_defined_and_never_a_negative_number(
    levels: list[int], tolerance: int, window: int
) -> None:
    found = days_to_recovery(np.array(levels, dtype=float), float(tolerance), window)
    above = [day for day, level in enumerate(levels) if level > tolerance]
    expected: float | None = 0.0
    if above:
        calm = [
            day + 1
            for day in range(above[0], len(levels) - window + 1)
            if all(level <= tolerance for level in levels[day : day + window])
        ]
        expected = float(calm[0]) if calm else None
    assert found == expected


def test_censored_runs_are_neither_averaged_in_nor_forgotten() -> None:
    times = kaplan_meier([3.0, None, 5.0, 8.0, None], followed=40.0)
    assert (times.n, times.n_censored) == (5, 2)
    assert times.quantile(0.5) == 8.0
    assert math.isnan(times.quantile(0.95))
    assert times.share_recovered == pytest.approx(0.6)


def test_nobody_recovered_has_no_median() -> None:
    times = kaplan_meier([None, None], followed=40.0)
    assert math.isnan(times.quantile(0.05))
    assert times.share_recovered == 0.0


def test_a_share_of_tenths_is_not_missed_by_rounding() -> None:
    times = kaplan_meier([float(week) for week in range(1, 11)], followed=40.0)
    assert [times.quantile(share / 10) for share in range(1, 11)] == list(range(1, 11))
