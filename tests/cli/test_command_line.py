from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

import disruption_sim
from disruption_sim.cli import main
from disruption_sim.cli.laboratories_command import TURNAROUND_COLUMNS
from disruption_sim.experiment import Result, open_store
from disruption_sim.experiment import replication as replication_module
from disruption_sim.records import Records
from disruption_sim.scenario import Scenario, write_scenario
from disruption_sim.world import World
from tests.support import by_hand_blood
from tests.support.pretend import failing_simulate, pretend_records
from tests.support.small_scenario import small_scenario

pytestmark = pytest.mark.integration

VERBS = ("scenarios", "validate", "run", "laboratories", "transfusion", "operations", "sweep")
DAYS = "disruptions.transfusion_it.duration_days"


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Write a small scenario in an empty working folder, simulated by pretence."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(replication_module, "simulate", pretend_records)
    monkeypatch.setattr(Result, "save_charts", lambda self, folder: folder.mkdir())
    write_scenario(small_scenario(calendar__horizon_weeks=3), tmp_path / "small.yaml")
    return "small.yaml"


def fails(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run a command that has to refuse its input, and return what it says."""
    assert main(arguments) == 2
    printed = capsys.readouterr()
    assert "Traceback" not in printed.out + printed.err
    return printed.err


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_with_an_example(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([verb, "--help"]) == 0
    assert f"Example: disruption-sim {verb}" in capsys.readouterr().out


def test_the_verbs_are_those_that_work(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    commands = capsys.readouterr().out.split("Commands:")[1].splitlines()
    assert (
        tuple(line.split()[0] for line in commands if line.startswith("  "))[: len(VERBS)] == VERBS
    )


def test_the_version_is_the_package_s(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"disruption-sim {disruption_sim.__version__}\n"


def test_built_in_scenarios_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scenarios"]) == 0
    assert "synnovis-2024  Loss of laboratory" in capsys.readouterr().out


def test_a_valid_scenario_is_said_to_be_valid(
    small: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["validate", small]) == 0
    assert "small is valid" in capsys.readouterr().out


def test_an_unknown_scenario_is_named_with_what_exists(
    capsys: pytest.CaptureFixture[str],
) -> None:
    said = fails(capsys, "run", "sinnovis-2024")
    assert "there is no scenario called 'sinnovis-2024'" in said
    assert "synnovis-2024" in said


def test_every_fault_of_a_file_and_of_the_settings_is_said_at_once(
    small: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = Path(small).read_text(encoding="utf-8")
    Path(small).write_text(text.replace("warm_up_weeks", "warmup_weeks"), encoding="utf-8")
    said = fails(capsys, "run", small, "--set", "calendar.horizon_weeks")
    assert "warm_up_weeks" in said
    assert "small.yaml:" in said
    assert "not of the form key=value" in said


def test_a_misspelt_key_is_guessed(small: str, capsys: pytest.CaptureFixture[str]) -> None:
    said = fails(capsys, "run", small, "--set", "calendar.horizon_weaks=2")
    assert "did you mean 'calendar.horizon_weeks'?" in said


@pytest.mark.parametrize(
    "arguments",
    [
        ("--replications", "0"),
        ("--replications", "1000001"),
        ("--replications", str(10**30)),
        ("--only-replication", str(10**30)),
        ("--seed", "-1"),
        ("--seed", str(2**64)),
        ("--workers", "none"),
        ("--no-such-option",),
    ],
)
def test_wrong_options_are_refused(
    small: str, arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert "Error" in fails(capsys, "run", small, *arguments)


def test_a_folder_that_exists_is_refused_before_anything_runs(
    small: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replication_module, "simulate", None)
    Path("small-results").mkdir()
    assert "exists already" in fails(capsys, "run", small)
    assert list(Path("small-results").iterdir()) == []


def test_a_folder_that_cannot_be_written_is_refused_before_anything_runs(
    small: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replication_module, "simulate", None)
    said = fails(capsys, "run", small, "--out", str(Path(small) / "out"))
    assert "cannot write in small.yaml" in said


@pytest.mark.parametrize("letters", [245, 300])
def test_a_name_too_long_for_the_disk_is_refused_before_anything_runs(
    letters: int,
    small: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(replication_module, "simulate", None)
    assert "cannot write in" in fails(capsys, "run", small, "--out", "a" * letters)
    assert [path.name for path in Path().iterdir()] == [small]


def test_a_store_with_a_name_too_long_for_the_disk_is_refused(
    small: str, capsys: pytest.CaptureFixture[str]
) -> None:
    design = ("--vary", f"{DAYS}=3", "--store", "a" * 300)
    assert "cannot write in" in fails(capsys, "sweep", small, *design)


def test_a_run_does_not_replace_the_folder_it_is_called_from(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    said = fails(capsys, "run", "synnovis-2024", "--out", ".", "--overwrite")
    assert "no name of its own" in said


def test_a_run_ends_with_the_answer_and_where_it_is(
    small: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", small, "-n", "2", "--workers", "1", "--seed", "77", "--profile"]) == 0
    printed = capsys.readouterr()
    assert "Operations postponed because of the incident:" in printed.out
    assert "week 1:" in printed.out
    assert printed.out.rstrip().endswith("Results: small-results")
    assert "Replication 1 done: 2 of 2" in printed.err
    for part in ("world", "kernel", "clinical", "measures", "total"):
        assert f"  {part} " in printed.out
    manifest = json.loads(Path("small-results/manifest.json").read_text(encoding="utf-8"))
    assert manifest["seed"] == 77
    assert manifest["command"].startswith("disruption-sim run small.yaml -n 2")
    assert not Path("small-results.partial").exists()


def test_settings_and_horizon_reach_the_scenario(
    small: str, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = ["--set", "pathology.steps.booking_in.variation=0.4", "--horizon-weeks", "2"]
    assert main(["run", small, "-n", "1", "--workers", "1", "--out", "there", *settings]) == 0
    weekly = pd.read_csv("there/weekly.csv")
    assert set(weekly["week"]) == {1, 2}
    assert "set by the user" in Path("there/scenario.yaml").read_text(encoding="utf-8")


def test_overwriting_has_to_be_asked_for(small: str, capsys: pytest.CaptureFixture[str]) -> None:
    run = ["run", small, "-n", "1", "--workers", "1"]
    assert main(run) == 0
    assert main(run) == 2
    assert main([*run, "--seed", "5", "--overwrite"]) == 0
    manifest = json.loads(Path("small-results/manifest.json").read_text(encoding="utf-8"))
    assert manifest["seed"] == 5


def test_a_failed_replication_ends_with_1_and_says_how_to_run_it_again(
    small: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replication_module, "simulate", failing_simulate("disrupted"))
    assert main(["run", small, "-n", "2", "--workers", "1", "--set", f"{DAYS}=3"]) == 1
    said = capsys.readouterr().err
    assert "Replication 1 failed in stage 'disrupted': RuntimeError" in said
    again = said.split("again: ")[1].splitlines()[0].split()
    assert again[:2] == ["disruption-sim", "run"]
    assert Path("small-results/weekly.csv").exists()
    monkeypatch.setattr(replication_module, "simulate", pretend_records)
    assert main([*again[1:], "--out", "alone"]) == 0
    manifest = json.loads(Path("alone/manifest.json").read_text(encoding="utf-8"))
    assert manifest["replications"] == [1]


def test_one_replication_and_a_number_of_them_contradict_each_other(
    small: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", small, "--only-replication", "1", "--replications", "5"]) == 2
    assert "--only-replication" in capsys.readouterr().err
    assert not Path("small-results").exists()


def test_a_run_without_any_result_ends_with_1_and_the_traceback(
    small: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replication_module, "simulate", failing_simulate("baseline"))
    arguments = ["run", small, "--only-replication", "1", "--workers", "1"]
    assert main(arguments) == 1
    said = capsys.readouterr().err
    assert "Traceback" in said
    assert "failed in stage 'baseline'" in said
    assert not Path("small-results").exists()


def test_an_interrupt_keeps_what_is_finished(
    small: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*arguments: object) -> object:
        if arguments[1].replication == 1:  # type: ignore[attr-defined]
            raise KeyboardInterrupt
        return pretend_records(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(replication_module, "simulate", stopped)
    command = ["run", small, "-n", "2", "--workers", "1"]
    assert main(command) == 1
    assert "the same command goes on from there" in capsys.readouterr().err
    monkeypatch.setattr(replication_module, "simulate", pretend_records)
    assert main(command) == 0
    assert "1 of 2 replications were finished before" in capsys.readouterr().err
    assert not Path("small-results.partial").exists()


def test_a_sweep_stores_a_table(small: str, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["sweep", small, "--vary", f"{DAYS}=3,6", "-n", "1", "--workers", "1"]
    assert main([*command, "--store", "there"]) == 0
    printed = capsys.readouterr().out
    assert "2 of 2 points done" in printed
    assert "Results: there" in printed
    table = open_store("there").table()
    assert set(table[DAYS]) == {3, 6}


@pytest.mark.parametrize(
    ("vary", "problem"),
    [
        (["nothing"], "not of the form"),
        ([f"{DAYS}="], "not of the form"),
        ([f"{DAYS}=[3"], "--vary"),
        ([f"{DAYS}=3,-1"], "allowed:"),
        (["disruptions.transfusion_it.dept=0,1"], "did you mean"),
        ([f"{DAYS}=3", f"{DAYS}=4"], "varied twice"),
        ([f"{DAYS}=3,3"], "same value twice"),
    ],
)
def test_a_wrong_design_is_refused(
    small: str, vary: list[str], problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    options = [part for text in vary for part in ("--vary", text)]
    assert problem in fails(capsys, "sweep", small, *options)
    assert not Path("small-sweep").exists()


@pytest.mark.end_to_end
def test_the_installed_way_in_prints_on_a_console_that_lacks_letters(tmp_path: Path) -> None:
    """Over a real process, with an encoding and a title that it cannot spell."""
    scenario = small_scenario(("kings",), calendar__horizon_weeks=1)
    loud = scenario.model_copy(update={"title": "Hôpital Ω"})
    write_scenario(loud, tmp_path / "loud.yaml")
    checkout = Path(disruption_sim.__file__).parent.parent
    environment = {**os.environ, "PYTHONIOENCODING": "latin-1", "PYTHONPATH": str(checkout)}
    done = subprocess.run(
        [sys.executable, "-m", "disruption_sim", "validate", "loud.yaml"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        encoding="latin-1",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "small is valid: Hôpital ?" in done.stdout


def test_laboratories_prints_turnaround_and_utilisation_of_a_results_folder(
    small: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", small, "-n", "2", "--workers", "1", "--out", "results"]) == 0
    capsys.readouterr()
    assert main(["laboratories", "results"]) == 0
    lines = capsys.readouterr().out.splitlines()
    emergency = next(line for line in lines if "emergency department" in line).split()[2:]
    # Standard, within it, outer limit, within it, two quantiles, worst week; half when delayed.
    assert emergency[:6] == ["1", "h", "95", "2", "h", "100"]
    assert 45 <= int(emergency[8]) <= 50
    assert emergency[9] in ("1", "2", "3")
    people = next(line for line in lines if line.split()[:1] == ["people"])
    # Two sites and the hub, the same in every week.
    assert people.split()[1:] == ["67", "to", "67"] * 3
    assert any(line.split()[:2] == ["back", "entry"] for line in lines)


def test_laboratories_refuses_what_is_no_results_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "there is no folder nowhere" in fails(capsys, "laboratories", "nowhere")
    assert "holds no turnaround_by_type.csv" in fails(capsys, "laboratories", str(tmp_path))
    (tmp_path / "turnaround_by_type.csv").write_text("week,source\n1,x\n", encoding="utf-8")
    said = fails(capsys, "laboratories", str(tmp_path))
    assert "has no column tube_type, arm, tubes" in said
    (tmp_path / "turnaround_by_type.csv").write_text("", encoding="utf-8")
    assert "cannot read" in fails(capsys, "laboratories", str(tmp_path))
    heads = ",".join(TURNAROUND_COLUMNS)
    (tmp_path / "turnaround_by_type.csv").write_text(f"{heads}\n", encoding="utf-8")
    assert "has no rows" in fails(capsys, "laboratories", str(tmp_path))
    row = "1,gp,all,baseline,many,24,0.9,48,1,60,70"
    (tmp_path / "turnaround_by_type.csv").write_text(f"{heads}\n{row}\n", encoding="utf-8")
    assert "not every tubes is a number" in fails(capsys, "laboratories", str(tmp_path))


def test_operations_prints_what_the_page_says(
    small: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", small, "-n", "2", "--workers", "1", "--out", "results"]) == 0
    capsys.readouterr()
    assert main(["operations", "results"]) == 0
    said = capsys.readouterr().out
    page = Path("results", "operations.md").read_text(encoding="utf-8")
    headings = [line[3:] for line in page.splitlines() if line.startswith("## ")]
    assert len(headings) >= 10
    assert all(heading in said for heading in headings)
    assert "Traceback" not in said
    utilisation = next(line for line in said.splitlines() if "Theatre time used" in line)
    assert utilisation.split()[3:] == ["80.0", "80.0", "to", "88.0", "yes"]


def test_operations_refuses_what_is_no_results_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "there is no folder nowhere" in fails(capsys, "operations", "nowhere")
    assert "holds no summary.csv" in fails(capsys, "operations", str(tmp_path))


def test_transfusion_prints_the_page_of_a_results_folder(
    small: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", small, "-n", "2", "--workers", "1", "--out", "results"]) == 0
    capsys.readouterr()
    assert main(["transfusion", "results"]) == 0
    printed = capsys.readouterr().out
    page = Path("results/transfusion.md").read_text(encoding="utf-8")
    # Every number that stands in the page's tables is printed, in the same words.
    cells = {
        cell.strip()
        for line in page.splitlines()
        if line.startswith("| ") and "---" not in line
        for cell in line.strip("|").split("|")
    }
    assert len(cells) > 60
    numbers = {cell for cell in cells if any(letter.isdigit() for letter in cell)}
    missing = {cell for cell in numbers if cell not in printed and "handbooks" not in cell}
    assert not {cell for cell in missing if cell[0].isdigit() or cell[0] == "-"}
    assert "Not accounted for" in printed
    assert "While transfusion information technology is lost" in printed


def test_transfusion_refuses_what_is_no_results_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "there is no folder nowhere" in fails(capsys, "transfusion", "nowhere")
    assert "holds no blood_by_route.csv" in fails(capsys, "transfusion", str(tmp_path))
    (tmp_path / "blood_by_route.csv").write_text("period,site\nbefore,all\n", encoding="utf-8")
    assert "has no column way, item, arm" in fails(capsys, "transfusion", str(tmp_path))
    heads = "period,site,way,item,arm,mean,q05,q95,n"
    row = "before,all,crossmatch,units_a_week,baseline,many,1,2,3"
    (tmp_path / "blood_by_route.csv").write_text(f"{heads}\n{row}\n", encoding="utf-8")
    assert "not every mean is a number" in fails(capsys, "transfusion", str(tmp_path))


def test_transfusion_prints_a_folder_in_which_no_blood_was_issued(
    small: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def without_blood(scenario: Scenario, world: World, arm: str) -> Records:
        records = pretend_records(scenario, world, arm)
        return replace(records, transfusion=by_hand_blood.nothing_happened())

    monkeypatch.setattr(replication_module, "simulate", without_blood)
    settings = ["--horizon-weeks", "2", "--out", "results"]
    assert main(["run", small, "-n", "1", "--workers", "1", *settings]) == 0
    capsys.readouterr()
    assert main(["transfusion", "results"]) == 0
    assert "In ordinary running 0 units a week are issued" in capsys.readouterr().out
