from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from disruption_sim.experiment.statistics import STATISTICS, summarised

pytestmark = pytest.mark.unit


def test_summaries_agree_with_numpy_and_student() -> None:
    samples = np.random.default_rng(1).normal(10.0, 3.0, (9, 4, 3))
    found = summarised(samples)
    assert tuple(found) == STATISTICS
    np.testing.assert_allclose(found["mean"], samples.mean(axis=0))
    for name, share in {"q05": 5, "q25": 25, "q50": 50, "q75": 75, "q95": 95}.items():
        np.testing.assert_allclose(found[name], np.percentile(samples, share, axis=0))
    low, high = stats.t.interval(
        0.95, 8, loc=samples.mean(axis=0), scale=stats.sem(samples, axis=0)
    )
    np.testing.assert_allclose(found["half_width_95"], (high - low) / 2.0)
    assert (found["n"] == 9.0).all()


def test_replications_that_say_nothing_are_left_out_and_counted() -> None:
    samples = np.array([[1.0, np.nan], [np.nan, np.nan], [3.0, np.nan], [8.0, 7.0]])
    found = summarised(samples)
    assert found["n"].tolist() == [3.0, 1.0]
    assert found["mean"].tolist() == [4.0, 7.0]
    assert found["q50"].tolist() == [3.0, 7.0]
    assert np.isnan(found["half_width_95"]).tolist() == [False, True]


def test_nothing_at_all_is_no_number() -> None:
    found = summarised(np.full((2, 1), np.nan))
    assert found["n"][0] == 0.0
    assert all(np.isnan(found[name][0]) for name in STATISTICS if name != "n")
