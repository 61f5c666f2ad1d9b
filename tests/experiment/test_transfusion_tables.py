"""Tables of the transfusion service, and the page that tells them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from disruption_sim.experiment import Result, run
from disruption_sim.experiment import replication as replication_module
from disruption_sim.experiment.transfusion_page import transfusion_page
from disruption_sim.measures import BalanceItem, Way
from disruption_sim.records import Late, Records
from disruption_sim.scenario import Scenario
from disruption_sim.scenario.model import BloodGroup
from disruption_sim.world import World
from disruption_sim.world.model import URGENCIES, USES
from tests.support import by_hand_blood
from tests.support.pretend import pretend_records
from tests.support.small_scenario import small_scenario

pytestmark = pytest.mark.unit

SCENARIO = small_scenario(calendar__horizon_weeks=6)
Simulate = Callable[[Scenario, World, str], Records]


def made(simulate: Simulate, scenario: Scenario = SCENARIO, replications: int = 3) -> Result:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(replication_module, "simulate", simulate)
        return run(scenario, replications=replications, seed=5, workers=1)


@pytest.fixture(scope="module")
def result() -> Result:
    return made(pretend_records)


def by_hand(scenario: Scenario, world: World, arm: str) -> Records:
    """The few events worked out by hand, in the disrupted arm alone."""
    blood = by_hand_blood.few_events() if arm == "disrupted" else by_hand_blood.nothing_happened()
    return replace(pretend_records(scenario, world, arm), transfusion=blood)


def nothing(scenario: Scenario, world: World, arm: str) -> Records:
    return replace(
        pretend_records(scenario, world, arm), transfusion=by_hand_blood.nothing_happened()
    )


def mean(table: pd.DataFrame, **values: str | int) -> float:
    """The mean of the one row with these values."""
    for column, value in values.items():
        table = table[table[column] == value]
    assert len(table) == 1
    return float(table["mean"].iloc[0])


def test_numbers_of_the_tables_are_those_worked_out_by_hand() -> None:
    result = made(by_hand, by_hand_blood.SCENARIO)
    here = {"arm": "disrupted", "site": "all"}
    # Six emergency units in 10 days without the system, one patient, at once.
    emergency = {"period": "disturbed", "way": "emergency_group_o", **here}
    routes = result.blood_by_route
    assert mean(routes, item="units_a_week", **emergency) == pytest.approx(4.2)
    assert mean(routes, item="requests_a_week", **emergency) == pytest.approx(0.7)
    assert mean(routes, item="median_minutes", **emergency) == 0.0
    crossmatched = {"period": "whole_run", "way": "crossmatch", **here}
    assert mean(routes, item="median_minutes", **crossmatched) == 50.0
    assert mean(routes, item="q90_minutes", **crossmatched) == pytest.approx(58.0)
    assert mean(routes, item="units_a_week", **{**emergency, "arm": "excess"}) == pytest.approx(4.2)
    uses = result.blood_by_use
    haemorrhage = mean(uses, period="disturbed", use="major_haemorrhage", **here)
    assert haemorrhage == pytest.approx(4.2)
    assert mean(uses, period="after", use="all", **here) == pytest.approx(2 * 7 / 4)
    late = result.blood_not_in_time.query("week == 1 and site == 'all'")
    assert late[["reason", "urgency", "use", "mean", "units_missing", "never_came"]].to_numpy(
    ).tolist() == [
        ["no_stock", "immediate", "major_haemorrhage", 1.0, 2.0, 0.0],
        ["waited_for_bench", "urgent", "operation", 1.0, 1.0, 0.0],
    ]  # fmt: skip
    assert result.blood_not_in_time.query("week == 2 and site == 'all'")["never_came"].item() == 1.0
    stock = result.blood_stock
    days = mean(stock, period="disturbed", group="o_negative", item="stock_days", **here)
    assert days == pytest.approx(14.0 / 3.0)
    expired = mean(stock, period="disturbed", group="all", item="expired_a_week", **here)
    assert expired == pytest.approx(2 * 7 / 10)
    service = {"period": "disturbed", "site": "blood_service", "item": "stock_days"}
    assert mean(stock, group="scarcest", arm="disrupted", **service) == pytest.approx(5.8)
    tidy = result.transfusion
    busy = mean(tidy, period="disturbed", part="bench", item="utilisation", **here)
    assert busy == pytest.approx(42.0 / 240.0)
    amber = mean(tidy, period="disturbed", item="amber", site="blood_service", arm="disrupted")
    assert amber == 1.0
    share = mean(tidy, period="whole_run", part="issues", item="o_negative_share", **here)
    assert share == pytest.approx(3.0 / 13.0)


def test_units_by_way_and_by_use_and_by_group_are_the_same_units(result: Result) -> None:
    keys = ["period", "site", "arm"]
    by_way = result.blood_by_route.query("item == 'units_a_week'").groupby(keys)["mean"].sum()
    by_use = result.blood_by_use.query("use != 'all'").groupby(keys)["mean"].sum()
    whole = result.blood_by_use.query("use == 'all'").set_index(keys)["mean"]
    issued = result.blood_stock.query("item == 'issued_a_week'")
    by_group = issued.query("group != 'all'").groupby(keys)["mean"].sum()
    for parts in (by_way, by_use, by_group):
        pd.testing.assert_series_equal(
            parts.sort_index(), whole.sort_index(), check_names=False, rtol=1e-9
        )


def test_sites_add_up_to_all(result: Result) -> None:
    for table, keys in (
        (result.blood_by_route.query("item == 'units_a_week'"), ["period", "way", "arm"]),
        (result.blood_by_use, ["period", "use", "arm"]),
        (result.transfusion.query("part == 'balance'"), ["item", "arm"]),
    ):
        everywhere = table.query("site == 'all'").set_index(keys)["mean"].sort_index()
        by_site = table.query("site != 'all'").groupby(keys)["mean"].sum().sort_index()
        pd.testing.assert_series_equal(everywhere, by_site, check_names=False)


def test_every_unit_is_accounted_for_in_both_arms(result: Result) -> None:
    balance = result.transfusion.query("part == 'balance'")
    sums = balance.pivot_table(index=["site", "arm"], columns="item", values="mean")
    came = sums[["at_the_start", "received"]].sum(axis=1)
    went = sums[["issued", "expired", "wasted", "left"]].sum(axis=1)
    np.testing.assert_allclose(came, went)
    assert (sums["issued"] > 500.0).any()
    assert set(balance["item"]) == {item.value for item in BalanceItem}


def test_late_requests_by_reason_urgency_and_use_are_the_same_requests(result: Result) -> None:
    rows = result.transfusion.query("part == 'not_in_time' and site == 'all'")
    by_name = rows.pivot_table(index=["period", "arm"], columns="item", values="mean")
    for names in (
        [reason.name.lower() for reason in Late],
        list(URGENCIES),
        [f"for_{use}" for use in USES],
    ):
        np.testing.assert_allclose(by_name[names].sum(axis=1), by_name["all"])
    assert mean(rows, period="disturbed", arm="disrupted", item="all") == pytest.approx(7.0)
    weekly = result.blood_not_in_time
    by_kind = weekly.query("site == 'all'").groupby(["week", "arm"])["mean"].sum()
    by_site = weekly.query("site != 'all'").groupby(["week", "arm"])["mean"].sum()
    pd.testing.assert_series_equal(by_kind, by_site)


def test_totals_of_weeks_are_those_of_periods(result: Result) -> None:
    weekly = result.weekly.query("measure == 'red_cells_issued' and site == 'all'")
    in_weeks = weekly[weekly["arm"] == "disrupted"]["mean"].sum()
    days = {"disturbed": 17, "after": 25}
    units = [
        length / 7.0
        * mean(result.blood_by_use, period=period, site="all", use="all", arm="disrupted")
        for period, length in days.items()
    ]  # fmt: skip
    assert sum(units) == pytest.approx(in_weeks)


def test_what_never_happened_is_left_out_but_for_the_counts_of_the_service(result: Result) -> None:
    assert set(result.blood_by_route["way"]) == {
        way.name.lower() for way in Way if way is not Way.GROUP_SPECIFIC
    }
    # Both arms and the difference stand together where anything happened in either.
    arms = result.blood_by_route.query("item == 'units_a_week'").groupby(["period", "site", "way"])
    assert (arms["arm"].count() == 3).all()
    zeros = result.transfusion.query("item == 'diverted'")
    assert (zeros["mean"] == 0.0).all()
    assert len(zeros) == 4 * 3 * 3
    assert set(result.blood_stock["group"]) == {*(g.value for g in BloodGroup), "all", "scarcest"}


def test_the_page_tells_its_findings_and_balances(result: Result) -> None:
    page = transfusion_page(result)
    assert "nan" not in page
    tables = re.findall(r"(?:^\|.*\|$\n?)+", page, re.MULTILINE)
    assert len(tables) == 9
    for table in tables:
        assert len({line.count("|") for line in table.splitlines()}) == 1
    for reason in Late:
        assert f"| {reason.title} |" in page
    for way in Way:
        assert f"| {way.title} |" in page
    assert "| Not accounted for | 0 | 0 |" in page
    assert "0 units a week are issued electronically instead of" in page
    assert "and spends 14.0 days in pre-amber, 3.0 days in amber." in page
    assert "Requests not served in time: 7.0 instead of 0.0 a week." in page


def test_a_table_of_the_page_says_what_the_csv_says(result: Result) -> None:
    page = transfusion_page(result)
    row = re.search(r"\| Electronic issue \| (\d+) .*? \| 0 \| 10 / 10 \| - / - \|", page)
    assert row is not None
    usual = mean(
        result.blood_by_route,
        period="disturbed", site="all", way="electronic_issue", item="units_a_week",
        arm="baseline",
    )  # fmt: skip
    assert int(row.group(1)) == round(usual)


def test_surgical_use_is_the_sum_of_its_parts(result: Result) -> None:
    page = transfusion_page(result)
    shares = {
        title: float(share)
        for title, share in re.findall(
            r"\| ([A-Za-z ]+) \| [\d, ()to]+ \| ([\d.]+) \| ?\d* \|", page
        )
    }
    parts = ("of which operation", "of which trauma", "of which major haemorrhage")
    assert shares["Surgical"] == pytest.approx(sum(shares[part] for part in parts), abs=0.11)
    whole = shares["Medical"] + shares["Obstetric"] + shares["Surgical"]
    assert whole == pytest.approx(shares["All"], abs=0.11)


def test_without_an_outage_the_page_compares_the_whole_run(result: Result) -> None:
    quiet = made(pretend_records, SCENARIO.without_disruption(), replications=1)
    page = transfusion_page(quiet)
    assert "Transfusion information technology is not lost in this scenario." in page
    assert "While the system is lost" not in page
    assert "disturbed" not in set(quiet.transfusion["period"])
    assert "nan" not in page
    assert "(" not in re.findall(r"\| Red cells issued, units a week \|.*", page)[0]


def test_without_a_single_unit_there_is_a_page_too() -> None:
    empty = made(nothing, by_hand_blood.SCENARIO, replications=2)
    page = transfusion_page(empty)
    assert "nan" not in page
    assert "| All | 0 | - | 100 |" in page
    assert "and is in no alert." in page
    assert empty.blood_by_route.empty
    assert empty.blood_not_in_time.empty
