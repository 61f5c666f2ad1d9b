"""The compiled part of the laboratory kernel: the passes of tubes through stations.

Everything Numba compiles is in this one file, with its record layouts and constants, because
Numba's cache does not notice a change in another file.

**Order at one instant** (the tie rule; the plain SimPy reference in the tests keeps to it too).
Stations in network order; at a station first its schedule change, which starts waiting tubes when
servers are added; then arrivals in order of tube number, each starting at once if a server is
free; then completions in order of tube number, each then taking the head of the highest class
that is not empty. A queue is first come, first served within a class; tubes that come at one
instant queue in order of tube number. What is handed in or rescheduled for an instant that has
already been worked off is worked off as a further round of that instant, in the same order.

**Why stations may be passed one after the other.** Tubes move forward only, so what happens at a
station until a time depends on the stations before it until that time. The one way back is a
discarded tube that is collected again. It arrives no sooner than the shortest re-bleed delay
after the discard (the lookahead), so within a window shorter than that no station can influence
one before it, and the passes in network order give the same history as one calendar for all.
This is conservative synchronisation (Chandy and Misra, 1979). Windows also end at every full
hour, which keeps the tubes of a window in the processor's cache.
"""

from __future__ import annotations

import functools
import math
import warnings
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np

Function = TypeVar("Function", bound=Callable[..., Any])
# Arguments of compiled functions are arrays of the record layouts below.
Array = Any
# Numbers read from them are widened, or Numba compiles functions anew for every mixture of widths.
wide: Any = np.int64

TICKS_PER_HOUR = 1048576.0
TICK = 1.0 / TICKS_PER_HOUR
HOURS_PER_WEEK = 168.0
NEVER = np.inf
NOT_WATCHED = 1 << 60

SERVED = 0
SKIPPED = 1
LAST_OCCASION = 255

MANUAL = 1
DISCARDED = 2
ABANDONED = 4
WATCHED = 8
TRIGGERED = 16

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
MIX_2 = np.uint64(0x94D049BB133111EB)
SHIFT_30, SHIFT_27, SHIFT_31 = np.uint64(30), np.uint64(27), np.uint64(31)
SHIFT_11, SHIFT_52, ONE = np.uint64(11), np.uint64(52), np.uint64(1)

# What a pass touches at every visit, in 16 bytes. `ready` is the time of the last hand-over: the
# arrival at the present station, or the coming arrival of a tube that is on its way.
TUBE = np.dtype(
    [("ready", "f8"), ("next", "i4"), ("tube_type", "u1"), ("source", "u1"),
     ("priority", "u1"), ("occasion", "u1")], align=True,
)  # fmt: skip
STATION = np.dtype(
    [("service_key", "u8"), ("skip_key", "u8"), ("row_time", "f8"), ("speed", "f8"),
     ("skip_share", "f8"), ("settled", "f8"), ("next_time", "f8"), ("capacity", "i8"),
     ("busy", "i8"), ("waiting", "i8"), ("entering", "i8"), ("mode", "i8"), ("row", "i8"),
     ("row_end", "i8"), ("first_server", "i8"), ("watch_above", "i8"), ("cursor", "i8"),
     ("cursor_end", "i8"), ("checks_expiry", "u1"), ("marks_reported", "u1"),
     ("marks_manual", "u1"), ("marks_back_entered", "u1"), ("stepped", "u1")], align=True,
)  # fmt: skip
QUEUE = np.dtype([("head", "i4"), ("tail", "i4")], align=True)
SERVER = np.dtype([("time", "f8"), ("tube", "i4")], align=True)
# Tubes on their way from one station to the next (the first edge of a station: from outside).
EDGE = np.dtype([("time", "f8"), ("head", "i4"), ("tail", "i4"), ("before", "i4")], align=True)
SCHEDULE = np.dtype(
    [("time", "f8"), ("speed", "f8"), ("skip_share", "f8"), ("servers", "i4"), ("mode", "i4")],
    align=True,
)
SOURCE = np.dtype(
    [("rebleed_share", "f8"), ("rebleed_delay", "f8"), ("transport", "f8")], align=True
)
STATION_WEEK = np.dtype(
    [("busy_hours", "f8"), ("closing_hours", "f8"), ("offered_hours", "f8"), ("longest_wait", "f8"),
     ("served", "i8"), ("skipped", "i8"), ("longest_queue", "i8")], align=True,
)  # fmt: skip
SOURCE_WEEK = np.dtype(
    [("received", "i8"), ("discarded", "i8"), ("rebled", "i8"), ("abandoned", "i8")], align=True
)
CLOCK = np.dtype(
    [("now", "f8"), ("lookahead", "f8"), ("watch_from", "f8"), ("rebleed_key", "u8"),
     ("delay_key", "u8"), ("pending", "i8"), ("known_tubes", "i8"), ("watched_queues", "i8"),
     ("watched_tubes", "i8"), ("triggered", "i8"), ("received", "i8"), ("reported", "i8"),
     ("discarded", "i8"), ("rebled", "i8"), ("abandoned", "i8"), ("departed", "i8"),
     ("departed_unreported", "i8")], align=True,
)  # fmt: skip


