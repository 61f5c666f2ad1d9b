"""Red cells in a fridge: units with a last day, given oldest first."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence

from disruption_sim.transfusion.compatibility import GROUPS


class Shelf:
    """Units of one kind that perish, taken oldest first.

    It knows neither group nor hospital, so that any order-up-to system of perishables can be built
    from it.

    Attributes
    ----------
    units : int
        Units on the shelf.

    Examples
    --------
    >>> shelf = Shelf()
    >>> shelf.add(last_day=20, units=3)
    >>> shelf.add(last_day=10, units=1)
    >>> shelf.take(2), shelf.batches
    (2, ((20, 2),))
    """

    __slots__ = ("_batches", "_last_days", "units")

    def __init__(self) -> None:
        self.units = 0
        self._last_days: list[int] = []
        self._batches: list[int] = []

    @property
    def batches(self) -> tuple[tuple[int, int], ...]:
        """Last day and number of units, oldest first."""
        return tuple(zip(self._last_days, self._batches, strict=True))

    def add(self, last_day: int, units: int) -> None:
        """Put units on the shelf.

        Parameters
        ----------
        last_day : int
            Number of the last day on which they may be given.
        units : int
        """
        position = bisect_left(self._last_days, last_day)
        if position < len(self._last_days) and self._last_days[position] == last_day:
            self._batches[position] += units
        else:
            self._last_days.insert(position, last_day)
            self._batches.insert(position, units)
        self.units += units

    def take(self, units: int) -> int:
        """Take units, the oldest first, and return how many there were of those wanted."""
        taken = min(units, self.units)
        self.units -= taken
        left = taken
        while left:
            first = self._batches[0]
            if first > left:
                self._batches[0] = first - left
                break
            left -= first
            del self._batches[0], self._last_days[0]
        return taken

    def expire(self, day: int) -> int:
        """Throw away what may not be given after the end of a day, and return how many."""
        thrown = 0
        while self._last_days and self._last_days[0] <= day:
            thrown += self._batches[0]
            del self._batches[0], self._last_days[0]
        self.units -= thrown
        return thrown


class Fridge:
    """Red cells of one hospital, a shelf for each group."""

    __slots__ = ("shelves",)

    def __init__(self) -> None:
        self.shelves = tuple(Shelf() for _ in range(GROUPS))

    def available(self, groups: Iterable[int]) -> int:
        """Return the units of several groups together."""
        return sum(self.shelves[group].units for group in groups)

    def take(self, groups: Sequence[int], units: int) -> list[tuple[int, int]]:
        """Take units from the groups in their order, as many as there are.

        Returns
        -------
        list of (int, int)
            Group and units, where any were taken.
        """
        taken = []
        for group in groups:
            here = self.shelves[group].take(units)
            if here:
                taken.append((group, here))
                units -= here
                if not units:
                    break
        return taken


class SteadyStateAges:
    """Ages of the units on a shelf that is kept filled and emptied oldest first.

    Where `u` units a day come in at ages spread evenly over ``youngest..oldest`` and the oldest
    are given first, ``u F(a)`` units of age `a` are on the shelf, with `F(a)` the share that comes
    in no older than `a`, up to the age at which they are given. That age is where the sum is the
    stock, or the end of the shelf life (what is not given by then expires, and the profile is the
    same).

    Parameters
    ----------
    youngest, oldest : int
        Age in days on delivery.
    shelf_life : int
        Days; the age on the last day on which a unit may be given.
    days_of_stock : float
        Stock over daily use; may be infinite.
    """

    def __init__(self, youngest: int, oldest: int, shelf_life: int, days_of_stock: float) -> None:
        self._youngest = youngest
        self._cumulative: list[float] = []
        total = 0.0
        for age in range(youngest, shelf_life + 1):
            share = min(1.0, (age - youngest + 1) / (oldest - youngest + 1))
            total = min(days_of_stock, total + share)
            self._cumulative.append(total)
            if total >= days_of_stock:
                break

    def quantile(self, uniform: float) -> int:
        """Return the age in days that stands at a share of the stock counted from the youngest."""
        wanted = uniform * self._cumulative[-1]
        position = bisect_left(self._cumulative, wanted)
        return self._youngest + min(position, len(self._cumulative) - 1)
