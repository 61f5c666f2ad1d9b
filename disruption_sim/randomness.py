"""Random numbers that do not move when something else is added.

Two kinds, both found by name and never by the order in which code asks:

* the world is drawn vectorised from one NumPy generator per (seed, replication, purpose);
* a draw that depends on the state of the simulation comes from a counter-based hash of
  (seed, replication, purpose, entity, occasion): the finaliser of SplitMix64 (Steele, Lea and
  Flood, OOPSLA 2014), applied twice.
"""

from __future__ import annotations

import hashlib
from typing import overload

import numpy as np
import numpy.typing as npt

UInt64Array = npt.NDArray[np.uint64]
FloatArray = npt.NDArray[np.float64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_MASK = (1 << 64) - 1


def _words(seed: int, replication: int, purpose: str) -> list[int]:
    """Return the entropy that identifies a purpose: 128 bits of its name behind the numbers."""
    digest = hashlib.sha256(purpose.encode("utf-8")).digest()[:16]
    name = [int.from_bytes(digest[i : i + 4], "little") for i in range(0, 16, 4)]
    return [seed & 0xFFFFFFFF, (seed >> 32) & 0xFFFFFFFF, replication, *name]


def stream(seed: int, replication: int, purpose: str) -> np.random.Generator:
    """Return the generator of one named purpose of one replication.

    Parameters
    ----------
    seed : int
        The experiment's seed, 0 to 2**64 - 1.
    replication : int
        Replication number, from 0.
    purpose : str
        Name of what is drawn, for example ``"tubes.kings.emergency_department"``.
    """
    sequence = np.random.SeedSequence(_words(seed, replication, purpose))
    return np.random.Generator(np.random.PCG64DXSM(sequence))


def purpose_key(seed: int, replication: int, purpose: str) -> np.uint64:
    """Return the 64-bit key of one purpose for `hash_uniform`."""
    sequence = np.random.SeedSequence(_words(seed, replication, purpose))
    return np.uint64(sequence.generate_state(1, dtype=np.uint64)[0])


def _mix(value: UInt64Array) -> UInt64Array:
    value = (value ^ (value >> np.uint64(30))) * _MIX_1
    value = (value ^ (value >> np.uint64(27))) * _MIX_2
    return value ^ (value >> np.uint64(31))


def _mix_int(value: int) -> int:
    value = ((value ^ (value >> 30)) * int(_MIX_1)) & _MASK
    value = ((value ^ (value >> 27)) * int(_MIX_2)) & _MASK
    return value ^ (value >> 31)


@overload
def hash_uniform(key: np.uint64, entity: int, occasion: int = 0) -> float: ...
@overload
def hash_uniform(
    key: np.uint64, entity: npt.NDArray[np.integer], occasion: int | npt.NDArray[np.integer] = 0
) -> FloatArray: ...
def hash_uniform(
    key: np.uint64,
    entity: int | npt.NDArray[np.integer],
    occasion: int | npt.NDArray[np.integer] = 0,
) -> float | FloatArray:
    """Return a number in (0, 1) that depends on the key, the entity and the occasion alone.

    Parameters
    ----------
    key : uint64
        From `purpose_key`.
    entity, occasion : int or array of int
        Which patient, tube or operation, and for the how-manieth time.
    """
    if isinstance(entity, np.ndarray) or isinstance(occasion, np.ndarray):
        entities = np.asarray(entity).astype(np.uint64)
        occasions = np.asarray(occasion).astype(np.uint64)
        with np.errstate(over="ignore"):
            mixed = _mix(key + (entities + np.uint64(1)) * _GOLDEN)
            mixed = _mix(mixed + (occasions + np.uint64(1)) * _GOLDEN)
        numbers: FloatArray = ((mixed >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53
        return numbers
    golden = int(_GOLDEN)
    value = _mix_int((int(key) + (int(entity) + 1) * golden) & _MASK)
    value = _mix_int((value + (int(occasion) + 1) * golden) & _MASK)
    return ((value >> 11) + 0.5) * 2.0**-53
