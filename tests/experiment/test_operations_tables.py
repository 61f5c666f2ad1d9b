"""Tables of operations, and the page that tells them."""

from __future__ import annotations

import re
from dataclasses import fields, replace

import numpy as np
import pandas as pd
import pytest

from disruption_sim.experiment import Result, run
from disruption_sim.experiment import replication as replication_module
from disruption_sim.experiment.operations_page import operations_page
from disruption_sim.experiment.operations_sections import OperationsTables, in_short, sections
from disruption_sim.measures import SpecialtyItem, WaitGroup
from disruption_sim.measures.ordinary_running import DRIFT, ORDINARY_RUNNING
from disruption_sim.measures.waiting_list_rules import relief_capacity
from disruption_sim.records import Cause, DoneOn, Records
from disruption_sim.scenario import Scenario
from disruption_sim.world import World
from tests.support.pretend import pretend_records
from tests.support.small_scenario import small_scenario

pytestmark = pytest.mark.unit

SCENARIO = small_scenario(calendar__horizon_weeks=6)


@pytest.fixture(scope="module")
def result() -> Result:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(replication_module, "simulate", pretend_records)
        return run(SCENARIO, replications=3, seed=5, workers=1)


def tables_of(result: Result) -> OperationsTables:
    return OperationsTables(
        **{field.name: getattr(result, field.name) for field in fields(OperationsTables)}
    )


def total(result: Result, measure: str, arm: str = "disrupted") -> float:
    chosen = result.summary.query("site == 'all' and measure == @measure and arm == @arm")
    return float(chosen["mean"].item())


@pytest.mark.parametrize(
    ("causes", "measure"),
    [("every", "operations_postponed"), ("incident", "operations_postponed_incident")],
)
def test_whatever_postponements_are_counted_by_they_add_up_to_the_same(
    result: Result, causes: str, measure: str
) -> None:
    table = result.operations_postponed_by.query("causes == @causes")
    assert set(table["by"]) == {"cause", "specialty", "priority", "site"}
    for arm in ("baseline", "disrupted", "excess"):
        sums = table[table["arm"] == arm].groupby("by")["mean"].sum()
        np.testing.assert_allclose(sums, total(result, measure, arm))


def test_each_item_has_an_interval_of_its_own(result: Result) -> None:
    row = result.operations_postponed_by.query(
        "by == 'site' and item == 'kings' and causes == 'incident' and arm == 'excess'"
    ).iloc[0]
    weekly = result.weekly.query(
        "site == 'kings' and measure == 'operations_postponed_incident' and arm == 'excess'"
    )
    assert row["mean"] == pytest.approx(weekly["mean"].sum())
    assert row["q05"] < row["mean"] < row["q95"]
    assert row["n"] == 3


def test_specialties_have_units_and_every_arm(result: Result) -> None:
    table = result.operations_by_specialty
    assert set(table["item"]) == {item.value for item in SpecialtyItem}
    assert table["unit"].notna().all()
    done = table.query("specialty == 'all' and item == 'done_per_week' and arm == 'baseline'")
    assert 6 * done["mean"].item() == pytest.approx(total(result, "operations_done", "baseline"))
    one = table.query("item == 'operations_postponed_incident' and arm == 'disrupted'")
    whole = one[one["specialty"] == "all"]["mean"].item()
    assert one[one["specialty"] != "all"]["mean"].sum() == pytest.approx(whole)


def test_groups_of_patients_add_up_to_the_extra_wait(result: Result) -> None:
    table = result.operations_waits.query("priority == 'all' and item == 'patient_weeks'")
    assert len(table) == len(WaitGroup)
    assert table["mean"].sum() == pytest.approx(total(result, "patient_weeks_of_extra_wait"))
    postponed = result.operations_waits.query("group == 'postponed_by_incident'")
    by_priority = postponed[postponed["item"] == "patients"].set_index("priority")["mean"]
    assert by_priority.drop("all").sum() == by_priority["all"] > 0


def test_what_caught_up_is_the_net_backlog(result: Result) -> None:
    table = result.operations_catching_up.set_index(["phase", "on"])["mean"]
    for phase in ("building_up", "catching_up", "both"):
        kinds = [kind.name.lower() for kind in DoneOn]
        parts = sum(table[phase, name] for name in (*kinds, "removed"))
        assert parts == pytest.approx(table[phase, "all"])
    last = result.weekly.query(
        "site == 'all' and measure == 'operations_backlog' and arm == 'disrupted' and week == 6"
    )
    assert table["both", "all"] == pytest.approx(-last["mean"].item())
    assert table["catching_up", "flexible_list"] > 0.0


