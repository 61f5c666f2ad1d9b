"""Wrong arguments are named at once, all of them, in words."""

from __future__ import annotations

import operator
from collections.abc import Collection
from dataclasses import dataclass

from disruption_sim.experiment.errors import ArgumentError
from disruption_sim.experiment.limits import LARGEST_SEED, MOST_REPLICATIONS
from disruption_sim.scenario import Scenario


@dataclass(frozen=True)
class Plan:
    """How often a scenario is to be run.

    Attributes
    ----------
    replications : tuple of int
        Their numbers, increasing.
    seed : int
    """

    replications: tuple[int, ...]
    seed: int


def checked_plan(
    scenario: object,
    replications: object,
    seed: object,
    workers: object,
    only: Collection[int] | None = None,
) -> Plan:
    """Check what `run` and `sweep` are given.

    Raises
    ------
    ArgumentError
        That says everything that is wrong.
    """
    wrong: list[str] = []
    if not isinstance(scenario, Scenario):
        wrong.append(
            f"scenario is {_shown(scenario)}; it must be a Scenario: load_scenario(name or path)"
        )
    count = _whole(replications)
    if count is None or not 1 <= count <= MOST_REPLICATIONS:
        wrong.append(
            f"replications is {_shown(replications)}; allowed: a whole number from 1 to "
            f"{MOST_REPLICATIONS:,}"
        )
    number = _whole(seed)
    if number is None or not 0 <= number <= LARGEST_SEED:
        wrong.append(f"seed is {_shown(seed)}; allowed: a whole number from 0 to 2**64 - 1")
    if workers is not None:
        hands = _whole(workers)
        if hands is None or hands < 1:
            wrong.append(f"workers is {_shown(workers)}; allowed: a whole number from 1, or None")
    chosen: tuple[int, ...] = () if wrong else tuple(range(count or 0))
    if only is not None:
        wanted = {_whole(item) for item in only}
        chosen = tuple(sorted(item for item in wanted if item is not None))
        inside = all(0 <= item < MOST_REPLICATIONS for item in chosen)
        if len(chosen) != len(only) or not chosen or not inside:
            wrong.append(
                f"only is {_shown(only)}; allowed: different whole numbers from 0 to "
                f"{MOST_REPLICATIONS - 1:,}"
            )
    if wrong:
        raise ArgumentError("; ".join(wrong))
    assert number is not None
    return Plan(chosen, number)


def _whole(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    try:
        return operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        return None


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
