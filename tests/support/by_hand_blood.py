"""Records of transfusion with a few events, so that every number can be worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from disruption_sim.records import Alert, BenchJob, DeliveryKind, Late, Route, TransfusionRecords
from disruption_sim.scenario.model import BloodGroup
from disruption_sim.world.model import URGENCIES, USES
from tests.support.small_scenario import small_scenario

# Transfusion is without its system from day 42, the onset, for 10 days; the run ends with day 55.
SCENARIO = small_scenario(calendar__horizon_weeks=2, disruptions__transfusion_it__duration_days=10)
FIRST_DAY = 7 * SCENARIO.calendar.warm_up_weeks
DAYS, SITES, GROUPS = 7 * SCENARIO.calendar.weeks, 2, len(BloodGroup)
O_NEGATIVE, O_POSITIVE, A_POSITIVE = 0, 1, 3


def few_events() -> TransfusionRecords:
    """Return the records; both weeks and both sites differ in everything.

    Issues, each of one patient unless said otherwise: on day 0 of week 1 at site 0 six emergency
    units in three rows (2 O-negative, 2 + 2 O-positive of two ages); on day 2 two A-positive by
    electronic issue; on day 3 at site 1 two that had been set aside. In week 2 at site 1
    two patients with one crossmatched unit each, after 40 and 60 minutes, on days 8 and 11 (the
    system is back), and one O-negative unmatched on day 12.
    """
    emergency, matched = Route.EMERGENCY_GROUP_O, Route.CROSSMATCH
    rows = [
        # Day, site, route, use, group, last day, units, minutes, set aside.
        (0, 0, emergency, "major_haemorrhage", O_NEGATIVE, 9, 2, 0.0, False),
        (0, 0, emergency, "major_haemorrhage", O_POSITIVE, 9, 2, 0.0, False),
        (0, 0, emergency, "major_haemorrhage", O_POSITIVE, 12, 2, 0.0, False),
        (2, 0, Route.ELECTRONIC_ISSUE, "medical", A_POSITIVE, 9, 2, 10.0, False),
        (3, 1, matched, "operation", A_POSITIVE, 9, 2, 0.0, True),
        (8, 1, matched, "medical", A_POSITIVE, 20, 1, 40.0, False),
        (11, 1, matched, "obstetric", A_POSITIVE, 20, 1, 60.0, False),
        (12, 1, Route.GROUP_O_UNMATCHED, "trauma", O_NEGATIVE, 20, 1, 5.0, False),
    ]
    day, site, route, use, group, last_day, units, minutes, reserved = zip(*rows, strict=True)
    late = [
        # Day due, site, urgency, use, reason, units, minutes.
        (0, 0, "immediate", "major_haemorrhage", Late.NO_STOCK, 2, 15.0),
        (3, 1, "urgent", "operation", Late.WAITED_FOR_BENCH, 1, 30.0),
        (12, 1, "urgent", "trauma", Late.NO_STOCK, 1, np.nan),
    ]
    due, late_site, urgency, late_use, reason, missing, minutes_late = zip(*late, strict=True)
    records = _with_daily_counts(nothing_happened())
    return replace(
        records,
        issued_at=24.0 * (FIRST_DAY + np.array(day)) + 6.0,
        issued_site=np.array(site, dtype=np.uint8),
        issued_route=np.array(route, dtype=np.uint8),
        issued_use=np.array([USES.index(name) for name in use], dtype=np.uint8),
        issued_urgency=np.zeros(len(rows), dtype=np.uint8),
        issued_patient_group=np.full(len(rows), A_POSITIVE, dtype=np.uint8),
        issued_group=np.array(group, dtype=np.uint8),
        issued_last_day=(FIRST_DAY + np.array(last_day)).astype(np.int32),
        issued_units=np.array(units, dtype=np.int32),
        issued_minutes=np.array(minutes),
        issued_reserved=np.array(reserved),
        late_at=24.0 * (FIRST_DAY + np.array(due)) + 7.0,
        late_site=np.array(late_site, dtype=np.uint8),
        late_urgency=np.array([URGENCIES.index(name) for name in urgency], dtype=np.uint8),
        late_use=np.array([USES.index(name) for name in late_use], dtype=np.uint8),
        late_reason=np.array(reason, dtype=np.uint8),
        late_units=np.array(missing, dtype=np.int32),
        late_minutes=np.array(minutes_late),
        # 10 first and 8 delivered; 13 issued, 2 expired, 1 wasted, 2 left.
        batch_site=np.array([0, 0, 1, 1], dtype=np.uint8),
        batch_group=np.array([O_NEGATIVE, A_POSITIVE, O_NEGATIVE, A_POSITIVE], dtype=np.uint8),
        batch_last_day=(FIRST_DAY + np.array([9, 9, 20, 20])).astype(np.int32),
        batch_first=np.array([3, 3, 2, 2], dtype=np.int32),
        batch_received=np.array([2, 2, 1, 3], dtype=np.int32),
        batch_expired=np.array([1, 1, 0, 0], dtype=np.int32),
        batch_wasted=np.array([0, 0, 0, 1], dtype=np.int32),
        batch_left=np.array([0, 0, 2, 0], dtype=np.int32),
    )


def _with_daily_counts(records: TransfusionRecords) -> TransfusionRecords:
    counts = {
        name: getattr(records, name).copy()
        for name in (
            "expired", "wasted", "deliveries", "reserved_units", "returned_units", "bench_jobs",
            "bench_busy_hours", "samples", "samples_by_hand", "second_samples", "diverted_units",
            "withheld_units", "alert", "national_stock",
        )
    }  # fmt: skip
    counts["deliveries"][:, :, DeliveryKind.ROUTINE] = 1
    first = {name: values[FIRST_DAY:] for name, values in counts.items()}
    first["expired"][1, 0, [O_NEGATIVE, A_POSITIVE]] = 1
    first["wasted"][10, 1, A_POSITIVE] = 1
    first["deliveries"][4, 1, DeliveryKind.EMERGENCY] = 1
    first["reserved_units"][2, 1] = 3
    first["returned_units"][5, 1] = 1
    first["bench_jobs"][1, 1, BenchJob.CROSSMATCH] = 3
    first["bench_busy_hours"][:7, 0] = 6.0
    first["samples"][:7, 0] = 10
    first["samples_by_hand"][:2, 0] = 10
    first["second_samples"][:7, 0] = 1
    first["diverted_units"][1, 0] = 5
    first["withheld_units"][9, 0] = 4
    first["alert"][:5] = [Alert.GREEN, *[Alert.PRE_AMBER] * 3, Alert.AMBER]
    first["alert"][7:9] = Alert.RED
    # The scarcest group of every other day of the second week holds one day's use less.
    first["national_stock"][7:14:2, A_POSITIVE] -= 2.0
    return replace(records, **counts)


def nothing_happened() -> TransfusionRecords:
    """Return records without a patient, a delivery or a loss; fridges hold what they hold."""
    none = np.zeros(0)
    flat = np.zeros((DAYS, SITES, GROUPS), dtype=np.int64)
    by_day = np.zeros((DAYS, SITES), dtype=np.int64)
    events = {
        "issued": (
            "site", "route", "use", "urgency", "patient_group", "group", "last_day", "units",
            "reserved",
        ),
        "late": ("site", "urgency", "use", "reason", "units"),
        "batch": (
            "site", "group", "last_day", "first", "received", "expired", "wasted", "left",
        ),
    }  # fmt: skip
    wide = {"last_day", "units", "first", "received", "expired", "wasted", "left"}
    columns = {
        f"{event}_{name}": none.astype(
            np.int32 if name in wide else np.bool_ if name == "reserved" else np.uint8
        )
        for event, names in events.items()
        for name in names
    }
    return TransfusionRecords(
        **columns,  # type: ignore[arg-type]
        issued_at=none,
        issued_minutes=none,
        late_at=none,
        late_minutes=none,
        stock=(flat + 4).astype(np.int32),
        satellite=(flat + 2).astype(np.int32),
        reserved=(flat + 1).astype(np.int32),
        expired=flat,
        wasted=flat,
        received=flat,
        deliveries=np.zeros((DAYS, SITES, len(DeliveryKind)), dtype=np.int64),
        daily_use=np.repeat([[2.0], [1.0]], GROUPS, axis=1),
        reserved_units=by_day,
        returned_units=by_day,
        bench_jobs=np.zeros((DAYS, SITES, len(BenchJob)), dtype=np.int64),
        bench_busy_hours=np.zeros((DAYS, SITES)),
        bench_hours=np.full((DAYS, SITES), 12.0),
        samples=by_day,
        samples_by_hand=by_day,
        second_samples=by_day,
        diverted_units=by_day,
        withheld_units=by_day,
        national_stock=np.full((DAYS, GROUPS), 12.0),
        national_draw=np.zeros((DAYS, GROUPS)),
        national_daily_use=np.full(GROUPS, 2.0),
        alert=np.zeros(DAYS, dtype=np.uint8),
    )
