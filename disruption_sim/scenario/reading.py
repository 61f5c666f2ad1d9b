"""YAML text → plain values, with the line and column of each.

The text is composed to nodes by ruamel.yaml (YAML 1.2: only ``true`` and ``false`` are booleans,
``08:00`` is text), which know where they stand; nothing in it can run code or grow without bound.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from disruption_sim.scenario.faults import Fault, KeyPath, ScenarioError

MOST_BYTES = 1_000_000
"""Largest scenario file that is read; the built-in ones are well under a tenth of it."""

MOST_VALUES = 100_000
"""Most values a document may hold once its aliases are written out."""

MOST_LEVELS = 30
"""Deepest nesting of sections and lists."""

Place = tuple[int, int]
"""Line and column, counted from 1."""

_SCALAR_TAGS = tuple(f"tag:yaml.org,2002:{name}" for name in ("null", "bool", "int", "float"))
_TEXT_TAG = "tag:yaml.org,2002:str"
_DATE_TAG = "tag:yaml.org,2002:timestamp"
_CONTAINER_TAGS = ("tag:yaml.org,2002:map", "tag:yaml.org,2002:seq")
_MERGE_TAG = "tag:yaml.org,2002:merge"


@dataclass(frozen=True)
class Document:
    """A YAML document as plain values.

    Attributes
    ----------
    file : str
        The file as the user named it.
    root : object
        Mappings with text keys, lists, text, numbers, booleans, dates and None.
    places : mapping of path to (line, column)
        Where each value, or the key before it, stands.
    faults : tuple of Fault
        Faults of single places (a key given twice, a tag), beside which the rest can be checked.
    """

    file: str
    root: object
    places: Mapping[KeyPath, Place]
    faults: tuple[Fault, ...] = ()


def read_file(path: Path, shown_as: str = "") -> Document:
    """Read a YAML file.

    Parameters
    ----------
    path : Path
        The file.
    shown_as : str
        How faults call it; default the path as given.

    Raises
    ------
    ScenarioError
        If there is no such file or it cannot be read or is no YAML document.
    """
    name = shown_as or str(path)
    try:
        if path.is_dir():
            raise ScenarioError([Fault(name, 0, 0, "", "is a folder", "a YAML file")])
        with path.open("rb") as stream:
            content = stream.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise ScenarioError([Fault(name, 0, 0, "", "there is no such file")]) from None
    except (OSError, ValueError) as error:  # ValueError: a NUL character in the path
        reason = getattr(error, "strerror", None) or str(error)
        raise ScenarioError([Fault(name, 0, 0, "", f"cannot be read: {reason}")]) from error
    return read_bytes(content, name)


def read_bytes(content: bytes, file: str) -> Document:
    """Read a YAML document from the bytes of a file; see :func:`read_file`."""
    if len(content) > MOST_BYTES:
        problem = "is too large for a scenario"
        raise ScenarioError([Fault(file, 0, 0, "", problem, f"{MOST_BYTES:,} bytes at most")])
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - (content.rfind(b"\n", 0, error.start) + 1) + 1
        problem = "holds a character that is not UTF-8"
        raise ScenarioError(
            [Fault(file, line, column, "", problem, "a text file saved as UTF-8")]
        ) from error
    return read_text(text, file)


def read_text(text: str, file: str) -> Document:
    """Read a YAML document from text; see :func:`read_file`."""
    yaml = YAML(typ="safe", pure=True)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a re-used anchor is legal YAML
            node = yaml.compose(text)
    except RecursionError:
        raise ScenarioError([_too_deep(file, 0, 0)]) from None
    except MarkedYAMLError as error:
        raise ScenarioError([_syntax_fault(error, file)]) from error
    except YAMLError as error:
        problem = str(error).splitlines()[0] if str(error) else "unreadable"
        raise ScenarioError([Fault(file, 0, 0, "", f"is not YAML: {problem}")]) from error
    except Exception as error:  # the parser trips over some malformed texts
        problem = f"is not YAML: the parser stopped with {type(error).__name__}"
        raise ScenarioError([Fault(file, 0, 0, "", problem)]) from error
    if node is None:
        raise ScenarioError([Fault(file, 0, 0, "", "is empty", "a YAML document")])
    conversion = _Conversion(file, yaml.constructor.construct_object)
    root = conversion.value(node, ())
    if conversion.values >= MOST_VALUES:
        raise ScenarioError(conversion.faults)
    return Document(file, root, conversion.places, tuple(conversion.faults))


@dataclass
class _Conversion:
    """Nodes → plain values, noting places and faults on the way."""

    file: str
    construct: Callable[[Node], object]
    places: dict[KeyPath, Place] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    values: int = 0

    def value(self, node: Node, path: KeyPath) -> object:
        self.values += 1
        self.places.setdefault(path, _place(node))
        if self.values == MOST_VALUES:
            self._note(node, path, "holds too many values, its aliases written out")
        if self.values >= MOST_VALUES:
            return None
        if len(path) > MOST_LEVELS:  # also ends an alias that contains itself
            line, column = _place(node)
            self.faults.append(_too_deep(self.file, line, column))
            self.values = MOST_VALUES
            return None
        if isinstance(node, MappingNode) and str(node.tag) in _CONTAINER_TAGS:
            return dict(self._items(node, path))
        if isinstance(node, SequenceNode) and str(node.tag) in _CONTAINER_TAGS:
            return [self.value(item, (*path, index)) for index, item in enumerate(node.value)]
        if isinstance(node, ScalarNode):
            return self._scalar(node, path)
        return self._note(node, path, f"the tag {node.tag} is not allowed in a scenario")

    def _items(self, node: MappingNode, path: KeyPath) -> Iterator[tuple[str, object]]:
        first_lines: dict[str, int] = {}
        for key_node, value_node in node.value:
            line, column = _place(key_node)
            if not isinstance(key_node, ScalarNode):
                self._note(key_node, path, "a key must be a single word, not a list or section")
                continue
            key = str(key_node.value)
            if str(key_node.tag) == _MERGE_TAG:
                self._note(key_node, path, "merging with '<<' is not supported; write the keys out")
                continue
            if key in first_lines:
                problem = f"is given twice, first in line {first_lines[key]}"
                dotted = ".".join(map(str, (*path, key)))
                self.faults.append(Fault(self.file, line, column, dotted, problem))
                continue
            first_lines[key] = line
            self.places[*path, key] = (line, column)
            yield key, self.value(value_node, (*path, key))

    def _scalar(self, node: ScalarNode, path: KeyPath) -> object:
        tag = str(node.tag)
        if tag == _TEXT_TAG:
            text = str(node.value)
            if not _encodable(text):
                return self._note(node, path, "holds half a character (a lone surrogate)")
            return text
        if tag not in (*_SCALAR_TAGS, _DATE_TAG):
            return self._note(node, path, f"the tag {tag} is not allowed in a scenario")
        try:
            return self.construct(node)
        except Exception:  # a 31 June, a number of thousands of digits: what it is not is text
            return str(node.value)

    def _note(self, node: Node, path: KeyPath, problem: str) -> object:
        line, column = _place(node)
        dotted = ".".join(map(str, path))
        self.faults.append(Fault(self.file, line, column, dotted, problem))
        return None


def _place(node: Node) -> Place:
    return node.start_mark.line + 1, node.start_mark.column + 1


def _too_deep(file: str, line: int, column: int) -> Fault:
    problem = "is nested too deeply"
    return Fault(file, line, column, "", problem, f"{MOST_LEVELS} levels at most")


def _encodable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _syntax_fault(error: MarkedYAMLError, file: str) -> Fault:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark is not None else (0, 0)
    problem = str(error.problem or error.context or "unreadable")
    suggestion = ""
    if "'\\t'" in problem:
        problem, suggestion = "a tab stands where YAML wants spaces", "indent with spaces"
    elif "mapping values are not allowed" in problem:
        suggestion = "is the line indented too far, or does a text with ': ' lack its quotes?"
    elif "expected a single document" in str(error.context):
        problem = "a second document starts here ('---'); a scenario is one document"
    elif "expected <block end>" in problem or "could not find expected ':'" in problem:
        suggestion = "is the indentation of this line or the one before it right?"
    return Fault(file, line, column, "", f"is not YAML: {problem}", "", suggestion)
