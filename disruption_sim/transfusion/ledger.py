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
    days : int
        Days that are written down.
    fridges : list of Fridge
        One for each site.
    national : NationalStock
    """

    def __init__(self, days: int, fridges: list[Fridge], national: NationalStock) -> None:
        sites = len(fridges)
        self._days = days
        self._fridges = fridges
        self._national = national
        self._day = 0
        self._midnight = 24.0
        self._issues: list[tuple[float, int, int, int, int, int, float]] = []
        self._late: list[tuple[float, int, int]] = []
        self._stock = np.zeros((days, sites, GROUPS), dtype=np.int32)
        self._expired = np.zeros((days, sites, GROUPS), dtype=np.int64)
        self._received = np.zeros((days, sites, GROUPS), dtype=np.int64)
        self._initial = np.zeros((sites, GROUPS), dtype=np.int64)
        self._national_stock = np.zeros((days, GROUPS))
        self._alert_days = 0

    @property
    def complete(self) -> bool:
        """Whether all days are closed."""
        return self._day == self._days

    def open(self) -> None:
        """Write down the stock at the start."""
        self._initial[:] = self._counted()

    def close_days(self, now: float) -> None:
        """Close the days that are over: expiry, the stock that is left, the blood service's day.

        Called before anything is done or asked, so that a day ends before the next one begins
        whatever the order of events that fall on midnight.
        """
        while now >= self._midnight and self._day < self._days:
            self._close_day()
            self._day += 1
            self._midnight += 24.0

    def issue(
        self, time: float, site: int, route: int, use: int, group: int, units: int, minutes: float
    ) -> None:
        """Write down units of one group that leave the stock for a patient."""
        self._issues.append((time, site, route, use, group, units, minutes))

    def late(self, due: float, site: int, urgency: int) -> None:
        """Write down a patient whose blood was not all there when it was due."""
        self._late.append((due, site, urgency))

    def receive(self, site: int, group: int, units: int) -> int:
        """Write down a delivery; return how many units of the group had come before on the day."""
        before = int(self._received[self._day, site, group])
        self._received[self._day, site, group] = before + units
        return before

    def _close_day(self) -> None:
        day = self._day
        self._expired[day] = [
            [shelf.expire(day) for shelf in fridge.shelves] for fridge in self._fridges
        ]
        self._stock[day] = self._counted()
        self._alert_days += self._national.alert
        self._national.end_day(day)
        self._national_stock[day] = self._national.units

    def _counted(self) -> list[list[int]]:
        return [[shelf.units for shelf in fridge.shelves] for fridge in self._fridges]

    def records(self, plan: StockPlan) -> TransfusionRecords:
        """Return everything as arrays."""
        end = 24.0 * self._days
        issues = np.array(self._issues, dtype=np.float64).reshape(-1, 7).T
        # A patient whose blood is not due by the end of the run is neither in time nor late.
        late = (
            np.array(sorted(row for row in self._late if row[0] < end), dtype=np.float64)
            .reshape(-1, 3)
            .T
        )
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
            national_stock=self._national_stock,
            national_daily_use=self._national.daily_use,
            alert_days=self._alert_days,
        )
