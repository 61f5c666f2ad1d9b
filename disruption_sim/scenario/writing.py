"""A scenario → YAML that reads back as the same scenario."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from io import StringIO
from pathlib import Path
from secrets import token_hex
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from disruption_sim.scenario.annotations import annotation_of
from disruption_sim.scenario.faults import Fault, KeyPath, ScenarioError
from disruption_sim.scenario.keys import path_of
from disruption_sim.scenario.model import Scenario
from disruption_sim.scenario.provenance import PROVENANCE_FIELD, plain


def resolved_text(scenario: Scenario, header: str = "") -> str:
    """Return a scenario as YAML, every default written out and every source beside its value.

    Parameters
    ----------
    scenario : Scenario
        Any scenario.
    header : str
        Lines of comment to stand at the top, without ``#``.
    """
    root = plain_scenario(scenario)
    annotations = {
        path_of(root, record.key): annotation_of(record) for record in scenario.provenance
    }
    yaml = YAML(typ="rt", pure=True)
    yaml.width = 100_000  # one line for each value with its source: easy to compare and to search
    yaml.indent(mapping=2, sequence=4, offset=2)
    stream = StringIO()
    if header:
        stream.writelines(f"# {line}".rstrip() + "\n" for line in header.splitlines())
        stream.write("\n")
    yaml.dump(_written(root, (), annotations), stream)
    return stream.getvalue()


def plain_scenario(scenario: Scenario) -> dict[str, Any]:
    """Return a scenario as plain mappings, lists and values, its provenance left out."""
    root = plain(scenario)
    assert isinstance(root, dict)
    del root[PROVENANCE_FIELD]
    return root


def write_scenario(scenario: Scenario, path: Path, header: str = "") -> None:
    """Write a scenario to a file, whole or not at all.

    Parameters
    ----------
    scenario : Scenario
        Any scenario.
    path : Path
        The file; one that exists is replaced.
    header : str
        Lines of comment to stand at the top, without ``#``.

    Raises
    ------
    ScenarioError
        If the file cannot be written; whatever was there before is untouched.
    """
    text = resolved_text(scenario, header)
    # In the same folder: only there is the replacement atomic.
    temporary = path.with_name(f".{path.name}.{token_hex(4)}")
    try:
        with temporary.open("x", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
        temporary.replace(path)
    except OSError as error:
        problem = f"cannot be written: {error.strerror or error}"
        raise ScenarioError([Fault(str(path), 0, 0, "", problem)]) from error
    finally:
        with suppress(OSError):
            temporary.unlink()


def _written(node: object, path: KeyPath, annotations: Mapping[KeyPath, dict[str, object]]) -> Any:
    annotation = annotations.get(path)
    content = _content(node, path, annotations)
    if annotation is None:
        return content
    written = CommentedMap({"value": content})
    written.update({key: _short(item) for key, item in annotation.items()})
    written.fa.set_flow_style()
    return written


def _content(node: object, path: KeyPath, annotations: Mapping[KeyPath, dict[str, object]]) -> Any:
    if isinstance(node, Mapping):
        section = CommentedMap(
            {key: _written(item, (*path, key), annotations) for key, item in node.items()}
        )
        if not node:
            section.fa.set_flow_style()
        return section
    if isinstance(node, list):
        items = CommentedSeq(
            _written(item, (*path, index), annotations) for index, item in enumerate(node)
        )
        if not any(isinstance(item, Mapping | list) for item in node):
            items.fa.set_flow_style()
        return items
    return _short(node)


def _short(value: object) -> object:
    """Write 8.0 as 8: every field that takes the one takes the other."""
    if isinstance(value, float) and value.is_integer() and 0 < abs(value) < 1e15:
        return int(value)
    return value
