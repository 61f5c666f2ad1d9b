"""When machines of laboratories break down: drawn by machine, the same in every arm."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from disruption_sim.grid import to_grid
from disruption_sim.randomness import stream
from disruption_sim.scenario.model import Breakdowns
from disruption_sim.world.model import World

Times = npt.NDArray[np.float64]

# A lognormal repair whose standard deviation is its mean: a reset, or an engineer with a part.
REPAIR_SIGMA = float(np.sqrt(np.log(2.0)))
HOURS_PER_DAY = 24.0


def draw_breakdowns(
    world: World, rules: Breakdowns, station: str, machine: int, end: float
) -> tuple[Times, Times]:
    """Return when one machine breaks down and when it is repaired.

    Every machine has draws of its own, so a laboratory with one more changes nothing for the rest.

    Parameters
    ----------
    world : World
        Its seed and replication.
    rules : Breakdowns
    station : str
        Name of the station, such as ``"kings.chemistry"``.
    machine : int
        Number at the station, from 0.
    end : float
        Hours; breakdowns that start later are left out.

    Returns
    -------
    start, repaired : float64 (breakdowns,)
        Hours on the grid, in order. Each is repaired before the next.
    """
    # Two streams, so that a later end leaves what was drawn before as it is.
    lasting, repairing = (
        stream(world.seed, world.replication, f"breakdowns.{station}.{machine}.{purpose}")
        for purpose in ("lasting", "repairing")
    )
    mean_up = HOURS_PER_DAY * rules.days_between
    count = int(end / mean_up) + 1
    # More than come with any likelihood; fewer would end the breakdowns before the end.
    count += int(6.0 * np.sqrt(count)) + 6
    up = lasting.exponential(mean_up, count)
    normal = repairing.standard_normal(count)
    down = rules.repair_hours * np.exp(REPAIR_SIGMA * normal - 0.5 * REPAIR_SIGMA**2)
    repaired = to_grid(np.cumsum(up + down))
    start = to_grid(np.cumsum(up + down) - down)
    kept = (start < end) & (repaired > start)
    return start[kept], repaired[kept]
