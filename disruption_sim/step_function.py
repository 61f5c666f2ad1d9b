"""Functions of time that are constant between dated steps, and how they combine."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import reduce

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class StepFunction:
    """A right-continuous step function of time.

    Attributes
    ----------
    times : tuple of float
        Strictly increasing; the first is -inf.
    values : tuple of float
        values[i] holds from times[i] until times[i + 1].

    Examples
    --------
    >>> half = StepFunction.constant(0.0).with_step(24.0, 0.5)
    >>> half.at(23.9), half.at(24.0)
    (0.0, 0.5)
    """

    times: tuple[float, ...]
    values: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.times or self.times[0] != float("-inf") or len(self.times) != len(self.values):
            raise ValueError("a step function starts at -inf and has one value for each time")
        if any(
            later <= earlier for earlier, later in zip(self.times, self.times[1:], strict=False)
        ):
            raise ValueError("the times of a step function increase")

    @classmethod
    def constant(cls, value: float) -> StepFunction:
        """Return the function that is always the same."""
        return cls((float("-inf"),), (value,))

    @classmethod
    def of_steps(cls, first: float, steps: Iterable[tuple[float, float]]) -> StepFunction:
        """Return the function with a first value and others from certain times on, in order.

        A step at the very time of the last one takes its place: what lasts less than a tick of the
        time grid has not been.
        """
        times, values = [float("-inf")], [first]
        for time, value in steps:
            if time == times[-1]:
                values[-1] = value
            else:
                times.append(time)
                values.append(value)
        return cls(tuple(times), tuple(values))

    def with_step(self, time: float, value: float) -> StepFunction:
        """Return this function with another value from a time on, not before the last step.

        See `of_steps`, which builds one of many steps in one go.
        """
        steps = zip(self.times[1:], self.values[1:], strict=True)
        return StepFunction.of_steps(self.values[0], (*steps, (time, value)))

    def at(self, time: float) -> float:
        """Return the value that holds at a time."""
        return self.values[bisect_right(self.times, time) - 1]

    def at_many(self, times: Floats) -> Floats:
        """Return the values at many times, float64 of the same shape."""
        positions = np.searchsorted(np.asarray(self.times), times, side="right") - 1
        found: Floats = np.asarray(self.values, dtype=np.float64)[positions]
        return found

    def map(self, function: Callable[[float], float]) -> StepFunction:
        """Return the function with every value changed."""
        return StepFunction(self.times, tuple(function(value) for value in self.values))

    @property
    def is_zero(self) -> bool:
        """Whether the value is 0 at all times."""
        return all(value == 0.0 for value in self.values)


def combine(functions: Iterable[StepFunction], how: Callable[[list[float]], float]) -> StepFunction:
    """Return the function of time that combines the values of several at every time.

    Parameters
    ----------
    functions : iterable of StepFunction
    how : callable
        Takes the list of values that hold together. It should not depend on their order.
    """
    found = list(functions)
    times = sorted({time for function in found for time in function.times} | {float("-inf")})
    values = [how([function.at(time) for function in found]) for time in times]
    kept = [0, *(i for i in range(1, len(times)) if values[i] != values[i - 1])]
    return StepFunction(tuple(times[i] for i in kept), tuple(values[i] for i in kept))


def since_at_least(function: StepFunction, least: float) -> StepFunction:
    """Return since when a value has been at least so high, over time; infinite while it is not."""
    since: list[float] = []
    for time, value in zip(function.times, function.values, strict=True):
        if value < least:
            since.append(float("inf"))
        else:
            goes_on = bool(since) and since[-1] != float("inf")
            since.append(since[-1] if goes_on else time)
    return StepFunction(function.times, tuple(since))


def compose_losses(functions: Iterable[StepFunction]) -> StepFunction:
    """Return the depth of several losses that hold together: 1 - (1 - a)(1 - b)...

    Losses are relative, so the order does not matter and the end of one leaves the others be.
    Values are sorted before they are multiplied, so that the order does not matter to the last bit.
    """
    return combine(
        functions,
        lambda depths: 1.0 - reduce(lambda kept, depth: kept * (1.0 - depth), sorted(depths), 1.0),
    )
