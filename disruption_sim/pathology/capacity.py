"""What is left of a laboratory's capacity at each time: rosters, losses, reinforcement, learning.

Information steps go by hand while any of their information technology is lost:

* booking-in and authorisation: minutes between the ordinary ones and those by hand in proportion to
  the depth of the loss, and as much less is authorised automatically;
* reporting: the part not lost goes electronically, the rest takes the minutes by hand;
* group and screen follows the transfusion system: minutes in proportion to the depth.

All steps of people draw on the one staff of their laboratory, so who telephones results is missed
at booking-in. Extra staff multiply the whole of it while any of its steps goes by hand; practice
shortens the minutes by hand, and what was learnt stays. What was reported on paper waits until
booking-in and reporting are whole again, and is entered back then.

The loss of analysers takes that share of the places of the analytical steps, after the machines
that have broken down. All of it is relative to the roster.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from disruption_sim.disruption import Timeline
from disruption_sim.pathology.dispatch import FRESHEST_FIRST, dispatch_rule
from disruption_sim.pathology.expected import ExpectedWeek
from disruption_sim.pathology.network import MODE_MANUAL, MODE_NORMAL
from disruption_sim.pathology.rosters import Rosters, machine_sizes
from disruption_sim.pathology.travel import TUBE_TYPES
from disruption_sim.scenario.model import (
    PEOPLE_STEPS,
    Capability,
    ExtraManualStaff,
    Scenario,
    Step,
)
from disruption_sim.step_function import StepFunction, combine
from disruption_sim.world import World
from disruption_sim.world.breakdowns import draw_breakdowns

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

MANUAL_CAPABILITY = {
    Step.BOOKING_IN: Capability.BOOKING_IN,
    Step.AUTHORISATION: Capability.AUTHORISATION,
    Step.REPORTING: Capability.REPORTING,
    Step.GROUP_AND_SCREEN: Capability.TRANSFUSION_IT,
}
# Steps of people that go by hand.
REINFORCED = (Step.BOOKING_IN, Step.AUTHORISATION, Step.REPORTING)
# The station at which the people of a laboratory stand.
LEAD = Step.BOOKING_IN
ANALYTICAL = (
    Step.CHEMISTRY,
    Step.HAEMATOLOGY,
    Step.COAGULATION,
    Step.MICROBIOLOGY,
    Step.HISTOLOGY,
    Step.GROUP_AND_SCREEN,
)
# Minutes fall a little every day rather than at once every week.
LEARNING_STEP_HOURS = 24.0
NEVER = StepFunction.constant(0.0)


@dataclass(frozen=True, eq=False)
class Schedule:
    """Rows of one station: from when, how many servers, how they work.

    The servers of a laboratory's people stand at its booking-in; its other steps of people have
    none of their own.
    """

    times: Floats
    servers: Integers
    mode: Integers
    speed: Floats
    skip_share: Floats
    freshest_first: Flags
    open: Flags

    def without_repeats(self) -> Schedule:
        """Return the schedule without rows that change nothing."""
        columns = {field.name: getattr(self, field.name) for field in fields(self)}
        changes = np.ones(len(self.times), dtype=np.bool_)
        changes[1:] = np.any(
            [column[1:] != column[:-1] for name, column in columns.items() if name != "times"],
            axis=0,
        )
        return Schedule(**{name: column[changes] for name, column in columns.items()})

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
    world : World
        Says when machines break down.
    week : ExpectedWeek
        For the mix of tube types, by which minutes are weighted.
    rosters : Rosters
    timeline : Timeline
    """

    def __init__(
        self,
        scenario: Scenario,
        world: World,
        week: ExpectedWeek,
        rosters: Rosters,
        timeline: Timeline,
    ) -> None:
        self._scenario = scenario
        self._world = world
        self._week = week
        self._rosters = rosters
        self._timeline = timeline
        self._uplift = uplift(timeline)
        self._practice = practice(timeline, scenario.calendar.end_hour)

    def schedule(self, laboratory: int, step: Step) -> Schedule:
        """Return the schedule of one station."""
        if step in PEOPLE_STEPS:
            return self._of_people(laboratory, step)
        return self._of_machines(laboratory, step)

    def _of_people(self, laboratory: int, step: Step) -> Schedule:
        name = self._scenario.laboratory_names[laboratory]
        loss, by_hand = self._loss(name, step), self.by_hand(laboratory)
        rule = dispatch_rule(self._scenario, self._timeline, name)
        times = self._times(loss, rule, *((self._practice,) if step in REINFORCED else ()))
        if step is LEAD:
            changes = (self._rosters.times, self._times(by_hand, self._uplift), times)
            times = np.unique(np.concatenate(changes))
            times = times[times < self._scenario.calendar.end_hour]
        servers = np.zeros(len(times), dtype=np.int64)
        if step is LEAD:
            staff = self._rosters.on_duty(laboratory, times)
            extra = np.where(by_hand.at_many(times) > 0.0, self._uplift.at_many(times), 1.0)
            servers = np.floor(staff * extra + 0.5).astype(np.int64)
        depth = loss.at_many(times)
        learnt = self._practice.at_many(times)
        mode, speed, skip_share = self._ways(laboratory, step, depth, learnt)
        return Schedule(
            times=times,
            servers=servers,
            mode=mode,
            speed=speed,
            skip_share=skip_share,
            freshest_first=rule.at_many(times) == FRESHEST_FIRST,
            open=depth == 0.0 if step is Step.BACK_ENTRY else np.ones(len(times), np.bool_),
        ).without_repeats()

    def _of_machines(self, laboratory: int, step: Step) -> Schedule:
        name = self._scenario.laboratory_names[laboratory]
        steps = self._scenario.pathology.steps_in_use
        places = int(self._rosters.places[laboratory, steps.index(step)])
        loss, lost = self._loss(name, step), NEVER
        if step in ANALYTICAL:
            lost = self._timeline.depth(Capability.ANALYSERS, name)
        out = self.places_out(laboratory, step, places)
        times = self._times(loss, lost, out)
        left = (places - out.at_many(times)) * (1.0 - lost.at_many(times))
        ones = np.ones(len(times))
        mode, speed, skip_share = self._ways(laboratory, step, loss.at_many(times), ones)
        return Schedule(
            times=times,
            servers=np.floor(left + 0.5).astype(np.int64),
            mode=mode,
            speed=speed,
            skip_share=skip_share,
            freshest_first=np.zeros(len(times), np.bool_),
            open=np.ones(len(times), np.bool_),
        ).without_repeats()

    def _times(self, *functions: StepFunction) -> Floats:
        times = np.unique(np.concatenate([np.array(function.times) for function in functions]))
        found: Floats = times[times < self._scenario.calendar.end_hour]
        return found

    def _ways(
        self, laboratory: int, step: Step, depth: Floats, learnt: Floats
    ) -> tuple[Integers, Floats, Floats]:
        """Return mode, speed and the share that passes without service for depths of loss."""
        skip_share = np.full(len(depth), self._scenario.pathology.step(step).automatic_share)
        if step not in MANUAL_CAPABILITY:
            return np.full(len(depth), MODE_NORMAL), np.ones(len(depth)), skip_share
        manual = depth > 0.0
        by_hand = np.ones(len(depth)) if step is Step.REPORTING else depth
        ordinary = self._ordinary_over_manual(laboratory, step)
        speed = np.where(manual, by_hand * learnt + (1.0 - by_hand) * ordinary, 1.0)
        return np.where(manual, MODE_MANUAL, MODE_NORMAL), speed, skip_share * (1.0 - depth)

    def by_hand(self, laboratory: int) -> StepFunction:
        """Return how deep the deepest loss is by which people work by hand, over time."""
        name = self._scenario.laboratory_names[laboratory]
        return combine([self._loss(name, step) for step in REINFORCED], max)

    def places_out(self, laboratory: int, step: Step, places: int) -> StepFunction:
        """Return how many places of a station are out of order over time."""
        rules = self._scenario.pathology.step(step).breakdowns
        if rules is None:
            return NEVER
        end = self._scenario.calendar.end_hour
        station = station_name(self._scenario, laboratory, step)
        changes: dict[float, int] = {}
        for machine, size in enumerate(machine_sizes(rules, places)):
            start, repaired = draw_breakdowns(self._world, rules, station, machine, end)
            for times, change in ((start, size), (repaired, -size)):
                for time in times.tolist():
                    changes[time] = changes.get(time, 0) + change
        times_of_change = sorted(changes)
        out = np.cumsum([changes[time] for time in times_of_change]).tolist()
        return StepFunction((-math.inf, *times_of_change), (0.0, *map(float, out)))

    def _loss(self, laboratory: str, step: Step) -> StepFunction:
        if step is Step.BACK_ENTRY:
            depths = [
                self._timeline.depth(capability, laboratory)
                for capability in (Capability.BOOKING_IN, Capability.REPORTING)
            ]
            return combine(depths, max)
        if step in MANUAL_CAPABILITY:
            return self._timeline.depth(MANUAL_CAPABILITY[step], laboratory)
        return NEVER

    def _ordinary_over_manual(self, laboratory: int, step: Step) -> float:
        """Return ordinary minutes over those by hand, both weighted with the mix of the types."""
        name = self._scenario.laboratory_names[laboratory]
        rule = self._scenario.pathology.step_at(name, step)
        in_use = self._scenario.pathology.tube_types_in_use
        weights = [
            (share, rule.minutes[tube_type], rule.manual_minutes[tube_type])
            for share, tube_type in zip(self._week.mix(laboratory), TUBE_TYPES, strict=True)
            if tube_type in rule.minutes and tube_type in in_use
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
        (laboratory, step)
        for laboratory in range(len(scenario.laboratory_names))
        for step in scenario.pathology.steps_in_use
    ]


def station_name(scenario: Scenario, laboratory: int, step: Step) -> str:
    """Return the name of a station, such as ``kings.chemistry``."""
    return f"{scenario.laboratory_names[laboratory]}.{step.value}"
