"""What happened in one arm of one replication: typed columns, written once."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.int32]
Codes = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]


class Cause(IntEnum):
    """Why an operation or an appointment was postponed; one cause each.

    `SAMPLE_EXPIRED` stands for every sample that was taken and lost: expired, or refused by the
    laboratory, and not taken again.
    """

    RESULTS_NOT_REPORTED = 0
    SAMPLE_EXPIRED = 1
    NO_VALID_GROUP_AND_SCREEN = 2
    TRANSFUSION_CANNOT_SUPPORT = 3
    NO_COMPATIBLE_BLOOD = 4
    STOPPED_BY_INCIDENT_COMMAND = 5
    DISPLACED = 6
    ORDINARY = 7
    NO_BED = 8
    NO_TIME_LEFT = 9
    NO_STAFF = 10

    @property
    def title(self) -> str:
        """The cause in words."""
        return {
            Cause.SAMPLE_EXPIRED: "Sample expired or refused",
            Cause.ORDINARY: "Ordinary: patient unfit or did not come",
            Cause.NO_BED: "No bed",
            Cause.NO_TIME_LEFT: "List overran",
            Cause.NO_STAFF: "No staff or equipment",
        }.get(self, self.name.replace("_", " ").capitalize())


INCIDENT_CAUSES = frozenset(
    {
        Cause.RESULTS_NOT_REPORTED,
        Cause.SAMPLE_EXPIRED,
        Cause.NO_VALID_GROUP_AND_SCREEN,
        Cause.TRANSFUSION_CANNOT_SUPPORT,
        Cause.NO_COMPATIBLE_BLOOD,
        Cause.STOPPED_BY_INCIDENT_COMMAND,
    }
)


NON_CLINICAL_CAUSES = frozenset({Cause.DISPLACED, Cause.NO_BED, Cause.NO_TIME_LEFT, Cause.NO_STAFF})
"""Ordinary reasons that count as last-minute cancellations for non-clinical reasons."""


class Removal(IntEnum):
    """Why a patient left the waiting list without an operation here."""

    TREATED_ELSEWHERE = 0
    RECOVERED = 1
    DECLINED = 2
    DIED = 3


class ExtraList(IntEnum):
    """Where recovery lists are held."""

    WEEKEND = 0
    EVENING = 1
    INDEPENDENT_SECTOR = 2


class DoneOn(IntEnum):
    """On which kind of list a patient was operated on."""

    ORDINARY_LIST = 0
    FLEXIBLE_LIST = 1
    WEEKEND_LIST = 2
    EVENING_LIST = 3
    INDEPENDENT_SECTOR = 4
    OTHER_HOSPITAL = 5

    @property
    def title(self) -> str:
        """The kind of list in words."""
        return {
            DoneOn.WEEKEND_LIST: "Recovery lists at weekends",
            DoneOn.EVENING_LIST: "Recovery lists in the evening",
            DoneOn.INDEPENDENT_SECTOR: "Recovery lists in the independent sector",
            DoneOn.OTHER_HOSPITAL: "Other hospitals (surgical mutual aid)",
        }.get(self, f"{self.name.replace('_', ' ').capitalize()}s")


class Bed(IntEnum):
    """Kinds of beds of elective patients."""

    WARD = 0
    CRITICAL_CARE = 1


class Route(IntEnum):
    """How red cells got to the patient."""

    EMERGENCY_GROUP_O = 0
    ELECTRONIC_ISSUE = 1
    CROSSMATCH = 2
    GROUP_O_UNMATCHED = 3
    GROUP_SPECIFIC = 4

    @property
    def title(self) -> str:
        """The route in words."""
        return self.name.replace("_", " ").capitalize()


class Late(IntEnum):
    """Why compatible blood was not there when it was due; the first that holds."""

    NO_STOCK = 0
    WAITED_FOR_BENCH = 1
    NO_CONFIRMED_GROUP = 2
    ROUTE_TOO_LONG = 3

    @property
    def title(self) -> str:
        """The reason in words."""
        return {
            Late.NO_STOCK: "No compatible units in the hospital",
            Late.WAITED_FOR_BENCH: "Waited for a scientist",
            Late.NO_CONFIRMED_GROUP: "Sample or blood group not ready",
            Late.ROUTE_TOO_LONG: "The quickest route allowed takes longer",
        }[self]


class BenchJob(IntEnum):
    """What scientists at the transfusion bench do."""

    GROUP_AND_SCREEN = 0
    ELECTRONIC_ISSUE = 1
    GROUP_SPECIFIC = 2
    CROSSMATCH = 3


class DeliveryKind(IntEnum):
    """How blood comes to a hospital."""

    ROUTINE = 0
    AD_HOC = 1
    EMERGENCY = 2


class Alert(IntEnum):
    """Phase of shortage of the blood service."""

    GREEN = 0
    PRE_AMBER = 1
    AMBER = 2
    RED = 3


class Fate(IntEnum):
    """What became of a request for a sample; every request of the world has exactly one.

    A request belongs to the day on which it would have been collected had nothing gone wrong. What
    a restriction put off and was taken after all is `DEFERRED_AND_REPORTED` once reported;
    otherwise it has the fate that ended it.
    """

    REPORTED = 0
    REPORTED_AFTER_REPEAT = 1
    DEFERRED_AND_REPORTED = 2
    REPORTED_ELSEWHERE = 3
    AT_THE_BEDSIDE = 4
    NEVER_TAKEN = 5
    ABANDONED_EXPIRED = 6
    ABANDONED_REJECTED = 7
    OPEN = 8

    @property
    def title(self) -> str:
        """The fate in words."""
        return self.name.replace("_", " ").capitalize()


class Period(IntEnum):
    """Stretches of a run, by the time of receipt.

    Before anything is lost in any laboratory; until nothing is lost any more; after that. Where
    nothing is lost at all the first ends at the onset and there is no second.
    """

    BEFORE = 0
    DISTURBED = 1
    AFTER = 2


HOURS_OF_DAY = 24

TURNAROUND_TICKS_PER_HOUR = 256
TURNAROUND_EDGES_HOURS: tuple[float, ...] = tuple(
    round(TURNAROUND_TICKS_PER_HOUR / 12.0 * (14.0 * 24.0 * 12.0) ** (edge / 40.0))
    / TURNAROUND_TICKS_PER_HOUR
    for edge in range(41)
)
"""Edges of turnaround bins: 40 of equal ratio (1.23) from 5 minutes to 14 days, to 14 seconds.

