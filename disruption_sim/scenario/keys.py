"""Dotted keys: ``surgery.specialties.cardiac.share`` ↔ the path of a value in a document.

Items of lists are addressed by their ``name`` where every item has a different one, else (and
always as well) by their position, counted from 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from disruption_sim.scenario.faults import KeyPath, PathPart


@dataclass(eq=False)
class UnknownKeyError(KeyError):
    """A dotted key leads nowhere.

    Attributes
    ----------
    found : KeyPath
        Path of the deepest value that exists.
    rest : str
        What could not be found below it.
    known : tuple of str
        What there is instead; empty where the value found has no parts.
    """

    found: KeyPath
    rest: str
    known: tuple[str, ...]


def key_of(root: object, path: KeyPath) -> str:
    """Return the dotted key of a path; parts that do not exist are spelt as they are."""
    words: list[str] = []
    node = root
    for part in path:
        words.append(_word(node, part))
        node = _part(node, part)
    return ".".join(words)


def path_of(root: object, key: str) -> KeyPath:
    """Return the path of a dotted key.

    Raises
    ------
    UnknownKeyError
        If there is no such key.
    """
    path: KeyPath = ()
    node, rest = root, key
    while rest:
        parts = dict(parts_of(node))
        fitting = [word for word in parts if rest == word or rest.startswith(f"{word}.")]
        if not fitting:
            known = tuple(dict.fromkeys(_word(node, part) for part in parts.values()))
            raise UnknownKeyError(path, rest, known)
        # The longest: a name may itself contain dots.
        word = max(fitting, key=len)
        path = (*path, parts[word])
        node, rest = _part(node, parts[word]), rest[len(word) + 1 :]
    return path


def value_at(root: object, path: KeyPath) -> object:
    """Return the value at a path; None if there is nothing."""
    for part in path:
        root = _part(root, part)
    return root


def all_keys(root: object, path: KeyPath = ()) -> Iterator[str]:
    """Yield the dotted key of every value of a document, sections before their parts."""
    node = value_at(root, path)
    parts: list[PathPart] = []
    if isinstance(node, Mapping):
        parts = list(node)
    elif isinstance(node, list):
        parts = list(range(len(node)))
    for part in parts:
        yield key_of(root, (*path, part))
        yield from all_keys(root, (*path, part))


def parts_of(node: object) -> Iterator[tuple[str, PathPart]]:
    """Yield each way to address a part of a value, and the part."""
    if isinstance(node, Mapping):
        yield from ((str(key), key) for key in node)
    elif isinstance(node, list):
        yield from ((str(index), index) for index in range(len(node)))
        yield from ((name, index) for index, name in enumerate(_names(node)))


def _word(node: object, part: PathPart) -> str:
    if isinstance(node, list) and isinstance(part, int) and 0 <= part < len(node):
        names = _names(node)
        return names[part] if names else str(part)
    return str(part)


def _part(node: object, part: PathPart) -> object:
    if isinstance(node, Mapping):
        return node.get(part)
    if isinstance(node, list) and isinstance(part, int) and 0 <= part < len(node):
        return node[part]
    return None


def _names(items: list[object]) -> list[str]:
    """Names of the items of a list; none unless each has one of its own that is no position."""
    names = [item.get("name") if isinstance(item, Mapping) else None for item in items]
    texts = [name for name in names if isinstance(name, str) and name and not name.isdecimal()]
    return texts if len(set(texts)) == len(items) else []
