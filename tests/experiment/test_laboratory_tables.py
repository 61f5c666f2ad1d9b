"""Tables of the laboratories, and the page that tells them."""

from __future__ import annotations

import datetime as dt
import re

import numpy as np
import pandas as pd
import pytest

from disruption_sim.experiment import Result, run
from disruption_sim.experiment import replication as replication_module
from disruption_sim.experiment.laboratories_page import laboratories_page
from disruption_sim.measures import CapacityItem, VolumeItem
from disruption_sim.records import Fate, PathologyRecords, Records
from disruption_sim.scenario import Scenario
from disruption_sim.scenario.model import Source, TubeType
from disruption_sim.scenario.published import published_figures
from disruption_sim.world import World
from tests.support.pretend import pretend_records
from tests.support.small_scenario import small_scenario

pytestmark = pytest.mark.unit

SCENARIO = small_scenario(calendar__horizon_weeks=6)
FIRST = SCENARIO.calendar.warm_up_weeks
SOURCES, TYPES = len(Source), len(TubeType)


@pytest.fixture(scope="module")
def result() -> Result:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(replication_module, "simulate", pretend_records)
        return run(SCENARIO, replications=3, seed=5, workers=1)


@pytest.fixture(scope="module")
def arms(result: Result) -> list[tuple[PathologyRecords, PathologyRecords]]:
    """The records behind the result: baseline and disrupted arm of each replication."""
    from disruption_sim.world import draw_world

    worlds = [draw_world(SCENARIO, 5, number) for number in result.done]
    quiet = SCENARIO.without_disruption()
    return [
        (
            pretend_records(quiet, world, "baseline").pathology,
            pretend_records(SCENARIO, world, "disrupted").pathology,
        )
        for world in worlds
    ]


def test_items_of_the_volume_add_up_in_every_week(result: Result) -> None:
    volume = result.laboratories.query("part == 'volume'")
    normal = volume[volume["item"] == "normal_volume"].set_index("week")
    items = volume[volume["item"] != "normal_volume"]
    assert list(items["item"].unique()) == [item.value for item in VolumeItem]
    np.testing.assert_allclose(items.groupby("week")["mean"].sum(), normal["mean"])
    np.testing.assert_allclose(items.groupby("week")["share_of_normal"].sum(), 1.0)
    assert (normal["share_of_normal"] == 1.0).all()
    lost = items.query("item == 'lost_rejected' and week == 1")["share_of_normal"].item()
    assert 0.5 < lost < 0.7


def test_capacity_is_over_normal_and_has_no_share_of_volume(result: Result) -> None:
    capacity = result.laboratories.query("part == 'capacity'")
    assert set(capacity["item"]) == {item.value for item in CapacityItem}
    assert capacity["share_of_normal"].isna().all()
    third = capacity[capacity["week"] == 3].set_index("item")["mean"]
    assert third["throughput"] == 1.0
    assert result.laboratories["unit"].notna().all()


def test_by_type_shares_are_of_all_replications_together(
    result: Result, arms: list[tuple[PathologyRecords, PathologyRecords]]
) -> None:
    row = result.turnaround_by_type.query(
        "week == 2 and source == 'outpatient' and tube_type == 'chemistry' and arm == 'disrupted'"
    ).iloc[0]
    source = tuple(Source).index(Source.OUTPATIENT)
    counts = np.sum(
        [disrupted.turnaround_weekly[FIRST + 1, :, source, 0].sum(axis=0) for _, disrupted in arms],
        axis=0,
    )
    assert row["tubes"] * 3 == pytest.approx(counts[0])
    assert row["within_standard_share"] == pytest.approx(counts[1] / counts[0])
    assert row["within_outer_limit_share"] == 1.0
    assert (row["standard_hours"], row["outer_limit_hours"]) == (24.0, 48.0)
    assert row["median_minutes_from_receipt"] < row["q90_minutes_from_receipt"]


def test_cells_without_a_report_are_left_out(result: Result) -> None:
    assert set(result.turnaround_by_type["tube_type"]) == {"chemistry", "all"}
    assert set(result.turnaround_by_hour["hour"]) == {9}
    assert set(result.turnaround_by_hour["period"]) == {"before", "after"}
    assert (result.turnaround_by_site["tubes"] > 0).all()


def test_by_site_and_by_hour_have_all_reports(
    result: Result, arms: list[tuple[PathologyRecords, PathologyRecords]]
) -> None:
    everything = np.mean([baseline.reported.sum() for baseline, _ in arms])
    for table in (result.turnaround_by_site, result.turnaround_by_hour):
        whole = table.query("tube_type == 'all' and arm == 'baseline'")
        assert whole["tubes"].sum() == pytest.approx(everything)


def test_turnaround_of_all_sites_is_that_of_the_sites_together(result: Result) -> None:
    table = result.turnaround.query("week == 1 and source == 'outpatient' and arm == 'disrupted'")
    assert set(table["site"]) == {"st_thomas", "kings", "lambeth", "all"}
    shares = table.set_index("site")["mean"]
    assert shares.drop("all").min() <= shares["all"] <= shares.drop("all").max()


