"""What the transfusion laboratories expect in ordinary running, from the scenario alone."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from disruption_sim.grid import HOURS_PER_DAY
from disruption_sim.scenario.model import BloodGroup, Scenario, Source, TubeType
from disruption_sim.transfusion.compatibility import GROUPS, O_NEGATIVE, O_POSITIVE
from disruption_sim.world.blood import (
    IMMEDIATE,
    KINDS,
    LEAST_MAJOR_HAEMORRHAGE_UNITS,
    ROUTINE,
    ROUTINE_HOURS,
    WEEKS_PER_MONTH,
)
from disruption_sim.world.flows import flows, procedures_of

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

DAYS_PER_WEEK = 7.0


@dataclass(frozen=True)
class StockPlan:
    """How much each hospital keeps of each group.

    Attributes
    ----------
    daily_use : float64 (sites, groups)
        Units a day of each group of *unit* in ordinary running.
    level : int64 (sites, groups)
        Orders bring stock and what is on order up to this.
    emergency : int64 (sites, groups)
        Stock under this is an emergency: whole units of the stated days of use, so 0 for a group
        that is hardly ever asked for.
    """

    daily_use: Floats
    level: Integers
    emergency: Integers


def plan_stock(scenario: Scenario) -> StockPlan:
    """Return the stock that hospitals plan for: days of stock times use, and a least stock.

    An outage does not change the plan (first form): more use is met by larger daily orders and by
    emergency orders.
    """
    rules = scenario.transfusion
    daily_use = expected_daily_use(scenario)
    least = np.array([rules.least_stock_units[group] for group in BloodGroup], dtype=np.int64)
    by_days = np.ceil(rules.hospital_stock_days * daily_use).astype(np.int64)
    return StockPlan(
        daily_use=daily_use,
        level=np.maximum(by_days, least),
        emergency=np.floor(rules.emergency_order_stock_days * daily_use).astype(np.int64),
    )


def expected_daily_use(scenario: Scenario) -> Floats:
    """Return units a day by site and group of unit with electronic issue and no shortage.

    Emergencies are given group O, O-positive where it is allowed; everybody else the own group.
    Expected units are those of the world: bleeding by `red_cell_units_per_week`, major
    haemorrhages on top, operations as treated in balance.

    Returns
    -------
    float64 (sites, groups)
    """
    rules = scenario.transfusion
    patients = np.array([rules.patient_groups[group] for group in BloodGroup])
    patients = patients / patients.sum()
    emergency = np.zeros(GROUPS)
    emergency[O_POSITIVE] = rules.o_positive_share_of_emergency
    emergency[O_NEGATIVE] = 1.0 - rules.o_positive_share_of_emergency
    shares = _use_shares(scenario)
    immediate_share = sum(
        shares.get(kind, 0.0) for kind, (_, urgency) in KINDS.items() if urgency == IMMEDIATE
    )
    other_share = sum(shares.values()) - immediate_share
    haemorrhage_units = max(rules.major_haemorrhage_units, LEAST_MAJOR_HAEMORRHAGE_UNITS)
    operations = _operation_units_per_week(scenario)
    use = np.empty((len(scenario.network.sites), GROUPS))
    for number, site in enumerate(scenario.network.sites):
        immediate = site.red_cell_units_per_week * immediate_share
        immediate += site.major_haemorrhages_per_month / WEEKS_PER_MONTH * haemorrhage_units
        other = site.red_cell_units_per_week * other_share + operations[number]
        use[number] = (immediate * emergency + other * patients) / DAYS_PER_WEEK
    return use


def _use_shares(scenario: Scenario) -> dict[str, float]:
    return {str(kind): share for kind, share in scenario.transfusion.use_shares.items()}


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


def expected_crossmatches(scenario: Scenario, hours: tuple[float, float]) -> Floats:
    """Return episodes that need a crossmatch between two hours when electronic issue is lost.

    All that are not emergencies, operations left out. Routine ones are fewer at weekends and come
    in the hours in which the world has them, evenly; urgent ones at any hour.

    Parameters
    ----------
    scenario : Scenario
    hours : (start, end)
        Hours of one day, the start before the end.

    Returns
    -------
    float64 (sites, 7)
        Monday to Sunday.
    """
    rules = scenario.transfusion
    shares = _use_shares(scenario)
    weights = np.asarray(scenario.pathology.source(Source.INPATIENT_ROUTINE).weekday_profile)
    start, end = hours
    first, last = ROUTINE_HOURS
    of_routine = max(0.0, min(end, last) - max(start, first)) / (last - first)
    of_day = (end - start) / HOURS_PER_DAY
    by_weekday = np.zeros(7)
    for kind, (_, urgency) in KINDS.items():
        if urgency == ROUTINE:
            by_weekday += shares.get(kind, 0.0) * of_routine * weights / weights.sum()
        elif urgency != IMMEDIATE:
            by_weekday += shares.get(kind, 0.0) * of_day / DAYS_PER_WEEK
    episodes = np.array([site.red_cell_units_per_week for site in scenario.network.sites])
    return np.outer(episodes / rules.units_per_episode, by_weekday)


def expected_group_and_screens(scenario: Scenario, hours: tuple[float, float]) -> Floats:
    """Return group-and-screen samples taken between two hours of the day.

    Those of wards and emergency departments by their profiles. Those of patients for operations,
    one each, evenly over working days and all of them by day: pre-assessment takes more of them
    on some weekdays than on others, but they are for another day and need not be tested at once.

    Parameters
    ----------
    scenario : Scenario
    hours : (start, end)
        Full hours of the day.

    Returns
    -------
    float64 (sites, 7)
        Monday to Sunday.
    """
    found = np.zeros((len(scenario.network.sites), 7))
    start, end = (round(hour) for hour in hours)
    for source in scenario.pathology.sources:
        share = source.blood_mix[TubeType.GROUP_AND_SCREEN]
        share *= sum(source.hour_profile[start:end]) / sum(source.hour_profile)
        profile = np.asarray(source.weekday_profile)
        weekdays = profile[:5].mean()
        profile = profile / weekdays if weekdays > 0.0 else profile
        for number, site in enumerate(scenario.network.sites):
            found[number] += site.tubes_per_weekday.get(source.name, 0.0) * share * profile
    for flow in flows(scenario):
        own = procedures_of(scenario, scenario.surgery.specialties[flow.specialty])
        needing = sum(
            p.share * (1.0 if p.units_crossmatched else p.group_and_screen_share) for _, p in own
        )
        found[flow.site, :5] += flow.treated * needing / sum(p.share for _, p in own) / 5.0
    return found


def whole_days(ages: tuple[float, float], shelf_life: int) -> tuple[int, int]:
    """Return the youngest and the oldest age on delivery in whole days within the shelf life."""
    low, high = sorted(ages)
    oldest = min(math.floor(high), shelf_life)
    return min(math.floor(low), oldest), oldest
