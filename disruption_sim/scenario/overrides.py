"""Values set over those of a scenario, by dotted key."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel

from disruption_sim.scenario.annotations import is_annotated
from disruption_sim.scenario.faults import (
    Fault,
    KeyPath,
    ScenarioError,
    closest,
    listed,
)
from disruption_sim.scenario.keys import UnknownKeyError, all_keys, key_of, path_of, value_at
from disruption_sim.scenario.provenance import (
    SET_BY_USER,
    Provenance,
    frozen,
    plain,
)
from disruption_sim.scenario.reading import read_text
from disruption_sim.scenario.schema import takes_any_key
from disruption_sim.scenario.translation import Finding, shown
from disruption_sim.scenario.units import conversion_in_words, same_but_for_unit, unit_of_key
from disruption_sim.scenario.validation import checked

Overrides = Sequence[str] | Mapping[str, object]
"""``key=value`` texts, the values read as YAML, or a mapping of dotted keys to values."""

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True)
class Override:
    """One value to set.

    Attributes
    ----------
    key : str
        Dotted key.
    value : object
        Plain value.
    origin : str
        How the user gave it, for faults.
    """

    key: str
    value: object
    origin: str


def parsed(overrides: Overrides) -> tuple[tuple[Override, ...], tuple[Fault, ...]]:
    """Read overrides without looking at a scenario yet.

    Parameters
    ----------
    overrides : sequence of str or mapping
        ``["calendar.horizon_weeks=30"]`` or ``{"calendar.horizon_weeks": 30}``.

    Returns
    -------
    overrides : tuple of Override
        Those that can be read.
    faults : tuple of Fault
        For every text that is not ``key=value``, value that is not YAML, and key set twice.
    """
    if isinstance(overrides, str):
        overrides = [overrides]
    faults: list[Fault] = []
    found: dict[str, Override] = {}
    items = overrides.items() if isinstance(overrides, Mapping) else overrides
    for item in items:
        try:
            override = _from_pair(*item) if isinstance(item, tuple) else _from_text(item)
        except ScenarioError as error:
            faults.extend(error.faults)
            continue
        if override.key in found:
            faults.append(_fault(override, "is set twice"))
        found[override.key] = override
    return tuple(found.values()), tuple(faults)


def _from_text(text: object) -> Override:
    origin = f"--set {text}"
    if not isinstance(text, str):
        raise ScenarioError([Fault(origin, 0, 0, "", "is not text", "key=value")])
    key, equals, value = text.partition("=")
    key = key.strip()
    if not equals or not key:
        raise ScenarioError([Fault(origin, 0, 0, "", "is not of the form key=value", "key=value")])
    if not value.strip():
        raise ScenarioError([Fault(origin, 0, 0, key, "has no value", "key=value, or key=null")])
    try:
        document = read_text(value, origin)
    except ScenarioError as error:
        raise ScenarioError(_faults_in_value(key, origin, error.faults)) from error
    if document.faults:
        raise ScenarioError(_faults_in_value(key, origin, document.faults))
    return Override(key, document.root, origin)


def _faults_in_value(key: str, origin: str, faults: Sequence[Fault]) -> Iterator[Fault]:
    for fault in faults:
        dotted = ".".join(filter(None, (key, fault.key)))
        yield Fault(origin, 0, 0, dotted, fault.problem, fault.allowed, fault.suggestion)


def _from_pair(key: object, value: object) -> Override:
    if not isinstance(key, str) or not key.strip():
        raise ScenarioError([Fault(f"--set {key}=...", 0, 0, "", "is not a key", "a dotted key")])
    try:
        converted = plain(value)
    except (TypeError, RecursionError) as error:
        problem = str(error) if isinstance(error, TypeError) else "is nested too deeply"
        raise ScenarioError([Fault(f"--set {key}=...", 0, 0, key, problem)]) from error
    return Override(key.strip(), converted, f"--set {key}={_brief(converted)}")


def _brief(value: object) -> str:
    return shown(value) if isinstance(value, list | Mapping) else shown(value).strip("'")


def _fault(override: Override, problem: str, allowed: str = "", suggestion: str = "") -> Fault:
    return Fault(override.origin, 0, 0, override.key, problem, allowed, suggestion)


@dataclass
class Overridden:
    """A scenario after overrides.

    Attributes
    ----------
    root : dict
        The plain document with the values set.
    set_by : dict of path to Override
        What was set where.
    faults : list of Fault
        For every key that does not exist.
    """

    root: dict[str, Any]
    set_by: dict[KeyPath, Override] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


def applied(
    model: type[BaseModel], root: dict[str, Any], overrides: Sequence[Override]
) -> Overridden:
    """Set values in a copy of a plain document."""
    result = Overridden(copy.deepcopy(root))
    for override in overrides:
        try:
            path = _path(model, result.root, override)
        except ScenarioError as error:
            result.faults.extend(error.faults)
            continue
        container: Any = value_at(result.root, path[:-1])
        container[path[-1]] = _bare(override.value)
        result.set_by = {
            set_path: earlier
            for set_path, earlier in result.set_by.items()
            if set_path[: len(path)] != path
        }
        result.set_by[path] = override
    return result


def _bare(value: object) -> object:
    """Take annotations off an override: its source is the user."""
    if is_annotated(value):
        return _bare(value["value"])
    if isinstance(value, Mapping):
        return {key: _bare(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_bare(item) for item in value]
    return value


def _path(model: type[BaseModel], root: object, override: Override) -> KeyPath:
    try:
        return path_of(root, override.key)
    except UnknownKeyError as error:
        is_table = isinstance(value_at(root, error.found), dict)
        is_new = is_table and "." not in error.rest
        if is_new and takes_any_key(model, root, error.found):
            return (*error.found, error.rest)
        raise ScenarioError([_unknown(root, override, error)]) from error


def _unknown(root: object, override: Override, error: UnknownKeyError) -> Fault:
    section = key_of(root, error.found)
    if not error.known:
        value = value_at(root, error.found)
        what = "is not set: give it whole" if value is None else "is a single value without parts"
        return _fault(override, f"'{section}' {what}")
    part, _, below = error.rest.partition(".")
    where = f"in '{section}'" if section else "at the top level"
    problem = f"there is no key '{part}' {where}"
    other_unit = same_but_for_unit(part, error.known)
    if other_unit is not None:
        given, wanted = unit_of_key(part), unit_of_key(other_unit)
        assert given is not None
        assert wanted is not None
        conversion = conversion_in_words(override.value, given.unit, wanted.unit)
        return _fault(override, f"{problem}; {other_unit} is wanted", "", conversion)
    meant = closest(part, error.known)
    if meant is not None:
        guess = ".".join(filter(None, (section, meant, below)))
        return _fault(override, problem, listed(error.known), f"did you mean '{guess}'?")
    elsewhere = [key for key in all_keys(root) if key.endswith(f".{override.key}")]
    suggestion = f"did you mean {listed(map(repr, elsewhere[:3]))}?" if elsewhere else ""
    return _fault(override, problem, listed(error.known), suggestion)


def validated_after(
    model: type[Model], overridden: Overridden, faults: Sequence[Fault] = ()
) -> Model:
    """Check a document again after overrides.

    Parameters
    ----------
    model : type of BaseModel
        The root section.
    overridden : Overridden
        The document.
    faults : sequence of Fault
        What was found wrong before, to be told together.

    Raises
    ------
    ScenarioError
        With every fault, each naming the override that caused it.
    """
    result = checked(model, overridden.root)
    faults = [*faults, *overridden.faults]
    if isinstance(result, tuple):
        raise ScenarioError([*faults, *(_blamed(finding, overridden) for finding in result)])
    if faults:
        raise ScenarioError(faults)
    return result


def _blamed(finding: Finding, overridden: Overridden) -> Fault:
    """Name the overrides nearest to a finding: the document was sound before them."""
    overlapping = [
        override.origin
        for path, override in overridden.set_by.items()
        if path == finding.path[: len(path)] or finding.path == path[: len(finding.path)]
    ]
    origins = overlapping or [override.origin for override in overridden.set_by.values()]
    origin = " ".join(dict.fromkeys(origins))
    key = key_of(overridden.root, finding.path)
    return Fault(origin, 0, 0, key, finding.problem, finding.allowed, finding.suggestion)


def provenance_after(
    before: Sequence[Provenance], old_root: object, overridden: Overridden, resolved: object
) -> tuple[tuple[Provenance, ...], tuple[str, ...]]:
    """Record who set what.

    Parameters
    ----------
    before : sequence of Provenance
        Of the scenario before the overrides.
    old_root, resolved : object
        The plain scenario before, and after validation.
    overridden : Overridden
        What was set.

    Returns
    -------
    provenance : tuple of Provenance
        Sorted by key, values as resolved.
    notes : tuple of str
        What the user should know: values outside their recorded range.
    """
    old_records = {path_of(old_root, record.key): record for record in before}
    records: dict[KeyPath, Provenance] = {}
    notes: list[str] = []
    for path, record in old_records.items():
        if not any(path[: len(set_path)] == set_path for set_path in overridden.set_by):
            records[path] = record.model_copy(
                update={
                    "key": key_of(resolved, path),
                    "value": frozen(value_at(resolved, path)),
                }
            )
    for path, override in overridden.set_by.items():
        record, note = _set_by_user(path, override, old_root, old_records.get(path), resolved)
        records[path] = record
        notes.extend(note)
    return tuple(sorted(records.values(), key=lambda record: record.key)), tuple(notes)


def _set_by_user(
    path: KeyPath,
    override: Override,
    old_root: object,
    old: Provenance | None,
    resolved: object,
) -> tuple[Provenance, tuple[str, ...]]:
    value = value_at(resolved, path)
    was = f"was {shown(value_at(old_root, path))}"
    if old is not None:
        was = f"{was}; {old.source}"
    own_source = override.value.get("source") if is_annotated(override.value) else None
    by_whom = f"{SET_BY_USER}: {own_source}" if own_source else SET_BY_USER
    record = Provenance(
        key=key_of(resolved, path),
        value=frozen(value),
        unit=old.unit if old is not None else "",
        low=old.low if old is not None else None,
        high=old.high if old is not None else None,
        source=f"{by_whom} ({was})",
        notes=old.notes if old is not None else "",
    )
    if not record.outside_range(value):
        return record, ()
    outside = f"{shown(value)} is outside the recorded range {record.range_in_words}"
    notes = "; ".join(filter(None, (record.notes, outside)))
    return record.model_copy(update={"notes": notes}), (f"{record.key}: {outside}",)
