"""What the levers of theatres ask of the rest of the scenario."""

from __future__ import annotations

from typing import TYPE_CHECKING

from disruption_sim.scenario.faults import CrossFault, KeyPath, listed

if TYPE_CHECKING:
    from disruption_sim.scenario.model import Procedure, Scenario, SurgicalMutualAid


def theatre_policy_faults(scenario: Scenario) -> list[CrossFault]:
    """Return what is wrong with the levers of theatres: those that could never do anything."""
    from disruption_sim.scenario.model import (
        RecoveryLists,
        StopElective,
        SurgicalMutualAid,
        SwapCases,
    )

    faults: list[CrossFault] = []
    for index, policy in enumerate(scenario.policies):
        path: KeyPath = ("policies", index)
        if isinstance(policy, StopElective | SurgicalMutualAid):
            faults += _no_hospital(scenario, path, policy.places)
        if isinstance(policy, SurgicalMutualAid):
            faults += _mutual_aid(scenario, path, policy)
        elif isinstance(policy, RecoveryLists):
            if policy.held == "independent_sector" and policy.uplift_share > 0.0:
                faults += _independent_sector(scenario, path)
        elif (
            isinstance(policy, SwapCases)
            and policy.share > 0.0
            and scenario.surgery.short_notice_share == 0.0
        ):
            faults.append(
                CrossFault(
                    (*path, "share"),
                    "nobody can come at short notice: surgery.short_notice_share is 0",
                    "0, or a surgery.short_notice_share above 0",
                )
            )
    return faults


def _no_hospital(scenario: Scenario, path: KeyPath, places: tuple[str, ...]) -> list[CrossFault]:
    meant = scenario.places(places)
    # An unknown place is told elsewhere.
    if meant & set(scenario.site_names) or not meant <= scenario.places(("all",)):
        return []
    problem = f"there are no operations at {listed(places)}"
    return [CrossFault((*path, "places"), problem, listed(["all", *scenario.site_names]))]


def _mutual_aid(scenario: Scenario, path: KeyPath, policy: SurgicalMutualAid) -> list[CrossFault]:
    for procedure in scenario.surgery.procedures:
        shares = dict(zip(("p2", "p3", "p4"), procedure.priority_mix, strict=True))
        if procedure.grade in policy.grades and any(shares[p] > 0.0 for p in policy.priorities):
            return []
    grades = listed([grade.value for grade in policy.grades])
    return [
        CrossFault(
            (*path, "grades"),
            f"no procedure of grade {grades} has patients of priority {listed(policy.priorities)}",
            "grades and priorities of procedures in surgery.procedures",
        )
    ]


def _independent_sector(scenario: Scenario, path: KeyPath) -> list[CrossFault]:
    if any(_suits_independent_sector(procedure) for procedure in scenario.surgery.procedures):
        return []
    return [
        CrossFault(
            (*path, "held"),
            "no procedure suits the independent sector: day cases of minor or intermediate grade "
            "at ASA 1 or 2 without a group-and-screen sample",
            "weekend, evening",
        )
    ]


def _suits_independent_sector(procedure: Procedure) -> bool:
    return (
        procedure.grade in ("minor", "intermediate")
        and procedure.day_case_share > 0.0
        and sum(procedure.asa_mix[:2]) > 0.0
        and procedure.group_and_screen_share < 1.0
        and procedure.units_crossmatched == 0
    )
