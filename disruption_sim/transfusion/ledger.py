"""What the transfusion room writes down while it runs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from disruption_sim.records import BenchJob, DeliveryKind, TransfusionRecords
from disruption_sim.transfusion.compatibility import GROUPS
from disruption_sim.transfusion.national import NationalStock
from disruption_sim.transfusion.planning import StockPlan
from disruption_sim.transfusion.stock import HospitalStock

Floats = npt.NDArray[np.float64]
Counts = list[list[int]]
"""By site and day: lists, because adding to one cell of an array takes five times as long."""


class Ledger:
    """Issues, late blood, work at the bench, and the stock at the end of each day.

    Issued units are booked at the moment at which they leave the stock, so that at the end of every
    day what is in the laboratory, in the satellite and set aside is that of the day before and
    received less issued, expired and wasted.

    Parameters
    ----------
    days : int
        Days that are written down.
    stocks : sequence of HospitalStock
        One for each site, filled as at hour 0.
    national : NationalStock
    """

    def __init__(self, days: int, stocks: Sequence[HospitalStock], national: NationalStock) -> None:
        sites = len(stocks)
        self._days = days
        self._stocks = stocks
        self._national = national
        self._day = 0
        self._midnight = 24.0
        self._up_to = -1.0
        self._issues: list[tuple[float, ...]] = []
        self._late: list[tuple[float, ...]] = []
        by_group = (days, sites, GROUPS)
        self._stock = np.zeros(by_group, dtype=np.int32)
        self._satellite = np.zeros(by_group, dtype=np.int32)
        self._reserved = np.zeros(by_group, dtype=np.int32)
        self._expired = np.zeros(by_group, dtype=np.int64)
        self._wasted = np.zeros(by_group, dtype=np.int64)
        self._received = np.zeros(by_group, dtype=np.int64)
        self._reserved_units = np.zeros((days, sites), dtype=np.int64)
        self._returned_units = np.zeros((days, sites), dtype=np.int64)
        self._deliveries = np.zeros((days, sites, len(DeliveryKind)), dtype=np.int64)
        self._bench_jobs = [_by_site_and_day(sites, days) for _ in BenchJob]
        self._samples = _by_site_and_day(sites, days)
        self._samples_by_hand = _by_site_and_day(sites, days)
        self._second_samples = _by_site_and_day(sites, days)
        self._diverted = _by_site_and_day(sites, days)
        self._withheld = _by_site_and_day(sites, days)
        self._national_stock = np.zeros((days, GROUPS))
        self._national_draw = np.zeros((days, GROUPS))
        self._alert = np.zeros(days, dtype=np.uint8)

    @property
    def complete(self) -> bool:
        """Whether all days are closed."""
        return self._day == self._days

    def close_days(self, now: float) -> None:
        """Let the stocks and the blood service come up to now.

        Reservations that have ended go back to stock, and the days that are over are closed:
        expiry, the stock that is left, the blood service's day. Called before anything is done or
        asked, so that a day ends before the next one begins whatever the order of events that fall
        on midnight.
        """
        if now == self._up_to:
            return  # Nothing that is set aside now ends now.
        self._up_to = now
        while now >= self._midnight and self._day < self._days:
            for stock in self._stocks:
                stock.end_reservations(self._midnight)
            self._close_day()
            self._day += 1
            self._midnight += 24.0
        for stock in self._stocks:
            if stock.reservations.next_end <= now:
                stock.end_reservations(now)

    def issue(
        self,
        time: float,
        site: int,
        route: int,
        use: int,
        urgency: int,
        patient_group: int,
        group: int,
        last_day: int,
        units: int,
        minutes: float,
        reserved: bool = False,
    ) -> None:
        """Write down units of one group and last day that leave the stock for a patient.

        Parameters
        ----------
        time : float
            Hours.
        site, route, use, urgency, patient_group, group, last_day, units : int
        minutes : float
            From the request until they are there.
        reserved : bool
            They had been set aside for the patient.
        """
        self._issues.append(
            (
                time,
                site,
                route,
                use,
                urgency,
                patient_group,
                group,
                last_day,
                units,
                minutes,
                reserved,
            )
        )

    def late(
        self,
        due: float,
        site: int,
        urgency: int,
        use: int,
        reason: int,
        units: int,
        minutes: float,
    ) -> None:
        """Write down a request of which not everything was there when it was due.

        Parameters
        ----------
        due : float
            Hours.
        site, urgency, use : int
        reason : int
            ``Late``.
        units : int
            Missing when due.
        minutes : float
            After it was due until the last unit came; NaN if it never did.
        """
        self._late.append((due, site, urgency, use, reason, units, minutes))

    def bench_job(self, time: float, site: int, job: int, number: int = 1) -> None:
        """Write down patients or samples that a scientist begins with."""
        self._bench_jobs[job][site][self._day_of(time)] += number

    def samples(
        self, time: float, site: int, number: int, by_hand: bool, second: bool = False
    ) -> None:
        """Write down group-and-screen samples that are tested; `second` to confirm a group only."""
        day = self._day_of(time)
        self._samples[site][day] += number
        if by_hand:
            self._samples_by_hand[site][day] += number
        if second:
            self._second_samples[site][day] += number

    def divert(self, time: float, site: int, units: int) -> None:
        """Write down units of a patient who is taken elsewhere."""
        self._diverted[site][self._day_of(time)] += units

    def withhold(self, time: float, site: int, units: int) -> None:
        """Write down units of a patient who does without in an alert."""
        self._withheld[site][self._day_of(time)] += units

    def delivery(self, time: float, site: int, kind: DeliveryKind) -> None:
        """Write down a delivery that has come."""
        self._deliveries[self._day_of(time), site, kind] += 1

    def _day_of(self, time: float) -> int:
        return min(int(time // 24.0), self._days - 1)

    def _close_day(self) -> None:
        day = self._day
        for site, stock in enumerate(self._stocks):
            counts = stock.end_day(day)
            self._received[day, site] = counts.received
            self._expired[day, site] = counts.expired
            self._wasted[day, site] = counts.wasted
            self._reserved_units[day, site] = counts.reserved
            self._returned_units[day, site] = counts.returned
            self._stock[day, site] = [shelf.units for shelf in stock.laboratory]
            self._satellite[day, site] = [shelf.units for shelf in stock.satellite]
            self._reserved[day, site] = stock.set_aside()
        self._national_draw[day] = self._national.end_day(day)
        self._national_stock[day] = self._national.units
        self._alert[day] = self._national.alert

    def _batches(self) -> npt.NDArray[np.int32]:
        """Return site, group, last day, first, received, expired, wasted, left; a row for each."""
        rows = []
        for site, stock in enumerate(self._stocks):
            account, left = stock.account, stock.left()
            parts = (account.first, account.received, account.expired, account.wasted, left)
            for batch in sorted(set().union(*parts)):
                rows.append((site, *batch, *(part.get(batch, 0) for part in parts)))
        return np.array(rows, dtype=np.int32).reshape(-1, 8).T

    def records(
        self, plan: StockPlan, bench_busy_hours: Floats, bench_hours: Floats
    ) -> TransfusionRecords:
        """Return everything as arrays.

        Parameters
        ----------
        plan : StockPlan
        bench_busy_hours, bench_hours : float64 (days, sites)
            Worked and on duty.
        """
        end = 24.0 * self._days
        issues = np.array(self._issues, dtype=np.float64).reshape(-1, 11).T
        # A patient whose blood is not due by the end of the run is neither in time nor late.
        due = sorted(row for row in self._late if row[0] < end)
        late = np.array(due, dtype=np.float64).reshape(-1, 7).T
        batches = self._batches()
        return TransfusionRecords(
            issued_at=issues[0].copy(),
            issued_site=issues[1].astype(np.uint8),
            issued_route=issues[2].astype(np.uint8),
            issued_use=issues[3].astype(np.uint8),
            issued_urgency=issues[4].astype(np.uint8),
            issued_patient_group=issues[5].astype(np.uint8),
            issued_group=issues[6].astype(np.uint8),
            issued_last_day=issues[7].astype(np.int32),
            issued_units=issues[8].astype(np.int32),
            issued_minutes=issues[9].copy(),
            issued_reserved=issues[10] > 0.0,
            late_at=late[0].copy(),
            late_site=late[1].astype(np.uint8),
            late_urgency=late[2].astype(np.uint8),
            late_use=late[3].astype(np.uint8),
            late_reason=late[4].astype(np.uint8),
            late_units=late[5].astype(np.int32),
            late_minutes=late[6].copy(),
            batch_site=batches[0].astype(np.uint8),
            batch_group=batches[1].astype(np.uint8),
            batch_last_day=batches[2].copy(),
            batch_first=batches[3].copy(),
            batch_received=batches[4].copy(),
            batch_expired=batches[5].copy(),
            batch_wasted=batches[6].copy(),
            batch_left=batches[7].copy(),
            stock=self._stock,
            satellite=self._satellite,
            reserved=self._reserved,
            expired=self._expired,
            wasted=self._wasted,
            received=self._received,
            deliveries=self._deliveries,
            daily_use=plan.daily_use,
            reserved_units=self._reserved_units,
            returned_units=self._returned_units,
            bench_jobs=np.stack([_array(counts) for counts in self._bench_jobs], axis=2),
            bench_busy_hours=bench_busy_hours,
            bench_hours=bench_hours,
            samples=_array(self._samples),
            samples_by_hand=_array(self._samples_by_hand),
            second_samples=_array(self._second_samples),
            diverted_units=_array(self._diverted),
            withheld_units=_array(self._withheld),
            national_stock=self._national_stock,
            national_draw=self._national_draw,
            national_daily_use=self._national.daily_use,
            alert=self._alert,
        )


def _by_site_and_day(sites: int, days: int) -> Counts:
    return [[0] * days for _ in range(sites)]


def _array(counts: Counts) -> npt.NDArray[np.int64]:
    """Return counts as int64 (days, sites)."""
    return np.array(counts, dtype=np.int64).T
