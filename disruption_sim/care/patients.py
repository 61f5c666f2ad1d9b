"""The patients for operations: what is known of them, and where they are on their way."""

from __future__ import annotations

from enum import IntEnum

import numpy as np

from disruption_sim.scenario.model import Grade
from disruption_sim.world.model import Operations

RANK_P2, RANK_POSTPONED, RANK_P3, RANK_P4 = range(4)
RANK_BY_PRIORITY = (RANK_P2, RANK_P3, RANK_P4)
PRIORITY_P2 = 0
ASA_2 = 1
OF_INDEPENDENT_SECTOR = (Grade.MINOR, Grade.INTERMEDIATE)
"""Grades that the independent sector takes, as day cases, of patients at ASA 1 and 2."""


class Stage(IntEnum):
    """Where a patient is."""

    NOT_REFERRED = 0
    WAITING = 1
    BOOKED = 2
    OPERATED = 3
    REMOVED = 4


class Patients:
    """Columns of the world's operations as plain lists, and the state of every patient.

    Lists, because the waiting lists and theatres read single values millions of times, and that is
    several times faster than from arrays.

    Parameters
    ----------
    operations : Operations

    Attributes
    ----------
    needs_nothing : list of bool
        Neither blood results nor a group-and-screen sample.
    may_need_blood : list of bool
        The transfusion service has to be able to support the operation.
    independent_sector : list of bool
        May be operated on there: a day case of minor or intermediate grade, ASA 1 or 2, without a
        group-and-screen sample or units.
    crossmatched_always : list of bool
        Units are crossmatched beforehand even where blood can be issued electronically.
    stage : bytearray (patients,)
        ``Stage`` of every patient.
    rank : list of int
        Order on the waiting list: P2, then those postponed before, P3, P4.
    bookings : list of int
        How often the patient has been booked: the occasion of what is drawn for a booking.
    """

    def __init__(self, operations: Operations) -> None:
        self.operations = operations
        self.count = operations.clock_start.size
        self.clock_start: list[float] = operations.clock_start.tolist()
        self.available_from: list[float] = operations.available_from.tolist()
        self.removal: list[float] = operations.removal.tolist()
        self.duration: list[float] = operations.duration.tolist()
        self.expected_duration: list[float] = operations.expected_duration.tolist()
        self.site: list[int] = operations.site.tolist()
        self.specialty: list[int] = operations.specialty.tolist()
        self.procedure: list[int] = operations.procedure.tolist()
        self.grade: list[int] = operations.grade.tolist()
        self.priority: list[int] = operations.priority.tolist()
        self.needs_results: list[bool] = operations.needs_results.tolist()
        self.needs_group_and_screen: list[bool] = operations.needs_group_and_screen.tolist()
        self.antibodies: list[bool] = operations.antibodies.tolist()
        self.history_on_file: list[bool] = operations.history_on_file.tolist()
        self.units_crossmatched: list[int] = operations.units_crossmatched.tolist()
        self.units_transfused: list[int] = operations.units_transfused.tolist()
        self.blood_group: list[int] = operations.blood_group.tolist()
        self.nights: list[int] = operations.nights.tolist()
        self.critical_care: list[bool] = operations.critical_care.tolist()
        self.short_notice: list[bool] = operations.short_notice.tolist()
        self.needs_nothing: list[bool] = (
            ~(operations.needs_results | operations.needs_group_and_screen)
        ).tolist()
        self.may_need_blood: list[bool] = (
            operations.needs_group_and_screen | (operations.units_crossmatched > 0)
        ).tolist()
        grades = [number for number, grade in enumerate(Grade) if grade in OF_INDEPENDENT_SECTOR]
        self.independent_sector: list[bool] = (
            operations.day_case
            & np.isin(operations.grade, grades)
            & (operations.asa <= ASA_2)
            & ~operations.needs_group_and_screen
            & (operations.units_crossmatched == 0)
        ).tolist()
        self.crossmatched_always: list[bool] = (
            (operations.antibodies | operations.always_crossmatched)
            & (operations.units_crossmatched > 0)
        ).tolist()
        self.stage = bytearray(self.count)
        self.rank = [RANK_BY_PRIORITY[priority] for priority in self.priority]
        self.bookings = [0] * self.count
        self.done_at = [float("nan")] * self.count
        self.removed_at = [float("nan")] * self.count
