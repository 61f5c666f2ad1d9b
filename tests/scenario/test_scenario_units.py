"""Units in the names of keys."""

from __future__ import annotations

import pytest

from disruption_sim.scenario.units import (
    conversion_in_words,
    converted,
    quantity,
    same_but_for_unit,
    unit_in_words,
    unit_of_key,
)

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("value", "unit", "wanted", "expected"),
    [
        (36.0, "hours", "days", 1.5),
        (2.0, "weeks", "days", 14.0),
        (90.0, "seconds", "minutes", 1.5),
        (40.0, "percent", "share", 0.4),
        (10.0, "per_day", "per_week", 70.0),
        (1.0, "miles", "kilometres", 1.609344),
    ],
)
def test_conversions(value: float, unit: str, wanted: str, expected: float) -> None:
    assert converted(value, unit, wanted) == pytest.approx(expected)
    assert converted(expected, wanted, unit) == pytest.approx(value)


def test_what_measures_different_things_is_not_converted() -> None:
    assert converted(1.0, "hours", "miles") is None
    assert conversion_in_words(1.0, "hours", "miles") == ""
    assert conversion_in_words("x", "hours", "days") == ""


def test_the_unit_is_read_off_a_key() -> None:
    found = unit_of_key("admissions_per_week")
    assert found is not None
    assert (found.stem, found.unit) == ("admissions", "per_week")
    assert unit_of_key("van_minutes_per_mile") is None
    assert unit_of_key("van_minutes_per_miles") is None
    assert unit_of_key("order_hour") is None
    assert unit_of_key("title") is None


def test_a_key_in_another_unit_is_recognised() -> None:
    known = ("start", "duration_days", "depth_share", "distance_miles")
    assert same_but_for_unit("duration_hours", known) == "duration_days"
    assert same_but_for_unit("depth_percent", known) == "depth_share"
    assert same_but_for_unit("distance_km", known) == "distance_miles"
    assert same_but_for_unit("duration_miles", known) is None
    assert same_but_for_unit("duration", known) is None


def test_units_in_words_and_quantities() -> None:
    assert unit_in_words("Min") == "minutes"
    assert unit_in_words("%") == "percent"
    assert unit_in_words("weeks after the start") is None
    assert quantity("36 hours") == (36.0, "hours")
    assert quantity("40%") == (40.0, "percent")
    assert quantity("3 parsecs") is None
    assert quantity("forty hours") is None
