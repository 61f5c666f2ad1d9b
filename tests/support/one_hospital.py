"""One hospital at its full volume with a hub and one borough: laboratories that feel an outage."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from disruption_sim.disruption import Timeline
from disruption_sim.pathology import Pathology
from disruption_sim.pathology.intake import Intake
from disruption_sim.pathology.origins import Origins
from disruption_sim.pathology.travel import Travel
from disruption_sim.records import PathologyRecords
from disruption_sim.scenario import Scenario, load_scenario
from disruption_sim.scenario.model import Policy
from disruption_sim.scenario.pathology import Pathology as Laboratories
from disruption_sim.scenario.writing import plain_scenario
from disruption_sim.world import World, draw_world
from disruption_sim.world.days import Days
from tests.support.small_scenario import small_scenario, unfitted

SITE, BOROUGH = "kings", "lambeth"
WARM_UP_WEEKS = 6
OUTAGE_DAYS = 14.0


@lru_cache(maxsize=1)
def one_hospital() -> Scenario:
    """Return an outage of two weeks at one hospital and its hub, nine weeks in all, no policies."""
    full = load_scenario("synnovis-2024")
    small = small_scenario((SITE,))
    volumes = next(site for site in full.network.sites if site.name == SITE).tubes_per_weekday
    network = small.network.model_copy(
        update={
            "sites": tuple(
                site.model_copy(update={"tubes_per_weekday": volumes})
                for site in small.network.sites
            ),
            "boroughs": tuple(
                borough.model_copy(update={"tubes_per_weekday": 3000.0})
                for borough in small.network.boroughs
            ),
        }
    )
    return small.model_copy(
        update={
            "calendar": small.calendar.model_copy(update={"horizon_weeks": 3}),
            "network": network,
            "pathology": Laboratories.model_validate(unfitted(plain_scenario(full)["pathology"])),
            "disruptions": tuple(
                effect.model_copy(update={"duration_days": OUTAGE_DAYS})
                for effect in small.disruptions
            ),
            "policies": (),
        }
    )


@lru_cache(maxsize=1)
def its_world() -> World:
    """Return the world of the hospital, the same for every arm."""
    return draw_world(one_hospital(), seed=7, replication=0)


def with_policies(*policies: Policy) -> Scenario:
    """Return the outage with some policies."""
    return one_hospital().model_copy(update={"policies": policies})


def intake_of(policies: Sequence[Policy], **of_sources: object) -> Intake:
    """Take in the hospital's world under the outage and some policies; no laboratory works.

    `of_sources` are changes to the rules of every source.
    """
    scenario = with_policies(*policies)
    if of_sources:
        rules = tuple(rule.model_copy(update=of_sources) for rule in scenario.pathology.sources)
        pathology = scenario.pathology.model_copy(update={"sources": rules})
        scenario = scenario.model_copy(update={"pathology": pathology})
    origins = Origins.of(scenario)
    travel = Travel.of(scenario, origins, Days.of(scenario.calendar).working)
    return Intake(scenario, its_world(), origins, travel, Timeline(scenario))


def refusing_nothing(scenario: Scenario) -> Scenario:
    """Return a scenario whose laboratories take every sample, for what is about something else."""
    rules = scenario.pathology
    steps = tuple(
        step.model_copy(update={"rejected_share": {}, "manual_rejected_share": {}})
        for step in rules.steps
    )
    return scenario.model_copy(update={"pathology": rules.model_copy(update={"steps": steps})})


def live(scenario: Scenario) -> tuple[Pathology, PathologyRecords]:
    """Let the laboratories live the hospital's world under a scenario, in one go."""
    pathology = Pathology(scenario, its_world(), Timeline(scenario))
    return pathology, pathology.finish()


@lru_cache(maxsize=1)
def baseline() -> tuple[Pathology, PathologyRecords]:
    """Return the arm in which nothing goes wrong."""
    return live(one_hospital().without_disruption())


@lru_cache(maxsize=1)
def outage() -> tuple[Pathology, PathologyRecords]:
    """Return the outage about which nothing is done."""
    return live(one_hospital())


def outage_weeks(counts: np.ndarray[Any, np.dtype[Any]]) -> np.ndarray[Any, np.dtype[Any]]:
    """Return the rows of the two weeks of the outage."""
    return counts[WARM_UP_WEEKS : WARM_UP_WEEKS + 2]


def same_records(one: PathologyRecords, other: PathologyRecords, but: Sequence[str] = ()) -> bool:
    """Whether two records are equal to the last bit; what is not a number is so in both."""
    for name in one.__dataclass_fields__:
        first, second = np.asarray(getattr(one, name)), np.asarray(getattr(other, name))
        not_a_number = first.dtype.kind == "f"
        if name not in but and not np.array_equal(first, second, equal_nan=not_a_number):
            return False
    return True
