"""Blood for planned operations: what is crossmatched beforehand, and what is needed in theatre."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import simpy

from disruption_sim.grid import HOURS_PER_DAY, to_grid
from disruption_sim.randomness import hash_uniform
from disruption_sim.records import BenchJob
from disruption_sim.scenario.model import Scenario
from disruption_sim.transfusion.bench import PLANNED, Bench, Job
from disruption_sim.transfusion.circumstances import Circumstances
from disruption_sim.transfusion.compatibility import SUBSTITUTION
from disruption_sim.transfusion.counter import Counter
from disruption_sim.transfusion.expected import ExpectedWork
from disruption_sim.transfusion.ledger import Ledger
from disruption_sim.transfusion.replenishment import Replenishment
from disruption_sim.transfusion.rosters import Roster
from disruption_sim.transfusion.route_times import RouteTimes
from disruption_sim.transfusion.routes import URGENT, Routes
from disruption_sim.transfusion.stock import HospitalStock, Taken
from disruption_sim.transfusion.waiting import Patient
from disruption_sim.world.model import USES, World

UNLIMITED_PLACES = 1_000_000
FOR_OPERATION = USES.index("operation")


@dataclass(slots=True, eq=False)
class Preparation:
    """Units that are, or are to be, set aside for one operation.

    Attributes
    ----------
    site, patient : int
    needed_at : float
        Hours: start of the operating list.
    units : int
    job : Job or None
        At the bench, while a scientist has not begun.
    ready : float
        When the units are crossmatched; inf while none are.
    """

    site: int
    patient: int
    needed_at: float
    units: int
    job: Job | None = None
    ready: float = math.inf


@dataclass(slots=True)
class OperationPatients:
    """What the laboratories know of patients for operations, as plain lists by their number."""

    blood_group: list[int] = field(default_factory=list)
    antibodies: list[bool] = field(default_factory=list)
    always_crossmatched: list[bool] = field(default_factory=list)
    history_on_file: list[bool] = field(default_factory=list)
    o_positive_eligible: list[bool] = field(default_factory=list)
    units_crossmatched: list[int] = field(default_factory=list)

    @classmethod
    def of(cls, world: World) -> OperationPatients:
        """Return the world's patients."""
        operations = world.operations
        return cls(
            operations.blood_group.tolist(),
            operations.antibodies.tolist(),
            operations.always_crossmatched.tolist(),
            operations.history_on_file.tolist(),
            operations.o_positive_eligible.tolist(),
            operations.units_crossmatched.tolist(),
        )


