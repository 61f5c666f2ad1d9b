"""What happens in theatres, noted as it happens, and its records."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from disruption_sim.care.patients import Patients
from disruption_sim.grid import HOURS_PER_DAY, HOURS_PER_WEEK
from disruption_sim.records import Cause, SurgeryRecords
from disruption_sim.scenario.model import Scenario

Floats = npt.NDArray[np.float64]


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
        weeks = scenario.calendar.weeks
        self._lists_run = np.zeros(weeks, dtype=np.int64)
        self._flexible_lists_run = np.zeros(weeks, dtype=np.int64)
        self._recovery_lists_run = np.zeros(weeks, dtype=np.int64)
        self._busy_hours = np.zeros(weeks)
        self._list_hours = np.zeros(weeks)

    def postponed(self, patient: int, at: float, decided_at: float, cause: Cause) -> None:
        """Note a postponement; `at` is the start of the list the patient is taken from."""
        self._postponed_at.append(at)
        self._decided_at.append(decided_at)
        self._postponed_patient.append(patient)
        self._cause.append(int(cause))

    def swapped_in(self, patient: int) -> None:
        """Note that a patient who came at short notice has been operated on."""
        self._swapped_in.append(patient)

    def list_run(
        self, start: float, length: float, busy: float, *, flexible: bool, recovery: bool
    ) -> None:
        """Note a list that was staffed, and how long its theatre was in use."""
        week = int(start // HOURS_PER_WEEK)
        self._lists_run[week] += 1
        self._flexible_lists_run[week] += flexible
        self._recovery_lists_run[week] += recovery
        self._busy_hours[week] += busy
        self._list_hours[week] += length

    def records(self) -> SurgeryRecords:
        """Return the records of the whole arm."""
        done_at = np.array(self._patients.done_at, dtype=np.float64)
        removed_at = np.array(self._patients.removed_at, dtype=np.float64)
        postponed_at = np.array(self._postponed_at, dtype=np.float64)
        patient = np.array(self._postponed_patient, dtype=np.int32)
        order = np.lexsort((patient, postponed_at))
        postponed_at, patient = postponed_at[order], patient[order]
        return SurgeryRecords(
            done_at=done_at,
            removed_at=removed_at,
            postponed_at=postponed_at,
            postponed_decided_at=np.array(self._decided_at, dtype=np.float64)[order],
            postponed_patient=patient,
            postponed_cause=np.array(self._cause, dtype=np.uint8)[order],
            rebooked_late=rebooked_late(
                postponed_at, done_at[patient], removed_at[patient], self._standard, self._end
            ),
            swapped_in=np.array(self._swapped_in, dtype=np.int32),
            lists_run=self._lists_run,
            flexible_lists_run=self._flexible_lists_run,
            recovery_lists_run=self._recovery_lists_run,
            busy_hours=self._busy_hours,
            list_hours=self._list_hours,
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
