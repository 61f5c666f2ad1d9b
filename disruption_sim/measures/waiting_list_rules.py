"""Rules of thumb for waiting lists, to hold a simulated list against.

After Fong and others: Understanding waiting lists pressures, medRxiv 2022,
doi:10.1101/2022.08.23.22279117, as in the R package NHSRwaitinglist. All times are in weeks and all
rates a week.
"""

from __future__ import annotations

FACTOR = 4.0
"""Target wait over mean wait: with exponential waits 2 % wait longer than four times the mean."""


def target_queue(demand: float, target_wait: float, factor: float = FACTOR) -> float:
    """Return how long a list may be for nearly everybody to be seen within a target.

    Little's law with a mean wait of the target over a factor.

    Parameters
    ----------
    demand : float
        Patients joining a week.
    target_wait : float
        Weeks.
    factor : float

    Examples
    --------
    >>> target_queue(demand=30.0, target_wait=52.0)
    390.0
    """
    return demand * target_wait / factor


def relief_capacity(demand: float, queue: float, target: float, weeks: float = 26.0) -> float:
    """Return how many patients a week have to be treated to bring a list to a target in time.

    Parameters
    ----------
    demand : float
        Patients joining a week.
    queue, target : float
        Patients waiting now and then.
    weeks : float
        Until then.

    Examples
    --------
    >>> round(relief_capacity(demand=30.0, queue=1200.0, target=390.0, weeks=26.0), 2)
    61.15
    """
    return demand + (queue - target) / weeks


def pressure(mean_wait: float, target_wait: float) -> float:
    """Return twice the mean wait over the target; above 1 the target is most likely missed.

    Parameters
    ----------
    mean_wait, target_wait : float
        Weeks.

    Examples
    --------
    >>> round(pressure(mean_wait=63.0, target_wait=52.0), 2)
    2.42
    """
    return 2.0 * mean_wait / target_wait
