"""Plain values → a checked model, or every fault at its place."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from disruption_sim.scenario.faults import Fault, KeyPath, ScenarioError, listed
from disruption_sim.scenario.keys import key_of
from disruption_sim.scenario.provenance import is_finite_number
from disruption_sim.scenario.reading import Document
from disruption_sim.scenario.schema import keys_at
from disruption_sim.scenario.stand_ins import emptied, mended
from disruption_sim.scenario.translation import Finding, shown, translated

Model = TypeVar("Model", bound=BaseModel)

_TIME_ZONE = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:?\d\d.*([Zz]|[+-]\d\d:?(\d\d)?)")


def validated(model: type[Model], document: Document) -> Model:
    """Check a document without annotations against a model.

    Parameters
    ----------
    model : type of BaseModel
        The root section.
    document : Document
        Plain values and their places.

    Raises
    ------
    ScenarioError
        With every fault, at its place in the file.
    """
    result = checked(model, document.root)
    if isinstance(result, tuple):
        raise ScenarioError(located(finding, document) for finding in result)
    return result


def located(finding: Finding, document: Document) -> Fault:
    """Put a finding at the place of its key, or of the section that lacks the key."""
    path = finding.path
    while path and path not in document.places:
        path = path[:-1]
    line, column = document.places.get(path, (0, 0))
    key = key_of(document.root, finding.path)
    return Fault(
        document.file, line, column, key, finding.problem, finding.allowed, finding.suggestion
    )


def checked(model: type[Model], root: object) -> Model | tuple[Finding, ...]:
    """Return the model of a document, or everything that is wrong with the document.

    Values are taken strictly, as from JSON: text is never read as a number, nor true as 1.

    Checks between keys need every key to be sound in itself. So that their faults are told
    together with those of single keys, the document is checked twice more, with two different
    stand-ins for all that is unsound; a fault that shows with either does not come from them.
    """
    if not isinstance(root, Mapping):
        keys = listed(keys_at(model, {}, ()))
        problem = f"{shown(root)} is not a scenario"
        return (Finding((), "value", problem, f"a section with the keys {keys}"),)
    unusable = {finding.path: finding for finding in _unusable(root, ())}
    usable = emptied(root, unusable)
    result = _checked_once(model, usable)
    if isinstance(result, BaseModel) and not unusable:
        return result
    found = result if isinstance(result, tuple) else ()
    own = (*unusable.values(), *(finding for finding in found if finding.path not in unusable))
    if all(finding.kind == "cross" for finding in own):
        return own
    lower, upper = (set(_findings_of(model, document)) for document in mended(model, usable, own))
    return tuple(dict.fromkeys((*own, *_hidden(lower & upper, own))))


def _checked_once(model: type[Model], root: Mapping[str, object]) -> Model | tuple[Finding, ...]:
    try:
        return model.model_validate_json(json.dumps(root, default=_iso), strict=True)
    except ValidationError as error:
        return tuple(translated(model, root, error))
    except ArithmeticError:
        problem = "a number or a date is so large that the checks between keys cannot be computed"
        return (Finding((), "value", problem),)


def _findings_of(model: type[BaseModel], root: Mapping[str, object]) -> tuple[Finding, ...]:
    result = _checked_once(model, root)
    return result if isinstance(result, tuple) else ()


def _hidden(found: Iterable[Finding], own: tuple[Finding, ...]) -> Iterator[Finding]:
    """Keep those findings that are neither at, above nor below a stand-in."""
    for finding in found:
        section = next((other for other in own if _below(finding, other)), None)
        if section is not None:  # in a section whose own name is misspelt
            below = finding.path[len(section.path) :]
            yield replace(finding, path=(*section.path, *below))
        elif finding.kind == "cross" and not any(_touches(finding, other) for other in own):
            yield finding


def _below(finding: Finding, other: Finding) -> bool:
    path = other.meant_path
    return bool(other.meant) and len(finding.path) > len(path) and _starts(finding.path, path)


def _touches(finding: Finding, other: Finding) -> bool:
    paths = (other.path, other.meant_path) if other.meant else (other.path,)
    return any(_starts(finding.path, path) or _starts(path, finding.path) for path in paths)


def _starts(path: KeyPath, start: KeyPath) -> bool:
    return path[: len(start)] == start


def _iso(value: object) -> str:
    if isinstance(value, dt.date):
        return value.isoformat()
    raise TypeError(f"a scenario cannot hold a {type(value).__name__}")


def _unusable(node: object, path: KeyPath) -> Iterator[Finding]:
    if isinstance(node, Mapping):
        for key, item in node.items():
            yield from _unusable(item, (*path, key))
    elif isinstance(node, list):
        for index, item in enumerate(node):
            yield from _unusable(item, (*path, index))
    elif isinstance(node, dt.datetime | str):
        if _TIME_ZONE.fullmatch(str(node)):
            yield Finding(path, "value", f"{node} names a time zone", "local date and time without")
    elif type(node) in (int, float) and not is_finite_number(node):
        yield Finding(path, "value", f"{shown(node)} is not a finite number", "a number")
