"""The compiled part of the laboratory kernel: the passes of tubes through stations.

Everything Numba compiles is in this one file, with its record layouts and constants, because
Numba's cache does not notice a change in another file.

**Order at one instant** (the tie rule; the plain SimPy reference in the tests keeps to it too).
Stations in network order; at a station first its schedule change; then arrivals in order of tube
number, each starting at once if a server is free; then completions in order of tube number. What
frees or adds servers, or opens a station, at once starts waiting tubes of all stations that share
the servers (a pool), as long as a server is free: of the lowest class that waits at any of them,
there of the first station in order of (rank, station). A queue is first come, first served within
a class, tubes that come at one instant in order of tube number; or, by the schedule, the last one
first, after the expired have been thrown out from the oldest end. What is handed in or rescheduled
for an instant that has already been worked off is worked off as a further round of that instant,
in the same order.

**Why stations may be passed one after the other.** Tubes move forward only, so what happens at a
station until a time depends on the stations before it until that time. There are two ways back.
A pool couples its stations both ways, so its first, its last and all between them are a block
that is passed with one calendar (event by event, the earliest first); every other station is a
block of its own. And a discarded or rejected tube may be collected again. It arrives no sooner than
the shortest re-bleed delay after that (the lookahead), so within a window shorter than that no
block can influence one before it, and the passes in network order give the same history as one
calendar for all. This is conservative synchronisation (Chandy and Misra, 1979). Windows also end
at every full hour, which keeps the tubes of a window in the processor's cache.

**How a block is passed.** For every station its next time is kept: of its schedule change and its
arrivals (the news) and of its first completion. The earliest goes next, of equals the first in
network order, which is the tie rule. A tube that leaves for another station of the block arrives
there at the same instant; if no other station of the block has anything to do then, it is next,
and walks on at once instead of by way of an edge and the calendar. A service takes a tick at
least, so nothing that is started on the way belongs to that instant.
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
CLASSES = 8
NEVER = np.inf
NOT_WATCHED = 1 << 60
LARGEST_INDEX = 0x7FFFFFFF
LATEST = np.int64(np.iinfo(np.int64).max)

LAST_OCCASION = 255

MANUAL = 1
DISCARDED = 2
ABANDONED = 4
WATCHED = 8
TRIGGERED = 16
REJECTED = 32

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
# `pool_busy`, `pool_waiting`, `capacity` and the members (in the order in which a freed server asks
# them) are those of the station that leads a pool. A bit of `classes` is set if that class waits.
# `rule` and `table` are where its rules and service factors in the present mode begin. `news_time`
# is, while its block is passed, the time of the next schedule change or arrival.
STATION = np.dtype(
    [("busy", "i8"), ("lead", "i8"), ("first_server", "i8"), ("news_time", "f8"), ("rule", "i8"),
     ("table", "i8"), ("speed", "f8"), ("classes", "i8"), ("waiting", "i8"), ("capacity", "i8"),
     ("pool_busy", "i8"), ("pool_waiting", "i8"), ("first_member", "i8"), ("end_member", "i8"),
     ("fixed_class", "i8"), ("watch_above", "i8"), ("skip_share", "f8"), ("service_key", "u8"),
     ("skip_key", "u8"), ("reject_key", "u8"), ("entering", "i8"), ("row", "i8"),
     ("row_end", "i8"), ("row_time", "f8"), ("cursor", "i8"), ("cursor_end", "i8"), ("mode", "u1"),
     ("checks_expiry", "u1"), ("rejects", "u1"), ("marks_reported", "u1"), ("marks_manual", "u1"),
     ("marks_back_entered", "u1"), ("freshest_first", "u1"), ("open", "u1"), ("spare", "u1", 40)],
    align=True,
)  # fmt: skip
# What a tube type meets at a station in a mode, and the edges on which it goes on.
RULE = np.dtype(
    [("service_hours", "f8"), ("rejected_share", "f8"), ("if_served", "i4"), ("if_skipped", "i4")],
    align=True,
)
# Stations that are passed together.
BLOCK = np.dtype(
    [("next_time", "f8"), ("first", "i4"), ("end", "i4"), ("stepped", "u1")], align=True
)
QUEUE = np.dtype([("head", "i4"), ("tail", "i4")], align=True)
SERVER = np.dtype([("time", "f8"), ("tube", "i4")], align=True)
# Tubes on their way from one block to a station (the first edge of a station: from outside).
EDGE = np.dtype(
    [("time", "f8"), ("head", "i4"), ("tail", "i4"), ("before", "i4"), ("station", "i4")],
    align=True,
)
SCHEDULE = np.dtype(
    [("time", "f8"), ("speed", "f8"), ("skip_share", "f8"), ("servers", "i4"), ("mode", "i4"),
     ("freshest_first", "u1"), ("open", "u1")], align=True,
)  # fmt: skip
SOURCE = np.dtype(
    [
        ("rebleed_share", "f8"),
        ("rebleed_delay", "f8"),
        ("repeat_within", "f8"),
        ("transport", "f8"),
        ("expires", "u1"),
    ],
    align=True,
)
STATION_WEEK = np.dtype(
    [("busy_hours", "f8"), ("closing_hours", "f8"), ("offered_hours", "f8"), ("longest_wait", "f8"),
     ("served", "i8"), ("skipped", "i8"), ("discarded", "i8"), ("rejected", "i8"),
     ("longest_queue", "i8")], align=True,
)  # fmt: skip
SOURCE_WEEK = np.dtype(
    [("received", "i8"), ("discarded", "i8"), ("rejected", "i8"), ("rebled", "i8"),
     ("abandoned", "i8"), ("abandoned_rejected", "i8")], align=True,
)  # fmt: skip
CLOCK = np.dtype(
    [("now", "f8"), ("settled", "f8"), ("lookahead", "f8"), ("watch_from", "f8"),
     ("rebleed_key", "u8"),
     ("delay_key", "u8"), ("pending", "i8"), ("known_tubes", "i8"), ("watched_queues", "i8"),
     ("watched_tubes", "i8"), ("triggered", "i8"), ("received", "i8"), ("reported", "i8"),
     ("discarded", "i8"), ("rejected", "i8"), ("rebled", "i8"), ("abandoned", "i8"),
     ("departed", "i8"), ("departed_unreported", "i8"), ("links_back", "i8")], align=True,
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


@inlined
def index(number: Any) -> Any:
    """Return a number known not to be negative, so that no code for negative indices is made."""
    return np.int64(number) & LARGEST_INDEX


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
    tail = index(line["tail"])
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
def lose(
    i: int, s: int, time: float, rejected: bool, week: int, tube: Array, collected: Array,
    flags: Array, identity: Array, pending: Array, source: Array, station_week: Array,
    source_week: Array, clock: Array,
) -> None:  # fmt: skip
    """Throw an expired or rejected tube away and decide whether it is collected again."""
    tally = source_week[week, tube[i]["source"]]
    here = station_week[week, s]
    rule = source[tube[i]["source"]]
    occasion = tube[i]["occasion"]
    entity = entity_of(i, clock[0]["known_tubes"], identity)
    if rejected:
        tally["rejected"] += 1
        here["rejected"] += 1
        clock[0]["rejected"] += 1
        flags[i] |= REJECTED
    else:
        tally["discarded"] += 1
        here["discarded"] += 1
        clock[0]["discarded"] += 1
        flags[i] = (flags[i] | DISCARDED) & (255 - REJECTED)
    if flags[i] & WATCHED:
        flags[i] |= TRIGGERED
        clock[0]["triggered"] += 1
    if (
        occasion < LAST_OCCASION
        and time - collected[i] <= rule["repeat_within"]
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
        if rejected:
            tally["abandoned_rejected"] += 1
        clock[0]["abandoned"] += 1


@inlined
def has_expired(
    i: int, time: float, tube: Array, collected: Array, stability: Array, source: Array
) -> Any:
    """Whether a tube is too old to be used."""
    return (
        time > collected[i] + stability[tube[i]["tube_type"]]
        and source[tube[i]["source"]]["expires"] != 0
    )


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
def close_gap(server: Array, base: int, busy: int) -> None:
    """Let the heap of a station's busy servers move up into its first place, which is free."""
    if busy == 0:
        server[base]["time"] = NEVER
    else:
        behind = server[base + busy]
        sift_down(server, base, busy, behind["time"], index(behind["tube"]))


