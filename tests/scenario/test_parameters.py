"""The sourced defaults."""

from __future__ import annotations

import pytest

from disruption_sim.scenario import load_parameters

pytestmark = pytest.mark.unit


def test_every_parameter_has_a_name_of_its_own_and_a_source() -> None:
    parameters = load_parameters()
    assert len(parameters) > 150
    assert len({parameter.name for parameter in parameters}) == len(parameters)
    assert all(parameter.source and parameter.confidence for parameter in parameters)


def test_numbers_are_numbers_and_lie_in_their_ranges() -> None:
    numbers = [item for item in load_parameters() if isinstance(item.value, float)]
    assert len(numbers) > 120
    for item in numbers:
        assert isinstance(item.value, float)
        assert item.low is None or item.low <= item.value
        assert item.high is None or item.value <= item.high


def test_a_known_row_is_read_as_it_stands() -> None:
    rows = {parameter.name: parameter for parameter in load_parameters()}
    outage = rows["outage.transfusion_IT_down.synnovis"]
    assert (outage.value, outage.unit, outage.low, outage.high) == (18.0, "weeks", 17.4, 19.1)
    assert rows["elective.case_duration"].value == "lognormal(mean 90, sd 55)"
