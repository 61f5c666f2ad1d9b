"""Count what became of the samples, in compiled passes over all of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from disruption_sim.pathology.compiled import compiled, hash_number, inlined
from disruption_sim.pathology.kernel import LaboratoryKernel
from disruption_sim.pathology.origins import SOURCES, Origins
from disruption_sim.pathology.travel import (
    AT_THE_BEDSIDE,
    COMES_LATER,
    ELSEWHERE,
    NEVER_TAKEN,
    TUBE_TYPES,
)
from disruption_sim.records import (
    HOURS_OF_DAY,
    TURNAROUND_BINS,
    TURNAROUND_EDGES_HOURS,
    TURNAROUND_TICKS_PER_HOUR,
    Fate,
    Period,
)
from disruption_sim.scenario.effects import disruption_depth
from disruption_sim.scenario.model import Capability, Scenario
from disruption_sim.world.identities import Identities

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.int32]
Codes = npt.NDArray[np.uint8]
# Arguments of compiled functions.
Array = Any

# What a laboratory needs to report blood tests; transfusion has clocks and measures of its own.
LABORATORY_CAPABILITIES = (
    Capability.BOOKING_IN,
    Capability.AUTHORISATION,
    Capability.REPORTING,
    Capability.ANALYSERS,
)

# Compiled functions take constants, not members of enumerations.
REPORTED = int(Fate.REPORTED)
REPORTED_AFTER_REPEAT = int(Fate.REPORTED_AFTER_REPEAT)
DEFERRED_AND_REPORTED = int(Fate.DEFERRED_AND_REPORTED)
REPORTED_ELSEWHERE = int(Fate.REPORTED_ELSEWHERE)
DONE_AT_THE_BEDSIDE = int(Fate.AT_THE_BEDSIDE)
GIVEN_UP = int(Fate.NEVER_TAKEN)
ABANDONED_EXPIRED = int(Fate.ABANDONED_EXPIRED)
ABANDONED_REJECTED = int(Fate.ABANDONED_REJECTED)
OPEN = int(Fate.OPEN)
TICKS_OF_BINS = float(TURNAROUND_TICKS_PER_HOUR)


@dataclass(frozen=True, eq=False)
class Requests:
    """Requests for samples whose numbers in the kernel follow each other.

    Attributes
    ----------
    first : int
        Number of the first one.
    requested : float64 (n,)
        When they would have been collected had nothing gone wrong.
    collected, arrival : float64 (n,)
        First collection, and arrival after it.
    origin, tube_type, fate : uint8 (n,)
        `fate` as in `disruption_sim.pathology.travel`.
    identity : uint64 (n,) or (0,)
        By which draws are found; none for those of the world, whose draws go by their number.
    """

    first: int
    requested: Floats
    collected: Floats
    arrival: Floats
    origin: Codes
    tube_type: Codes
    fate: Codes
    identity: Identities

    @property
    def numbers(self) -> slice:
        """Where they stand in the kernel's arrays."""
        return slice(self.first, self.first + len(self.requested))


class RequestCounts:
    """What became of requests.

    Parameters
    ----------
    weeks, origins : int

    Attributes
    ----------
    asked_for, returned, sent_elsewhere, at_the_bedside : int64 (weeks, origins)
        As in `PathologyRecords`.
    fates : int32 (days, origins, tube types, fates)
    """

    def __init__(self, weeks: int, origins: int) -> None:
        shape = (weeks, origins)
        self.asked_for, self.returned = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        self.sent_elsewhere = np.zeros(shape, np.int64)
        self.at_the_bedside = np.zeros(shape, np.int64)
        self.fates = np.zeros((7 * weeks, origins, len(TUBE_TYPES), len(Fate)), dtype=np.int32)

    def add(self, kernel: LaboratoryKernel, requests: Requests) -> None:
        """Count some requests; their fates too if they are of the world."""
        these = requests.numbers
        by_number = not len(requests.identity)
        count_requests(
            requests.requested, requests.collected, requests.origin, requests.tube_type,
            requests.fate, kernel.reported_at[these], kernel.occasion[these],
            kernel.is_abandoned[these], kernel.is_rejected[these], self.asked_for, self.returned,
            self.sent_elsewhere, self.at_the_bedside, self.fates if by_number else self.fates[:0],
        )  # fmt: skip

    def reopen(self, requests: Requests, numbers: Numbers, reported: Floats, end: float) -> None:
        """Call open what mutual aid or devices at the bedside have not reported by the end."""
        late = numbers[reported > end]
        days = len(self.fates)
        for number in late.tolist():
            cell = (
                day_of(float(requests.requested[number]), days),
                requests.origin[number],
                requests.tube_type[number],
            )
            at_the_bedside = requests.fate[number] == AT_THE_BEDSIDE
            self.fates[(*cell, DONE_AT_THE_BEDSIDE if at_the_bedside else REPORTED_ELSEWHERE)] -= 1
            self.fates[(*cell, OPEN)] += 1


