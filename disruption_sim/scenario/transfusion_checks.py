"""What the parts of the transfusion section and its levers owe each other and the network."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from typing import TYPE_CHECKING, get_args

from disruption_sim.scenario.faults import CrossFault, KeyPath, listed
from disruption_sim.scenario.transfusion import Use

if TYPE_CHECKING:
    from disruption_sim.scenario.model import Policy, RestoreFirst, Scenario

PHASES = ("pre_amber", "amber", "red")
"""From the mildest on."""
TRANSFUSION: KeyPath = ("transfusion",)


def transfusion_faults(scenario: Scenario) -> list[CrossFault]:
    """Return the faults of the transfusion section that no field shows alone."""
    return [
        *_uses(scenario),
        *_clocks(scenario),
        *_ages(scenario),
        *_stocks(scenario),
        *_alerts(scenario),
        *_country(scenario),
    ]


def _uses(scenario: Scenario) -> list[CrossFault]:
    faults = []
    for key in ("use_shares", "tested_sample_shares"):
        missing = [use for use in get_args(Use) if use not in getattr(scenario.transfusion, key)]
        if missing:
            problem = f"nothing is said for {listed(missing)}"
            faults.append(CrossFault((*TRANSFUSION, key), problem, "a value for every one"))
    return faults


def _clocks(scenario: Scenario) -> list[CrossFault]:
    rules = scenario.transfusion
    faults = []
    names = ("immediate_minutes", "urgent_minutes", "routine_minutes")
    for sooner, later in pairwise(names):
        if getattr(rules, later) < getattr(rules, sooner):
            problem = f"is shorter than {sooner}, {getattr(rules, sooner):g}"
            allowed = f"{getattr(rules, sooner):g} minutes or more"
            faults.append(CrossFault((*TRANSFUSION, later), problem, allowed))
    start, end = rules.day_shift_hours
    if start >= end:
        faults.append(
            CrossFault(
                (*TRANSFUSION, "day_shift_hours"),
                f"the day shift ends at {end:g}, not after its start at {start:g}",
                "start and end of one day, in this order",
            )
        )
    usual = scenario.surgery.group_and_screen_validity_days
    if rules.short_validity_days > usual:
        faults.append(
            CrossFault(
                (*TRANSFUSION, "short_validity_days"),
                f"is longer than the usual validity, surgery.group_and_screen_validity_days, "
                f"{usual:g}",
                f"up to {usual:g} days",
            )
        )
    if not any(rules.deliveries.routine_weekdays):
        faults.append(
            CrossFault(
                (*TRANSFUSION, "deliveries", "routine_weekdays"),
                "there is no day with a routine delivery",
                "true for one weekday or more",
            )
        )
    return faults


def _ages(scenario: Scenario) -> list[CrossFault]:
    rules = scenario.transfusion
    youngest, oldest = rules.age_on_delivery_days
    left = rules.shelf_life_days - oldest
    where: KeyPath = (*TRANSFUSION, "age_on_delivery_days")
    if youngest > oldest:
        return [
            CrossFault(
                where, f"the youngest, {youngest:g}, is older than the oldest", "youngest, oldest"
            )
        ]
    if left < 1.0:
        return [
            CrossFault(
                where,
                f"units {oldest:g} days old may be given for less than a day of their shelf life "
                f"of {rules.shelf_life_days}",
                f"ages up to {rules.shelf_life_days - 1} days",
            )
        ]
    faults = []
    for key, days in (
        (("satellites", "rotation_days"), rules.satellites.rotation_days),
        (("use_up_o_negative_days",), rules.use_up_o_negative_days),
    ):
        if days >= left:
            problem = (
                f"units may come with only {left:g} days left, which is not more than {days:g}"
            )
            faults.append(CrossFault((*TRANSFUSION, *key), problem, f"fewer than {left:g} days"))
    fresh = rules.fresh_needs
    if fresh.share > 0.0 and fresh.most_days_old < youngest + 1.0:
        faults.append(
            CrossFault(
                (*TRANSFUSION, "fresh_needs", "most_days_old"),
                f"hospitals get no unit younger than {youngest:g} days, and none would be fresh "
                "enough for a day",
                f"{youngest + 1.0:g} days or more, or share 0",
            )
        )
    return faults


def _stocks(scenario: Scenario) -> list[CrossFault]:
    rules = scenario.transfusion
    faults = []
    for group, units in rules.satellites.units.items():
        # What is missing there is told elsewhere.
        least = rules.least_stock_units.get(group, units)
        if units > least:
            faults.append(
                CrossFault(
                    (*TRANSFUSION, "satellites", "units", group.value),
                    f"{units} units are more than the least stock of the laboratory that fills it "
                    f"up: {least}",
                    f"up to {least} units (least_stock_units.{group.value})",
                )
            )
    if rules.hospital_stock_days > rules.shelf_life_days:
        faults.append(
            CrossFault(
                (*TRANSFUSION, "hospital_stock_days"),
                f"{rules.hospital_stock_days:g} days of stock cannot be used within the shelf life "
                f"of {rules.shelf_life_days} days",
                f"up to {rules.shelf_life_days} days (shelf_life_days)",
            )
        )
    if rules.deliveries.ad_hoc_stock_days >= rules.hospital_stock_days:
        faults.append(
            CrossFault(
                (*TRANSFUSION, "deliveries", "ad_hoc_stock_days"),
                f"is not under the usual stock, hospital_stock_days, {rules.hospital_stock_days:g}",
                f"fewer than {rules.hospital_stock_days:g} days",
            )
        )
    return faults


def _alerts(scenario: Scenario) -> list[CrossFault]:
    service = scenario.transfusion.blood_service
    where: KeyPath = (*TRANSFUSION, "blood_service", "alerts")
    faults = [
        CrossFault(where, f"the phase {name} stands {count} times", "each phase once")
        for name, count in Counter(phase.name for phase in service.alerts).items()
        if count > 1
    ]
    if faults:
        return faults
    numbered = sorted(enumerate(service.alerts), key=lambda each: PHASES.index(each[1].name))
    for (_, milder), (index, worse) in pairwise(numbered):
        if worse.trigger_days >= milder.trigger_days:
            faults.append(
                CrossFault(
                    (*where, index, "trigger_days"),
                    f"{worse.name} is the worse phase and would come no later than {milder.name}, "
                    f"at {milder.trigger_days:g} days",
                    f"fewer than {milder.trigger_days:g} days",
                )
            )
    for index, phase in numbered[:1]:
        if phase.trigger_days >= service.stock_days:
            faults.append(
                CrossFault(
                    (*where, index, "trigger_days"),
                    f"is not under the usual stock, blood_service.stock_days, "
                    f"{service.stock_days:g}: the alert would always hold",
                    f"fewer than {service.stock_days:g} days",
                )
            )
    return faults


def _country(scenario: Scenario) -> list[CrossFault]:
    """The country uses no less than the hospitals of the scenario."""
    ours = sum(site.red_cell_units_per_week for site in scenario.network.sites)
    if scenario.transfusion.blood_service.units_per_week >= ours:
        return []
    return [
        CrossFault(
            (*TRANSFUSION, "blood_service", "units_per_week"),
            f"is less than the {ours:g} units a week of these hospitals, apart from operations",
            f"{ours:g} units or more",
        )
    ]


def transfusion_policy_faults(scenario: Scenario) -> list[CrossFault]:
    """Return what is wrong with the levers of transfusion."""
    from disruption_sim.scenario.model import (
        DonorAppeal,
        ExtraGroupO,
        GroupAndScreenRationalisation,
        OfflineGroups,
        OPositivePolicy,
        RestoreFirst,
        StandaloneAnalyser,
        TransfusionReinforcement,
        TraumaDiversion,
    )

    at_hospitals = (
        OfflineGroups,
        OPositivePolicy,
        ExtraGroupO,
        GroupAndScreenRationalisation,
        TraumaDiversion,
    )
    faults: list[CrossFault] = []
    for index, policy in enumerate(scenario.policies):
        path: KeyPath = ("policies", index)
        if isinstance(policy, at_hospitals):
            faults += _nowhere(path, policy.places, scenario, scenario.site_names, "hospital")
        elif isinstance(policy, StandaloneAnalyser):
            faults += unknown_sites(scenario, (*path, "analysers"), policy.analysers)
            faults += _no_ramp(path, policy, "an analyser is there or is not there")
        elif isinstance(policy, TransfusionReinforcement):
            for key in ("extra_staff_day", "extra_staff_night"):
                faults += unknown_sites(scenario, (*path, key), getattr(policy, key))
        elif isinstance(policy, DonorAppeal):
            faults += _once((*path, "groups"), (group.value for group in policy.groups))
        elif isinstance(policy, RestoreFirst):
            faults += _restoring(scenario, path, policy)
    return faults


def unknown_sites(scenario: Scenario, path: KeyPath, names: Iterable[str]) -> list[CrossFault]:
    """Return a fault for every name in a table by site that is not a site's."""
    return [
        CrossFault((*path, name), f"there is no site '{name}'", listed(scenario.site_names))
        for name in names
        if name not in scenario.site_names
    ]