def compiled(function: Function) -> Function:
    """Compile a function with Numba, kept on disk if there is a folder that can be written."""
    return _compile(function, inline=False)


def inlined(function: Function) -> Function:
    """Compile a function into its callers: a call would count references to every array."""
    return _compile(function, inline=True)


def _compile(function: Function, inline: bool) -> Function:
    compile_it: Any = functools.partial(
        numba.njit, error_model="numpy", nogil=True, forceinline=inline
    )
    try:
        return cast(Function, compile_it(cache=True)(function))
    except RuntimeError as error:
        warnings.warn(
            f"the laboratory kernel is compiled anew in every process: {error}",
            RuntimeWarning,
            stacklevel=3,
        )
        return cast(Function, compile_it()(function))


@inlined
def mixed_hash(key: Any, entity: Any, occasion: Any) -> Any:
    """Return 64 random bits; `disruption_sim.randomness.hash_uniform` makes its number of them."""
    value = key + (np.uint64(entity) + ONE) * GOLDEN
    value = (value ^ (value >> SHIFT_30)) * MIX_1
    value = (value ^ (value >> SHIFT_27)) * MIX_2
    value = value ^ (value >> SHIFT_31)
    value = value + (np.uint64(occasion) + ONE) * GOLDEN
    value = (value ^ (value >> SHIFT_30)) * MIX_1
    value = (value ^ (value >> SHIFT_27)) * MIX_2
    return value ^ (value >> SHIFT_31)


@inlined
def hash_number(key: Any, entity: Any, occasion: Any) -> Any:
    """Return the number in (0, 1) of `disruption_sim.randomness.hash_uniform`."""
    return (np.float64(mixed_hash(key, entity, occasion) >> SHIFT_11) + 0.5) * 2.0**-53


@inlined
def entity_of(i: Any, known_tubes: Any, identity: Array) -> Any:
    """Return the number by which a tube's draws are found.

    Its own, unless it was handed in at run time: then how many were handed in before would decide.
    """
    if i < known_tubes:
        return np.uint64(i)
    return identity[i - known_tubes]


# --- tubes on their way -------------------------------------------------------------------------


@inlined
def append_to_edge(line: Any, tube: Array, i: int, time: float) -> None:
    """Put a tube behind those on an edge; within an instant in order of tube number."""
    tube[i]["ready"] = time
    head = line["head"]
    if head < 0:
        line["head"] = i
        line["tail"] = i
        line["before"] = -1
        line["time"] = time
        return
    tail = line["tail"]
    if time > tube[tail]["ready"]:
        tube[tail]["next"] = i
        line["before"] = tail
        line["tail"] = i
    elif i > tail:
        tube[tail]["next"] = i
        line["tail"] = i
    else:
        previous = line["before"]
        following = head if previous < 0 else tube[previous]["next"]
        while following < i:
            previous = following
            following = tube[following]["next"]
        tube[i]["next"] = following
        if previous < 0:
            line["head"] = i
        else:
            tube[previous]["next"] = i


@compiled
def push_pending(pending: Array, clock: Array, tube: Array, i: int) -> None:
    """Add a tube to the heap of coming arrivals, ordered by (ready, number)."""
    k = clock[0]["pending"]
    clock[0]["pending"] = k + 1
    time = tube[i]["ready"]
    while k > 0:
        parent = (k - 1) >> 1
        j = pending[parent]
        other = tube[j]["ready"]
        if other < time or (other == time and j < i):
            break
        pending[k] = j
        k = parent
    pending[k] = i