@inlined
def first_station(next_bits: Array, first: int, last: int) -> Any:
    """Return the station that next has something to do, and whether it alone has so then.

    Times are compared as whole numbers with the same bits, which is faster; none is negative.
    """
    s = first
    earliest = next_bits[first]
    second = LATEST
    for other in range(first + 1, last):
        bits = later = next_bits[other]
        if bits < earliest:
            later = earliest
            earliest = bits
            s = other
        second = min(second, later)
    return s, second > earliest


@inlined
def earliest_edge(s: int, edge: Array, edge_start: Array) -> Any:
    """Return the edge of a station from which the next tube arrives."""
    chosen = index(edge_start[s])
    for e in range(chosen + 1, edge_start[s + 1]):
        if edge[e]["time"] < edge[chosen]["time"] or (
            edge[e]["time"] == edge[chosen]["time"] and edge[e]["head"] < edge[chosen]["head"]
        ):
            chosen = index(e)
    return chosen


@inlined
def time_of_news(s: int, state: Any, edge: Array, edge_start: Array) -> float:
    """Return the time of the next schedule change or arrival at a station."""
    time: float = state["row_time"]
    for e in range(index(edge_start[s]), edge_start[s + 1]):
        time = min(time, edge[e]["time"])
    return time


@inlined
def closing_servers(pool: Any) -> Any:
    """Return how many servers of a pool are busy although they have gone off duty."""
    return max(pool["pool_busy"] - pool["capacity"], 0)


