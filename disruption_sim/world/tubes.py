"""Samples that are asked for whatever happens: Poisson by day, with hour and weekday profiles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from disruption_sim.grid import TICKS_PER_HOUR
from disruption_sim.randomness import stream
from disruption_sim.scenario.model import BLOOD_TYPES, Scenario, Source, SourceRules, TubeType
from disruption_sim.world.days import Days
from disruption_sim.world.model import Tubes

Keys = npt.NDArray[np.int64]
SOURCES = tuple(Source)
TUBE_TYPES = tuple(TubeType)

# One sample is one 64-bit number: time in ticks above, then origin, source, type and the mark of an
# appointment's sample. Sorting these numbers sorts everything at once, about eight times faster
# than sorting positions by time.
_ORIGIN_BITS, _SOURCE_BITS, _TYPE_BITS = 8, 3, 3
_SHIFT = _ORIGIN_BITS + _SOURCE_BITS + _TYPE_BITS + 1
_TICKS_PER_DAY = 24 * TICKS_PER_HOUR


def pack(
    ticks: Keys, origin: int | Keys, source: int | Keys, tube_type: int | Keys, linked: bool
) -> Keys:
    """Return samples as sortable numbers, int64 of the shape of `ticks`."""
    code = np.left_shift(
        np.left_shift(np.left_shift(origin, _SOURCE_BITS) + source, _TYPE_BITS) + tube_type, 1
    )
    packed: Keys = np.left_shift(ticks, _SHIFT) + code + int(linked)
    return packed


@dataclass(frozen=True)
class HourProfile:
    """How the samples of a day spread over its hours, evenly within an hour."""

    cumulative: npt.NDArray[np.float64]

    @classmethod
    def of(cls, weights: Sequence[float]) -> HourProfile:
        """Return the profile of 24 weights."""
        shares = np.concatenate([[0.0], np.cumsum(np.asarray(weights, dtype=np.float64))])
        return cls(shares / shares[-1])

    def ticks(self, uniform: npt.NDArray[np.float64]) -> Keys:
        """Return the time of day in ticks for uniform numbers in [0, 1)."""
        hours = np.interp(uniform, self.cumulative, np.arange(25.0))
        ticks: Keys = (hours * TICKS_PER_HOUR).astype(np.int64)
        return np.minimum(ticks, _TICKS_PER_DAY - 1)


def draw_source(
    scenario: Scenario,
    days: Days,
    seed: int,
    replication: int,
    source: Source,
    origin: int,
    place: str,
    tubes_per_weekday: float,
) -> Keys:
    """Return one source's samples at one place over the whole time, packed, in no order.

    Notes
    -----
    The number of a day is Poisson with mean ``tubes_per_weekday`` times the weekday's factor
    (Monday to Friday have mean 1); hours follow the profile: a Poisson process whose rate is
    constant within each hour. Each type that is switched on is drawn by itself, so blood comes
    as it does without it.
    """
    rules = scenario.pathology.source(source)
    purpose = f"tubes.{place}.{source.value}"
    rng = stream(seed, replication, purpose)
    ticks = _times(rng, rules, days, tubes_per_weekday)
    limits = np.cumsum([rules.blood_mix[tube_type] for tube_type in BLOOD_TYPES])[:-1]
    types = np.searchsorted(limits, rng.random(ticks.size), side="right")
    parts = [pack(ticks, origin, SOURCES.index(source), types, linked=False)]
    for tube_type in scenario.pathology.tube_types_in_use[len(BLOOD_TYPES) :]:
        volume = tubes_per_weekday * rules.samples_per_blood_sample(tube_type)
        rng = stream(seed, replication, f"{purpose}.{tube_type.value}")
        ticks = _times(rng, rules, days, volume)
        number = TUBE_TYPES.index(tube_type)
        parts.append(pack(ticks, origin, SOURCES.index(source), number, linked=False))
    return np.concatenate(parts)


def _times(
    rng: np.random.Generator, rules: SourceRules, days: Days, tubes_per_weekday: float
) -> Keys:
    """Draw the times of collection over all days, in ticks."""
    factors = np.asarray(rules.weekday_profile, dtype=np.float64)
    weekdays = factors[:5].mean()
    factors = factors / weekdays if weekdays > 0.0 else factors
    counts = rng.poisson(tubes_per_weekday * factors[days.weekday])
    day = np.repeat(np.arange(days.count, dtype=np.int64), counts)
    hour = HourProfile.of(rules.hour_profile).ticks(rng.random(day.size))
    ticks: Keys = day * _TICKS_PER_DAY + hour
    return ticks


def draw_unlinked(scenario: Scenario, days: Days, seed: int, replication: int) -> list[Keys]:
    """Return the samples of all sources that belong to no appointment, packed, by place."""
    network = scenario.network
    drawn = [
        draw_source(scenario, days, seed, replication, source, number, site.name, volume)
        for number, site in enumerate(network.sites)
        for source, volume in site.tubes_per_weekday.items()
        if volume > 0.0
    ]
    drawn += [
        draw_source(
            scenario,
            days,
            seed,
            replication,
            Source.GENERAL_PRACTICE,
            len(network.sites) + number,
            borough.name,
            borough.tubes_per_weekday,
        )
        for number, borough in enumerate(network.boroughs)
        if borough.tubes_per_weekday > 0.0
    ]
    return drawn


def assemble(unlinked: list[Keys], linked: Keys) -> tuple[Tubes, npt.NDArray[np.int32]]:
    """Return all samples in order of collection, and the numbers that the linked ones got.

    Parameters
    ----------
    unlinked : list of int64 arrays
        Packed.
    linked : int64 (m,)
        Packed samples of appointments; negative for one that does not exist.

    Returns
    -------
    tubes : Tubes
    numbers : int32 (m,)
        Position of each linked sample in `tubes`, -1 for one that does not exist.
    """
    exists = linked >= 0
    keys = np.concatenate([*unlinked, linked[exists]])
    keys.sort()
    numbers = np.full(linked.size, -1, dtype=np.int32)
    # The k-th marked sample of the sorted whole is the k-th of the sorted marked ones.
    where = np.flatnonzero(exists)
    order = np.argsort(linked[exists], kind="stable")
    numbers[where[order]] = np.flatnonzero(keys & 1)
    code = (keys & ((1 << _SHIFT) - 1)) >> 1
    keys >>= _SHIFT
    tubes = Tubes(
        collected=keys / TICKS_PER_HOUR,
        source=((code >> _TYPE_BITS) & ((1 << _SOURCE_BITS) - 1)).astype(np.uint8),
        tube_type=(code & ((1 << _TYPE_BITS) - 1)).astype(np.uint8),
        origin=(code >> (_TYPE_BITS + _SOURCE_BITS)).astype(np.uint8),
    )
    return tubes, numbers
