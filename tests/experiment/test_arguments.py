from __future__ import annotations

import numpy as np
import pytest

from disruption_sim.experiment.arguments import checked_plan
from disruption_sim.experiment.errors import ArgumentError
from tests.support.small_scenario import small_scenario

pytestmark = pytest.mark.unit

SCENARIO = small_scenario()


def test_replications_are_numbered_from_0() -> None:
    plan = checked_plan(SCENARIO, 3, 7, None)
    assert (plan.replications, plan.seed) == ((0, 1, 2), 7)


def test_choosing_replications_leaves_the_seed_alone() -> None:
    plan = checked_plan(SCENARIO, 3, 7, None, only=[5, 2])
    assert (plan.replications, plan.seed) == ((2, 5), 7)


def test_seeds_of_64_bits_stay_whole() -> None:
    assert checked_plan(SCENARIO, 1, 2**64 - 1, None).seed == 2**64 - 1


def test_numbers_of_numpy_are_numbers() -> None:
    assert checked_plan(SCENARIO, np.int64(2), np.uint64(2**63), None).seed == 2**63


def test_everything_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(ArgumentError) as caught:
        checked_plan("synnovis-2024", 0, -1, 0, only=[1, 1])
    message = str(caught.value)
    for part in ("load_scenario", "replications is 0", "seed is -1", "workers is 0", "only is"):
        assert part in message


@pytest.mark.parametrize("count", [1_000_001, 10**30])
def test_more_than_is_ever_run_is_refused_with_the_limit(count: int) -> None:
    with pytest.raises(ArgumentError, match="from 1 to 1,000,000"):
        checked_plan(SCENARIO, count, 1, None)
    with pytest.raises(ArgumentError, match="from 0 to 999,999"):
        checked_plan(SCENARIO, 1, 1, None, only=[count])


@pytest.mark.parametrize("seed", [1.0, "1", True, None, 2**64])
def test_what_is_not_a_seed_is_refused(seed: object) -> None:
    with pytest.raises(ArgumentError, match="seed is"):
        checked_plan(SCENARIO, 1, seed, None)