@compiled
def take_row(
    s: int, elapsed: float, station: Array, tallies: Array, factor_table: Array, rules: int,
    schedule: Array,
) -> None:  # fmt: skip
    """Let a schedule row take effect; `elapsed` is since the server-hours were settled."""
    state = station[s]
    row = schedule[state["row"]]
    state["mode"] = row["mode"]
    state["rule"] = (2 * s + row["mode"]) * rules
    state["table"] = factor_table[s, row["mode"]]
    state["speed"] = row["speed"]
    state["skip_share"] = row["skip_share"]
    state["freshest_first"] = row["freshest_first"]
    state["open"] = row["open"]
    if state["lead"] == s:
        closing = closing_servers(state)
        tallies[s]["offered_hours"] -= (row["servers"] - state["capacity"]) * elapsed
        state["capacity"] = row["servers"]
        tallies[s]["closing_hours"] -= (closing_servers(state) - closing) * elapsed
    state["row"] += 1
    state["row_time"] = NEVER
    if state["row"] < state["row_end"]:
        state["row_time"] = schedule[state["row"]]["time"]


@inlined
def take_from_edge(line: Any, tube: Array) -> Any:
    """Take the first tube from an edge."""
    i = index(line["head"])
    if i == line["tail"]:
        line["head"] = -1
        line["time"] = NEVER
    else:
        following = tube[i]["next"]
        line["head"] = following
        line["time"] = tube[index(following)]["ready"]
    return i


@inlined
def join_queue(
    s: int, i: int, state: Any, pool: Any, tube: Array, queue: Array, previous: Array,
    links_back: bool,
) -> None:  # fmt: skip
    """Let a tube wait at a station."""
    c = wide(tube[i]["priority"]) if state["fixed_class"] < 0 else index(state["fixed_class"])
    line = queue[CLASSES * s + c]
    if line["head"] < 0:
        line["head"] = i
        state["classes"] |= 1 << c
    else:
        tube[index(line["tail"])]["next"] = i
        if links_back:
            previous[i] = line["tail"]
    line["tail"] = i
    state["waiting"] += 1
    pool["pool_waiting"] += 1


