"""Patients who need red cells, and those among them for whom there were not enough."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Episode:
    """A patient who needs red cells.

    Attributes
    ----------
    requested, due : float
        Hours: when blood was asked for, and by when its urgency wants it.
    site, blood_group : int
    missing : int
        Units not yet issued.
    urgency, use : int
        Positions in ``URGENCIES`` and ``USES``.
    antibodies, o_positive_allowed, valid_sample : bool
    late : bool
        Already recorded as late.
    """

    requested: float
    due: float
    site: int
    blood_group: int
    missing: int
    urgency: int
    use: int
    antibodies: bool
    o_positive_allowed: bool
    valid_sample: bool
    late: bool = False


class WaitingPatients:
    """Patients who wait for a delivery because nothing compatible is left.

    Parameters
    ----------
    sites : int
    """

    def __init__(self, sites: int) -> None:
        self._by_site: list[list[Episode]] = [[] for _ in range(sites)]

    def add(self, episode: Episode) -> None:
        """Let a patient wait."""
        self._by_site[episode.site].append(episode)

    def units(self, site: int, group: int) -> int:
        """Return the units for which patients of a group wait at a site."""
        waiting = self._by_site[site]
        if not waiting:
            return 0
        return sum(episode.missing for episode in waiting if episode.blood_group == group)

    def take_all(self, site: int) -> list[Episode]:
        """Take out everybody at a site: the most urgent first, then who is due first."""
        waiting, self._by_site[site] = self._by_site[site], []
        return sorted(waiting, key=lambda episode: (episode.urgency, episode.due))
