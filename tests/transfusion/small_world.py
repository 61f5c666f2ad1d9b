"""A few weeks of bleeding at the six hospitals, lived through without the other rooms."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, cast, get_args

import numpy as np
import simpy

from disruption_sim.disruption import Timeline
from disruption_sim.records import TransfusionRecords
from disruption_sim.scenario import Scenario, load_scenario
from disruption_sim.scenario.model import Capability, Effect, Policy
from disruption_sim.transfusion import Transfusion
from disruption_sim.transfusion.compatibility import GROUPS
from disruption_sim.world.blood import draw_bleeding, draw_national
from disruption_sim.world.days import Days
from disruption_sim.world.model import BleedingEpisodes, NationalBlood, Operations, Tubes, World

A_POSITIVE = 3


@cache
def ordinary_scenario(horizon_weeks: int = 4) -> Scenario:
    """Return the built-in hospitals for 6 weeks and a horizon, with nothing going wrong.

    Every bench has two scientists by day and one at night, all in the hospital and with no other
    work, so that minutes can be worked out by hand.
    """
    overrides = {
        "calendar.warm_up_weeks": 6,
        "calendar.horizon_weeks": horizon_weeks,
        "transfusion.other_work_share": 0.0,
    }
    return with_staff(load_scenario("synnovis-2024", overrides).without_disruption(), 2, 1)


def with_rules(scenario: Scenario, **changes: Any) -> Scenario:
    """Return the scenario with other transfusion rules.

    Those of a section of the rules are given as a dictionary: ``times={"sample_minutes": 5.0}``.
    """
    rules = scenario.transfusion
    for name, value in changes.items():
        now = getattr(rules, name)
        if isinstance(value, dict) and hasattr(now, "model_copy"):
            changes[name] = now.model_copy(update=value)
    return scenario.model_copy(update={"transfusion": rules.model_copy(update=changes)})


def with_staff(scenario: Scenario, day: int, night: int, at_night: str = "resident") -> Scenario:
    """Return the scenario with so many scientists at every transfusion bench."""
    staff = {
        "transfusion_staff_day": day,
        "transfusion_staff_weekend": day,
        "transfusion_staff_night": night,
        "transfusion_night": at_night,
    }
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


def with_policy(scenario: Scenario, kind: type[Policy], **rules: Any) -> Scenario:
    """Return the scenario with one more policy, from the onset on."""
    word = get_args(kind.model_fields["kind"].annotation)[0]
    policy = kind(name="lever", kind=word, trigger_day=0.0, **rules)  # type: ignore[call-arg]
    return scenario.model_copy(update={"policies": (*scenario.policies, policy)})


def world_of(scenario: Scenario, seed: int = 1) -> World:
    """Return a world of which only what the transfusion room reads is drawn."""
    days = Days.of(scenario.calendar)
    bleeding = draw_bleeding(scenario, days, seed, 0)
    return _world(seed, bleeding, draw_national(scenario, days, seed, 0))


def quiet_world(scenario: Scenario, seed: int = 1, **columns: Any) -> World:
    """Return a world in which nobody bleeds but those described by columns.

    A patient who is not described further is A-positive, needs two units urgently for a medical
    reason at the last site but one, has a tested sample and a group on file, no antibodies, and is
    given O-negative if it has to be unmatched.
    """
    ones = np.ones((7 * scenario.calendar.weeks, GROUPS))
    return _world(seed, patients(**columns), NationalBlood(ones, ones))


def patients(**columns: Any) -> BleedingEpisodes:
    """Return episodes from their times and whatever is not as usual."""
    time = np.sort(np.atleast_1d(np.asarray(columns.pop("time", np.zeros(0)), dtype=np.float64)))
    usual: dict[str, tuple[Any, Any]] = {
        "site": (4, np.uint8),
        "use": (0, np.uint8),
        "urgency": (1, np.uint8),
        "blood_group": (A_POSITIVE, np.uint8),
        "units": (2, np.uint8),
        "trauma": (False, np.bool_),
        "antibodies": (False, np.bool_),
        "always_crossmatched": (False, np.bool_),
        "history_on_file": (True, np.bool_),
        "tested_sample": (True, np.bool_),
        "o_positive_eligible": (False, np.bool_),
        "fresh": (False, np.bool_),
    }
    made = {
        name: np.array(np.broadcast_to(columns.pop(name, value), time.shape), dtype=kind)
        for name, (value, kind) in usual.items()
    }
    assert not columns, columns
    return BleedingEpisodes(time=time, **made)


def operation_patients(count: int, **columns: Any) -> Operations:
    """Return patients for operations at the last site but one, of whom only the blood is told."""
    usual: dict[str, tuple[Any, Any]] = {
        "site": (4, np.uint8),
        "blood_group": (A_POSITIVE, np.uint8),
        "units_crossmatched": (2, np.uint8),
        "units_transfused": (2, np.uint8),
        "needs_group_and_screen": (True, np.bool_),
        "antibodies": (False, np.bool_),
        "always_crossmatched": (False, np.bool_),
        "history_on_file": (True, np.bool_),
        "short_validity": (False, np.bool_),
        "o_positive_eligible": (False, np.bool_),
    }
    made = {
        name: np.array(np.broadcast_to(columns.pop(name, value), (count,)), dtype=kind)
        for name, (value, kind) in usual.items()
    }
    assert not columns, columns
    unseen = dict.fromkeys(
        set(Operations.__dataclass_fields__) - set(made), cast(Any, np.zeros(count))
    )
    return Operations(**made, **unseen)


def _world(seed: int, bleeding: BleedingEpisodes, national: NationalBlood) -> World:
    unseen = cast(Any, None)
    codes = np.zeros(0, dtype=np.uint8)
    tubes = Tubes(np.zeros(0), codes, codes, codes)
    operations = operation_patients(0)
    return World(seed, 0, tubes, operations, unseen, unseen, unseen, unseen, bleeding, national)


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
    """Live a world to its end, with a process besides if there is one, and check conservation.

    Every unit that the world asks for is issued, still asked for at the end, withheld or diverted,
    and every unit of blood is somewhere.
    """
    env, transfusion = room(scenario, world)
    if besides is not None:
        env.process(cast(Any, besides(env, transfusion)))
    env.run(until=scenario.calendar.end_hour)
    records = transfusion.finish()
    check_conservation(records)
    if besides is None:
        check_everybody_is_accounted_for(world, transfusion, records)
    return records


def check_everybody_is_accounted_for(
    world: World, transfusion: Transfusion, records: TransfusionRecords
) -> None:
    """Assert that units asked for have been issued, are outstanding, withheld or diverted."""
    asked = int(world.bleeding.units.sum())
    spared = int(records.withheld_units.sum() + records.diverted_units.sum())
    # Packs of a haemorrhage in the last hours of the run may be asked for after it.
    late_packs = world.bleeding.units[
        (world.bleeding.use == 3) & (world.bleeding.time > 24.0 * len(records.stock) - 8.0)
    ]
    found = int(records.issued_units.sum()) + transfusion.outstanding_units + spared
    assert asked - int(late_packs.sum()) <= found <= asked


def issued_by_day(records: TransfusionRecords) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return issued units (days, sites, groups)."""
    issued = np.zeros(records.stock.shape, dtype=np.int64)
    day = (records.issued_at // 24.0).astype(np.int64)
    places = (day, records.issued_site, records.issued_group)
    np.add.at(issued, places, records.issued_units)
    return issued


def check_conservation(records: TransfusionRecords) -> None:
    """Assert that by hospital, group and last day no unit appears from nowhere or gets lost."""
    sites, groups = records.stock.shape[1:]
    days = int(max(records.batch_last_day.max(initial=0), records.issued_last_day.max(initial=0)))
    issued = np.zeros((sites, groups, days + 1), dtype=np.int64)
    places = (records.issued_site, records.issued_group, records.issued_last_day)
    np.add.at(issued, places, records.issued_units)
    come = np.zeros_like(issued)
    batch = (records.batch_site, records.batch_group, records.batch_last_day)
    np.add.at(come, batch, records.batch_first + records.batch_received)
    np.subtract.at(come, batch, records.batch_expired + records.batch_wasted + records.batch_left)
    np.testing.assert_array_equal(come, issued)
    first = np.zeros((sites, groups), dtype=np.int64)
    np.add.at(first, (records.batch_site, records.batch_group), records.batch_first)
    flow = records.received - records.expired - records.wasted - issued_by_day(records)
    stock = records.stock + records.satellite + records.reserved
    np.testing.assert_array_equal(first + np.cumsum(flow, axis=0), stock)
    assert stock.min() >= 0
    assert records.national_stock.min() >= 0.0
    assert (records.issued_units > 0).all()
    assert (records.issued_last_day >= records.issued_at // 24.0).all()


def o_negative_units(records: TransfusionRecords) -> int:
    """Return units of O-negative issued."""
    return int(records.issued_units[records.issued_group == 0].sum())