class Operations:
    """Prepares blood for operations and issues it in theatre.

    With information technology only patients who may not have electronic issue and for whom units
    are to be ready are prepared; without it everybody who is sent. A scientist crossmatches units
    of the own group first, which are the patient's until the reservation ends. If there are not
    enough they are ordered, and wait for the next delivery.

    In theatre what was set aside comes first, then the routes of urgent need. Without information
    technology a patient for whom nothing was set aside went ahead on group O and is given that.

    Parameters
    ----------
    env : simpy.Environment
    scenario : Scenario
    world : World
    circumstances : Circumstances
    stocks : list of HospitalStock
    benches : list of Bench
    rosters : list of Roster
    times : RouteTimes
    routes : Routes
    counter : Counter
    ledger : Ledger
    replenishment : Replenishment
    """

    def __init__(
        self,
        env: simpy.Environment,
        scenario: Scenario,
        world: World,
        circumstances: Circumstances,
        stocks: list[HospitalStock],
        benches: list[Bench],
        rosters: list[Roster],
        times: RouteTimes,
        routes: Routes,
        counter: Counter,
        ledger: Ledger,
        replenishment: Replenishment,
    ) -> None:
        rules = scenario.transfusion
        self._env = env
        self._circumstances = circumstances
        self._stocks = stocks
        self._benches = benches
        self._rosters = rosters
        self._times = times
        self._routes = routes
        self._counter = counter
        self._ledger = ledger
        self._replenishment = replenishment
        self._patients = OperationPatients.of(world)
        self._o_positive_key = world.key("transfusion.o_positive_for_operations")
        self._copy_key = world.key("transfusion.offline_copy_for_operations")
        self._first_number = world.bleeding.time.size
        self._units_by_hand = rules.units_by_hand_for_operation
        self._reservation_hours = to_grid(rules.reservation_hours)
        self._first_list_hour = to_grid(min(scenario.surgery.session_start_hours))
        self._expected = ExpectedWork.of(scenario)
        self._preparations: dict[int, Preparation] = {}
        self._short: list[list[Preparation]] = [[] for _ in stocks]

    # -------------------------------------------------------------------------------- preparation

    def places(self, site: int, day_start: float, since: float) -> int:
        """Return how many more patients the bench can crossmatch for the lists of a day.

        The hours of the scientists on duty from a time on, or from now if that is later, until the
        first list starts, so early that the last crossmatch is ready then, less the work that
        waits and cannot be done before, and what can be expected to come: samples, and crossmatches
        of patients who bleed. Those on call are not counted on. Without bound with information
        technology.
        """
        now = self._env.now
        if self._circumstances.electronic(site, now):
            return UNLIMITED_PLACES
        roster = self._rosters[site]
        begin = max(now, since)
        start = day_start + self._first_list_hour
        end = start - self._times.crossmatch(site, antibodies=False)
        each = self._times.planned_crossmatch(site)
        bleeding = self._times.hands_on_crossmatch(site)
        samples, crossmatches = self._expected.between(site, begin, end)
        waiting = self._benches[site].hours_of_planned_work(start)
        hours = roster.resident_hours(begin, end)
        hours -= max(0.0, waiting - roster.resident_hours(now, begin))
        hours -= samples * self._circumstances.sample_work(site, now)[0] + crossmatches * bleeding
        return max(0, math.floor(hours / each))

    def prepare(self, site: int, patient: int, needed_at: float) -> None:
        """Queue for a crossmatch, unless that has been done or is not needed."""
        if patient in self._preparations:
            return
        units = self._patients.units_crossmatched[patient]
        if self._circumstances.electronic(site, self._env.now):
            if not units or not self._needs_crossmatch(patient):
                return
        else:
            units = max(units, self._units_by_hand)
        preparation = Preparation(site, patient, needed_at, units)
        self._preparations[patient] = preparation
        self._queue(preparation)

    def prepared(self, patient: int) -> bool:
        """Whether units have been set aside for a patient and are ready in time."""
        preparation = self._preparations.get(patient)
        return preparation is not None and preparation.ready <= preparation.needed_at

    def release(self, patient: int) -> None:
        """Give up what was or is to be set aside."""
        preparation = self._preparations.pop(patient, None)
        if preparation is None:
            return
        if preparation.job is not None:
            preparation.job.cancelled = True
        self._ledger.close_days(self._env.now)
        self._stocks[preparation.site].give_back(patient)

    def try_again(self, site: int) -> None:
        """Queue again those for whom the stock was short, after a delivery."""
        short, self._short[site] = self._short[site], []
        for preparation in short:
            if self._stands(preparation):
                self._queue(preparation)

    def _stands(self, preparation: Preparation) -> bool:
        """Whether it has not been given up, and the operation is still to come."""
        return (
            self._preparations.get(preparation.patient) is preparation
            and self._env.now < preparation.needed_at
        )

    def _queue(self, preparation: Preparation) -> None:
        site = preparation.site
        hours = self._times.planned_crossmatch(site)
        job = self._benches[site].join(
            PLANNED, preparation.needed_at, hours, lambda: self._crossmatch(preparation)
        )
        preparation.job = None if job.begun else job

    def _crossmatch(self, preparation: Preparation) -> float:
        """Crossmatch units and set them aside; hours a scientist is busy."""
        preparation.job = None
        site, patient, now = preparation.site, preparation.patient, self._env.now
        if not self._stands(preparation):
            return 0.0
        if self._circumstances.electronic(site, now) and not self._needs_crossmatch(patient):
            return 0.0
        self._ledger.close_days(now)
        stock = self._stocks[site]
        groups = SUBSTITUTION[self._patients.blood_group[patient]]
        last_day = int(preparation.needed_at // HOURS_PER_DAY)
        if stock.available(groups, last_day) < preparation.units:
            self._short[site].append(preparation)
            self._replenishment.order_in_emergency(site, groups[0])
            return 0.0
        until = preparation.needed_at + self._reservation_hours
        taken = stock.reserve(patient, groups, preparation.units, until, last_day)
        antibodies = self._patients.antibodies[patient]
        preparation.ready = now + self._times.crossmatch(site, antibodies=antibodies)
        self._ledger.bench_job(now, site, BenchJob.CROSSMATCH)
        self._counter.check_stock(site, taken)
        return self._times.planned_crossmatch(site)

    def _needs_crossmatch(self, patient: int) -> bool:
        patients = self._patients
        return patients.antibodies[patient] or patients.always_crossmatched[patient]

    # -------------------------------------------------------------------------------- in theatre

    def request(self, site: int, number: int, units: int, *, sampled: bool) -> None:
        """Ask for red cells during an operation, now.

        Parameters
        ----------
        site, number : int
            `number` of the patient in the world's operations.
        units : int
        sampled : bool
            A valid, tested sample is in the laboratory and the group is confirmed.
        """
        now = self._env.now
        self._ledger.close_days(now)
        preparation = self._preparations.get(number)
        taken: list[Taken] = []
        ready = now
        if preparation is not None:
            if preparation.job is not None:
                preparation.job.cancelled = True
            taken = self._stocks[site].take_reserved(number, units)
            ready = max(now, preparation.ready) if taken else now
        self._routes.ask(
            self._as_patient(site, number, sampled=sampled),
            units,
            URGENT,
            set_aside=taken,
            ready=ready,
            unmatched=not taken and not self._circumstances.electronic(site, now),
        )

    def short_units(self, site: int, group: int) -> int:
        """Return the units that are missing at a site to set aside for patients of a group."""
        return sum(
            preparation.units
            for preparation in self._short[site]
            if self._patients.blood_group[preparation.patient] == group
            and self._stands(preparation)
        )

    def _as_patient(self, site: int, number: int, *, sampled: bool) -> Patient:
        patients, circumstances, now = self._patients, self._circumstances, self._env.now
        uptake = circumstances.o_positive_uptake(site, now)
        patient = Patient(
            self._first_number + number,
            site,
            patients.blood_group[number],
            FOR_OPERATION,
            patients.antibodies[number],
            patients.always_crossmatched[number],
            patients.o_positive_eligible[number]
            and hash_uniform(self._o_positive_key, number) < uptake,
        )
        if sampled:
            patient.sampled = patient.screened = -math.inf
        if sampled or self._on_record(site, number):
            patient.second = patient.confirmed = -math.inf
        return patient

    def _on_record(self, site: int, number: int) -> bool:
        """Whether the group of a patient is on record and the record can be read."""
        if not self._patients.history_on_file[number]:
            return False
        now = self._env.now
        return self._circumstances.electronic(site, now) or hash_uniform(
            self._copy_key, number
        ) < self._circumstances.copied_share(site, now)
