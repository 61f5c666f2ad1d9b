"""Annotated values, ``{value: 8, low: 4, high: 15, source: ...}``: taken off and put on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeGuard

from disruption_sim.scenario.faults import Fault, KeyPath, did_you_mean, listed
from disruption_sim.scenario.keys import key_of, value_at
from disruption_sim.scenario.provenance import (
    ANNOTATION_KEYS,
    CONFIDENCES,
    SET_BY_USER,
    Provenance,
    frozen,
    is_finite_number,
)
from disruption_sim.scenario.reading import Document, Place
from disruption_sim.scenario.units import conversion_in_words, converted, unit_in_words, unit_of_key

Annotation = Mapping[str, object]

_TEXTS = ("unit", "source", "notes")


def is_annotated(value: object) -> TypeGuard[Annotation]:
    """Whether a value of a file is annotated: no section of a scenario has a key ``value``."""
    return isinstance(value, Mapping) and "value" in value


@dataclass
class Stripped:
    """A document without its annotations.

    Attributes
    ----------
    document : Document
        Plain values; the place of an annotated value is that of its key.
    annotations : dict of path to annotation
        What was taken off, ``value`` included.
    faults : list of Fault
        What is wrong with the annotations themselves.
    range_faults : list of Fault
        Values outside their own range; void where the value is wrong in itself.
    """

    document: Document
    annotations: dict[KeyPath, Annotation] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    range_faults: list[Fault] = field(default_factory=list)


def stripped(document: Document) -> Stripped:
    """Take the annotations off a document and check them."""
    walk = _Stripping(document)
    root = walk.value(document.root, (), ())
    plain_document = Document(document.file, root, walk.places, document.faults)
    result = Stripped(plain_document, walk.annotations)
    for path, raw_path in walk.raw_paths.items():
        check = _AnnotationCheck(document, root, path, raw_path)
        check.run(walk.annotations[path])
        result.faults.extend(check.faults)
        result.range_faults.extend(check.range_faults)
    return result


@dataclass
class _Stripping:
    document: Document
    places: dict[KeyPath, Place] = field(default_factory=dict)
    annotations: dict[KeyPath, Annotation] = field(default_factory=dict)
    raw_paths: dict[KeyPath, KeyPath] = field(default_factory=dict)

    def value(self, node: object, raw_path: KeyPath, path: KeyPath) -> object:
        if raw_path in self.document.places:
            self.places.setdefault(path, self.document.places[raw_path])
        if isinstance(node, Mapping):
            if raw_path and is_annotated(node) and path not in self.annotations:
                self.annotations[path] = node
                self.raw_paths[path] = raw_path
                return self.value(node["value"], (*raw_path, "value"), path)
            return {
                key: self.value(item, (*raw_path, key), (*path, key)) for key, item in node.items()
            }
        if isinstance(node, list):
            return [
                self.value(item, (*raw_path, index), (*path, index))
                for index, item in enumerate(node)
            ]
        return node


@dataclass
class _AnnotationCheck:
    document: Document
    root: object
    path: KeyPath
    raw_path: KeyPath
    faults: list[Fault] = field(default_factory=list)
    range_faults: list[Fault] = field(default_factory=list)

    def run(self, annotation: Annotation) -> None:
        for key in annotation:
            if key not in ANNOTATION_KEYS:
                self._note(
                    (key,),
                    "is not a key of an annotated value",
                    listed(ANNOTATION_KEYS),
                    did_you_mean(key, ANNOTATION_KEYS),
                )
        for key in _TEXTS:
            if key in annotation and not isinstance(annotation[key], str):
                self._note((key,), "is not text", "text in words")
        if not annotation.get("source"):
            allowed = "a source in words, or the value on its own"
            self._note((), "an annotated value must name its source", allowed)
        confidence = annotation.get("confidence", "assumption")
        if confidence not in CONFIDENCES:
            self._note(
                ("confidence",),
                f"{confidence!r} is not a degree of confidence",
                listed(CONFIDENCES),
                did_you_mean(confidence, CONFIDENCES),
            )
        self._check_range(annotation)
        self._check_unit(annotation)

    def _check_range(self, annotation: Annotation) -> None:
        bounds: dict[str, float] = {}
        for key in ("low", "high"):
            bound = annotation.get(key)
            if is_finite_number(bound):
                bounds[key] = bound
            elif bound is not None:
                self._note((key,), "is not a number", "a number, or leave it away")
        low, high = bounds.get("low"), bounds.get("high")
        if low is not None and high is not None and low > high:
            self._note(("low",), f"low ({low:.6g}) is above high ({high:.6g})")
            return
        value = annotation["value"]
        if not is_finite_number(value):
            return
        if str(annotation.get("source", "")).startswith(SET_BY_USER):
            return  # the file of a run that was told to leave the range: its notes say so
        if low is not None and value < low:
            problem = f"the value {value:.6g} is below its own low ({low:.6g})"
            self.range_faults.append(self._fault((), problem))
        if high is not None and value > high:
            problem = f"the value {value:.6g} is above its own high ({high:.6g})"
            self.range_faults.append(self._fault((), problem))

    def _check_unit(self, annotation: Annotation) -> None:
        in_key = next(
            (unit_of_key(part) for part in reversed(self.path) if isinstance(part, str)), None
        )
        unit = unit_in_words(str(annotation.get("unit", "")))
        if in_key is None or unit is None or unit == in_key.unit:
            return
        if converted(1.0, unit, in_key.unit) is None:
            return  # of another kind: a rate or a share in words
        suggestion = conversion_in_words(annotation["value"], unit, in_key.unit)
        self._note(
            ("unit",),
            f"the unit is {unit}, but the key is in {in_key.unit}",
            in_key.unit,
            suggestion,
        )

    def _note(
        self, below: tuple[str, ...], problem: str, allowed: str = "", suggestion: str = ""
    ) -> None:
        self.faults.append(self._fault(below, problem, allowed, suggestion))

    def _fault(
        self, below: tuple[str, ...], problem: str, allowed: str = "", suggestion: str = ""
    ) -> Fault:
        places = self.document.places
        raw_path = (*self.raw_path, *below)
        line, column = places.get(raw_path) or places.get(self.raw_path) or (0, 0)
        key = ".".join(filter(None, (key_of(self.root, self.path), *below)))
        return Fault(self.document.file, line, column, key, problem, allowed, suggestion)


def provenance_of(
    annotations: Mapping[KeyPath, Annotation], resolved: object
) -> tuple[Provenance, ...]:
    """Turn checked annotations into provenance records, sorted by key.

    Parameters
    ----------
    annotations : mapping of path to annotation
        As taken off by :func:`stripped`.
    resolved : object
        The plain scenario, whose values (after validation) the records repeat.
    """
    records = (
        Provenance.model_validate(
            {
                **{key: item for key, item in annotation.items() if item is not None},
                "key": key_of(resolved, path),
                "value": frozen(value_at(resolved, path)),
            }
        )
        for path, annotation in annotations.items()
    )
    return tuple(sorted(records, key=lambda record: record.key))


def annotation_of(record: Provenance) -> dict[str, object]:
    """Return what is written beside a value: a record without its key, value and defaults."""
    return {
        key: item
        for key, item in record.model_dump(exclude={"key", "value"}, exclude_none=True).items()
        if item != "" or key == "source"
    }
