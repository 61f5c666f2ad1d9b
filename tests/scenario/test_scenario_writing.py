"""What is written reads back as the same scenario, to the bit."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from disruption_sim.scenario import (
    Scenario,
    ScenarioError,
    built_in_scenarios,
    load_scenario,
    resolved_text,
    with_overrides,
    write_scenario,
)
from disruption_sim.scenario.annotations import stripped
from disruption_sim.scenario.reading import read_text
from disruption_sim.scenario.writing import yaml_text

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return load_scenario("synnovis-2024")


def reread(scenario: Scenario, folder: Path) -> Scenario:
    path = folder / "scenario.yaml"
    write_scenario(scenario, path, header="first\n\nsecond: line")
    return load_scenario(path)


@pytest.mark.parametrize("name", sorted(built_in_scenarios()))
def test_every_built_in_scenario_survives_the_round_trip(name: str, tmp_path: Path) -> None:
    original = load_scenario(name)
    again = reread(original, tmp_path)
    assert again == original
    assert again.digest() == original.digest()
    assert resolved_text(again) == resolved_text(original)


def test_overridden_scenarios_survive_too_even_outside_their_ranges(
    scenario: Scenario, tmp_path: Path
) -> None:
    changed, notes = with_overrides(
        scenario,
        {
            "surgery.turnover_minutes": 79.5,
            "surgery.specialties.urology.title": "Bladders: yes, 'all'",
            "calendar.bank_holidays": [],
        },
    )
    assert notes
    assert reread(changed, tmp_path) == changed


def test_the_file_says_where_values_come_from_and_spells_out_defaults(scenario: Scenario) -> None:
    text = resolved_text(scenario, header="made by a run")
    assert text.startswith("# made by a run\n\nschema_version: 1\n")
    turnover = next(line for line in text.splitlines() if "turnover_minutes" in line)
    assert "value:" in turnover
    assert "source:" in turnover
    assert "lag_days: 0" in text


numbers = st.floats(allow_nan=False, allow_infinity=False)
# Text that YAML could take for something else.
odd_texts = (
    *("yes", "null", "~", "1e3", "08:00", "2024-06-03", "- a", "a: b", "# x", " lead", "trail "),
    *("a\nb", "'", '"', "%", "@", "&x", "*x", "!t", "|", ">", "{a}", "[a]", "<<", "=", "\t", ""),
    *("2024-06-03 10:00:00", "0x1F", "1_000", ".nan", "true", "long " * 60, "\x85", "\ufeff"),
)
texts = st.one_of(
    st.text(st.characters(codec="utf-8"), max_size=40),
    st.sampled_from(odd_texts),
)


@given(
    # `value` is the one reserved key.
    st.dictionaries(texts.filter(lambda key: key != "value"), st.one_of(texts, numbers)),
    st.lists(texts),
    texts,
)
def test_any_text_and_any_number_survive(
    table: dict[str, str | float], items: list[str], source: str
) -> None:
    root = {"table": table, "items": items, "nested": [{"name": source, "rows": [items, [1]]}]}
    annotations = {("items",): {"source": source}, ("nested", 0, "name"): {"notes": source}}
    read = stripped(read_text(yaml_text(root, annotations, header=source), "a.yaml"))
    assert read.document.root == root
    assert read.document.faults == ()
    assert {path: dict(beside) for path, beside in read.annotations.items()} == {
        ("items",): {"value": items, "source": source},
        ("nested", 0, "name"): {"value": source, "notes": source},
    }


def test_writing_is_whole_or_not_at_all(
    scenario: Scenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "scenario.yaml"
    path.write_text("before", "utf-8")

    def full(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(ScenarioError, match=r"scenario\.yaml  cannot be written: No space left"):
        write_scenario(scenario, path)
    assert path.read_text("utf-8") == "before"
    assert [item.name for item in tmp_path.iterdir()] == ["scenario.yaml"]


def test_a_folder_that_is_not_there_is_a_fault(scenario: Scenario, tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="cannot be written: No such file"):
        write_scenario(scenario, tmp_path / "nowhere" / "scenario.yaml")