@inlined
def station_to_serve(pool: Any, station: Array, pool_member: Array) -> Any:
    """Return at which station of a pool a freed server takes a tube (-1: none), and which class."""
    chosen = wide(-1)
    lowest = wide(1 << CLASSES)
    for k in range(index(pool["first_member"]), pool["end_member"]):
        m = index(pool_member[k])
        classes = station[m]["classes"]
        own = classes & -classes
        if 0 < own < lowest and station[m]["open"] != 0:
            lowest = own
            chosen = m
    c = wide(0)
    while lowest > 1:
        lowest >>= 1
        c += 1
    return chosen, c


@inlined
def leave_queue(line: Any, c: int, freshest: bool, state: Any, tube: Array, previous: Array) -> Any:
    """Take the tube that joined a queue first, or last."""
    i = index(line["tail"]) if freshest else index(line["head"])
    if line["head"] == line["tail"]:
        line["head"] = -1
        state["classes"] &= ~(1 << c)
    elif freshest:
        line["tail"] = previous[i]
    else:
        line["head"] = tube[i]["next"]
    state["waiting"] -= 1
    return i


@compiled
def throw_out_expired(
    s: int, c: int, time: float, week: int, tube: Array, collected: Array, flags: Array,
    identity: Array, previous: Array, station: Array, queue: Array, source: Array,
    stability: Array, pending: Array, station_week: Array, source_week: Array, clock: Array,
) -> None:  # fmt: skip
    """Discard from the oldest end of a queue as long as the oldest tube has expired."""
    state = station[s]
    tally = station_week[week, s]
    line = queue[CLASSES * s + c]
    while line["head"] >= 0:
        i = index(line["head"])
        if not has_expired(i, time, tube, collected, stability, source):
            break
        leave_queue(line, c, False, state, tube, previous)
        station[state["lead"]]["pool_waiting"] -= 1
        tally["longest_wait"] = max(tally["longest_wait"], time - tube[i]["ready"])
        lose(
            i, s, time, False, week, tube, collected, flags, identity, pending, source,
            station_week, source_week, clock,
        )  # fmt: skip


