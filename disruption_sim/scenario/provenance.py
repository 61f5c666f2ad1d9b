"""Where a value of a scenario comes from.

A scenario file may write any value plainly (``minutes: 8``) or annotated::

    minutes: {value: 8, low: 4, high: 15, unit: minutes, source: time study}

The annotation is stripped before the value is checked and kept as one :class:`Provenance`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, datetime
from enum import Enum
from typing import Literal, TypeAlias, TypeGuard, get_args

from pydantic import BaseModel, ConfigDict

Confidence: TypeAlias = Literal["primary", "secondary", "derived", "memory", "assumption"]
"""How sure a value is: seen in a primary source, in a secondary one, derived from others,
from memory without a source at hand, or assumed."""

CONFIDENCES: tuple[str, ...] = get_args(Confidence)

ANNOTATION_KEYS: tuple[str, ...] = (
    "value",
    "low",
    "high",
    "unit",
    "source",
    "confidence",
    "notes",
)
"""The keys an annotated value may have, in the order in which they are written."""

PROVENANCE_FIELD = "provenance"
"""The field of a scenario that holds these records; no file writes it as a section."""

SET_BY_USER = "set by the user"
"""How the source of every overridden value begins."""


class Provenance(BaseModel):
    """Source, range and confidence of one value of a scenario.

    Attributes
    ----------
    key : str
        Dotted key of the value; items of lists are addressed by their ``name``
        (``surgery.specialties.cardiac.sessions_per_week``).
    value : object
        The value itself, made hashable by :func:`frozen`: a number, text, date, or tuples of them.
    unit : str
        Unit in words; empty where the name of the key says it.
    low, high : float or None
        Plausible range. ``low <= value <= high`` holds for numbers, unless the user overrode the
        value, in which case ``notes`` says that it lies outside.
    source : str
        Where the value comes from.
    confidence : {'primary', 'secondary', 'derived', 'memory', 'assumption'}
        How sure it is.
    notes : str
        Anything else.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    value: object
    unit: str = ""
    low: float | None = None
    high: float | None = None
    source: str
    confidence: Confidence = "assumption"
    notes: str = ""

    @property
    def set_by_user(self) -> bool:
        """Whether the value was overridden after it was read from its file."""
        return self.source.startswith(SET_BY_USER)

    @property
    def range_in_words(self) -> str:
        """The range as text, for example ``4 to 15``; empty when there is none."""
        if self.low is None and self.high is None:
            return ""
        if self.low is None:
            return f"up to {self.high:g}"
        if self.high is None:
            return f"{self.low:g} or more"
        return f"{self.low:g} to {self.high:g}"

    def outside_range(self, value: object) -> bool:
        """Whether a number lies outside ``low`` to ``high``; False for anything but a number."""
        if not is_finite_number(value):
            return False
        below = self.low is not None and value < self.low
        above = self.high is not None and value > self.high
        return below or above


def plain(value: object) -> object:
    """Turn any value of a scenario into what a YAML file can hold.

    Models become mappings of their declared fields, tuples and sets lists, enumerations their
    values and NumPy scalars Python numbers.

    Raises
    ------
    TypeError
        If the value, or a key of a mapping in it, has no place in a scenario file.
    """
    if isinstance(value, Enum):
        return plain(value.value)
    # `type(...) in`: a subclass (a NumPy float is a Python float) is not plain yet.
    if value is None or type(value) in (bool, int, float, str, date, datetime):
        return value
    if isinstance(value, BaseModel):
        return {name: plain(getattr(value, name)) for name in type(value).model_fields}
    if isinstance(value, Mapping):
        return {plain_key(key): plain(item) for key, item in value.items()}
    if isinstance(value, set | frozenset):
        return sorted((plain(item) for item in value), key=repr)
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    for base in (bool, int, float, str):
        if isinstance(value, base):
            return base(value)
    if callable(item := getattr(value, "tolist", None)):
        return plain(item())
    raise TypeError(f"a value of type {type(value).__name__} has no place in a scenario")


def plain_key(key: object) -> str:
    """Turn the key of a mapping into text, as the reader of files does.

    Raises
    ------
    TypeError
        If the key is neither text nor a whole number.
    """
    converted = plain(key)
    if isinstance(converted, str | int):
        return str(converted)
    raise TypeError(f"a key of type {type(key).__name__} has no place in a scenario")


def is_finite_number(value: object) -> TypeGuard[int | float]:
    """Whether a value is a number that a float can hold: not true, not infinite."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number beyond any float
        return False


def frozen(value: object) -> object:
    """Turn a plain value into a hashable one: lists into tuples, mappings into pairs."""
    if isinstance(value, Mapping):
        return tuple((key, frozen(item)) for key, item in value.items())
    if isinstance(value, list | tuple):
        return tuple(frozen(item) for item in value)
    return value
