"""Clinic sessions, the appointments that need results, and the blood taken for them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from disruption_sim.grid import TICKS_PER_HOUR, to_grid
from disruption_sim.randomness import stream
from disruption_sim.scenario.model import Capability, Scenario, Source, TubeType
from disruption_sim.world.conditions import open_sessions
from disruption_sim.world.days import Days
from disruption_sim.world.model import Appointments, ClinicSessions
from disruption_sim.world.tubes import SOURCES, TUBE_TYPES, HourProfile, pack

Keys = npt.NDArray[np.int64]

TAKEN_TYPES = (TubeType.CHEMISTRY, TubeType.HAEMATOLOGY)
WORKING_DAYS_PER_WEEK = 5


def draw_sessions(
    scenario: Scenario, days: Days, seed: int, replication: int
) -> tuple[ClinicSessions, Appointments]:
    """Return the clinics of all working days and their appointments, without blood samples yet.

    Notes
    -----
    Each site, clinic, working day and start hour is one session; its appointments with and without
    need of results and its free places are Poisson with means that follow from the shares.
    """
    rules = scenario.outpatients
    working = np.flatnonzero(days.working)
    starts = np.array([to_grid(hour) for hour in rules.session_start_hours])
    start = (24.0 * working[:, None] + starts[None, :]).ravel()
    parts: list[tuple[npt.NDArray[np.float64], ...]] = []
    for site, site_name in enumerate(scenario.site_names):
        share = rules.site_shares.get(site_name, 0.0)
        for number, clinic in enumerate(rules.clinics):
            rng = stream(seed, replication, f"clinics.{site_name}.{clinic.name}")
            mean = (
                rules.appointments_per_week
                * share
                * clinic.share
                / (WORKING_DAYS_PER_WEEK * starts.size)
            )
            size = start.size
            needing = rng.poisson(mean * clinic.needs_results_share, size)
            others = rng.poisson(mean * (1.0 - clinic.needs_results_share), size)
            postponed = rng.binomial(others, rules.ordinary_postponement_share)
            spare = rng.poisson(mean * rules.spare_capacity_share, size)
            kept = open_sessions(
                scenario, Capability.CLINICS, site_name, start, rng.random(size)
            ) & (needing + others + spare > 0)
            codes = np.full((2, size), 0)
            codes[0], codes[1] = site, number
            table = np.vstack([start, codes, needing, others, postponed, spare])
            parts.append(tuple(table[:, kept]))
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    order = np.lexsort((columns[2], columns[1], columns[0]))
    start, site_codes, clinics, needing, others, postponed, spare = (
        column[order] for column in columns
    )
    first = np.concatenate([[0], np.cumsum(needing)]).astype(np.int32)
    sessions = ClinicSessions(
        start=start,
        site=site_codes.astype(np.uint8),
        clinic=clinics.astype(np.uint8),
        without_results=others.astype(np.int32),
        without_results_postponed=postponed.astype(np.int32),
        spare=spare.astype(np.int32),
        first_appointment=first,
    )
    count = int(first[-1])
    session = np.repeat(np.arange(start.size, dtype=np.int32), needing.astype(np.int64))
    rng = stream(seed, replication, "appointments")
    general_practice = any(place.tubes_per_weekday > 0.0 for place in scenario.network.boroughs)
    essential_shares = np.array([clinic.essential_share for clinic in rules.clinics])
    in_practice = rng.random(count) < rules.taken_in_general_practice_share
    appointments = Appointments(
        session=session,
        tubes=np.full((count, 2), -1, dtype=np.int32),
        essential=rng.random(count) < essential_shares[sessions.clinic[session]],
        ordinary_postponed=rng.random(count) < rules.ordinary_postponement_share,
        in_general_practice=in_practice & general_practice,
    )
    return sessions, appointments


def draw_blood(
    scenario: Scenario,
    days: Days,
    seed: int,
    replication: int,
    sessions: ClinicSessions,
    appointments: Appointments,
) -> Keys:
    """Return the samples taken for appointments, packed, int64 (appointments, tubes each).

    Negative where the blood was taken before hour 0: the result is in hand. Blood is taken a whole
    number of working days before the clinic, uniform over the stated range of days.
    """
    rules = scenario.outpatients
    rng = stream(seed, replication, "appointments.blood")
    count = appointments.session.size
    session_day = (sessions.start[appointments.session] // 24.0).astype(np.int64)
    working = np.flatnonzero(days.working)
    fewest, most = rules.taken_working_days_before
    before = rng.integers(fewest, most + 1, count)
    position = np.searchsorted(working, session_day) - before
    day = np.where(position >= 0, working[np.maximum(position, 0)], -1)
    practices = np.array([borough.tubes_per_weekday for borough in scenario.network.boroughs])
    origin = sessions.site[appointments.session].astype(np.int64)
    uniform = rng.random(count)
    if practices.sum() > 0.0:
        borough = np.searchsorted(np.cumsum(practices / practices.sum())[:-1], uniform, "right")
        origin = np.where(
            appointments.in_general_practice, len(scenario.network.sites) + borough, origin
        )
    uniform = rng.random(count)
    hospital = HourProfile.of(scenario.pathology.source(Source.OUTPATIENT).hour_profile)
    practice = HourProfile.of(scenario.pathology.source(Source.GENERAL_PRACTICE).hour_profile)
    in_practice = appointments.in_general_practice
    ticks = np.where(in_practice, practice.ticks(uniform), hospital.ticks(uniform))
    ticks = ticks + day * (24 * TICKS_PER_HOUR)
    source = np.where(
        in_practice, SOURCES.index(Source.GENERAL_PRACTICE), SOURCES.index(Source.OUTPATIENT)
    )
    keys = np.empty((count, rules.tubes_per_appointment), dtype=np.int64)
    for column in range(rules.tubes_per_appointment):
        tube_type = TUBE_TYPES.index(TAKEN_TYPES[column])
        keys[:, column] = np.where(
            day >= 0, pack(ticks, origin, source, tube_type, linked=True), -1
        )
    return keys