def test_ordinary_running_stands_beside_its_ranges(result: Result) -> None:
    table = result.operations_ordinary.set_index("item")
    assert list(table.index) == [item.name for item in ORDINARY_RUNNING]
    utilisation = [table.loc["theatre_utilisation", name] for name in ("mean", "low", "high")]
    assert utilisation == pytest.approx([0.8, 0.8, 0.88])
    assert table.loc["theatre_utilisation", "holds"]
    assert not table.loc["weekday_operations_share", "holds"]
    of_all = result.operations_by_specialty.query("specialty == 'all' and arm == 'baseline'")
    start, end = (
        of_all.loc[of_all["item"] == f"waiting_at_{when}", "mean"].item()
        for when in ("start", "end")
    )
    # Nearly: the mean of quotients is not the quotient of means.
    assert table.loc[DRIFT, "mean"] == pytest.approx(end / start - 1.0, abs=0.01)


def test_the_rules_are_of_each_specialty_in_each_world(result: Result) -> None:
    table = result.waiting_list_rules.set_index(["specialty", "item"])["mean"]
    for specialty in ("orthopaedics", "all"):
        numbers = table[specialty]
        expected = relief_capacity(
            numbers["demand_per_week"], numbers["longest_list"], numbers["usual_list"], 26.0
        )
        assert numbers["relief_capacity"] == pytest.approx(expected)
        assert numbers["target_queue"] == pytest.approx(numbers["demand_per_week"] * 18.0 / 4.0)
        assert numbers["longest_list"] > numbers["usual_list"]
    assert result.waiting_list_rules["unit"].notna().all()


def test_the_page_tells_causes_groups_and_lists(result: Result) -> None:
    page = operations_page(result)
    for words in (*Cause, *DoneOn):
        assert f"| {words.title} |" in page
    for group in WaitGroup:
        assert f"| {group.in_words} |" in page
    assert "nan" not in page
    assert "Most of the catching up was done by flexible lists" in page
    assert re.search(r"\| Theatre time used \| 80\.0 \| 80\.0 to 88\.0 \| yes \|", page)
    assert re.search(r"\| Waiting no longer than 18 weeks \| .* \| no \(guides\) \|", page)
    tables = re.findall(r"(?:^\|.*\|$\n)+", page, re.MULTILINE)
    assert len(tables) == len(sections(tables_of(result)))
    for table in tables:
        assert len({line.count("|") for line in table.splitlines()}) == 1


def on_recovery_lists(scenario: Scenario, world: World, arm: str) -> Records:
    records = pretend_records(scenario, world, arm)
    done_on = np.where(records.surgery.done_on > 0, DoneOn.INDEPENDENT_SECTOR, 0)
    return replace(records, surgery=replace(records.surgery, done_on=done_on.astype(np.uint8)))


def test_who_did_the_work_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replication_module, "simulate", on_recovery_lists)
    told = in_short(tables_of(run(SCENARIO, replications=1, workers=1)))
    assert any("Most of the catching up was done by recovery lists" in line for line in told)


def test_without_an_incident_nothing_is_postponed_and_nothing_caught_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(replication_module, "simulate", pretend_records)
    quiet = SCENARIO.without_disruption()
    result = run(quiet, replications=2, workers=1)
    told = in_short(tables_of(result))
    assert told[0].startswith("The incident postponed 0 operations of 0 patients")
    assert not any("catching up" in line for line in told)
    assert any("never beyond tolerance" in line for line in told)
    assert "nan" not in operations_page(result)


def nothing_done(scenario: Scenario, world: World, arm: str) -> Records:
    records = pretend_records(scenario, world, arm)
    nothing = np.full(len(records.surgery.done_at), np.nan)
    hours = np.zeros_like(records.surgery.list_hours)
    beds = np.zeros_like(records.surgery.beds)
    surgery = replace(
        records.surgery,
        done_at=nothing,
        done_on=np.zeros(len(nothing), dtype=np.uint8),
        list_hours=hours,
        busy_hours=hours,
        beds=beds,
    )
    return replace(records, surgery=surgery)


def test_theatres_that_never_open_make_a_page_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replication_module, "simulate", nothing_done)
    result = run(SCENARIO, replications=2, workers=1)
    page = operations_page(result)
    assert "nan" not in page
    assert "| Theatre time used | - | 80.0 to 88.0 | unknown |" in page


def test_a_backlog_that_outlives_the_run_is_said_to(monkeypatch: pytest.MonkeyPatch) -> None:
    def stays(scenario: Scenario, world: World, arm: str) -> Records:
        records = pretend_records(scenario, world, arm)
        if arm == "disrupted":
            done = records.surgery.done_at
            done[done > scenario.calendar.week_1_hour] = np.nan
        return records

    monkeypatch.setattr(replication_module, "simulate", stays)
    page = operations_page(run(SCENARIO, replications=2, workers=1))
    assert "not back to normal within 5 weeks in any of 2 runs" in page
    assert "the run ends too early to say when" in page


def test_tables_that_are_read_back_tell_the_same(result: Result) -> None:
    def read_back(table: pd.DataFrame) -> pd.DataFrame:
        from io import StringIO

        return pd.read_csv(StringIO(table.to_csv(index=False)))

    tables = tables_of(result)
    again = OperationsTables(**{name: read_back(table) for name, table in vars(tables).items()})
    assert in_short(again) == in_short(tables)
    assert sections(again) == sections(tables)
