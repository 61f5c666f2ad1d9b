"""Strengths of policies over time, as arrays for compiled passes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from disruption_sim.pathology.compiled import inlined
from disruption_sim.step_function import StepFunction

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
# Arguments of compiled functions.
Array = Any


@dataclass(frozen=True, eq=False)
class PolicySteps:
    """Strengths of several policies.

    Attributes
    ----------
    first : int64 (policies + 1,)
        Where the steps of each policy lie.
    time, strength : float64 (steps,)
    """

    first: Integers
    time: Floats
    strength: Floats

    @classmethod
    def of(cls, strengths: Sequence[StepFunction]) -> PolicySteps:
        """Return the strengths one behind the other."""
        lengths = [len(strength.times) for strength in strengths]
        return cls(
            first=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
            time=np.array([time for strength in strengths for time in strength.times]),
            strength=np.array([value for strength in strengths for value in strength.values]),
        )


@inlined
def strength_at(policy: Any, moment: Any, first: Array, time: Array, strength: Array) -> Any:
    """Return the strength of a policy at a moment."""
    step = first[policy + 1] - 1
    while time[step] > moment:
        step -= 1
    return strength[step]


def span_in_force(strength: StepFunction) -> tuple[float, float]:
    """Return when a strength is first above 0, and when it becomes 0 for good.

    Both infinite if it never is above 0; the end alone if it stays.
    """
    in_force = [
        time for time, value in zip(strength.times, strength.values, strict=True) if value > 0.0
    ]
    start = in_force[0] if in_force else math.inf
    return start, strength.times[-1] if in_force and strength.values[-1] == 0.0 else math.inf
