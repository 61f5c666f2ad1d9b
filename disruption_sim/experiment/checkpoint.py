"""Finished replications of an unfinished run, kept so that an interrupt costs only what is left."""

from __future__ import annotations

import hashlib
import json
import shutil
import warnings
import zipfile
import zlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import is_dataclass
from pathlib import Path
from secrets import token_hex
from typing import TypeVar, get_type_hints

import numpy as np

from disruption_sim.experiment.replication import ARMS, ReplicationOutcome
from disruption_sim.experiment.result import Result
from disruption_sim.measures import (
    ArmMeasures,
    Clock,
    LaboratoryAccount,
    MeasureTable,
    OperationsAccount,
    PostponedByCause,
    Reading,
    TransfusionAccount,
    Turnaround,
)
from disruption_sim.scenario import Scenario

Part = TypeVar("Part")
Arrays = dict[str, np.ndarray[tuple[int, ...], np.dtype[np.generic]]]


class Checkpoint:
    """A folder with one file for each finished replication of one scenario, seed and version.

    Parameters
    ----------
    folder : Path
        Made when the first replication is kept. Other runs may keep theirs in the same folder.
    scenario : Scenario
    seed : int
    versions : mapping of str to str
        Replications of another version are left alone.
    """

    def __init__(
        self, folder: Path, scenario: Scenario, seed: int, versions: Mapping[str, str]
    ) -> None:
        identity = json.dumps([scenario.digest(), seed, dict(versions)], sort_keys=True)
        self._parent = folder
        self._folder = folder / hashlib.sha256(identity.encode("utf-8")).hexdigest()[:16]

    def keep(self, outcome: ReplicationOutcome) -> None:
        """Write a finished replication; failures are not kept, they are tried again.

        A disk that does not take it is warned of: the run itself goes on.
        """
        if outcome.failure is not None:
            return
        try:
            self._write(outcome)
        except OSError as error:
            problem = f"cannot keep finished replications in {self._parent}: {error}"
            warnings.warn(problem, RuntimeWarning, stacklevel=2)

    def _write(self, outcome: ReplicationOutcome) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._path(outcome.replication)
        temporary = path.with_name(f".{path.name}.{token_hex(4)}")
        try:
            with temporary.open("xb") as stream:
                np.savez_compressed(stream, allow_pickle=False, **_packed(outcome))
            temporary.replace(path)
        finally:
            with suppress(OSError):
                temporary.unlink()

    def found(self, replication: int) -> ReplicationOutcome | None:
        """Return a replication that was finished before, or None."""
        try:
            with (
                self._path(replication).open("rb") as stream,
                np.load(stream, allow_pickle=False) as stored,
            ):
                return _unpacked(replication, dict(stored))
        except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile, zlib.error):
            return None  # not there, or cut off by whatever ended the run: it is computed again

    def remove(self) -> None:
        """Take the files of this run away, and the folder if it holds no other run's."""
        shutil.rmtree(self._folder, ignore_errors=True)
        with suppress(OSError):
            self._parent.rmdir()

    def _path(self, replication: int) -> Path:
        return self._folder / f"replication-{replication:06d}.npz"


def _packed(outcome: ReplicationOutcome) -> Arrays:
    arrays: Arrays = {}
    for arm in outcome.arms:
        arrays |= {
            f"{arm.arm}.weekly": arm.table.weekly,
            f"{arm.arm}.total": arm.table.total,
            f"{arm.arm}.causes": arm.causes.whole,
            f"{arm.arm}.weekly_causes": arm.causes.weekly,
            **_columns(f"{arm.arm}.turnaround", arm.turnaround),
            **_columns(f"{arm.arm}.laboratories", arm.laboratories),
            **_columns(f"{arm.arm}.operations", arm.operations),
            **_columns(f"{arm.arm}.transfusion", arm.transfusion),
            f"{arm.arm}.clocks": np.array(
                [
                    (
                        np.nan if reading.weeks is None else reading.weeks,
                        reading.tolerance,
                        reading.peak,
                        reading.fluid_weeks,
                    )
                    for reading in arm.clocks
                ]
            ),
        }
    return arrays


def _columns(prefix: str, part: object) -> Arrays:
    """Return the arrays of a dataclass of arrays, or of dataclasses of them, by dotted names."""
    arrays: Arrays = {}
    for name, value in vars(part).items():
        key = f"{prefix}.{name}"
        arrays |= {key: value} if isinstance(value, np.ndarray) else _columns(key, value)
    return arrays


def _put_together(kind: type[Part], prefix: str, arrays: Arrays) -> Part:
    """Return the dataclass that `_columns` took apart."""
    types = get_type_hints(kind)
    values = {
        name: _put_together(types[name], f"{prefix}.{name}", arrays)
        if is_dataclass(types[name])
        else arrays[f"{prefix}.{name}"]
        for name in types
    }
    return kind(**values)


def _unpacked(replication: int, arrays: Arrays) -> ReplicationOutcome:
    arms = tuple(
        ArmMeasures(
            arm=arm,
            table=MeasureTable(arrays[f"{arm}.weekly"], arrays[f"{arm}.total"]),  # type: ignore[arg-type]
            causes=PostponedByCause(arrays[f"{arm}.causes"], arrays[f"{arm}.weekly_causes"]),  # type: ignore[arg-type]
            turnaround=_put_together(Turnaround, f"{arm}.turnaround", arrays),
            laboratories=_put_together(LaboratoryAccount, f"{arm}.laboratories", arrays),
            operations=_put_together(OperationsAccount, f"{arm}.operations", arrays),
            transfusion=_put_together(TransfusionAccount, f"{arm}.transfusion", arrays),
            clocks=tuple(
                Reading(
                    clock,
                    None if np.isnan(weeks) else float(weeks),
                    float(tolerance),
                    float(peak),
                    float(fluid_weeks),
                )
                for clock, (weeks, tolerance, peak, fluid_weeks) in zip(
                    Clock, arrays[f"{arm}.clocks"], strict=True
                )
            ),
        )
        for arm in ARMS
    )
    return ReplicationOutcome(replication, arms)


def forget_unfinished(folder: Path, result: Result) -> None:
    """Take away what was kept of a run whose results are safe now."""
    Checkpoint(folder, result.scenario, result.seed, result.versions).remove()