@compiled
def push_many(pending: Array, clock: Array, tube: Array, first: int, end: int) -> None:
    """Add the tubes `first` to `end` - 1 to the heap of coming arrivals."""
    for i in range(first, end):
        push_pending(pending, clock, tube, i)


@compiled
def pop_pending(pending: Array, clock: Array, tube: Array) -> int:
    """Take the first tube from the heap of coming arrivals."""
    first: int = wide(pending[0])
    size = clock[0]["pending"] - 1
    clock[0]["pending"] = size
    i = pending[size]
    time = tube[i]["ready"]
    k = 0
    while True:
        child = 2 * k + 1
        if child >= size:
            break
        j = pending[child]
        other = tube[j]["ready"]
        if child + 1 < size:
            right = pending[child + 1]
            right_time = tube[right]["ready"]
            if right_time < other or (right_time == other and right < j):
                child += 1
                j = right
                other = right_time
        if time < other or (time == other and i < j):
            break
        pending[k] = j
        k = child
    pending[k] = i
    return first


@compiled
def admit(
    end: float, week: int, tube: Array, entry_station: Array, order: Array, pending: Array,
    station: Array, edge: Array, edge_start: Array, source_week: Array, clock: Array,
) -> None:  # fmt: skip
    """Put what arrives from outside until `end` on the first edge of its station."""
    for s in range(len(station)):
        station[s]["entering"] = 0
    while clock[0]["pending"] > 0 and tube[pending[0]]["ready"] <= end:
        i = pop_pending(pending, clock, tube)
        s = wide(entry_station[i])
        time = tube[i]["ready"]
        admit_known(s, time, i, week, tube, order, station, edge, edge_start, source_week, clock)
        append_to_edge(edge[edge_start[s]], tube, i, time)
        station[s]["entering"] += 1
        source_week[week, tube[i]["source"]]["received"] += 1
        clock[0]["received"] += 1
    for s in range(len(station)):
        if station[s]["cursor"] < station[s]["cursor_end"]:
            admit_known(
                s, end, -1, week, tube, order, station, edge, edge_start, source_week, clock
            )


@compiled
def admit_known(
    s: int, end: float, before: int, week: int, tube: Array, order: Array, station: Array,
    edge: Array, edge_start: Array, source_week: Array, clock: Array,
) -> None:  # fmt: skip
    """Do so for the tubes known beforehand, until `end` (there, up to tube `before` if not -1)."""
    state = station[s]
    cursor = state["cursor"]
    first = cursor
    while cursor < state["cursor_end"]:
        i = wide(order[cursor])
        time = tube[i]["ready"]
        if time > end or (time == end and before >= 0 and i > before):
            break
        append_to_edge(edge[edge_start[s]], tube, i, time)
        source_week[week, tube[i]["source"]]["received"] += 1
        cursor += 1
    state["cursor"] = cursor
    state["entering"] += cursor - first
    clock[0]["received"] += cursor - first


@compiled
def put_back(
    week: int, tube: Array, pending: Array, station: Array, edge: Array, edge_start: Array,
    source_week: Array, clock: Array,
) -> None:  # fmt: skip
    """Undo `admit` for what a window that ended early has not reached."""
    for s in range(len(station)):
        line = edge[edge_start[s]]
        i = wide(line["head"])
        tail = line["tail"]
        line["head"] = -1
        line["time"] = NEVER
        while i >= 0:
            following = wide(-1) if i == tail else wide(tube[i]["next"])
            clock[0]["received"] -= 1
            source_week[week, tube[i]["source"]]["received"] -= 1
            if i < clock[0]["known_tubes"] and tube[i]["occasion"] == 0:
                station[s]["cursor"] -= 1
            else:
                push_pending(pending, clock, tube, i)
            i = following


# --- one station ----------------------------------------------------------------------------------


