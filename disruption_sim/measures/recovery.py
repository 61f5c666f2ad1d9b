"""Recovery time: when a disturbance is over for good, and what to say when the run ends first.

A run that ends before recovery can be seen is *censored*: its time is not a number, it is summed
up by the Kaplan-Meier estimate (Kaplan and Meier, J Am Stat Assoc 1958;53:457-481) and never
averaged in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from disruption_sim.measures.calendar import Floats

DAYS_PER_WEEK = 7.0


def days_to_recovery(disturbance: Floats, tolerance: float, sustained_days: int) -> float | None:
    """Return when a disturbance has come back under a tolerance to stay.

    Parameters
    ----------
    disturbance : float64 (days,)
        At the end of each day, from the day of onset.
    tolerance : float
    sustained_days : int
        How many days in a row, the first one included, it has to stay at or under the tolerance.

    Returns
    -------
    float or None
        Days from the start of the day of onset to the end of the first day of such a spell after
        the disturbance began. 0 if it never exceeds the tolerance; None (censored) if it does and
        no such spell is complete when the series ends.

    Examples
    --------
    >>> days_to_recovery(np.array([0.0, 9.0, 4.0, 1.0, 0.0]), tolerance=1.0, sustained_days=2)
    4.0
    """
    above = disturbance > tolerance
    if not above.any():
        return 0.0
    began = int(np.argmax(above))
    calm = np.cumsum(np.concatenate([[0], ~above[began:]]))
    complete = calm[sustained_days:] - calm[:-sustained_days] == sustained_days
    if not complete.any():
        return None
    return float(began + np.argmax(complete) + 1)


def clearing_days(backlog: float, capacity: float, demand: float) -> float:
    """Return how long a backlog takes at constant capacity: backlog / (capacity - demand).

    The closed form of a fluid queue, to hold a simulated recovery time against.

    Parameters
    ----------
    backlog : float
        At most, for example operations.
    capacity, demand : float
        Per day; the result is in days (per week: weeks).

    Returns
    -------
    float
        NaN if the capacity does not exceed the demand.

    Examples
    --------
    >>> clearing_days(1780.0, capacity=110.0, demand=100.0)
    178.0
    """
    if capacity <= demand:
        return float("nan")
    return backlog / (capacity - demand)


@dataclass(frozen=True)
class KaplanMeier:
    """Distribution of a time that some runs did not live to see.

    Attributes
    ----------
    times : float64 (steps,)
        Increasing.
    share_by_then : float64 (steps,)
        Estimated share recovered by each time.
    n, n_censored : int
    """

    times: Floats
    share_by_then: Floats
    n: int
    n_censored: int

    def quantile(self, share: float) -> float:
        """Return the time by which a share has recovered; NaN if the runs end before that."""
        # A share such as 0.9 of ten runs must not be missed by a rounding error.
        reached = self.share_by_then >= share - 1e-12
        return float(self.times[np.argmax(reached)]) if reached.any() else float("nan")

    @property
    def share_recovered(self) -> float:
        """Estimated share recovered by the end of the longest run."""
        return float(self.share_by_then[-1]) if self.n else float("nan")


def kaplan_meier(times: Sequence[float | None], followed: float) -> KaplanMeier:
    """Estimate the distribution of recovery times of replications.

    Parameters
    ----------
    times : sequence of float or None
        None where a run ended without recovery.
    followed : float
        How long every run was followed, in the same unit.
    """
    from scipy import stats  # takes a second to load, and worker processes never get here

    n, censored = len(times), np.array([time is None for time in times], dtype=np.bool_)
    if n == 0:
        return KaplanMeier(np.empty(0), np.empty(0), 0, 0)
    values = np.array([followed if time is None else time for time in times], dtype=np.float64)
    estimate = stats.ecdf(stats.CensoredData.right_censored(values, censored)).cdf
    return KaplanMeier(
        times=np.asarray(estimate.quantiles, dtype=np.float64),
        share_by_then=np.asarray(estimate.probabilities, dtype=np.float64),
        n=n,
        n_censored=int(censored.sum()),
    )
