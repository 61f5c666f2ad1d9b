"""Patients who bleed outside planned operations, and the blood service's ups and downs."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from disruption_sim.grid import to_grid
from disruption_sim.randomness import stream
from disruption_sim.scenario.model import BloodGroup, Scenario, Source
from disruption_sim.scenario.transfusion import Use
from disruption_sim.world.days import Days
from disruption_sim.world.model import URGENCIES, USES, BleedingEpisodes, NationalBlood

Floats = npt.NDArray[np.float64]

IMMEDIATE, URGENT, ROUTINE = (URGENCIES.index(name) for name in ("immediate", "urgent", "routine"))
MAJOR_HAEMORRHAGE = USES.index("major_haemorrhage")
LEAST_MAJOR_HAEMORRHAGE_UNITS = 5  # definition of the 2025 national audit: 5 or more in 4 hours
MOST_UNITS = 60
WEEKS_PER_MONTH = 365.25 / 12.0 / 7.0
ROUTINE_HOURS = (8.0, 20.0)


class Kind(NamedTuple):
    """How a part of ordinary use is asked for.

    Attributes
    ----------
    use : str
        In ``USES``.
    urgency : int
        Routine transfusions are given by day, the others at any hour.
    """

    use: str
    urgency: int


KINDS: dict[Use, Kind] = {
    "medical_routine": Kind("medical", ROUTINE),
    "medical_urgent": Kind("medical", URGENT),
    "obstetric": Kind("obstetric", URGENT),
    "trauma": Kind("trauma", IMMEDIATE),
}


def draw_bleeding(scenario: Scenario, days: Days, seed: int, replication: int) -> BleedingEpisodes:
    """Return all episodes at all sites in order of time.

    Notes
    -----
    Poisson by kind and site. Routine transfusions are given by day and fall to the weekend factor
    of inpatient work at weekends; everything else comes at any hour. Units are 1 + Poisson, for a
    major haemorrhage 5 + Poisson, with the stated means.

    A share of the patients with a major haemorrhage are injured; they have a tested sample as
    seldom as the other injured, the rest as often as urgent medical patients. What a laboratory has
    to know of a patient is drawn in a stream for each question, so that another one moves nothing.
    """
    rules = scenario.transfusion
    hours = scenario.calendar.end_hour
    inpatients = scenario.pathology.source(Source.INPATIENT_ROUTINE)
    by_weekday = np.asarray(inpatients.weekday_profile)
    sampled = rules.tested_sample_shares
    parts: list[Floats] = []
    for site, place in enumerate(scenario.network.sites):
        own: list[Floats] = []
        rng = stream(seed, replication, f"bleeding.{place.name}")
        episodes_per_week = place.red_cell_units_per_week / rules.units_per_episode
        for name, kind in KINDS.items():
            mean = episodes_per_week * rules.use_shares.get(name, 0.0)
            if kind.urgency == ROUTINE:
                per_day = rng.poisson(mean * by_weekday[days.weekday] / by_weekday.sum())
                day = np.repeat(np.arange(days.count), per_day)
                low, high = ROUTINE_HOURS
                time = 24.0 * day + low + (high - low) * rng.random(day.size)
            else:
                time = hours * rng.random(rng.poisson(mean * scenario.calendar.weeks))
            units = 1 + rng.poisson(rules.units_per_episode - 1.0, time.size)
            injured = float(kind.use == "trauma")
            share = sampled.get(name, 0.0)
            own.append(_rows(time, site, kind.use, kind.urgency, units, injured, share))
        mean = place.major_haemorrhages_per_month / WEEKS_PER_MONTH * scenario.calendar.weeks
        time = hours * rng.random(rng.poisson(mean))
        more = rules.major_haemorrhage.mean_units - LEAST_MAJOR_HAEMORRHAGE_UNITS
        units = LEAST_MAJOR_HAEMORRHAGE_UNITS + rng.poisson(more, time.size)
        rng = stream(seed, replication, f"bleeding.injured.{place.name}")
        by_injury = rng.random(time.size) < rules.major_haemorrhage.trauma_share
        shares = np.where(by_injury, sampled.get("trauma", 0.0), sampled.get("medical_urgent", 0.0))
        own.append(_rows(time, site, "major_haemorrhage", IMMEDIATE, units, by_injury, shares))
        count = sum(part.shape[1] for part in own)
        drawn = [stream(seed, replication, f"bleeding.patients.{place.name}").random((3, count))]
        for question in ("always_crossmatched", "history_on_file", "tested_sample", "fresh"):
            rng = stream(seed, replication, f"bleeding.{question}.{place.name}")
            drawn.append(rng.random((1, count)))
        parts.append(np.vstack([np.concatenate(own, axis=1), *drawn]))
    table = np.concatenate(parts, axis=1)
    table = table[:, np.lexsort((table[1], table[0]))]
    group, antibody, o_positive, crossmatched, history, tested, fresh = table[7:]
    shares = np.array([rules.patient_groups[blood_group] for blood_group in BloodGroup])
    limits = np.cumsum(shares / shares.sum())[:-1]
    antibodies = antibody < rules.antibody_positive_share
    return BleedingEpisodes(
        time=table[0],
        site=table[1].astype(np.uint8),
        use=table[2].astype(np.uint8),
        urgency=table[3].astype(np.uint8),
        blood_group=np.searchsorted(limits, group, side="right").astype(np.uint8),
        units=np.minimum(table[4], MOST_UNITS).astype(np.uint8),
        trauma=table[5] > 0.0,
        antibodies=antibodies,
        always_crossmatched=~antibodies & (crossmatched < rules.always_crossmatched_share),
        history_on_file=history < rules.history_on_file_share,
        tested_sample=tested < table[6],
        o_positive_eligible=o_positive < rules.o_positive_eligible_share,
        fresh=fresh < rules.fresh_needs.share,
    )


def _rows(
    time: Floats,
    site: int,
    use: str,
    urgency: int,
    units: npt.NDArray[np.int64],
    injured: float | npt.NDArray[np.bool_],
    sampled_share: float | Floats,
) -> Floats:
    full = np.ones(time.size)
    return np.vstack(
        [
            to_grid(time),
            full * site,
            full * USES.index(use),
            full * urgency,
            units,
            full * injured,
            full * sampled_share,
        ]
    )


def draw_national(scenario: Scenario, days: Days, seed: int, replication: int) -> NationalBlood:
    """Return daily factors on collections and on the demand of the rest of the country.

    Lognormal with mean 1 and the stated variation, independent by day and group.
    """
    rng = stream(seed, replication, "national_blood")
    variation = scenario.transfusion.blood_service.daily_variation
    sigma = np.sqrt(np.log1p(variation**2))
    normal = rng.standard_normal((2, days.count, len(BloodGroup)))
    collected, demanded = np.exp(sigma * normal - 0.5 * sigma**2)
    return NationalBlood(collected_units=collected, demanded_units=demanded)