@compiled
def discard(
    i: int, time: float, week: int, tube: Array, collected: Array, flags: Array, identity: Array,
    pending: Array, source: Array, source_week: Array, clock: Array,
) -> None:  # fmt: skip
    """Throw an expired tube away and decide whether it is collected again."""
    tally = source_week[week, tube[i]["source"]]
    rule = source[tube[i]["source"]]
    occasion = tube[i]["occasion"]
    entity = entity_of(i, clock[0]["known_tubes"], identity)
    tally["discarded"] += 1
    clock[0]["discarded"] += 1
    flags[i] |= DISCARDED
    if flags[i] & WATCHED:
        flags[i] |= TRIGGERED
        clock[0]["triggered"] += 1
    if (
        occasion < LAST_OCCASION
        and hash_number(clock[0]["rebleed_key"], entity, occasion) < rule["rebleed_share"]
    ):
        stretch = 1.0 + hash_number(clock[0]["delay_key"], entity, occasion)
        delay = np.rint(rule["rebleed_delay"] * stretch * TICKS_PER_HOUR) * TICK
        collected[i] = time + delay
        tube[i]["occasion"] = occasion + 1
        tube[i]["ready"] = time + delay + rule["transport"]
        push_pending(pending, clock, tube, i)
        tally["rebled"] += 1
        clock[0]["rebled"] += 1
    else:
        flags[i] |= ABANDONED
        tally["abandoned"] += 1
        clock[0]["abandoned"] += 1


@inlined
def sift_up(server: Array, base: int, k: int, time: float, i: int) -> None:
    """Put a service into the heap of a station's busy servers, from its free place `k` upwards."""
    while k > 0:
        parent = (k - 1) >> 1
        other = server[base + parent]["time"]
        if other < time or (other == time and server[base + parent]["tube"] < i):
            break
        server[base + k]["time"] = other
        server[base + k]["tube"] = server[base + parent]["tube"]
        k = parent
    server[base + k]["time"] = time
    server[base + k]["tube"] = i


@inlined
def sift_down(server: Array, base: int, size: int, time: float, i: int) -> None:
    """Put a service into the heap of a station's busy servers, whose first place is free."""
    k = 0
    while True:
        child = 2 * k + 1
        if child >= size:
            break
        other = server[base + child]["time"]
        j = server[base + child]["tube"]
        if child + 1 < size:
            right_time = server[base + child + 1]["time"]
            right = server[base + child + 1]["tube"]
            if right_time < other or (right_time == other and right < j):
                child += 1
                other = right_time
                j = right
        if time < other or (time == other and i < j):
            break
        server[base + k]["time"] = other
        server[base + k]["tube"] = j
        k = child
    server[base + k]["time"] = time
    server[base + k]["tube"] = i


@inlined
def settle(state: Any, tally: Any, time: float, busy: int, capacity: int) -> None:
    """Add server-hours since the last change; servers over capacity are counted as closing."""
    elapsed = time - state["settled"]
    if elapsed > 0.0:
        tally["busy_hours"] += busy * elapsed
        tally["offered_hours"] += capacity * elapsed
        if busy > capacity:
            tally["closing_hours"] += (busy - capacity) * elapsed
        state["settled"] = time


@inlined
def next_event(s: int, station: Array, server: Array, edge: Array, edge_start: Array) -> float:
    """Return the time at which the station next has something to do."""
    time: float = min(station[s]["row_time"], server[station[s]["first_server"]]["time"])
    for e in range(edge_start[s], edge_start[s + 1]):
        time = min(time, edge[e]["time"])
    return time


