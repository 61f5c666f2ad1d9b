"""The strip of phases under the time axis."""

from __future__ import annotations

import datetime as dt

import pytest

from disruption_sim.charts.phases import in_words, phase_table, phases
from disruption_sim.charts.words import NO_BREAK
from disruption_sim.scenario import load_scenario
from tests.support.small_scenario import small_scenario

pytestmark = pytest.mark.unit


def test_the_built_in_outage_has_its_known_dates() -> None:
    scenario = load_scenario("synnovis-2024")
    spans = {phase.title: phase.spans for phase in phases(scenario)}
    assert set(spans) == {
        "Laboratory IT lost",
        "Transfusion IT lost",
        "Resident doctors strike (in both futures)",
    }
    laboratory = spans["Laboratory IT lost"]
    dates = [scenario.calendar.date(start) for start, _, _ in laboratory]
    assert dates[0] == dt.date(2024, 6, 3)
    assert scenario.calendar.date(laboratory[-1][1]) == dt.date(2024, 8, 15)
    depths = [depth for _, _, depth in laboratory]
    assert depths[0] == 1.0
    # From 25 July on four hospitals and the hub of seven laboratories are without, then the hub.
    assert depths[1:] == pytest.approx([0.6, 0.6 * 5 / 7, 0.6 / 7])


def test_a_site_sees_its_own_laboratory_and_the_hub() -> None:
    scenario = load_scenario("synnovis-2024")
    laboratory = phases(scenario, "kings")[0]
    assert [depth for _, _, depth in laboratory.spans] == pytest.approx([1.0, 0.6, 0.3])


def test_without_a_disruption_only_conditions_are_left() -> None:
    assert all(phase.condition for phase in phases(small_scenario(disruption=False)))


def test_phases_end_with_the_run() -> None:
    scenario = small_scenario(calendar__horizon_weeks=1)
    end = scenario.calendar.end_hour
    assert max(stop for phase in phases(scenario) for _, stop, _ in phase.spans) == end


def test_words_and_table_tell_the_same_spans() -> None:
    scenario = load_scenario("synnovis-2024")
    table = phase_table(scenario)
    assert len(table) == in_words(scenario).count(".")
    assert f"Transfusion IT lost: 100{NO_BREAK}% from 3 Jun 2024 to 9 Oct 2024." in in_words(
        scenario
    )
    assert list(table.columns) == ["phase", "start", "end", "depth"]
