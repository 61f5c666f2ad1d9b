"""Replications over processes: one after another here, on loky workers, or on any executor."""

from __future__ import annotations

import signal
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from contextlib import contextmanager
from itertools import islice

from loky import ProcessPoolExecutor, cpu_count

from disruption_sim.experiment.replication import Replication, ReplicationOutcome
from disruption_sim.pathology.kernel import warm_up_compile

# With an executor whose size is not known: enough to keep a small cluster busy.
TASKS_UNDER_WAY = 64
# Workers end themselves after so long without work: a parent that was killed cannot end them.
IDLE_SECONDS = 60.0


def finished_replications(
    tasks: Iterable[Replication], count: int, workers: int | None, executor: Executor | None
) -> Iterator[tuple[Replication, ReplicationOutcome]]:
    """Run tasks and yield each with its outcome as it comes back, in any order.

    Parameters
    ----------
    tasks : iterable of Replication
        Taken from as they are needed, so that a long design is never in memory as a whole.
    count : int
        How many there are.
    workers : int or None
        Processes; None for one on each physical core. 1 stays in this process. With an executor:
        how many tasks to have under way.
    executor : concurrent.futures.Executor or None
        Where to run instead.
    """
    if count == 0:
        return
    if executor is not None:
        yield from _over(executor, tasks, workers or TASKS_UNDER_WAY)
        return
    hands = min(count, workers or default_workers())
    warm_up_compile()  # once, before several processes would do it at the same time
    if hands == 1:
        for task in tasks:
            yield task, task.run()
        return
    with _processes(hands) as processes:
        # One more than there are hands, so that none waits for this process.
        yield from _over(processes, tasks, hands + 1)


def default_workers() -> int:
    """Return how many processes this machine bears: its physical cores."""
    return int(cpu_count(only_physical_cores=True))


@contextmanager
def _processes(hands: int) -> Iterator[Executor]:
    executor = ProcessPoolExecutor(
        max_workers=hands, timeout=IDLE_SECONDS, initializer=_leave_interrupts_to_parent
    )
    completed = False
    try:
        yield executor
        completed = True
    finally:
        # After an interrupt nobody wants to wait for half-done replications.
        executor.shutdown(wait=True, kill_workers=not completed)


def _leave_interrupts_to_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _over(
    executor: Executor, tasks: Iterable[Replication], at_a_time: int
) -> Iterator[tuple[Replication, ReplicationOutcome]]:
    waiting = iter(tasks)
    under_way: dict[Future[ReplicationOutcome], Replication] = {}
    try:
        while True:
            for task in islice(waiting, at_a_time - len(under_way)):
                under_way[_submitted(executor, task)] = task
            if not under_way:
                return
            done, _ = wait(under_way, return_when=FIRST_COMPLETED)
            for future in done:
                task = under_way.pop(future)
                error = future.exception()
                yield task, task.lost(error) if error is not None else future.result()
    finally:
        for future in under_way:
            future.cancel()


def _submitted(executor: Executor, task: Replication) -> Future[ReplicationOutcome]:
    try:
        return executor.submit(Replication.run, task)
    except RuntimeError as error:  # a pool that has lost a worker takes no more work
        future: Future[ReplicationOutcome] = Future()
        future.set_exception(error)
        return future
