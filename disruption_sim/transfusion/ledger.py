"""What the transfusion room writes down while it runs."""

from __future__ import annotations

import numpy as np

from disruption_sim.records import TransfusionRecords
from disruption_sim.transfusion.compatibility import GROUPS
from disruption_sim.transfusion.national import NationalStock
from disruption_sim.transfusion.planning import StockPlan
from disruption_sim.transfusion.stock import Fridge


class Ledger:
    """Issues, late blood, and the stock at the end of each day.

    Issued units are booked at the moment at which they leave the stock, so that at the end of every
    day stock = stock of the day before + received - issued - expired.

    Parameters
    ----------
    days, sites : int
    """

    def __init__(self, days: int, sites: int) -> None:
        self.days = days
        self._issues: list[tuple[float, int, int, int, int, int, float]] = []
        self._late: list[tuple[float, int, int]] = []
        self._stock = np.zeros((days, sites, GROUPS), dtype=np.int32)
        self._expired = np.zeros((days, sites, GROUPS), dtype=np.int64)
        self._received = np.zeros((days, sites, GROUPS), dtype=np.int64)
        self._initial = np.zeros((sites, GROUPS), dtype=np.int64)
        self._national = np.zeros((days, GROUPS))
        self._alert_days = 0

    def open(self, fridges: list[Fridge]) -> None:
        """Write down the stock at the start."""
        self._initial[:] = [[shelf.units for shelf in fridge.shelves] for fridge in fridges]

    def issue(
        self, time: float, site: int, route: int, use: int, group: int, units: int, minutes: float
    ) -> None:
        """Write down units of one group that leave the stock for a patient."""
        self._issues.append((time, site, route, use, group, units, minutes))

    def late(self, due: float, site: int, urgency: int) -> None:
        """Write down a patient whose blood was not all there when it was due."""
        self._late.append((due, site, urgency))

    def receive(self, day: int, site: int, group: int, units: int) -> int:
        """Write down a delivery; return how many units of the group had come before on the day."""
        before = int(self._received[day, site, group])
        self._received[day, site, group] = before + units
        return before

    def end_day(self, day: int, fridges: list[Fridge], national: NationalStock) -> None:
        """Throw away what expires at midnight and write down what is left."""
        self._expired[day] = [
            [shelf.expire(day) for shelf in fridge.shelves] for fridge in fridges
        ]
        self._stock[day] = [[shelf.units for shelf in fridge.shelves] for fridge in fridges]
        self._alert_days += national.alert
        national.end_day(day)
        self._national[day] = national.units

    def records(self, plan: StockPlan, national: NationalStock) -> TransfusionRecords:
        """Return everything as arrays."""
        end = 24.0 * self.days
        issues = np.array(self._issues, dtype=np.float64).reshape(-1, 7).T
        # A patient whose blood is not due by the end of the run is neither in time nor late.
        late = np.array(
            sorted(row for row in self._late if row[0] < end), dtype=np.float64
        ).reshape(-1, 3).T
        return TransfusionRecords(
            issued_at=issues[0].copy(),
            issued_site=issues[1].astype(np.uint8),
            issued_route=issues[2].astype(np.uint8),
            issued_use=issues[3].astype(np.uint8),
            issued_group=issues[4].astype(np.uint8),
            issued_units=issues[5].astype(np.int32),
            issued_minutes=issues[6].copy(),
            late_at=late[0].copy(),
            late_site=late[1].astype(np.uint8),
            late_urgency=late[2].astype(np.uint8),
            stock=self._stock,
            expired=self._expired,
            received=self._received,
            daily_use=plan.daily_use,
            initial_stock=self._initial,
            final_stock=self._stock[-1].astype(np.int64),
            national_stock=self._national,
            national_daily_use=national.daily_use,
            alert_days=self._alert_days,
        )