A histogram has 42 bins: what is shorter comes first, what is longer last.
"""

TURNAROUND_BINS = len(TURNAROUND_EDGES_HOURS) + 1


@dataclass(frozen=True)
class PathologyRecords:
    """Tubes, counted inside the compiled pass.

    Places are the sites in file order, then the boroughs. Weeks and days count from hour 0; an
    event on the stroke between two belongs to the earlier. Tube types, sources, laboratories and
    stations are in the order of the scenario. The last axis of turnaround counts is: reported,
    within the standard, within the outer limit. That of histograms is the bin, the one before it
    the clock: from receipt, from collection (of the blood that was reported, which after a re-bleed
    is the last). Only reports of our own laboratories are in them.

    Attributes
    ----------
    received, reported, reported_elsewhere, within_standard : int64 (weeks, places, sources)
    discarded, abandoned, rebled, deferred : int64 (weeks, places, sources)
        `received` and `reported` are of our own laboratories,
        re-bleeds included; `reported_elsewhere` is mutual aid; `within_standard` are the reported
        within the standard of their source, counted in the week of the report; `deferred` were
        never taken because of a demand restriction (those that come back later are received then).
    asked_for : int64 (weeks, places, sources)
        Requests by the week in which they would have been collected: those of the world and those
        made at run time.
    returned : int64 (weeks, places, sources)
        Deferred ones that are taken after all, by the week in which they are.
    sent_elsewhere, point_of_care : int64 (weeks, places, sources)
        Given to mutual aid, done at the bedside; by the week of collection. With the former,
        ``asked_for - deferred - sent_elsewhere - point_of_care + returned`` is what is taken for
        our own laboratories for the first time.
    rejected : int64 (weeks, places, sources)
        Found unfit when booked in, apart from `discarded`, which is of those that had expired.
        ``discarded + rejected == rebled + abandoned``.
    abandoned_rejected : int64 (weeks, places, sources)
        Of `abandoned`, those that were rejected.
    flagged : int64 (weeks, places, sources)
        Of `reported`, those of sources whose old samples are not thrown away, reported later after
        collection than they keep.
    fates : int32 (days, places, sources, tube types, fates)
        What became of the requests of the world, see ``Fate``.
    daily_reported : int64 (days, sources, tube types)
        By our own laboratories.
    turnaround_weekly : int64 (weeks, places, sources, tube types, 3)
        By the week of the report.
    turnaround_by_place : int64 (periods, places, sources, tube types, 3)
    turnaround_by_hour : int64 (periods, hours of receipt, sources, tube types, 3)
    histogram_weekly : int32 (weeks, sources, tube types, 2, bins)
    histogram_by_place : int32 (periods, places, sources, tube types, 2, bins)
    histogram_by_hour : int32 (periods, hours of receipt, sources, tube types, 2, bins)
    staff_hours : float64 (weeks, laboratories, people steps)
        Worked by people, in the order of the scenario's ``PEOPLE_STEPS``.
    staff_on_duty_hours : float64 (weeks, laboratories)
        Rostered and reinforced.
    people_utilisation : float64 (weeks, laboratories)
        Share of the hours on duty that people worked.
    wasted_staff_hours : float64 (weeks, laboratories)
        Booking-in of tubes that were lost behind it, at the mean hours that a tube takes there.
    reinforcement, learning : float64 (weeks,)
        Mean factors on staff and on minutes by hand that the policies set for work by hand.
    transcription_errors : int64 (weeks, 2)
        Results reported on paper with any error, and with a clinically significant one.
    helper_turnaround_hours : float64 (weeks,)
        Mean turnaround of the mutual-aid laboratories' own tubes; NaN where none helps.
    daily_paper_waiting : int64 (days,)
        Results reported on paper and not yet entered back at the end of the day.
    waiting_at_end : int
        Tubes received and neither reported nor discarded at the end.
    station_names : tuple of str
    utilisation : float64 (weeks, stations)
        Busy over rostered server hours; of a step done by people, the share of the pool's hours.
    manual_hours : float64 (weeks,)
        Staff hours of manual work.
    longest_queue : int64 (weeks, stations)
    visits : int
        Passages of tubes through stations, skips not counted.
    """

    received: Integers
    reported: Integers
    reported_elsewhere: Integers
    within_standard: Integers
    discarded: Integers
    abandoned: Integers
    rebled: Integers
    deferred: Integers
    asked_for: Integers
    returned: Integers
    sent_elsewhere: Integers
    point_of_care: Integers
    rejected: Integers
    abandoned_rejected: Integers
    flagged: Integers
    fates: Numbers
    daily_reported: Integers
    turnaround_weekly: Integers
    turnaround_by_place: Integers
    turnaround_by_hour: Integers
    histogram_weekly: Numbers
    histogram_by_place: Numbers
    histogram_by_hour: Numbers
    daily_paper_waiting: Integers
    waiting_at_end: int
    station_names: tuple[str, ...]
    utilisation: Floats
    staff_hours: Floats
    staff_on_duty_hours: Floats
    people_utilisation: Floats
    wasted_staff_hours: Floats
    reinforcement: Floats
    learning: Floats
    transcription_errors: Integers
    helper_turnaround_hours: Floats
    manual_hours: Floats
    longest_queue: Integers
    visits: int


@dataclass(frozen=True)
class SurgeryRecords:
    """What became of every patient for an operation.

    Attributes
    ----------
    done_at, removed_at : float64 (patients,)
        NaN where it did not happen. `done_at` is the start of the operation.
    done_on : uint8 (patients,)
        ``DoneOn``; 0 where it did not happen.
    postponed_at, postponed_patient, postponed_cause : (events,)
        float64 time, int32 patient, uint8 ``Cause``, in order of time. The time is the start of
        the list from which the operation was taken: a postponement counts in the week in which
        the operation was to happen.
    postponed_decided_at : float64 (events,)
    rebooked_late : bool (events,)
        Not operated on within the rebooking standard after this postponement (False while the
        standard has not yet run out at the end).
    swapped_in : int32 (swaps,)
        Patients who were operated on at short notice in a free slot.
    transferred : int32 (transfers,)
        Patients operated on in another hospital by surgical mutual aid; `done_at` is when.
    host_displaced : float64 (weeks,)
        Operations of the hosts' own that were put off for them, by the week of the transfer.
    lists_run, flexible_lists_run : int64 (weeks,)
    extra_lists_run : int64 (weeks, kinds)
        Recovery lists by ``ExtraList``.
    cost_pounds : float64 (weeks,)
        Of recovery lists and transfers.
    busy_hours, list_hours : float64 (weeks,)
        Theatre time used and open, of the hospitals' own lists.
    beds : int64 (sites, kinds)
        For elective patients, by ``Bed``.
    beds_occupied, beds_lost : int64 (days, sites, kinds)
        On each night, by elective patients and by emergencies.
    """

    done_at: Floats
    removed_at: Floats
    done_on: Codes
    postponed_at: Floats
    postponed_decided_at: Floats
    postponed_patient: Numbers
    postponed_cause: Codes
    rebooked_late: Flags
    swapped_in: Numbers
    transferred: Numbers
    host_displaced: Floats
    lists_run: Integers
    flexible_lists_run: Integers
    extra_lists_run: Integers
    cost_pounds: Floats
    busy_hours: Floats
    list_hours: Floats
    beds: Integers
    beds_occupied: Integers
    beds_lost: Integers


@dataclass(frozen=True)
class OutpatientRecords:
    """What became of every appointment that needs results; the others are counted.

    Attributes
    ----------
    done_at : float64 (appointments,)
        NaN where it has not happened.
    by_telephone : bool (appointments,)
        Held by telephone because a result was missing, with the result to follow.
    postponed_at, postponed_appointment, postponed_cause : (events,)
        The time is the start of the clinic from which the appointment was taken.
    without_results_done : int64 (days, sites)
    without_results_postponed : int64 (weeks, sites)
    """

    done_at: Floats
    by_telephone: Flags
    postponed_at: Floats
    postponed_appointment: Numbers
    postponed_cause: Codes
    without_results_done: Integers
    without_results_postponed: Integers


@dataclass(frozen=True)
class DayUnitRecords:
    """What became of every treatment in a day unit.

    Attributes
    ----------
    done_at : float64 (treatments,)
        When it started, NaN where it has not happened.
    at_the_bedside : bool (treatments,)
        Started on a test at the bedside because the laboratory had not reported.
    in_overtime : bool (treatments,)
        Started on a chair that was added.
    waited_at, waited_treatment, waited_hours : (events,)
        Waits in the unit for a result, whether or not it came: float64 start of the shift, int32
        treatment, float64 hours.
    postponed_at, postponed_treatment, postponed_cause : (events,)
        float64 start of the shift from which it was moved, int32 treatment, uint8 ``Cause``.
    """

    done_at: Floats
    at_the_bedside: Flags
    in_overtime: Flags
    waited_at: Floats
    waited_treatment: Numbers
    waited_hours: Floats
    postponed_at: Floats
    postponed_treatment: Numbers
    postponed_cause: Codes


@dataclass(frozen=True)
class TransfusionRecords:
    """Red cells, issue by issue and day by day; groups in the order of ``BloodGroup``.

    Units are in the laboratory's fridge (`stock`), in the satellite, or reserved for somebody
    (which those made to order are), until they are issued, expire or are wasted. By hospital, group
    and last day
    ``first + received == issued + expired + wasted + left``.

    Attributes
    ----------
    issued_at, issued_site, issued_route, issued_use, issued_urgency, issued_patient_group, \
    issued_group, issued_last_day, issued_units, issued_minutes :
        One row for each patient, route, group and last day of unit: float64 hours at which they
        left, uint8 ..., int32 last day (number) on which they may be given, int32 units, float64
        minutes from the request until they were there.
    issued_reserved : bool (rows,)
        They had been reserved for this patient.
    late_at, late_site, late_urgency, late_use, late_reason, late_units, late_minutes : (episodes,)
        Requests of which not everything compatible was there in time: when it was due, uint8 ...,
        ``Late``, int32 units missing when due, minutes after the due time at which
        the last unit came (NaN if it never did).
    batch_site, batch_group, batch_last_day, batch_first, batch_received, batch_expired, \
    batch_wasted, batch_left : (batches,)
        Units by hospital, group and last day: at hour 0, delivered, thrown away at the end of their
        last day, thrown away for other reasons, and left at the end.
    stock, satellite, reserved : int32 (days, sites, groups)
        At the end of each day.
    expired, wasted, received : int64 (days, sites, groups)
    deliveries : int64 (days, sites, kinds)
        Vans by ``DeliveryKind``.
    daily_use : float64 (sites, groups)
        Units a day for which the stock is planned: stock days are stock over this.
    reserved_units, returned_units : int64 (days, sites)
        Set aside for a patient, and put back unused.
    bench_jobs : int64 (days, sites, jobs)
        Patients or samples by ``BenchJob``.
    bench_busy_hours, bench_hours : float64 (days, sites)
        Of scientists: worked and on duty (on call: only while called in).
    samples, samples_by_hand, second_samples : int64 (days, sites)
        Group-and-screen samples tested in all, without information technology (labelled and
        entered by hand, be there a standalone analyser or not), and only to confirm a group.
    diverted_units, withheld_units : int64 (days, sites)
        Not asked for: patients taken elsewhere; patients who do without in an alert.
    national_stock, national_draw : float64 (days, groups)
        At the end of each day; handed out to our hospitals on it.
    national_daily_use : float64 (groups,)
    alert : uint8 (days,)
        ``Alert`` at the end of each day.
    """

    issued_at: Floats
    issued_site: Codes
    issued_route: Codes
    issued_use: Codes
    issued_urgency: Codes
    issued_patient_group: Codes
    issued_group: Codes
    issued_last_day: Numbers
    issued_units: Numbers
    issued_minutes: Floats
    issued_reserved: Flags
    late_at: Floats
    late_site: Codes
    late_urgency: Codes
    late_use: Codes
    late_reason: Codes
    late_units: Numbers
    late_minutes: Floats
    batch_site: Codes
    batch_group: Codes
    batch_last_day: Numbers
    batch_first: Numbers
    batch_received: Numbers
    batch_expired: Numbers
    batch_wasted: Numbers
    batch_left: Numbers
    stock: Numbers
    satellite: Numbers
    reserved: Numbers
    expired: Integers
    wasted: Integers
    received: Integers
    deliveries: Integers
    daily_use: Floats
    reserved_units: Integers
    returned_units: Integers
    bench_jobs: Integers
    bench_busy_hours: Floats
    bench_hours: Floats
    samples: Integers
    samples_by_hand: Integers
    second_samples: Integers
    diverted_units: Integers
    withheld_units: Integers
    national_stock: Floats
    national_draw: Floats
    national_daily_use: Floats
    alert: Codes


@dataclass(frozen=True)
class Records:
    """One arm of one replication."""

    arm: str
    pathology: PathologyRecords
    surgery: SurgeryRecords
    outpatients: OutpatientRecords
    day_units: DayUnitRecords
    transfusion: TransfusionRecords
    seconds: dict[str, float] = field(compare=False, default_factory=dict)
