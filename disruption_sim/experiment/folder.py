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
from disruption_sim.experiment.result import Result
from disruption_sim.scenario import write_scenario

MANIFEST = "manifest.json"


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
    if folder.exists() or folder.is_symlink():
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
    check_writable(folder.parent)


def check_writable(folder: Path) -> None:
    """Make sure that files can be made in a folder, which is made itself where it is missing.

    Raises
    ------
    FolderError
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=".disruption-sim-", dir=folder):
            pass
    except OSError as error:
        reason = error.strerror or str(error)
        raise FolderError(f"cannot write in {folder}: {reason}; choose another --out") from error


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
        if folder.exists():
            folder.rename(old)
        try:
            new.rename(folder)
        except OSError:
            if old.exists():
                old.rename(folder)
            raise
    except OSError as error:
        raise FolderError(f"cannot write {folder}: {error.strerror or error}") from error
    finally:
        for left_over in (new, old):
            with suppress(OSError):
                shutil.rmtree(left_over)


def _is_ours(folder: Path) -> bool:
    return folder.is_dir() and ((folder / MANIFEST).is_file() or not any(folder.iterdir()))


def _write_tables(result: Result, folder: Path) -> None:
    write_csv(result.weekly, folder / "weekly.csv")
    result.weekly.to_parquet(folder / "weekly.parquet", index=False)
    for name in ("summary", "causes", "weekly_causes", "recovery", "turnaround"):
        write_csv(getattr(result, name), folder / f"{name}.csv")
    result.replications.to_parquet(folder / "replications.parquet", index=False)


def _header(result: Result) -> str:
    return (
        f"Fully resolved scenario of a run with seed {result.seed}. Running it again with that "
        "seed\nand the same version of disruption_sim reproduces every number of this folder:\n"
        f"  disruption-sim run scenario.yaml --seed {result.seed} "
        f"--replications {len(result.done) + len(result.failures)}"
    )


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
