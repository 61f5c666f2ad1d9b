"""A shelf of things that perish: batches by last day, taken oldest first, ordered up to a level."""

from __future__ import annotations

from bisect import bisect_left


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
    ([(10, 1), (20, 1)], ((20, 2),))
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
            At least 1.
        """
        position = bisect_left(self._last_days, last_day)
        if position < len(self._last_days) and self._last_days[position] == last_day:
            self._batches[position] += units
        else:
            self._last_days.insert(position, last_day)
            self._batches.insert(position, units)
        self.units += units

    def lasting(self, least_last_day: int) -> int:
        """Return the units that may still be given on a day."""
        return sum(self._batches[bisect_left(self._last_days, least_last_day) :])

    def take(self, units: int, least_last_day: int = 0) -> list[tuple[int, int]]:
        """Take units, the oldest first, as many as there are of those wanted.

        Parameters
        ----------
        units : int
        least_last_day : int
            Older ones are left where they are.

        Returns
        -------
        list of (int, int)
            Last day and number.
        """
        taken: list[tuple[int, int]] = []
        position = bisect_left(self._last_days, least_last_day) if least_last_day else 0
        while units > 0 and position < len(self._last_days):
            taken.append(self._take_from(position, units))
            units -= taken[-1][1]
        return taken

    def take_freshest(self, units: int) -> list[tuple[int, int]]:
        """Take units, those that last longest first; last day and number."""
        taken: list[tuple[int, int]] = []
        while units > 0 and self._last_days:
            taken.append(self._take_from(len(self._last_days) - 1, units))
            units -= taken[-1][1]
        return taken

    def take_until(self, last_day: int, units: int | None = None) -> list[tuple[int, int]]:
        """Take those whose last day is not after a day, all or so many of them, oldest first."""
        taken: list[tuple[int, int]] = []
        while self._last_days and self._last_days[0] <= last_day and units != 0:
            taken.append(self._take_from(0, self._batches[0] if units is None else units))
            if units is not None:
                units -= taken[-1][1]
        return taken

    def _take_from(self, position: int, units: int) -> tuple[int, int]:
        last_day, there = self._last_days[position], self._batches[position]
        if there > units:
            self._batches[position] = there - units
        else:
            units = there
            del self._batches[position], self._last_days[position]
        self.units -= units
        return last_day, units


def order_up_to(level: int, in_stock: int, on_order: int = 0, owed: int = 0) -> int:
    """Return what to order: to a level of what is in stock and on order, and what is owed on top.

    The base-stock rule on total stock; nobody sends anything back.
    """
    return max(0, level + owed - in_stock - on_order)
