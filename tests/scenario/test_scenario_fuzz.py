"""However a sound file is spoilt: a scenario comes out, or a ScenarioError."""

from __future__ import annotations

import copy
import datetime as dt
from contextlib import suppress
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from disruption_sim.scenario import Scenario, ScenarioError, load_scenario, with_overrides
from disruption_sim.scenario.faults import KeyPath
from disruption_sim.scenario.keys import all_keys
from disruption_sim.scenario.loading import scenario_of
from disruption_sim.scenario.reading import Document, read_bytes
from disruption_sim.scenario.writing import plain_scenario

pytestmark = pytest.mark.unit

TEXT = (files("disruption_sim.scenario") / "library" / "synnovis-2024.yaml").read_text("utf-8")
DOCUMENT = read_bytes(TEXT.encode(), "synnovis-2024.yaml")
PATHS = sorted((path for path in DOCUMENT.places if path), key=repr)
SCENARIO = load_scenario("synnovis-2024")
KEYS = list(all_keys(plain_scenario(SCENARIO)))

odd_values: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([10**400, -(10**400), 10**9, -1, 0, 1e308, 5e-324, float("inf"), float("nan")]),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(["all", "hub", "36 hours", "40%", "2024-06-03T10:00Z", "2024-02-30", "\x00"]),
    st.dates(),
    st.datetimes(),
    st.datetimes(timezones=st.just(dt.UTC)),
    st.just([]),
    st.just({}),
    st.lists(st.integers(-3, 3), max_size=30),
    st.dictionaries(st.sampled_from(["value", "low", "source", "name", "kind"]), st.integers()),
    st.just({"value": 3, "low": 5, "high": 1, "source": "x"}),
)


def container_of(root: Any, path: KeyPath) -> Any:
    """Return what holds the value at a path, or None if the path is no longer there."""
    parts: Any
    node = holder = root
    for part in path:
        holder = node
        parts = (
            node if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ()
        )
        if part not in parts:
            return None
        node = node[part]
    return holder


@st.composite
def spoilt(draw: st.DrawFn) -> Document:
    """A document with one to four things wrong: values, names of keys, keys that are gone."""
    root: Any = copy.deepcopy(DOCUMENT.root)
    for _ in range(draw(st.integers(1, 4))):
        path = draw(st.sampled_from(PATHS))
        holder, part = container_of(root, path), path[-1]
        if holder is None:
            continue
        action = draw(st.sampled_from(["value", "value", "delete", "misspell", "double"]))
        if action == "value":
            holder[part] = draw(odd_values)
        elif action == "delete":
            del holder[part]
        elif action == "misspell" and isinstance(holder, dict):
            key = str(part)
            at = draw(st.integers(0, len(key)))
            letters = draw(st.sampled_from(["x", "_", "", "hours"]))
            holder[key[:at] + letters + key[at + 1 :]] = holder.pop(part)
        elif action == "double" and isinstance(holder, list):
            holder.append(copy.deepcopy(holder[int(part)]))
    return Document(DOCUMENT.file, root, DOCUMENT.places)


def outcome(document: Document) -> Scenario | ScenarioError:
    """Return what a document leads to; any other exception gets out and fails the test."""
    try:
        return scenario_of(document)
    except ScenarioError as error:
        return error


@settings(max_examples=150)
@given(spoilt())
def test_a_spoilt_document_is_a_scenario_or_a_scenario_error(document: Document) -> None:
    before = repr(document.root)
    result = outcome(document)
    if isinstance(result, ScenarioError):
        assert all(fault.problem for fault in result.faults)
        assert str(result)
    assert repr(document.root) == before


@settings(max_examples=15)
@given(
    st.lists(
        st.tuples(
            st.integers(0, len(TEXT) - 1),
            st.integers(0, 40),
            st.sampled_from(["", "\t", ":", "- ", "{", "]", "'", "&a ", "*a", "\n", "\x07", "---"]),
        ),
        min_size=1,
        max_size=3,
    )
)
def test_a_spoilt_text_is_a_scenario_or_a_scenario_error(
    edits: list[tuple[int, int, str]],
) -> None:
    text = TEXT
    for start, length, inserted in edits:
        text = text[:start] + inserted + text[start + length :]
    with suppress(ScenarioError):
        scenario_of(read_bytes(text.encode(), "spoilt.yaml"))


@settings(max_examples=60)
@given(st.dictionaries(st.sampled_from(KEYS), odd_values, min_size=1, max_size=3))
def test_odd_overrides_give_a_scenario_or_a_scenario_error(overrides: dict[str, object]) -> None:
    try:
        changed, _ = with_overrides(SCENARIO, overrides)
    except ScenarioError as error:
        origins = [fault.file for fault in error.faults]
    else:
        origins = [f"--set {record.key}" for record in changed.provenance if record.set_by_user]
    assert origins
    assert all(origin.startswith("--set ") for origin in origins)
