"""What a model allows at a path: the keys of a section, the values of a field, in words."""

from __future__ import annotations

import datetime as dt
import types
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt, MaxLen, MinLen
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from disruption_sim.scenario.faults import KeyPath, PathPart, listed
from disruption_sim.scenario.keys import value_at
from disruption_sim.scenario.provenance import PROVENANCE_FIELD

_UNBOUNDED = 1e9
"""Bounds this far out only keep absurd numbers away; they are not worth words."""


@dataclass(frozen=True)
class Allowed:
    """One kind of value that may stand somewhere.

    Attributes
    ----------
    kind : object
        A type, or a parametrised one such as ``tuple[float, ...]``, unions taken apart.
    rules : tuple
        Its constraints: bounds, lengths, patterns.
    """

    kind: Any
    rules: tuple[object, ...] = ()


def allowed_at(model: type[BaseModel], root: object, path: KeyPath) -> tuple[Allowed, ...]:
    """Return every kind of value a model takes at a path of a document.

    Of several sections that may stand in one place (policies of different kinds), those are meant
    whose literal fields agree with what the document says.
    """
    here: tuple[Allowed, ...] = (Allowed(model),)
    for depth, part in enumerate(path):
        node = value_at(root, path[:depth])
        here = tuple(below for kind in _fitting(here, node) for below in _below(kind, part))
    return _fitting(here, value_at(root, path))


def keys_at(model: type[BaseModel], root: object, path: KeyPath) -> tuple[str, ...]:
    """Return the keys that the section at a path may have; empty if there is no section."""
    names: dict[str, None] = {}
    for allowed in allowed_at(model, root, path):
        if _is_section(allowed.kind):
            fields = (name for name in allowed.kind.model_fields if name != PROVENANCE_FIELD)
            names.update(dict.fromkeys(fields))
        elif get_origin(allowed.kind) in (dict, Mapping):
            names.update(dict.fromkeys(_values_of(get_args(allowed.kind)[0])))
    return tuple(names)


def takes_any_key(model: type[BaseModel], root: object, path: KeyPath) -> bool:
    """Whether a table stands at a path, which may get keys it does not have yet."""
    return any(get_origin(here.kind) in (dict, Mapping) for here in allowed_at(model, root, path))


def choices(allowed: Iterable[Allowed]) -> tuple[str, ...]:
    """Return the names among which a value must be chosen; empty if it need not be a name."""
    return tuple(name for here in allowed for name in _values_of(here.kind))


def in_words(allowed: Iterable[Allowed]) -> str:
    """Describe kinds of values: ``a number above 0``, ``a date (YYYY-MM-DD) or null``."""
    kinds = tuple(allowed)
    names = listed(dict.fromkeys(choices(kinds)), limit=30)
    others = (_describe(here) for here in kinds if not _values_of(here.kind))
    return " or ".join(dict.fromkeys(filter(None, (names, *others))))


def alternatives(annotation: Any, rules: Iterable[object] = ()) -> tuple[Allowed, ...]:
    """Take an annotation apart into the kinds of values it allows."""
    flat = tuple(_flattened(rules))
    origin = get_origin(annotation)
    if origin is Annotated:
        inner, *metadata = get_args(annotation)
        return alternatives(inner, (*flat, *metadata))
    if origin in (Union, types.UnionType):
        return tuple(kind for member in get_args(annotation) for kind in alternatives(member, flat))
    return (Allowed(annotation, flat),)


def _flattened(rules: Iterable[object]) -> Iterable[object]:
    for rule in rules:
        if isinstance(rule, FieldInfo):
            yield from rule.metadata
        else:
            yield rule


def _fitting(allowed: tuple[Allowed, ...], node: object) -> tuple[Allowed, ...]:
    """Keep the sections that a mapping can mean; all of them where it fits none."""
    if not isinstance(node, Mapping):
        return allowed
    fitting = tuple(
        here for here in allowed if not _is_section(here.kind) or _may_mean(here.kind, node)
    )
    return fitting or allowed


def _may_mean(section: type[BaseModel], node: Mapping[object, object]) -> bool:
    return all(
        node.get(name) in get_args(info.annotation)
        for name, info in section.model_fields.items()
        if get_origin(info.annotation) is Literal and info.is_required()
    )


