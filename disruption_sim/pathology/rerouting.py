"""Which samples go to another laboratory than the one they are meant for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from disruption_sim.disruption import Timeline
from disruption_sim.grid import minutes
from disruption_sim.pathology.origins import SOURCES, Origins
from disruption_sim.pathology.policy_steps import PolicySteps
from disruption_sim.pathology.travel import BY_VAN, DIRECT, FROM_PRACTICE, TUBE_TYPES, Travel
from disruption_sim.scenario.model import Reroute, Scenario

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Reroutes:
    """Policies that send samples another way, as arrays for the compiled pass.

    Attributes
    ----------
    shares : float64 (policies, origins, tube types)
        Share sent the other way at full strength; 0 for what is not meant for the laboratory
        that is to be relieved.
    steps : PolicySteps
    laboratory : int64 (policies,)
        Where they go.
    route : int64 (policies, origins)
    van : float64 (policies, origins)
        Hours in vans.

    Notes
    -----
    Only the distances of sites to the hub are known, so vans between sites are taken to go by way
    of it (an assumption that is exact for the hub itself and too long for neighbours). What is
    taken at the very site to which it is sent needs no van at all.

    A sample that is taken again goes where the first one went, in the usual time of its source.
    """

    shares: Floats
    steps: PolicySteps
    laboratory: Integers
    route: Integers
    van: Floats

    @classmethod
    def of(
        cls, scenario: Scenario, origins: Origins, travel: Travel, timeline: Timeline
    ) -> Reroutes:
        """Return the policies of an arm."""
        policies = timeline.policies(Reroute)
        network = scenario.network
        miles = [*(site.distance_to_hub_miles for site in network.sites), 0.0]
        per_mile = scenario.pathology.outpatient_van_minutes_per_mile
        shares = np.zeros((len(policies), origins.count, len(TUBE_TYPES)))
        route = np.zeros((len(policies), origins.count), dtype=np.int64)
        van = np.zeros((len(policies), origins.count))
        laboratory = np.zeros(len(policies), dtype=np.int64)
        for number, (policy, _) in enumerate(policies):
            meant_for = scenario.laboratory_names.index(policy.from_laboratory)
            laboratory[number] = to = scenario.laboratory_names.index(policy.to_laboratory)
            types = [TUBE_TYPES.index(tube_type) for tube_type in policy.tube_types]
            for origin, (place, source) in enumerate(
                zip(origins.place, origins.source, strict=True)
            ):
                if SOURCES[source] not in policy.sources:
                    continue
                for tube_type in types:
                    if travel.laboratory[origin, tube_type] == meant_for:
                        shares[number, origin, tube_type] = policy.share
                if place >= origins.site_count:
                    borough = network.boroughs[place - origins.site_count]
                    route[number, origin] = FROM_PRACTICE
                    van[number, origin] = minutes(borough.van_minutes + miles[to] * per_mile)
                elif place == to:
                    route[number, origin] = DIRECT
                else:
                    route[number, origin] = BY_VAN
                    van[number, origin] = minutes((miles[place] + miles[to]) * per_mile)
        return cls(
            shares=shares,
            steps=PolicySteps.of([strength for _, strength in policies]),
            laboratory=laboratory,
            route=route,
            van=van,
        )