class ReportCounts:
    """Reports of our own laboratories; the stroke between two days belongs to the earlier.

    Parameters
    ----------
    scenario : Scenario
    origins : Origins
    transcription_key : uint64
        Of the draws that say which results are copied wrongly.

    Attributes
    ----------
    weekly : int64 (weeks, origins, tube types, 3)
        Reported, within the standard, within the outer limit.
    by_place : int64 (periods, origins, tube types, 3)
    by_hour : int64 (periods, hours of receipt, sources, tube types, 3)
    histogram_weekly : int32 (weeks, sources, tube types, 2, bins)
    histogram_by_place : int32 (periods, origins, tube types, 2, bins)
    histogram_by_hour : int32 (periods, hours of receipt, sources, tube types, 2, bins)
    daily : int64 (days, sources, tube types)
    flagged : int64 (weeks, origins)
    paper : int64 (days,)
        Results reported on paper less those entered back on the day.
    transcription_errors : int64 (weeks, 2)
    """

    def __init__(self, scenario: Scenario, origins: Origins, transcription_key: np.uint64) -> None:
        weeks, types, sources = scenario.calendar.weeks, len(TUBE_TYPES), len(SOURCES)
        hours, periods, people = HOURS_OF_DAY, len(Period), scenario.pathology.people
        self._source = origins.source
        self._limits = limits(scenario)
        self._disturbed = np.array(disturbed_span(scenario))
        self._bin = bins_of_ticks()
        self._key = transcription_key
        self._error_shares = np.array(
            [people.transcription_error_share, people.transcription_error_significant_share]
        )
        bins = (2, TURNAROUND_BINS)
        self.weekly = np.zeros((weeks, origins.count, types, 3), dtype=np.int64)
        self.by_place = np.zeros((periods, origins.count, types, 3), dtype=np.int64)
        self.by_hour = np.zeros((periods, hours, sources, types, 3), dtype=np.int64)
        self.histogram_weekly = np.zeros((weeks, sources, types, *bins), dtype=np.int32)
        self.histogram_by_place = np.zeros((periods, origins.count, types, *bins), dtype=np.int32)
        self.histogram_by_hour = np.zeros((periods, hours, sources, types, *bins), dtype=np.int32)
        self.daily = np.zeros((7 * weeks, sources, types), dtype=np.int64)
        self.flagged = np.zeros((weeks, origins.count), dtype=np.int64)
        self.paper = np.zeros(7 * weeks, dtype=np.int64)
        self.transcription_errors = np.zeros((weeks, 2), dtype=np.int64)

    def add(self, kernel: LaboratoryKernel, requests: Requests) -> None:
        """Count the reports of some requests of a kernel that has run to the end."""
        these, layout = requests.numbers, kernel.layout
        with np.errstate(over="ignore"):  # matters only when compiling is switched off
            count_reports(
                kernel.reported_at[these], kernel.back_entered_at[these],
                kernel.collected_at[these], kernel.occasion[these], kernel.is_manual[these],
                requests.arrival, requests.origin, requests.tube_type, requests.identity,
                requests.first, self._source, layout.transport_hours, self._limits,
                layout.stability_hours, layout.expires, self._disturbed, self._bin, self._key,
                self._error_shares, self.weekly, self.by_place, self.by_hour,
                self.histogram_weekly, self.histogram_by_place, self.histogram_by_hour, self.daily,
                self.flagged, self.paper, self.transcription_errors,
            )  # fmt: skip


def limits(scenario: Scenario) -> Floats:
    """Return standard and outer limit in hours, float64 (sources, tube types, 2)."""
    return np.array(
        [
            [scenario.pathology.turnaround_limits(source, tube_type) for tube_type in TUBE_TYPES]
            for source in SOURCES
        ]
    )


def bins_of_ticks() -> Codes:
    """Return the bin of a turnaround of so many whole ticks, uint8 (ticks,); longer ones: the last.

    A logarithm for each tube would take as long as all the rest.
    """
    edges = np.rint(np.array(TURNAROUND_EDGES_HOURS) * TURNAROUND_TICKS_PER_HOUR).astype(np.int64)
    table: Codes = np.searchsorted(edges, np.arange(edges[-1] + 1), side="right").astype(np.uint8)
    return table


def disturbed_span(scenario: Scenario) -> tuple[float, float]:
    """Return from when until when any laboratory lacks anything that reporting needs, in hours.

    The onset twice where nothing is lost.
    """
    starts, ends = [], []
    for capability in LABORATORY_CAPABILITIES:
        for laboratory in scenario.laboratory_names:
            depth = disruption_depth(scenario, capability, laboratory)
            lost = [row for row, value in enumerate(depth.values) if value > 0.0]
            if lost:
                starts.append(depth.times[lost[0]])
                ends.append((*depth.times, math.inf)[lost[-1] + 1])
    if not starts:
        onset = scenario.calendar.hour(scenario.calendar.onset)
        return onset, onset
    return min(starts), max(ends)


