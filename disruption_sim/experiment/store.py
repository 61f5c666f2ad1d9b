"""The results store of a sweep: one file for each point, so that nothing finished is ever lost."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Any

import pandas as pd

from disruption_sim.experiment.errors import FolderError
from disruption_sim.experiment.replication import Failure

STORE = "store.json"
FORMAT = 1
Point = tuple[object, ...]


@dataclass(frozen=True)
class Design:
    """What a store holds, or will hold once the sweep is through.

    Attributes
    ----------
    identity : mapping of str to str or int
        What has to agree before points may be put together: scenario, seed, replications, code.
    keys : tuple of str
        Dotted keys that are varied.
    points : tuple of tuple
        Values of the keys at each point, as in the file.
    """

    identity: Mapping[str, str | int]
    keys: tuple[str, ...]
    points: tuple[Point, ...]


class Store:
    """Results of a sweep on disk.

    Parameters
    ----------
    folder : Path
        That has been opened: see :func:`open_store`.
    design : Design
    """

    def __init__(self, folder: Path, design: Design) -> None:
        self.folder = folder
        self.design = design

    def __repr__(self) -> str:
        done = len(self.points_done())
        return f"<Store {self.folder}: {done} of {len(self.design.points)} points done>"

    def _repr_html_(self) -> str:
        from html import escape

        keys = ", ".join(escape(key) for key in self.design.keys)
        return (
            f"<p>Sweep over {keys}: {len(self.points_done())} of {len(self.design.points)} points "
            f"done. <code>.table()</code> has one row per point, arm, measure, replication.</p>"
        )

    def table(self) -> pd.DataFrame:
        """Return everything that is done.

        Returns
        -------
        DataFrame
            ``point``, one column for each varied key, ``replication``, ``arm``, ``measure``,
            ``value``.
        """
        found = [
            pd.read_parquet(path)
            for number in range(len(self.design.points))
            if (path := self._path(number)).exists()
        ]
        if not found:
            columns = ["point", *self.design.keys, "replication", "arm", "measure", "value"]
            return pd.DataFrame(columns=columns)
        return pd.concat(found, ignore_index=True)

    def points_done(self) -> tuple[int, ...]:
        """Return the numbers of the points of which every replication is there."""
        return tuple(
            number
            for number in range(len(self.design.points))
            if self._path(number).exists() and not self._failures(number).exists()
        )

    def failures(self) -> dict[int, tuple[Failure, ...]]:
        """Return the failures of each point that has any."""
        found: dict[int, tuple[Failure, ...]] = {}
        for number in range(len(self.design.points)):
            with suppress(FileNotFoundError):
                stored = json.loads(self._failures(number).read_text(encoding="utf-8"))
                found[number] = tuple(Failure(**item) for item in stored)
        return found

    def write_point(
        self, number: int, rows: Sequence[pd.DataFrame], failures: Sequence[Failure]
    ) -> None:
        """Write a point once all its replications are through, whole or not at all."""
        if rows:
            frame = pd.concat(rows, ignore_index=True)
            values = zip(self.design.keys, self.design.points[number], strict=True)
            for position, (key, value) in enumerate([("point", number), *values]):
                frame.insert(position, key, _cell(value))
            _atomically(self._path(number), lambda path: frame.to_parquet(path, index=False))
        stored = json.dumps([vars(failure) for failure in failures], indent=2)
        if failures:
            _atomically(self._failures(number), lambda path: _write_text(path, stored))
        else:
            self._failures(number).unlink(missing_ok=True)

    def _path(self, number: int) -> Path:
        return self.folder / "points" / f"point-{number:06d}.parquet"

    def _failures(self, number: int) -> Path:
        return self.folder / "points" / f"point-{number:06d}.failures.json"


def open_store(folder: str | Path) -> Store:
    """Open the results store of a sweep.

    Parameters
    ----------
    folder : str or Path

    Raises
    ------
    FolderError
        If it is not a store.
    """
    folder = Path(folder)
    try:
        stored: dict[str, Any] = json.loads((folder / STORE).read_text(encoding="utf-8"))
        if stored["format"] != FORMAT:
            raise FolderError(f"{folder} was written by another version of disruption_sim")
        design = Design(
            identity=stored["identity"],
            keys=tuple(stored["keys"]),
            points=tuple(tuple(point) for point in stored["points"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise FolderError(f"{folder} is not the store of a sweep (no {STORE} in it)") from error
    return Store(folder, design)


def make_or_extend(folder: Path, wanted: Design) -> Store:
    """Open a store for a design: a new one, or one of the same sweep, which gets what it lacks.

    Raises
    ------
    FolderError
        If the folder holds something else.
    """
    points = wanted.points
    if _holds_something(folder):
        present = open_store(folder).design
        different = [
            name for name in wanted.identity if present.identity.get(name) != wanted.identity[name]
        ]
        if present.keys != wanted.keys:
            different.append("keys")
        if different:
            raise FolderError(
                f"{folder} holds another sweep (different {', '.join(different)}); "
                "choose another --store"
            )
        known = {_canonical(point) for point in present.points}
        points = (
            *present.points,
            *(point for point in wanted.points if _canonical(point) not in known),
        )
    design = Design(wanted.identity, wanted.keys, points)
    try:
        (folder / "points").mkdir(parents=True, exist_ok=True)
        stored = {
            "format": FORMAT,
            "identity": dict(design.identity),
            "keys": design.keys,
            "points": design.points,
        }
        text = json.dumps(stored, indent=1)
        _atomically(folder / STORE, lambda path: _write_text(path, text))
    except OSError as error:
        raise FolderError(f"cannot write in {folder}: {error.strerror or error}") from error
    return Store(folder, design)


def _holds_something(folder: Path) -> bool:
    try:
        return folder.exists() and (not folder.is_dir() or any(folder.iterdir()))
    except OSError as error:
        raise FolderError(f"cannot write in {folder}: {error.strerror or error}") from error


def _canonical(point: Point) -> str:
    return json.dumps(point, sort_keys=True)


def _cell(value: object) -> Any:
    """Return a value as it can stand in a column: lists and tables as JSON."""
    return json.dumps(value) if isinstance(value, list | dict) else value


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _atomically(path: Path, write: Any) -> None:
    temporary = path.with_name(f".{path.name}.{token_hex(4)}")
    try:
        write(temporary)
        temporary.replace(path)
    finally:
        with suppress(OSError):
            temporary.unlink()
