"""Draw one replication's world."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from disruption_sim.scenario.model import Scenario
from disruption_sim.world.beds import draw_elective_beds
from disruption_sim.world.blood import draw_bleeding, draw_national
from disruption_sim.world.day_units import draw_day_units
from disruption_sim.world.days import Days
from disruption_sim.world.model import World
from disruption_sim.world.outpatients import draw_outpatients
from disruption_sim.world.surgery import draw_operations
from disruption_sim.world.theatre_lists import draw_theatre_lists
from disruption_sim.world.tubes import assemble, draw_unlinked


def draw_world(scenario: Scenario, seed: int, replication: int) -> World:
    """Draw everything that would happen anyway in one replication.

    Parameters
    ----------
    scenario : Scenario
        Only its calendar, volumes, rules and conditions are read: disruptions and policies do not
        change a single draw.
    seed : int
        The experiment's seed, 0 to 2**64 - 1.
    replication : int
        Replication number, from 0.

    Returns
    -------
    World
    """
    days = Days.of(scenario.calendar)
    sessions, appointments, blood = draw_outpatients(scenario, days, seed, replication)
    day_units, treatments, day_unit_blood = draw_day_units(scenario, days, seed, replication)
    tubes, numbers = assemble(
        draw_unlinked(scenario, days, seed, replication),
        np.concatenate([blood.ravel(), day_unit_blood.ravel()]),
    )
    linked = np.full((appointments.session.size, 2), -1, dtype=np.int32)
    linked[:, : blood.shape[1]] = numbers[: blood.size].reshape(blood.shape)
    return World(
        seed=seed,
        replication=replication,
        tubes=tubes,
        operations=draw_operations(scenario, days, seed, replication),
        theatre_lists=draw_theatre_lists(scenario, days, seed, replication),
        elective_beds=draw_elective_beds(scenario, days, seed, replication),
        clinic_sessions=sessions,
        appointments=replace(appointments, tubes=linked),
        bleeding=draw_bleeding(scenario, days, seed, replication),
        national_blood=draw_national(scenario, days, seed, replication),
        day_units=day_units,
        day_treatments=replace(
            treatments, tubes=numbers[blood.size :].reshape(day_unit_blood.shape)
        ),
    )
