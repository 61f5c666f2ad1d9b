"""Hours and days of theatres that cannot be are refused in words a planner can act on."""

from __future__ import annotations

import pytest

from disruption_sim.scenario import ScenarioError, load_scenario, with_overrides

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"session_start_hours": [13.0, 8.5]}, "cannot start at 13 h and 8.5 h"),
        ({"session_start_hours": [8.5, 10.0]}, "sessions of 4 hours cannot start at 8.5 h and 10"),
        ({"session_hours": 12.0, "session_start_hours": [8.5]}, "list ends after midnight"),
        ({"morning_hour": 9.0}, "go or no-go at 9 h comes after lists begin; allowed: an hour up"),
        ({"late_booking_days_ahead": 30}, "30 days ahead, comes before the first, 25 days ahead"),
        ({"results_validity_days": 27.0}, "out of date after 27 days; allowed: at least 28"),
    ],
)
def test_hours_and_days_that_cannot_be_are_refused(changes: dict[str, object], said: str) -> None:
    overrides = {f"surgery.{key}": value for key, value in changes.items()}
    with pytest.raises(ScenarioError, match=said):
        with_overrides(load_scenario("synnovis-2024"), overrides)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("morning_hour", 8.5),
        ("late_booking_days_ahead", 25),
        ("results_validity_days", 28.0),
        ("session_hours", 4.5),
    ],
)
def test_the_last_that_can_be_is_allowed(key: str, value: float) -> None:
    with_overrides(load_scenario("synnovis-2024"), {f"surgery.{key}": value})
