"""What a lever asks of the rest of the scenario, and of itself."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from disruption_sim.scenario.faults import CrossFault, KeyPath, listed
from disruption_sim.scenario.transfusion_checks import unknown_sites

if TYPE_CHECKING:
    from disruption_sim.scenario.model import (
        MutualAid,
        Prioritisation,
        Reroute,
        Scenario,
        Source,
        TubeType,
    )

# Its queue is worked out person by person; no laboratory has as many in one step.
MOST_PEOPLE = 10_000


def policy_faults(scenario: Scenario) -> list[CrossFault]:
    """Return what is wrong with the levers of the laboratories."""
    from disruption_sim.scenario.model import (
        DemandRestriction,
        MutualAid,
        PointOfCare,
        Prioritisation,
        Reroute,
    )

    faults: list[CrossFault] = []
    for index, policy in enumerate(scenario.policies):
        path: KeyPath = ("policies", index)
        if isinstance(policy, DemandRestriction):
            in_use = scenario.pathology.tube_types_in_use
            faults += _none_of(
                scenario, path, policy.sources, scenario.places(policy.places), in_use
            )
        elif isinstance(policy, MutualAid):
            faults += _mutual_aid(scenario, path, policy)
        elif isinstance(policy, PointOfCare):
            faults += unknown_sites(scenario, (*path, "devices"), policy.devices)
        elif isinstance(policy, Reroute):
            faults += _reroute(scenario, path, policy)
        elif isinstance(policy, Prioritisation):
            faults += _prioritisation(scenario, path, policy)
    return faults


def _stays(path: KeyPath, tube_types: Collection[TubeType]) -> list[CrossFault]:
    from disruption_sim.scenario.model import TubeType

    if TubeType.GROUP_AND_SCREEN not in tube_types:
        return []
    return [
        CrossFault(
            (*path, "tube_types"),
            "group-and-screen samples stay with their site, where the blood is",
            "other tube types",
        )
    ]


def _none_of(
    scenario: Scenario,
    path: KeyPath,
    sources: Collection[Source],
    places: Collection[str],
    tube_types: Collection[TubeType],
) -> list[CrossFault]:
    """Return a fault if nothing of what a lever is about is ever sent in this scenario."""
    from disruption_sim.scenario.model import Source

    in_use = scenario.pathology.tube_types_in_use
    if not set(tube_types) & set(in_use):
        problem = f"{listed(tube_types)} is not switched on, so the lever has nothing to move"
        return [CrossFault((*path, "tube_types"), problem, listed(in_use))]
    boroughs = {borough.name for borough in scenario.network.boroughs}
    for source in sources:
        takes = boroughs if source is Source.GENERAL_PRACTICE else set(scenario.site_names)
        if takes & set(places):
            return []
    problem = f"no samples of {listed(sources)} are taken there"
    allowed = "boroughs for general_practice, sites for all other sources"
    return [CrossFault((*path, "places"), problem, allowed)]


def _mutual_aid(scenario: Scenario, path: KeyPath, policy: MutualAid) -> list[CrossFault]:
    from disruption_sim.scenario.model import Source

    faults = _stays(path, policy.tube_types)
    if Source.PRE_ASSESSMENT in policy.sources:
        faults.append(
            CrossFault(
                (*path, "sources"),
                "blood for pre-assessment is arranged patient by patient and cannot be counted "
                "against a number for each day",
                "other sources",
            )
        )
    places = scenario.places(policy.places)
    faults = faults or _none_of(scenario, path, policy.sources, places, policy.tube_types)
    if policy.helper.people > MOST_PEOPLE:
        faults.append(
            CrossFault(
                (*path, "helper", "own_tubes_per_day"),
                f"takes {policy.helper.people} people in one step of the helper",
                f"up to {MOST_PEOPLE} people (own_tubes_per_day, open_hours, minutes, "
                "planned_utilisation)",
            )
        )
    most = policy.helper.most_tubes_per_day
    if policy.tubes_per_day > most:
        helper = policy.helper
        faults.append(
            CrossFault(
                (*path, "tubes_per_day"),
                f"{policy.tubes_per_day:.6g} tubes a day are more than the helper can take beside "
                f"its own {helper.own_tubes_per_day:.6g}: its {helper.people} people would be busy "
                f"{_busy(policy):.0%} of the time",
                f"up to {int(most)} tubes a day, or a helper with more room (own_tubes_per_day, "
                "minutes, our_minutes, planned_utilisation)",
            )
        )
    return faults


def _busy(policy: MutualAid) -> float:
    helper = policy.helper
    ours = policy.tubes_per_day / helper.open_hours * helper.our_minutes / 60.0
    return (helper.own_load + ours) / helper.people


def _reroute(scenario: Scenario, path: KeyPath, policy: Reroute) -> list[CrossFault]:
    faults = _stays(path, policy.tube_types)
    for key in ("from_laboratory", "to_laboratory"):
        name = getattr(policy, key)
        if name not in scenario.laboratory_names:
            faults.append(
                CrossFault(
                    (*path, key),
                    f"there is no laboratory '{name}'",
                    listed(scenario.laboratory_names),
                )
            )
    if policy.from_laboratory == policy.to_laboratory:
        faults.append(
            CrossFault(
                (*path, "to_laboratory"),
                "samples are to go to the laboratory from which they are taken",
                "another laboratory",
            )
        )
    return faults or _nothing_meant_for(scenario, path, policy)


def _nothing_meant_for(scenario: Scenario, path: KeyPath, policy: Reroute) -> list[CrossFault]:
    """Return a fault if the samples of a policy go elsewhere anyway."""
    from disruption_sim.scenario.model import Source

    faults = _none_of(scenario, path, policy.sources, scenario.places(("all",)), policy.tube_types)
    at_hub = policy.from_laboratory == scenario.network.hub.name
    meant_for = "hub" if at_hub else "local"
    # Whether every source is there is checked elsewhere, and may not be so yet.
    for rules in scenario.pathology.sources:
        if rules.name not in policy.sources:
            continue
        if rules.name is Source.GENERAL_PRACTICE and not at_hub:
            continue
        for tube_type in set(policy.tube_types) & set(scenario.pathology.tube_types_in_use):
            if rules.laboratory_by_tube_type.get(tube_type, rules.laboratory) == meant_for:
                return faults
    problem = f"no such samples of {listed(policy.sources)} go to {policy.from_laboratory}"
    allowed = f"sources whose laboratory is {meant_for}"
    return faults or [CrossFault((*path, "sources"), problem, allowed)]


def _prioritisation(scenario: Scenario, path: KeyPath, policy: Prioritisation) -> list[CrossFault]:
    faults: list[CrossFault] = []
    if not scenario.places(policy.places) & set(scenario.laboratory_names):
        faults.append(
            CrossFault(
                (*path, "places"),
                "there is no laboratory where this rule could hold",
                listed(scenario.laboratory_names),
            )
        )
    if policy.ramp_days > 0.0:
        faults.append(
            CrossFault(
                (*path, "ramp_days"), "a rule holds or does not hold", "lag_days for a later start"
            )
        )
    return faults
