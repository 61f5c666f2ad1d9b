"""Patients for operations whom a test describes by what it is about."""

from __future__ import annotations

from dataclasses import fields

import numpy as np

from disruption_sim.world.model import Operations

CODES = [
    "site",
    "specialty",
    "procedure",
    "grade",
    "priority",
    "units_crossmatched",
    "units_transfused",
    "blood_group",
    "asa",
    "nights",
    "removal_reason",
]
TIMES = ("clock_start", "duration", "expected_duration", "available_from", "removal")


def made_up_operations(count: int, **columns: object) -> Operations:
    """Return so many patients who need nothing and never leave, but for the columns given."""
    values: dict[str, np.ndarray] = {}
    for column in fields(Operations):
        if column.name in CODES:
            values[column.name] = np.zeros(count, dtype=np.uint8)
        elif column.name in TIMES:
            values[column.name] = np.ones(count)
        else:
            values[column.name] = np.zeros(count, dtype=np.bool_)
    values["clock_start"] = -np.arange(count, 0, -1, dtype=np.float64)
    values["available_from"] = values["clock_start"]
    values["removal"] = np.full(count, 1e6)
    for name, given in columns.items():
        values[name] = np.broadcast_to(np.asarray(given), (count,)).astype(values[name].dtype)
    return Operations(**values)
