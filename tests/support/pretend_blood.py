"""Records of transfusion without a simulation: conserved, and different in the two arms."""

from __future__ import annotations

import numpy as np

from disruption_sim.records import (
    Alert,
    BenchJob,
    DeliveryKind,
    Late,
    Route,
    TransfusionRecords,
)
from disruption_sim.scenario import Scenario
from disruption_sim.scenario.effects import disruption_depth
from disruption_sim.scenario.model import BloodGroup, Capability
from disruption_sim.world.model import URGENCIES, USES

GROUPS = len(BloodGroup)
USUAL_ROUTES = (Route.ELECTRONIC_ISSUE, Route.ELECTRONIC_ISSUE, Route.CROSSMATCH)
ROUTES_BY_HAND = (Route.EMERGENCY_GROUP_O, Route.GROUP_O_UNMATCHED, Route.CROSSMATCH)
MINUTES = {
    Route.EMERGENCY_GROUP_O: 0.0,
    Route.ELECTRONIC_ISSUE: 10.0,
    Route.CROSSMATCH: 45.0,
    Route.GROUP_O_UNMATCHED: 5.0,
    Route.GROUP_SPECIFIC: 12.0,
}
FIRST_UNITS, DAILY_UNITS, SHELF_DAYS = 6, 2, 12


def pretend_transfusion(scenario: Scenario, random: np.random.Generator) -> TransfusionRecords:
    """Make up records of one arm; where transfusion IT is lost blood comes by other routes."""
    days, sites = 7 * scenario.calendar.weeks, len(scenario.site_names)
    by_hand = _by_hand(scenario, days)
    issues, batches, counts = _stock(by_hand, random)
    issued, batch = np.array(issues), np.array(batches)
    routes = issued[:, 2].astype(np.int64)
    late = np.argwhere(by_hand)[::2]
    alert = np.where(by_hand.any(axis=1), int(Alert.PRE_AMBER), int(Alert.GREEN))
    alert[np.flatnonzero(by_hand.any(axis=1))[-3:]] = Alert.AMBER
    scarce = np.where(by_hand.any(axis=1), 1.0, 0.0)
    national = np.full((days, GROUPS), 12.0) - 5.0 * scarce[:, None]
    national[:, 0] -= 4.0 * scarce
    jobs = np.ones((days, sites, len(BenchJob)), dtype=np.int64)
    jobs[:, :, BenchJob.CROSSMATCH] += 3 * by_hand
    deliveries = np.ones((days, sites, len(DeliveryKind)), dtype=np.int64)
    deliveries[:, :, DeliveryKind.EMERGENCY] = by_hand
    zero = np.zeros((days, sites), dtype=np.int64)
    return TransfusionRecords(
        issued_at=issued[:, 0],
        issued_site=issued[:, 1].astype(np.uint8),
        issued_route=routes.astype(np.uint8),
        issued_use=issued[:, 3].astype(np.uint8),
        issued_urgency=(issued[:, 3] % len(URGENCIES)).astype(np.uint8),
        issued_patient_group=issued[:, 4].astype(np.uint8),
        issued_group=issued[:, 4].astype(np.uint8),
        issued_last_day=issued[:, 5].astype(np.int32),
        issued_units=issued[:, 6].astype(np.int32),
        issued_minutes=np.array([MINUTES[Route(route)] for route in routes]),
        issued_reserved=(routes == Route.CROSSMATCH) & (issued[:, 3] == USES.index("operation")),
        late_at=(24.0 * late[:, 0] + 5.0).astype(np.float64),
        late_site=late[:, 1].astype(np.uint8),
        late_urgency=np.zeros(len(late), dtype=np.uint8),
        late_use=(np.arange(len(late)) % len(USES)).astype(np.uint8),
        late_reason=(np.arange(len(late)) % len(Late)).astype(np.uint8),
        late_units=np.full(len(late), 2, dtype=np.int32),
        late_minutes=np.where(np.arange(len(late)) % 5 == 4, np.nan, 30.0),
        batch_site=batch[:, 0].astype(np.uint8),
        batch_group=batch[:, 1].astype(np.uint8),
        batch_last_day=batch[:, 2].astype(np.int32),
        batch_first=batch[:, 3].astype(np.int32),
        batch_received=batch[:, 4].astype(np.int32),
        batch_expired=batch[:, 5].astype(np.int32),
        batch_wasted=np.zeros(len(batch), dtype=np.int32),
        batch_left=batch[:, 6].astype(np.int32),
        stock=counts[0].astype(np.int32),
        satellite=np.zeros((days, sites, GROUPS), dtype=np.int32),
        reserved=np.zeros((days, sites, GROUPS), dtype=np.int32),
        expired=counts[1],
        wasted=np.zeros((days, sites, GROUPS), dtype=np.int64),
        received=counts[2],
        deliveries=deliveries,
        daily_use=np.full((sites, GROUPS), 1.5),
        reserved_units=zero + 2,
        returned_units=zero + 1,
        bench_jobs=jobs,
        bench_busy_hours=np.full((days, sites), 6.0) + 4.0 * by_hand,
        bench_hours=np.full((days, sites), 24.0),
        samples=zero + 10,
        samples_by_hand=10 * by_hand.astype(np.int64),
        second_samples=3 * by_hand.astype(np.int64),
        diverted_units=zero,
        withheld_units=by_hand.astype(np.int64),
        national_stock=national,
        national_draw=counts[2].sum(axis=1).astype(np.float64),
        national_daily_use=np.full(GROUPS, 2.0),
        alert=alert.astype(np.uint8),
    )


