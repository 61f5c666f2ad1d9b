"""Measures of transfusion on a record of a few events, worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from disruption_sim.measures import Horizon, Way
from disruption_sim.measures.blood import blood_measures
from disruption_sim.measures.blood_supply import supply_measures
from disruption_sim.measures.table import Ratio, Weekly
from disruption_sim.measures.transfusion_bench import bench_measures
from disruption_sim.measures.ways_to_blood import quantiles_by_cell, requests_of
from disruption_sim.records import TransfusionRecords
from tests.support.by_hand_blood import SCENARIO, few_events, nothing_happened

pytestmark = pytest.mark.unit

HORIZON = Horizon.of(SCENARIO)
O_POSITIVE = 1


def measured(records: TransfusionRecords, name: str) -> Weekly:
    return {
        **blood_measures(SCENARIO, HORIZON, records),
        **supply_measures(HORIZON, records),
        **bench_measures(SCENARIO, HORIZON, records),
    }[name]


def weekly(records: TransfusionRecords, name: str) -> list[list[float]]:
    found = measured(records, name)
    assert isinstance(found, np.ndarray)
    rows: list[list[float]] = found.reshape(HORIZON.weeks, -1).tolist()
    return rows


def parts(records: TransfusionRecords, name: str) -> tuple[list[object], list[object]]:
    found = measured(records, name)
    assert isinstance(found, Ratio)
    return found.numerator.tolist(), found.denominator.tolist()


def test_issues_count_by_week_site_group_and_way() -> None:
    records = few_events()
    assert weekly(records, "red_cells_issued") == [[8, 2, 10], [0, 3, 3]]
    assert weekly(records, "o_negative_issued") == [[2, 0, 2], [0, 1, 1]]
    assert weekly(records, "o_positive_issued") == [[4, 0, 4], [0, 0, 0]]
    assert weekly(records, "unmatched_group_o_issued") == [[6, 0, 6], [0, 1, 1]]
    assert weekly(records, "red_cells_electronic_issue") == [[2, 0, 2], [0, 0, 0]]
    assert weekly(records, "red_cells_crossmatch") == [[0, 0, 0], [0, 2, 2]]
    assert weekly(records, "red_cells_set_aside") == [[0, 2, 2], [0, 0, 0]]
    assert weekly(records, "red_cells_emergency_group_o") == [[6, 0, 6], [0, 0, 0]]
    assert weekly(records, "red_cells_group_o_unmatched") == [[0, 0, 0], [0, 1, 1]]


def test_ways_add_up_to_what_was_issued() -> None:
    records = few_events()
    by_way = [weekly(records, f"red_cells_{way.name.lower()}") for way in Way]
    assert np.sum(by_way, axis=0).tolist() == weekly(records, "red_cells_issued")


def test_the_share_of_o_negative_has_its_parts() -> None:
    numerator, denominator = parts(few_events(), "o_negative_share_of_issues")
    assert numerator == [[2, 0, 2], [0, 1, 1]]
    assert denominator == [[8, 2, 10], [0, 3, 3]]


def test_a_patient_counts_once_whatever_the_ages_and_groups_of_the_units() -> None:
    requests = requests_of(few_events())
    # Six emergency units of two groups and two ages went to one patient at once.
    assert requests.way.tolist() == [
        Way.EMERGENCY_GROUP_O, Way.ELECTRONIC_ISSUE, Way.SET_ASIDE, Way.CROSSMATCH, Way.CROSSMATCH,
        Way.GROUP_O_UNMATCHED,
    ]  # fmt: skip
    assert requests.minutes.tolist() == [0.0, 10.0, 0.0, 40.0, 60.0, 5.0]
    # Week 2 has two patients crossmatched, after 40 and 60 minutes; week 1 has none.
    assert parts(few_events(), "minutes_to_blood_crossmatch") == ([0.0, 50.0], [0.0, 1.0])


def test_another_time_or_another_patient_is_another_request() -> None:
    records = few_events()
    later = records.issued_at.copy()
    later[1] += 1.0
    other = records.issued_patient_group.copy()
    other[2] = O_POSITIVE
    assert requests_of(replace(records, issued_at=later)).at.size == 7
    assert requests_of(replace(records, issued_patient_group=other)).at.size == 7


def test_stock_days_count_what_is_held_anywhere_in_the_hospital() -> None:
    records = few_events()
    # 4 in the laboratory, 2 in the satellite, 1 set aside, over 2 and 1 a day; 14 over 3 together.
    for first in weekly(records, "o_negative_stock_days_hospital"):
        assert first == pytest.approx([3.5, 7.0, 14.0 / 3.0])
    assert weekly(records, "o_negative_stock_days_national") == [[6.0], [6.0]]
    # The scarcest group holds a day less on every other day of the second week.
    lowest = weekly(records, "national_stock_days_lowest_group")
    assert lowest[0] == [6.0]
    assert lowest[1] == pytest.approx([6.0 - 4.0 / 7.0])


def test_alert_days_are_amber_and_red_pre_amber_apart() -> None:
    records = few_events()
    assert weekly(records, "blood_pre_amber_days") == [[3.0], [0.0]]
    assert weekly(records, "blood_alert_days") == [[1.0], [2.0]]


def test_deliveries_units_set_aside_and_losses_are_counted_in_their_week() -> None:
    records = few_events()
    assert weekly(records, "blood_deliveries_routine") == [[7, 7, 14], [7, 7, 14]]
    assert weekly(records, "blood_deliveries_emergency") == [[0, 1, 1], [0, 0, 0]]
    assert weekly(records, "red_cells_expired") == [[2, 0, 2], [0, 0, 0]]
    assert weekly(records, "red_cells_wasted") == [[0, 0, 0], [0, 1, 1]]
    assert weekly(records, "red_cells_reserved") == [[0, 3, 3], [0, 0, 0]]
    assert weekly(records, "red_cells_returned") == [[0, 1, 1], [0, 0, 0]]
    assert weekly(records, "red_cells_withheld") == [[0, 0, 0], [4, 0, 4]]
    assert weekly(records, "red_cells_diverted") == [[5, 0, 5], [0, 0, 0]]


def test_late_requests_count_where_and_when_they_were_due() -> None:
    assert weekly(few_events(), "blood_not_in_time") == [[1, 1, 2], [0, 1, 1]]


def test_wrong_blood_in_tube_is_a_rate_higher_by_hand() -> None:
    rules = SCENARIO.transfusion
    records = few_events()
    assert weekly(records, "group_and_screen_samples")[0] == [70, 0, 70]
    assert weekly(records, "group_and_screen_samples_by_hand")[0] == [20, 0, 20]
    assert weekly(records, "second_samples")[0] == [7, 0, 7]
    ratio = rules.wrong_blood_in_tube_by_hand_ratio
    expected = rules.wrong_blood_in_tube_per_sample * (50 + 20 * ratio)
    found = weekly(records, "wrong_blood_in_tube_expected")
    assert found[0] == pytest.approx([expected, 0.0, expected])
    assert ratio > 1.0


def test_the_bench_is_busy_for_a_share_of_the_hours_on_duty() -> None:
    numerator, denominator = parts(few_events(), "transfusion_bench_utilisation")
    assert numerator[0] == [42.0, 0.0, 42.0]
    assert denominator[0] == [84.0, 84.0, 168.0]
    assert weekly(few_events(), "crossmatches") == [[0, 3, 3], [0, 0, 0]]


def test_where_nothing_happens_counts_are_nought_and_shares_unknown() -> None:
    records = nothing_happened()
    assert weekly(records, "red_cells_issued") == [[0, 0, 0], [0, 0, 0]]
    assert weekly(records, "blood_not_in_time") == [[0, 0, 0], [0, 0, 0]]
    assert parts(records, "o_negative_share_of_issues") == ([[0, 0, 0]] * 2, [[0, 0, 0]] * 2)
    assert requests_of(records).at.size == 0


def test_quantiles_in_cells_are_those_of_numpy() -> None:
    random = np.random.default_rng(3)
    cell = random.integers(0, 6, 200)
    cell[cell == 4] = 5
    values = random.uniform(0.0, 90.0, 200)
    found = quantiles_by_cell(cell, values, 6)
    for number in (0, 1, 2, 3, 5):
        expected = np.quantile(values[cell == number], [0.5, 0.9])
        assert found[number] == pytest.approx(expected)
    assert np.isnan(found[4]).all()