def _nowhere(
    path: KeyPath,
    places: tuple[str, ...],
    scenario: Scenario,
    possible: tuple[str, ...],
    what: str,
) -> list[CrossFault]:
    """Return a fault if a lever is to hold where it has nothing to act on.

    Not if a place is unknown, which is told elsewhere.
    """
    meant = scenario.places(places)
    if meant & set(possible) or not meant <= scenario.places(("all",)):
        return []
    problem = f"there is no {what} where this could hold"
    return [CrossFault((*path, "places"), problem, listed(possible))]


def _no_ramp(path: KeyPath, policy: Policy, why: str) -> list[CrossFault]:
    if policy.ramp_days == 0.0:
        return []
    return [CrossFault((*path, "ramp_days"), why, "lag_days for a later start")]


def _once(path: KeyPath, names: Iterable[str]) -> list[CrossFault]:
    return [
        CrossFault(path, f"'{name}' stands {count} times", "each once")
        for name, count in Counter(names).items()
        if count > 1
    ]


def _restoring(scenario: Scenario, path: KeyPath, policy: RestoreFirst) -> list[CrossFault]:
    faults = _nowhere(path, policy.places, scenario, scenario.laboratory_names, "laboratory")
    faults += _once((*path, "capabilities"), (each.value for each in policy.capabilities))
    faults += [
        CrossFault(
            (*path, key),
            "what has been brought back stays; it is not lost again when a policy ends",
            "no end",
        )
        for key in ("end", "duration_days")
        if getattr(policy, key) is not None
    ]
    return faults
