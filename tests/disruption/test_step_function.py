"""Losses are relative, overlap freely and do not know of each other."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from disruption_sim.step_function import (
    StepFunction,
    combine,
    compose_losses,
    since_at_least,
)

pytestmark = pytest.mark.unit

depths = st.floats(0.0, 1.0, allow_nan=False)


@st.composite
def outages(draw: st.DrawFn) -> StepFunction:
    start = draw(st.integers(0, 50))
    length = draw(st.integers(1, 50))
    zero = StepFunction.constant(0.0)
    return zero.with_step(float(start), draw(depths)).with_step(float(start + length), 0.0)


@given(st.lists(outages(), max_size=6), st.randoms(use_true_random=False))
def test_order_of_overlapping_losses_does_not_matter(
    losses: list[StepFunction], random: object
) -> None:
    shuffled = list(losses)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert compose_losses(losses) == compose_losses(shuffled)


@given(st.lists(outages(), min_size=1, max_size=6), st.floats(-10.0, 110.0))
def test_what_is_kept_is_the_product_of_what_each_loss_leaves(
    losses: list[StepFunction], time: float
) -> None:
    kept = math.prod(1.0 - loss.at(time) for loss in losses)
    assert 1.0 - compose_losses(losses).at(time) == pytest.approx(kept, abs=1e-12)


@given(outages(), outages())
def test_the_end_of_one_outage_leaves_the_other_as_it_is(
    first: StepFunction, second: StepFunction
) -> None:
    """The fault of comparable tools: the first outage to end restores what it remembered."""
    both = compose_losses([first, second])
    end_of_first = first.times[-1]
    assert both.at(end_of_first) == pytest.approx(second.at(end_of_first), abs=1e-12)


def test_steps_hold_from_their_instant() -> None:
    function = StepFunction.constant(0.25).with_step(10.0, 1.0)
    assert function.at(math.nextafter(10.0, 0.0)) == 0.25
    assert function.at(10.0) == 1.0
    np.testing.assert_array_equal(
        function.at_many(np.array([-5.0, 9.0, 10.0, 11.0])), [0.25, 0.25, 1.0, 1.0]
    )


def test_a_step_at_the_time_of_the_last_one_takes_its_place() -> None:
    zero = StepFunction.constant(0.0)
    assert zero.with_step(5.0, 1.0).with_step(5.0, 0.25) == zero.with_step(5.0, 0.25)


def test_combination_drops_steps_that_change_nothing() -> None:
    same = StepFunction.constant(0.5).with_step(3.0, 0.5)
    assert combine([same], max) == StepFunction.constant(0.5)


@pytest.mark.parametrize(
    ("times", "values"),
    [((0.0,), (1.0,)), ((-math.inf, 2.0, 1.0), (0.0, 1.0, 2.0)), ((-math.inf,), ())],
)
def test_a_wrong_step_function_is_refused(
    times: tuple[float, ...], values: tuple[float, ...]
) -> None:
    with pytest.raises(ValueError, match="step function"):
        StepFunction(times, values)


def test_a_spell_goes_on_while_the_value_is_high_enough() -> None:
    depth = StepFunction((-math.inf, 1.0, 2.0, 3.0, 4.0, 5.0), (0.0, 0.5, 1.0, 0.4, 0.7, 0.0))
    since = since_at_least(depth, 0.5)
    assert [since.at(t) for t in (0.0, 1.0, 2.5, 3.0, 4.9, 5.0)] == [
        math.inf,
        1.0,
        1.0,
        math.inf,
        4.0,
        math.inf,
    ]
    assert since_at_least(StepFunction.constant(1.0), 0.5).at(9.0) == -math.inf


def test_many_steps_are_built_in_one_go_and_the_last_of_a_moment_counts() -> None:
    steps = [(float(time), time / 50_000) for time in range(50_000)]
    function = StepFunction.of_steps(0.5, [*steps, (49_999.0, 0.25)])
    assert function.at(-1.0) == 0.5
    assert function.at(25_000.5) == 0.5
    assert function.at(49_999.0) == 0.25
    assert StepFunction.of_steps(0.5, steps[:3]) == StepFunction.constant(0.5).with_step(
        0.0, 0.0
    ).with_step(1.0, 1 / 50_000).with_step(2.0, 2 / 50_000)
