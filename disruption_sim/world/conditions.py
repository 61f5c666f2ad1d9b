"""Strikes and other conditions thin the timetable of every arm."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from disruption_sim.scenario.effects import condition_depth
from disruption_sim.scenario.model import Capability, Scenario


def open_sessions(
    scenario: Scenario,
    capability: Capability,
    place: str,
    start: npt.NDArray[np.float64],
    uniform: npt.NDArray[np.float64],
) -> npt.NDArray[np.bool_]:
    """Return which sessions take place under the conditions of every arm.

    Parameters
    ----------
    scenario : Scenario
    capability : Capability
        THEATRES or CLINICS.
    place : str
        Site.
    start : float64 (n,)
        Start of each session.
    uniform : float64 (n,)
        One number in [0, 1) for each session; it is closed where the number is below the depth.

    Notes
    -----
    The conditions of the built-in scenarios (strikes, announced weeks before) empty lists before
    anybody is booked into them, so a closed session is simply not in the timetable.
    """
    depth = condition_depth(scenario, capability, place)
    kept: npt.NDArray[np.bool_] = uniform >= depth.at_many(start)
    return kept
