"""Group-and-screen samples of patients who wait for blood."""

from __future__ import annotations

import math
from collections.abc import Callable

import simpy

from disruption_sim.grid import minutes
from disruption_sim.randomness import hash_uniform
from disruption_sim.records import BenchJob
from disruption_sim.scenario.model import Scenario, Step, TubeType
from disruption_sim.transfusion.bench import SAMPLES, Bench
from disruption_sim.transfusion.circumstances import Circumstances
from disruption_sim.transfusion.ledger import Ledger
from disruption_sim.transfusion.waiting import Patient
from disruption_sim.world.model import URGENCIES, World

ROUTINE = URGENCIES.index("routine")


class PatientSamples:
    """Draws and tests the samples of patients who wait for blood.

    Parameters
    ----------
    env : simpy.Environment
    scenario : Scenario
    world : World
    circumstances : Circumstances
    benches : list of Bench
    ledger : Ledger

    Notes
    -----
    A sample takes minutes to be taken and brought; a refused one is taken again. The second sample,
    which confirms the group, is taken after the first one and tested beside it. The bench's hands
    are needed for each, by the urgency of the patient.
    """

    def __init__(
        self,
        env: simpy.Environment,
        scenario: Scenario,
        world: World,
        circumstances: Circumstances,
        benches: list[Bench],
        ledger: Ledger,
    ) -> None:
        times = scenario.transfusion.times
        self._env = env
        self._circumstances = circumstances
        self._benches = benches
        self._ledger = ledger
        self._taking = minutes(times.sample_minutes)
        self._screening = minutes(times.group_and_screen_minutes)
        self._grouping = minutes(times.group_specific_minutes)
        rules = scenario.pathology.step(Step.GROUP_AND_SCREEN)
        share = rules.rejected_share.get(TubeType.GROUP_AND_SCREEN, 0.0)
        by_hand = rules.manual_rejected_share.get(TubeType.GROUP_AND_SCREEN, share)
        self._refused_share = (share, by_hand)
        self._refused_key = world.key("transfusion.sample_refused")

    def draw(self, patient: Patient, urgency: int, due: float) -> None:
        """Draw what is missing of a patient's two samples, now."""
        first = patient.sampled == math.inf
        if first:
            patient.sampled = self._env.now + self._taking
            self._after(self._taking, lambda: self._first_comes(patient, urgency, due, 0))
        if patient.second == math.inf:
            delay = 2.0 * self._taking if first else self._taking
            patient.second = self._env.now + delay
            self._after(delay, lambda: self._second_comes(patient, urgency, due, 0))

    def expected(self, patient: Patient, wait: float) -> float:
        """Return when the sample will be tested and the group confirmed, as it looks now.

        Parameters
        ----------
        patient : Patient
            His samples are drawn or under way.
        wait : float
            Hours for a scientist.
        """
        now, site = self._env.now, patient.site
        screened, confirmed = patient.screened, patient.confirmed
        if screened == math.inf:
            hours = self._circumstances.hours(site, now, self._screening)
            screened = max(patient.sampled, now + wait) + hours
        if confirmed == math.inf:
            hours = self._circumstances.hours(site, now, self._grouping)
            confirmed = max(patient.second, now + wait) + hours
        return max(screened, confirmed)

    def _first_comes(self, patient: Patient, urgency: int, due: float, occasion: int) -> None:
        if self._refused(patient, 2 * occasion):
            patient.sampled = self._env.now + self._taking
            again = occasion + 1
            self._after(self._taking, lambda: self._first_comes(patient, urgency, due, again))
            return

        joined = self._env.now

        def test() -> float:
            now = self._env.now
            hours = self._circumstances.hours(patient.site, now, self._screening)
            patient.screened = now + hours
            return self._tested(patient, joined, second=False)

        self._queue(patient, urgency, due, test)

    def _second_comes(self, patient: Patient, urgency: int, due: float, occasion: int) -> None:
        if self._refused(patient, 2 * occasion + 1):
            patient.second = self._env.now + self._taking
            again = occasion + 1
            self._after(self._taking, lambda: self._second_comes(patient, urgency, due, again))
            return

        joined = self._env.now

        def test() -> float:
            now = self._env.now
            hours = self._circumstances.hours(patient.site, now, self._grouping)
            patient.confirmed = now + hours
            return self._tested(patient, joined, second=True)

        self._queue(patient, urgency, due, test)

    def _queue(self, patient: Patient, urgency: int, due: float, test: Callable[[], float]) -> None:
        priority = SAMPLES if urgency == ROUTINE else urgency
        hours, _ = self._circumstances.sample_work(patient.site, self._env.now)
        self._benches[patient.site].join(priority, due, hours, test)

    def _tested(self, patient: Patient, joined: float, *, second: bool) -> float:
        now, site = self._env.now, patient.site
        patient.sample_wait = max(patient.sample_wait, now - joined)
        self._ledger.close_days(now)
        hours, by_hand = self._circumstances.sample_work(site, now)
        self._ledger.samples(now, site, 1, by_hand, second=second)
        self._ledger.bench_job(now, site, BenchJob.GROUP_AND_SCREEN)
        if patient.known < math.inf:
            self._after(max(0.0, patient.known - now), lambda: self._tell(patient))
        return hours

    def _tell(self, patient: Patient) -> None:
        told, patient.when_known = patient.when_known, []
        for call in told:
            call()

    def _refused(self, patient: Patient, occasion: int) -> bool:
        by_hand = not self._circumstances.electronic(patient.site, self._env.now)
        share = self._refused_share[by_hand]
        return hash_uniform(self._refused_key, patient.number, occasion) < share

    def _after(self, hours: float, call: Callable[[], None]) -> None:
        self._env.timeout(hours).callbacks.append(lambda _: call())
