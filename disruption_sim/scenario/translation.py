"""pydantic's errors → findings in plain words."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from disruption_sim.scenario.faults import (
    CrossFaults,
    KeyPath,
    closest,
    did_you_mean,
    listed,
)
from disruption_sim.scenario.keys import value_at
from disruption_sim.scenario.provenance import ANNOTATION_KEYS
from disruption_sim.scenario.schema import allowed_at, choices, in_words, keys_at
from disruption_sim.scenario.units import (
    conversion_in_words,
    converted,
    quantity,
    same_but_for_unit,
    unit_of_key,
)


@dataclass(frozen=True)
class Finding:
    """A fault on its way: at a path, not yet at a place in a file.

    Attributes
    ----------
    path : KeyPath
        Where, in the document.
    kind : {'unknown key', 'missing', 'value', 'cross'}
        What sort of fault.
    problem, allowed, suggestion : str
        As in :class:`~disruption_sim.scenario.faults.Fault`.
    meant : str
        For an unknown key, the key that was probably meant.
    """

    path: KeyPath
    kind: str
    problem: str
    allowed: str = ""
    suggestion: str = ""
    meant: str = ""

    @property
    def meant_path(self) -> KeyPath:
        """Path of the key that was probably meant."""
        return (*self.path[:-1], self.meant)


def translated(
    model: type[BaseModel], root: Mapping[str, object], error: ValidationError
) -> Iterator[Finding]:
    """Yield pydantic's errors as findings in plain words, one for each value that is wrong.

    Parameters
    ----------
    model : type of BaseModel
        The root section.
    root : mapping
        The plain document that was checked.
    error : ValidationError
        What pydantic says of it.
    """
    findings: dict[tuple[KeyPath, str], Finding] = {}
    for details in error.errors(include_url=False):
        for finding in _findings(model, root, details):
            # The members of a union complain one by one of the same value.
            identity = finding.problem if finding.kind == "cross" else finding.kind
            findings.setdefault((finding.path, identity), finding)
    meant = {finding.meant_path for finding in findings.values() if finding.meant}
    for finding in findings.values():
        if not (finding.kind == "missing" and finding.path in meant):
            yield finding


def _findings(
    model: type[BaseModel], root: Mapping[str, object], details: ErrorDetails
) -> Iterator[Finding]:
    kind, context = details["type"], details.get("ctx", {})
    path, rest = _path_in(root, details["loc"])
    if kind == "missing":
        missing = (*path, rest[-1]) if rest else path
        allowed = in_words(allowed_at(model, root, missing))
        if isinstance(missing[-1], int):  # an item of a list of fixed length
            problem = f"{shown(value_at(root, path))}, which is too short"
            yield Finding(path, "value", problem, in_words(allowed_at(model, root, path)))
        else:
            yield Finding(missing, "missing", "is missing", allowed)
    elif kind == "too_short" and _is_long_enough(value_at(root, path), context):
        return  # pydantic does not count the items that are wrong, which it names one by one
    elif kind == "extra_forbidden" or rest[-1:] == ("[key]",):
        yield _unknown_key(model, root, path)
    elif kind == "union_tag_not_found":
        discriminator = _unquoted(context.get("discriminator"))
        allowed = in_words(allowed_at(model, root, (*path, discriminator)))
        section = value_at(root, path)
        other = closest(discriminator, section) if isinstance(section, Mapping) else None
        suggestion = f"is '{other}' a misspelling of it?" if other is not None else ""
        yield Finding((*path, discriminator), "missing", "is missing", allowed, suggestion)
    elif kind == "union_tag_invalid":
        yield _wrong_value(model, root, (*path, _unquoted(context.get("discriminator"))))
    elif kind == "value_error" and isinstance(context.get("error"), CrossFaults):
        for fault in context["error"].faults:
            yield Finding((*path, *fault.path), "cross", fault.problem, fault.allowed)
    elif kind in ("value_error", "assertion_error"):
        yield Finding(path, "cross", str(context.get("error") or details["msg"]))
    else:
        yield _wrong_value(model, root, path, details["msg"])


def _is_long_enough(value: object, context: Mapping[str, Any]) -> bool:
    return isinstance(value, list) and len(value) >= context.get("min_length", 0)


def _path_in(root: object, location: tuple[Any, ...]) -> tuple[KeyPath, tuple[Any, ...]]:
    """Split pydantic's location into a path of the document and what leads beyond it.

    In between pydantic names the member of a union it tried; the document knows nothing of that.
    """
    path: KeyPath = ()
    node = root
    rest: tuple[Any, ...] = ()
    for part in location:
        exists = (isinstance(node, Mapping) and part in node) or (
            isinstance(node, list) and isinstance(part, int) and part < len(node)
        )
        if exists:
            path, rest = (*path, part), ()
            node = value_at(node, (part,))
        else:
            rest = (*rest, part)
    return path, rest


def _unquoted(text: object) -> str:
    return str(text).strip("'")


def _unknown_key(model: type[BaseModel], root: Mapping[str, object], path: KeyPath) -> Finding:
    section, key = path[:-1], str(path[-1])
    known = keys_at(model, root, section)
    present = value_at(root, section)
    free = [name for name in known if not (isinstance(present, Mapping) and name in present)]
    other_unit = same_but_for_unit(key, free)
    if other_unit is not None:
        given, wanted = unit_of_key(key), unit_of_key(other_unit)
        assert given is not None
        assert wanted is not None
        problem = f"is in {given.unit}, but {other_unit} is wanted"
        conversion = conversion_in_words(value_at(root, path), given.unit, wanted.unit)
        return Finding(path, "unknown key", problem, "", conversion, other_unit)
    return Finding(
        path,
        "unknown key",
        "there is no such key",
        listed(known),
        did_you_mean(key, free or known),
        closest(key, free) or "",
    )


def _wrong_value(
    model: type[BaseModel], root: Mapping[str, object], path: KeyPath, message: str = ""
) -> Finding:
    value = value_at(root, path)
    kinds = allowed_at(model, root, path)
    allowed = in_words(kinds)
    finding = Finding(path, "value", f"{_complaint(value, kinds)}", allowed or message.lower())
    names = choices(kinds)
    if names and isinstance(value, str):
        return replace(finding, suggestion=did_you_mean(value, names))
    if isinstance(value, str):
        return replace(finding, suggestion=_number_meant(value, path))
    if isinstance(value, Mapping) and "source" in value and set(value) <= {*ANNOTATION_KEYS}:
        return replace(finding, suggestion="an annotated value needs the key 'value'")
    return finding


def _complaint(value: object, kinds: tuple[Any, ...]) -> str:
    """Say what is wrong with a value that fits none of the kinds allowed in its place."""
    types_allowed = [here.kind for here in kinds]
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if value is None:
        return "has no value (null)"
    if choices(kinds) and isinstance(value, str):
        return f"'{_short(value)}' is none of the names allowed"
    if is_number and int in types_allowed and float not in types_allowed and value % 1:  # type: ignore[operator]
        return f"{shown(value)} is not a whole number"
    if is_number and (int in types_allowed or float in types_allowed):
        negative = value < 0  # type: ignore[operator]
        return f"{shown(value)} is {'negative' if negative else 'out of range'}"
    if isinstance(value, str) and (dt.date in types_allowed or dt.datetime in types_allowed):
        return f"'{_short(value)}' is not a date"
    if isinstance(value, str) and str in types_allowed:
        return f"'{_short(value)}' does not have the right form"
    if isinstance(value, str):
        return f"'{_short(value)}' is text"
    return (
        f"is {shown(value)}"
        if isinstance(value, list | Mapping)
        else f"{shown(value)} is not allowed here"
    )


def _number_meant(text: str, path: KeyPath) -> str:
    """Guess what a number written as text was meant to be, in the unit of its key."""
    bare = text.strip().replace(",", "")
    if re.fullmatch(r"[-+]?[0-9]+(\.[0-9]+)?", bare):
        return f"write {bare} without quotes and commas"
    found = quantity(text)
    units = [unit_of_key(part) for part in path if isinstance(part, str)]
    wanted = next((unit.unit for unit in reversed(units) if unit is not None), None)
    if found is None or wanted is None:
        return ""
    number, unit = found
    result = converted(number, unit, wanted)
    return f"write {result:.6g} ({wanted})" if result is not None else ""


def shown(value: object) -> str:
    """Return a value as it would be written in a file, shortened."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f"'{_short(value)}'"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if isinstance(value, Mapping):
        return f"a section with the keys {listed(value, limit=5)}" if value else "an empty section"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    try:
        return _short(str(value))
    except ValueError:  # a whole number of more digits than Python writes
        return "a number of thousands of digits"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 60 else f"{line[:57]}..."
