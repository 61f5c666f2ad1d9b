"""What the transfusion laboratories expect in ordinary running, from the scenario alone."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from disruption_sim.scenario.model import BloodGroup, Scenario, Source
from disruption_sim.scenario.transfusion import GroupO
from disruption_sim.transfusion.compatibility import GROUPS, O_NEGATIVE, O_POSITIVE
from disruption_sim.world.blood import (
    IMMEDIATE,
    KINDS,
    LEAST_MAJOR_HAEMORRHAGE_UNITS,
    ROUTINE,
    WEEKS_PER_MONTH,
)
from disruption_sim.world.flows import flows, procedures_of

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class StockPlan:
    """How much each hospital keeps of each group.

    Attributes
    ----------
    use_by_weekday : float64 (sites, 7, groups)
        Units a day of each group of *unit* in ordinary running, Monday to Sunday.
    emergency_use : float64 (sites, groups)
        Of these, units a day given to those who cannot wait, out of the satellite.
    level : int64 (sites, groups)
        What the laboratory's fridge is to hold besides the satellite and any buffer.
    satellite, buffer : int64 (groups,)
        In each hospital: in the satellite fridge, and on top of the level.
    ad_hoc, emergency : int64 (sites, groups)
        Usable stock under this brings an order at once: whole units of the stated days of use, so
        0 for a group that is hardly ever asked for.
    """

    use_by_weekday: Floats
    emergency_use: Floats
    level: Integers
    satellite: Integers
    buffer: Integers
    ad_hoc: Integers
    emergency: Integers

    @property
    def daily_use(self) -> Floats:
        """Units a day, float64 (sites, groups)."""
        daily: Floats = self.use_by_weekday.mean(axis=1)
        return daily


def plan_stock(scenario: Scenario) -> StockPlan:
    """Return the stock that hospitals plan for.

    Days of stock times use is what the hospital holds in all; what of it is not in the satellite,
    and at least the least stock, is in the laboratory. An outage does not change the plan: more use
    is met by larger orders and by extra ones.
    """
    rules = scenario.transfusion
    by_weekday = expected_use(scenario)
    daily_use = by_weekday.mean(axis=1)
    least = np.array([rules.least_stock_units.get(group, 0) for group in BloodGroup])
    satellite = by_group(rules.satellites.units)
    in_all = np.ceil(rules.hospital_stock_days * daily_use).astype(np.int64)
    deliveries = rules.deliveries
    return StockPlan(
        use_by_weekday=by_weekday,
        emergency_use=expected_emergency_use(scenario),
        level=np.maximum(in_all - satellite, least),
        satellite=satellite,
        buffer=by_group(rules.buffer_units),
        ad_hoc=np.floor(deliveries.ad_hoc_stock_days * daily_use).astype(np.int64),
        emergency=np.floor(deliveries.emergency_stock_days * daily_use).astype(np.int64),
    )


def by_group(units: Mapping[GroupO, int]) -> Integers:
    """Return units of group O as an array of all groups."""
    found = np.zeros(GROUPS, dtype=np.int64)
    found[O_NEGATIVE] = units.get(BloodGroup.O_NEGATIVE, 0)
    found[O_POSITIVE] = units.get(BloodGroup.O_POSITIVE, 0)
    return found


def expected_daily_use(scenario: Scenario) -> Floats:
    """Return units a day in ordinary running, float64 (sites, groups of unit)."""
    daily: Floats = expected_use(scenario).mean(axis=1)
    return daily


def expected_use(scenario: Scenario) -> Floats:
    """Return units a day by weekday and group of unit with electronic issue and no shortage.

    Those in immediate need are given group O, O-positive where it is allowed and usual; everybody
    else the own group. Expected units are those of the world: bleeding by
    `red_cell_units_per_week`, routine use with the weekday profile of inpatients, major
    haemorrhages on top, operations as treated in balance and from Monday to Friday.

    Returns
    -------
    float64 (sites, 7, groups)
    """
    rules = scenario.transfusion
    patients = np.array([rules.patient_groups[group] for group in BloodGroup])
    patients = patients / patients.sum()
    profile = np.asarray(scenario.pathology.source(Source.INPATIENT_ROUTINE).weekday_profile)
    evenly = np.full(7, 1.0 / 7.0)
    working = np.where(np.arange(7) < 5, 0.2, 0.0)
    emergencies = 7.0 * expected_emergency_use(scenario)
    operations = _operation_units_per_week(scenario)
    use = np.empty((len(scenario.network.sites), 7, GROUPS))
    for number, site in enumerate(scenario.network.sites):
        own_group = operations[number] * working
        for name, kind in KINDS.items():
            if kind.urgency != IMMEDIATE:
                days = profile / profile.sum() if kind.urgency == ROUTINE else evenly
                share = rules.use_shares.get(name, 0.0)
                own_group = own_group + site.red_cell_units_per_week * share * days
        own_group = own_group + _haemorrhage_units_per_week(scenario, number)[1] * evenly
        use[number] = np.outer(own_group, patients) + np.outer(evenly, emergencies[number])
    return use


def expected_emergency_use(scenario: Scenario) -> Floats:
    """Return units a day given before the patient's group is known, in ordinary running.

    Returns
    -------
    float64 (sites, groups)
        O-positive for those to whom it may be and usually is given, and O-negative.
    """
    rules = scenario.transfusion
    unmatched = np.zeros(GROUPS)
    unmatched[O_POSITIVE] = rules.o_positive_eligible_share * rules.o_positive_uptake_share
    unmatched[O_NEGATIVE] = 1.0 - unmatched[O_POSITIVE]
    share = sum(
        rules.use_shares.get(name, 0.0) for name, kind in KINDS.items() if kind.urgency == IMMEDIATE
    )
    units = np.array(
        [
            site.red_cell_units_per_week * share + _haemorrhage_units_per_week(scenario, number)[0]
            for number, site in enumerate(scenario.network.sites)
        ]
    )
    return np.outer(units / 7.0, unmatched)


def _haemorrhage_units_per_week(scenario: Scenario, site: int) -> tuple[float, float]:
    """Return units a week of major haemorrhages, before and after the patient's group is known."""
    mean = max(scenario.transfusion.major_haemorrhage.mean_units, LEAST_MAJOR_HAEMORRHAGE_UNITS)
    units = scenario.network.sites[site].major_haemorrhages_per_month / WEEKS_PER_MONTH * mean
    share = _unmatched_in_haemorrhage(scenario)
    return share * units, (1.0 - share) * units


