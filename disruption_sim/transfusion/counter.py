"""The counter at which red cells are handed out: what is issued, what is owed, what came late."""

from __future__ import annotations

import math
from collections.abc import Sequence

import simpy

from disruption_sim.records import Late, Route
from disruption_sim.scenario.model import Scenario
from disruption_sim.transfusion.ledger import Ledger
from disruption_sim.transfusion.replenishment import Replenishment
from disruption_sim.transfusion.stock import Taken
from disruption_sim.transfusion.waiting import Request


class Counter:
    """Hands out units that were taken out of the stock and judges requests by the clock.

    A request that is not all there when it is due is recorded as late, once, when its last unit has
    come or the run is over. What is not due by then is neither in time nor late.

    Parameters
    ----------
    env : simpy.Environment
    scenario : Scenario
    ledger : Ledger
    replenishment : Replenishment
    """

    def __init__(
        self,
        env: simpy.Environment,
        scenario: Scenario,
        ledger: Ledger,
        replenishment: Replenishment,
    ) -> None:
        self._env = env
        self._end = scenario.calendar.end_hour
        self._ledger = ledger
        self._replenishment = replenishment
        self._open: dict[Request, None] = {}

    @property
    def outstanding_units(self) -> int:
        """Units that have been asked for and not issued yet."""
        return sum(request.missing for request in self._open)

    def open(self, request: Request) -> None:
        """Take a request on."""
        self._open[request] = None

    def issue(
        self,
        request: Request,
        route: Route,
        taken: Sequence[Taken],
        hours: float,
        *,
        reserved: bool = False,
    ) -> None:
        """Hand out units that leave the stock now and will be there after some hours.

        Parameters
        ----------
        request : Request
        route : Route
        taken : sequence of Taken
            No more than the request misses.
        hours : float
        reserved : bool
            They had been set aside for the patient.
        """
        now, patient = self._env.now, request.patient
        ready = now + hours
        units = 0
        for group, last_day, number, _ in taken:
            units += number
            self._ledger.issue(
                now,
                patient.site,
                route,
                patient.use,
                request.urgency,
                patient.blood_group,
                group,
                last_day,
                number,
                60.0 * (ready - request.requested),
                reserved,
            )
        request.missing -= units
        request.last_ready = max(request.last_ready, ready)
        if ready > request.due:
            request.late_units += units
        if not reserved:
            self.check_stock(patient.site, taken)
        if not request.missing:
            del self._open[request]
            if request.late_units:
                lateness = request.last_ready - request.due
                self._write_late(request, request.late_units, lateness, _reason(request, lateness))

    def check_stock(self, site: int, taken: Sequence[Taken]) -> None:
        """Order at once what has become scarce because units left the stock."""
        for group in {batch.group for batch in taken}:
            self._replenishment.check(site, group)

    def judge_unserved(self) -> None:
        """Record as late what has not come, at the end."""
        for request in self._open:
            units = request.late_units + request.missing
            self._write_late(request, units, math.nan, _reason_unserved(request))

    def _write_late(self, request: Request, units: int, hours: float, reason: Late) -> None:
        if request.due < self._end:
            patient = request.patient
            self._ledger.late(
                request.due,
                patient.site,
                request.urgency,
                patient.use,
                reason,
                units,
                60.0 * hours,
            )


def _reason(request: Request, lateness: float) -> Late:
    """Return why a request was late: what alone, or the more of what together, explains it."""
    if request.no_stock:
        return Late.NO_STOCK
    if request.bench_wait + request.sample_delay < lateness:
        return Late.ROUTE_TOO_LONG
    if request.bench_wait >= min(lateness, request.sample_delay):
        return Late.WAITED_FOR_BENCH
    return Late.NO_CONFIRMED_GROUP


def _reason_unserved(request: Request) -> Late:
    """Return what a request that has not been served is waiting for."""
    if request.no_stock:
        return Late.NO_STOCK
    return Late.WAITED_FOR_BENCH if request.job is not None else Late.NO_CONFIRMED_GROUP
