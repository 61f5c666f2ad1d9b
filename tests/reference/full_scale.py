"""A network of the size of a region's laboratories, for measuring speed."""

from __future__ import annotations

import math

import numpy as np

from disruption_sim.grid import to_grid
from disruption_sim.pathology.network import NetworkLayout, TubeArrays
from tests.reference.networks import Row, Station, always, network

LABORATORIES = 6
STATIONS_EACH = 10
VISITS_PER_TUBE = 7
TUBES_PER_HOUR = 1_035.0


def full_scale_layout(*, outage: tuple[float, float] | None = None) -> NetworkLayout:
    """Six laboratories of ten stations; a tube passes seven, two of them mostly without service.

    Booking-in, authorisation, reporting and back-entry of a laboratory share their people, and
    one tube in fifty is rejected at booking-in. During an outage (from, to: hours) booking-in works
    by hand with a tenth of its speed.
    """
    stations = []
    for laboratory in range(LABORATORIES):
        first = laboratory * STATIONS_EACH
        analysers = [first + 3 + kind for kind in range(4)]
        authorisation, reporting, back_entry = first + 7, first + 8, first + 9

        def needed(hours: float, share: float = 1.0) -> int:
            return math.ceil(TUBES_PER_HOUR / LABORATORIES * share * hours * 1.7 / 0.85) + 1

        people = needed(1 / 60) + needed(3 / 60, 0.1) + needed(0.2 / 60) + needed(2 / 60, 0.05)
        booking: list[Row] = [(-math.inf, people, 0, 1.0, 0.0)]
        if outage is not None:
            booking += [(outage[0], people, 1, 1.0, 0.0), (outage[1], *booking[0][1:])]
        stations += [
            Station(booking, 1 / 60, 10 / 60, cv=0.5, manual_cv=0.5, served=first + 1,
                    pick_rank=2, rejected=0.02),
            Station(always(needed(0.5 / 60)), 0.5 / 60, cv=0.3, served=first + 2,
                    checks_expiry=True),
            Station(always(needed(4 / 60)), 4 / 60, cv=0.2, served=analysers),
        ]  # fmt: skip
        stations += [
            Station(always(needed(3 / 60, 0.25)), 3 / 60, cv=0.4, served=authorisation,
                    checks_expiry=True, notes_manual=True)
            for _ in range(4)
        ]  # fmt: skip
        stations += [
            Station(always(0, 0.9), 3 / 60, cv=0.8, served=reporting, skipped=reporting,
                    pool=first, pick_rank=1),
            Station(always(0), 0.2 / 60, cv=0.2, served=back_entry, reports=True, pool=first),
            Station(always(0, 0.97), 2 / 60, cv=0.5, back_entry=True, pool=first, pick_rank=3,
                    fixed_class=2),
        ]  # fmt: skip
    return network(
        stations,
        stability=[24.0, 24.0, 12.0, 48.0],
        rebleed_share=[0.9, 0.5],
        rebleed_delay=[2.0, 24.0],
        transport=[0.5, 4.0],
    )


def full_scale_tubes(count: int, *, blocks: int = 1, seed: int = 1) -> TubeArrays:
    """Draw tubes by hour of day; each block of numbers spans the whole time, nearly in order."""
    draw = np.random.default_rng(seed)
    hours = count / TUBES_PER_HOUR
    arrival = draw.uniform(0, hours, count)
    # Arrivals swing by 60 % about their mean over the day; the map keeps its whole days in place.
    arrival += 0.6 * 24 / (2 * np.pi) * np.sin(arrival * 2 * np.pi / 24)
    arrival = np.clip(arrival, 0, None)
    for part in np.array_split(np.arange(count), blocks):
        arrival[part] = np.sort(arrival[part])
    collected = to_grid(arrival)
    arrival = to_grid(collected + draw.uniform(0, 0.5, count))
    laboratory = draw.integers(0, LABORATORIES, count)
    return TubeArrays(
        arrival=arrival,
        collected=collected,
        source=draw.integers(0, 2, count).astype(np.uint8),
        tube_type=draw.integers(0, 4, count).astype(np.uint8),
        priority=draw.integers(0, 3, count).astype(np.uint8),
        entry_station=(laboratory * STATIONS_EACH).astype(np.int16),
    )


def horizon_of(tubes: TubeArrays) -> float:
    return math.ceil(float(tubes.arrival.max())) + 1.0
