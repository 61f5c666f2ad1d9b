"""The crossmatching bench: biomedical scientists on day and night shifts, most urgent first."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Generator
from typing import Any, Generic, TypeVar

import simpy

Patient = TypeVar("Patient")

DAY_SHIFT_HOURS = (8.0, 20.0)


class Bench(Generic[Patient]):
    """A SimPy resource with priorities whose number of servers follows a shift.

    Written instead of ``simpy.PriorityResource`` because that can neither change its capacity nor
    say how long a new request will wait, and sorts its queue at every request. Not preemptive:
    at the end of a shift those who go home first finish what they are doing.

    Parameters
    ----------
    env : simpy.Environment
    day_staff, night_staff : int
        Scientists from 8:00 to 20:00, and otherwise.
    serve : callable
        Takes a patient whose turn has come; returns the hours (on the grid) for which one
        scientist is busy, 0 if nothing could be done.
    """

    def __init__(
        self,
        env: simpy.Environment,
        day_staff: int,
        night_staff: int,
        serve: Callable[[Patient], float],
    ) -> None:
        self._env = env
        self._day_staff = day_staff
        self._night_staff = night_staff
        self._serve = serve
        self._queue: list[tuple[int, int, Patient]] = []
        self._sequence = 0
        self._ends: list[float] = []

    @property
    def staff(self) -> int:
        """Scientists on shift now."""
        start, end = DAY_SHIFT_HOURS
        return self._day_staff if start <= self._env.now % 24.0 < end else self._night_staff

    @property
    def busy(self) -> int:
        """Scientists at work now."""
        return len(self._ends)

    @property
    def waiting(self) -> list[Patient]:
        """Patients in the queue, in the order in which they would be served."""
        return [patient for _, _, patient in sorted(self._queue, key=lambda entry: entry[:2])]

    def join(self, priority: int, patient: Patient) -> None:
        """Queue for a scientist: lower numbers of priority first, then first come first served."""
        heapq.heappush(self._queue, (priority, self._sequence, patient))
        self._sequence += 1
        self.start_waiting()

    def expected_wait(self, priority: int, hands_on: float) -> float:
        """Return the hours a new patient would wait with the present staff and queue.

        Parameters
        ----------
        priority : int
        hands_on : float
            Hours each patient in front takes.
        """
        now, staff = self._env.now, self.staff
        if len(self._ends) < staff:
            return 0.0
        free = sorted(self._ends)[len(self._ends) - staff :]
        heapq.heapify(free)
        for place, _, _ in self._queue:
            if place <= priority:
                heapq.heapreplace(free, free[0] + hands_on)
        return max(0.0, free[0] - now)

    def start_waiting(self) -> None:
        """Serve those who wait while there is somebody to do it; called at the start of a shift."""
        while self._queue and len(self._ends) < self.staff:
            _, _, patient = heapq.heappop(self._queue)
            hours = self._serve(patient)
            if hours > 0.0:
                self._ends.append(self._env.now + hours)
                done = self._env.timeout(hours)
                done.callbacks.append(self._one_is_free)

    def _one_is_free(self, _: simpy.Event) -> None:
        self._ends.remove(self._env.now)
        self.start_waiting()


def shifts(
    env: simpy.Environment, benches: list[Bench[Patient]]
) -> Generator[simpy.Event, Any, None]:
    """Run the roster: at each change of shift those who come on take up what waits."""
    start, end = DAY_SHIFT_HOURS
    while True:
        clock = env.now % 24.0
        if clock < start:
            yield env.timeout(start - clock)
        elif clock < end:
            yield env.timeout(end - clock)
        else:
            yield env.timeout(24.0 - clock + start)
        for bench in benches:
            bench.start_waiting()
