"""A name or a path → a checked scenario."""

from __future__ import annotations

import warnings
from importlib.resources import files
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.events import (
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamStartEvent,
)

from disruption_sim.scenario.annotations import provenance_of, stripped
from disruption_sim.scenario.faults import (
    Fault,
    ScenarioError,
    ScenarioWarning,
    did_you_mean,
    listed,
)
from disruption_sim.scenario.model import Scenario
from disruption_sim.scenario.overrides import (
    Overrides,
    applied,
    parsed,
    provenance_after,
    validated_after,
)
from disruption_sim.scenario.provenance import PROVENANCE_FIELD
from disruption_sim.scenario.reading import Document, read_bytes, read_file
from disruption_sim.scenario.validation import validated
from disruption_sim.scenario.writing import plain_scenario

_ENDINGS = (".yaml", ".yml")


def load_scenario(name_or_path: str | Path, overrides: Overrides = ()) -> Scenario:
    """Load a scenario by name or from a file.

    Parameters
    ----------
    name_or_path : str or Path
        Name of a built-in scenario, or path of a ``.yaml`` file.
    overrides : sequence of str or mapping
        Values to set over those of the file: ``["calendar.horizon_weeks=30"]`` or
        ``{"calendar.horizon_weeks": 30}``. Items of lists are addressed by their name:
        ``surgery.specialties.cardiac.share``.

    Returns
    -------
    Scenario
        Frozen and checked; ``provenance`` says where each value comes from.

    Raises
    ------
    ScenarioError
        With every fault of the file and of the overrides.

    Warns
    -----
    ScenarioWarning
        For each value set outside its recorded range.
    """
    scenario, notes = load_scenario_with_notes(name_or_path, overrides)
    for note in notes:
        warnings.warn(note, ScenarioWarning, stacklevel=2)
    return scenario


def load_scenario_with_notes(
    name_or_path: str | Path, overrides: Overrides = ()
) -> tuple[Scenario, tuple[str, ...]]:
    """Load a scenario and return what else its reader should know, instead of warning of it.

    Parameters and errors are those of :func:`load_scenario`.
    """
    faults: list[Fault] = []
    scenario: Scenario | None = None
    try:
        scenario = scenario_of(_document(name_or_path))
    except ScenarioError as error:
        faults.extend(error.faults)
    if scenario is None:
        raise ScenarioError([*faults, *parsed(overrides)[1]])
    return with_overrides(scenario, overrides)


def with_overrides(scenario: Scenario, overrides: Overrides) -> tuple[Scenario, tuple[str, ...]]:
    """Set values of a scenario; the scenario itself stays as it is.

    Parameters
    ----------
    scenario : Scenario
        The one to start from.
    overrides : sequence of str or mapping
        As for :func:`load_scenario`.

    Returns
    -------
    scenario : Scenario
        Checked anew; its provenance says what the user set and what stood there before.
    notes : tuple of str
        One for each value set outside its recorded range.

    Raises
    ------
    ScenarioError
        With every fault, each naming its override.
    """
    settings, faults = parsed(overrides)
    if not settings and not faults:
        return scenario, ()
    before = plain_scenario(scenario)
    overridden = applied(Scenario, before, settings)
    changed = validated_after(Scenario, overridden, faults)
    provenance, notes = provenance_after(
        scenario.provenance, before, overridden, plain_scenario(changed)
    )
    return changed.model_copy(update={"provenance": provenance}), notes


def scenario_of(document: Document) -> Scenario:
    """Check a document and turn it into a scenario.

    Raises
    ------
    ScenarioError
        With every fault.
    """
    taken_off = stripped(document)
    faults = [*document.faults, *taken_off.faults]
    root = taken_off.document.root
    if isinstance(root, dict) and PROVENANCE_FIELD in root:
        line, column = taken_off.document.places.get((PROVENANCE_FIELD,), (0, 0))
        problem = "is not written as a section of its own"
        allowed = "annotated values: {value: 8, source: ...}"
        faults.append(Fault(document.file, line, column, PROVENANCE_FIELD, problem, allowed))
        del root[PROVENANCE_FIELD]
    scenario: Scenario | None = None
    try:
        scenario = validated(Scenario, taken_off.document)
    except ScenarioError as error:
        faults.extend(error.faults)
    told = {fault.key for fault in faults}
    faults.extend(fault for fault in taken_off.range_faults if fault.key not in told)
    if scenario is None or faults:
        raise ScenarioError(faults)
    provenance = provenance_of(taken_off.annotations, plain_scenario(scenario))
    return scenario.model_copy(update={"provenance": provenance})


def built_in_scenarios() -> dict[str, str]:
    """Return the built-in scenarios: name → title."""
    return {
        name: _title((files("disruption_sim.scenario") / "library" / f"{name}.yaml").read_bytes())
        for name in _built_in_names()
    }


def scenario_source(name_or_path: str | Path) -> bytes:
    """Return a scenario file as it stands, comments included, to start a new one from.

    Raises
    ------
    ScenarioError
        If there is no such scenario.
    """
    path = _as_path(name_or_path)
    if path is None:
        return (files("disruption_sim.scenario") / "library" / f"{name_or_path}.yaml").read_bytes()
    read_file(path)
    return path.read_bytes()


def _document(name_or_path: str | Path) -> Document:
    path = _as_path(name_or_path)
    if path is not None:
        return read_file(path, shown_as=str(name_or_path))
    return read_bytes(scenario_source(name_or_path), f"{name_or_path}.yaml")


def _as_path(name_or_path: str | Path) -> Path | None:
    """Return the path that is meant, or None for a built-in scenario."""
    text = str(name_or_path)
    looks_like_path = text.endswith(_ENDINGS) or any(mark in text for mark in "/\\")
    names = _built_in_names()
    if isinstance(name_or_path, Path) or looks_like_path:
        path = Path(name_or_path)
        if path.suffix not in _ENDINGS:
            problem = "is not the name of a scenario file"
            raise ScenarioError([Fault(text, 0, 0, "", problem, "a file ending in .yaml or .yml")])
        if path.stem in names and not path.exists():
            suggestion = f"the built-in scenario is called '{path.stem}'"
            raise ScenarioError([Fault(text, 0, 0, "", "there is no such file", "", suggestion)])
        return path
    if text in names:
        return None
    allowed = f"{listed(names)}, or the path of a .yaml file"
    problem = f"there is no scenario called '{text}'"
    raise ScenarioError([Fault("scenario", 0, 0, "", problem, allowed, did_you_mean(text, names))])


def _built_in_names() -> tuple[str, ...]:
    library = files("disruption_sim.scenario") / "library"
    return tuple(
        sorted(
            entry.name.removesuffix(".yaml")
            for entry in library.iterdir()
            if entry.name.endswith(".yaml")
        )
    )


def _title(content: bytes) -> str:
    """Return the ``title`` at the top level, without reading what comes after it."""
    depth, key = 0, ""
    for event in YAML(typ="safe", pure=True).parse(content.decode("utf-8")):
        if isinstance(event, StreamStartEvent | DocumentStartEvent):
            continue
        if isinstance(event, MappingStartEvent | SequenceStartEvent):
            depth, key = depth + 1, ""
        elif isinstance(event, MappingEndEvent | SequenceEndEvent):
            depth, key = depth - 1, ""
        elif isinstance(event, ScalarEvent) and depth == 1:
            if key == "title":
                return str(event.value)
            key = "" if key else str(event.value)
    return ""
