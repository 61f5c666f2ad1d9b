"""Patients for operations and the theatre timetable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from disruption_sim.grid import to_grid
from disruption_sim.randomness import stream
from disruption_sim.scenario.model import (
    BloodGroup,
    Capability,
    Grade,
    Procedure,
    Scenario,
    Specialty,
)
from disruption_sim.world.conditions import open_sessions
from disruption_sim.world.days import Days
from disruption_sim.world.model import Operations, TheatreLists

Floats = npt.NDArray[np.float64]
Draws = Callable[[str], np.random.Generator]
GRADES = tuple(Grade)

# While lists are in balance P2 and P3 are seen well within their windows, P3 as soon as booking
# allows; these shares of the windows are their longest waits on the starting list. P4 patients
# make up the rest of it.
P2_WAIT_SHARE_OF_WINDOW = 0.6
P3_WAIT_SHARE_OF_WINDOW = 0.28
# Operations cancelled because the list overran, found by running the theatres on this timetable.
CANCELLED_BY_OVERRUN = 0.01
REFERRAL_HOURS = (9.0, 17.0)


@dataclass(frozen=True)
class Flow:
    """Weekly flow of one specialty at one site.

    Attributes
    ----------
    referrals : float
        Patients joining the list a week.
    treated : float
        Patients a week who stay long enough to be treated: referrals less removals.
    list_hours : float
        Length of one list.
    lists : float
        Lists a week that balance the flow.
    """

    site: int
    specialty: int
    referrals: float
    treated: float
    list_hours: float
    lists: float


def procedures_of(scenario: Scenario, specialty: Specialty) -> list[tuple[int, Procedure]]:
    """Return the procedures of a specialty with their numbers."""
    return [
        (number, procedure)
        for number, procedure in enumerate(scenario.surgery.procedures)
        if procedure.specialty == specialty.name
    ]


def flows(scenario: Scenario) -> list[Flow]:
    """Return the weekly flow of every specialty and site, from the scenario alone.

    Notes
    -----
    Lists that balance = treated / (1 - cancelled) * (mean duration + turnover) /
    (length * planned utilisation). Cancelled are ordinary cancellations, last cases lost to an
    emergency and overruns. Removals take a share a week of those on the usual list who have no
    date yet.
    """
    rules = scenario.surgery
    found = []
    early = rules.early_fill_share
    ahead = early * rules.booking_days_ahead + (1.0 - early) * rules.late_booking_days_ahead
    weeks_with_a_date = ahead / 7.0
    for number, specialty in enumerate(rules.specialties):
        own = procedures_of(scenario, specialty)
        length = rules.session_hours * specialty.sessions_per_list
        minutes = sum(p.share * (p.duration_mean_minutes + rules.turnover_minutes) for _, p in own)
        cases = length * 60.0 * rules.planned_utilisation / minutes
        cancelled = sum(p.share * rules.ordinary_cancellation_share[p.grade] for _, p in own)
        cancelled += CANCELLED_BY_OVERRUN + rules.emergency_displacement_share / max(cases, 1.0)
        for site, site_name in enumerate(scenario.site_names):
            referrals = (
                rules.elective_admissions_per_week
                * rules.theatre_share
                * specialty.share
                * specialty.sites.get(site_name, 0.0)
            )
            if referrals <= 0.0:
                continue
            undated = max(0.0, specialty.usual_wait_weeks - weeks_with_a_date)
            removed = rules.removal_share_per_week * undated
            treated = referrals * max(0.0, 1.0 - removed)
            lists = treated / (1.0 - cancelled) * minutes / 60.0
            lists /= length * rules.planned_utilisation
            found.append(Flow(site, number, referrals, treated, length, lists))
    return found


def _starting_waits(scenario: Scenario, specialty: Specialty, mix: Floats) -> Floats:
    """Return the longest wait in weeks of P2, P3 and P4 on the starting list.

    Each priority's list is its flow times its longest wait; the three add up to the usual list.
    """
    rules = scenario.surgery
    waits = np.array(
        [
            min(specialty.usual_wait_weeks, P2_WAIT_SHARE_OF_WINDOW * rules.p2_window_days / 7.0),
            min(specialty.usual_wait_weeks, P3_WAIT_SHARE_OF_WINDOW * rules.p3_window_days / 7.0),
            0.0,
        ]
    )
    rest = specialty.usual_wait_weeks - float(mix[:2] @ waits[:2])
    waits[2] = rest / mix[2] if mix[2] > 0.0 and rest > 0.0 else 0.0
    return waits


def draw_operations(scenario: Scenario, days: Days, seed: int, replication: int) -> Operations:
    """Return the starting waiting list and all referrals.

    Notes
    -----
    Referrals are Poisson on working days. Durations are lognormal. The starting list of each
    priority has ages spread evenly up to its longest wait, as a list in balance has.
    """
    rules = scenario.surgery

    def draws_of(place: str) -> Draws:
        return lambda purpose: stream(seed, replication, f"{purpose}{place}")

    # An empty part, in case nobody is referred.
    nobody = np.zeros(0, dtype=np.int64)
    no_flow = Flow(0, 0, 0.0, 0.0, 0.0, 0.0)
    parts = [_with_needs(scenario, draws_of(""), no_flow, np.zeros(0), nobody, nobody)]
    for flow in flows(scenario):
        specialty = rules.specialties[flow.specialty]
        own = procedures_of(scenario, specialty)
        shares = np.array([procedure.share for _, procedure in own])
        shares = shares / shares.sum()
        mixes = np.array([procedure.priority_mix for _, procedure in own])
        mixes = mixes / mixes.sum(axis=1, keepdims=True)
        site_name = scenario.site_names[flow.site]
        rng = stream(seed, replication, f"referrals.{site_name}.{specialty.name}")
        joint = shares[:, None] * mixes
        by_priority = joint.sum(axis=0)
        waits = _starting_waits(scenario, specialty, by_priority)
        counts = rng.poisson(flow.referrals * by_priority * waits)
        priority = np.repeat(np.arange(3), counts)
        clock = -168.0 * waits[priority] * rng.random(priority.size)
        per_day = rng.poisson(flow.referrals / 5.0 * days.working)
        day = np.repeat(np.arange(days.count), per_day)
        low, high = REFERRAL_HOURS
        referred = 24.0 * day + low + (high - low) * rng.random(day.size)
        referred_priority = np.searchsorted(
            np.cumsum(by_priority)[:-1], rng.random(day.size), side="right"
        )
        clock = np.concatenate([clock, referred])
        priority = np.concatenate([priority, referred_priority])
        which = np.empty(priority.size, dtype=np.int64)
        uniform = rng.random(priority.size)
        for level in range(3):
            chosen = priority == level
            weights = joint[:, level]
            if weights.sum() > 0.0:
                limits = np.cumsum(weights / weights.sum())[:-1]
                which[chosen] = np.searchsorted(limits, uniform[chosen], side="right")
        numbers = np.array([number for number, _ in own])
        draws = draws_of(f".{site_name}.{specialty.name}")
        clock = np.minimum(to_grid(clock), scenario.calendar.end_hour)
        parts.append(_with_needs(scenario, draws, flow, clock, numbers[which], priority))
    columns = {
        column.name: np.concatenate([getattr(part, column.name) for part in parts])
        for column in fields(Operations)
    }
    # The starting list keeps the order of its parts; referrals stand in order of time.
    clock = columns["clock_start"]
    order = np.lexsort((np.where(clock < 0.0, 0.0, clock), clock >= 0.0))
    return Operations(**{name: column[order] for name, column in columns.items()})


def _with_needs(
    scenario: Scenario,
    draws: Draws,
    flow: Flow,
    clock: Floats,
    code: npt.NDArray[np.int64],
    priority: npt.NDArray[np.int64],
) -> Operations:
    """Draw the durations, blood needs, groups and times of removal of one flow's patients."""
    procedures = scenario.surgery.procedures
    count = clock.size
    rng = draws("needs")
    mean = np.array([p.duration_mean_minutes for p in procedures]) / 60.0
    spread = np.array([p.duration_sd_minutes for p in procedures]) / 60.0
    sigma = np.sqrt(np.log1p((spread / mean) ** 2))
    duration = np.exp(
        np.log(mean[code]) - 0.5 * sigma[code] ** 2 + sigma[code] * rng.standard_normal(count)
    )

    def chosen(shares: list[float]) -> npt.NDArray[np.bool_]:
        flags: npt.NDArray[np.bool_] = rng.random(count) < np.array(shares)[code]
        return flags

    needs_results = chosen([p.needs_results_share for p in procedures])
    needs_group = chosen([p.group_and_screen_share for p in procedures])
    transfused = chosen([p.transfused_share for p in procedures])
    more = rng.poisson(np.array([p.units_if_transfused - 1.0 for p in procedures])[code])
    blood = scenario.transfusion
    groups = np.array([blood.patient_groups[group] for group in BloodGroup])
    group = np.searchsorted(np.cumsum(groups / groups.sum())[:-1], rng.random(count), side="right")
    antibodies = rng.random(count) < blood.antibody_positive_share
    weekly = scenario.surgery.removal_share_per_week
    stay = rng.exponential(1.0, count) * (168.0 / weekly if weekly > 0.0 else np.inf)

    def drawn_apart(what: str, share: float) -> npt.NDArray[np.bool_]:
        flags: npt.NDArray[np.bool_] = draws(f"operations.{what}").random(count) < share
        return flags

    grades = np.array([GRADES.index(p.grade) for p in procedures])
    crossmatched = np.array([p.units_crossmatched for p in procedures])
    return Operations(
        clock_start=clock,
        site=np.full(count, flow.site, dtype=np.uint8),
        specialty=np.full(count, flow.specialty, dtype=np.uint8),
        procedure=code.astype(np.uint8),
        grade=grades[code].astype(np.uint8),
        priority=priority.astype(np.uint8),
        duration=np.maximum(to_grid(duration), to_grid(1.0 / 60.0)),
        expected_duration=to_grid(mean)[code],
        needs_results=needs_results,
        needs_group_and_screen=needs_group | (crossmatched[code] > 0),
        antibodies=antibodies,
        always_crossmatched=drawn_apart("always_crossmatched", blood.always_crossmatched_share)
        & ~antibodies,
        history_on_file=drawn_apart("history_on_file", blood.history_on_file_share),
        short_validity=drawn_apart("short_validity", blood.short_validity_share),
        o_positive_eligible=drawn_apart("o_positive_eligible", blood.o_positive_eligible_share),
        units_crossmatched=crossmatched[code].astype(np.uint8),
        units_transfused=np.where(transfused, np.minimum(1 + more, 40), 0).astype(np.uint8),
        blood_group=group.astype(np.uint8),
        # Nobody on the starting list has left it before hour 0.
        removal=to_grid(np.minimum(np.maximum(clock, 0.0) + stay, 1e6)),
    )


