"""What those who wait for results see of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from disruption_sim.care.ports import BloodTests, Flags, Floats, Numbers


def missing_results(blood_tests: BloodTests, tubes: Numbers, by: float | Floats) -> Flags:
    """Return which tubes were not reported in time, bool (n, 2).

    Parameters
    ----------
    blood_tests : BloodTests
    tubes : int32 (n, 2)
        -1 for a result that is in hand.
    by : float or float64 (n,)
        Hours, not after the present time of the laboratories.
    """
    reported_at: Floats = blood_tests.reported_at(tubes.ravel()).reshape(tubes.shape)
    missing = np.ones(tubes.shape, dtype=np.bool_)
    missing[reported_at <= np.asarray(by)[..., None]] = False
    return missing


def expired(blood_tests: BloodTests, tubes: Numbers, missing: Flags, now: float) -> Flags:
    """Return who has a missing tube that was taken and is no good any more.

    Parameters
    ----------
    blood_tests : BloodTests
    tubes : int32 (n, 2)
    missing : bool (n, 2)
    now : float
    """
    found = np.zeros(missing.shape, dtype=np.bool_)
    numbers = tubes[missing]
    if numbers.size:
        # A tube that a restriction kept from being taken is lost too, but has not expired.
        taken = blood_tests.collected_at(numbers) <= now
        found[missing] = blood_tests.lost(numbers) & taken
    flags: Flags = found[:, 0] | found[:, 1]
    return flags


Column = np.ndarray[tuple[int, ...], np.dtype[Any]]


def in_order(events: Sequence[tuple[Column, ...]], kinds: Sequence[type]) -> tuple[Column, ...]:
    """Return events that were noted in parts as whole columns, in order of their first.

    Parameters
    ----------
    events : sequence of tuples of arrays
        Each tuple is some events: their times, then what belongs to them.
    kinds : sequence of types
        Of the columns.
    """
    whole = [
        np.concatenate([np.zeros(0, dtype=kind), *(part[column] for part in events)])
        for column, kind in enumerate(kinds)
    ]
    order = np.argsort(whole[0], kind="stable")
    return tuple(column[order] for column in whole)
