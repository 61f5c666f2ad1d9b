from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from disruption_sim.experiment import FolderError, open_store, run, sweep
from disruption_sim.experiment import replication as replication_module
from disruption_sim.experiment.errors import ArgumentError
from disruption_sim.scenario import ScenarioError, load_scenario, with_overrides
from tests.support.pretend import failing_simulate, pretend_records
from tests.support.small_scenario import small_scenario

pytestmark = pytest.mark.unit

SCENARIO = small_scenario(calendar__horizon_weeks=2)
DEPTH = "disruptions.transfusion_it.depth"
DAYS = "disruptions.transfusion_it.duration_days"
Vary = dict[str, list[object]]


@pytest.fixture(autouse=True)
def _pretend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replication_module, "simulate", pretend_records)


def test_a_row_for_each_point_arm_measure_and_replication(tmp_path: Path) -> None:
    vary: Vary = {DEPTH: [0.5, 1.0], DAYS: [3, 6, 9]}
    store = sweep(SCENARIO, vary, replications=2, store=tmp_path / "s", workers=1)
    table = store.table()
    assert list(table.columns) == [
        "point", DEPTH, DAYS, "replication", "arm", "measure", "value"
    ]  # fmt: skip
    assert not table.duplicated(["point", "arm", "measure", "replication"]).any()
    points = table[["point", DEPTH, DAYS]].drop_duplicates()
    assert list(points[[DEPTH, DAYS]].itertuples(index=False, name=None)) == [
        (depth, days) for depth in (0.5, 1.0) for days in (3, 6, 9)
    ]
    assert store.points_done() == (0, 1, 2, 3, 4, 5)
    assert load_scenario(store.folder / "scenario.yaml").digest() == SCENARIO.digest()


def test_a_point_gives_the_numbers_of_a_run_with_those_values(tmp_path: Path) -> None:
    store = sweep(SCENARIO, {DAYS: [3, 6]}, replications=2, seed=8, store=tmp_path / "s", workers=1)
    varied, _ = with_overrides(SCENARIO, {DAYS: 6})
    alone = run(varied, replications=2, seed=8, workers=1).replications
    point = store.table().query("point == 1")[alone.columns].reset_index(drop=True)
    pd.testing.assert_frame_equal(point, alone, check_exact=True)


def test_a_killed_sweep_goes_on_with_what_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs: list[int] = []

    def stopped(*arguments: object) -> object:
        runs.append(1)
        if stop and len(runs) > 9:
            raise KeyboardInterrupt
        return pretend_records(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(replication_module, "simulate", stopped)
    vary: Vary = {DAYS: [3, 6, 9, 12]}
    stop = True
    with pytest.raises(KeyboardInterrupt):
        sweep(SCENARIO, vary, replications=2, store=tmp_path / "s", workers=1)
    assert open_store(tmp_path / "s").points_done() == (0, 1)
    assert set(open_store(tmp_path / "s").table()["point"]) == {0, 1}
    stop = False
    runs.clear()
    store = sweep(SCENARIO, vary, replications=2, store=tmp_path / "s", workers=1)
    assert len(runs) == 2 * 2 * 2
    whole = sweep(SCENARIO, vary, replications=2, store=tmp_path / "t", workers=1)
    pd.testing.assert_frame_equal(store.table(), whole.table(), check_exact=True)


def test_a_store_grows_by_the_points_it_lacks(tmp_path: Path) -> None:
    sweep(SCENARIO, {DAYS: [3, 6]}, replications=1, store=tmp_path / "s", workers=1)
    store = sweep(SCENARIO, {DAYS: [9, 3]}, replications=1, store=tmp_path / "s", workers=1)
    assert store.design.points == ((3,), (6,), (9,))
    assert set(store.table()[DAYS]) == {3, 6, 9}


def test_a_store_of_another_sweep_is_left_alone(tmp_path: Path) -> None:
    sweep(SCENARIO, {DAYS: [3]}, replications=1, store=tmp_path / "s", workers=1)
    with pytest.raises(FolderError, match="different seed, replications, keys"):
        sweep(SCENARIO, {DEPTH: [1]}, replications=2, seed=5, store=tmp_path / "s", workers=1)
    other = SCENARIO.without_disruption()
    with pytest.raises(FolderError, match="different scenario"):
        sweep(
            other, {"calendar.horizon_weeks": [2]}, replications=1, store=tmp_path / "s", workers=1
        )
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("x")
    with pytest.raises(FolderError, match="not the store of a sweep"):
        sweep(SCENARIO, {DAYS: [3]}, replications=1, store=tmp_path / "mine", workers=1)


def test_every_fault_of_every_point_is_named_before_anything_runs(tmp_path: Path) -> None:
    vary: Vary = {DEPTH: [0.5, 1.5], "calendar.horizon_weaks": [1, 2]}
    with pytest.raises(ScenarioError) as caught:
        sweep(SCENARIO, vary, replications=1, store=tmp_path / "s", workers=1)
    assert "did you mean 'calendar.horizon_weeks'?" in str(caught.value)
    assert not (tmp_path / "s").exists()


@pytest.mark.parametrize(
    ("vary", "problem"),
    [({}, "vary is empty"), ({DAYS: []}, "a list of values"), ({DAYS: "36"}, "a list of values")],
)
def test_a_design_that_is_none_is_refused(vary: Vary, problem: str, tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match=problem):
        sweep(SCENARIO, vary, replications=1, store=tmp_path / "s", workers=1)
    with pytest.raises(ArgumentError, match="same value twice"):
        sweep(SCENARIO, {DAYS: [3, 3]}, replications=1, store=tmp_path / "s", workers=1)


def test_a_failed_replication_is_kept_beside_the_others_and_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replication_module, "simulate", failing_simulate("baseline"))
    store = sweep(SCENARIO, {DAYS: [3, 6]}, replications=2, store=tmp_path / "s", workers=1)
    assert store.points_done() == ()
    assert set(store.table()["replication"]) == {0}
    assert [failed[0].replication for failed in store.failures().values()] == [1, 1]
    monkeypatch.setattr(replication_module, "simulate", pretend_records)
    store = sweep(SCENARIO, {DAYS: [3, 6]}, replications=2, store=tmp_path / "s", workers=1)
    assert store.points_done() == (0, 1)
    assert store.failures() == {}
    assert set(store.table()["replication"]) == {0, 1}


def test_values_that_are_lists_or_dates_can_be_varied(tmp_path: Path) -> None:
    vary: Vary = {
        "calendar.bank_holidays": [[], ["2024-06-04"]],
        "conditions.resident_doctors_strike.start": ["2024-06-26"],
    }
    store = sweep(SCENARIO, vary, replications=1, store=tmp_path / "s", workers=1)
    assert set(store.table()["calendar.bank_holidays"]) == {"[]", '["2024-06-04"]'}