def _unmatched_in_haemorrhage(scenario: Scenario) -> float:
    """Return the share of a major haemorrhage's units that are group O.

    The first pack, and further ones that are due before two samples drawn one after the other at
    the first request are grouped.
    """
    rules = scenario.transfusion
    haemorrhage, times = rules.major_haemorrhage, rules.times
    grouped = 2.0 * times.sample_minutes + times.group_specific_minutes
    wait = max(0.0, grouped - rules.immediate_minutes)
    packs = 1 + math.floor(wait / haemorrhage.pack_interval_minutes)
    return min(1.0, packs * haemorrhage.pack_units / haemorrhage.mean_units)


def _operation_units_per_week(scenario: Scenario) -> Floats:
    """Return units a week given in planned operations by site."""
    units = np.zeros(len(scenario.network.sites))
    for flow in flows(scenario):
        own = procedures_of(scenario, scenario.surgery.specialties[flow.specialty])
        total = sum(procedure.share for _, procedure in own)
        for _, procedure in own:
            units[flow.site] += (
                flow.treated
                * procedure.share
                / total
                * procedure.transfused_share
                * procedure.units_if_transfused
            )
    return units


def whole_days(ages: tuple[float, float], shelf_life: int) -> tuple[int, int]:
    """Return the youngest and the oldest age on delivery in whole days within the shelf life."""
    low, high = sorted(ages)
    oldest = min(math.floor(high), shelf_life)
    return min(math.floor(low), oldest), oldest
