"""What care needs from the laboratories, the blood bank and the incident: no room imports another.

Codes are positions in the scenario's tables and enumerations, as in `disruption_sim.world.model`.
"""

from __future__ import annotations

from typing import Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from disruption_sim.scenario.model import Policy, Scenario
from disruption_sim.step_function import StepFunction
from disruption_sim.world.identities import Identities

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int32]
Codes = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]
PolicyKind = TypeVar("PolicyKind", bound=Policy)

IN_HAND = -1
"""Number of a sample whose result was in hand before hour 0."""


class BloodTests(Protocol):
    """The laboratories as seen by those who take blood and wait for results."""

    def advance_to(self, now: float) -> None:
        """Let the laboratories work up to a time in hours."""

    def submit(
        self,
        collected: Floats,
        site: int,
        source: int,
        tube_types: Codes,
        identities: Identities,
    ) -> Numbers:
        """Announce samples that are taken from now on; return their numbers.

        Parameters
        ----------
        collected : float64 (n,)
            Hours, none earlier than now.
        site, source : int
        tube_types : uint8 (n,)
        identities : uint64 (n,)
            Who, and for the how-manieth time: from `sample_identities`.
        """

    def reported_at(self, ids: Numbers) -> Floats:
        """Return when results were reported: NaN not yet, -inf for `IN_HAND`."""

    def collected_at(self, ids: Numbers) -> Floats:
        """Return when the samples were taken, the last time if they were taken again.

        NaN for those that a restriction of demand kept from being taken.
        """

    def lost(self, ids: Numbers) -> Flags:
        """Return which samples will never give a result."""


class Blood(Protocol):
    """The blood bank as seen by those who plan and do operations."""

    def electronic_issue(self, site: int) -> bool:
        """Whether blood can be issued without a crossmatch at the bench."""

    def crossmatch_places(self, site: int, day_start: float) -> int:
        """How many elective patients of the day that starts then the bench can crossmatch for."""

    def group_o_stock_days(self, site: int) -> float:
        """Days for which the group O red cells in stock last."""

    def has_compatible(self, site: int, blood_group: int, units: int) -> bool:
        """Whether the stock holds so many units that the patient could have."""

    def request(
        self,
        site: int,
        blood_group: int,
        units: int,
        urgency: int,
        use: int,
        antibodies: bool,
        o_positive_allowed: bool,
        valid_sample: bool,
    ) -> None:
        """Ask for red cells now.

        Parameters
        ----------
        site, blood_group, units : int
        urgency, use : int
            Positions in ``URGENCIES`` and ``USES`` of `disruption_sim.world.model`.
        antibodies, o_positive_allowed, valid_sample : bool
        """


class Timeline(Protocol):
    """What was broken and decided in this arm."""

    @property
    def scenario(self) -> Scenario:
        """The arm's scenario, with its disruptions."""

    def policies(self, kind: type[PolicyKind]) -> list[tuple[PolicyKind, StepFunction]]:
        """Return the policies of one kind with their strength over time."""
