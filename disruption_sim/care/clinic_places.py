"""Free places of outpatient clinics: the first one from a date on, in next to no time."""

from __future__ import annotations

from bisect import bisect_left

import numpy as np
import numpy.typing as npt

from disruption_sim.world.model import ClinicSessions

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_NO_MORE = -1


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
        # Sessions stand by clinic and site, each of these groups in order of start, with one place
        # behind its last session that says that there are no more.
        count = sessions.start.size
        code = sessions.site.astype(np.int64) * (1 << 8) + sessions.clinic
        group = np.unique(code, return_inverse=True)[1]
        order = np.argsort(group, kind="stable")
        slot = np.arange(count) + group[order]
        slots = count + (int(group.max()) + 1 if count else 0)
        starts, free = np.full(slots, np.inf), np.full(slots, _NO_MORE)
        number = np.full(slots, -1)
        starts[slot], free[slot], number[slot] = sessions.start[order], sessions.spare[order], order
        ends = np.flatnonzero(number < 0)
        begins = np.concatenate([[0], ends[:-1] + 1]) if count else ends
        self._starts: list[float] = starts.tolist()
        self._free: list[int] = free.tolist()
        self._number: list[int] = number.tolist()
        self._next = list(range(slots))
        self._begin: list[int] = begins[group].tolist()
        self._end: list[int] = ends[group].tolist()

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
        for session, wish, soonest in zip(
            like.tolist(), wished.tolist(), earliest.tolist(), strict=True
        ):
            place, taken = self.take(session, wish)
            if not taken:
                place, _ = self.take(session, soonest)
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
            Places, at least 1.

        Returns
        -------
        session, taken : int
            ``(-1, 0)`` if there is none.
        """
        following, free = self._next, self._free
        first = bisect_left(self._starts, earliest, self._begin[like], self._end[like])
        position = first
        while True:
            while following[position] != position:
                position = following[position]
            if free[position]:
                break
            following[position] = position + 1
        while following[first] != position and first != position:
            following[first], first = position, following[first]
        if free[position] == _NO_MORE:
            return -1, 0
        taken = min(wanted, free[position])
        free[position] -= taken
        return self._number[position], taken
