"""The network of stations of a scenario: nine steps in every laboratory."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from disruption_sim.grid import to_grid
from disruption_sim.pathology.capacity import Schedule, stations
from disruption_sim.pathology.expected import ExpectedWeek
from disruption_sim.pathology.network import (
    LEAVES,
    MODE_COUNT,
    MODE_MANUAL,
    MODE_NORMAL,
    NetworkLayout,
)
from disruption_sim.pathology.origins import SOURCES, Origins
from disruption_sim.pathology.travel import STEPS, TUBE_TYPES, path
from disruption_sim.scenario.model import Scenario, Step

Integers = npt.NDArray[np.int64]

# Whoever takes a tube in hand before there is a result looks at the time of collection.
CHECKS_EXPIRY = (
    Step.BOOKING_IN,
    Step.PREPARATION,
    Step.CHEMISTRY,
    Step.HAEMATOLOGY,
    Step.COAGULATION,
    Step.GROUP_AND_SCREEN,
)

# The transfusion bench reports its own work.
REPORTS = (Step.REPORTING, Step.GROUP_AND_SCREEN)


def build_layout(
    scenario: Scenario, origins: Origins, week: ExpectedWeek, schedules: list[Schedule]
) -> NetworkLayout:
    """Return the network of a scenario.

    Booking-in, preparation, the analysis of the tube type, authorisation, reporting; what was
    reported by hand goes on to be entered back. Group-and-screen samples go straight to the
    transfusion bench. The sources of the network are the origins.

    Parameters
    ----------
    scenario : Scenario
    origins : Origins
    week : ExpectedWeek
        Says how long a repeated sample travels.
    schedules : list of Schedule
        Of the stations in network order.
    """
    rules = scenario.pathology
    rows = stations(scenario)
    lengths = np.array([len(schedule.times) for schedule in schedules])
    ends = np.cumsum(lengths)
    hours = np.zeros((len(rows), MODE_COUNT, len(TUBE_TYPES)))
    variation = np.zeros((len(rows), MODE_COUNT))
    for station, (_, name) in enumerate(rows):
        step = rules.step(name)
        for number, tube_type in enumerate(TUBE_TYPES):
            minutes = step.minutes.get(tube_type, 0.0)
            hours[station, MODE_NORMAL, number] = minutes / 60.0
            hours[station, MODE_MANUAL, number] = step.manual_minutes.get(tube_type, minutes) / 60.0
        variation[station] = step.variation, step.manual_variation
    next_if_served, next_if_skipped = routes(scenario)
    stability = rules.stability
    sources = [rules.source(SOURCES[code]) for code in origins.source]
    return NetworkLayout(
        station_names=tuple(
            f"{scenario.laboratory_names[laboratory]}.{step.value}" for laboratory, step in rows
        ),
        schedule_start=ends - lengths,
        schedule_end=ends,
        schedule_time=np.concatenate([schedule.times for schedule in schedules]),
        schedule_servers=np.concatenate([schedule.servers for schedule in schedules]),
        schedule_mode=np.concatenate([schedule.mode for schedule in schedules]),
        schedule_speed=np.concatenate([schedule.speed for schedule in schedules]),
        schedule_skip_share=np.concatenate([schedule.skip_share for schedule in schedules]),
        schedule_freshest_first=np.zeros(ends[-1], dtype=np.bool_),
        schedule_open=np.ones(ends[-1], dtype=np.bool_),
        pool=np.arange(len(rows)),
        pick_rank=np.zeros(len(rows), dtype=np.int64),
        fixed_class=np.full(len(rows), -1),
        service_hours=hours,
        service_cv=variation,
        checks_expiry=np.array([step in CHECKS_EXPIRY for _, step in rows]),
        marks_reported=np.array([step in REPORTS for _, step in rows]),
        # Only paper reports are of interest afterwards: they have to be entered back.
        marks_manual=np.array([step is Step.REPORTING for _, step in rows]),
        marks_back_entered=np.array([step is Step.BACK_ENTRY for _, step in rows]),
        next_if_served=next_if_served,
        next_if_skipped=next_if_skipped,
        rejected_share=np.zeros_like(hours),
        stability_hours=np.array(
            [to_grid(getattr(stability, f"{tube_type.value}_hours")) for tube_type in TUBE_TYPES]
        ),
        expires=np.ones(len(sources), dtype=np.bool_),
        rebleed_share=np.array([source.rebleed_share for source in sources]),
        rebleed_delay_hours=np.array([to_grid(source.rebleed_delay_hours) for source in sources]),
        transport_hours=to_grid(week.travel_hours),
    )


def routes(scenario: Scenario) -> tuple[Integers, Integers]:
    """Return the next station of each station and tube type, if served and if skipped."""
    rows = stations(scenario)
    served = np.full((len(rows), len(TUBE_TYPES)), LEAVES, dtype=np.int64)
    for station, (laboratory, step) in enumerate(rows):
        first = laboratory * len(STEPS)
        for number, tube_type in enumerate(TUBE_TYPES):
            steps = path(tube_type)
            if step in steps[:-1]:
                following = steps[steps.index(step) + 1]
                served[station, number] = first + STEPS.index(following)
    skipped = served.copy()
    skipped[[step is Step.REPORTING for _, step in rows]] = LEAVES
    return served, skipped
