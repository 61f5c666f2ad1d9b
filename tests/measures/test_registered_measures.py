from __future__ import annotations

import numpy as np
import pytest

from disruption_sim.measures import MEASURES, OverWeeks
from disruption_sim.measures.table import Ratio, Weekly, assembled, divided

pytestmark = pytest.mark.unit

PROMISED = [
    "operations_postponed",
    "operations_postponed_incident",
    "patients_postponed",
    "operations_done",
    "appointments_postponed_incident",
    "appointments_postponed",
    "operations_backlog",
    "appointments_backlog",
    "tubes_received",
    "tubes_reported",
    "laboratory_throughput_share",
    "rebleeds",
    "turnaround_within_standard_share",
    "red_cells_issued",
    "o_negative_issued",
    "o_negative_stock_days_hospital",
    "o_negative_stock_days_national",
    "blood_not_in_time",
    "patient_weeks_of_extra_wait",
]


def some_values(sites: int = 2, weeks: int = 3) -> dict[str, Weekly]:
    values: dict[str, Weekly] = {}
    for measure in MEASURES:
        shape = (weeks, sites + 1) if measure.by_site else (weeks,)
        table = np.arange(np.prod(shape), dtype=np.float64).reshape(shape)
        ratio = measure.over_weeks is OverWeeks.RATIO
        values[measure.name] = Ratio(table, table * 2.0) if ratio else table
    return values


def test_every_promised_measure_is_there_once_with_a_definition() -> None:
    names = [measure.name for measure in MEASURES]
    assert set(PROMISED) <= set(names)
    assert len(set(names)) == len(names)
    assert all(m.definition.endswith(".") and m.title and m.unit for m in MEASURES)


def test_totals_are_sums_ratios_means_and_maxima() -> None:
    table = assembled(some_values(), sites=2)
    for position, measure in enumerate(MEASURES):
        weekly, total = table.weekly[position, :, -1], table.total[position, -1]
        expected = {
            OverWeeks.SUM: weekly.sum(),
            OverWeeks.RATIO: 0.5,
            OverWeeks.MEAN: weekly.mean(),
            OverWeeks.MAXIMUM: weekly.max(),
        }[measure.over_weeks]
        assert total == expected, measure.name


def test_a_measure_not_counted_by_site_has_no_value_there() -> None:
    table = assembled(some_values(), sites=2)
    by_site = np.array([measure.by_site for measure in MEASURES])
    assert np.isnan(table.weekly[~by_site, :, :-1]).all()
    assert not np.isnan(table.weekly[~by_site, 1:, -1]).any()


def test_a_measure_that_is_missing_unknown_or_misshapen_is_refused() -> None:
    values = some_values()
    removed = values.pop("operations_done")
    with pytest.raises(ValueError, match="operations_done"):
        assembled(values, sites=2)
    with pytest.raises(ValueError, match="operations_dome"):
        assembled({**values, "operations_done": removed, "operations_dome": removed}, sites=2)
    with pytest.raises(ValueError, match="operations_done has the shape"):
        assembled({**values, "operations_done": np.zeros(3)}, sites=2)
    with pytest.raises(ValueError, match="registered as a sum"):
        assembled({**values, "operations_done": Ratio(np.ones(3), np.ones(3))}, sites=2)


def test_nothing_divided_by_nothing_is_not_a_number() -> None:
    found = divided(np.array([0.0, 1.0, 3.0]), np.array([0.0, 0.0, 2.0]))
    assert np.isnan(found[:2]).all()
    assert found[2] == 1.5
