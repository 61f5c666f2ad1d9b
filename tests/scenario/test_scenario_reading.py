"""YAML text → values and their places; nothing the parser trips over gets out as a traceback."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from disruption_sim.scenario.faults import ScenarioError
from disruption_sim.scenario.reading import MOST_BYTES, read_bytes, read_file, read_text

pytestmark = pytest.mark.unit


def fault_of(text: str) -> str:
    with pytest.raises(ScenarioError) as caught:
        read_text(text, "a.yaml")
    return str(caught.value)


def test_values_are_plain_and_know_their_places() -> None:
    document = read_text("a: 1\nb:\n  - {c: 08:00, d: 2024-06-03}\n  - yes\n", "a.yaml")
    assert document.root == {"a": 1, "b": [{"c": "08:00", "d": dt.date(2024, 6, 3)}, "yes"]}
    assert document.places["a",] == (1, 1)
    assert document.places["b", 0, "d"] == (3, 16)
    assert document.places["b", 1] == (4, 5)
    assert document.faults == ()


def test_keys_are_text_whatever_they_look_like() -> None:
    assert read_text("1: a\n2024-06-03: b\nnull: c\n", "a.yaml").root == {
        "1": "a",
        "2024-06-03": "b",
        "null": "c",
    }


def test_a_key_given_twice_is_named_with_both_lines() -> None:
    (fault,) = read_text("a:\n  b: 1\n  c: 2\n  b: 3\n", "x.yaml").faults
    assert str(fault) == "x.yaml:4:3  a.b: is given twice, first in line 2"


@pytest.mark.parametrize("text", ["a: !!python/object:os.system x", "a: !ruby {}", "a: !!set {x}"])
def test_tags_are_refused(text: str) -> None:
    (fault,) = read_text(text, "a.yaml").faults
    assert "tag" in fault.problem


def test_an_alias_repeats_a_value_but_a_bomb_is_refused() -> None:
    assert read_text("a: &x [1]\nb: *x\n", "a.yaml").root == {"a": [1], "b": [1]}
    bomb = "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(
        f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 12)
    )
    assert "too many values" in fault_of(bomb)


def test_an_alias_inside_itself_and_deep_nesting_are_refused() -> None:
    assert "nested too deeply" in fault_of("a: &x [*x]\n")
    assert "nested too deeply" in fault_of("[" * 600 + "]" * 600)
    assert "nested too deeply" in fault_of("[" * 50 + "]" * 50)


def test_merge_keys_and_compound_keys_are_refused() -> None:
    assert "'<<'" in str(read_text("a: &x {b: 1}\nc: {<<: *x}\n", "a.yaml").faults[0])
    assert "single word" in str(read_text("? [a, b]\n: 1\n", "a.yaml").faults[0])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a:\n\tb: 1\n", "a.yaml:2:1  is not YAML: a tab stands where YAML wants spaces"),
        ("a: 1\n b: 2\n", "a.yaml:2:3  is not YAML: mapping values are not allowed here"),
        ("a: [1, 2\n", "is not YAML"),
        ("a: *nobody\n", "undefined alias"),
        ("a: 1\n---\nb: 2\n", "a second document starts here"),
        ("", "is empty"),
        ("# nothing but a comment\n", "is empty"),
        ("a: \x00\n", "is not YAML"),
    ],
)
def test_what_is_not_yaml_says_where_and_why(text: str, words: str) -> None:
    assert words in fault_of(text)


def test_dates_that_do_not_exist_stay_text_for_the_model_to_refuse() -> None:
    assert read_text("a: 2024-06-31\n", "a.yaml").root == {"a": "2024-06-31"}


def test_bytes_must_be_utf_8_and_not_too_many() -> None:
    with pytest.raises(ScenarioError, match=r"a\.yaml:2:4  holds a character that is not UTF-8"):
        read_bytes("a: 1\nb: é\n".encode("latin-1"), "a.yaml")
    with pytest.raises(ScenarioError, match="too large"):
        read_bytes(b"#" * (MOST_BYTES + 1), "a.yaml")
    assert read_bytes("\ufeffa: é\r\n".encode(), "a.yaml").root == {"a": "é"}


def test_files_that_cannot_be_read_are_faults(tmp_path: Path) -> None:
    for path, words in [
        (tmp_path / "none.yaml", "there is no such file"),
        (tmp_path, "is a folder"),
        (tmp_path / "a\0.yaml", "cannot be read"),
    ]:
        with pytest.raises(ScenarioError, match=words):
            read_file(path)


@given(st.text(alphabet=st.sampled_from(list("ab:-[]{}&*!|>'\"%@`#,?<\n\t 01.~\\\u2028é\x85"))))
def test_any_text_is_a_document_or_a_scenario_error(text: str) -> None:
    with suppress(ScenarioError):
        read_text(text, "a.yaml")
