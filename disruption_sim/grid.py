"""The time grid: every time and duration inside the simulation is a multiple of 2**-20 hours.

Why: on a dyadic grid sums and differences of times are exact in float64 (46 weeks need 13 bits
before the point and 20 after it), so ``now + (t - now) == t`` holds and the compiled kernel and
SimPy agree to the last bit.
"""

from __future__ import annotations

from typing import overload

import numpy as np
import numpy.typing as npt

TICKS_PER_HOUR = 1 << 20
HOURS_PER_DAY = 24.0
HOURS_PER_WEEK = 168.0

FloatArray = npt.NDArray[np.float64]


@overload
def to_grid(hours: float) -> float: ...
@overload
def to_grid(hours: FloatArray) -> FloatArray: ...
def to_grid(hours: float | FloatArray) -> float | FloatArray:
    """Round hours to the nearest tick (about 3.4 ms).

    Parameters
    ----------
    hours : float or array of float64
        Any time or duration in hours.
    """
    if isinstance(hours, np.ndarray):
        ticks: FloatArray = np.rint(hours * TICKS_PER_HOUR)
        ticks /= TICKS_PER_HOUR
        return ticks
    return round(hours * TICKS_PER_HOUR) / TICKS_PER_HOUR


def minutes(value: float) -> float:
    """Return a duration in minutes as hours on the grid."""
    return to_grid(value / 60.0)
