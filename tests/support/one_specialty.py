"""One specialty whose capacity and demand are plain numbers, for the theory of waiting lists."""

from __future__ import annotations

from dataclasses import fields
from functools import lru_cache
from typing import Any

import numpy as np

from disruption_sim.scenario import Scenario
from disruption_sim.scenario.model import RecoveryLists
from disruption_sim.scenario.writing import plain_scenario
from disruption_sim.world import World, draw_world
from disruption_sim.world.flows import flows
from disruption_sim.world.model import Operations
from tests.support.small_scenario import small_scenario

SITE = "kings"
DEMAND = 30.0
"""Patients referred a week."""
CASES = 4
"""Operations on each list of four hours, turnovers included."""
USUAL_WAIT_WEEKS = 13.0
HORIZON_WEEKS = 36
BOOKED_AHEAD = 2
"""Days ahead at which extra lists are opened."""


@lru_cache(maxsize=4)
def one_specialty(demand: float = DEMAND) -> Scenario:
    """Return P4 day cases of 48 minutes on half-day lists; nobody is cancelled or leaves."""
    root: dict[str, Any] = plain_scenario(small_scenario((SITE,), disruption=False))
    root["calendar"] |= {"bank_holidays": [], "horizon_weeks": HORIZON_WEEKS}
    root["conditions"] = []
    surgery = root["surgery"]
    specialty, procedure = surgery["specialties"][0], surgery["procedures"][0]
    surgery |= {
        "elective_admissions_per_week": demand,
        "theatre_share": 1.0,
        "session_hours": 4.0,
        "turnover_minutes": 12.0,
        "planned_utilisation": 1.0,
        "base_capacity_share": 1.0,
        "flexible_capacity_share": 0.0,
        "late_booking_days_ahead": BOOKED_AHEAD,
        "pre_assessment_days_before": [2.0, 10.0],
        "clinical_cancellation_share": dict.fromkeys(surgery["clinical_cancellation_share"], 0.0),
        "staff_cancellation_share": 0.0,
        "emergency_displacement_share": 0.0,
        "specialties": [
            specialty
            | {
                "share": 1.0,
                "sites": {SITE: 1.0},
                "usual_wait_weeks": USUAL_WAIT_WEEKS,
                "sessions_per_list": 1,
            }
        ],
        "procedures": [
            procedure
            | {
                "specialty": specialty["name"],
                "grade": "minor",
                "share": 1.0,
                "duration_mean_minutes": 48.0,
                "duration_sd_minutes": 0.0,
                "needs_results_share": 0.0,
                "day_case_share": 1.0,
                "group_and_screen_share": 0.0,
                "units_crossmatched": 0,
                "transfused_share": 0.0,
                "priority_mix": [0.0, 0.0, 1.0],
            }
        ],
    }
    surgery["removals"]["share_per_week"] = 0.0
    surgery["unavailable"]["share"] = 0.0
    return Scenario.model_validate(root)


def with_capacity(
    scenario: Scenario, per_week: float, held: tuple[str, ...] = ("weekend",)
) -> Scenario:
    """Add recovery lists from week 1 on, so that so many patients a week can be treated.

    They are divided evenly over the kinds of lists.
    """
    ordinary = sum(flow.lists for flow in flows(scenario)) * CASES
    base = ordinary * scenario.surgery.base_capacity_share
    policies = tuple(
        RecoveryLists.model_validate(
            {
                "name": f"recovery_{kind}",
                "kind": "recovery_lists",
                "held": kind,
                "trigger_day": 0.0,
                "duration_days": 7.0 * HORIZON_WEEKS,
                "uplift_share": (per_week - base) / ordinary / len(held),
            }
        )
        for kind in held
    )
    return scenario.model_copy(update={"policies": policies})


def with_backlog(scenario: Scenario, patients: int, seed: int) -> World:
    """Draw a world in which so many more patients are referred at the start of week 1."""
    world = draw_world(scenario, seed, 0)
    usual = world.operations
    week_1 = scenario.calendar.week_1_hour
    more = np.arange(usual.clock_start.size)[-patients:]
    columns = {}
    for field in fields(Operations):
        column = getattr(usual, field.name)
        added = column[more]
        if field.name in ("clock_start", "available_from"):
            added = np.full(patients, week_1)
        columns[field.name] = np.concatenate([column, added])
    clock = columns["clock_start"]
    order = np.lexsort((np.where(clock < 0.0, 0.0, clock), clock >= 0.0))
    operations = Operations(**{name: column[order] for name, column in columns.items()})
    return World(**{**vars(world), "operations": operations})
