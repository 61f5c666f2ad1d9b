"""The transfusion bench of one hospital: biomedical scientists, the most urgent job first."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, Protocol

import simpy

from disruption_sim.transfusion.rosters import Roster, Shift

IMMEDIATE, URGENT, SAMPLES, PLANNED = range(4)
"""Priorities: routine transfusions and operations are planned, by the time they are for."""

LEAST_CALL_OUT_HOURS = 1.0
"""A scientist who was called in stays at least so long."""


@dataclass(slots=True, eq=False)
class Job:
    """Work for one scientist.

    Attributes
    ----------
    priority : int
    order : float
        Within a priority the smallest first.
    hours : float
        Hands-on, as it looked when the job came; for the wait that others can expect.
    work : callable
        Called when its turn comes; returns the hours (on the grid) for which one scientist is
        busy, 0 if nothing could be done.
    joined : float
    begun, cancelled : bool
    """

    priority: int
    order: float
    hours: float
    work: Callable[[], float]
    joined: float
    begun: bool = False
    cancelled: bool = False


@dataclass(slots=True, eq=False)
class Stint:
    """Samples that one scientist tests one after the other.

    Attributes
    ----------
    start, each : float
        When it began, and the hands-on hours of a sample.
    number, second : int
        Samples, and how many of them only confirm a group.
    by_hand : bool
    """

    start: float
    each: float
    number: int
    second: int
    by_hand: bool

    @property
    def end(self) -> float:
        """When the last sample is done."""
        return self.start + self.number * self.each

    def tested_by(self, now: float) -> int:
        """Return how many are done, the one at hand included."""
        return min(self.number, max(1, math.ceil((now - self.start) / self.each)))


class Samples(Protocol):
    """What a bench is told of its group-and-screen samples."""

    def hours_each(self) -> float:
        """Return the hands-on hours of one sample now, 0 for none."""

    def take_up(self, number: int) -> Stint:
        """Let a scientist begin with so many samples now."""

    def put_back(self, stint: Stint, number: int) -> None:
        """Let so many of the samples of a stint, the last, wait again."""

    def tested(self, stint: Stint) -> None:
        """Note that a stint has ended."""


class WorkLog(Protocol):
    """Where hours are written down."""

    def busy(self, start: float, end: float) -> None:
        """Write down that one scientist works from a time to another.

        An end before the start takes the hours between back.
        """

    def on_duty(self, start: float, end: float, people: int) -> None:
        """Write down that scientists are on duty from a time to another."""


class Bench:
    """A SimPy resource with priorities whose servers follow a roster and can be called in.

    Written instead of ``simpy.PriorityResource`` because that can neither change its capacity nor
    say how long a new request will wait, and sorts its queue at every request. Not preemptive:
    at the end of a shift those who go home first finish what they are doing.

    Scientists on call come a time after a job that is immediate or urgent finds nobody free, all of
    them, and stay until nothing is left to do or their shift ends, at least an hour. What can wait
    does not bring them in, but they do it while they are there.

    Samples that are not for somebody who is waiting for blood are a number, not jobs: those who are
    free share what waits when no immediate or urgent job is left, before everything planned. Who
    tests samples takes up an immediate or urgent job after the sample at hand, if nobody is free;
    what one has taken up is not shared again but then, and at the end of a shift.

    Parameters
    ----------
    env : simpy.Environment
    roster : Roster
    response_hours : float
        Until a scientist on call is at the bench.
    samples : Samples
    log : WorkLog
    """

    def __init__(
        self,
        env: simpy.Environment,
        roster: Roster,
        response_hours: float,
        samples: Samples,
        log: WorkLog,
    ) -> None:
        self._env = env
        self._roster = roster
        self._response = response_hours
        self._work_on_samples = samples
        self._log = log
        self._shift: Shift = roster.at(env.now)
        self._queue: list[tuple[int, float, int, Job]] = []
        self._sequence = 0
        self._samples = 0
        self._ends: list[float] = []  # a heap: when those at work are free
        self._stints: list[Stint] = []  # those of them who test samples
        self._wakes_at = -1.0
        self._serving = False
        self._called_for = -1.0  # when those on call come or came; negative if not called
        self._present = 0  # of those on call

    def start(self) -> None:
        """Start the SimPy process of the roster."""
        self._env.process(self._change_shifts())

    @property
    def staff(self) -> int:
        """Scientists at the bench now."""
        return self._shift.resident + self._present

    @property
    def busy(self) -> int:
        """Scientists at work now."""
        self._free_those_done()
        return len(self._ends)

    @property
    def samples_waiting(self) -> int:
        """Samples that nobody waits for and that are not yet tested."""
        return self._samples

    @property
    def waiting(self) -> list[Job]:
        """Jobs in the queue, in the order in which they would be done."""
        return [
            entry[3] for entry in sorted(self._queue, key=lambda e: e[:3]) if not entry[3].cancelled
        ]

    def join(self, priority: int, order: float, hours: float, work: Callable[[], float]) -> Job:
        """Queue for a scientist; see `Job` for the parameters."""
        job = Job(priority, order, hours, work, self._env.now)
        heapq.heappush(self._queue, (priority, order, self._sequence, job))
        self._sequence += 1
        self.serve()
        return job

    def add_samples(self, number: int) -> None:
        """Let samples wait that nobody waits for."""
        self._samples += number
        self.serve()

    def expected_wait(self, priority: int) -> float:
        """Return the hours a new job would wait with the present staff and queue.

        Parameters
        ----------
        priority : int
            Before that of samples.
        """
        now, staff = self._env.now, self.staff
        self._free_those_done()
        if staff:
            over = len(self._ends) - staff
            ends = self._ends.copy()
            for stint in self._stints:
                ends.remove(stint.end)
                ends.append(stint.start + stint.tested_by(now) * stint.each)
            free = [now] * -over + sorted(ends)[max(over, 0) :]
        else:
            arrival = self._called_for if self._called_for >= now else now + self._response
            free = [arrival] * self._shift.on_call
        heapq.heapify(free)
        for place, _, _, job in self._queue:
            if place <= priority and not job.cancelled:
                heapq.heapreplace(free, free[0] + job.hours)
        return max(0.0, free[0] - now)

    def hours_of_planned_work(self, until: float) -> float:
        """Return the hands-on hours that go before planned work which is needed by a time."""
        now = self._env.now
        self._free_those_done()
        hours = sum(end - now for end in self._ends)
        hours += self._samples * self._work_on_samples.hours_each()
        for priority, order, _, job in self._queue:
            if (priority < PLANNED or order <= until) and not job.cancelled:
                hours += job.hours
        return hours

    def serve(self) -> None:
        """Do what waits while there is somebody to do it, and call somebody in if that helps."""
        if self._serving:
            return
        self._serving = True
        self._free_those_done()
        ends, staff = self._ends, self._shift.resident + self._present
        if self._stints and self._queue and self._queue[0][0] <= URGENT:
            jobs = sum(entry[0] <= URGENT and not entry[3].cancelled for entry in self._queue)
            if jobs > staff - len(ends):
                self._leave_samples(jobs - (staff - len(ends)))
        while len(ends) < staff and (self._queue or self._samples):
            hours = self._next_hours(staff - len(ends))
            if hours > 0.0:
                end = self._env.now + hours
                heapq.heappush(ends, end)
                self._log.busy(end - hours, end)
        self._serving = False
        if self._shift.on_call:
            self._call_in()
            self._send_home()
        # Nobody has to be told of the end of a job that nobody waits for.
        if ends and (self._queue or self._samples or self._present) and ends[0] != self._wakes_at:
            self._wakes_at = ends[0]
            self._env.timeout(ends[0] - self._env.now).callbacks.append(lambda _: self.serve())

    def _next_hours(self, free: int) -> float:
        """Take up what comes next; the hours of it, 0 if nothing could be done."""
        if self._samples and (not self._queue or self._queue[0][0] > SAMPLES):
            return self._test(-(-self._samples // free))
        job = heapq.heappop(self._queue)[3]
        if job.cancelled:
            return 0.0
        job.begun = True
        return job.work()

    def _test(self, number: int) -> float:
        """Let one scientist test samples one after the other; the hours of it."""
        stint = self._work_on_samples.take_up(number)
        self._samples -= number
        hours = stint.end - stint.start
        if hours > 0.0:
            self._stints.append(stint)
        else:
            self._work_on_samples.tested(stint)
        return hours

    def _leave_samples(self, people: int) -> None:
        """Let so many of those who test samples stop after the sample at hand, the first to."""
        now = self._env.now
        soonest = sorted(self._stints, key=lambda s: s.start + s.tested_by(now) * s.each)
        for stint in soonest[:people]:
            tested, end = stint.tested_by(now), stint.end
            if tested < stint.number:
                left = stint.number - tested
                self._work_on_samples.put_back(stint, left)
                self._samples += left
                self._ends.remove(end)
                stint.number = tested
                self._ends.append(stint.end)
                heapq.heapify(self._ends)
                self._log.busy(end, stint.end)
        self._free_those_done()

    def _free_those_done(self) -> None:
        now, ends = self._env.now, self._ends
        if ends and ends[0] <= now:
            while ends and ends[0] <= now:
                heapq.heappop(ends)
            self._end_stints(now)

    def _end_stints(self, now: float) -> None:
        """Let the samples of stints that have ended count as tested."""
        for stint in self._stints:
            if stint.end <= now:
                self._work_on_samples.tested(stint)
        self._stints = [stint for stint in self._stints if stint.end > now]

    # ------------------------------------------------------------------------------------ on call

    def _call_in(self) -> None:
        while self._queue and self._queue[0][3].cancelled:
            heapq.heappop(self._queue)
        if self._called_for < 0.0 and self._queue and self._queue[0][0] <= URGENT:
            self._called_for = arrival = self._env.now + self._response
            self._env.timeout(self._response).callbacks.append(lambda _: self._arrive(arrival))

    def _arrive(self, arrival: float) -> None:
        if self._called_for != arrival or self._present:
            return
        self._present = self._shift.on_call
        self._env.timeout(LEAST_CALL_OUT_HOURS).callbacks.append(lambda _: self.serve())
        self.serve()

    def _send_home(self) -> None:
        if (
            self._present
            and not self._queue
            and not self._samples
            and self.busy <= self._shift.resident
            and self._env.now >= self._called_for + LEAST_CALL_OUT_HOURS
        ):
            self._end_call_out()

    def _end_call_out(self) -> None:
        if self._present:
            self._log.on_duty(self._called_for, self._env.now, self._present)
        self._called_for, self._present = -1.0, 0

    # ------------------------------------------------------------------------------------- roster

    def _change_shifts(self) -> Generator[simpy.Event, Any, None]:
        now = self._env.now
        for shift in self._roster.shifts:
            if shift.end <= now:
                continue
            if shift.start > self._env.now:
                yield self._env.timeout(shift.start - self._env.now)
            if shift.on_call != self._shift.on_call:
                self._end_call_out()
            self._shift = shift
            self._log.on_duty(max(shift.start, now), shift.end, shift.resident)
            self._free_those_done()
            if len(self._ends) > self.staff:
                self._leave_samples(len(self._ends) - self.staff)
            for end in sorted(self._ends)[: max(0, len(self._ends) - self.staff)]:
                self._log.on_duty(self._env.now, end, 1)
            self.serve()

    def close(self) -> None:
        """Write down what is under way at the end: stints, and those who were called in."""
        self._end_stints(math.inf)
        self._end_call_out()
