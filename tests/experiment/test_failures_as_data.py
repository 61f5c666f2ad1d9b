from __future__ import annotations

from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any

import pytest

from disruption_sim.experiment import AllFailedError, Progress, run, run_replication
from disruption_sim.experiment import replication as replication_module
from tests.support.pretend import failing_simulate, pretend_records
from tests.support.small_scenario import small_scenario

pytestmark = pytest.mark.unit

SCENARIO = small_scenario(calendar__horizon_weeks=2)


@pytest.mark.parametrize("stage", ["baseline", "disrupted"])
def test_a_failure_in_an_arm_comes_back_with_its_stage(
    stage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replication_module, "simulate", failing_simulate(stage))
    outcome = run_replication(SCENARIO, seed=9, replication=4)
    failure = outcome.failure
    assert failure is not None
    assert outcome.arms == ()
    assert (failure.stage, failure.replication, failure.seed) == (stage, 4, 9)
    assert failure.error == f"RuntimeError: broke in the {stage} arm"
    assert "second line" in failure.traceback
    assert failure.command("x.yaml") == (
        "disruption-sim run x.yaml --seed 9 --only-replication 4 --workers 1"
    )


@pytest.mark.parametrize(("name", "stage"), [("draw_world", "world"), ("measure_arm", "measures")])
def test_a_failure_before_or_after_the_arms_comes_back_too(
    name: str, stage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*arguments: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(replication_module, "simulate", pretend_records)
    monkeypatch.setattr(replication_module, name, broken)
    failure = run_replication(SCENARIO, 1, 0).failure
    assert failure is not None
    assert (failure.stage, failure.error) == (stage, "ZeroDivisionError:")


def test_one_failure_does_not_take_the_others_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replication_module, "simulate", failing_simulate("disrupted"))
    seen: list[Progress] = []
    result = run(SCENARIO, replications=3, workers=1, progress=seen.append)
    assert result.done == (0,)
    assert [failure.replication for failure in result.failures] == [1, 2]
    assert set(result.weekly["n"]) <= {0, 1}
    assert [(progress.done, progress.total) for progress in seen] == [(1, 3), (2, 3), (3, 3)]


def test_nothing_but_failures_is_an_error_that_holds_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replication_module, "simulate", failing_simulate("baseline"))
    with pytest.raises(AllFailedError, match="none of 2 replications") as caught:
        run(SCENARIO, replications=2, only=[1, 2], workers=1)
    assert len(caught.value.failures) == 2


class LosesWorker(Executor):
    """A pool whose worker dies on the second task, and that takes no more after the third."""

    def __init__(self) -> None:
        self.tasks = 0

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.tasks += 1
        if self.tasks == 3:
            raise RuntimeError("the pool is broken")
        future: Future[Any] = Future()
        if self.tasks == 2:
            future.set_exception(OSError("killed"))
        else:
            future.set_result(fn(*args, **kwargs))
        return future


def test_a_lost_worker_is_a_failure_of_its_replication(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replication_module, "simulate", pretend_records)
    result = run(SCENARIO, replications=4, executor=LosesWorker())
    assert result.done == (0, 3)
    assert [(f.stage, f.error) for f in result.failures] == [
        ("worker", "OSError: killed"),
        ("worker", "RuntimeError: the pool is broken"),
    ]


def test_any_executor_gives_the_same_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replication_module, "simulate", pretend_records)
    here = run(SCENARIO, replications=4, workers=1)
    with ThreadPoolExecutor(3) as threads:
        there = run(SCENARIO, replications=4, executor=threads, workers=2)
    assert here.weekly.equals(there.weekly)
    assert here.replications.equals(there.replications)
