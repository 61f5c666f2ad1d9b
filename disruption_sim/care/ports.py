"""What care needs from the laboratories, the blood bank and the incident: no room imports another.

Codes are positions in the scenario's tables and enumerations, as in `disruption_sim.world.model`.
"""

from __future__ import annotations

from typing import Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from disruption_sim.scenario.model import Capability, Policy, Scenario
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
    """The blood bank as seen by those who plan and do operations.

    Patients are numbers of `disruption_sim.world.model.Operations`.
    """

    def electronic_issue(self, site: int) -> bool:
        """Whether blood can be issued without a crossmatch at the bench."""

    def places_for_operations(self, site: int, day_start: float, since: float) -> int:
        """How many more patients the bench can crossmatch for the operations of a day.

        Parameters
        ----------
        site : int
        day_start : float
            Midnight at the start of the day; those already prepared or queued for it are off.
        since : float
            When the bench is to begin with them: now, or the huddle before the day.
        """

    def group_o_stock_days(self, site: int) -> float:
        """Days for which the group O red cells in stock last."""

    def has_compatible(self, site: int, blood_group: int, units: int) -> bool:
        """Whether the stock holds so many units that the patient could have."""

    def prepare(self, site: int, patient: int, needed_at: float) -> None:
        """Crossmatch for a planned operation and set the units aside, ready by a time.

        Nothing if it is done or queued already. Patients eligible for electronic issue are not
        prepared while it is there: blood is issued for them when it is needed.
        """

    def prepared(self, patient: int) -> bool:
        """Whether units have been set aside for a patient."""

    def release(self, patient: int) -> None:
        """Give up what was or is to be set aside, because the operation does not happen."""

    def samples_taken(self, site: int, collected: Floats, *, second: bool = False) -> None:
        """Announce group-and-screen samples of patients for operations, which the bench will test.

        Parameters
        ----------
        site : int
        collected : float64 (n,)
            Hours, none earlier than now, in any order.
        second : bool
            They only confirm a blood group that no record shows.
        """

    def request_for_operation(self, site: int, patient: int, units: int, *, sampled: bool) -> None:
        """Ask for red cells during an operation, now; what was set aside comes first.

        Parameters
        ----------
        site, patient, units : int
        sampled : bool
            A valid, tested sample is in the laboratory, and the blood group is confirmed.
        """


class Timeline(Protocol):
    """What was broken and decided in this arm."""

    @property
    def scenario(self) -> Scenario:
        """The arm's scenario, with its disruptions."""

    def depth(self, capability: Capability, place: str) -> StepFunction:
        """Return the share of a capability that is lost at a place over time, 0 to 1."""

    def policies(self, kind: type[PolicyKind]) -> list[tuple[PolicyKind, StepFunction]]:
        """Return the policies of one kind with their strength over time."""