@compiled
def pass_block(
    b: int, end: float, week: int, tube: Array, collected: Array, reported_at: Array,
    back_entered_at: Array, flags: Array, identity: Array, previous: Array, block: Array,
    next_time: Array, next_bits: Array, station: Array, pool_member: Array, queue: Array,
    server: Array, edge: Array, edge_start: Array, rule: Array, factor_table: Array,
    factors: Array, schedule: Array, source: Array, stability: Array, pending: Array,
    station_week: Array, source_week: Array, clock: Array,
) -> float:  # fmt: skip
    """Work off what happens in one block until `end`, its next times having been found.

    Server-hours are kept as the sum over changes in their number, each times the hours from when
    they were last settled; `settle_all` adds what is due for those that are busy then.

    Returns `end`, or the earlier instant, worked off whole, at which something watched happened.
    """
    first, last = index(block[b]["first"]), index(block[b]["end"])
    tallies = station_week[week]
    reported = 0
    departed = 0
    departed_unreported = 0
    triggered = clock[0]["triggered"]
    known_tubes = clock[0]["known_tubes"]
    settled = clock[0]["settled"]
    links_back = clock[0]["links_back"] != 0
    while True:
        s, alone = first_station(next_bits, first, last)
        time = next_time[s]
        if time > end:
            break
        elapsed = time - settled
        arriving = wide(-1)
        leaving = wide(-1)
        onward = wide(-1)
        freed = False
        state = station[s]
        if state["news_time"] > time:
            i = index(server[index(state["first_server"])]["tube"])
            lead = index(state["lead"])
            if station[lead]["pool_busy"] > station[lead]["capacity"]:
                tallies[lead]["closing_hours"] += elapsed
            station[lead]["pool_busy"] -= 1
            state["busy"] -= 1
            tallies[s]["busy_hours"] += elapsed
            tallies[s]["served"] += 1
            freed = True
            what = rule[index(state["rule"]) + wide(tube[i]["tube_type"])]
            if (
                state["rejects"]
                and what["rejected_share"] > 0.0
                and hash_number(
                    state["reject_key"], entity_of(i, known_tubes, identity), tube[i]["occasion"]
                )
                < what["rejected_share"]
            ):
                lose(
                    i, s, time, True, week, tube, collected, flags, identity, pending, source,
                    station_week, source_week, clock,
                )  # fmt: skip
            else:
                leaving = i
                onward = wide(what["if_served"])
        elif state["row_time"] <= time:
            take_row(s, elapsed, station, tallies, factor_table, len(stability), schedule)
            state["news_time"] = time_of_news(s, state, edge, edge_start)
        else:
            arriving = take_from_edge(edge[earliest_edge(s, edge, edge_start)], tube)
            state["news_time"] = time_of_news(s, state, edge, edge_start)
        from_calendar = True
        while True:
            state = station[s]
            pool = station[index(state["lead"])]
            candidate = wide(-1)
            if arriving >= 0:
                i = index(arriving)
                if (
                    state["skip_share"] > 0.0
                    and hash_number(
                        state["skip_key"], entity_of(i, known_tubes, identity), tube[i]["occasion"]
                    )
                    < state["skip_share"]
                ):
                    if state["checks_expiry"] and has_expired(
                        i, time, tube, collected, stability, source
                    ):
                        lose(
                            i, s, time, False, week, tube, collected, flags, identity, pending,
                            source, station_week, source_week, clock,
                        )  # fmt: skip
                    else:
                        tallies[s]["skipped"] += 1
                        leaving = i
                        what = rule[index(state["rule"]) + wide(tube[i]["tube_type"])]
                        onward = wide(what["if_skipped"])
                elif pool["pool_busy"] < pool["capacity"] and state["open"] != 0:
                    candidate = i
                else:
                    join_queue(s, i, state, pool, tube, queue, previous, links_back)
                    tallies[s]["longest_queue"] = max(tallies[s]["longest_queue"], state["waiting"])
                    if state["waiting"] > state["watch_above"]:
                        state["watch_above"] = NOT_WATCHED
                        clock[0]["watched_queues"] -= 1
                        clock[0]["triggered"] += 1
            if leaving >= 0:
                i = index(leaving)
                if state["marks_reported"] and math.isnan(reported_at[i]):
                    reported_at[i] = time
                    reported += 1
                if state["marks_back_entered"]:
                    back_entered_at[i] = time
                if onward < 0:
                    departed += 1
                    if math.isnan(reported_at[i]):
                        departed_unreported += 1
            while pool["pool_busy"] < pool["capacity"]:
                m = s
                if candidate >= 0:
                    i = index(candidate)
                    candidate = wide(-1)
                elif pool["pool_waiting"] > 0:
                    chosen, c = station_to_serve(pool, station, pool_member)
                    if chosen < 0:
                        break
                    m = index(chosen)
                    line = queue[CLASSES * m + c]
                    freshest = station[m]["freshest_first"] != 0
                    if freshest and station[m]["checks_expiry"]:
                        throw_out_expired(
                            m, c, time, week, tube, collected, flags, identity, previous,
                            station, queue, source, stability, pending, station_week,
                            source_week, clock,
                        )  # fmt: skip
                        if line["head"] < 0:
                            continue
                    i = leave_queue(line, c, freshest, station[m], tube, previous)
                    pool["pool_waiting"] -= 1
                    tallies[m]["longest_wait"] = max(
                        tallies[m]["longest_wait"], time - tube[i]["ready"]
                    )
                else:
                    break
                takes = station[m]
                if takes["checks_expiry"] and has_expired(
                    i, time, tube, collected, stability, source
                ):
                    lose(
                        i, m, time, False, week, tube, collected, flags, identity, pending, source,
                        station_week, source_week, clock,
                    )  # fmt: skip
                    continue
                what = rule[index(takes["rule"]) + wide(tube[i]["tube_type"])]
                duration = what["service_hours"] * takes["speed"]
                if takes["table"] >= 0:
                    entity = entity_of(i, known_tubes, identity)
                    draw = mixed_hash(takes["service_key"], entity, tube[i]["occasion"])
                    duration *= factors[index(takes["table"]) + index(draw >> SHIFT_52)]
                done = time + max(np.rint(duration * TICKS_PER_HOUR), 1.0) * TICK
                if takes["marks_manual"] and takes["mode"] == 1:
                    flags[i] |= MANUAL
                busy = index(takes["busy"])
                if freed and m == s:
                    sift_down(server, index(takes["first_server"]), busy + 1, done, i)
                    freed = False
                else:
                    sift_up(server, index(takes["first_server"]), busy, done, i)
                takes["busy"] = busy + 1
                pool["pool_busy"] += 1
                tallies[m]["busy_hours"] -= elapsed
                next_time[m] = min(next_time[m], done)
            if freed:
                close_gap(server, index(state["first_server"]), index(state["busy"]))
                freed = False
            if from_calendar:
                done = server[index(state["first_server"])]["time"]
                next_time[s] = min(state["news_time"], done)
                alone = alone and next_time[s] > time
            if leaving < 0 or onward < 0:
                break
            d = index(edge[onward]["station"])
            if d < last and alone:
                # Nothing else in the block happens at this instant: it arrives there and then.
                tube[index(leaving)]["ready"] = time
                arriving = leaving
                leaving = wide(-1)
                from_calendar = False
                s = d
            else:
                append_to_edge(edge[onward], tube, index(leaving), time)
                station[d]["news_time"] = min(station[d]["news_time"], time)
                next_time[d] = min(next_time[d], time)
                break
        if clock[0]["triggered"] != triggered:
            end = time
    clock[0]["reported"] += reported
    clock[0]["departed"] += departed
    clock[0]["departed_unreported"] += departed_unreported
    return end