def _spread_evenly(per_week: float, weeks: int, offset: float) -> Floats:
    """Return moments in weeks at which lists fall when they recur evenly."""
    count = int(np.floor(per_week * weeks + offset))
    moments: Floats = (np.arange(count, dtype=np.float64) + 1.0 - offset) / per_week
    return moments


def draw_theatre_lists(scenario: Scenario, days: Days, seed: int, replication: int) -> TheatreLists:
    """Return the timetable: ordinary, flexible and possible recovery lists.

    Notes
    -----
    Lists recur evenly over the half-days of the working week, from a random offset; those on bank
    holidays do not happen and conditions close others. Recovery lists are at weekends, as many as
    ordinary ones, each with a number in (0, 1]: a policy of strength u opens the share u of them.
    """
    rules = scenario.surgery
    starts = [to_grid(hour) for hour in rules.session_start_hours]
    # An empty part, in case there is nobody to operate on.
    parts: list[tuple[Floats, ...]] = [(np.zeros(0),) * 7]
    for flow in flows(scenario):
        specialty = rules.specialties[flow.specialty]
        site_name = scenario.site_names[flow.site]
        rng = stream(seed, replication, f"theatre_lists.{site_name}.{specialty.name}")
        all_day = specialty.sessions_per_list > 1
        hours = starts[:1] if all_day else starts
        kinds = (
            (rules.base_capacity_share, 0.0, 0.0),
            (rules.flexible_capacity_share, 1.0, 0.0),
            (1.0, 0.0, 1.0),
        )
        for share, flexible, recovery in kinds:
            offset = rng.random()
            per_week = flow.lists * share
            if per_week <= 0.0:
                continue
            moment = _spread_evenly(per_week, scenario.calendar.weeks, offset)
            moment = moment[moment < scenario.calendar.weeks]
            week = np.floor(moment)
            days_open = 2 if recovery else 5
            slot = np.floor((moment - week) * days_open * len(hours)).astype(np.int64)
            day = (7 * week + (5 if recovery else 0)).astype(np.int64) + slot // len(hours)
            start = 24.0 * day + np.array(hours)[slot % len(hours)]
            uniform = rng.random((3, start.size))
            kept = open_sessions(scenario, Capability.THEATRES, site_name, start, uniform[0])
            if not recovery:
                kept &= days.working[day]
            displaced = uniform[1] < rules.emergency_displacement_share
            extra = (1.0 - uniform[2]) if recovery else np.zeros(start.size)
            full = np.ones(start.size)
            table = np.vstack(
                [
                    start,
                    full * flow.list_hours,
                    full * flow.site,
                    full * flow.specialty,
                    full * flexible,
                    extra,
                    displaced,
                ]
            )
            parts.append(tuple(table[:, kept]))
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    order = np.lexsort((columns[5], columns[4], columns[3], columns[2], columns[0]))
    start, length, site, specialty_code, flexible_flag, extra, displaced = (
        column[order] for column in columns
    )
    return TheatreLists(
        start=start,
        length=to_grid(length),
        site=site.astype(np.uint8),
        specialty=specialty_code.astype(np.uint8),
        flexible=flexible_flag > 0.0,
        extra=extra,
        loses_last_case=displaced > 0.0,
    )
