"""Numbers in words."""

from __future__ import annotations

import doctest

import pytest

from disruption_sim.charts import words

pytestmark = pytest.mark.unit


def test_the_examples_hold() -> None:
    found = doctest.testmod(words)
    assert found.attempted >= 5
    assert found.failed == 0


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-3.6, "-4"),
        (999.7, "1,000"),
        (1234.0, "1,230"),
        (-20456.0, "-20,500"),
        (1_234_567.0, "1,230,000"),
        (float("inf"), "unknown"),
    ],
)
def test_counts_are_rounded_for_reading(value: float, text: str) -> None:
    assert words.number(value) == text


def test_one_run_has_no_spread() -> None:
    assert words.spread(1.0, 2.0, 1) == "(one run)"
    assert "1 to 2" in words.spread(1.0, 2.0, 5)
    assert "unknown" in words.bands(1)
