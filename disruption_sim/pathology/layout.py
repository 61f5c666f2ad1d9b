"""The network of stations of a scenario: the same steps in every laboratory."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from disruption_sim.grid import to_grid
from disruption_sim.pathology.capacity import LEAD, Schedule, station_name, stations
from disruption_sim.pathology.expected import ExpectedWeek
from disruption_sim.pathology.network import (
    LEAVES,
    MODE_COUNT,
    MODE_MANUAL,
    MODE_NORMAL,
    NetworkLayout,
)
from disruption_sim.pathology.origins import SOURCES, Origins
from disruption_sim.pathology.travel import TUBE_TYPES
from disruption_sim.scenario.model import PEOPLE_STEPS, Scenario, Step, path

Integers = npt.NDArray[np.int64]

# Whoever takes a tube in hand before there is a result looks at the time of collection.
CHECKS_EXPIRY = (
    Step.BOOKING_IN,
    Step.PREPARATION,
    Step.CHEMISTRY,
    Step.HAEMATOLOGY,
    Step.COAGULATION,
    Step.MICROBIOLOGY,
    Step.HISTOLOGY,
    Step.GROUP_AND_SCREEN,
)

# The transfusion bench reports its own work.
REPORTS = (Step.REPORTING, Step.GROUP_AND_SCREEN)

# What people take first within a class of dispatch; paper comes after live work.
PICK_ORDER = {
    "samples": (Step.BOOKING_IN, Step.AUTHORISATION, Step.REPORTING, Step.BACK_ENTRY),
    "results": (Step.REPORTING, Step.AUTHORISATION, Step.BOOKING_IN, Step.BACK_ENTRY),
}


def build_layout(
    scenario: Scenario, origins: Origins, week: ExpectedWeek, schedules: list[Schedule]
) -> NetworkLayout:
    """Return the network of a scenario.

    A tube passes the steps of its `path`; what was reported by hand goes on to be entered back.
    The steps of people of a laboratory share its staff, who stand at booking-in. The sources of
    the network are the origins.

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
    rejected = np.zeros_like(hours)
    variation = np.zeros((len(rows), MODE_COUNT))
    for station, (laboratory, name) in enumerate(rows):
        step = rules.step_at(scenario.laboratory_names[laboratory], name)
        for number, tube_type in enumerate(TUBE_TYPES):
            minutes = step.minutes.get(tube_type, 0.0)
            hours[station, MODE_NORMAL, number] = minutes / 60.0
            hours[station, MODE_MANUAL, number] = step.manual_minutes.get(tube_type, minutes) / 60.0
            share = step.rejected_share.get(tube_type, 0.0)
            rejected[station, MODE_NORMAL, number] = share
            share = step.manual_rejected_share.get(tube_type, share)
            rejected[station, MODE_MANUAL, number] = share
        variation[station] = step.variation, step.manual_variation
    next_if_served, next_if_skipped = routes(scenario)
    stability = rules.stability
    sources = [rules.source(SOURCES[code]) for code in origins.source]
    order = PICK_ORDER[rules.people.takes_first]
    back_entry_class = [source.name for source in rules.sources].index(
        rules.people.back_entry_class
    )
    return NetworkLayout(
        station_names=tuple(station_name(scenario, *row) for row in rows),
        schedule_start=ends - lengths,
        schedule_end=ends,
        schedule_time=np.concatenate([schedule.times for schedule in schedules]),
        schedule_servers=np.concatenate([schedule.servers for schedule in schedules]),
        schedule_mode=np.concatenate([schedule.mode for schedule in schedules]),
        schedule_speed=np.concatenate([schedule.speed for schedule in schedules]),
        schedule_skip_share=np.concatenate([schedule.skip_share for schedule in schedules]),
        schedule_freshest_first=np.concatenate([schedule.freshest_first for schedule in schedules]),
        schedule_open=np.concatenate([schedule.open for schedule in schedules]),
        pool=np.array(
            [
                rows.index((laboratory, LEAD)) if step in PEOPLE_STEPS else station
                for station, (laboratory, step) in enumerate(rows)
            ]
        ),
        pick_rank=np.array([order.index(step) if step in PEOPLE_STEPS else 0 for _, step in rows]),
        fixed_class=np.array(
            [back_entry_class if step is Step.BACK_ENTRY else -1 for _, step in rows]
        ),
        service_hours=hours,
        service_cv=variation,
        checks_expiry=np.array([step in CHECKS_EXPIRY for _, step in rows]),
        marks_reported=np.array([step in REPORTS for _, step in rows]),
        # Only paper reports are of interest afterwards: they have to be entered back.
        marks_manual=np.array([step is Step.REPORTING for _, step in rows]),
        marks_back_entered=np.array([step is Step.BACK_ENTRY for _, step in rows]),
        next_if_served=next_if_served,
        next_if_skipped=next_if_skipped,
        rejected_share=rejected,
        stability_hours=np.array(
            [to_grid(getattr(stability, f"{tube_type.value}_hours")) for tube_type in TUBE_TYPES]
        ),
        expires=np.array([source.on_expiry != "flag" for source in sources]),
        rebleed_share=np.array([source.rebleed_share for source in sources]),
        rebleed_delay_hours=np.array([to_grid(source.rebleed_delay_hours) for source in sources]),
        repeat_within_hours=np.array([source.repeat_within_hours for source in sources]),
        transport_hours=to_grid(week.travel_hours),
    )


def routes(scenario: Scenario) -> tuple[Integers, Integers]:
    """Return the next station of each station and tube type, if served and if skipped."""
    rules = scenario.pathology
    rows, steps = stations(scenario), rules.steps_in_use
    served = np.full((len(rows), len(TUBE_TYPES)), LEAVES, dtype=np.int64)
    for station, (laboratory, step) in enumerate(rows):
        for tube_type in rules.tube_types_in_use:
            passed = path(tube_type)
            if step in passed[:-1]:
                following = passed[passed.index(step) + 1]
                served[station, TUBE_TYPES.index(tube_type)] = laboratory * len(
                    steps
                ) + steps.index(following)
    skipped = served.copy()
    skipped[[step is Step.REPORTING for _, step in rows]] = LEAVES
    return served, skipped