@compiled
def pass_station(
    s: int, end: float, week: int, tube: Array, collected: Array, reported_at: Array,
    back_entered_at: Array, flags: Array, identity: Array, station: Array, queue: Array,
    server: Array, edge: Array, edge_start: Array, route: Array, service_hours: Array,
    factor_table: Array, factors: Array, schedule: Array, source: Array, stability: Array,
    pending: Array, station_week: Array, source_week: Array, clock: Array,
) -> float:  # fmt: skip
    """Work off what happens at one station until `end`.

    Returns `end`, or the earlier instant, worked off whole, at which something watched happened.
    """
    state = station[s]
    tally = station_week[week, s]
    first_edge, last_edge = edge_start[s], edge_start[s + 1]
    base = state["first_server"]
    checks_expiry = state["checks_expiry"]
    marks_manual = state["marks_manual"]
    marks_reported = state["marks_reported"]
    marks_back_entered = state["marks_back_entered"]
    service_key = state["service_key"]
    watch_above = state["watch_above"]
    row_time = state["row_time"]
    capacity = state["capacity"]
    busy = state["busy"]
    waiting = state["waiting"]
    speed = state["speed"]
    skip_share = state["skip_share"]
    mode = state["mode"]
    table = factor_table[s, mode]
    served = 0
    skipped = 0
    reported = 0
    departed = 0
    departed_unreported = 0
    longest_wait = tally["longest_wait"]
    longest_queue = tally["longest_queue"]
    triggered = clock[0]["triggered"]
    known_tubes = clock[0]["known_tubes"]
    while True:
        arrival_edge = first_edge
        arrival_time = edge[first_edge]["time"]
        for e in range(first_edge + 1, last_edge):
            other = edge[e]["time"]
            if other < arrival_time or (
                other == arrival_time
                and other < NEVER
                and edge[e]["head"] < edge[arrival_edge]["head"]
            ):
                arrival_time = other
                arrival_edge = e
        completion_time = server[base]["time"]
        candidate = -1
        leaving = -1
        onward = np.int32(-1)
        free_place = False
        if row_time <= arrival_time and row_time <= completion_time:
            time = row_time
            if time > end or time == NEVER:
                break
            settle(state, tally, time, busy, capacity)
            row = state["row"]
            capacity = schedule[row]["servers"]
            mode = schedule[row]["mode"]
            speed = schedule[row]["speed"]
            skip_share = schedule[row]["skip_share"]
            table = factor_table[s, mode]
            row += 1
            state["row"] = row
            row_time = schedule[row]["time"] if row < state["row_end"] else NEVER
        elif arrival_time <= completion_time:
            time = arrival_time
            if time > end:
                break
            i = wide(edge[arrival_edge]["head"])
            if i == edge[arrival_edge]["tail"]:
                edge[arrival_edge]["head"] = -1
                edge[arrival_edge]["time"] = NEVER
            else:
                following = tube[i]["next"]
                edge[arrival_edge]["head"] = following
                edge[arrival_edge]["time"] = tube[following]["ready"]
            if (
                skip_share > 0.0
                and hash_number(
                    state["skip_key"], entity_of(i, known_tubes, identity), tube[i]["occasion"]
                )
                < skip_share
            ):
                if checks_expiry and time > collected[i] + stability[tube[i]["tube_type"]]:
                    discard(
                        i, time, week, tube, collected, flags, identity, pending, source,
                        source_week, clock,
                    )  # fmt: skip
                    if clock[0]["triggered"] != triggered:
                        end = time
                else:
                    skipped += 1
                    leaving = i
                    onward = route[SKIPPED, s, tube[i]["tube_type"]]
            elif busy >= capacity:
                line = queue[s, tube[i]["priority"]]
                if line["head"] < 0:
                    line["head"] = i
                else:
                    tube[line["tail"]]["next"] = i
                line["tail"] = i
                waiting += 1
                longest_queue = max(longest_queue, waiting)
                if waiting > watch_above:
                    watch_above = NOT_WATCHED
                    clock[0]["triggered"] += 1
                    end = time
            else:
                candidate = i
                settle(state, tally, time, busy, capacity)
        else:
            time = completion_time
            if time > end:
                break
            i = wide(server[base]["tube"])
            settle(state, tally, time, busy, capacity)
            busy -= 1
            free_place = True
            served += 1
            leaving = i
            onward = route[SERVED, s, tube[i]["tube_type"]]
        if leaving >= 0:
            if marks_reported and math.isnan(reported_at[leaving]):
                reported_at[leaving] = time
                reported += 1
            if marks_back_entered:
                back_entered_at[leaving] = time
            if onward >= 0:
                append_to_edge(edge[onward], tube, leaving, time)
            else:
                departed += 1
                if math.isnan(reported_at[leaving]):
                    departed_unreported += 1
        while busy < capacity:
            if candidate >= 0:
                i = candidate
                candidate = -1
            elif waiting > 0:
                c = 0
                while queue[s, c]["head"] < 0:
                    c += 1
                i = wide(queue[s, c]["head"])
                queue[s, c]["head"] = -1 if i == queue[s, c]["tail"] else tube[i]["next"]
                waiting -= 1
            else:
                break
            kind = tube[i]["tube_type"]
            longest_wait = max(longest_wait, time - tube[i]["ready"])
            if checks_expiry and time > collected[i] + stability[kind]:
                discard(
                    i, time, week, tube, collected, flags, identity, pending, source, source_week,
                    clock,
                )  # fmt: skip
                if clock[0]["triggered"] != triggered:
                    end = time
                continue
            duration = service_hours[s, mode, kind] * speed
            if table >= 0:
                entity = entity_of(i, known_tubes, identity)
                draw = mixed_hash(service_key, entity, tube[i]["occasion"]) >> SHIFT_52
                duration *= factors[table, wide(draw)]
            done = time + max(np.rint(duration * TICKS_PER_HOUR), 1.0) * TICK
            if marks_manual and mode == 1:
                flags[i] |= MANUAL
            if free_place:
                sift_down(server, base, busy + 1, done, i)
                free_place = False
            else:
                sift_up(server, base, busy, done, i)
            busy += 1
        if free_place:
            if busy == 0:
                server[base]["time"] = NEVER
            else:
                last = server[base + busy]
                sift_down(server, base, busy, last["time"], wide(last["tube"]))
    if state["watch_above"] != watch_above:
        state["watch_above"] = watch_above
        clock[0]["watched_queues"] -= 1
    state["row_time"] = row_time
    state["capacity"] = capacity
    state["busy"] = busy
    state["waiting"] = waiting
    state["speed"] = speed
    state["skip_share"] = skip_share
    state["mode"] = mode
    tally["served"] += served
    tally["skipped"] += skipped
    clock[0]["reported"] += reported
    clock[0]["departed"] += departed
    clock[0]["departed_unreported"] += departed_unreported
    tally["longest_wait"] = longest_wait
    tally["longest_queue"] = longest_queue
    return end


