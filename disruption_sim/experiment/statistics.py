"""Replications become means and intervals."""

from __future__ import annotations

import numpy as np

from disruption_sim.measures.calendar import Floats

QUANTILES = {"q05": 0.05, "q25": 0.25, "q50": 0.5, "q75": 0.75, "q95": 0.95}
STATISTICS = ("mean", *QUANTILES, "half_width_95", "n")
CONFIDENCE = 0.95


def summarised(samples: Floats) -> dict[str, Floats]:
    """Summarise replications cell by cell; NaN is a replication that says nothing.

    Parameters
    ----------
    samples : float64 (replications, ...)

    Returns
    -------
    dict of str to float64 (...)
        ``mean``; quantiles over replications, which is run-to-run variation (linear between order
        statistics); ``half_width_95``, half the width of the 95 % confidence interval of the mean
        by Student's t, NaN for fewer than two; and ``n``, the replications that counted.
    """
    from scipy import stats  # takes longer to load than a small run takes

    ordered = np.sort(samples, axis=0)  # NaN last
    present = ~np.isnan(ordered)
    n = present.sum(axis=0)
    some = np.maximum(n, 1)
    mean = np.where(n > 0, np.where(present, ordered, 0.0).sum(axis=0) / some, np.nan)
    squares = np.where(present, (ordered - mean) ** 2, 0.0).sum(axis=0)
    spread = np.sqrt(squares / np.maximum(n - 1, 1))
    t = stats.t.ppf(0.5 + CONFIDENCE / 2.0, np.maximum(n - 1, 1))
    half_width = np.where(n > 1, t * spread / np.sqrt(some), np.nan)
    quantiles = {name: _quantile(ordered, n, share) for name, share in QUANTILES.items()}
    return {"mean": mean, **quantiles, "half_width_95": half_width, "n": n.astype(np.float64)}


def _quantile(
    ordered: Floats, n: np.ndarray[tuple[int, ...], np.dtype[np.int64]], share: float
) -> Floats:
    if not len(ordered):
        return np.full(ordered.shape[1:], np.nan)
    place = share * np.maximum(n - 1, 0)
    below = np.floor(place).astype(np.int64)
    above = np.minimum(below + 1, np.maximum(n - 1, 0))
    low = np.take_along_axis(ordered, below[None], axis=0)[0]
    high = np.take_along_axis(ordered, above[None], axis=0)[0]
    found: Floats = low + (place - below) * (high - low)
    return found
