"""Every number and date of a built-in scenario says its source and its range."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from disruption_sim.scenario import (
    Provenance,
    Scenario,
    ScenarioError,
    built_in_scenarios,
    load_scenario,
    resolved_text,
    scenario_source,
    with_overrides,
    write_scenario,
)
from disruption_sim.scenario.annotations import Stripped, stripped
from disruption_sim.scenario.faults import KeyPath
from disruption_sim.scenario.keys import key_of
from disruption_sim.scenario.reading import read_text

pytestmark = pytest.mark.unit

BOOKING_IN, REPORTING = "pathology.steps.booking_in", "pathology.steps.reporting"
BARE = {"schema_version"}  # the version of the format is no statement about the world
TABLES = ("surgery.procedures", "surgery.specialties")


def leaves(node: object, path: KeyPath = ()) -> Iterator[KeyPath]:
    """Yield the path of every number and date."""
    if isinstance(node, dict):
        for key, item in node.items():
            yield from leaves(item, (*path, key))
    elif isinstance(node, list):
        for index, item in enumerate(node):
            yield from leaves(item, (*path, index))
    elif isinstance(node, int | float | dt.date) and not isinstance(node, bool):
        yield path


def bare(read: Stripped) -> list[str]:
    """Return the keys of numbers and dates that neither they nor a table around them explain."""
    root = read.document.root
    return [
        key_of(root, path)
        for path in leaves(root)
        if not any(path[:depth] in read.annotations for depth in range(1, len(path) + 1))
    ]


def read_built_in(name: str) -> Stripped:
    return stripped(read_text(scenario_source(name).decode("utf-8"), name))


def record(scenario: Scenario, key: str) -> Provenance:
    return next(record for record in scenario.provenance if record.key == key)


def test_every_number_and_date_of_every_built_in_scenario_says_its_source() -> None:
    found = {key for name in built_in_scenarios() for key in bare(read_built_in(name))}
    assert found == BARE


def test_every_source_comes_with_a_range() -> None:
    without = {
        entry.key
        for name in built_in_scenarios()
        for entry in load_scenario(name).provenance
        if (entry.low is None or entry.high is None) and "range: " not in entry.notes
    }
    assert without == set()


def test_a_number_without_a_source_is_found() -> None:
    text = """\
a: {value: 1, source: x}
b: {value: [{name: n, c: 2}, {name: m, c: 3}], source: x}
d: [{name: n, e: 4, f: {value: 5, source: x}, on: 2024-06-03, flag: true, title: words}]
"""
    assert bare(stripped(read_text(text, "a.yaml"))) == ["d.n.e", "d.n.on"]


def test_one_row_of_a_table_can_be_set_and_survives_writing_and_reading(tmp_path: Path) -> None:
    shipped = load_scenario("synnovis-2024")
    changed, notes = with_overrides(
        shipped,
        {
            "surgery.procedures.cataract.share": 0.7,
            "surgery.procedures.retina_and_glaucoma.share": 0.3,
            "surgery.specialties.urology.sites.guys": 0.5,
            "surgery.specialties.urology.sites.kings": 0.3,
        },
    )
    assert notes == ()
    assert changed.surgery.procedures[0].share == 0.7
    mine = record(changed, "surgery.procedures.cataract.share")
    assert mine.source == "set by the user (was 0.75)"
    table, before = (record(each, "surgery.procedures") for each in (changed, shipped))
    assert (table.source, table.notes) == (before.source, before.notes)
    assert table.value != before.value
    path = tmp_path / "mine.yaml"
    write_scenario(changed, path)
    again = load_scenario(path)
    assert again == changed
    assert resolved_text(again) == resolved_text(changed)


def test_the_rows_of_a_table_stay_a_line_each() -> None:
    scenario = load_scenario("synnovis-2024")
    shipped = scenario_source("synnovis-2024").decode("utf-8")
    surgery = scenario.surgery
    names = [row.name for row in surgery.procedures] + [row.name for row in surgery.specialties]
    for text in (shipped, resolved_text(scenario)):
        lines = text.splitlines()
        for name in names:
            row = rf" +- \{{name: {name}, title: .* share: .*\}}"
            assert sum(bool(re.fullmatch(row, line)) for line in lines) == 1, name


@pytest.mark.parametrize("table", TABLES)
def test_a_fault_in_a_table_names_its_own_line(table: str, tmp_path: Path) -> None:
    text = scenario_source("synnovis-2024").decode("utf-8")
    scenario = load_scenario("synnovis-2024")
    name = getattr(scenario.surgery, table.removeprefix("surgery."))[1].name
    lines = text.splitlines()
    (number,) = [n for n, line in enumerate(lines) if f"- {{name: {name}," in line]
    lines[number] = re.sub(r" share: [0-9.]+,", " share: -3,", lines[number])
    path = tmp_path / "mine.yaml"
    path.write_text("\n".join(lines), "utf-8")
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path)
    fault = caught.value.faults[0]
    assert (fault.line, fault.key) == (number + 1, f"{table}.{name}.share")
