"""The order in which tubes known beforehand arrive at the laboratories, found in linear time."""

from __future__ import annotations

from typing import Any

import numpy as np

from disruption_sim.pathology.compiled import compiled, wide
from disruption_sim.pathology.network import CLASS_COUNT

# Arguments of compiled functions are arrays.
Array = Any

TICKS_PER_HOUR = 1048576.0


@compiled
def first_faulty_tube(
    arrival: Array, collected: Array, source: Array, tube_type: Array, priority: Array,
    entry_station: Array, start: float, stations: int, tube_types: int, sources: int,
) -> int:  # fmt: skip
    """Return the first tube with an impossible value, or -1."""
    for i in range(len(arrival)):
        if entry_station[i] < 0:
            continue
        if (
            not (start <= arrival[i] < np.inf)
            or not (collected[i] <= arrival[i])
            or np.rint(arrival[i] * TICKS_PER_HOUR) != arrival[i] * TICKS_PER_HOUR
            or np.rint(collected[i] * TICKS_PER_HOUR) != collected[i] * TICKS_PER_HOUR
            or entry_station[i] >= stations
            or source[i] >= sources
            or tube_type[i] >= tube_types
            or priority[i] >= CLASS_COUNT
        ):
            return i
    return -1


@compiled
def merge_sort(order: Array, scratch: Array, start: int, end: int, arrival: Array) -> None:
    """Sort ``order[start:end]`` by arrival, leaving equal ones in their order."""
    width = 16
    for low in range(start, end, width):
        for k in range(low + 1, min(low + width, end)):
            i = order[k]
            time = arrival[i]
            j = k - 1
            while j >= low and arrival[order[j]] > time:
                order[j + 1] = order[j]
                j -= 1
            order[j + 1] = i
    while width < end - start:
        for low in range(start, end - width, 2 * width):
            middle = low + width
            high = min(middle + width, end)
            if arrival[order[middle - 1]] <= arrival[order[middle]]:
                continue
            for k in range(low, middle):
                scratch[k] = order[k]
            a, b, k = low, middle, low
            while a < middle and b < high:
                if arrival[scratch[a]] <= arrival[order[b]]:
                    order[k] = scratch[a]
                    a += 1
                else:
                    order[k] = order[b]
                    b += 1
                k += 1
            while a < middle:
                order[k] = scratch[a]
                a += 1
                k += 1
        width *= 2


@compiled
def arrival_order(
    arrival: Array, entry_station: Array, first: Array, start: float, hours: float, buckets: int
) -> Array:
    """Return the tubes of each entry station by (arrival, number), and fill `first`.

    A counting sort by station and time bucket, then a stable sort within the buckets. Station
    ``s`` has ``order[first[s]:first[s + 1]]``.
    """
    stations = len(first) - 1
    scale = buckets / hours
    place = np.zeros(stations * buckets + 1, dtype=np.int32)
    for i in range(len(arrival)):
        if entry_station[i] >= 0:
            bucket = min(int((arrival[i] - start) * scale), buckets - 1)
            place[entry_station[i] * buckets + bucket + 1] += 1
    for k in range(stations * buckets):
        place[k + 1] += place[k]
    for s in range(stations + 1):
        first[s] = place[s * buckets]
    order = np.empty(first[stations], dtype=np.int32)
    for i in range(len(arrival)):
        if entry_station[i] >= 0:
            bucket = min(int((arrival[i] - start) * scale), buckets - 1)
            k = entry_station[i] * buckets + bucket
            order[place[k]] = i
            place[k] += 1
    scratch = np.empty(len(order), dtype=np.int32)
    begin = wide(0)
    for k in range(stations * buckets):
        if place[k] - begin > 1:
            merge_sort(order, scratch, begin, wide(place[k]), arrival)
        begin = wide(place[k])
    return order
