"""One arm of one replication: a SimPy calendar with the rooms in it, run to its records."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import TypeVar

from disruption_sim.care import Clinics, DayUnits, Theatres
from disruption_sim.disruption import Timeline
from disruption_sim.pathology import Pathology, SimulationCalendar
from disruption_sim.records import Records
from disruption_sim.scenario import Scenario
from disruption_sim.transfusion import Transfusion
from disruption_sim.world import World

Made = TypeVar("Made")


def simulate(scenario: Scenario, world: World, arm: str) -> Records:
    """Live a world under one scenario.

    Parameters
    ----------
    scenario : Scenario
        What goes wrong and what is done about it. The baseline arm is
        ``scenario.without_disruption()``; the world stays the same.
    world : World
        Drawn from the same scenario (or one that differs in disruptions and policies alone).
    arm : str
        Name for the records.

    Returns
    -------
    Records
        With the seconds of processor-independent wall time spent in ``kernel``, ``clinical`` and
        ``preparation``.
    """
    clock = _Clock()
    with_timeline = Timeline(scenario)
    pathology = clock.time("preparation", lambda: Pathology(scenario, world, with_timeline))
    env = SimulationCalendar(pathology.kernel)
    transfusion = Transfusion(env, scenario, world, with_timeline)
    theatres = Theatres(env, scenario, world, with_timeline, pathology, transfusion)
    clinics = Clinics(env, scenario, world, with_timeline, pathology)
    day_units = DayUnits(env, scenario, world, pathology)
    for room in (transfusion, theatres, clinics, day_units):
        room.start()
    clock.time("calendar", lambda: env.run(until=scenario.calendar.end_hour))
    clock.time("calendar", lambda: pathology.advance_to(scenario.calendar.end_hour))
    counted = clock.time("preparation", pathology.finish)
    clinical = clock.seconds.pop("calendar") - pathology.kernel_seconds
    return Records(
        arm=arm,
        pathology=counted,
        surgery=theatres.finish(),
        outpatients=clinics.finish(),
        day_units=day_units.finish(),
        transfusion=transfusion.finish(),
        seconds={
            "kernel": pathology.kernel_seconds,
            "clinical": clinical,
            "preparation": clock.seconds["preparation"],
        },
    )


class _Clock:
    """Adds up how long named parts take."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def time(self, part: str, work: Callable[[], Made]) -> Made:
        start = perf_counter()
        made = work()
        self.seconds[part] = self.seconds.get(part, 0.0) + perf_counter() - start
        return made
