from __future__ import annotations

import json
import time
from pathlib import Path

import pandas as pd
import pytest

from disruption_sim.experiment import FolderError, Result, check_folder, run
from disruption_sim.experiment import replication as replication_module
from disruption_sim.experiment.csv_files import write_csv
from disruption_sim.experiment.folder import CSV_TABLES
from disruption_sim.scenario import load_scenario
from tests.support.pretend import failing_simulate, pretend_records
from tests.support.small_scenario import small_scenario

pytestmark = pytest.mark.unit

SCENARIO = small_scenario(calendar__horizon_weeks=3)


@pytest.fixture(scope="module")
def result() -> Result:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(replication_module, "simulate", pretend_records)
        return run(SCENARIO, replications=2, seed=4, workers=1)


@pytest.fixture(autouse=True)
def _no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Result, "save_charts", lambda self, folder: folder.mkdir())


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_the_folder_holds_what_is_promised(result: Result, tmp_path: Path) -> None:
    folder = result.save(tmp_path / "out", command="disruption-sim run small.yaml")
    promised = "manifest.json scenario.yaml weekly.csv weekly.parquet summary.csv causes.csv"
    promised += " recovery.csv replications.parquet charts turnaround.csv turnaround_by_type.csv"
    promised += " turnaround_by_site.csv turnaround_by_hour.csv fates.csv laboratories.csv"
    promised += " laboratories.md throughput.csv utilisation.csv operations.md"
    promised += " operations_by_specialty.csv operations_waits.csv operations_catching_up.csv"
    promised += " operations_postponed_by.csv operations_ordinary.csv waiting_list_rules.csv"
    promised += " transfusion.md transfusion.csv"
    promised += " blood_by_route.csv blood_by_use.csv blood_not_in_time.csv blood_stock.csv"
    assert set(promised.split()) <= names(folder)
    assert names(tmp_path) == {"out"}
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["scenario_sha256"] == SCENARIO.digest()
    assert manifest["seed"] == 4
    assert manifest["command"] == "disruption-sim run small.yaml"
    assert manifest["replications_done"] == 2
    assert manifest["failures"] == []
    assert {"disruption_sim", "python", "numpy", "simpy"} <= set(manifest["versions"])
    assert manifest["started"] <= manifest["finished"]
    assert load_scenario(folder / "scenario.yaml").digest() == SCENARIO.digest()


def test_tables_read_back_as_they_are(result: Result, tmp_path: Path) -> None:
    folder = result.save(tmp_path / "out")
    pd.testing.assert_frame_equal(pd.read_parquet(folder / "weekly.parquet"), result.weekly)
    pd.testing.assert_frame_equal(
        pd.read_parquet(folder / "replications.parquet"), result.replications
    )
    weekly = pd.read_csv(folder / "weekly.csv", parse_dates=["week_start"])
    pd.testing.assert_frame_equal(weekly, result.weekly, check_dtype=False, check_exact=True)


def test_an_existing_folder_is_never_overwritten_unless_asked(
    result: Result, tmp_path: Path
) -> None:
    folder = result.save(tmp_path / "out")
    (folder / "note.txt").write_text("mine")
    with pytest.raises(FolderError, match="exists already"):
        result.save(folder)
    assert (folder / "note.txt").read_text() == "mine"
    result.save(folder, overwrite=True)
    assert not (folder / "note.txt").exists()
    assert names(tmp_path) == {"out"}


def test_not_even_overwrite_replaces_what_is_not_a_results_folder(
    result: Result, tmp_path: Path
) -> None:
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / "thesis.txt").write_text("years of work")
    with pytest.raises(FolderError, match="not a results folder"):
        result.save(tmp_path / "documents", overwrite=True)
    (tmp_path / "file").write_text("x")
    with pytest.raises(FolderError, match="not a results folder"):
        result.save(tmp_path / "file", overwrite=True)
    assert (tmp_path / "documents" / "thesis.txt").read_text() == "years of work"


