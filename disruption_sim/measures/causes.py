"""Postponed operations by cause."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from disruption_sim.measures.calendar import Horizon, Integers
from disruption_sim.records import Cause, SurgeryRecords
from disruption_sim.scenario.model import Scenario
from disruption_sim.world.model import Operations

PRIORITIES = ("P2", "P3", "P4")


@dataclass(frozen=True)
class PostponedByCause:
    """How many operations were postponed and why; the causes add up to the total.

    Attributes
    ----------
    whole : int64 (causes, specialties, priorities, sites)
        Over the horizon.
    weekly : int64 (causes, weeks, sites + 1)
        The last place is all sites.
    """

    whole: Integers
    weekly: Integers


def postponed_by_cause(
    scenario: Scenario, horizon: Horizon, operations: Operations, records: SurgeryRecords
) -> PostponedByCause:
    """Count postponements by cause, and by whom and where they hit."""
    week = horizon.week_of(records.postponed_at)
    kept = week >= 0
    patient = records.postponed_patient[kept]
    cause = records.postponed_cause[kept].astype(np.int64)
    site = operations.site[patient].astype(np.int64)
    shape = (
        len(Cause),
        len(scenario.surgery.specialties),
        len(PRIORITIES),
        len(scenario.site_names),
    )
    where = (cause, operations.specialty[patient], operations.priority[patient], site)
    by_week = (len(Cause), horizon.weeks, len(scenario.site_names))
    weekly = _counted((cause, week[kept], site), by_week)
    return PostponedByCause(
        whole=_counted(where, shape),
        weekly=np.concatenate([weekly, weekly.sum(axis=2, keepdims=True)], axis=2),
    )


def _counted(
    where: tuple[np.ndarray[tuple[int, ...], np.dtype[np.integer]], ...], shape: tuple[int, ...]
) -> Integers:
    cell = np.ravel_multi_index(where, shape)
    return np.bincount(cell, minlength=int(np.prod(shape))).reshape(shape).astype(np.int64)
