"""The world as arrays: one structure of arrays for each kind of entity.

An entity's number is its position. Times are hours on the grid. Codes are positions in the
scenario's tables: `site` in ``network.sites``, `source` and `tube_type` in the order of the
enumerations, and so on. Nothing here knows whether anything will go wrong.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from disruption_sim.randomness import purpose_key

Times = npt.NDArray[np.float64]
Codes = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.int32]

USES = ("medical", "obstetric", "trauma", "major_haemorrhage", "operation")
URGENCIES = ("immediate", "urgent", "routine")
REMOVAL_REASONS = ("treated_elsewhere", "recovered", "declined", "died")
EXTRA_LISTS = ("weekend", "evening", "independent_sector")
BEDS = ("ward", "critical_care")


@dataclass(frozen=True)
class Tubes:
    """Blood samples that are asked for whatever happens, in order of collection.

    Attributes
    ----------
    collected : float64 (n,)
        When the blood is taken, not before 0.
    source, tube_type : uint8 (n,)
        Positions in ``Source`` and ``TubeType``.
    origin : uint8 (n,)
        Site number, or number of sites plus borough number for general practice.
    """

    collected: Times
    source: Codes
    tube_type: Codes
    origin: Codes


@dataclass(frozen=True)
class Operations:
    """Patients for operations: the starting list first, then referrals in order of time.

    Attributes
    ----------
    clock_start : float64 (n,)
        Start of the waiting time; negative for the starting list.
    site, specialty, procedure : uint8 (n,)
        Positions in the scenario's tables.
    grade : uint8 (n,)
        Position in ``Grade``.
    priority : uint8 (n,)
        0, 1, 2 for P2, P3, P4.
    duration : float64 (n,)
        Hours in theatre without turnover.
    expected_duration : float64 (n,)
        Hours the list is planned with (mean of the procedure).
    needs_results, needs_group_and_screen, antibodies : bool (n,)
    always_crossmatched : bool (n,)
        Without antibodies and yet not eligible for electronic issue.
    history_on_file : bool (n,)
        The blood group is on record from an earlier sample.
    short_validity : bool (n,)
        Recently transfused or pregnant: samples are valid for a shorter time.
    o_positive_eligible : bool (n,)
        O-positive may be given unmatched.
    units_crossmatched, units_transfused : uint8 (n,)
        Units to be ready, and units that will be needed if the operation happens.
    blood_group : uint8 (n,)
        Position in ``BloodGroup``.
    asa : uint8 (n,)
        0, 1, 2 for ASA 1, 2, and 3 or 4.
    day_case, critical_care : bool (n,)
        Goes home the same day; or the first night is in critical care.
    nights : uint8 (n,)
        In hospital after the operation, at least 1; 0 for day cases.
    short_notice : bool (n,)
        Can come the next day if asked.
    available_from : float64 (n,)
        Cannot be operated on before: by choice, or until fit. From then on they can be
        booked; `clock_start` for almost everybody, and for all P2.
    removal : float64 (n,)
        When the patient leaves the list untreated if still waiting.
    removal_reason : uint8 (n,)
        Why then: position in ``REMOVAL_REASONS``.
    """

    clock_start: Times
    site: Codes
    specialty: Codes
    procedure: Codes
    grade: Codes
    priority: Codes
    duration: Times
    expected_duration: Times
    needs_results: Flags
    needs_group_and_screen: Flags
    antibodies: Flags
    always_crossmatched: Flags
    history_on_file: Flags
    short_validity: Flags
    o_positive_eligible: Flags
    units_crossmatched: Codes
    units_transfused: Codes
    blood_group: Codes
    asa: Codes
    day_case: Flags
    critical_care: Flags
    nights: Codes
    short_notice: Flags
    available_from: Times
    removal: Times
    removal_reason: Codes


@dataclass(frozen=True)
class TheatreLists:
    """Operating lists of the timetable, in order of start; closed ones are left out.

    Attributes
    ----------
    start, length : float64 (n,)
        Hours.
    site, specialty : uint8 (n,)
    flexible : bool (n,)
        Opened only while the waiting list is above its usual size.
    extra : float64 (n,)
        A uniform number; a recovery policy of strength u opens those of its kind with extra <= u.
        Ordinary and flexible lists have 0.
    extra_kind : int8 (n,)
        Of those with a number: position in ``EXTRA_LISTS``. Ordinary and flexible lists have -1.
    loses_last_case : bool (n,)
        An emergency takes the end of the list.
    """

    start: Times
    length: Times
    site: Codes
    specialty: Codes
    flexible: Flags
    extra: Times
    extra_kind: npt.NDArray[np.int8]
    loses_last_case: Flags


@dataclass(frozen=True)
class ElectiveBeds:
    """Beds of each hospital for patients after planned operations, by ``BEDS``.

    Attributes
    ----------
    count : int64 (sites, kinds)
    lost : int64 (days, sites, kinds)
        Those with an emergency patient in them on the night after each day; never more than count.
    """

    count: npt.NDArray[np.int64]
    lost: npt.NDArray[np.int64]


@dataclass(frozen=True)
class ClinicSessions:
    """Outpatient clinic sessions in order of start.

    Attributes
    ----------
    start : float64 (n,)
    site, clinic : uint8 (n,)
    without_results : int32 (n,)
        Appointments that need no blood result.
    without_results_postponed : int32 (n,)
        Of these, the ones postponed for ordinary reasons.
    spare : int32 (n,)
        Free places into which postponed appointments can be put.
    first_appointment : int32 (n + 1,)
        Appointments that need results stand in `Appointments` from first_appointment[i] to
        first_appointment[i + 1].
    """

    start: Times
    site: Codes
    clinic: Codes
    without_results: Numbers
    without_results_postponed: Numbers
    spare: Numbers
    first_appointment: Numbers


@dataclass(frozen=True)
class Appointments:
    """Appointments that need blood results, in order of their session.

    Attributes
    ----------
    session : int32 (n,)
    tubes : int32 (n, 2)
        Numbers in `Tubes`; -1 where there is none or the result is in hand from before hour 0.
    essential : bool (n,)
        Cannot go ahead without the result.
    ordinary_postponed : bool (n,)
        Would be postponed for ordinary reasons the first time.
    in_general_practice : bool (n,)
        Blood is taken at the practice.
    """

    session: Numbers
    tubes: npt.NDArray[np.int32]
    essential: Flags
    ordinary_postponed: Flags
    in_general_practice: Flags


@dataclass(frozen=True)
class DayUnitPlaces:
    """Day units: each kind at each site is one place, with so many chairs on each day.

    Attributes
    ----------
    site, unit : uint8 (places,)
        `unit` is a position in the scenario's table.
    free : int32 (places, days)
        Treatments for which there is a chair and nobody is booked.
    overtime : int32 (places, days)
        Treatments that can be added in the evening, or on a Saturday on which the unit is closed.
    """

    site: Codes
    unit: Codes
    free: Numbers
    overtime: Numbers


@dataclass(frozen=True)
class DayTreatments:
    """Treatments booked in day units, in order of their day, place and start.

    Attributes
    ----------
    place : uint16 (n,)
        Position in `DayUnitPlaces`.
    start : float64 (n,)
    needs_results : bool (n,)
        Is not started without the results of the blood taken for it, or a test at the bedside.
    tubes : int32 (n, 2)
        Numbers in `Tubes`; -1 where there is none or the result is in hand from before hour 0.
    ordinary_postponed : bool (n,)
        The patient is not fit for treatment the first time.
    """

    place: npt.NDArray[np.uint16]
    start: Times
    needs_results: Flags
    tubes: npt.NDArray[np.int32]
    ordinary_postponed: Flags


@dataclass(frozen=True)
class BleedingEpisodes:
    """Patients who need red cells outside planned operations, in order of time.

    Attributes
    ----------
    time : float64 (n,)
        Of the request.
    site, use, urgency, blood_group : uint8 (n,)
        `use` in ``USES``, `urgency` in ``URGENCIES``.
    units : uint8 (n,)
    trauma : bool (n,)
        Injured, by use or as the cause of a major haemorrhage.
    antibodies, always_crossmatched : bool (n,)
        With antibodies; without, and yet not eligible for electronic issue.
    history_on_file : bool (n,)
        The group is on record from an earlier sample.
    tested_sample : bool (n,)
        A valid sample has been tested when blood is asked for.
    o_positive_eligible : bool (n,)
        O-positive may be given unmatched.
    fresh : bool (n,)
        Needs fresh units.
    """

    time: Times
    site: Codes
    use: Codes
    urgency: Codes
    blood_group: Codes
    units: Codes
    trauma: Flags
    antibodies: Flags
    always_crossmatched: Flags
    history_on_file: Flags
    tested_sample: Flags
    o_positive_eligible: Flags
    fresh: Flags


@dataclass(frozen=True)
class NationalBlood:
    """Day-to-day variation of the blood service.

    Attributes
    ----------
    collected_units, demanded_units : float64 (days, 8)
        Factors around 1 on collections, and on the demand of the rest of the country.
    """

    collected_units: Times
    demanded_units: Times


@dataclass(frozen=True)
class World:
    """One replication's world; lived once in every arm."""

    seed: int
    replication: int
    tubes: Tubes
    operations: Operations
    theatre_lists: TheatreLists
    elective_beds: ElectiveBeds
    clinic_sessions: ClinicSessions
    appointments: Appointments
    bleeding: BleedingEpisodes
    national_blood: NationalBlood
    day_units: DayUnitPlaces
    day_treatments: DayTreatments

    def key(self, purpose: str) -> np.uint64:
        """Return the key of a purpose for draws that depend on the state."""
        return purpose_key(self.seed, self.replication, purpose)

    @property
    def waiting_at_start(self) -> int:
        """Patients on the starting list."""
        return int(np.count_nonzero(self.operations.clock_start < 0.0))
