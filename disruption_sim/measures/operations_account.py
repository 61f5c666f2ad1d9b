"""Who waited longer, by how much, and what caught up: operations of one arm against its twin."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

import numpy as np

from disruption_sim.grid import HOURS_PER_WEEK
from disruption_sim.measures.calendar import Floats, Horizon
from disruption_sim.measures.causes import PRIORITIES
from disruption_sim.measures.operations import EIGHTEEN_WEEKS, is_incident
from disruption_sim.measures.table import divided
from disruption_sim.measures.waiting import Waits
from disruption_sim.records import DoneOn, Flags, SurgeryRecords
from disruption_sim.scenario.model import Scenario
from disruption_sim.world.model import Operations

FOUR_WEEKS, TWELVE_WEEKS = 4.0, 12.0


class WaitGroup(IntEnum):
    """Patients on the list within the horizon, each in one group: they add up to all."""

    POSTPONED_BY_INCIDENT = 0
    POSTPONED_OTHERWISE = 1
    DISPLACED = 2
    BROUGHT_FORWARD = 3
    UNCHANGED = 4

    @property
    def in_words(self) -> str:
        """The group in words."""
        return {
            WaitGroup.POSTPONED_BY_INCIDENT: "Postponed because of the incident",
            WaitGroup.POSTPONED_OTHERWISE: "Postponed for other reasons alone",
            WaitGroup.DISPLACED: "Never postponed, waited longer",
            WaitGroup.BROUGHT_FORWARD: "Never postponed, waited less",
            WaitGroup.UNCHANGED: "Never postponed, as long to the day",
        }[self]


class WaitItem(StrEnum):
    """What is said of a group: extra waits are in weeks, cut at the horizon."""

    PATIENTS = "patients"
    STILL_WAITING = "still_waiting"
    PATIENT_WEEKS = "patient_weeks"
    MEAN = "mean_weeks"
    MEDIAN = "median_weeks"
    Q90 = "q90_weeks"
    OVER_4_WEEKS = "over_4_weeks_share"
    OVER_12_WEEKS = "over_12_weeks_share"


class SpecialtyItem(StrEnum):
    """What is said of a specialty over the horizon."""

    REFERRALS = "referrals_per_week"
    REMOVED = "removed_per_week"
    DONE = "done_per_week"
    WAITING_AT_START = "waiting_at_start"
    WAITING_AT_END = "waiting_at_end"
    WITHIN_18_WEEKS = "waiting_within_18_weeks_share"
    MEAN_WAIT = "mean_wait_of_the_treated_weeks"
    POSTPONED = "operations_postponed"
    POSTPONED_INCIDENT = "operations_postponed_incident"
    POSTPONED_PATIENTS = "patients_postponed_incident"
    DISPLACED = "patients_displaced"
    EXTRA_WAIT = "patient_weeks_of_extra_wait"

    @property
    def unit(self) -> str:
        """Unit of the item."""
        if self.value.endswith("per_week"):
            return "patients a week"
        if self.value.endswith("share"):
            return "share"
        return {
            SpecialtyItem.MEAN_WAIT: "weeks",
            SpecialtyItem.POSTPONED: "operations",
            SpecialtyItem.POSTPONED_INCIDENT: "operations",
            SpecialtyItem.EXTRA_WAIT: "patient-weeks",
        }.get(self, "patients")


class Phase(IntEnum):
    """Stretches of the horizon, cut at the end of the week of the largest net backlog."""

    BUILDING_UP = 0
    CATCHING_UP = 1


@dataclass(frozen=True)
class OperationsAccount:
    """Operations of one arm against its twin, over the horizon and all sites.

    Attributes
    ----------
    extra_waits : float64 (groups, priorities + 1, items)
        By ``WaitGroup`` and ``WaitItem``; the last priority is all of them. NaN where a group has
        nobody.
    specialties : float64 (specialties + 1, items)
        By ``SpecialtyItem``; the last specialty is all of them.
    waiting : float64 (weeks, specialties + 1)
        Patients on the list at the end of each week.
    done_on : float64 (weeks, kinds)
        Operations by ``DoneOn``.
    caught_up : float64 (phases, kinds + 1)
        Operations by ``DoneOn``, and last removals, more than in the twin. Over all kinds the
        first phase is less the largest backlog, and both together are less the last.
    """

    extra_waits: Floats
    specialties: Floats
    waiting: Floats
    done_on: Floats
    caught_up: Floats


def operations_account(
    scenario: Scenario,
    horizon: Horizon,
    operations: Operations,
    records: SurgeryRecords,
    twin: SurgeryRecords,
) -> OperationsAccount:
    """Return the account of one arm against the baseline arm of its world.

    Parameters
    ----------
    scenario : Scenario
    horizon : Horizon
    operations : Operations
        Of the world.
    records, twin : SurgeryRecords
        Of this arm and of the baseline arm.
    """
    count = len(scenario.surgery.specialties)
    # Specialties take the place of sites.
    waits = Waits.by(horizon, operations, records, twin, operations.specialty, count)
    waiting = waits.waiting()
    done, usually_done = (_done_on(horizon, arm) for arm in (records, twin))
    return OperationsAccount(
        extra_waits=_extra_waits(waits, records),
        specialties=_specialties(waits, records, waiting),
        waiting=waiting,
        done_on=done,
        caught_up=_caught_up(horizon, records, twin, done - usually_done),
    )


def _extra_waits(waits: Waits, records: SurgeryRecords) -> Floats:
    operations, horizon = waits.operations, waits.horizon
    last = np.maximum(waits.ends, waits.twin_ends)
    listed = (last > horizon.start) & (operations.clock_start < horizon.end)
    by_incident = np.zeros(len(listed), dtype=np.bool_)
    by_incident[records.postponed_patient[is_incident(records.postponed_cause)]] = True
    never = np.isinf(waits.postponed)
    groups = {
        WaitGroup.POSTPONED_BY_INCIDENT: by_incident,
        WaitGroup.POSTPONED_OTHERWISE: ~by_incident & ~never,
        WaitGroup.DISPLACED: waits.displaced,
        WaitGroup.BROUGHT_FORWARD: waits.brought_forward,
        WaitGroup.UNCHANGED: never & ~waits.displaced & ~waits.brought_forward,
    }
    priorities = [operations.priority == code for code in range(len(PRIORITIES))]
    everybody = np.ones(len(listed), dtype=np.bool_)
    return np.array(
        [
            [_wait_items(waits, listed & groups[group] & who) for who in (*priorities, everybody)]
            for group in WaitGroup
        ]
    )


def _wait_items(waits: Waits, who: Flags) -> list[float]:
    weeks = waits.extra_hours[who] / HOURS_PER_WEEK
    still = float(np.count_nonzero(waits.ends[who] >= waits.horizon.end))
    items = {
        WaitItem.PATIENTS: float(weeks.size),
        WaitItem.STILL_WAITING: still,
        WaitItem.PATIENT_WEEKS: float(weeks.sum()),
    }
    if weeks.size:
        median, q90 = np.quantile(weeks, [0.5, 0.9])
        items |= {
            WaitItem.MEAN: float(weeks.mean()),
            WaitItem.MEDIAN: float(median),
            WaitItem.Q90: float(q90),
            WaitItem.OVER_4_WEEKS: float((weeks > FOUR_WEEKS).mean()),
            WaitItem.OVER_12_WEEKS: float((weeks > TWELVE_WEEKS).mean()),
        }
    return [items.get(item, float("nan")) for item in WaitItem]


def _specialties(waits: Waits, records: SurgeryRecords, waiting: Floats) -> Floats:
    horizon, operations = waits.horizon, waits.operations
    patient = records.postponed_patient

    def people(times: Floats, who: Flags | slice = slice(None)) -> Floats:
        table = horizon.count(times[who], waits.place[who], waits.places)
        return np.asarray(table.sum(axis=0))

    def events(which: Flags | slice = slice(None)) -> Floats:
        times, place = records.postponed_at[which], waits.place[patient[which]]
        return np.asarray(horizon.count(times, place, waits.places).sum(axis=0))

    incident = is_incident(records.postponed_cause)
    hit = np.flatnonzero(incident & (horizon.week_of(records.postponed_at) >= 0))
    first_time = np.zeros_like(incident)
    first_time[hit[np.unique(patient[hit], return_index=True)[1]]] = True
    begun = horizon.start
    waited = horizon.add_up(
        records.done_at, waits.place, records.done_at - operations.clock_start, waits.places
    ).sum(axis=0)
    done = people(records.done_at)
    within = waits.waiting_at_most(EIGHTEEN_WEEKS)[-1]
    on_list = (operations.clock_start < begun) & (waits.ends >= begun)
    items = {
        SpecialtyItem.REFERRALS: people(operations.clock_start) / horizon.weeks,
        SpecialtyItem.REMOVED: people(records.removed_at) / horizon.weeks,
        SpecialtyItem.DONE: done / horizon.weeks,
        SpecialtyItem.WAITING_AT_START: people(np.full(len(on_list), begun), on_list),
        SpecialtyItem.WAITING_AT_END: waiting[-1],
        SpecialtyItem.WITHIN_18_WEEKS: divided(within, waiting[-1]),
        SpecialtyItem.MEAN_WAIT: divided(waited, done) / HOURS_PER_WEEK,
        SpecialtyItem.POSTPONED: events(),
        SpecialtyItem.POSTPONED_INCIDENT: events(incident),
        SpecialtyItem.POSTPONED_PATIENTS: events(first_time),
        SpecialtyItem.DISPLACED: people(waits.twin_ends, waits.displaced),
        SpecialtyItem.EXTRA_WAIT: waits.extra_patient_weeks().sum(axis=0),
    }
    return np.stack([items[item] for item in SpecialtyItem], axis=1)


def _done_on(horizon: Horizon, records: SurgeryRecords) -> Floats:
    return horizon.count(records.done_at, records.done_on, len(DoneOn))[:, :-1]


def _caught_up(
    horizon: Horizon, records: SurgeryRecords, twin: SurgeryRecords, more_done: Floats
) -> Floats:
    removed, usually_removed = (
        horizon.count(arm.removed_at, np.zeros(len(arm.removed_at), dtype=np.int64), 1)[:, :1]
        for arm in (records, twin)
    )
    more = np.concatenate([more_done, removed - usually_removed], axis=1)
    backlog = -np.cumsum(more.sum(axis=1))
    peak = int(np.argmax(backlog)) + 1
    return np.stack([more[:peak].sum(axis=0), more[peak:].sum(axis=0)])
