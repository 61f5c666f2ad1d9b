"""Numbers of samples that are asked for in the course of an arm and so are not in the world."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Identities = npt.NDArray[np.uint64]
Integers = int | npt.NDArray[np.integer]

# From the highest bit: the mark, source, who, for the how-manieth time, tube type.
_MARK = 1 << 63
_SOURCE_BITS, _WHO_BITS, _OCCASION_BITS, _TYPE_BITS = 3, 32, 24, 4
TYPE_BITS = np.uint64(_TYPE_BITS)
"""Identities that differ in these lowest bits alone are tubes of one request."""


def sample_identities(
    source: int, who: Integers, occasion: Integers, tube_type: Integers
) -> Identities:
    """Return the numbers by which the draws of samples asked for at run time are found.

    A sample of the world is drawn for by its number. The number of one asked for at run time says
    how many were asked for before it, which differs between arms; this one depends only on who is
    bled, for the how-manieth time and for what. It is never the number of a sample of the world.

    Parameters
    ----------
    source : int
        Position in ``Source``; it also says what `who` is.
    who : int (n,)
        Number of the patient (pre-assessment) or of the appointment (clinics).
    occasion : int (n,)
        For the how-manieth booking.
    tube_type : int (n,)
        Position in ``TubeType``.

    Returns
    -------
    uint64 (n,)
        Different for different arguments; the highest bit is set.

    Raises
    ------
    ValueError
        If a number is negative or too large.
    """
    number = np.array(_MARK, dtype=np.uint64)
    shift = 63
    for name, bits, given in (
        ("source", _SOURCE_BITS, source),
        ("who", _WHO_BITS, who),
        ("occasion", _OCCASION_BITS, occasion),
        ("tube_type", _TYPE_BITS, tube_type),
    ):
        values = np.asarray(given)
        if values.size and not 0 <= values.min() <= values.max() < 1 << bits:
            raise ValueError(f"{name} of a sample is not from 0 to 2**{bits} - 1")
        shift -= bits
        number = number | np.left_shift(values.astype(np.uint64), np.uint64(shift))
    return np.atleast_1d(number)
