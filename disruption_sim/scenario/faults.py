"""What is wrong with a scenario, in words, all at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

PathPart = str | int
KeyPath = tuple[PathPart, ...]


@dataclass(frozen=True, order=True)
class Fault:
    """One thing that is wrong with a scenario, and where.

    Attributes
    ----------
    file : str
        The file as the user named it, or ``--set key=value`` for an override.
    line, column : int
        Where in the file, counted from 1; 0 where there is no place to point at.
    key : str
        Dotted key; empty when the fault is of the file as a whole.
    problem : str
        What is wrong.
    allowed : str
        What may stand there instead; empty when the problem says it.
    suggestion : str
        What was probably meant, as a full phrase; empty when there is no guess.
    """

    file: str
    line: int
    column: int
    key: str
    problem: str
    allowed: str = ""
    suggestion: str = ""

    def __str__(self) -> str:
        place = self.file
        if self.line:
            place += f":{self.line}:{self.column}"
        subject = f"{self.key}: " if self.key else ""
        allowed = f"; allowed: {self.allowed}" if self.allowed else ""
        suggestion = f"; {self.suggestion}" if self.suggestion else ""
        return f"{place}  {subject}{self.problem}{allowed}{suggestion}"


class ScenarioError(Exception):
    """A scenario cannot be used; the message lists every fault.

    Attributes
    ----------
    faults : tuple of Fault
        In the order of their places, each one once, never empty.
    """

    faults: tuple[Fault, ...]

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(set(faults)))
        if not self.faults:
            raise ValueError("a ScenarioError needs at least one fault")
        super().__init__(self.faults)

    def __str__(self) -> str:
        if len(self.faults) == 1:
            return str(self.faults[0])
        return "\n".join([f"{len(self.faults)} faults:", *(f"  {fault}" for fault in self.faults)])


class ScenarioWarning(UserWarning):
    """A scenario can be used, but its author should know something about it."""


@dataclass(frozen=True)
class CrossFault:
    """A fault between several keys, at the path of the key to be mended.

    Attributes
    ----------
    path : tuple of str or int
        Field names and list positions, relative to the model whose validator found it.
    problem, allowed : str
        As in :class:`Fault`.
    """

    path: KeyPath
    problem: str
    allowed: str = ""


class CrossFaults(ValueError):
    """Faults that a model validator collects, to be raised together.

    Examples
    --------
    >>> faults = CrossFaults()
    >>> faults.add(("end_day",), "the outage ends before it starts", allowed="a day after 3")
    >>> faults.raise_if_any()
    Traceback (most recent call last):
    disruption_sim.scenario.faults.CrossFaults: end_day: the outage ends before it starts
    """

    def __init__(self, faults: Iterable[CrossFault] = ()) -> None:
        super().__init__()
        self.faults: list[CrossFault] = list(faults)

    def add(self, path: KeyPath, problem: str, allowed: str = "") -> None:
        """Note one more fault; see :class:`CrossFault`."""
        self.faults.append(CrossFault(path, problem, allowed))

    def raise_if_any(self) -> None:
        """Raise this collection if it holds a fault.

        Raises
        ------
        CrossFaults
            If anything was added.
        """
        if self.faults:
            raise self

    def __str__(self) -> str:
        return "; ".join(
            f"{'.'.join(map(str, fault.path))}: {fault.problem}" if fault.path else fault.problem
            for fault in self.faults
        )


def closest(word: object, known: Iterable[object]) -> str | None:
    """Return the known name that a misspelt word most resembles, or None."""
    names = {str(name).casefold(): str(name) for name in known}
    matches = get_close_matches(str(word).casefold(), names, n=1, cutoff=0.6)
    return names[matches[0]] if matches else None


def did_you_mean(word: object, known: Iterable[object]) -> str:
    """Return ``did you mean 'x'?`` for the closest known name, or an empty text."""
    match = closest(word, known)
    return f"did you mean '{match}'?" if match is not None else ""


def listed(names: Iterable[object], limit: int = 12) -> str:
    """Return names as a list in words, shortened when there are very many."""
    words = [str(name) for name in names]
    if len(words) > limit:
        return f"{', '.join(words[:limit])} and {len(words) - limit} more"
    return ", ".join(words)
