"""What is left of a laboratory's capacity at each time: rosters, losses, reinforcement, learning.

Information steps go by hand while any of their information technology is lost:

* booking-in and authorisation: minutes between the ordinary ones and those by hand in proportion to
  the depth of the loss, and as much less is authorised automatically;
* reporting: the part not lost goes electronically, the rest takes the minutes by hand of people
  who leave booking-in for it;
* group and screen follows the transfusion system: minutes in proportion to the depth.

What was reported on paper is entered back once booking-in and reporting are whole again. The loss
of analysers takes that share of the servers of the analytical steps. Extra staff multiply the
servers of the three information steps while they work by hand; practice shortens their minutes,
and what was learnt stays. All of it is relative to the roster.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from disruption_sim.disruption import Timeline
from disruption_sim.pathology.expected import ExpectedWeek
from disruption_sim.pathology.network import MODE_MANUAL, MODE_NORMAL
from disruption_sim.pathology.rosters import Rosters
from disruption_sim.pathology.travel import STEPS, TUBE_TYPES
from disruption_sim.scenario.model import Capability, ExtraManualStaff, Scenario, Step
from disruption_sim.step_function import StepFunction, combine

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

MANUAL_CAPABILITY = {
    Step.BOOKING_IN: Capability.BOOKING_IN,
    Step.AUTHORISATION: Capability.AUTHORISATION,
    Step.REPORTING: Capability.REPORTING,
    Step.GROUP_AND_SCREEN: Capability.TRANSFUSION_IT,
}
REINFORCED = (Step.BOOKING_IN, Step.AUTHORISATION, Step.REPORTING)
ANALYTICAL = (Step.CHEMISTRY, Step.HAEMATOLOGY, Step.COAGULATION, Step.GROUP_AND_SCREEN)
# Minutes fall a little every day rather than at once every week.
LEARNING_STEP_HOURS = 24.0


@dataclass(frozen=True, eq=False)
class Schedule:
    """Rows of one station: from when, how many servers, how they work."""

    times: Floats
    servers: Integers
    mode: Integers
    speed: Floats
    skip_share: Floats

    @classmethod
    def without_repeats(
        cls, times: Floats, servers: Integers, mode: Integers, speed: Floats, skip_share: Floats
    ) -> Schedule:
        """Return the schedule without rows that change nothing."""
        columns = (servers, mode, speed, skip_share)
        changes = np.ones(len(times), dtype=np.bool_)
        changes[1:] = np.any([column[1:] != column[:-1] for column in columns], axis=0)
        return cls(
            times[changes], servers[changes], mode[changes], speed[changes], skip_share[changes]
        )

    def manual_spans(self, end: float) -> list[tuple[float, float]]:
        """Return the stretches of time in manual mode, from 0 to `end`."""
        spans: list[tuple[float, float]] = []
        limits = np.clip(np.append(self.times, math.inf), 0.0, end)
        for row in np.flatnonzero(self.mode == MODE_MANUAL):
            start, stop = float(limits[row]), float(limits[row + 1])
            if spans and spans[-1][1] == start:
                spans[-1] = (spans[-1][0], stop)
            elif stop > start:
                spans.append((start, stop))
        return spans


class Capacity:
    """Schedules of all stations in one arm.

    Parameters
    ----------
    scenario : Scenario
    week : ExpectedWeek
        For the mix of tube types, by which minutes are weighted.
    rosters : Rosters
    timeline : Timeline
    """

    def __init__(
        self, scenario: Scenario, week: ExpectedWeek, rosters: Rosters, timeline: Timeline
    ) -> None:
        self._scenario = scenario
        self._week = week
        self._rosters = rosters
        self._timeline = timeline
        self._uplift = uplift(timeline)
        self._practice = practice(timeline, scenario.calendar.end_hour)

    def schedule(self, laboratory: int, step: Step) -> Schedule:
        """Return the schedule of one station."""
        name = self._scenario.laboratory_names[laboratory]
        rule = self._scenario.pathology.step(step)
        analysers = StepFunction.constant(0.0)
        if step in ANALYTICAL:
            analysers = self._timeline.depth(Capability.ANALYSERS, name)
        loss = self._loss(name, step)
        reinforced = step in REINFORCED
        paper = self._loss(name, Step.REPORTING)
        changes = [loss, analysers, *((self._uplift, self._practice, paper) if reinforced else ())]
        times = np.unique(
            np.concatenate([self._rosters.times, *(np.array(c.times) for c in changes)])
        )
        times = times[times < self._scenario.calendar.end_hour]
        staff = self._rosters.on_duty(laboratory, step, times).astype(np.float64)
        depth, lost_analysers = loss.at_many(times), analysers.at_many(times)
        speed, skip_share = np.ones(len(times)), np.full(len(times), rule.automatic_share)
        manual = np.zeros(len(times), dtype=np.bool_)
        if step is Step.BACK_ENTRY:
            staff = np.where(depth > 0.0, 0.0, np.maximum(staff, 1.0))
        elif step in MANUAL_CAPABILITY:
            manual = depth > 0.0
            learnt = self._practice.at_many(times) if reinforced else np.ones(len(times))
            by_hand = np.ones(len(times)) if step is Step.REPORTING else depth
            ordinary = self._ordinary_over_manual(laboratory, step)
            speed = np.where(manual, by_hand * learnt + (1.0 - by_hand) * ordinary, 1.0)
            skip_share = skip_share * (1.0 - depth)
            if step is Step.BOOKING_IN:
                reporting = self._rosters.on_duty(laboratory, Step.REPORTING, times)
                left = np.maximum(staff - reporting, np.minimum(staff, 1.0))
                staff = np.where(paper.at_many(times) > 0.0, left, staff)
            if reinforced:
                staff = np.where(manual, staff * self._uplift.at_many(times), staff)
        servers = np.floor(staff * (1.0 - lost_analysers) + 0.5).astype(np.int64)
        return Schedule.without_repeats(
            times, servers, np.where(manual, MODE_MANUAL, MODE_NORMAL), speed, skip_share
        )

    def _loss(self, laboratory: str, step: Step) -> StepFunction:
        if step is Step.BACK_ENTRY:
            depths = [
                self._timeline.depth(capability, laboratory)
                for capability in (Capability.BOOKING_IN, Capability.REPORTING)
            ]
            return combine(depths, max)
        if step in MANUAL_CAPABILITY:
            return self._timeline.depth(MANUAL_CAPABILITY[step], laboratory)
        return StepFunction.constant(0.0)

    def _ordinary_over_manual(self, laboratory: int, step: Step) -> float:
        """Return ordinary minutes over those by hand, both weighted with the mix of the types."""
        rule = self._scenario.pathology.step(step)
        if not rule.manual_minutes:
            return 1.0
        weights = [
            (share, rule.minutes[tube_type], rule.manual_minutes[tube_type])
            for share, tube_type in zip(self._week.mix(laboratory), TUBE_TYPES, strict=True)
            if tube_type in rule.minutes and tube_type in rule.manual_minutes
        ]
        if sum(share for share, *_ in weights) == 0.0:
            weights = [(1.0, ordinary, by_hand) for _, ordinary, by_hand in weights]
        ordinary = math.fsum(share * minutes for share, minutes, _ in weights)
        return ordinary / math.fsum(share * minutes for share, _, minutes in weights)


def uplift(timeline: Timeline) -> StepFunction:
    """Return the factor on the staff of the manual steps; several policies multiply."""
    factors = [
        strength.map(_uplift_of(policy)) for policy, strength in timeline.policies(ExtraManualStaff)
    ]
    return combine(factors, lambda values: math.prod(sorted(values)))


def _uplift_of(policy: ExtraManualStaff) -> Callable[[float], float]:
    return lambda strength: 1.0 + policy.uplift_share * strength


def practice(timeline: Timeline, end: float) -> StepFunction:
    """Return the factor on the minutes by hand: falls from the start of the policy to its floor.

    Of several policies the one by which most was learnt counts.
    """
    factors = []
    for policy, strength in timeline.policies(ExtraManualStaff):
        in_force = [
            time for time, value in zip(strength.times, strength.values, strict=True) if value > 0.0
        ]
        factor = StepFunction.constant(1.0)
        kept = 1.0 - policy.learning_per_week
        step = 1
        while (
            in_force
            and policy.learning_per_week > 0.0
            and factor.values[-1] > policy.learning_floor_share
        ):
            time = in_force[0] + step * LEARNING_STEP_HOURS
            if not time < end:
                break
            share = max(policy.learning_floor_share, kept ** (step * LEARNING_STEP_HOURS / 168.0))
            factor = factor.with_step(time, share)
            step += 1
        factors.append(factor)
    return combine(factors, min) if factors else StepFunction.constant(1.0)


def stations(scenario: Scenario) -> list[tuple[int, Step]]:
    """Return laboratory and step of every station, in network order."""
    return [
        (laboratory, step) for laboratory in range(len(scenario.laboratory_names)) for step in STEPS
    ]
