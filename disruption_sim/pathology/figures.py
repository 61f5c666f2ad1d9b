"""What can be read off the laboratory kernel at any time."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from disruption_sim.grid import HOURS_PER_WEEK
from disruption_sim.pathology import compiled
from disruption_sim.pathology.network import BoolArray, FloatArray
from disruption_sim.pathology.state import KernelState, StructuredArray

TubeIds = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Counts:
    """How many tubes came and what became of them; a re-bleed that arrives counts again.

    ``received == departed + discarded + rejected + waiting + in_service`` and
    ``discarded + rejected == rebled + abandoned`` at every time; discarded are the expired. A tube
    that is reported counts so at once, even if it still has to be entered back before it departs.
    """

    received: int
    reported: int
    discarded: int
    rejected: int
    rebled: int
    abandoned: int
    departed: int
    departed_unreported: int
    waiting: int
    in_service: int
    on_their_way: int

    @property
    def unreported_in_laboratory(self) -> int:
        """Tubes that wait or are in service and have not been reported."""
        reported_inside = self.reported - (self.departed - self.departed_unreported)
        return self.waiting + self.in_service - reported_inside


class LaboratoryFigures:
    """The readings of a kernel, as of its `now`.

    Arrays by tube are views of the kernel's own and not for writing; they are replaced when the
    kernel grows, so ask anew instead of keeping them.
    """

    def __init__(self, state: KernelState) -> None:
        self._state = state

    @property
    def now(self) -> float:
        """The time up to and including which everything has been worked off, in hours."""
        return float(self._state.clock["now"][0])

    @property
    def tube_count(self) -> int:
        """Number of tubes known so far; their numbers are 0 to this less one."""
        return self._state.tube_count

    @property
    def reported_at(self) -> FloatArray:
        """Hour at which each tube was reported, nan if not by `now`: float array (tubes,)."""
        return self._state.reported_at[: self._state.tube_count]

    @property
    def back_entered_at(self) -> FloatArray:
        """Hour at which each tube's result was entered back, nan if it was not by `now`."""
        if not self._state.back_entry:
            return np.full(self._state.tube_count, np.nan)
        return self._state.back_entered_at[: self._state.tube_count]

    @property
    def collected_at(self) -> FloatArray:
        """Hour of each tube's latest collection; later than `now` for a re-bleed that is due."""
        return self._state.collected[: self._state.tube_count]

    @property
    def tube_type(self) -> npt.NDArray[np.uint8]:
        """Type of each tube: uint8 array (tubes,)."""
        types: npt.NDArray[np.uint8] = self._state.tube["tube_type"][: self._state.tube_count]
        return types

    @property
    def occasion(self) -> npt.NDArray[np.uint8]:
        """How many times each tube was decided to be collected again: uint8 array (tubes,)."""
        occasions: npt.NDArray[np.uint8] = self._state.tube["occasion"][: self._state.tube_count]
        return occasions

    @property
    def is_discarded(self) -> BoolArray:
        """Whether each tube was ever discarded because it had expired: bool array (tubes,)."""
        return self._flagged(compiled.DISCARDED)

    @property
    def is_rejected(self) -> BoolArray:
        """Whether each tube was rejected the last time it was lost: bool array (tubes,).

        False if it was discarded because it had expired, or never lost.
        """
        return self._flagged(compiled.REJECTED)

    @property
    def is_abandoned(self) -> BoolArray:
        """Whether each tube was lost (discarded, rejected) for good: bool array (tubes,)."""
        return self._flagged(compiled.ABANDONED)

    def abandoned(self, tubes: TubeIds) -> BoolArray:
        """Whether each of some tubes was lost (discarded, rejected) for good: bool array."""
        flagged: BoolArray = (self._state.flags[tubes] & compiled.ABANDONED) != 0
        return flagged

    @property
    def is_manual(self) -> BoolArray:
        """Whether each tube was served by hand at a station that notes it: bool array (tubes,)."""
        return self._flagged(compiled.MANUAL)

    def _flagged(self, flag: int) -> BoolArray:
        flagged: BoolArray = (self._state.flags[: self._state.tube_count] & flag) != 0
        return flagged

    @property
    def waiting(self) -> npt.NDArray[np.int64]:
        """Tubes waiting at each station at `now`: int array (S,)."""
        waiting: npt.NDArray[np.int64] = self._state.station["waiting"].copy()
        return waiting

    @property
    def in_service(self) -> npt.NDArray[np.int64]:
        """Tubes in service at each station at `now`: int array (S,)."""
        busy: npt.NDArray[np.int64] = self._state.station["busy"].copy()
        return busy

    @property
    def servers_on_duty(self) -> npt.NDArray[np.int64]:
        """Servers that the schedule has on duty at `now`, those of a pool at its lead: int (S,)."""
        capacity: npt.NDArray[np.int64] = self._state.station["capacity"].copy()
        return capacity

    def oldest_waiting_hours(self, station: int) -> float:
        """Return how long the tube that came first of those waiting has waited; 0 if none waits."""
        queue = self._state.queue[station]
        heads = queue["head"][queue["head"] >= 0]
        return float(self.now - self._state.tube["ready"][heads].min()) if len(heads) else 0.0

    @property
    def counts(self) -> Counts:
        """Tubes so far, by what became of them."""
        clock = self._state.clock[0]
        totals = {
            name: int(clock[name])
            for name in (
                "received", "reported", "discarded", "rejected", "rebled", "abandoned",
                "departed", "departed_unreported",
            )
        }  # fmt: skip
        return Counts(
            **totals,
            waiting=int(self._state.station["waiting"].sum()),
            in_service=int(self._state.station["busy"].sum()),
            on_their_way=int(clock["pending"]),
        )

    @property
    def station_weeks(self) -> StructuredArray:
        """What each station did in each week: structured array (weeks, S).

        Weeks count from simulation time 0; an event on the stroke between two belongs to the
        earlier. Fields: `busy_hours` (of servers, with the tubes of this station),
        `closing_hours` (the part of them worked by servers over a capacity that was cut) and
        `offered_hours` (scheduled), both of a pool at its lead; `longest_wait` (hours), `served`
        (rejected tubes too), `skipped`, `discarded`, `rejected`, `longest_queue`.
        """
        week = max(math.ceil(self.now / HOURS_PER_WEEK) - 1, 0)
        state = self._state
        compiled.settle_all(self.now, state.station, state.station_week, week, state.clock)
        return state.station_week.copy()

    @property
    def pool_utilisation(self) -> FloatArray:
        """Share of the scheduled server-hours worked: float array (weeks, S).

        Of a pool, with the tubes of all its stations, at its lead; nan at stations that have no
        servers of their own and where none were scheduled.
        """
        weeks, pool = self.station_weeks, self._state.layout.pool
        busy = np.zeros(weeks.shape)
        np.add.at(busy.T, pool, weeks["busy_hours"].T)
        offered = np.where(weeks["offered_hours"] > 0, weeks["offered_hours"], np.nan)
        share: FloatArray = (busy - weeks["closing_hours"]) / offered
        return share

    @property
    def source_weeks(self) -> StructuredArray:
        """What became of tubes: structured array (weeks, R).

        Fields: `received`, `discarded` (expired), `rejected`, `rebled`, `abandoned`, and of these
        `abandoned_rejected`.
        """
        return self._state.source_week.copy()

    @property
    def queue_hourly(self) -> npt.NDArray[np.int32]:
        """Tubes waiting at each station at the end of each full hour: int array (hours, S)."""
        return self._state.queue_hourly.copy()