@compiled
def day_of(time: float, days: int) -> int:
    """Return the day that a time belongs to; a stroke belongs to the day that ends."""
    return min(max(int(np.ceil(time / 24.0)) - 1, 0), days - 1)


@inlined
def final_fate(fate: Any, reported: Any, occasion: Any, abandoned: Any, rejected: Any) -> Any:
    """Return the ``Fate`` of one request; what mutual aid has got counts as reported."""
    if fate == ELSEWHERE:
        return REPORTED_ELSEWHERE
    if fate == AT_THE_BEDSIDE:
        return DONE_AT_THE_BEDSIDE
    if fate == NEVER_TAKEN:
        return GIVEN_UP
    if not math.isnan(reported):
        if fate == COMES_LATER:
            return DEFERRED_AND_REPORTED
        return REPORTED if occasion == 0 else REPORTED_AFTER_REPEAT
    if abandoned:
        return ABANDONED_REJECTED if rejected else ABANDONED_EXPIRED
    return OPEN


@compiled
def count_requests(
    requested: Array, collected: Array, origin: Array, tube_type: Array, fate: Array,
    reported_at: Array, occasion: Array, abandoned: Array, rejected: Array, asked_for: Array,
    returned: Array, sent_elsewhere: Array, at_the_bedside: Array, fates: Array,
) -> None:  # fmt: skip
    """Do what `RequestCounts.add` says; without days in `fates` they are not counted."""
    days = 7 * len(asked_for)
    end = 24.0 * days
    for i in range(len(requested)):
        way = origin[i]
        if requested[i] <= end:
            day = day_of(requested[i], days)
            asked_for[day // 7, way] += 1
            if fate[i] == ELSEWHERE:
                sent_elsewhere[day // 7, way] += 1
            elif fate[i] == AT_THE_BEDSIDE:
                at_the_bedside[day // 7, way] += 1
            if len(fates):
                found = final_fate(fate[i], reported_at[i], occasion[i], abandoned[i], rejected[i])
                fates[day, way, tube_type[i], found] += 1
        if fate[i] == COMES_LATER and collected[i] <= end:
            returned[day_of(collected[i], days) // 7, way] += 1


@compiled
def count_reports(
    reported_at: Array, back_entered_at: Array, collected: Array, occasion: Array, manual: Array,
    arrival: Array, origin: Array, tube_type: Array, identity: Array, first: int, source: Array,
    transport: Array, limit: Array, stability: Array, expires: Array, disturbed: Array,
    bin_of: Array, key: Any, error_share: Array, weekly: Array, by_place: Array, by_hour: Array,
    histogram_weekly: Array, histogram_by_place: Array, histogram_by_hour: Array, daily: Array,
    flagged: Array, paper: Array, errors: Array,
) -> None:  # fmt: skip
    """Do what `ReportCounts.add` says."""
    days, last_tick = len(paper), len(bin_of) - 1
    by_number = len(identity) == 0
    for i in range(len(reported_at)):
        time = reported_at[i]
        if math.isnan(time):
            continue
        way, kind = origin[i], tube_type[i]
        code = source[way]
        received = arrival[i] if occasion[i] == 0 else collected[i] + transport[way]
        day = day_of(time, days)
        week = day // 7
        hour = int(received % 24.0)
        period = int(received >= disturbed[0]) + int(received >= disturbed[1])
        daily[day, code, kind] += 1
        weekly[week, way, kind, 0] += 1
        by_place[period, way, kind, 0] += 1
        by_hour[period, hour, code, kind, 0] += 1
        for outer in range(2):
            if time - received <= limit[code, kind, outer]:
                weekly[week, way, kind, 1 + outer] += 1
                by_place[period, way, kind, 1 + outer] += 1
                by_hour[period, hour, code, kind, 1 + outer] += 1
        for clock in range(2):
            hours = time - (received if clock == 0 else collected[i])
            column = bin_of[min(int(hours * TICKS_OF_BINS), last_tick)]
            histogram_weekly[week, code, kind, clock, column] += 1
            histogram_by_place[period, way, kind, clock, column] += 1
            histogram_by_hour[period, hour, code, kind, clock, column] += 1
        if not expires[way] and time - collected[i] > stability[kind]:
            flagged[week, way] += 1
        if manual[i]:
            paper[day] += 1
            if not math.isnan(back_entered_at[i]):
                paper[day_of(back_entered_at[i], days)] -= 1
            entity = np.uint64(first + i) if by_number else identity[i]
            uniform = hash_number(key, entity, 0)
            for grade in range(2):
                if uniform < error_share[grade]:
                    errors[week, grade] += 1


def by_week(times: Floats, origin: Codes, weeks: int, origins: int) -> Integers:
    """Return how many of the times within the simulation fall into each week, (weeks, origins)."""
    week = np.maximum(np.ceil(times / 168.0).astype(np.int64) - 1, 0)
    inside = week < weeks
    cells = week[inside] * origins + origin[inside]
    return np.bincount(cells, minlength=weeks * origins).reshape(weeks, origins).astype(np.int64)
