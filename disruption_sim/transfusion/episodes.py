"""Patients who bleed outside planned operations, from the world to the laboratory's counter."""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import Any, NamedTuple

import numpy as np
import simpy

from disruption_sim.grid import minutes
from disruption_sim.randomness import hash_uniform
from disruption_sim.scenario.model import Scenario
from disruption_sim.transfusion.circumstances import Circumstances
from disruption_sim.transfusion.ledger import Ledger
from disruption_sim.transfusion.national import NationalStock
from disruption_sim.transfusion.route_times import RouteTimes
from disruption_sim.transfusion.routes import IMMEDIATE, ROUTINE, URGENT, Routes
from disruption_sim.transfusion.sample_load import SampleLoad
from disruption_sim.transfusion.waiting import Patient
from disruption_sim.world.blood import MAJOR_HAEMORRHAGE
from disruption_sim.world.model import World

SAMPLE_AGE_HOURS = 24.0
"""Wards take the sample the day before: a tested one is at most so old, evenly."""


class Episode(NamedTuple):
    """A row of `disruption_sim.world.model.BleedingEpisodes`."""

    time: float
    site: int
    use: int
    urgency: int
    blood_group: int
    units: int
    trauma: bool
    antibodies: bool
    always_crossmatched: bool
    history_on_file: bool
    tested_sample: bool
    o_positive_eligible: bool
    fresh: bool


class Episodes:
    """Lives through the world's episodes.

    A sample that was tested counts while its result can be read: with information technology, or if
    it was tested, on paper, since that was lost. A group is confirmed by the record of an earlier
    sample if that can be read, in the laboratory's system or in an offline copy of it. Patients for
    a routine transfusion whose sample was tested beforehand have given the second sample by then as
    well; all others give it when blood is asked for.

    A major haemorrhage is asked for in packs: the first at once, further ones at an interval, each
    a request of its own that is due as soon as an immediate one, because blood must keep coming.

    The injured are not asked for while ambulances take them elsewhere. In an alert of the blood
    service a share of routine patients do without.

    Parameters
    ----------
    env : simpy.Environment
    scenario : Scenario
    world : World
    circumstances : Circumstances
    national : NationalStock
    times : RouteTimes
    routes : Routes
    samples : SampleLoad
    ledger : Ledger
    """

    def __init__(
        self,
        env: simpy.Environment,
        scenario: Scenario,
        world: World,
        circumstances: Circumstances,
        national: NationalStock,
        times: RouteTimes,
        routes: Routes,
        samples: SampleLoad,
        ledger: Ledger,
    ) -> None:
        rules = scenario.transfusion
        self._env = env
        self._bleeding = world.bleeding
        self._circumstances = circumstances
        self._national = national
        self._limits = times.limits
        self._routes = routes
        self._samples = samples
        self._ledger = ledger
        self._pack_units = rules.major_haemorrhage.pack_units
        self._pack_interval = minutes(rules.major_haemorrhage.pack_interval_minutes)
        self._fresh_days = max(0, rules.shelf_life_days - rules.fresh_needs.most_days_old)
        numbers = np.arange(world.bleeding.time.size)
        (
            self._uptake,
            self._copied,
            self._sample_age,
            self._diverted,
            self._withheld,
        ) = (
            hash_uniform(world.key(f"transfusion.{purpose}"), numbers).tolist()
            for purpose in (
                "o_positive",
                "offline_copy",
                "sample_age",
                "trauma_diverted",
                "withheld_in_alert",
            )
        )

    def start(self) -> None:
        """Start the SimPy process."""
        self._env.process(self._bleed())

    def _bleed(self) -> Generator[simpy.Event, Any, None]:
        episodes, env = self._bleeding, self._env
        columns = [getattr(episodes, column).tolist() for column in Episode._fields]
        for number, row in enumerate(zip(*columns, strict=True)):
            episode = Episode(*row)
            time, site, units = episode.time, episode.site, episode.units
            if time > env.now:
                yield env.timeout(time - env.now)
            self._ledger.close_days(time)
            if episode.trauma and self._diverted[number] < self._circumstances.diverted_share(
                site, time
            ):
                self._ledger.divert(time, site, units)
                continue
            if episode.urgency == ROUTINE:
                cut = 1.0 - self._national.demand_kept(episode.blood_group)
                if self._withheld[number] < cut:
                    self._ledger.withhold(time, site, units)
                    continue
            patient = self._patient(number, episode)
            if episode.use == MAJOR_HAEMORRHAGE:
                self._ask_in_packs(patient, units)
            else:
                self._routes.ask(patient, units, episode.urgency)

    def _patient(self, number: int, episode: Episode) -> Patient:
        circumstances, now, site = self._circumstances, self._env.now, episode.site
        patient = Patient(
            number,
            site,
            episode.blood_group,
            episode.use,
            episode.antibodies,
            episode.always_crossmatched,
            episode.o_positive_eligible
            and self._uptake[number] < circumstances.o_positive_uptake(site, now),
            self._fresh_days if episode.fresh else 0,
        )
        electronic = circumstances.electronic(site, now)
        tested_at = now - SAMPLE_AGE_HOURS * self._sample_age[number]
        if episode.tested_sample and (
            electronic or tested_at >= circumstances.technology.lost_since(site, now)
        ):
            patient.sampled = patient.screened = -math.inf
        if episode.history_on_file and (
            electronic or self._copied[number] < circumstances.copied_share(site, now)
        ):
            patient.second = patient.confirmed = -math.inf
        elif patient.screened < now and episode.urgency == ROUTINE:
            patient.second = patient.confirmed = -math.inf
            self._samples.announce(site, np.array([now]), second=True)
        return patient

    def _ask_in_packs(self, patient: Patient, units: int) -> None:
        self._routes.ask(patient, min(units, self._pack_units), IMMEDIATE)
        units -= self._pack_units
        delay = self._pack_interval
        while units > 0:
            self._ask_later(patient, min(units, self._pack_units), delay)
            units -= self._pack_units
            delay += self._pack_interval

    def _ask_later(self, patient: Patient, units: int, delay: float) -> None:
        within = self._limits[IMMEDIATE]
        self._env.timeout(delay).callbacks.append(
            lambda _: self._routes.ask(patient, units, URGENT, within, massive=True)
        )
