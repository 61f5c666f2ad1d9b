"""The class in which a tube waits: by its source, unless a restriction or a rule says otherwise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from disruption_sim.disruption import Timeline
from disruption_sim.pathology.origins import SOURCES, Origins
from disruption_sim.scenario.model import DemandRestriction, Prioritisation, Scenario
from disruption_sim.step_function import StepFunction, combine

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.uint8]
Stations = npt.NDArray[np.int16]
Flags = npt.NDArray[np.bool_]

CLINICAL_PRIORITY = 0
FIRST_COME = 1
FRESHEST_FIRST = 2
RULES = {
    "clinical_priority": CLINICAL_PRIORITY,
    "first_come": FIRST_COME,
    "freshest_first": FRESHEST_FIRST,
}
# Of those that come first, in their turn. Results that wait to be entered back, in a later class,
# do not hold them up.
CLASS_OF_ALL = 0


def dispatch_rule(scenario: Scenario, timeline: Timeline, laboratory: str) -> StepFunction:
    """Return the rule of dispatch of a laboratory over time, a value of `RULES`.

    Of several policies that hold at once the last one in the file counts.
    """
    policies = [
        (RULES[policy.rule], strength)
        for policy, strength in timeline.policies(Prioritisation)
        if laboratory in scenario.places(policy.places)
    ]

    def last_in_force(strengths: list[float]) -> float:
        codes = [code for (code, _), value in zip(policies, strengths, strict=True) if value > 0.0]
        return codes[-1] if codes else CLINICAL_PRIORITY

    return combine([strength for _, strength in policies], last_in_force)


@dataclass(frozen=True, eq=False)
class UrgentRest:
    """What is still asked for under a restriction, where that is taken for urgent.

    Attributes
    ----------
    restricted : bool (origins,)
    dispatched_as : int
        The class of the source that it goes with.
    strength : StepFunction
        Above 0 while the restriction holds.
    """

    restricted: Flags
    dispatched_as: int
    strength: StepFunction


class Dispatch:
    """Gives tubes their classes, 0 first.

    Parameters
    ----------
    scenario : Scenario
    origins : Origins
    timeline : Timeline
    """

    def __init__(self, scenario: Scenario, origins: Origins, timeline: Timeline) -> None:
        order = [rules.name for rules in scenario.pathology.sources]
        ranks = np.array([order.index(source) for source in SOURCES], dtype=np.uint8)
        self._usual: Codes = ranks[origins.source]
        self._steps = len(scenario.pathology.steps_in_use)
        self._urgent = [
            UrgentRest(
                restricted=restricted_origins(scenario, origins, policy) > 0.0,
                dispatched_as=order.index(policy.rest_goes_as),
                strength=strength,
            )
            for policy, strength in timeline.policies(DemandRestriction)
            if policy.rest_goes_as is not None
        ]
        self._first_come = {
            number: rule.map(lambda code: float(code == FIRST_COME))
            for number, name in enumerate(scenario.laboratory_names)
            if FIRST_COME in (rule := dispatch_rule(scenario, timeline, name)).values
        }

    def classes(
        self, origin: Codes, collected: Floats, arrival: Floats, entry_station: Stations
    ) -> Codes:
        """Return the classes of tubes, uint8 (n,).

        A tube keeps its class when it is taken again. Where first come is the rule as it arrives,
        all tubes have one class; what waits in later classes by then goes on waiting.

        Parameters
        ----------
        origin : uint8 (n,)
        collected, arrival : float64 (n,)
        entry_station : int16 (n,)
            -1 for those that do not come.
        """
        found: Codes = self._usual[origin]
        for rest in self._urgent:
            tubes = np.flatnonzero(rest.restricted[origin])
            tubes = tubes[rest.strength.at_many(collected[tubes]) > 0.0]
            found[tubes] = np.minimum(found[tubes], rest.dispatched_as)
        for laboratory, first_come in self._first_come.items():
            first = laboratory * self._steps
            tubes = np.flatnonzero((entry_station >= first) & (entry_station < first + self._steps))
            found[tubes[first_come.at_many(arrival[tubes]) > 0.0]] = CLASS_OF_ALL
        return found


def restricted_origins(scenario: Scenario, origins: Origins, policy: DemandRestriction) -> Floats:
    """Return the share that a restriction at full strength defers of each origin, (origins,)."""
    places = scenario.places(policy.places)
    return np.array(
        [
            policy.sources.get(SOURCES[source], 0.0) if origins.places[place] in places else 0.0
            for place, source in zip(origins.place, origins.source, strict=True)
        ]
    )