def test_fates_of_sites_and_of_sources_add_up_to_all(result: Result) -> None:
    table = result.fates.query("week == 1 and arm == 'disrupted'")
    assert set(table["fate"]) == {Fate.REPORTED.name.lower(), Fate.ABANDONED_REJECTED.name.lower()}
    whole = table.query("site == 'all' and source == 'all' and tube_type == 'all'")["mean"].sum()
    by_source = table.query("source != 'all' and tube_type == 'all'")["mean"].sum()
    by_type = table.query("site == 'all' and source == 'all' and tube_type != 'all'")["mean"].sum()
    by_site = table.query("site != 'all'")["mean"].sum()
    assert whole == pytest.approx(by_source) == pytest.approx(by_type) == pytest.approx(by_site)


def test_utilisation_names_people_their_steps_and_machines(result: Result) -> None:
    table = result.utilisation
    assert set(table["laboratory"]) == {"st_thomas", "kings", "hub"}
    people = table[table["of"] == "people"]
    assert set(people["step"]) == {
        "people", "booking_in", "authorisation", "reporting", "back_entry",
    }  # fmt: skip
    machines = set(table.loc[table["of"] == "places", "step"])
    assert "chemistry" in machines
    assert "review" not in machines  # room for any number of tubes
    weeks = table.query("laboratory == 'hub' and step == 'people' and arm == 'baseline'")
    assert weeks["mean"].tolist() == pytest.approx([2.0 / 3.0] * 6)


def test_without_published_figures_throughput_is_that_of_fridays(result: Result) -> None:
    table = result.throughput
    assert table["until"].dt.day_of_week.eq(4).all()
    assert table["until"].iloc[0] == pd.Timestamp("2024-06-07")
    assert len(table) == 6
    assert table["published"].isna().all()
    assert table["mean"].tolist() == pytest.approx([0.4, 0.4, 1.0, 1.0, 1.0, 1.0], abs=0.02)


def test_published_figures_stand_beside_the_incident_they_are_about(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(replication_module, "simulate", pretend_records)
    real = SCENARIO.model_copy(update={"name": "synnovis-2024"})
    result = run(real, replications=1, workers=1)
    table = result.throughput.set_index("until")
    assert table["published"].tolist() == [0.1, 0.45, 0.54]
    assert table.loc["2024-06-14", "mean"] == pytest.approx(0.4, abs=0.02)
    page = laboratories_page(result)
    assert "Published: publictechnology.net, 10 July 2024, citing NHS England." in page
    assert re.search(r"\| 2024-06-14 \| 39 \| 10 \| \+29 \|", page)
    short = real.model_copy(
        update={"calendar": real.calendar.model_copy(update={"horizon_weeks": 3})}
    )
    assert run(short, replications=1, workers=1).throughput["until"].tolist() == [
        pd.Timestamp("2024-06-14")
    ]


def test_what_was_published_has_a_source_and_belongs_to_one_scenario() -> None:
    figures = published_figures("synnovis-2024", "laboratory_throughput_share")
    assert [(figure.date, figure.value) for figure in figures] == [
        (dt.date(2024, 6, 14), 0.10),
        (dt.date(2024, 6, 27), 0.45),
        (dt.date(2024, 7, 4), 0.54),
    ]
    assert all(figure.source and figure.confidence for figure in figures)
    assert published_figures("small", "laboratory_throughput_share") == ()


def test_the_page_tells_every_item_of_the_first_weeks(result: Result) -> None:
    page = laboratories_page(result)
    for item in (*VolumeItem, *CapacityItem):
        assert f"| {item.in_words} |" in page
    columns = re.search(r"\| Reported by the own laboratories \|(.*)\|", page)
    assert columns is not None
    shares = [int(cell) for cell in columns.group(1).split("|")]
    assert shares[:2] == [39, 39]
    assert shares[2:] == [100] * 4
    assert "nan" not in page
    tables = re.findall(r"(?:^\|.*\|$\n)+", page, re.MULTILINE)
    assert len(tables) == 5
    for table in tables:
        assert len({line.count("|") for line in table.splitlines()}) == 1


def nothing_reported(scenario: Scenario, world: World, arm: str) -> Records:
    from dataclasses import replace

    records = pretend_records(scenario, world, arm)
    if arm == "baseline":
        return records
    zero = {
        name: np.zeros_like(getattr(records.pathology, name))
        for name in (
            "reported", "turnaround_weekly", "turnaround_by_place", "turnaround_by_hour",
            "histogram_weekly", "histogram_by_place", "histogram_by_hour", "daily_reported",
            "staff_hours",
        )
    }  # fmt: skip
    return replace(records, pathology=replace(records.pathology, **zero))


def test_laboratories_that_report_nothing_at_all_make_a_page_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(replication_module, "simulate", nothing_reported)
    page = laboratories_page(run(SCENARIO, replications=2, workers=1))
    assert "| Reported by the own laboratories | 0 | 0 |" in page
    assert "nan" not in page
