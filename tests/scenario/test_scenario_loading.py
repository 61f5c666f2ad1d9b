"""Names, paths, annotations and overrides, on the built-in scenarios."""

from __future__ import annotations

import datetime as dt
import warnings
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from disruption_sim.scenario import (
    Provenance,
    Scenario,
    ScenarioError,
    ScenarioWarning,
    built_in_scenarios,
    load_scenario,
    load_scenario_with_notes,
    scenario_source,
    with_overrides,
)
from disruption_sim.scenario.keys import UnknownKeyError, all_keys, key_of, path_of

pytestmark = pytest.mark.unit

NAME = "synnovis-2024"
TEXT = (files("disruption_sim.scenario") / "library" / f"{NAME}.yaml").read_text("utf-8")
# The lines as they stand, sources and all.
HORIZON, HOLIDAYS = (
    next(line.strip() for line in TEXT.splitlines() if line.startswith(f"  {key}: "))
    for key in ("horizon_weeks", "bank_holidays")
)


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return load_scenario(NAME)


def record(scenario: Scenario, key: str) -> Provenance:
    return next(record for record in scenario.provenance if record.key == key)


def faults_of(text: str, folder: Path, overrides: tuple[str, ...] = ()) -> list[str]:
    path = folder / "mine.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path, overrides)
    return [str(fault).replace(str(path), "mine.yaml") for fault in caught.value.faults]


# ------------------------------------------------------------------------------- names and paths


def test_every_built_in_scenario_loads_and_has_a_title() -> None:
    titles = built_in_scenarios()
    assert NAME in titles
    for name, title in titles.items():
        loaded = load_scenario(name)
        assert (loaded.name, loaded.title) == (name, title)
        assert loaded.provenance


def test_a_path_gives_the_same_scenario_as_the_name(tmp_path: Path, scenario: Scenario) -> None:
    path = tmp_path / "copy.yml"
    path.write_bytes(scenario_source(NAME))
    assert load_scenario(path) == scenario
    assert load_scenario(str(path)).digest() == scenario.digest()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("synovis-2024", "did you mean 'synnovis-2024'?"),
        ("nothing", "allowed: .*synnovis-2024.*, or the path of a .yaml file"),
        ("synnovis-2024.yaml", "the built-in scenario is called 'synnovis-2024'"),
        ("nowhere/mine.yaml", "there is no such file"),
        ("nowhere/mine.txt", "a file ending in .yaml or .yml"),
        ("", "there is no scenario called ''"),
        ("..", "there is no scenario called"),
        ("../parameters", "a file ending in .yaml"),
    ],
)
def test_an_unknown_scenario_says_what_there_is(name: str, words: str) -> None:
    with pytest.raises(ScenarioError, match=words):
        load_scenario(name)


# ---------------------------------------------------------------------------------- annotations


def test_no_field_of_a_scenario_is_called_value() -> None:
    # An annotated value is recognised by that key alone.
    schema = Scenario.model_json_schema()
    sections = {**schema["$defs"], "Scenario": schema}
    del sections["Provenance"]
    properties = {name: section.get("properties", {}) for name, section in sections.items()}
    assert len(properties) > 20
    assert not [name for name, keys in properties.items() if "value" in keys]


def test_annotations_become_provenance_by_dotted_key(scenario: Scenario) -> None:
    turnover = record(scenario, "surgery.turnover_minutes")
    assert turnover.value == scenario.surgery.turnover_minutes
    assert turnover.low is not None
    assert turnover.high is not None
    assert turnover.low <= scenario.surgery.turnover_minutes <= turnover.high
    assert turnover.source
    assert [item.key for item in scenario.provenance] == sorted(
        item.key for item in scenario.provenance
    )
    assert scenario.model_copy(update={"provenance": ()}).digest() == scenario.digest()


