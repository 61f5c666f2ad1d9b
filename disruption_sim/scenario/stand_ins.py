"""Stand-ins for what is wrong in a document, so that the rest of it can be checked."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt, MinLen
from pydantic import BaseModel

from disruption_sim.scenario.faults import KeyPath
from disruption_sim.scenario.keys import value_at
from disruption_sim.scenario.schema import Allowed, allowed_at, alternatives, choices
from disruption_sim.scenario.translation import Finding

_DATES = (dt.date(2000, 1, 1), dt.date(2100, 1, 1))


def emptied(root: Mapping[str, object], paths: Iterable[KeyPath]) -> dict[str, Any]:
    """Return a copy of a document with null at some of its paths."""
    result = copy.deepcopy(dict(root))
    for path in paths:
        _container(result, path)[path[-1]] = None
    return result


def mended(
    model: type[BaseModel], root: Mapping[str, object], findings: Iterable[Finding]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a document twice, with different sound values wherever something was found wrong.

    Parameters
    ----------
    model : type of BaseModel
        The root section, which says what would be sound.
    root : mapping
        The plain document.
    findings : iterable of Finding
        What is wrong. A misspelt key gets its right name, and keeps its value unless that is a
        number.
    """
    found = tuple(findings)
    return _mended(model, root, found, upper=False), _mended(model, root, found, upper=True)


def _mended(
    model: type[BaseModel],
    root: Mapping[str, object],
    findings: tuple[Finding, ...],
    *,
    upper: bool,
) -> dict[str, Any]:
    result: dict[str, Any] = copy.deepcopy(dict(root))
    for finding in findings:
        if finding.kind == "cross" or not finding.path:
            continue
        path = finding.path
        container = _container(result, path)
        if not isinstance(container, dict | list):
            continue
        if finding.kind == "unknown key":
            assert isinstance(container, dict)
            value = container.pop(path[-1], None)
            if not finding.meant:
                continue
            container[finding.meant] = value
            if isinstance(value, Mapping | list | str):
                continue
            path = finding.meant_path  # a number may be in another unit
        kinds = allowed_at(model, result, path)
        if kinds:
            container[path[-1]] = _stand_in(kinds, upper=upper)
    return result


def _container(root: object, path: KeyPath) -> Any:
    """Return what holds the value at a path: a dict or a list if the path exists."""
    return value_at(root, path[:-1])


def _stand_in(kinds: tuple[Allowed, ...], *, upper: bool) -> object:
    """Return a small or a larger value of the first kind that is not null."""
    allowed = next((here for here in kinds if here.kind is not type(None)), kinds[0])
    kind, origin, arguments = allowed.kind, get_origin(allowed.kind), get_args(allowed.kind)
    names = choices([allowed])
    if names:
        return names[-1 if upper else 0]
    if kind is bool:
        return upper
    if kind in (int, float):
        number = _number(allowed.rules, upper=upper)
        return round(number) if kind is int else number
    if kind in (dt.date, dt.datetime):
        return _DATES[upper]
    if kind is str:
        return "stand-in-b" if upper else "stand-in-a"
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return {
            name: _stand_in(alternatives(info.annotation, info.metadata), upper=upper)
            for name, info in kind.model_fields.items()
            if info.is_required()
        }
    if origin is tuple and Ellipsis not in arguments:
        return [_stand_in(alternatives(argument), upper=upper) for argument in arguments]
    if origin in (tuple, list):
        least = next((rule.min_length for rule in allowed.rules if isinstance(rule, MinLen)), 0)
        return [_stand_in(alternatives(arguments[0]), upper=upper) for _ in range(least)]
    return {}


def _number(rules: Iterable[object], *, upper: bool) -> float:
    least, most = None, None
    for rule in rules:
        if isinstance(rule, Ge | Gt):
            bound: Any = rule.ge if isinstance(rule, Ge) else rule.gt
            least = float(bound)
        elif isinstance(rule, Le | Lt):
            bound = rule.le if isinstance(rule, Le) else rule.lt
            most = float(bound)
    # Well inside the bounds, and not so large that nothing else could be right beside it.
    low = least if least is not None else 0.0
    span = min(most - low, 40.0) if most is not None else 40.0
    return low + span * (0.75 if upper else 0.25)