# --- all stations ---------------------------------------------------------------------------------


@compiled
def choose_stepped(
    end: float, tube: Array, collected: Array, reported_at: Array, flags: Array,
    entry_station: Array, station: Array, stability: Array, reaches: Array, watched: Array,
    clock: Array,
) -> int:  # fmt: skip
    """Mark the stations that must be stepped together, and return how many they are.

    Something watched can happen before `end` only if enough tubes are at or before a watched
    queue, or a watched tube is past its stability. Then the stations from which it can be
    influenced are stepped instant by instant, so that they can stop together; no other station
    hands them anything.
    """
    stations = len(station)
    for s in range(stations):
        station[s]["stepped"] = 0
    if clock[0]["watched_queues"] > 0:
        for s in range(stations):
            if station[s]["watch_above"] == NOT_WATCHED:
                continue
            possible = -station[s]["busy"]
            for a in range(s + 1):
                if reaches[a, s]:
                    possible += station[a]["waiting"] + station[a]["busy"] + station[a]["entering"]
            if possible > station[s]["watch_above"]:
                for a in range(s + 1):
                    if reaches[a, s]:
                        station[a]["stepped"] = 1
    if clock[0]["watch_from"] < end:
        kept = 0
        earliest = NEVER
        for k in range(clock[0]["watched_tubes"]):
            i = watched[k]
            if not math.isnan(reported_at[i]) or flags[i] & ABANDONED:
                flags[i] &= 255 - WATCHED
                continue
            watched[kept] = i
            kept += 1
            expires = collected[i] + stability[tube[i]["tube_type"]]
            earliest = min(earliest, expires)
            if expires < end and entry_station[i] >= 0:
                for d in range(stations):
                    if station[d]["checks_expiry"] and reaches[entry_station[i], d]:
                        for a in range(d + 1):
                            if reaches[a, d]:
                                station[a]["stepped"] = 1
        clock[0]["watched_tubes"] = kept
        clock[0]["watch_from"] = earliest
    count = 0
    for s in range(stations):
        count += station[s]["stepped"]
    return count


