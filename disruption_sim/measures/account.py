"""Which mechanism carried which share of the laboratories' normal volume, and what people did."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from disruption_sim.measures.calendar import Floats, Horizon, Integers
from disruption_sim.measures.table import divided
from disruption_sim.records import PathologyRecords
from disruption_sim.scenario.model import PEOPLE_STEPS, Step, TubeType

GROUP_AND_SCREEN = tuple(TubeType).index(TubeType.GROUP_AND_SCREEN)
BACK_ENTRY = PEOPLE_STEPS.index(Step.BACK_ENTRY)
MINUTES_PER_HOUR = 60.0


class VolumeItem(StrEnum):
    """Where a week's normal volume went: the items of a week add up to it exactly.

    The normal volume is what the baseline arm reports in the same week. An item is what this arm
    has more than the baseline arm, with the sign by which it explains what is not reported.
    """

    REPORTED = "reported"
    RESTRICTED = "restricted"
    CAME_BACK = "came_back"
    MUTUAL_AID = "mutual_aid"
    AT_THE_BEDSIDE = "at_the_bedside"
    LOST_EXPIRED = "lost_expired"
    LOST_REJECTED = "lost_rejected"
    LEFT_WAITING = "left_waiting"
    ASKED_FOR_AGAIN = "asked_for_again"

    @property
    def in_words(self) -> str:
        """The item in words."""
        return {
            VolumeItem.REPORTED: "Reported by the own laboratories",
            VolumeItem.RESTRICTED: "Not asked for: restriction of demand",
            VolumeItem.CAME_BACK: "Came back after the restriction",
            VolumeItem.MUTUAL_AID: "Sent to mutual-aid laboratories",
            VolumeItem.AT_THE_BEDSIDE: "Answered at the bedside",
            VolumeItem.LOST_EXPIRED: "Expired and not taken again",
            VolumeItem.LOST_REJECTED: "Refused and not taken again",
            VolumeItem.LEFT_WAITING: "Left waiting at the end of the week",
            VolumeItem.ASKED_FOR_AGAIN: "Asked for in addition by clinics and wards",
        }[self]


class CapacityItem(StrEnum):
    """Why people could do more or less: throughput is the product of three of them.

    All are over the baseline arm. Throughput (group and screen apart, which has its own bench) is
    `STAFF_ON_DUTY` x `STAFF_OCCUPIED` / `MINUTES_PER_TUBE`; the last is `BY_HAND` x `LEARNING` x
    `WASTE` x `BACK_ENTRY`, where work by hand is what the other three leave, so that tubes begun
    in one week and reported in the next are in it too.
    """

    THROUGHPUT = "throughput"
    STAFF_ON_DUTY = "staff_on_duty"
    STAFF_OCCUPIED = "staff_occupied"
    MINUTES_PER_TUBE = "minutes_per_tube"
    BY_HAND = "by_hand"
    LEARNING = "learning"
    WASTE = "waste"
    BACK_ENTRY = "back_entry"

    @property
    def in_words(self) -> str:
        """The item in words."""
        return {
            CapacityItem.THROUGHPUT: "Tubes reported, group and screen apart",
            CapacityItem.STAFF_ON_DUTY: "Staff hours on duty",
            CapacityItem.STAFF_OCCUPIED: "Share of them that was worked",
            CapacityItem.MINUTES_PER_TUBE: "Staff minutes for each tube reported",
            CapacityItem.BY_HAND: "of which work by hand",
            CapacityItem.LEARNING: "of which practice",
            CapacityItem.WASTE: "of which booking in tubes that are lost",
            CapacityItem.BACK_ENTRY: "of which entering paper back",
        }[self]


@dataclass(frozen=True)
class LaboratoryAccount:
    """The laboratories of one arm from week 1 on.

    Attributes
    ----------
    normal_volume : float64 (weeks,)
        Tubes reported in the baseline arm.
    volume : float64 (weeks, items)
        Tubes, in the order of ``VolumeItem``.
    capacity : float64 (weeks, items)
        Over the baseline arm, in the order of ``CapacityItem``.
    minutes_per_tube, wasted_share : float64 (weeks,)
        Staff minutes for each tube reported, group and screen apart; share of the hours worked
        that went into booking in tubes that were lost.
    daily_reported : int64 (days,)
        From week 1 on.
    fates : int32 (weeks, sources, tube types, fates)
        Of the requests of the world, by the week in which they would have been collected.
    fates_by_place : int32 (weeks, places, fates)
    utilisation : float64 (weeks, stations)
    people_utilisation : float64 (weeks, laboratories)
    """

    normal_volume: Floats
    volume: Floats
    capacity: Floats
    minutes_per_tube: Floats
    wasted_share: Floats
    daily_reported: Integers
    fates: npt.NDArray[np.int32]
    fates_by_place: npt.NDArray[np.int32]
    utilisation: Floats
    people_utilisation: Floats


def laboratory_account(
    horizon: Horizon, records: PathologyRecords, twin: PathologyRecords
) -> LaboratoryAccount:
    """Return the account of one arm against the baseline arm of its world."""
    rows = horizon.week_rows
    weekly = records.fates.reshape(-1, 7, *records.fates.shape[1:])[rows]
    return LaboratoryAccount(
        normal_volume=_tubes(horizon, twin.reported),
        volume=_volume(horizon, records, twin),
        capacity=_capacity(horizon, records, twin),
        minutes_per_tube=_minutes_per_tube(horizon, records),
        wasted_share=_wasted_share(horizon, records),
        daily_reported=records.daily_reported[horizon.day_rows].sum(axis=(1, 2)),
        fates=weekly.sum(axis=(1, 2), dtype=np.int32),
        fates_by_place=weekly.sum(axis=(1, 3, 4), dtype=np.int32),
        utilisation=records.utilisation[rows],
        people_utilisation=records.people_utilisation[rows],
    )


def unfinished(records: PathologyRecords) -> Integers:
    """Return the tubes at the end of each week that were taken and are neither reported nor lost.

    On their way, in a laboratory, or to be taken again; int64 (weeks,) from hour 0.
    """
    taken = (
        records.asked_for
        - records.deferred
        - records.sent_elsewhere
        - records.point_of_care
        + records.returned
    )
    left: Integers = (taken - records.reported - records.abandoned).sum(axis=(1, 2)).cumsum()
    return left


def _tubes(horizon: Horizon, counts: Integers) -> Floats:
    tubes: Floats = counts[horizon.week_rows].sum(axis=(1, 2)).astype(np.float64)
    return tubes


def _volume(horizon: Horizon, records: PathologyRecords, twin: PathologyRecords) -> Floats:
    def more(name: str) -> Floats:
        here, usually = (_tubes(horizon, getattr(arm, name)) for arm in (records, twin))
        return here - usually

    rejected = more("abandoned_rejected")
    waiting = [np.diff(unfinished(arm), prepend=0)[horizon.week_rows] for arm in (records, twin)]
    items = {
        VolumeItem.REPORTED: _tubes(horizon, records.reported),
        VolumeItem.RESTRICTED: more("deferred"),
        VolumeItem.CAME_BACK: -more("returned"),
        VolumeItem.MUTUAL_AID: more("sent_elsewhere"),
        VolumeItem.AT_THE_BEDSIDE: more("point_of_care"),
        VolumeItem.LOST_EXPIRED: more("abandoned") - rejected,
        VolumeItem.LOST_REJECTED: rejected,
        VolumeItem.LEFT_WAITING: (waiting[0] - waiting[1]).astype(np.float64),
        VolumeItem.ASKED_FOR_AGAIN: -more("asked_for"),
    }
    return np.stack([items[item] for item in VolumeItem], axis=1)


def _reported_by_people(horizon: Horizon, records: PathologyRecords) -> Floats:
    """Return the tubes reported in each week, those of the transfusion bench apart."""
    weekly = records.turnaround_weekly[horizon.week_rows][..., 0].sum(axis=(1, 2))
    tubes: Floats = (weekly.sum(axis=1) - weekly[:, GROUP_AND_SCREEN]).astype(np.float64)
    return tubes


def _hours(horizon: Horizon, records: PathologyRecords) -> Floats:
    hours: Floats = records.staff_hours[horizon.week_rows].sum(axis=(1, 2))
    return hours


def _minutes_per_tube(horizon: Horizon, records: PathologyRecords) -> Floats:
    worked = MINUTES_PER_HOUR * _hours(horizon, records)
    return divided(worked, _reported_by_people(horizon, records))


def _wasted_share(horizon: Horizon, records: PathologyRecords) -> Floats:
    wasted = records.wasted_staff_hours[horizon.week_rows].sum(axis=1)
    return divided(wasted, _hours(horizon, records))


def _capacity(horizon: Horizon, records: PathologyRecords, twin: PathologyRecords) -> Floats:
    rows = horizon.week_rows
    hours, usual_hours = (_hours(horizon, arm) for arm in (records, twin))
    duty, usual_duty = (arm.staff_on_duty_hours[rows].sum(axis=1) for arm in (records, twin))
    reported, usually = (_reported_by_people(horizon, arm) for arm in (records, twin))
    minutes = divided(
        _minutes_per_tube(horizon, records), np.nan_to_num(_minutes_per_tube(horizon, twin))
    )
    entering = records.staff_hours[rows].sum(axis=1)[:, BACK_ENTRY]
    by_hand = records.manual_hours[rows]
    # As long as the same work would have taken without practice.
    unpractised = hours - by_hand + by_hand / records.learning[rows]
    factors = {
        CapacityItem.LEARNING: divided(hours, unpractised),
        CapacityItem.WASTE: divided(
            1.0 - _wasted_share(horizon, twin), 1.0 - _wasted_share(horizon, records)
        ),
        CapacityItem.BACK_ENTRY: divided(hours, hours - entering),
    }
    others = np.prod(list(factors.values()), axis=0)
    items = {
        CapacityItem.THROUGHPUT: divided(reported, usually),
        CapacityItem.STAFF_ON_DUTY: divided(duty, usual_duty),
        CapacityItem.STAFF_OCCUPIED: divided(
            divided(hours, duty), np.nan_to_num(divided(usual_hours, usual_duty))
        ),
        CapacityItem.MINUTES_PER_TUBE: minutes,
        CapacityItem.BY_HAND: divided(minutes, np.nan_to_num(others)),
        **factors,
    }
    return np.stack([items[item] for item in CapacityItem], axis=1)
