"""A scenario → YAML that reads back as the same scenario."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from io import StringIO
from pathlib import Path
from secrets import token_hex
from types import MappingProxyType
from typing import Any, TypeGuard

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from disruption_sim.scenario.annotations import annotation_of
from disruption_sim.scenario.faults import Fault, KeyPath, ScenarioError
from disruption_sim.scenario.keys import path_of
from disruption_sim.scenario.model import Scenario
from disruption_sim.scenario.provenance import PROVENANCE_FIELD, plain

_SIMPLE_TEXT = re.compile(r"[A-Za-z]([A-Za-z0-9_ ./()-]*[A-Za-z0-9_.)])?")

_Annotations = Mapping[KeyPath, Mapping[str, object]]


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
    return yaml_text(root, annotations, header)


def yaml_text(
    root: object,
    annotations: _Annotations = MappingProxyType({}),
    header: str = "",
) -> str:
    """Return a plain document as YAML.

    Parameters
    ----------
    root : object
        Plain values.
    annotations : mapping of path to annotation
        What is written beside values, ``value`` itself left out.
    header : str
        Lines of comment to stand at the top, without ``#``.
    """
    yaml = YAML(typ="rt", pure=True)
    yaml.width = 100_000  # one line for each value with its source: easy to compare and to search
    yaml.indent(mapping=2, sequence=4, offset=2)
    stream = StringIO()
    if header:
        for line in header.splitlines():
            printable = "".join(mark if mark.isprintable() else " " for mark in line)
            stream.write(f"# {printable}".rstrip() + "\n")
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


def _written(node: object, path: KeyPath, beside: _Annotations) -> Any:
    annotation = beside.get(path)
    content = _content(node, path, beside)
    if annotation is None:
        return content
    about = {key: _scalar(item) for key, item in annotation.items()}
    if _is_table(content):
        for row in content:
            row.fa.set_flow_style()
        return CommentedMap({**about, "value": content})  # the rows, a line each, come last
    written = CommentedMap({"value": content, **about})
    written.fa.set_flow_style()
    return written


def _is_table(content: object) -> TypeGuard[list[CommentedMap]]:
    """Whether a value is rows: in the line of their source they would be past reading."""
    return (
        isinstance(content, list)
        and len(content) > 0
        and all(isinstance(row, CommentedMap) for row in content)
    )


def _content(node: object, path: KeyPath, beside: _Annotations) -> Any:
    if isinstance(node, Mapping):
        section = CommentedMap(
            {_scalar(key): _written(item, (*path, key), beside) for key, item in node.items()}
        )
        if not node:
            section.fa.set_flow_style()
        return section
    if isinstance(node, list):
        items = CommentedSeq(
            _written(item, (*path, index), beside) for index, item in enumerate(node)
        )
        if not any(isinstance(item, Mapping | list) for item in node):
            items.fa.set_flow_style()
        return items
    return _scalar(node)


def _scalar(value: object) -> object:
    if isinstance(value, str) and not _SIMPLE_TEXT.fullmatch(value):
        # ruamel.yaml leaves some texts bare that it cannot read back (`:x` in a flow list, U+0085).
        return DoubleQuotedScalarString(value)
    if isinstance(value, float) and value.is_integer() and 0 < abs(value) < 1e15:
        return int(value)  # 8, not 8.0: every field that takes the one takes the other
    return value
