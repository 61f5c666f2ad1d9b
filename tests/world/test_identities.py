"""Numbers of samples that are asked for at run time: nobody shares one, and the world has none."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from disruption_sim.world.identities import TYPE_BITS, sample_identities

pytestmark = pytest.mark.unit


def test_different_samples_have_different_numbers() -> None:
    corners = [(0, 1, 6), (0, 1, 2**32 - 1), (0, 1, 2**24 - 1), (0, 1, 3)]
    numbers = [int(sample_identities(*corner)[0]) for corner in itertools.product(*corners)]
    assert len(set(numbers)) == 3**4
    assert min(numbers) >= 1 << 63


def test_arrays_have_the_numbers_of_their_elements() -> None:
    who, occasion, tube_type = np.array([5, 9]), np.array([1, 3]), np.array([0, 2], dtype=np.uint8)
    together = sample_identities(4, who, occasion, tube_type)
    assert together.dtype == np.uint64
    alone = [int(sample_identities(4, 5, 1, 0)[0]), int(sample_identities(4, 9, 3, 2)[0])]
    assert together.tolist() == alone


def test_tubes_of_one_request_differ_in_the_lowest_bits_alone() -> None:
    request = sample_identities(4, 5, 1, np.arange(4)) >> TYPE_BITS
    assert np.unique(request).size == 1
    for other in (
        sample_identities(4, 5, 2, 0),
        sample_identities(4, 6, 1, 0),
        sample_identities(5, 5, 1, 0),
    ):
        assert other[0] >> TYPE_BITS != request[0]


@pytest.mark.parametrize("arguments", [(8, 0, 0, 0), (0, -1, 0, 0), (0, 0, 1 << 24, 0)])
def test_numbers_that_do_not_fit_are_refused(arguments: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match="of a sample is not from 0"):
        sample_identities(*arguments)
