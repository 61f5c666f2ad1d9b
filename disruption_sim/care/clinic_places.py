"""Free places of outpatient clinics: the first one from a date on, in next to no time."""

from __future__ import annotations

from bisect import bisect_left

import numpy as np
import numpy.typing as npt

from disruption_sim.world.model import ClinicSessions

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


class FreePlaces:
    """Spare places of every clinic at every site, taken one after the other.

    Parameters
    ----------
    sessions : ClinicSessions
        In order of start.

    Notes
    -----
    A full session points to the next one of the same clinic and site, and pointers are shortened
    as they are followed (union-find; Tarjan, J. ACM 1975), so a long stretch of full sessions is
    skipped in a step or two.
    """

    def __init__(self, sessions: ClinicSessions) -> None:
        self._free: list[int] = sessions.spare.tolist()
        self._group: list[tuple[int, int]] = list(
            zip(sessions.site.tolist(), sessions.clinic.tolist(), strict=True)
        )
        self._numbers: dict[tuple[int, int], list[int]] = {}
        self._starts: dict[tuple[int, int], list[float]] = {}
        for number, (group, start) in enumerate(
            zip(self._group, sessions.start.tolist(), strict=True)
        ):
            self._numbers.setdefault(group, []).append(number)
            self._starts.setdefault(group, []).append(start)
        self._next = {group: list(range(len(own) + 1)) for group, own in self._numbers.items()}

    def first_free(self, like: Integers, wished: Floats, earliest: Floats) -> Integers:
        """Take one place for each of some patients, in their order.

        Parameters
        ----------
        like : int (n,)
            Sessions; the places are of the same clinic at the same site.
        wished, earliest : float64 (n,)
            The first free place is taken from the wished time on, or else from the earliest on.

        Returns
        -------
        int64 (n,)
            The sessions; -1 for who found none.
        """
        found = []
        for session, *begins in zip(like.tolist(), wished.tolist(), earliest.tolist(), strict=True):
            place = -1
            for begin in begins:
                place, taken = self.take(session, begin)
                if taken:
                    break
            found.append(place)
        return np.array(found, dtype=np.int64)

    def take(self, like: int, earliest: float, wanted: int = 1) -> tuple[int, int]:
        """Take up to so many places in one session: the first with any from a time on.

        Parameters
        ----------
        like : int
            A session; the places are of the same clinic at the same site.
        earliest : float
            Hours.
        wanted : int
            At least 1.

        Returns
        -------
        session, taken : int
            (-1, 0) if there is no free place until the end.
        """
        group = self._group[like]
        numbers, following = self._numbers[group], self._next[group]
        first = bisect_left(self._starts[group], earliest)
        position = first
        while True:
            while following[position] != position:
                position = following[position]
            if position == len(numbers) or self._free[numbers[position]] > 0:
                break
            following[position] = position + 1
        while following[first] != position and first != position:
            following[first], first = position, following[first]
        if position == len(numbers):
            return -1, 0
        session = numbers[position]
        taken = min(wanted, self._free[session])
        self._free[session] -= taken
        return session, taken
