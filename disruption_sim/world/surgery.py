"""Patients for operations: the starting waiting list and all referrals."""

from __future__ import annotations

import math
from dataclasses import fields

import numpy as np
import numpy.typing as npt

from disruption_sim.grid import to_grid
from disruption_sim.randomness import stream
from disruption_sim.scenario.model import Scenario, Specialty
from disruption_sim.world.days import Days
from disruption_sim.world.flows import Flow, flows, procedures_of
from disruption_sim.world.model import Operations
from disruption_sim.world.surgical_needs import P2, Draws, with_needs

Floats = npt.NDArray[np.float64]

# While lists are in balance P2 and P3 are seen well within their windows, P3 as soon as booking
# allows; these shares of the windows are their longest waits on the starting list. P4 patients
# make up the rest of it.
P2_WAIT_SHARE_OF_WINDOW = 0.6
P3_WAIT_SHARE_OF_WINDOW = 0.28
LONGEST_WAIT_WEEKS = 520.0
REFERRAL_HOURS = (9.0, 17.0)


class ListInBalance:
    """Ages of the patients of one priority on a waiting list in balance.

    Patients come at a steady rate, leave untreated at a rate, and are operated on when they have
    waited for `longest`, or later if they are unavailable until then: for an exponential time from
    their referral.

    Parameters
    ----------
    longest : float
        Weeks.
    removed_per_week : float
    unavailable_share, unavailable_weeks : float

    Notes
    -----
    Of those referred `a` weeks ago exp(-r a) have not left. Up to the longest wait all of them are
    on the list, after it only the unavailable, exp(-a / m) of their share: the tail of a list, and
    what an M/G/infinity queue of the unavailable holds.
    """

    def __init__(
        self,
        longest: float,
        removed_per_week: float,
        unavailable_share: float,
        unavailable_weeks: float,
    ) -> None:
        self.longest = longest
        self._leaving = removed_per_week
        self._tail_rate = removed_per_week + 1.0 / unavailable_weeks
        left = -math.expm1(-self._leaving * longest) / self._leaving if self._leaving else longest
        self._body = left
        self._tail = unavailable_share * math.exp(-self._tail_rate * longest) / self._tail_rate

    @property
    def weeks_of_referrals(self) -> float:
        """Size of the list over weekly referrals."""
        return self._body + self._tail

    def ages(self, uniform: Floats) -> Floats:
        """Return ages in weeks for uniform numbers; those beyond the longest are unavailable."""
        place = uniform * self.weeks_of_referrals
        body = np.minimum(place, self._body)
        ages = -np.log1p(-self._leaving * body) / self._leaving if self._leaving else body
        beyond = np.maximum(place - self._body, 0.0)
        rest = np.maximum(1.0 - beyond / self._tail, 1e-12) if self._tail > 0.0 else 1.0
        found: Floats = ages - np.log(rest) / self._tail_rate
        return found


def lists_in_balance(
    scenario: Scenario, specialty: Specialty, flow: Flow, mix: Floats
) -> list[ListInBalance]:
    """Return the starting lists of P2, P3 and P4; together they are the usual list.

    Parameters
    ----------
    scenario : Scenario
    specialty : Specialty
    flow : Flow
    mix : float64 (3,)
        Shares of the priorities in referrals.
    """
    rules = scenario.surgery
    leaving, away = rules.removals.share_per_week, rules.unavailable

    def of(level: int, longest: float) -> ListInBalance:
        share = 0.0 if level == P2 else away.share
        return ListInBalance(longest, leaving, share, away.weeks)

    usual = specialty.usual_wait_weeks
    found = [
        of(0, min(usual, P2_WAIT_SHARE_OF_WINDOW * rules.p2_window_days / 7.0)),
        of(1, min(usual, P3_WAIT_SHARE_OF_WINDOW * rules.p3_window_days / 7.0)),
    ]
    rest = usual * flow.treated / flow.referrals
    rest -= sum(float(mix[level]) * found[level].weeks_of_referrals for level in range(2))
    low, high = 0.0, LONGEST_WAIT_WEEKS
    while high - low > 1e-6:
        middle = 0.5 * (low + high)
        if float(mix[2]) * of(2, middle).weeks_of_referrals > rest:
            high = middle
        else:
            low = middle
    return [*found, of(2, low if mix[2] > 0.0 else 0.0)]


def draw_operations(scenario: Scenario, days: Days, seed: int, replication: int) -> Operations:
    """Return the starting waiting list and all referrals.

    Notes
    -----
    Referrals are Poisson on working days. Durations are lognormal. The starting list of each
    priority has the ages of a list in balance (`ListInBalance`).
    """
    rules = scenario.surgery

    def draws_of(place: str) -> Draws:
        return lambda purpose: stream(seed, replication, f"{purpose}{place}")

    # An empty part, in case nobody is referred.
    nobody = np.zeros(0, dtype=np.int64)
    no_flow = Flow(0, 0, 0.0, 0.0, 0.0, 0.0)
    parts = [with_needs(scenario, draws_of(""), no_flow, np.zeros(0), nobody, nobody)]
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
        balanced = lists_in_balance(scenario, specialty, flow, by_priority)
        weeks = np.array([waiting.weeks_of_referrals for waiting in balanced])
        counts = rng.poisson(flow.referrals * by_priority * weeks)
        priority = np.repeat(np.arange(3), counts)
        uniform = rng.random(priority.size)
        clock = np.zeros(priority.size)
        for level, waiting in enumerate(balanced):
            chosen = priority == level
            clock[chosen] = -168.0 * waiting.ages(uniform[chosen])
        unavailable = clock < -168.0 * np.array([w.longest for w in balanced])[priority]
        per_day = rng.poisson(flow.referrals / 5.0 * days.working)
        day = np.repeat(np.arange(days.count), per_day)
        low, high = REFERRAL_HOURS
        referred = 24.0 * day + low + (high - low) * rng.random(day.size)
        referred_priority = np.searchsorted(
            np.cumsum(by_priority)[:-1], rng.random(day.size), side="right"
        )
        clock = np.concatenate([clock, referred])
        priority = np.concatenate([priority, referred_priority])
        unavailable = np.concatenate([unavailable, np.zeros(day.size, dtype=np.bool_)])
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
        parts.append(
            with_needs(scenario, draws, flow, clock, numbers[which], priority, unavailable)
        )
    columns = {
        column.name: np.concatenate([getattr(part, column.name) for part in parts])
        for column in fields(Operations)
    }
    # The starting list keeps the order of its parts; referrals stand in order of time.
    clock = columns["clock_start"]
    order = np.lexsort((np.where(clock < 0.0, 0.0, clock), clock >= 0.0))
    return Operations(**{name: column[order] for name, column in columns.items()})