def _below(allowed: Allowed, part: PathPart) -> tuple[Allowed, ...]:
    kind = allowed.kind
    if _is_section(kind):
        info = kind.model_fields.get(part)
        return alternatives(info.annotation, info.metadata) if info is not None else ()
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (dict, Mapping):
        return alternatives(arguments[1])
    if origin is tuple and len(arguments) == 2 and arguments[1] is Ellipsis:
        return alternatives(arguments[0])
    if origin is tuple:
        position = part if isinstance(part, int) else len(arguments)
        return alternatives(arguments[position]) if position < len(arguments) else ()
    if origin is not None and issubclass(origin, Collection) and arguments:
        return alternatives(arguments[0])
    return ()


def _is_section(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _values_of(kind: Any) -> tuple[str, ...]:
    if get_origin(kind) is Literal:
        return tuple(str(value) for value in get_args(kind))
    if isinstance(kind, type) and issubclass(kind, Enum):
        return tuple(str(member.value) for member in kind)
    return ()


def _describe(allowed: Allowed) -> str:
    kind = allowed.kind
    if _is_section(kind):
        return f"a section with the keys {listed(kind.model_fields)}"
    origin = get_origin(kind)
    if origin in (dict, Mapping):
        keys = choices(alternatives(get_args(kind)[0]))
        return f"a table with the keys {listed(keys)}" if keys else "a table of keys and values"
    if origin is not None:
        return _list_in_words(allowed)
    if isinstance(kind, type) and kind in (int, float):
        noun = "a number" if kind is float else "a whole number"
        return " ".join(filter(None, (noun, _bounds_in_words(allowed.rules))))
    if kind is str:
        return _text_in_words(allowed.rules)
    simple: dict[object, str] = {
        bool: "true or false",
        dt.date: "a date (YYYY-MM-DD)",
        dt.datetime: "a date and time (YYYY-MM-DD hh:mm)",
        type(None): "null",
    }
    return simple.get(kind, "")


def _list_in_words(allowed: Allowed) -> str:
    arguments = get_args(allowed.kind)
    if get_origin(allowed.kind) is tuple and Ellipsis not in arguments:
        items = [in_words(alternatives(argument)) for argument in arguments]
        return f"a list of {len(items)}: {'; '.join(items)}"
    least = next((rule.min_length for rule in allowed.rules if isinstance(rule, MinLen)), 0)
    most = next((rule.max_length for rule in allowed.rules if isinstance(rule, MaxLen)), None)
    item = in_words(alternatives(arguments[0])) if arguments else ""
    if most is not None:
        size = f"{least}" if least == most else f"{least} to {most}"
    else:
        size = f"{least} or more" if least else "any number"
    return f"a list of {size}" + (f", each {item}" if item else "")


def _bounds_in_words(rules: Iterable[object]) -> str:
    least = most = ""
    for rule in rules:
        if isinstance(rule, Gt) and _worth_words(rule.gt):
            least = f"above {_number(rule.gt)}"
        elif isinstance(rule, Ge) and _worth_words(rule.ge):
            least = f"from {_number(rule.ge)}"
        elif isinstance(rule, Lt) and _worth_words(rule.lt):
            most = f"below {_number(rule.lt)}"
        elif isinstance(rule, Le) and _worth_words(rule.le):
            most = f"{_number(rule.le)}"
    if least.startswith("from"):
        bound = least.removeprefix("from ")
        if not most:
            return f"of {bound} or more"
        return f"{least} to {most}"
    if least and most:
        return f"{least} and {most if most.startswith('below') else f'at most {most}'}"
    if most:
        return most if most.startswith("below") else f"of at most {most}"
    return least


def _worth_words(bound: Any) -> bool:
    return bool(abs(bound) < _UNBOUNDED)


def _number(bound: Any) -> str:
    return f"{bound:,.10g}"


def _text_in_words(rules: Iterable[object]) -> str:
    pattern = next((found for rule in rules if (found := getattr(rule, "pattern", None))), None)
    if pattern is None:
        return "text"
    if pattern == r"^[a-z][a-z0-9_-]*$":
        return "a short name (small letters, digits, - and _, a letter first)"
    return f"text of the form {pattern}"
