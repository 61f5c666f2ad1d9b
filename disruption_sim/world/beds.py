"""Beds for patients after planned operations, and how many of them emergencies take."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from disruption_sim.randomness import stream
from disruption_sim.scenario.model import Procedure, Scenario
from disruption_sim.world.days import Days
from disruption_sim.world.flows import flows, procedures_of
from disruption_sim.world.model import BEDS, ElectiveBeds
from disruption_sim.world.theatre_lists import SATURDAY, WEEKDAYS

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]

WARD, CRITICAL_CARE = (BEDS.index(kind) for kind in ("ward", "critical_care"))
# A load of exactly n beds does not need one more for a rounding error.
ROUNDING = 1e-9


def expected_patients(scenario: Scenario) -> Floats:
    """Return elective patients expected in each kind of bed on the nights of the week.

    Returns
    -------
    float64 (sites, kinds, 7)
        On the nights after Monday to Sunday.
    """
    weekend = scenario.surgery.weekend_share
    admitted = np.zeros(7)
    admitted[list(WEEKDAYS)] = (1.0 - weekend) / len(WEEKDAYS)
    admitted[SATURDAY] += weekend
    found = np.zeros((len(scenario.network.sites), len(BEDS), 7))
    for flow in flows(scenario):
        own = procedures_of(scenario, scenario.surgery.specialties[flow.specialty])
        total = sum(procedure.share for _, procedure in own)
        for _, procedure in own:
            staying = flow.treated * procedure.share / total * (1.0 - procedure.day_case_share)
            for night in range(7):
                found[flow.site] += (
                    staying * _in_bed(procedure, night)[:, None] * np.roll(admitted, night)
                )
    return found


def _in_bed(procedure: Procedure, night: int) -> Floats:
    """Return the share of those who stay in each kind of bed, a number of nights after the first.

    Seven, fourteen ... nights later are added, because the same weekday comes again.
    """
    kept = 1.0 - 1.0 / procedure.nights
    share = kept**night / (1.0 - kept**7)
    in_bed = np.zeros(len(BEDS))
    first = procedure.critical_care_share if night == 0 else 0.0
    in_bed[CRITICAL_CARE] = first
    in_bed[WARD] = share - first
    return in_bed


def elective_beds(scenario: Scenario) -> Numbers:
    """Return the beds of each hospital, int64 (sites, kinds).

    Expected elective patients on the nights of Monday to Friday over the stated occupancy, rounded
    to whole beds and at least one where there is need of any.
    """
    rules = scenario.surgery.beds
    occupancy = np.zeros(len(BEDS))
    occupancy[WARD], occupancy[CRITICAL_CARE] = rules.ward_occupancy, rules.critical_care_occupancy
    needed = expected_patients(scenario)[:, :, list(WEEKDAYS)].mean(axis=2) / occupancy
    beds: Numbers = np.rint(needed).astype(np.int64)
    return np.where(needed > ROUNDING, np.maximum(beds, 1), 0)


def draw_elective_beds(scenario: Scenario, days: Days, seed: int, replication: int) -> ElectiveBeds:
    """Return the beds, and how many have an emergency patient in them each night.

    Notes
    -----
    The share lost on a night is gamma with the stated mean and variation, every night on its own;
    a fraction of a bed is one bed with that probability.
    """
    rules = scenario.surgery.beds
    count = elective_beds(scenario)
    lost = np.zeros((days.count, *count.shape), dtype=np.int64)
    variation = rules.lost_to_emergencies_variation
    for site, name in enumerate(scenario.site_names):
        for kind, kind_name in enumerate(BEDS):
            rng = stream(seed, replication, f"elective_beds.{name}.{kind_name}")
            uniform = rng.random(days.count)
            mean = rules.lost_to_emergencies_share * count[site, kind]
            if variation > 0.0:
                shape = 1.0 / variation**2
                share = rng.standard_gamma(shape, days.count) / shape
            else:
                share = np.ones(days.count)
            beds = np.floor(mean * share + uniform).astype(np.int64)
            lost[:, site, kind] = np.minimum(beds, count[site, kind])
    return ElectiveBeds(count=count, lost=lost)
