"""The results folder: written whole or not at all, and never over somebody's work."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory

from disruption_sim.experiment.csv_files import write_csv
from disruption_sim.experiment.errors import FolderError
from disruption_sim.experiment.laboratories_page import laboratories_page
from disruption_sim.experiment.operations_page import operations_page
from disruption_sim.experiment.result import Result
from disruption_sim.experiment.transfusion_page import transfusion_page
from disruption_sim.scenario import write_scenario

MANIFEST = "manifest.json"
CSV_TABLES = (
    "summary",
    "causes",
    "weekly_causes",
    "recovery",
    "operations_ordinary",
    "operations_postponed_by",
    "operations_by_specialty",
    "operations_waits",
    "operations_catching_up",
    "waiting_list_rules",
    "turnaround",
    "turnaround_by_type",
    "turnaround_by_site",
    "turnaround_by_hour",
    "fates",
    "laboratories",
    "throughput",
    "utilisation",
    "blood_by_route",
    "blood_by_use",
    "blood_not_in_time",
    "blood_stock",
    "transfusion",
)


def check_folder(folder: Path, *, overwrite: bool = False) -> None:
    """Make sure that a results folder can be written, before anything is computed.

    Parameters
    ----------
    folder : Path
    overwrite : bool
        An existing results folder may be replaced; anything else that exists may not.

    Raises
    ------
    FolderError
    """
    try:
        if folder.exists() or folder.is_symlink():
            _refuse_to_replace(folder, overwrite=overwrite)
        if folder.name in ("", ".."):
            raise FolderError(f"{folder} has no name of its own; choose another --out")
        folder.parent.mkdir(parents=True, exist_ok=True)
        # As long a name as any that will be made beside the folder.
        with TemporaryDirectory(prefix=f".{folder.name}.new-", dir=folder.parent):
            pass
    except OSError as error:
        reason = error.strerror or str(error)
        raise FolderError(
            f"cannot write in {folder.parent}: {reason}; choose another --out"
        ) from error


def _refuse_to_replace(folder: Path, *, overwrite: bool) -> None:
    if not overwrite:
        raise FolderError(
            f"{folder} exists already and is not overwritten; choose another --out, or say "
            "--overwrite to replace it"
        )
    if not _is_ours(folder):
        raise FolderError(
            f"{folder} is not a results folder (it holds no {MANIFEST}), so --overwrite does "
            "not replace it; choose another --out"
        )


def save_result(result: Result, folder: Path, *, overwrite: bool, command: str) -> Path:
    """Write the results folder of `run`.

    Raises
    ------
    FolderError
        If the folder exists, or cannot be written.
    """
    check_folder(folder, overwrite=overwrite)
    with replaced_folder(folder) as new:
        _write_tables(result, new)
        result.save_charts(new / "charts")
        write_scenario(result.scenario, new / "scenario.yaml", _header(result))
        text = json.dumps(_manifest(result, command), indent=2, ensure_ascii=False)
        (new / MANIFEST).write_text(text + "\n", encoding="utf-8")
    return folder


@contextmanager
def replaced_folder(folder: Path) -> Iterator[Path]:
    """Give an empty folder beside the wanted one, which takes its place at the end.

    If anything goes wrong the wanted folder is as it was.

    Raises
    ------
    FolderError
        If the disk does not play along.
    """
    token = token_hex(4)
    new = folder.with_name(f".{folder.name}.new-{token}")
    old = folder.with_name(f".{folder.name}.old-{token}")
    try:
        new.mkdir()
        yield new
        try:
            if folder.exists():
                folder.rename(old)
            new.rename(folder)
        finally:  # whatever came between, an interrupt included
            if old.exists() and not folder.exists():
                old.rename(folder)
    except OSError as error:
        raise FolderError(f"cannot write {folder}: {error.strerror or error}") from error
    finally:
        with suppress(OSError):
            shutil.rmtree(new)
        if folder.exists():  # otherwise what is set aside is all there is
            with suppress(OSError):
                shutil.rmtree(old)


def _is_ours(folder: Path) -> bool:
    return folder.is_dir() and ((folder / MANIFEST).is_file() or not any(folder.iterdir()))


def _write_tables(result: Result, folder: Path) -> None:
    write_csv(result.weekly, folder / "weekly.csv")
    result.weekly.to_parquet(folder / "weekly.parquet", index=False)
    for name in CSV_TABLES:
        write_csv(getattr(result, name), folder / f"{name}.csv")
    pages = {
        "laboratories": laboratories_page(result),
        "transfusion": transfusion_page(result),
        "operations": operations_page(result),
    }
    for name, page in pages.items():
        (folder / f"{name}.md").write_text(page, encoding="utf-8", newline="\n")
    result.replications.to_parquet(folder / "replications.parquet", index=False)


def _header(result: Result) -> str:
    return (
        f"Fully resolved scenario of a run with seed {result.seed}. Running it again with that "
        "seed\nand the same version of disruption_sim reproduces every number of this folder:\n"
        f"  {_again(result)}"
    )


def _again(result: Result) -> str:
    """Return the command, or the Python, that runs the same replications."""
    numbers = sorted((*result.done, *(failure.replication for failure in result.failures)))
    command = f"disruption-sim run scenario.yaml --seed {result.seed}"
    if numbers == list(range(len(numbers))):
        return f"{command} --replications {len(numbers)}"
    if len(numbers) == 1:
        return f"{command} --only-replication {numbers[0]}"
    return f'run(load_scenario("scenario.yaml"), seed={result.seed}, only={numbers})'


def _manifest(result: Result, command: str) -> dict[str, object]:
    return {
        "scenario": result.scenario.name,
        "scenario_sha256": result.scenario.digest(),
        "seed": result.seed,
        "versions": dict(result.versions),
        "command": command,
        "started": result.started.isoformat(timespec="seconds"),
        "finished": result.finished.isoformat(timespec="seconds"),
        "replications_done": len(result.done),
        "replications": list(result.done),
        "failures": [
            {
                "replication": failure.replication,
                "stage": failure.stage,
                "error": failure.error,
                "traceback": failure.traceback,
                "run_again": failure.command("scenario.yaml"),
            }
            for failure in result.failures
        ],
        "seconds_per_replication": {
            part: round(spent, 3) for part, spent in result.seconds.items()
        },
    }
