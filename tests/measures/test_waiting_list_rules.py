"""The worked example of Fong et al.: ear, nose and throat, P4, target of 52 weeks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from disruption_sim.measures.waiting_list_rules import (
    pressure,
    relief_capacity,
    target_queue,
)

pytestmark = pytest.mark.unit


def test_the_worked_example_of_the_white_paper() -> None:
    assert target_queue(demand=30.0, target_wait=52.0) == 390.0
    assert relief_capacity(30.0, 1200.0, 390.0, 26.0) == pytest.approx(61.15, abs=0.005)
    assert pressure(mean_wait=63.0, target_wait=52.0) == pytest.approx(2.42, abs=0.005)


@given(st.floats(1.0, 500.0), st.floats(0.0, 5000.0), st.floats(0.0, 5000.0), st.floats(1.0, 104.0))
def test_a_list_worked_at_its_relief_capacity_is_at_its_target_in_time(
    demand: float, queue: float, target: float, weeks: float
) -> None:
    treated = relief_capacity(demand, queue, target, weeks)
    assert queue + weeks * (demand - treated) == pytest.approx(target, abs=1e-6)


def test_at_the_target_queue_there_is_pressure_but_not_too_much() -> None:
    # Little: the mean wait at the target queue is the target over the factor.
    assert pressure(target_queue(30.0, 18.0) / 30.0, 18.0) == 0.5
