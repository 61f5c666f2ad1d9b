"""Patients who bleed outside planned operations, and the blood service's ups and downs."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from disruption_sim.grid import to_grid
from disruption_sim.randomness import stream
from disruption_sim.scenario.model import BloodGroup, Scenario, Source
from disruption_sim.world.days import Days
from disruption_sim.world.model import URGENCIES, USES, BleedingEpisodes, NationalBlood

IMMEDIATE, URGENT, ROUTINE = (URGENCIES.index(name) for name in ("immediate", "urgent", "routine"))
LEAST_MAJOR_HAEMORRHAGE_UNITS = 5  # definition of the 2025 national audit: 5 or more in 4 hours
WEEKS_PER_MONTH = 365.25 / 12.0 / 7.0
ROUTINE_HOURS = (8.0, 20.0)
# How the parts of ordinary use are asked for: use, urgency, and whether only in the day.
KINDS = {
    "medical_routine": ("medical", ROUTINE),
    "medical_urgent": ("medical", URGENT),
    "obstetric": ("obstetric", URGENT),
    "trauma": ("trauma", IMMEDIATE),
}


def draw_bleeding(scenario: Scenario, days: Days, seed: int, replication: int) -> BleedingEpisodes:
    """Return all episodes at all sites in order of time.

    Notes
    -----
    Poisson by kind and site. Routine transfusions are given by day and fall to the weekend factor
    of inpatient work at weekends; everything else comes at any hour. Units are 1 + Poisson, for a
    major haemorrhage 5 + Poisson, with the stated means.
    """
    rules = scenario.transfusion
    hours = scenario.calendar.end_hour
    inpatients = scenario.pathology.source(Source.INPATIENT_ROUTINE)
    by_weekday = np.asarray(inpatients.weekday_profile)
    parts: list[npt.NDArray[np.float64]] = []
    patients: list[npt.NDArray[np.float64]] = []
    for site, place in enumerate(scenario.network.sites):
        rng = stream(seed, replication, f"bleeding.{place.name}")
        episodes_per_week = place.red_cell_units_per_week / rules.units_per_episode
        for kind, (use, urgency) in KINDS.items():
            mean = episodes_per_week * rules.use_shares.get(kind, 0.0)  # type: ignore[call-overload]
            if urgency == ROUTINE:
                per_day = rng.poisson(mean * by_weekday[days.weekday] / by_weekday.sum())
                day = np.repeat(np.arange(days.count), per_day)
                low, high = ROUTINE_HOURS
                time = 24.0 * day + low + (high - low) * rng.random(day.size)
            else:
                time = hours * rng.random(rng.poisson(mean * scenario.calendar.weeks))
            units = 1 + rng.poisson(rules.units_per_episode - 1.0, time.size)
            parts.append(_rows(time, site, use, urgency, units))
        mean = place.major_haemorrhages_per_month / WEEKS_PER_MONTH * scenario.calendar.weeks
        time = hours * rng.random(rng.poisson(mean))
        more = rules.major_haemorrhage_units - LEAST_MAJOR_HAEMORRHAGE_UNITS
        units = LEAST_MAJOR_HAEMORRHAGE_UNITS + rng.poisson(more, time.size)
        parts.append(_rows(time, site, "major_haemorrhage", IMMEDIATE, units))
        count = sum(part.shape[1] for part in parts) - sum(part.shape[1] for part in patients)
        rng = stream(seed, replication, f"bleeding.patients.{place.name}")
        patients.append(rng.random((3, count)))
    table = np.vstack([np.concatenate(parts, axis=1), np.concatenate(patients, axis=1)])
    table = table[:, np.lexsort((table[1], table[0]))]
    uniform = table[5:]
    shares = np.array([rules.patient_groups[group] for group in BloodGroup])
    limits = np.cumsum(shares / shares.sum())[:-1]
    return BleedingEpisodes(
        time=table[0],
        site=table[1].astype(np.uint8),
        use=table[2].astype(np.uint8),
        urgency=table[3].astype(np.uint8),
        blood_group=np.searchsorted(limits, uniform[0], side="right").astype(np.uint8),
        units=np.minimum(table[4], 60).astype(np.uint8),
        antibodies=uniform[1] < rules.antibody_positive_share,
        o_positive_allowed=uniform[2] < rules.o_positive_share_of_emergency,
    )


def _rows(
    time: npt.NDArray[np.float64],
    site: int,
    use: str,
    urgency: int,
    units: npt.NDArray[np.int64],
) -> npt.NDArray[np.float64]:
    full = np.ones(time.size)
    return np.vstack([to_grid(time), full * site, full * USES.index(use), full * urgency, units])


def draw_national(scenario: Scenario, days: Days, seed: int, replication: int) -> NationalBlood:
    """Return daily factors on collections and on the demand of the rest of the country.

    Lognormal with mean 1 and the stated variation, independent by day and group.
    """
    rng = stream(seed, replication, "national_blood")
    sigma = np.sqrt(np.log1p(scenario.transfusion.national_daily_variation**2))
    normal = rng.standard_normal((2, days.count, len(BloodGroup)))
    collected, demanded = np.exp(sigma * normal - 0.5 * sigma**2)
    return NationalBlood(collected_units=collected, demanded_units=demanded)