@compiled
def advance(
    until: float, tube: Array, collected: Array, reported_at: Array, back_entered_at: Array,
    flags: Array, identity: Array, entry_station: Array, order: Array, pending: Array,
    station: Array, queue: Array, server: Array, edge: Array, edge_start: Array, route: Array,
    service_hours: Array, factor_table: Array, factors: Array, schedule: Array, source: Array,
    stability: Array, reaches: Array, watched: Array, station_week: Array, source_week: Array,
    queue_hourly: Array, clock: Array,
) -> float:  # fmt: skip
    """Work off everything until `until`, or until the instant at which something watched happens.

    Returns the time reached.
    """
    stations = len(station)
    clock[0]["triggered"] = 0
    reached: float = clock[0]["now"]
    while True:
        now = clock[0]["now"]
        week = min(int(now / HOURS_PER_WEEK), len(source_week) - 1)
        # One tick short of the lookahead: a re-bleed never falls into the window of its discard.
        end = min(until, math.floor(now) + 1.0, now + clock[0]["lookahead"] - TICK)
        admit(
            end, week, tube, entry_station, order, pending, station, edge, edge_start,
            source_week, clock,
        )  # fmt: skip
        stepped = 0
        if clock[0]["watched_queues"] > 0 or clock[0]["watch_from"] < end:
            stepped = choose_stepped(
                end, tube, collected, reported_at, flags, entry_station, station, stability,
                reaches, watched, clock,
            )  # fmt: skip
        reached = end
        if stepped > 0:
            for s in range(stations):
                if station[s]["stepped"]:
                    station[s]["next_time"] = next_event(s, station, server, edge, edge_start)
            while clock[0]["triggered"] == 0:
                instant = NEVER
                for s in range(stations):
                    if station[s]["stepped"]:
                        instant = min(instant, station[s]["next_time"])
                # A single station stops by itself.
                instant = max(instant, end) if stepped == 1 else instant
                if instant > end:
                    break
                for s in range(stations):
                    if not station[s]["stepped"]:
                        continue
                    if next_event(s, station, server, edge, edge_start) <= instant:
                        reached = pass_station(
                            s, instant, week, tube, collected, reported_at, back_entered_at,
                            flags, identity, station, queue, server, edge, edge_start, route,
                            service_hours, factor_table, factors, schedule, source, stability,
                            pending, station_week, source_week, clock,
                        )  # fmt: skip
                    station[s]["next_time"] = next_event(s, station, server, edge, edge_start)
                if stepped == 1:
                    break
            if clock[0]["triggered"] == 0:
                reached = end
        for s in range(stations):
            if stepped > 0 and station[s]["stepped"]:
                continue
            if next_event(s, station, server, edge, edge_start) <= reached:
                pass_station(
                    s, reached, week, tube, collected, reported_at, back_entered_at, flags,
                    identity, station, queue, server, edge, edge_start, route, service_hours,
                    factor_table, factors, schedule, source, stability, pending, station_week,
                    source_week, clock,
                )  # fmt: skip
        if reached < end:
            put_back(week, tube, pending, station, edge, edge_start, source_week, clock)
        clock[0]["now"] = reached
        if reached == math.floor(reached) and reached >= 1.0:
            for s in range(stations):
                queue_hourly[int(reached) - 1, s] = station[s]["waiting"]
            if reached % HOURS_PER_WEEK == 0.0:
                settle_all(reached, station, station_week, week)
        if clock[0]["triggered"] > 0 or reached >= until:
            break
    return reached


@compiled
def stays_quiet(
    until: float, tube: Array, order: Array, station: Array, reaches: Array, clock: Array
) -> bool:
    """Whether no watched queue can exceed its threshold by `until`.

    Counts the tubes that could come to wait there, wherever they are now: at the station or
    before it, or arriving from outside. Holds if `until` is less than the lookahead away.
    """
    stations = len(station)
    for s in range(stations):
        if station[s]["watch_above"] == NOT_WATCHED:
            continue
        possible = clock[0]["pending"]
        for a in range(s + 1):
            if not reaches[a, s]:
                continue
            possible += station[a]["waiting"] + station[a]["busy"]
            cursor = station[a]["cursor"]
            while cursor < station[a]["cursor_end"] and tube[order[cursor]]["ready"] <= until:
                cursor += 1
            possible += cursor - station[a]["cursor"]
        if possible > station[s]["watch_above"]:
            return False
    return True


@compiled
def settle_all(time: float, station: Array, station_week: Array, week: int) -> None:
    """Bring the server-hours of every station up to `time`."""
    for s in range(len(station)):
        settle(station[s], station_week[week, s], time, station[s]["busy"], station[s]["capacity"])