@pytest.mark.parametrize(
    ("annotated", "fault"),
    [
        ("{value: 40, low: 50, source: x}", "the value 40 is below its own low (50)"),
        ("{value: 40, high: 30, source: x}", "the value 40 is above its own high (30)"),
        ("{value: 40, low: 60, high: 30, source: x}", "low (60) is above high (30)"),
        ("{value: 40, low: few, source: x}", "horizon_weeks.low: is not a number"),
        ("{value: 40, low: .nan, source: x}", "horizon_weeks.low: is not a number"),
        (f"{{value: 1{'0' * 400}, high: 5, source: x}}", "is not a finite number"),
        ("{value: 40}", "an annotated value must name its source"),
        ("{value: 40, sorce: x}", "did you mean 'source'?"),
        ("{value: 40, source: x, confidence: sure}", "allowed: primary, secondary, derived"),
        ("{value: 40, source: x, unit: days}", "the unit is days, but the key is in weeks"),
        ("{value: 40, source: x, unit: days}", "40 days would be 5.714"),
        ("{value: 40, source: 7}", "horizon_weeks.source: is not text"),
        ("{low: 4, source: x}", "an annotated value needs the key 'value'"),
        ("{value: -1, low: 0, source: x}", "calendar.horizon_weeks: -1 is negative"),
    ],
)
def test_faults_of_an_annotation(annotated: str, fault: str, tmp_path: Path) -> None:
    text = TEXT.replace(HORIZON, f"horizon_weeks: {annotated}")
    assert text != TEXT
    found = faults_of(text, tmp_path)
    assert any(fault in line for line in found), found
    line = TEXT[: TEXT.index(HORIZON)].count("\n") + 1
    assert all(line_.startswith(f"mine.yaml:{line}:") for line_ in found)


