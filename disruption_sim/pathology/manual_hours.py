"""Staff hours of manual work, from busy hours at the moments when stations change mode."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from disruption_sim.pathology.capacity import Schedule
from disruption_sim.pathology.kernel import LaboratoryKernel

Floats = npt.NDArray[np.float64]


class ManualHours:
    """Adds up the busy hours of stations while they are in manual mode.

    Parameters
    ----------
    schedules : sequence of Schedule or None
        Of the stations in network order; None for those whose minutes are not those of hands.
    end : float
        End of the simulation.

    Notes
    -----
    What is in service when the mode changes counts with the mode that follows.
    """

    def __init__(self, schedules: Sequence[Schedule | None], end: float) -> None:
        self._spans = [schedule.manual_spans(end) if schedule else [] for schedule in schedules]
        limits = {limit for spans in self._spans for span in spans for limit in span}
        self._limits = sorted(limits)
        self._busy_at_limit: list[Floats] = []

    def follow(self, kernel: LaboratoryKernel, now: float) -> None:
        """Advance the kernel over the changes of mode until `now`, and note what has been done."""
        while len(self._busy_at_limit) < len(self._limits):
            limit = self._limits[len(self._busy_at_limit)]
            if limit > now:
                break
            kernel.advance_to(max(limit, kernel.now))
            self._busy_at_limit.append(kernel.station_weeks["busy_hours"])

    def by_week(self, kernel: LaboratoryKernel) -> Floats:
        """Return the hours of manual work in each week so far, float64 (weeks,)."""
        self.follow(kernel, kernel.now)
        busy = [*self._busy_at_limit, kernel.station_weeks["busy_hours"]]
        total = np.zeros(len(busy[-1]))
        for position, limit in enumerate(self._limits[: len(self._busy_at_limit)]):
            manual = [any(start <= limit < stop for start, stop in s) for s in self._spans]
            total += (busy[position + 1] - busy[position])[:, manual].sum(axis=1)
        return total
