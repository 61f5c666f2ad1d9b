"""What the parts of the pathology section owe each other: tube types, steps, their places."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from disruption_sim.scenario.faults import CrossFault, KeyPath, listed
from disruption_sim.scenario.pathology import (
    PEOPLE_STEPS,
    RECEPTION_STEPS,
    LaboratoryDifference,
    SourceRules,
    StepRules,
    path,
)
from disruption_sim.scenario.sections import Source, Step, TubeType

if TYPE_CHECKING:
    from disruption_sim.scenario.model import Scenario

# Steps that go by hand while their information technology is lost.
STEPS_BY_HAND = frozenset({"booking_in", "group_and_screen", "authorisation", "reporting"})

MACHINES_NEED = ("planned_utilisation", "least_servers")
NO_LABORATORY = "practices have no laboratory of their own"
ONLY_OF_MACHINES = (*MACHINES_NEED, "unlimited", "breakdowns")


def laboratory_faults(scenario: Scenario) -> list[CrossFault]:
    """Return the faults of laboratories that no field shows alone."""
    rules = scenario.pathology
    faults: list[CrossFault] = []
    for index, source in enumerate(rules.sources):
        faults += _destinations(("pathology", "sources", index), source)
        faults += _limits(("pathology", "sources", index), source)
    for index, step in enumerate(rules.steps):
        where: KeyPath = ("pathology", "steps", index)
        faults += _minutes(where, step, rules.tube_types_in_use)
        faults += _servers(where, step)
        faults += _rejected(where, step)
    faults += _differences(scenario)
    faults += [
        CrossFault(("pathology", "switched_on"), f"'{name}' stands {count} times", "each kind once")
        for name, count in Counter(rules.switched_on).items()
        if count > 1
    ]
    return faults


def _passing(step: Step) -> tuple[TubeType, ...]:
    return tuple(tube_type for tube_type in TubeType if step in path(tube_type))


def _foreign(where: KeyPath, step: Step, table: Iterable[TubeType]) -> list[CrossFault]:
    passing = _passing(step)
    return [
        CrossFault((*where, tube.value), "such tubes do not pass this step", listed(passing))
        for tube in table
        if tube not in passing
    ]


def _destinations(where: KeyPath, source: SourceRules) -> list[CrossFault]:
    faults = []
    of_practices = source.name is Source.GENERAL_PRACTICE
    if of_practices and source.laboratory == "local":
        faults.append(CrossFault((*where, "laboratory"), NO_LABORATORY, "hub"))
    for tube, laboratory in source.laboratory_by_tube_type.items():
        here: KeyPath = (*where, "laboratory_by_tube_type", tube.value)
        if tube is TubeType.GROUP_AND_SCREEN:
            problem = "group-and-screen samples stay with the blood they are for"
            faults.append(CrossFault(here, problem, "other tube types"))
        elif of_practices and laboratory == "local":
            faults.append(CrossFault(here, NO_LABORATORY, "hub"))
    return faults


def _limits(where: KeyPath, source: SourceRules) -> list[CrossFault]:
    if source.outer_limit_hours >= source.standard_hours:
        return []
    problem = f"is {source.outer_limit_hours:g} h, before the standard"
    allowed = f"{source.standard_hours:g} h or more"
    return [CrossFault((*where, "outer_limit_hours"), problem, allowed)]


def _minutes(where: KeyPath, step: StepRules, in_use: tuple[TubeType, ...]) -> list[CrossFault]:
    faults = []
    by_hand = step.name in STEPS_BY_HAND
    for key in ("minutes", "manual_minutes") if by_hand else ("minutes",):
        table = getattr(step, key)
        missing = [t.value for t in _passing(step.name) if t in in_use and t not in table]
        if missing:
            allowed = "minutes for every tube type that passes"
            faults.append(CrossFault((*where, key), f"no minutes for {listed(missing)}", allowed))
        faults += _foreign((*where, key), step.name, table)
    if step.manual_minutes and not by_hand:
        faults.append(_not_by_hand(where))
    return faults


def _not_by_hand(where: KeyPath) -> CrossFault:
    return CrossFault(
        (*where, "manual_minutes"),
        "this step does not change when information technology is lost",
        f"manual_minutes for {listed(sorted(STEPS_BY_HAND))}",
    )


def _servers(where: KeyPath, step: StepRules) -> list[CrossFault]:
    """People share one roster; machines need places, either counted or as many as it takes."""
    if step.name in PEOPLE_STEPS:
        return [
            CrossFault(
                (*where, key),
                "the people of a laboratory share this step, so it has no places of its own",
                "pathology.people",
            )
            for key in ONLY_OF_MACHINES
            if getattr(step, key)
        ]
    if step.unlimited:
        return [
            CrossFault((*where, key), "has no meaning beside unlimited: true", "one of the two")
            for key in (*MACHINES_NEED, "breakdowns")
            if getattr(step, key) is not None
        ]
    return [
        CrossFault((*where, key), "is missing", f"{' and '.join(MACHINES_NEED)}, or unlimited")
        for key in MACHINES_NEED
        if getattr(step, key) is None
    ]


def _rejected(where: KeyPath, step: StepRules) -> list[CrossFault]:
    faults = []
    for key in ("rejected_share", "manual_rejected_share"):
        table = getattr(step, key)
        if table and step.name not in RECEPTION_STEPS:
            problem = "samples are refused where they are received"
            faults.append(CrossFault((*where, key), problem, listed(RECEPTION_STEPS)))
        else:
            faults += _foreign((*where, key), step.name, table)
    return faults


def _differences(scenario: Scenario) -> list[CrossFault]:
    faults = []
    seen: set[tuple[str, Step]] = set()
    for index, own in enumerate(scenario.pathology.laboratory_differences):
        where: KeyPath = ("pathology", "laboratory_differences", index)
        if own.laboratory not in scenario.laboratory_names:
            problem = f"there is no laboratory '{own.laboratory}'"
            allowed = listed(scenario.laboratory_names)
            faults.append(CrossFault((*where, "laboratory"), problem, allowed))
        if (own.laboratory, own.step) in seen:
            problem = f"{own.laboratory} and {own.step.value} stand together before"
            faults.append(CrossFault((*where, "step"), problem, "each step of a laboratory once"))
        seen.add((own.laboratory, own.step))
        faults += _own_minutes(where, own)
    return faults


def _own_minutes(where: KeyPath, own: LaboratoryDifference) -> list[CrossFault]:
    faults = _foreign((*where, "minutes"), own.step, own.minutes)
    if own.manual_minutes and own.step not in STEPS_BY_HAND:
        return [*faults, _not_by_hand(where)]
    return [*faults, *_foreign((*where, "manual_minutes"), own.step, own.manual_minutes)]