def test_a_table_can_be_annotated_as_a_whole_and_in_parts(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    table = "{value: {value: 40, source: inner}, low: 1, high: 50, source: outer}"
    path.write_text(TEXT.replace(HORIZON, f"horizon_weeks: {table}"), "utf-8")
    with pytest.raises(ScenarioError):  # annotated twice: the inner one is no value
        load_scenario(path)
    days = "bank_holidays: {value: [2024-05-06, {value: 2024-05-27, source: b}], source: a}"
    path.write_text(TEXT.replace(HOLIDAYS, days), "utf-8")
    loaded = load_scenario(path)
    assert len(loaded.calendar.bank_holidays) == 2
    assert record(loaded, "calendar.bank_holidays").value == loaded.calendar.bank_holidays
    assert record(loaded, "calendar.bank_holidays.1").source == "b"


def test_provenance_is_no_section_of_a_file(tmp_path: Path) -> None:
    (fault,) = faults_of(TEXT + "\nprovenance: []\n", tmp_path)
    assert "provenance: is not written as a section of its own" in fault


# ------------------------------------------------------------------------------------ overrides


def test_an_override_by_name_and_its_provenance(scenario: Scenario) -> None:
    old = record(scenario, "surgery.turnover_minutes")
    loaded, notes = load_scenario_with_notes(NAME, ["surgery.turnover_minutes=13"])
    new = record(loaded, "surgery.turnover_minutes")
    assert loaded.surgery.turnover_minutes == 13.0
    assert notes == ()
    assert new.value == 13.0
    assert new.source == f"set by the user (was {old.value:g}; {old.source})"
    assert (new.low, new.high, new.unit) == (old.low, old.high, old.unit)
    assert new.set_by_user
    assert not old.set_by_user
    assert scenario.surgery.turnover_minutes == old.value


def test_items_of_lists_by_name_and_by_position(scenario: Scenario) -> None:
    index = [specialty.name for specialty in scenario.surgery.specialties].index("urology")
    for item in ("urology", str(index)):
        changed, _ = with_overrides(scenario, [f"surgery.specialties.{item}.title=Bladders"])
        assert changed.surgery.specialties[index].title == "Bladders"
        (mine,) = [entry for entry in changed.provenance if entry.set_by_user]
        assert mine.key == "surgery.specialties.urology.title"


def test_texts_and_a_mapping_say_the_same(scenario: Scenario) -> None:
    texts = ["calendar.horizon_weeks=30", "calendar.bank_holidays=[]"]
    by_text, _ = with_overrides(scenario, texts)
    by_mapping, _ = with_overrides(
        scenario, {"calendar.horizon_weeks": np.int64(30), "calendar.bank_holidays": ()}
    )
    assert by_text == by_mapping
    assert by_text.digest() != scenario.digest()


def test_a_value_outside_its_range_is_allowed_and_noted(scenario: Scenario) -> None:
    high = record(scenario, "surgery.turnover_minutes").high
    loaded, notes = with_overrides(scenario, {"surgery.turnover_minutes": 80})
    assert notes[0].startswith("surgery.turnover_minutes: 80 is outside the recorded range")
    assert f"{high:g}" in notes[0]
    assert "outside the recorded range" in record(loaded, "surgery.turnover_minutes").notes
    with pytest.warns(ScenarioWarning, match="outside the recorded range"):
        load_scenario(NAME, ["surgery.turnover_minutes=80"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load_scenario(NAME, ["surgery.turnover_minutes=13"])


def test_setting_a_whole_section_replaces_the_sources_of_its_parts(scenario: Scenario) -> None:
    shares = "surgery.clinical_cancellation_share"
    table = dict.fromkeys(scenario.surgery.clinical_cancellation_share, 0.5)
    changed, _ = with_overrides(scenario, {shares: table})
    keys = [entry.key for entry in changed.provenance if entry.key.startswith(shares)]
    assert keys == [shares]


def test_an_annotated_override_keeps_its_own_source(scenario: Scenario) -> None:
    changed, _ = with_overrides(
        scenario, ["surgery.turnover_minutes={value: 14, source: our own audit}"]
    )
    source = record(changed, "surgery.turnover_minutes").source
    assert changed.surgery.turnover_minutes == 14.0
    assert source.startswith("set by the user: our own audit (was ")


def test_a_new_row_of_a_table_can_be_set(scenario: Scenario) -> None:
    table = scenario.network.sites[0].tubes_per_weekday
    absent = {"inpatient_routine", "outpatient", "emergency_department"} & set(table)
    row = sorted(absent)[0]
    bare, _ = with_overrides(
        scenario,
        {"network.sites.0.tubes_per_weekday": {k: v for k, v in table.items() if k != row}},
    )
    again, _ = with_overrides(bare, [f"network.sites.0.tubes_per_weekday.{row}=7"])
    assert again.network.sites[0].tubes_per_weekday[row] == 7.0  # type: ignore[index]


@pytest.mark.parametrize(
    ("override", "fault"),
    [
        ("calendar.horizon_week=3", "did you mean 'calendar.horizon_weeks'?"),
        ("calender.horizon_weeks=3", "did you mean 'calendar.horizon_weeks'?"),
        ("horizon_weeks=3", "did you mean 'calendar.horizon_weeks'?"),
        ("calendar.horizon_days=280", "horizon_weeks is wanted; 280 days would be 40"),
        (
            "surgery.specialties.urolgy.share=1",
            "did you mean 'surgery.specialties.urology.share'?",
        ),
        ("surgery.specialties.99.share=0.1", "there is no key '99' in 'surgery.specialties'"),
        ("calendar.onset.year=2", "'calendar.onset' is a single value without parts"),
        ("calendar.horizon_weeks", "is not of the form key=value"),
        ("calendar.horizon_weeks=", "has no value"),
        ("=3", "is not of the form key=value"),
        ("calendar.horizon_weeks=-3", "-3 is negative; allowed: a whole number from 1 to 156"),
        ("calendar.horizon_weeks=[", "is not YAML"),
        ("calendar.horizon_weeks={a: 1, a: 2}", "is given twice"),
        ("calendar={}", "calendar.onset: is missing"),
        ("provenance=[]", "there is no key 'provenance' at the top level"),
        ("surgery.turnover_minutes=.inf", "inf is not a finite number"),
        ("policies=[{kind: magic, name: x, trigger_day: 1}]", "'magic' is none of the names"),
        ("calendar.onset=2023-06-05", "is before the first disruption starts on 2024-06-03"),
        ("pathology.steps.booking_in.manual_minutes={}", "no minutes for chemistry, haematology"),
        (
            "pathology.steps.booking_in.minutes={chemistry: 1, haematology: 1, coagulation: 1, "
            "group_and_screen: 1}",
            "such tubes do not pass this step; allowed: chemistry, haematology, coagulation",
        ),
        (
            "pathology.steps.chemistry.manual_minutes={chemistry: 60}",
            "this step does not change when information technology is lost",
        ),
        ("pathology.steps.chemistry.minutes.chemistry=1e6", "a number above 0 and at most 20,160"),
        (
            "outpatients.clinics.rheumatology.taken_days_before=[3, 14]",
            "up to 2 working days ahead); allowed: fewer working days",
        ),
        (
            "outpatients.clinics.rheumatology.taken_on_the_day_share=0.2",
            "the decision 2 working days ahead comes before blood is taken on the day; allowed: 0",
        ),
        (
            "outpatients.clinics.rheumatology.telephone_share=0.9",
            "0.9 by telephone and 0.15 who cannot go ahead without their result are more than all; "
            "allowed: at most 0.85",
        ),
        ("outpatients.clinics.eyes.share=0.3", "outpatients.clinics: the shares add up to 1.215"),
        ("outpatients.clinics.eyes.sites={kings: 0.5}", "eyes.sites: the shares add up to 0.5"),
        (
            "outpatients.clinics.eyes.sites={elsewhere: 1}",
            "there is no site 'elsewhere'; allowed: guys, st_thomas",
        ),
        ("outpatients.day_units.dialysis.sites={leeds: 1}", "there is no site 'leeds'"),
        ("outpatients.day_units.dialysis.sites={kings: 2}", "2 is out of range"),
        ("outpatients.day_units.dialysis.sites.kings=0.9", "the shares add up to 1.5"),
        ("outpatients.day_units.dialysis.name=chemotherapy", "'chemotherapy' stands 2 times"),
        ("outpatients.day_units.dialysis.sent_as=outpatient", "'outpatient' is none of the names"),
        ("outpatients.day_units.dialysis.open_days_per_week=4", "4"),
        (
            "outpatients.day_units.chemotherapy.longest_wait_hours=9",
            "the wait of 9 hours after the last start at 17 h ends after the day",
        ),
        (
            "outpatients.day_units.chemotherapy.taken_hours_before=[1, 10]",
            "10 hours before the first start at 9 h is the day before",
        ),
        (
            "outpatients.day_units.chemotherapy.bedside_after_hours=5",
            "5 hours are longer than anybody waits in the unit; allowed: at most 4",
        ),
        ("outpatients.on_the_day_hours_before=[1, 9.5]", "9.5 hours before the first clinic at 9"),
        ("outpatients.on_the_day_wait_hours=11", "ends after the day of the last clinic"),
        ("outpatients.day_units.dialysis.treatments_per_week=1e8", "more than 20 million treatm"),
        ("surgery.specialties.urology.usual_wait_weeks=1e9", "patients waiting are too many"),
        (
            "surgery.clinical_cancellation_share={minor: 0.01}",
            "nothing is said for intermediate, major, complex",
        ),
        (
            "surgery.needs_results_by_grade={minor: [0, 0, 0]}",
            "nothing is said for intermediate, major, complex",
        ),
        (
            "surgery.procedures.cataract.asa_mix=[0.5, 0.5, 0.5]",
            "the shares add up to 1.5; allowed: shares that add up to 1",
        ),
        (
            "surgery.removals.reasons={recovered: 0.5}",
            "the shares add up to 0.5; allowed: shares that add up to 1",
        ),
        ("surgery.removals.reasons={moved: 1}", "moved"),
        ("surgery.turnover_minutes=1e6", "1000000 is out of range"),
        ("surgery.weekend_share=0.9", "0.9 is out of range"),
        ("surgery.procedures.cataract.nights=0.5", "0.5 is out of range"),
        ("surgery.pre_assessment_days_before=[21, 7]", "21 comes after 7"),
        (
            "surgery.pre_assessment_days_before=[10, 21]",
            "lists are filled 9 days ahead, after blood should have been taken (10 days ahead",
        ),
        ("transfusion.major_haemorrhage.mean_units=4", "4 is out of range"),
        ("policies.reinforce_manual_work.learning_floor_share=0", "0 is out of range"),
    ],
)
def test_a_faulty_override_is_named(override: str, fault: str, scenario: Scenario) -> None:
    with pytest.raises(ScenarioError) as caught:
        with_overrides(scenario, [override])
    message = str(caught.value)
    assert fault in message
    assert f"--set {override}" in message


def test_all_faulty_overrides_are_named_together(scenario: Scenario) -> None:
    overrides = [
        "x",
        "calendar.horizn_weeks=1",
        "surgery.turnover_minutes=-1",
        "title=[1]",
    ]
    with pytest.raises(ScenarioError) as caught:
        with_overrides(scenario, overrides)
    assert sorted(fault.file for fault in caught.value.faults) == sorted(
        f"--set {text}" for text in overrides
    )


def test_overrides_are_set_one_after_the_other(scenario: Scenario) -> None:
    table = "pathology.sources.inpatient_urgent.tube_mix"
    with pytest.raises(ScenarioError, match="is a single value without parts"):
        with_overrides(scenario, {table: 3, f"{table}.chemistry": 1})
    changed, _ = with_overrides(scenario, {table: {"chemistry": 0.5}, f"{table}.haematology": 0.5})
    assert [item.key for item in changed.provenance if item.set_by_user] == [
        table,
        f"{table}.haematology",
    ]


def test_the_outer_limit_of_turnaround_is_not_before_the_standard(scenario: Scenario) -> None:
    key = "pathology.sources.emergency_department.outer_limit_hours"
    with pytest.raises(ScenarioError, match=r"is 0\.5 h, before the standard") as caught:
        with_overrides(scenario, {key: 0.5})
    assert "1 h or more" in str(caught.value)


def test_a_key_cannot_be_set_twice(scenario: Scenario) -> None:
    with pytest.raises(ScenarioError, match="is set twice"):
        with_overrides(scenario, ["calendar.horizon_weeks=3", "calendar.horizon_weeks=4"])


def test_a_fault_between_keys_names_the_override_that_caused_it(scenario: Scenario) -> None:
    with pytest.raises(ScenarioError) as caught:
        with_overrides(scenario, {"calendar.onset": "2031-01-01", "title": "later"})
    message = str(caught.value)
    assert "--set calendar.onset=2031-01-01" in message
    assert "before the onset" in message


def test_faults_of_the_file_and_of_overrides_are_told_together(tmp_path: Path) -> None:
    found = faults_of(TEXT.replace(HORIZON, "horizon_weeks: 0"), tmp_path, ("x",))
    assert len(found) == 2
    assert found[0].startswith("--set x  is not of the form key=value")
    assert "calendar.horizon_weeks: 0 is out of range" in found[1]


@pytest.mark.parametrize("value", [object(), [object()], {1.5: 2}, {dt.date(2024, 1, 1): 2}])
def test_values_that_no_file_can_hold_are_refused(value: object, scenario: Scenario) -> None:
    with pytest.raises(ScenarioError, match="has no place in a scenario"):
        with_overrides(scenario, {"title": value})


# ----------------------------------------------------------------------------------------- keys


def test_every_key_leads_back_to_its_path() -> None:
    root = {"a": [{"name": "x.y", "b": 1}, {"name": "x", "b": [5]}], "c.d": {"e": 1}, "f": [1, [2]]}
    keys = list(all_keys(root))
    assert "a.x.y.b" in keys
    assert "c.d.e" in keys
    for key in keys:
        assert key_of(root, path_of(root, key)) == key
    assert path_of(root, "a.1.b.0") == ("a", 1, "b", 0)


def test_names_that_are_not_unique_leave_the_position() -> None:
    root = {"a": [{"name": "x"}, {"name": "x"}]}
    assert key_of(root, ("a", 1, "name")) == "a.1.name"
    with pytest.raises(UnknownKeyError):
        path_of(root, "a.x")


# ------------------------------------------------------------------------------------ odds and ends


def test_dates_beyond_any_calendar_are_a_fault_and_no_overflow(scenario: Scenario) -> None:
    limited = next(policy.name for policy in scenario.policies if policy.end is not None)
    with pytest.raises(ScenarioError, match="trigger_day"):
        with_overrides(scenario, {f"policies.{limited}.trigger_day": 1e9})


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [(None, None, ""), (1, None, "1 or more"), (None, 2.5, "up to 2.5"), (1, 2.5, "1 to 2.5")],
)
def test_ranges_in_words(low: float | None, high: float | None, words: str) -> None:
    entry = Provenance(key="k", value=2, source="s", low=low, high=high)
    assert entry.range_in_words == words
    assert entry.outside_range(0) == (low is not None)
    assert entry.outside_range(3) == (high is not None)
    assert not entry.outside_range("3")
    assert not entry.outside_range(True)


def test_the_source_of_a_scenario_is_its_file_comments_and_all(tmp_path: Path) -> None:
    assert scenario_source(NAME).decode() == TEXT
    path = tmp_path / "mine.yaml"
    path.write_bytes(b"title: mine  # not yet\n")
    assert scenario_source(path) == b"title: mine  # not yet\n"
    with pytest.raises(ScenarioError, match="there is no such file"):
        scenario_source(tmp_path / "other.yaml")