def test_a_folder_that_cannot_be_made_is_found_out_beforehand(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(FolderError, match="cannot write in"):
        check_folder(tmp_path / "file" / "below" / "out")


def test_an_error_on_the_way_leaves_everything_as_it_was(
    result: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = result.save(tmp_path / "out")
    before = (folder / "manifest.json").read_bytes()

    def broken(self: Result, folder: Path) -> None:
        raise RuntimeError("no figure today")

    monkeypatch.setattr(Result, "save_charts", broken)
    with pytest.raises(RuntimeError):
        result.save(folder, overwrite=True)
    assert names(tmp_path) == {"out"}
    assert (folder / "manifest.json").read_bytes() == before


def test_an_interrupt_while_folders_change_places_loses_nothing(
    result: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = result.save(tmp_path / "out")
    (folder / "note.txt").write_text("mine")
    rename = Path.rename

    def stopped(self: Path, target: Path) -> Path:
        moved = rename(self, target) if ".new-" not in self.name else None
        if moved is None:
            raise KeyboardInterrupt
        return moved

    monkeypatch.setattr(Path, "rename", stopped)
    with pytest.raises(KeyboardInterrupt):
        result.save(folder, overwrite=True)
    assert names(tmp_path) == {"out"}
    assert (folder / "note.txt").read_text() == "mine"


@pytest.mark.parametrize(
    ("only", "again"),
    [
        ([0, 1], "disruption-sim run scenario.yaml --seed 4 --replications 2\n"),
        ([3], "disruption-sim run scenario.yaml --seed 4 --only-replication 3\n"),
        ([1, 3], 'run(load_scenario("scenario.yaml"), seed=4, only=[1, 3])\n'),
    ],
)
def test_the_scenario_says_how_to_run_the_same_replications_again(
    only: list[int], again: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replication_module, "simulate", pretend_records)
    folder = run(SCENARIO, seed=4, workers=1, only=only).save(tmp_path / "out")
    assert again in (folder / "scenario.yaml").read_text(encoding="utf-8")


def test_failures_stand_in_the_manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replication_module, "simulate", failing_simulate("disrupted"))
    folder = run(SCENARIO, replications=2, seed=4, workers=1).save(tmp_path / "out")
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    (failure,) = manifest["failures"]
    assert (failure["replication"], failure["stage"]) == (1, "disrupted")
    assert "Traceback" in failure["traceback"]
    assert failure["run_again"] == (
        "disruption-sim run scenario.yaml --seed 4 --only-replication 1 --workers 1"
    )


def test_names_that_a_spreadsheet_would_run_are_made_text(tmp_path: Path) -> None:
    names = ["=1+1", "+1", "-1", "@sum", "\tx", "plain", "a=b"]
    frame = pd.DataFrame({"=name": names, "value": [-1.5] * len(names)})
    write_csv(frame, tmp_path / "table.csv")
    read = pd.read_csv(tmp_path / "table.csv")
    assert list(read.columns) == ["'=name", "value"]
    assert list(read["'=name"]) == ["'=1+1", "'+1", "'-1", "'@sum", "'\tx", "plain", "a=b"]
    assert set(read["value"]) == {-1.5}


def test_an_interrupted_run_goes_on_from_what_it_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    worlds: list[int] = []

    def stopped_at_2(*arguments: object) -> object:
        scenario, world, arm = arguments
        worlds.append(world.replication)  # type: ignore[attr-defined]
        if world.replication == 2 and stop:  # type: ignore[attr-defined]
            raise KeyboardInterrupt
        return pretend_records(scenario, world, arm)  # type: ignore[arg-type]

    monkeypatch.setattr(replication_module, "simulate", stopped_at_2)
    stop = True
    kept = tmp_path / "out.partial"
    with pytest.raises(KeyboardInterrupt):
        run(SCENARIO, replications=4, workers=1, unfinished=kept)
    stop = False
    worlds.clear()
    resumed = run(SCENARIO, replications=4, workers=1, unfinished=kept)
    assert sorted(set(worlds)) == [2, 3]
    whole = run(SCENARIO, replications=4, workers=1)
    for table in ("weekly", "replications", *CSV_TABLES):
        pd.testing.assert_frame_equal(
            getattr(resumed, table), getattr(whole, table), check_exact=True
        )


def test_what_another_run_has_kept_is_neither_used_nor_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from disruption_sim.experiment import forget_unfinished

    monkeypatch.setattr(replication_module, "simulate", pretend_records)
    kept = tmp_path / "out.partial"
    first = run(SCENARIO, replications=1, seed=1, workers=1, unfinished=kept)
    second = run(SCENARIO, replications=1, seed=2, workers=1, unfinished=kept)
    assert not first.replications.equals(second.replications)
    forget_unfinished(kept, second)
    assert len(names(kept)) == 1
    forget_unfinished(kept, first)
    assert not kept.exists()


def test_a_file_cut_off_by_a_crash_is_computed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replication_module, "simulate", pretend_records)
    kept = tmp_path / "out.partial"
    whole = run(SCENARIO, replications=2, workers=1, unfinished=kept)
    files = sorted(kept.rglob("*.npz"))
    assert len(files) == 2
    files[0].write_bytes(files[0].read_bytes()[:200])
    again = run(SCENARIO, replications=2, workers=1, unfinished=kept)
    pd.testing.assert_frame_equal(again.weekly, whole.weekly, check_exact=True)


def test_times_are_those_of_this_run(result: Result) -> None:
    assert result.started <= result.finished
    assert result.finished.timestamp() <= time.time()
