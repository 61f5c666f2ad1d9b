"""SimPy's calendar, coupled to the laboratory kernel without a time step.

Whoever asks the laboratories something calls ``laboratory.advance_to(calendar.now)`` first; as
long as nothing is watched the kernel runs only then. If something is watched, the kernel runs up
to the time of SimPy's next event before SimPy takes it, stops at the instant at which the watched
thing happens, and that becomes a SimPy event of that instant, ahead of SimPy's own events then.
"""

from __future__ import annotations

from heapq import heappush
from typing import Any

import simpy
from simpy.events import NORMAL, URGENT, Event, EventPriority

from disruption_sim.pathology.kernel import LaboratoryKernel


class SimulationCalendar(simpy.Environment):
    """A SimPy environment that knows the laboratories.

    Parameters
    ----------
    laboratory : LaboratoryKernel
        Advanced as far as needed whenever something in it is watched.
    initial_time : float
        Simulation time in hours at which SimPy starts.

    Examples
    --------
    >>> def incident_command(calendar, laboratory):
    ...     yield calendar.when_queue_exceeds(station=0, length=2_000)
    ...     laboratory.reschedule(0, [calendar.now], [12], [1], [1.0], [0.0], [False], [True])
    """

    def __init__(self, laboratory: LaboratoryKernel, initial_time: float = 0.0) -> None:
        super().__init__(initial_time)
        self.laboratory = laboratory
        self._queue_events: dict[int, dict[int, Event]] = {}
        self._tube_events: dict[int, Event] = {}

    def at(self, time: float, value: Any = None) -> Event:
        """Return an event that happens at exactly `time`.

        Raises
        ------
        ValueError
            If `time` has passed.
        """
        if time < self.now:
            raise ValueError(f"{time} h has passed: it is {self.now} h")
        event = Event(self)
        self._happen(event, time, value, NORMAL)
        return event

    def when_queue_exceeds(self, station: int, length: int) -> Event:
        """Return an event for the moment at which more than `length` tubes wait at a station.

        It happens once, at once if so many wait already, with the time as its value.
        """
        self.laboratory.advance_to(self.now)
        events = self._queue_events.setdefault(station, {})
        if length not in events:
            events[length] = Event(self)
            self.laboratory.watch(station, min(events))
        return events[length]

    def when_discarded(self, tube: int) -> Event:
        """Return an event for the moment at which a tube is discarded, having expired, or rejected.

        It happens at most once, with the time as its value; never if the tube is reported.
        """
        self.laboratory.advance_to(self.now)
        if tube not in self._tube_events:
            self._tube_events[tube] = Event(self)
            self.laboratory.watch_tube(tube)
        return self._tube_events[tube]

    def step(self) -> None:
        """Process the next event, or what happens before it in the laboratories.

        Raises
        ------
        simpy.core.EmptySchedule
            If no event is left.
        """
        if self._queue and self.laboratory.may_stop_by(self._queue[0][0]):
            horizon = self.laboratory.horizon_hours
            self.laboratory.advance_to(min(self._queue[0][0], horizon))
            for trigger in self.laboratory.take_triggers():
                if trigger.kind == "tube":
                    event = self._tube_events.pop(trigger.index)
                    self._happen(event, trigger.time, trigger.time, URGENT)
                else:
                    self._exceeded(trigger.index, trigger.time)
        super().step()

    def _exceeded(self, station: int, time: float) -> None:
        events = self._queue_events[station]
        self._happen(events.pop(min(events)), time, time, URGENT)
        if events:
            self.laboratory.watch(station, min(events))

    def _happen(self, event: Event, time: float, value: Any, priority: EventPriority) -> None:
        # `schedule` takes a delay, and now + (time - now) need not be time.
        event._ok, event._value = True, value
        heappush(self._queue, (time, priority, next(self._eid), event))
