"""Patients who need red cells, what is asked for them, and who waits for a delivery."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from disruption_sim.transfusion.bench import Job


@dataclass(slots=True, eq=False)
class Patient:
    """A patient for whom red cells are asked, as the laboratory knows him.

    Attributes
    ----------
    number : int
        For draws: the episode's number, and for operations those that follow.
    site, blood_group, use : int
        `use` in ``USES``.
    antibodies : bool
    always_crossmatched : bool
        Without antibodies and yet not eligible for electronic issue.
    o_positive_allowed : bool
        O-positive may be given unmatched and would be.
    least_days : int
        Days that units must last, for those who need fresh ones.
    sampled, second : float
        When the sample, and the one that confirms the group, is in the laboratory: -inf if that was
        long ago, inf if none has been drawn.
    screened, confirmed : float
        When the sample is tested and the group confirmed; inf while the bench has not come to it.
    sample_wait : float
        The longer of the waits of the two samples for a scientist, in hours.
    when_known : list of callable
        Called when the sample is tested and the group confirmed.
    """

    number: int
    site: int
    blood_group: int
    use: int
    antibodies: bool
    always_crossmatched: bool
    o_positive_allowed: bool
    least_days: int = 0
    sampled: float = math.inf
    second: float = math.inf
    screened: float = math.inf
    confirmed: float = math.inf
    sample_wait: float = 0.0
    when_known: list[Callable[[], None]] = field(default_factory=list)

    @property
    def known(self) -> float:
        """When the sample is tested and the group confirmed; inf while that is not known."""
        return max(self.screened, self.confirmed)


@dataclass(slots=True, eq=False)
class Request:
    """Red cells asked for a patient at one time.

    Attributes
    ----------
    patient : Patient
    requested, due : float
        Hours: when blood was asked for, and by when its urgency wants it.
    missing : int
        Units not yet issued.
    urgency : int
        Position in ``URGENCIES``.
    massive : bool
        A further pack of a major haemorrhage.
    job : Job or None
        At the bench.
    late_units : int
        Issued after the request was due.
    last_ready : float
        When the last unit issued so far is there.
    no_stock : bool
        Waited, or waits, for a delivery.
    bench_wait, sample_delay : float
        Hours that the units issued last waited for scientists, and for samples apart from that.
    """

    patient: Patient
    requested: float
    due: float
    missing: int
    urgency: int
    massive: bool = False
    job: Job | None = None
    late_units: int = 0
    last_ready: float = -math.inf
    no_stock: bool = False
    bench_wait: float = 0.0
    sample_delay: float = 0.0


class WaitingPatients:
    """Requests that wait for a delivery because nothing compatible is left.

    Parameters
    ----------
    sites : int
    """

    def __init__(self, sites: int) -> None:
        self._by_site: list[list[Request]] = [[] for _ in range(sites)]

    def add(self, request: Request) -> None:
        """Let a request wait."""
        self._by_site[request.patient.site].append(request)

    def units(self, site: int, group: int) -> int:
        """Return the units for which patients of a group wait at a site."""
        waiting = self._by_site[site]
        if not waiting:
            return 0
        return sum(r.missing for r in waiting if r.patient.blood_group == group)

    def take_all(self, site: int) -> list[Request]:
        """Take out everybody at a site: the most urgent first, then who is due first."""
        waiting, self._by_site[site] = self._by_site[site], []
        return sorted(waiting, key=lambda request: (request.urgency, request.due))
