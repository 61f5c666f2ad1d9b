"""Ages to which a shelf settles, for the stock at hour 0."""

from __future__ import annotations

from bisect import bisect_left


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
