"""A few weeks of bleeding at the six hospitals, lived through without the other rooms."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, cast

import numpy as np
import simpy

from disruption_sim.disruption import Timeline
from disruption_sim.records import TransfusionRecords
from disruption_sim.scenario import Scenario, load_scenario
from disruption_sim.scenario.model import Capability, Effect
from disruption_sim.transfusion import Transfusion
from disruption_sim.transfusion.compatibility import GROUPS
from disruption_sim.world.blood import draw_bleeding, draw_national
from disruption_sim.world.days import Days
from disruption_sim.world.model import BleedingEpisodes, NationalBlood, World


@cache
def ordinary_scenario(horizon_weeks: int = 4) -> Scenario:
    """Return the built-in hospitals for 6 weeks and a horizon, with nothing going wrong.

    Every bench has two scientists by day and one at night.
    """
    overrides = {"calendar.warm_up_weeks": 6, "calendar.horizon_weeks": horizon_weeks}
    return with_staff(load_scenario("synnovis-2024", overrides).without_disruption(), 2, 1)


def with_rules(scenario: Scenario, **changes: Any) -> Scenario:
    """Return the scenario with other transfusion rules."""
    rules = scenario.transfusion.model_copy(update=changes)
    return scenario.model_copy(update={"transfusion": rules})


def with_staff(scenario: Scenario, day: int, night: int) -> Scenario:
    """Return the scenario with so many scientists at every transfusion bench."""
    staff = {"transfusion_staff_day": day, "transfusion_staff_night": night}
    sites = tuple(site.model_copy(update=staff) for site in scenario.network.sites)
    network = scenario.network.model_copy(update={"sites": sites})
    return scenario.model_copy(update={"network": network})


def with_outage(
    scenario: Scenario,
    days: float,
    depth: float = 1.0,
    start_day: int = 0,
    places: tuple[str, ...] = ("all",),
) -> Scenario:
    """Return the scenario with transfusion information technology lost some days after onset."""
    effect = Effect(
        name="transfusion_it",
        capabilities=(Capability.TRANSFUSION_IT,),
        places=places,
        start=scenario.calendar.onset + dt.timedelta(days=start_day),
        depth=depth,
        duration_days=days,
    )
    return scenario.model_copy(update={"disruptions": (*scenario.disruptions, effect)})


def world_of(scenario: Scenario, seed: int = 1) -> World:
    """Return a world of which only what the transfusion room reads is drawn."""
    days = Days.of(scenario.calendar)
    bleeding = draw_bleeding(scenario, days, seed, 0)
    return _world(seed, bleeding, draw_national(scenario, days, seed, 0))


def quiet_world(scenario: Scenario, seed: int = 1) -> World:
    """Return a world in which nobody bleeds."""
    nothing = np.zeros(0)
    codes, flags = np.zeros(0, dtype=np.uint8), np.zeros(0, dtype=np.bool_)
    bleeding = BleedingEpisodes(nothing, codes, codes, codes, codes, codes, flags, flags)
    ones = np.ones((7 * scenario.calendar.weeks, GROUPS))
    return _world(seed, bleeding, NationalBlood(ones, ones))


def _world(seed: int, bleeding: BleedingEpisodes, national: NationalBlood) -> World:
    unseen = cast(Any, None)
    rest = (bleeding, national, unseen, unseen)
    return World(seed, 0, unseen, unseen, unseen, unseen, unseen, *rest)


def room(scenario: Scenario, world: World) -> tuple[simpy.Environment, Transfusion]:
    """Return a room that has started, and its calendar at hour 0."""
    env = simpy.Environment()
    transfusion = Transfusion(env, scenario, world, Timeline(scenario))
    transfusion.start()
    return env, transfusion


def live(
    scenario: Scenario,
    world: World,
    besides: Callable[[simpy.Environment, Transfusion], Iterator[simpy.Event]] | None = None,
) -> TransfusionRecords:
    """Live a world to its end, with a process besides if there is one, and check conservation."""
    env, transfusion = room(scenario, world)
    if besides is not None:
        env.process(cast(Any, besides(env, transfusion)))
    env.run(until=scenario.calendar.end_hour)
    records = transfusion.finish()
    check_conservation(records)
    return records


def issued_by_day(records: TransfusionRecords) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return issued units (days, sites, groups)."""
    issued = np.zeros(records.stock.shape, dtype=np.int64)
    day = (records.issued_at // 24.0).astype(np.int64)
    places = (day, records.issued_site, records.issued_group)
    np.add.at(issued, places, records.issued_units)
    return issued


def check_conservation(records: TransfusionRecords) -> None:
    """Assert that by day, hospital and group no unit appears from nowhere or gets lost."""
    flow = records.received - records.expired - issued_by_day(records)
    stock = records.initial_stock + np.cumsum(flow, axis=0)
    np.testing.assert_array_equal(stock, records.stock)
    np.testing.assert_array_equal(stock[-1], records.final_stock)
    assert records.stock.min() >= 0
    assert records.national_stock.min() >= 0.0
    assert (records.issued_units > 0).all()


def o_negative_units(records: TransfusionRecords) -> int:
    """Return units of O-negative issued."""
    return int(records.issued_units[records.issued_group == 0].sum())
