from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from disruption_sim.measures import Horizon
from disruption_sim.measures.calendar import means_of_weeks

pytestmark = pytest.mark.unit

HORIZON = Horizon(
    first_monday=dt.date(2024, 6, 3), start=168.0, end=168.0 * 3, onset=168.0 + 24.0, weeks=2
)


def test_times_fall_into_their_week_and_others_into_none() -> None:
    times = np.array([167.9, 168.0, 335.9, 336.0, 503.9, 504.0, np.nan])
    assert HORIZON.week_of(times).tolist() == [-1, 0, 0, 1, 1, -1, -1]


def test_events_are_counted_by_site_and_for_all() -> None:
    times = np.array([170.0, 171.0, 340.0, np.nan, 600.0])
    counts = HORIZON.count(times, np.array([0, 1, 1, 0, 0], dtype=np.uint8), sites=2)
    assert counts.tolist() == [[1.0, 1.0, 2.0], [0.0, 1.0, 1.0]]


def test_many_sites_do_not_overflow_a_byte() -> None:
    sites = np.full(3, 60, dtype=np.uint8)
    counts = HORIZON.count(np.full(3, 503.0), sites, sites=64)
    assert counts[1, 60] == 3.0
    assert counts.sum() == 6.0


def test_amounts_are_added_up() -> None:
    units = np.array([2, 5], dtype=np.int32)
    added = HORIZON.add_up(np.array([170.0, 172.0]), np.array([0, 0]), units, sites=1)
    assert added.tolist() == [[7.0, 7.0], [0.0, 0.0]]


def test_days_count_from_the_day_of_onset() -> None:
    daily = HORIZON.daily(np.array([191.0, 192.0, 215.9, 216.0, 503.0, 504.0]))
    assert len(daily) == 13
    assert daily[[0, 1, 12]].tolist() == [2.0, 1.0, 1.0]
    assert daily.sum() == 4.0


def test_weeks_start_on_mondays() -> None:
    assert HORIZON.mondays == (dt.date(2024, 6, 3), dt.date(2024, 6, 10))
    assert HORIZON.week_ends.tolist() == [336.0, 504.0]


def test_means_of_weeks_keep_the_other_axes() -> None:
    daily = np.arange(28, dtype=np.float64).reshape(14, 2)
    assert means_of_weeks(daily).tolist() == [[6.0, 7.0], [20.0, 21.0]]
