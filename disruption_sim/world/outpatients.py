"""Clinic sessions, the appointments that need results, and the blood taken for them.

Each clinic of each site is drawn by itself, and whole before conditions close any of its sessions:
neither another clinic nor a strike changes what is drawn for an appointment.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from disruption_sim.grid import TICKS_PER_HOUR, to_grid
from disruption_sim.randomness import stream
from disruption_sim.scenario.model import Capability, Clinic, Scenario, Source, TubeType
from disruption_sim.world.conditions import open_sessions
from disruption_sim.world.days import Days
from disruption_sim.world.model import Appointments, ClinicSessions
from disruption_sim.world.tubes import SOURCES, TUBE_TYPES, HourProfile, pack

Keys = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

TAKEN_TYPES = (TubeType.CHEMISTRY, TubeType.HAEMATOLOGY)
WORKING_DAYS_PER_WEEK = 5
TICKS_PER_DAY = 24 * TICKS_PER_HOUR


@dataclass(frozen=True, eq=False)
class Blood:
    """Where and when the blood for appointments is taken, one element for each appointment.

    Attributes
    ----------
    ticks : int64 (n,)
        When; negative where it was taken before hour 0.
    origin, source : uint8 (n,)
        As in `Tubes`.
    """

    ticks: Keys
    origin: npt.NDArray[np.uint8]
    source: npt.NDArray[np.uint8]

    def keys(self, tubes_each: int) -> Keys:
        """Return the samples, packed, int64 (n, tubes each); negative if taken before hour 0."""
        packed = np.empty((self.ticks.size, tubes_each), dtype=np.int64)
        origin, source = self.origin.astype(np.int64), self.source.astype(np.int64)
        for column in range(tubes_each):
            tube_type = TUBE_TYPES.index(TAKEN_TYPES[column])
            packed[:, column] = pack(self.ticks, origin, source, tube_type, linked=True)
        packed[self.ticks < 0] = -1
        return packed


class ClinicDraws:
    """Draws the sessions and appointments of one clinic at one site at a time.

    Parameters
    ----------
    scenario : Scenario
    days : Days
    seed, replication : int
    """

    def __init__(self, scenario: Scenario, days: Days, seed: int, replication: int) -> None:
        self._scenario = scenario
        self._seed, self._replication = seed, replication
        self._working = np.flatnonzero(days.working)
        starts = np.array([to_grid(hour) for hour in scenario.outpatients.session_start_hours])
        self._starts = starts.size
        self.start: Floats = (24.0 * self._working[:, None] + starts[None, :]).ravel()
        practices = np.array([borough.tubes_per_weekday for borough in scenario.network.boroughs])
        total = float(practices.sum())
        self._general_practice = total > 0.0
        self._boroughs = np.cumsum(practices / total)[:-1] if total > 0.0 else practices[:0]
        self._hospital_hours = HourProfile.of(
            scenario.pathology.source(Source.OUTPATIENT).hour_profile
        )
        self._practice_hours = HourProfile.of(
            scenario.pathology.source(Source.GENERAL_PRACTICE).hour_profile
        )

    def sessions(self, site: int, number: int, clinic: Clinic) -> tuple[Keys, Flags]:
        """Return the sessions of all working days, and which of them are held.

        Returns
        -------
        table : int64 (6, sessions)
            Site, clinic, appointments with and without need of results, those of the latter that
            are postponed for ordinary reasons, free places.
        held : bool (sessions,)
            Not closed by conditions, and not empty.
        """
        rules, site_name = self._scenario.outpatients, self._scenario.site_names[site]
        mean = (
            rules.appointments_per_week
            * clinic.share
            * clinic.sites.get(site_name, 0.0)
            / (WORKING_DAYS_PER_WEEK * self._starts)
        )
        size = self.start.size

        def draw(what: str) -> np.random.Generator:
            # Each by itself: a longer draw of one would shift those behind it.
            name = f"clinics.{site_name}.{clinic.name}.{what}"
            return stream(self._seed, self._replication, name)

        needing = draw("needing_results").poisson(mean * clinic.needs_results_share, size)
        others = draw("without_results").poisson(mean * (1.0 - clinic.needs_results_share), size)
        postponed = draw("ordinary").binomial(others, rules.ordinary_postponement_share)
        spare = draw("spare").poisson(mean * rules.spare_capacity_share, size)
        held = open_sessions(
            self._scenario,
            Capability.CLINICS,
            site_name,
            self.start,
            draw("conditions").random(size),
        ) & (needing + others + spare > 0)
        codes = np.full((2, size), 0)
        codes[0], codes[1] = site, number
        return np.vstack([codes, needing, others, postponed, spare]), held

    def appointments(
        self, site: int, clinic: Clinic, needing: Keys, held: Flags
    ) -> tuple[Flags, Blood]:
        """Return the appointments of the sessions that are held, in order of session.

        They are drawn for all sessions, held or not.

        Parameters
        ----------
        site : int
        clinic : Clinic
        needing : int64 (sessions,)
            Appointments of each session.
        held : bool (sessions,)

        Returns
        -------
        flags : bool (3, n)
            Essential, postponed for ordinary reasons, blood taken in general practice.
        blood : Blood
            Taken on the day before the clinic starts, for the hospital's own laboratory; or a whole
            number of working days before. Both uniform over the stated range.
        """
        rules, site_name = self._scenario.outpatients, self._scenario.site_names[site]
        rng = stream(self._seed, self._replication, f"appointments.{site_name}.{clinic.name}")
        count = int(needing.sum())
        kept = np.repeat(held, needing)
        limits = (
            clinic.essential_share,
            rules.ordinary_postponement_share,
            rules.taken_in_general_practice_share if self._general_practice else 0.0,
            clinic.taken_on_the_day_share,
        )
        *flags, on_the_day = np.array([rng.random(count)[kept] < limit for limit in limits])
        span, where, when = (rng.random(count)[kept] for _ in range(3))
        flags[2] &= ~on_the_day
        in_practice = flags[2]
        fewest, most = clinic.taken_working_days_before
        before = fewest + (span * (most + 1 - fewest)).astype(np.int64)
        before[on_the_day] = 0
        session = np.repeat(np.arange(held.size), needing)[kept]
        position = session // self._starts - before
        ticks = np.where(
            in_practice, self._practice_hours.ticks(when), self._hospital_hours.ticks(when)
        )
        ticks += self._working[np.maximum(position, 0)] * TICKS_PER_DAY
        latest, earliest = sorted(rules.on_the_day_hours_before)
        hours_before = to_grid(latest + when[on_the_day] * (earliest - latest))
        start = self.start[session[on_the_day]]
        ticks[on_the_day] = ((start - hours_before) * TICKS_PER_HOUR).astype(np.int64)
        ticks[position < 0] = -1
        borough = len(self._scenario.network.sites) + np.searchsorted(
            self._boroughs, where, "right"
        )
        practice, urgent, hospital = (
            SOURCES.index(source)
            for source in (
                Source.GENERAL_PRACTICE,
                rules.on_the_day_sent_as,
                Source.OUTPATIENT,
            )
        )
        source = np.select([in_practice, on_the_day], [practice, urgent], hospital)
        return np.array(flags), Blood(
            ticks=ticks,
            origin=np.where(in_practice, borough, site).astype(np.uint8),
            source=source.astype(np.uint8),
        )


def draw_outpatients(
    scenario: Scenario, days: Days, seed: int, replication: int
) -> tuple[ClinicSessions, Appointments, Keys]:
    """Return the clinics of all working days and their appointments.

    Returns
    -------
    sessions : ClinicSessions
    appointments : Appointments
        Without the numbers of their blood samples.
    samples : int64 (appointments, tubes each)
        Packed; negative where the blood was taken before hour 0: the result is in hand.

    Notes
    -----
    Each site, clinic, working day and start hour is one session; its appointments with and without
    need of results and its free places are Poisson with means that follow from the shares.
    """
    draws = ClinicDraws(scenario, days, seed, replication)
    starts: list[Floats] = []
    tables: list[Keys] = []
    flags: list[Flags] = []
    taken: list[Blood] = []
    for site in range(len(scenario.site_names)):
        for number, clinic in enumerate(scenario.outpatients.clinics):
            if clinic.sites.get(scenario.site_names[site], 0.0) == 0.0:
                continue
            table, held = draws.sessions(site, number, clinic)
            starts.append(draws.start[held])
            tables.append(table[:, held])
            of_clinic, blood = draws.appointments(site, clinic, table[2], held)
            flags.append(of_clinic)
            taken.append(blood)
    start, table = np.concatenate(starts), np.concatenate(tables, axis=1)
    order = np.lexsort((table[1], table[0], start))
    first_drawn = np.concatenate([[0], np.cumsum(table[2])])[:-1]
    start, table, first_drawn = start[order], table[:, order], first_drawn[order]
    site_codes, clinics, needing, others, postponed, spare = table
    first = np.concatenate([[0], np.cumsum(needing)])
    sessions = ClinicSessions(
        start=start,
        site=site_codes.astype(np.uint8),
        clinic=clinics.astype(np.uint8),
        without_results=others.astype(np.int32),
        without_results_postponed=postponed.astype(np.int32),
        spare=spare.astype(np.int32),
        first_appointment=first.astype(np.int32),
    )
    # Appointments were drawn clinic by clinic; they stand in order of their sessions.
    count = int(first[-1])
    drawn = np.repeat(first_drawn - first[:-1], needing) + np.arange(count)
    essential, ordinary_postponed, in_practice = np.concatenate(flags, axis=1)[:, drawn]
    appointments = Appointments(
        session=np.repeat(np.arange(start.size, dtype=np.int32), needing),
        tubes=np.full((count, 2), -1, dtype=np.int32),
        essential=essential,
        ordinary_postponed=ordinary_postponed,
        in_general_practice=in_practice,
    )
    blood = Blood(
        ticks=np.concatenate([part.ticks for part in taken])[drawn],
        origin=np.concatenate([part.origin for part in taken])[drawn],
        source=np.concatenate([part.source for part in taken])[drawn],
    )
    return sessions, appointments, blood.keys(scenario.outpatients.tubes_per_appointment)