# --- all stations ---------------------------------------------------------------------------------


@compiled
def choose_stepped(
    end: float, tube: Array, collected: Array, reported_at: Array, flags: Array,
    entry_station: Array, block: Array, station: Array, source: Array, stability: Array,
    reaches: Array, influences: Array, watched: Array, clock: Array,
) -> int:  # fmt: skip
    """Mark the blocks that must be stepped together, and return how many they are.

    Something watched can happen before `end` only if enough tubes are at or before a watched
    queue, or a watched tube is past its stability, or is there and can be rejected. Then the
    blocks from which it can be influenced are stepped instant by instant, so that they can stop
    together; no other block hands them anything.
    """
    stations = len(station)
    for b in range(len(block)):
        block[b]["stepped"] = 0
    if clock[0]["watched_queues"] > 0:
        for s in range(stations):
            if station[s]["watch_above"] == NOT_WATCHED:
                continue
            possible = -station[s]["busy"]
            for a in range(s + 1):
                if reaches[a, s]:
                    possible += station[a]["waiting"] + station[a]["busy"] + station[a]["entering"]
            if possible > station[s]["watch_above"]:
                step_blocks_before(s, block, influences)
    if clock[0]["watch_from"] < end:
        kept = 0
        earliest = NEVER
        for k in range(clock[0]["watched_tubes"]):
            i = wide(watched[k])
            if not math.isnan(reported_at[i]) or flags[i] & ABANDONED:
                flags[i] &= 255 - WATCHED
                continue
            watched[kept] = i
            kept += 1
            entry = entry_station[i]
            if entry < 0:
                continue
            expires = NEVER
            if source[tube[i]["source"]]["expires"]:
                expires = collected[i] + stability[tube[i]["tube_type"]]
            arrives = tube[i]["ready"]
            for d in range(entry, stations):
                if not reaches[entry, d]:
                    continue
                happens = expires if station[d]["checks_expiry"] else NEVER
                if station[d]["rejects"]:
                    happens = min(happens, arrives)
                earliest = min(earliest, happens)
                if happens < end:
                    step_blocks_before(d, block, influences)
        clock[0]["watched_tubes"] = kept
        clock[0]["watch_from"] = earliest
    count = 0
    for b in range(len(block)):
        count += block[b]["stepped"]
    return count


@compiled
def step_blocks_before(s: int, block: Array, influences: Array) -> None:
    """Mark the blocks from which a station can be influenced."""
    for b in range(len(block)):
        if influences[b, s]:
            block[b]["stepped"] = 1


