"""What happens in theatres, noted as it happens, and its records."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from disruption_sim.care.patients import Patients
from disruption_sim.grid import HOURS_PER_DAY, HOURS_PER_WEEK
from disruption_sim.records import Cause, DoneOn, ExtraList, SurgeryRecords
from disruption_sim.scenario.model import Scenario

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
BedRecords = tuple[Integers, Integers, Integers]
"""Beds by site and kind; occupied and lost beds by day, site and kind."""

KIND_OF_EXTRA_LIST = {
    ExtraList.WEEKEND: DoneOn.WEEKEND_LIST,
    ExtraList.EVENING: DoneOn.EVENING_LIST,
    ExtraList.INDEPENDENT_SECTOR: DoneOn.INDEPENDENT_SECTOR,
}
EXTRA_LIST_OF_KIND = {kind: extra for extra, kind in KIND_OF_EXTRA_LIST.items()}


class SurgeryLog:
    """Notes of one arm.

    Parameters
    ----------
    scenario : Scenario
    patients : Patients
    """

    def __init__(self, scenario: Scenario, patients: Patients) -> None:
        self._patients = patients
        self._end = scenario.calendar.end_hour
        self._standard = HOURS_PER_DAY * scenario.surgery.rebooking_standard_days
        self._postponed_at: list[float] = []
        self._decided_at: list[float] = []
        self._postponed_patient: list[int] = []
        self._cause: list[int] = []
        self._swapped_in: list[int] = []
        self._transferred: list[int] = []
        self._done_on = bytearray(patients.count)
        weeks = scenario.calendar.weeks
        self._host_displaced = np.zeros(weeks)
        self._lists_run = np.zeros(weeks, dtype=np.int64)
        self._flexible_lists_run = np.zeros(weeks, dtype=np.int64)
        self._extra_lists_run = np.zeros((weeks, len(ExtraList)), dtype=np.int64)
        self._cost_pounds = np.zeros(weeks)
        self._busy_hours = np.zeros(weeks)
        self._list_hours = np.zeros(weeks)

    def postponed(self, patient: int, at: float, decided_at: float, cause: Cause) -> None:
        """Note a postponement; `at` is the start of the list the patient is taken from."""
        self._postponed_at.append(at)
        self._decided_at.append(decided_at)
        self._postponed_patient.append(patient)
        self._cause.append(int(cause))

    def operated(self, patient: int, on: DoneOn, *, swapped_in: bool) -> None:
        """Note on which kind of list a patient is operated on, and whether at short notice."""
        self._done_on[patient] = on
        if swapped_in:
            self._swapped_in.append(patient)

    def transferred(
        self, patient: int, at: float, host_displaced: float, cost_pounds: float
    ) -> None:
        """Note an operation in another hospital.

        Parameters
        ----------
        patient : int
        at : float
            When, before the end.
        host_displaced : float
            Operations of the host's own that are put off for it.
        cost_pounds : float
        """
        week = int(at // HOURS_PER_WEEK)
        self._transferred.append(patient)
        self._done_on[patient] = DoneOn.OTHER_HOSPITAL
        self._host_displaced[week] += host_displaced
        self._cost_pounds[week] += cost_pounds

    def list_run(
        self, start: float, length: float, busy: float, kind: DoneOn, cost_pounds: float
    ) -> None:
        """Note a list that was staffed, how long its theatre was in use, and what it cost extra.

        The theatres of the independent sector are not ours: their hours do not count.
        """
        week = int(start // HOURS_PER_WEEK)
        self._lists_run[week] += 1
        self._cost_pounds[week] += cost_pounds
        if kind is DoneOn.FLEXIBLE_LIST:
            self._flexible_lists_run[week] += 1
        elif kind in EXTRA_LIST_OF_KIND:
            self._extra_lists_run[week, EXTRA_LIST_OF_KIND[kind]] += 1
        if kind is not DoneOn.INDEPENDENT_SECTOR:
            self._busy_hours[week] += busy
            self._list_hours[week] += length

    def records(self, beds: BedRecords) -> SurgeryRecords:
        """Return the records of the whole arm.

        Parameters
        ----------
        beds : three arrays
            Beds by site and kind; those occupied and those lost to emergencies by day, site, kind.
        """
        done_at = np.array(self._patients.done_at, dtype=np.float64)
        removed_at = np.array(self._patients.removed_at, dtype=np.float64)
        postponed_at = np.array(self._postponed_at, dtype=np.float64)
        patient = np.array(self._postponed_patient, dtype=np.int32)
        order = np.lexsort((patient, postponed_at))
        postponed_at, patient = postponed_at[order], patient[order]
        there, occupied, lost = beds
        return SurgeryRecords(
            done_at=done_at,
            done_on=np.array(self._done_on, dtype=np.uint8),
            removed_at=removed_at,
            postponed_at=postponed_at,
            postponed_decided_at=np.array(self._decided_at, dtype=np.float64)[order],
            postponed_patient=patient,
            postponed_cause=np.array(self._cause, dtype=np.uint8)[order],
            rebooked_late=rebooked_late(
                postponed_at, done_at[patient], removed_at[patient], self._standard, self._end
            ),
            swapped_in=np.array(self._swapped_in, dtype=np.int32),
            transferred=np.array(self._transferred, dtype=np.int32),
            host_displaced=self._host_displaced,
            lists_run=self._lists_run,
            flexible_lists_run=self._flexible_lists_run,
            extra_lists_run=self._extra_lists_run,
            cost_pounds=self._cost_pounds,
            busy_hours=self._busy_hours,
            list_hours=self._list_hours,
            beds=there,
            beds_occupied=occupied,
            beds_lost=lost,
        )


def rebooked_late(
    postponed_at: Floats, done_at: Floats, removed_at: Floats, standard: float, end: float
) -> npt.NDArray[np.bool_]:
    """Return which postponements were not made good within the rebooking standard.

    Parameters
    ----------
    postponed_at, done_at, removed_at : float64 (events,)
        Hours; NaN where it has not happened.
    standard : float
        Hours.
    end : float
        Until when it is known what happened.

    Notes
    -----
    Who leaves the waiting list before the standard has run out is not late.
    """
    limit = postponed_at + standard
    # Comparisons with NaN are False: neither operated on nor removed by then.
    return (limit <= end) & ~(done_at <= limit) & ~(removed_at <= limit)
