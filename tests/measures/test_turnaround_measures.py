"""Turnaround from histograms, and throughput over some weekdays."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from disruption_sim.measures import Horizon, share_of_days, throughput_share
from disruption_sim.measures.throughput import weekdays_until
from disruption_sim.measures.turnaround import TurnaroundCells, quantiles, turnaround_of
from disruption_sim.records import TURNAROUND_BINS, TURNAROUND_EDGES_HOURS
from tests.support.one_hospital import baseline, one_hospital, outage

EDGES = np.array(TURNAROUND_EDGES_HOURS)


def histogram(hours: np.ndarray) -> np.ndarray:
    return np.bincount(np.searchsorted(EDGES, hours, side="right"), minlength=TURNAROUND_BINS)


@pytest.mark.unit
def test_quantiles_of_a_lognormal_turnaround_are_found_within_two_per_cent() -> None:
    # Potassium in an emergency department: median 40 minutes, sigma 0.35.
    hours = 40.0 / 60.0 * np.exp(0.35 * np.random.default_rng(1).standard_normal(100_000))
    median, ninetieth = quantiles(histogram(hours))
    assert median == pytest.approx(np.quantile(hours, 0.5), rel=0.02)
    assert ninetieth == pytest.approx(np.quantile(hours, 0.9), rel=0.02)


@pytest.mark.unit
def test_quantiles_at_the_ends_and_of_nothing() -> None:
    shorter, longer = np.zeros((2, TURNAROUND_BINS), dtype=np.int64)
    shorter[0], longer[-1] = 10, 10
    assert quantiles(shorter).tolist() == pytest.approx([0.5 * EDGES[0], 0.9 * EDGES[0]])
    assert quantiles(longer).tolist() == [EDGES[-1], EDGES[-1]]
    assert np.isnan(quantiles(np.zeros(TURNAROUND_BINS, dtype=np.int64))).all()
    # Exactly half lie under an edge: it is the median.
    shorter[20], shorter[0] = 10, 10
    assert quantiles(shorter)[0] == pytest.approx(EDGES[0])


@pytest.mark.unit
def test_all_tube_types_together_are_one_more() -> None:
    counts = np.zeros((2, 3, 3), dtype=np.int64)
    bins = np.zeros((2, 3, 2, TURNAROUND_BINS), dtype=np.int64)
    counts[1, 0], counts[1, 2] = (4, 3, 4), (6, 1, 2)
    bins[1, 0, :, 5], bins[1, 2, :, 30] = 4, 6
    cells = TurnaroundCells.of(counts, bins)
    assert cells.reported[1].tolist() == [4, 0, 6, 10]
    assert cells.within[1, -1].tolist() == [4, 6]
    assert EDGES[29] <= cells.hours[1, -1, 0, 0] <= EDGES[30]
    assert np.isnan(cells.hours[0]).all()


@pytest.mark.integration
def test_turnaround_from_collection_is_the_longer_and_hides_in_no_table() -> None:
    horizon = Horizon.of(one_hospital())
    _, records = outage()
    found = turnaround_of(horizon, records)
    some = found.weekly.reported > 0
    receipt, collection = found.weekly.hours[some][:, 0], found.weekly.hours[some][:, 1]
    assert (collection >= receipt).all()
    everything = records.daily_reported.sum()
    assert found.by_place.reported[..., -1].sum() == everything
    assert found.by_hour.reported[..., -1].sum() == everything
    rows = horizon.day_rows
    assert found.weekly.reported[..., -1].sum() == records.daily_reported[rows].sum()
    handled = records.reported + records.discarded
    assert found.handled[:, -1].sum() == handled[horizon.week_rows].sum()


@pytest.mark.unit
def test_weekdays_leave_the_weekend_out() -> None:
    assert weekdays_until(dt.date(2024, 6, 14), 5) == [
        dt.date(2024, 6, day) for day in (10, 11, 12, 13, 14)
    ]
    across = [dt.date(2024, 6, day) for day in (21, 24, 25, 26, 27)]
    assert weekdays_until(dt.date(2024, 6, 27), 5) == across
    assert weekdays_until(dt.date(2024, 6, 16), 1) == [dt.date(2024, 6, 14)]


@pytest.mark.unit
def test_the_share_is_of_sums_and_asks_for_days_that_were_simulated() -> None:
    monday = dt.date(2024, 6, 3)
    usual = np.full(14, 100)
    found = np.array([10, 20, 30, 40, 50, 999, 999, 100, 100, 100, 100, 100, 0, 0])
    assert share_of_days(found, usual, monday, dt.date(2024, 6, 7)) == 0.3
    assert share_of_days(found, usual, monday, dt.date(2024, 6, 12)) == 0.78
    assert share_of_days(found, usual, monday, dt.date(2024, 6, 7), weekdays=1) == 0.5
    for until in (dt.date(2024, 6, 6), dt.date(2024, 6, 18)):
        with pytest.raises(ValueError, match="are not within 2024-06-03 to 2024-06-16"):
            share_of_days(found, usual, monday, until)


@pytest.mark.integration
def test_throughput_falls_in_the_outage_and_is_whole_before() -> None:
    scenario = one_hospital()
    onset = scenario.calendar.onset
    before = onset - dt.timedelta(days=3)
    assert throughput_share(scenario, outage()[1], baseline()[1], before) == 1.0
    during = throughput_share(scenario, outage()[1], baseline()[1], onset + dt.timedelta(days=10))
    assert 0.02 < during < 0.7
    half = replace(outage()[1], daily_reported=outage()[1].daily_reported // 2)
    assert throughput_share(scenario, half, baseline()[1], before) == pytest.approx(0.5, abs=0.01)
