"""Streams are found by name, do not repeat and look random."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from disruption_sim.grid import TICKS_PER_HOUR, to_grid
from disruption_sim.randomness import hash_uniform, purpose_key, stream

pytestmark = pytest.mark.unit


def test_a_stream_depends_on_seed_replication_and_purpose() -> None:
    drawn = {
        (seed, replication, purpose): stream(seed, replication, purpose).random()
        for seed in (0, 1, 2**32, 2**63)
        for replication in (0, 1)
        for purpose in ("tubes", "clinics")
    }
    assert len(set(drawn.values())) == len(drawn)
    assert stream(1, 0, "tubes").random() == drawn[1, 0, "tubes"]


def test_keys_of_many_replications_do_not_repeat() -> None:
    """Seeds of 16 bits repeat within one experiment: the fault of a comparable tool."""
    keys = {int(purpose_key(7, replication, "x")) for replication in range(5000)}
    assert len(keys) == 5000


@given(st.integers(0, 2**31 - 1), st.integers(0, 1000))
def test_one_entity_and_many_give_the_same_number(entity: int, occasion: int) -> None:
    key = purpose_key(3, 1, "purpose")
    many = hash_uniform(key, np.array([entity], dtype=np.int64), occasion)
    assert many[0] == hash_uniform(key, entity, occasion)
    assert 0.0 < many[0] < 1.0


def test_hashed_numbers_are_uniform_and_uncorrelated_across_occasions() -> None:
    key = purpose_key(11, 0, "uniform")
    entities = np.arange(50_000)
    first, second = hash_uniform(key, entities, 0), hash_uniform(key, entities, 1)
    assert stats.kstest(first, "uniform").pvalue > 1e-3
    assert abs(np.corrcoef(first, second)[0, 1]) < 4 / np.sqrt(entities.size)
    assert abs(np.corrcoef(first[1:], first[:-1])[0, 1]) < 4 / np.sqrt(entities.size)


@given(st.floats(0.0, 8000.0), st.floats(0.0, 100.0))
def test_sums_on_the_grid_are_exact(now: float, delay: float) -> None:
    now, delay = to_grid(now), to_grid(delay)
    then = now + delay
    assert then - now == delay
    assert then * TICKS_PER_HOUR == int(then * TICKS_PER_HOUR)