def _by_hand(scenario: Scenario, days: int) -> np.ndarray:
    """Return where transfusion is without its system at noon: bool (days, sites)."""
    depths = [
        disruption_depth(scenario, Capability.TRANSFUSION_IT, site) for site in scenario.site_names
    ]
    return np.array(
        [[depth.at(24.0 * day + 12.0) > 0.0 for depth in depths] for day in range(days)]
    )


def _stock(
    by_hand: np.ndarray, random: np.random.Generator
) -> tuple[list[tuple[float, ...]], list[list[float]], np.ndarray]:
    """Deliver, issue oldest first and let expire; nothing else happens to a unit."""
    days, sites = by_hand.shape
    issues: list[tuple[float, ...]] = []
    batches: list[list[float]] = []
    counts = np.zeros((3, days, sites, GROUPS), dtype=np.int64)
    for site in range(sites):
        for group in range(GROUPS):
            # Site, group, last day, first, received, expired, left.
            own: list[list[float]] = [[site, group, SHELF_DAYS, FIRST_UNITS, 0, 0, FIRST_UNITS]]
            for day in range(days):
                last_day = day + SHELF_DAYS + 1
                own.append([site, group, last_day, 0, DAILY_UNITS, 0, DAILY_UNITS])
                counts[2, day, site, group] = DAILY_UNITS
                wanted, use = int(random.integers(0, 5)), int(random.integers(0, len(USES)))
                routes = ROUTES_BY_HAND if by_hand[day, site] else USUAL_ROUTES
                route = routes[int(random.integers(0, len(routes)))]
                if group >= 2 and route in (Route.EMERGENCY_GROUP_O, Route.GROUP_O_UNMATCHED):
                    route = Route.CROSSMATCH
                at = 24.0 * day + float(random.uniform(0.0, 24.0))
                for batch in own:
                    taken = min(wanted, int(batch[6]))
                    if taken:
                        issues.append((at, site, route, use, group, batch[2], taken))
                        batch[6] -= taken
                        wanted -= taken
                    if batch[2] == day:
                        counts[1, day, site, group] += int(batch[6])
                        batch[5], batch[6] = batch[6], 0
                counts[0, day, site, group] = sum(int(batch[6]) for batch in own)
            batches += own
    return sorted(issues), batches, counts
