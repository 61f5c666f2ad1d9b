"""The transfusion service of one arm: by period, site, way, use, group and reason."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from disruption_sim.measures.blood_supply import held, national_days
from disruption_sim.measures.calendar import Floats, Horizon, Integers, with_all
from disruption_sim.measures.table import divided
from disruption_sim.measures.transfusion_periods import PERIODS, Periods, added_up
from disruption_sim.measures.ways_to_blood import QUANTILES, Way, requests_of, ways_of
from disruption_sim.records import Alert, Late, TransfusionRecords
from disruption_sim.scenario.model import BloodGroup, Scenario
from disruption_sim.world.model import URGENCIES, USES

GROUPS = len(BloodGroup)
NATIONAL_LEVELS = (*(group.value for group in BloodGroup), "all", "scarcest")


class BalanceItem(StrEnum):
    """What came in and where it went: the first two add up to the other four."""

    AT_THE_START = "at_the_start"
    RECEIVED = "received"
    ISSUED = "issued"
    EXPIRED = "expired"
    WASTED = "wasted"
    LEFT = "left"

    @property
    def in_words(self) -> str:
        """The item in words."""
        return {
            BalanceItem.AT_THE_START: "In the hospitals at the start",
            BalanceItem.RECEIVED: "Delivered",
            BalanceItem.ISSUED: "Issued",
            BalanceItem.EXPIRED: "Expired",
            BalanceItem.WASTED: "Wasted",
            BalanceItem.LEFT: "Left at the end",
        }[self]


@dataclass(frozen=True)
class IssueAccount:
    """Red cells that were issued.

    Attributes
    ----------
    units : int64 (periods, sites, ways, uses)
    by_group : int64 (periods, sites, groups)
        By the group of the unit.
    requests : int64 (periods, sites, ways)
        Patients, each once for each way and time.
    minutes : float64 (periods, sites + 1, ways, quantiles)
        From the request until the units were there; NaN where there was none.
    """

    units: Integers
    by_group: Integers
    requests: Integers
    minutes: Floats


@dataclass(frozen=True)
class StockAccount:
    """Red cells in the hospitals and at the blood service.

    Attributes
    ----------
    expired, wasted, received : int64 (periods, sites, groups)
    reserved, returned, withheld, diverted : int64 (periods, sites)
        Units.
    deliveries : int64 (periods, sites, kinds)
    days : float64 (periods, sites + 1, groups + 1)
        Units held over planned daily use, mean over the days; the last group is all together. NaN
        where no use is planned.
    national_days : float64 (periods, levels)
        In the order of ``NATIONAL_LEVELS``.
    national_drawn : float64 (periods, groups)
        Units handed out to our hospitals.
    alert_days : int64 (periods, phases)
        Days in each ``Alert``.
    balance : int64 (sites, items)
        Of the whole run, in the order of ``BalanceItem``.
    """

    expired: Integers
    wasted: Integers
    received: Integers
    reserved: Integers
    returned: Integers
    withheld: Integers
    diverted: Integers
    deliveries: Integers
    days: Floats
    national_days: Floats
    national_drawn: Floats
    alert_days: Integers
    balance: Integers


@dataclass(frozen=True)
class LateAccount:
    """Requests of which not everything compatible was there when it was due.

    Attributes
    ----------
    requests, units, for_good : int32 (weeks, sites, reasons, urgencies, uses)
        By the week in which they were due, from week 1 on; units missing then; requests of which
        some never came.
    by_period : int64 (periods, sites, reasons, urgencies, uses)
        Requests.
    minutes : float64 (periods, reasons, quantiles)
        After the due time, of those that came.
    """

    requests: npt.NDArray[np.int32]
    units: npt.NDArray[np.int32]
    for_good: npt.NDArray[np.int32]
    by_period: Integers
    minutes: Floats


@dataclass(frozen=True)
class BenchAccount:
    """What the transfusion benches did.

    Attributes
    ----------
    jobs : int64 (periods, sites, jobs)
    busy_hours, hours : float64 (periods, sites)
    samples, samples_by_hand, second_samples : int64 (periods, sites)
    """

    jobs: Integers
    busy_hours: Floats
    hours: Floats
    samples: Integers
    samples_by_hand: Integers
    second_samples: Integers


@dataclass(frozen=True)
class TransfusionAccount:
    """The transfusion service of one arm.

    Periods are those of ``PERIODS``: the same days in both arms, and the whole run, warm-up
    included, as one more. Ways are in the order of ``Way``, uses and urgencies in that of the
    world, groups in that of ``BloodGroup``.

    Attributes
    ----------
    days : int64 (periods,)
    issues : IssueAccount
    stock : StockAccount
    late : LateAccount
    bench : BenchAccount
    """

    days: Integers
    issues: IssueAccount
    stock: StockAccount
    late: LateAccount
    bench: BenchAccount


def transfusion_account(
    scenario: Scenario, horizon: Horizon, records: TransfusionRecords
) -> TransfusionAccount:
    """Return the account of one arm.

    Parameters
    ----------
    scenario : Scenario
        With its disruptions, whichever arm it is: they set the periods.
    horizon : Horizon
    records : TransfusionRecords
    """
    periods = Periods(scenario)
    return TransfusionAccount(
        days=periods.days,
        issues=_issues(periods, records),
        stock=_stock(periods, records),
        late=_late(periods, horizon, records),
        bench=BenchAccount(
            jobs=periods.summed(records.bench_jobs),
            busy_hours=periods.summed_amounts(records.bench_busy_hours),
            hours=periods.summed_amounts(records.bench_hours),
            samples=periods.summed(records.samples),
            samples_by_hand=periods.summed(records.samples_by_hand),
            second_samples=periods.summed(records.second_samples),
        ),
    )


def _issues(periods: Periods, records: TransfusionRecords) -> IssueAccount:
    at, site, units = records.issued_at, records.issued_site, records.issued_units
    requests = requests_of(records)
    ways, sites = len(Way), periods.sites
    by_site = periods.quantiles(
        requests.at, requests.site * ways + requests.way, requests.minutes, sites * ways
    ).reshape(len(PERIODS), sites, ways, len(QUANTILES))
    together = periods.quantiles(requests.at, requests.way, requests.minutes, ways)
    return IssueAccount(
        units=periods.counted(
            at, (site, ways_of(records), records.issued_use), (sites, ways, len(USES)), units
        ),
        by_group=periods.counted(at, (site, records.issued_group), (sites, GROUPS), units),
        requests=periods.counted(requests.at, (requests.site, requests.way), (sites, ways)),
        minutes=np.concatenate([by_site, together[:, None]], axis=1),
    )


def _stock(periods: Periods, records: TransfusionRecords) -> StockAccount:
    units = _with_all_groups_and_sites(held(records).astype(np.float64))
    use = _with_all_groups_and_sites(records.daily_use)
    national = national_days(records)
    together = divided(
        records.national_stock.sum(axis=1),
        np.full(len(national), records.national_daily_use.sum()),
    )
    levels = np.column_stack([national, together, national.min(axis=1)])
    return StockAccount(
        expired=periods.summed(records.expired),
        wasted=periods.summed(records.wasted),
        received=periods.summed(records.received),
        reserved=periods.summed(records.reserved_units),
        returned=periods.summed(records.returned_units),
        withheld=periods.summed(records.withheld_units),
        diverted=periods.summed(records.diverted_units),
        deliveries=periods.summed(records.deliveries),
        days=periods.averaged(divided(units, np.broadcast_to(use, units.shape))),
        national_days=periods.averaged(levels),
        national_drawn=periods.summed_amounts(records.national_draw),
        alert_days=periods.summed(np.eye(len(Alert), dtype=np.int64)[records.alert]),
        balance=_balance(periods.sites, records),
    )


def _with_all_groups_and_sites(table: Floats) -> Floats:
    """Append all groups together, then all sites together, to the last two axes."""
    by_group = with_all(table)
    return np.concatenate([by_group, by_group.sum(axis=-2, keepdims=True)], axis=-2)


def _balance(sites: int, records: TransfusionRecords) -> Integers:
    def by_site(site: npt.NDArray[np.integer], units: npt.NDArray[np.integer]) -> Integers:
        return added_up((site,), (sites,), units)

    items = {
        BalanceItem.AT_THE_START: by_site(records.batch_site, records.batch_first),
        BalanceItem.RECEIVED: by_site(records.batch_site, records.batch_received),
        BalanceItem.ISSUED: by_site(records.issued_site, records.issued_units),
        BalanceItem.EXPIRED: by_site(records.batch_site, records.batch_expired),
        BalanceItem.WASTED: by_site(records.batch_site, records.batch_wasted),
        BalanceItem.LEFT: by_site(records.batch_site, records.batch_left),
    }
    return np.stack([items[item] for item in BalanceItem], axis=1)


def _late(periods: Periods, horizon: Horizon, records: TransfusionRecords) -> LateAccount:
    at, reason = records.late_at, records.late_reason
    cells: tuple[npt.NDArray[np.integer], ...] = (
        records.late_site, reason, records.late_urgency, records.late_use,
    )  # fmt: skip
    shape = (periods.sites, len(Late), len(URGENCIES), len(USES))
    week = horizon.week_of(at)
    kept = week >= 0
    weekly_cells = (week[kept], *(cell[kept] for cell in cells))
    weekly_shape = (horizon.weeks, *shape)
    came = np.isfinite(records.late_minutes)

    def weekly(amounts: npt.NDArray[np.integer] | None = None) -> npt.NDArray[np.int32]:
        found = added_up(weekly_cells, weekly_shape, None if amounts is None else amounts[kept])
        return found.astype(np.int32)

    return LateAccount(
        requests=weekly(),
        units=weekly(records.late_units),
        for_good=weekly((~came).astype(np.int64)),
        by_period=periods.counted(at, cells, shape),
        minutes=periods.quantiles(at[came], reason[came], records.late_minutes[came], len(Late)),
    )
