"""The load that laboratories expect in an ordinary week, from the scenario alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from disruption_sim.pathology.compiled import compiled
from disruption_sim.pathology.origins import GENERAL_PRACTICE, SOURCES, Origins
from disruption_sim.pathology.travel import (
    GROUP_AND_SCREEN,
    TUBE_TYPES,
    Travel,
    arrival_time,
)
from disruption_sim.scenario.model import (
    Procedure,
    Scenario,
    Source,
    Step,
    TubeType,
    path,
)

Floats = npt.NDArray[np.float64]
# Arguments of compiled functions.
Array = Any

SLOTS_PER_HOUR = 4
SLOTS = 168 * SLOTS_PER_HOUR
QUANTILES = 8
QUANTILES_BEFORE = 64
PRE_ASSESSMENT = SOURCES.index(Source.PRE_ASSESSMENT)
OUTPATIENT = SOURCES.index(Source.OUTPATIENT)
RESULT_TYPES = (TUBE_TYPES.index(TubeType.CHEMISTRY), TUBE_TYPES.index(TubeType.HAEMATOLOGY))
HOURS = np.arange(168)
# Shares of the days of a week in work that is spread evenly over working days.
WORKING_WEEK = np.array([0.2, 0.2, 0.2, 0.2, 0.2, 0.0, 0.0])


@dataclass(frozen=True, eq=False)
class ExpectedWeek:
    """What arrives in an ordinary week without bank holidays.

    Attributes
    ----------
    arrivals : float64 (laboratories, tube types, slots of the week)
        Expected samples in each quarter of an hour.
    travel_hours : float64 (origins,)
        Mean time from collection to arrival.
    """

    arrivals: Floats
    travel_hours: Floats

    @classmethod
    def of(cls, scenario: Scenario, origins: Origins, travel: Travel) -> ExpectedWeek:
        """Return the expected week: every collection, sent the ordinary way."""
        collections = collections_per_hour(scenario, origins)
        working = np.arange(3 * 7) % 7 < 5
        run_days = np.where(working, np.arange(len(working)), len(working))
        next_run_day = np.minimum.accumulate(run_days[::-1])[::-1]
        arrivals = np.zeros((len(scenario.laboratory_names), len(TUBE_TYPES), SLOTS))
        hours = np.zeros(origins.count)
        send_week(
            collections, travel.route, travel.transport, travel.van, travel.laboratory,
            travel.van_every, travel.runs, travel.run_spread, next_run_day, arrivals, hours,
        )  # fmt: skip
        sent = collections.sum(axis=(1, 2))
        usual = travel.transport + travel.van.max(axis=1)
        return cls(arrivals, np.where(sent > 0.0, hours / np.where(sent > 0.0, sent, 1.0), usual))

    def loads(self, scenario: Scenario, laboratory: int) -> Floats:
        """Return servers busy in ordinary running, float64 (steps, slots), in network order.

        Each step sees the arrivals later by the mean times of the steps before it; waiting is left
        out, and so are repeated samples. What is reported by people is entered back by them.
        """
        steps = scenario.pathology.steps_in_use
        name = scenario.laboratory_names[laboratory]
        rules = [scenario.pathology.step_at(name, step) for step in steps]
        loads = np.zeros((len(steps), SLOTS))
        for tube_type in scenario.pathology.tube_types_in_use:
            delay, reaching = 0.0, 1.0
            per_hour = self.arrivals[laboratory, TUBE_TYPES.index(tube_type)] * SLOTS_PER_HOUR
            for step in path(tube_type):
                rule = rules[steps.index(step)]
                served = 1.0 - rule.automatic_share
                hours = rule.minutes[tube_type] / 60.0 * served
                later = np.roll(per_hour, round(delay * SLOTS_PER_HOUR))
                loads[steps.index(step)] += reaching * later * hours
                delay += hours
                if step is Step.REPORTING:
                    reaching = served
        return loads

    def mix(self, laboratory: int) -> Floats:
        """Return the shares of the tube types at a laboratory, float64 (tube types,)."""
        volumes: Floats = self.arrivals[laboratory].sum(axis=1)
        if volumes.sum() == 0.0:
            return np.full(len(TUBE_TYPES), 1.0 / len(TUBE_TYPES))
        shares: Floats = volumes / volumes.sum()
        return shares


@compiled
def send_week(
    collections: Array, route: Array, transport: Array, van: Array, laboratory: Array,
    van_every: float, runs: Array, run_spread: float, next_run_day: Array, arrivals: Array,
    hours: Array,
) -> None:  # fmt: skip
    """Send the collections of a week to the laboratories, and add up their travelling hours.

    Each slot is collected in its middle and spread over some quantiles of the travelling time;
    what arrives after the end of the week counts at its start.
    """
    origins, types, _ = collections.shape
    for origin in range(origins):
        for tube_type in range(types):
            kind = route[origin, tube_type]
            at = laboratory[origin, tube_type]
            for slot in range(SLOTS):
                volume = collections[origin, tube_type, slot // SLOTS_PER_HOUR]
                volume /= SLOTS_PER_HOUR * QUANTILES
                if volume == 0.0:
                    continue
                collected = (slot + 0.5) / SLOTS_PER_HOUR
                for quantile in range(QUANTILES):
                    arrival = arrival_time(
                        collected, (quantile + 0.5) / QUANTILES, kind, transport[origin],
                        van[origin, tube_type], van_every, runs, run_spread, next_run_day,
                    )  # fmt: skip
                    arrivals[at, tube_type, int(arrival * SLOTS_PER_HOUR) % SLOTS] += volume
                    hours[origin] += volume * (arrival - collected)


def collections_per_hour(scenario: Scenario, origins: Origins) -> Floats:
    """Return expected collections, float64 (origins, tube types, hours of the week).

    Samples of the sources, blood for clinics and day units, and pre-assessment of patients for
    operations.
    """
    found = np.zeros((origins.count, len(TUBE_TYPES), 168))
    for number, site in enumerate(scenario.network.sites):
        for source, volume in site.tubes_per_weekday.items():
            origin = int(origins.number[number, SOURCES.index(source)])
            found[origin] += _ordinary(scenario, source, volume)
    for number, borough in enumerate(scenario.network.boroughs):
        origin = int(origins.number[origins.site_count + number, GENERAL_PRACTICE])
        found[origin] += _ordinary(scenario, Source.GENERAL_PRACTICE, borough.tubes_per_weekday)
    _add_clinics(scenario, origins, found)
    _add_day_units(scenario, origins, found)
    _add_pre_assessment(scenario, origins, found)
    return found


def _hours(scenario: Scenario, source: Source, days: Floats) -> Floats:
    """Spread numbers for the seven days over the hours of the week."""
    profile = np.array(scenario.pathology.source(source).hour_profile)
    hours: Floats = days[HOURS // 24] * (profile / profile.sum())[HOURS % 24]
    return hours


def _ordinary(scenario: Scenario, source: Source, tubes_per_weekday: float) -> Floats:
    rules = scenario.pathology.source(source)
    days = np.array(rules.weekday_profile)
    weekdays = days[:5].mean()
    days = tubes_per_weekday * (days / weekdays if weekdays > 0.0 else days)
    mix = np.zeros(len(TUBE_TYPES))
    for tube_type in scenario.pathology.tube_types_in_use:
        mix[TUBE_TYPES.index(tube_type)] = rules.samples_per_blood_sample(tube_type)
    hours: Floats = mix[:, None] * _hours(scenario, source, days)[None, :]
    return hours


def _add_clinics(scenario: Scenario, origins: Origins, found: Floats) -> None:
    """Add blood for clinics, evenly over working days: of days before, and of the day itself."""
    rules, network = scenario.outpatients, scenario.network
    practices = np.array([borough.tubes_per_weekday for borough in network.boroughs])
    in_practice = rules.taken_in_general_practice_share if practices.sum() > 0.0 else 0.0
    types = list(RESULT_TYPES[: rules.tubes_per_appointment])
    hospital = _hours(scenario, Source.OUTPATIENT, WORKING_WEEK)
    practice = _hours(scenario, Source.GENERAL_PRACTICE, WORKING_WEEK)
    on_the_day = _hours_before(
        rules.session_start_hours, rules.on_the_day_hours_before, WORKING_WEEK
    )
    urgent = SOURCES.index(rules.on_the_day_sent_as)
    weekly = 0.0
    for number, site in enumerate(network.sites):
        before = rules.results_needed_per_week(site.name, on_the_day=False)
        weekly += before
        volume = before * (1.0 - in_practice)
        found[origins.number[number, OUTPATIENT], types] += volume * hospital
        volume = rules.results_needed_per_week(site.name, on_the_day=True)
        found[origins.number[number, urgent], types] += volume * on_the_day
    for number in range(len(network.boroughs)):
        if in_practice > 0.0:
            volume = weekly * in_practice * practices[number] / practices.sum()
            origin = origins.number[origins.site_count + number, GENERAL_PRACTICE]
            found[origin, types] += volume * practice


def _add_day_units(scenario: Scenario, origins: Origins, found: Floats) -> None:
    """Add blood for treatments in day units: of the same day, and of the working day before."""
    for unit in scenario.outpatients.day_units:
        days = np.where(np.arange(7) < unit.open_days_per_week, 1.0 / unit.open_days_per_week, 0.0)
        same_day = _hours_before(unit.shift_start_hours, unit.taken_hours_before, days)
        # What is for a Saturday, a Sunday or a Monday is taken on the Friday.
        earlier = np.array([*days[1:5], days[5] + days[6] + days[0], 0.0, 0.0])
        day_before = _hours(scenario, Source.OUTPATIENT, earlier)
        share = unit.taken_on_the_day_share
        hours = share * same_day + (1.0 - share) * day_before
        types = list(RESULT_TYPES[: unit.tubes_per_treatment])
        weekly = unit.treatments_per_week * unit.needs_results_share
        for number, site in enumerate(scenario.site_names):
            volume = weekly * unit.sites.get(site, 0.0)
            source = SOURCES.index(unit.sent_as)
            found[origins.number[number, source], types] += volume * hours


def _hours_before(starts: Sequence[float], before: Sequence[float], days: Floats) -> Floats:
    """Spread numbers for the seven days over the hours so long before some hours of the day."""
    latest, earliest = sorted(before)
    evenly = latest + (np.arange(QUANTILES_BEFORE) + 0.5) / QUANTILES_BEFORE * (earliest - latest)
    taken = (np.array(starts)[:, None] - evenly[None, :]).ravel()
    profile = np.bincount(taken.astype(np.int64), minlength=24) / taken.size
    hours: Floats = days[HOURS // 24] * profile[HOURS % 24]
    return hours


def _add_pre_assessment(scenario: Scenario, origins: Origins, found: Floats) -> None:
    rules = scenario.surgery
    weekly = rules.elective_admissions_per_week * rules.theatre_share
    hours = _hours(scenario, Source.PRE_ASSESSMENT, WORKING_WEEK)
    for specialty in rules.specialties:
        own: list[Procedure] = [p for p in rules.procedures if p.specialty == specialty.name]
        results = sum(p.share * rules.mean_needs_results_share(p) for p in own)
        group_and_screen = sum(
            p.share * (1.0 if p.units_crossmatched else p.group_and_screen_share) for p in own
        )
        for name, share in specialty.sites.items():
            origin = origins.number[scenario.site_names.index(name), PRE_ASSESSMENT]
            volume = weekly * specialty.share * share
            found[origin, list(RESULT_TYPES)] += volume * results * hours
            found[origin, GROUP_AND_SCREEN] += volume * group_and_screen * hours
