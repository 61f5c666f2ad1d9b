"""What a bench can expect of an hour without electronic issue, from the scenario alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from disruption_sim.scenario.model import Scenario, Source, TubeType
from disruption_sim.world.blood import IMMEDIATE, KINDS, ROUTINE, ROUTINE_HOURS
from disruption_sim.world.days import Days
from disruption_sim.world.flows import flows, procedures_of

Floats = npt.NDArray[np.float64]

HOURS = 24
FIRST_VISIT_HOUR, LAST_VISIT_HOUR = 9, 17
WORKING_WEEKDAYS = 5


@dataclass(frozen=True)
class ExpectedWork:
    """Samples and crossmatches that come between two times.

    Attributes
    ----------
    samples, crossmatches : float64 (sites, hours + 1)
        Expected up to each full hour of the simulation.
    """

    samples: Floats
    crossmatches: Floats

    @classmethod
    def of(cls, scenario: Scenario) -> ExpectedWork:
        """Return the expectation for every hour of the calendar."""
        weekday = Days.of(scenario.calendar).weekday
        return cls(
            *(
                np.cumsum(
                    np.pad(table[:, weekday].reshape(len(table), -1), ((0, 0), (1, 0))), axis=1
                )
                for table in (expected_samples(scenario), expected_crossmatches(scenario))
            )
        )

    def between(self, site: int, start: float, end: float) -> tuple[float, float]:
        """Return the samples and the crossmatches expected at a site from a time to another."""
        hours = np.arange(self.samples.shape[1])
        found = [
            float(np.diff(np.interp([start, max(start, end)], hours, table[site]))[0])
            for table in (self.samples, self.crossmatches)
        ]
        return found[0], found[1]


def expected_crossmatches(scenario: Scenario) -> Floats:
    """Return patients outside operations who need a crossmatch when electronic issue is lost.

    All that are not emergencies. Routine ones are fewer at weekends and come in the hours in which
    the world has them, evenly; urgent ones at any hour.

    Returns
    -------
    float64 (sites, 7, 24)
        Monday to Sunday by hour.
    """
    rules = scenario.transfusion
    weights = np.asarray(scenario.pathology.source(Source.INPATIENT_ROUTINE).weekday_profile)
    first, last = ROUTINE_HOURS
    hour = np.arange(HOURS, dtype=np.float64)
    of_routine = np.clip(np.minimum(hour + 1.0, last) - np.maximum(hour, first), 0.0, None)
    week = np.zeros((7, HOURS))
    for name, kind in KINDS.items():
        share = rules.use_shares.get(name, 0.0)
        if kind.urgency == ROUTINE:
            week += share * np.outer(weights / weights.sum(), of_routine / (last - first))
        elif kind.urgency != IMMEDIATE:
            week += share / week.size
    episodes = np.array([site.red_cell_units_per_week for site in scenario.network.sites])
    found: Floats = episodes[:, None, None] / rules.units_per_episode * week
    return found


def expected_samples(scenario: Scenario) -> Floats:
    """Return group-and-screen samples that are taken.

    Those of wards and emergency departments by their profiles. Those of patients for operations,
    one each, evenly over the hours of pre-assessment on working days.

    Returns
    -------
    float64 (sites, 7, 24)
        Monday to Sunday by hour.
    """
    found = np.zeros((len(scenario.network.sites), 7, HOURS))
    for source in scenario.pathology.sources:
        share = source.blood_mix[TubeType.GROUP_AND_SCREEN]
        hours = np.asarray(source.hour_profile) / sum(source.hour_profile)
        profile = np.asarray(source.weekday_profile)
        weekdays = profile[:WORKING_WEEKDAYS].mean()
        profile = profile / weekdays if weekdays > 0.0 else profile
        for number, site in enumerate(scenario.network.sites):
            volume = site.tubes_per_weekday.get(source.name, 0.0) * share
            found[number] += volume * np.outer(profile, hours)
    visits = (slice(WORKING_WEEKDAYS), slice(FIRST_VISIT_HOUR, LAST_VISIT_HOUR))
    for flow in flows(scenario):
        own = procedures_of(scenario, scenario.surgery.specialties[flow.specialty])
        needing = sum(
            p.share * (1.0 if p.units_crossmatched else p.group_and_screen_share) for _, p in own
        )
        a_week = flow.treated * needing / sum(p.share for _, p in own)
        hours_a_week = WORKING_WEEKDAYS * (LAST_VISIT_HOUR - FIRST_VISIT_HOUR)
        found[(flow.site, *visits)] += a_week / hours_a_week
    return found