@compiled
def find_next_times(
    b: int, block: Array, next_time: Array, station: Array, server: Array, edge: Array,
    edge_start: Array,
) -> float:  # fmt: skip
    """Find out when the stations of a block next have something to do; return the earliest."""
    earliest: float = NEVER
    for s in range(block[b]["first"], block[b]["end"]):
        state = station[s]
        state["news_time"] = time_of_news(s, state, edge, edge_start)
        next_time[s] = min(state["news_time"], server[index(state["first_server"])]["time"])
        earliest = min(earliest, next_time[s])
    return earliest


@compiled
def advance(
    until: float, tube: Array, collected: Array, reported_at: Array, back_entered_at: Array,
    flags: Array, identity: Array, previous: Array, entry_station: Array, order: Array,
    pending: Array, block: Array, next_time: Array, next_bits: Array, station: Array,
    pool_member: Array, queue: Array, server: Array, edge: Array, edge_start: Array, rule: Array,
    factor_table: Array, factors: Array, schedule: Array, source: Array, stability: Array,
    reaches: Array, influences: Array, watched: Array, station_week: Array, source_week: Array,
    queue_hourly: Array, clock: Array,
) -> float:  # fmt: skip
    """Work off everything until `until`, or until the instant at which something watched happens.

    Returns the time reached.
    """
    stations, blocks = len(station), len(block)
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
                end, tube, collected, reported_at, flags, entry_station, block, station, source,
                stability, reaches, influences, watched, clock,
            )  # fmt: skip
        reached = end
        if stepped > 0:
            for b in range(blocks):
                if block[b]["stepped"]:
                    block[b]["next_time"] = find_next_times(
                        b, block, next_time, station, server, edge, edge_start
                    )
            while clock[0]["triggered"] == 0:
                instant = NEVER
                for b in range(blocks):
                    if block[b]["stepped"]:
                        instant = min(instant, block[b]["next_time"])
                # A single block stops by itself.
                instant = max(instant, end) if stepped == 1 else instant
                if instant > end:
                    break
                for b in range(blocks):
                    if not block[b]["stepped"]:
                        continue
                    if (
                        find_next_times(b, block, next_time, station, server, edge, edge_start)
                        <= instant
                    ):
                        reached = pass_block(
                            b, instant, week, tube, collected, reported_at, back_entered_at,
                            flags, identity, previous, block, next_time, next_bits, station,
                            pool_member, queue, server, edge, edge_start, rule, factor_table,
                            factors, schedule, source, stability, pending, station_week,
                            source_week, clock,
                        )  # fmt: skip
                    block[b]["next_time"] = find_next_times(
                        b, block, next_time, station, server, edge, edge_start
                    )
                if stepped == 1:
                    break
            if clock[0]["triggered"] == 0:
                reached = end
        for b in range(blocks):
            if stepped > 0 and block[b]["stepped"]:
                continue
            if find_next_times(b, block, next_time, station, server, edge, edge_start) <= reached:
                pass_block(
                    b, reached, week, tube, collected, reported_at, back_entered_at, flags,
                    identity, previous, block, next_time, next_bits, station, pool_member, queue,
                    server, edge, edge_start, rule, factor_table, factors, schedule, source,
                    stability, pending, station_week, source_week, clock,
                )  # fmt: skip
        if reached < end:
            put_back(week, tube, pending, station, edge, edge_start, source_week, clock)
        clock[0]["now"] = reached
        if reached == math.floor(reached) and reached >= 1.0:
            for s in range(stations):
                queue_hourly[int(reached) - 1, s] = station[s]["waiting"]
            if reached % HOURS_PER_WEEK == 0.0:
                settle_all(reached, station, station_week, week, clock)
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
def settle_all(time: float, station: Array, station_week: Array, week: int, clock: Array) -> None:
    """Bring the server-hours of every station up to `time`."""
    elapsed = time - clock[0]["settled"]
    for s in range(len(station)):
        tally = station_week[week, s]
        tally["busy_hours"] += station[s]["busy"] * elapsed
        if station[s]["lead"] == s:
            tally["offered_hours"] += station[s]["capacity"] * elapsed
            tally["closing_hours"] += closing_servers(station[s]) * elapsed
    clock[0]["settled"] = time
