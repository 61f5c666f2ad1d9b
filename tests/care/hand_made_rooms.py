"""Laboratories and a blood bank that do as they are told, and theatres that run against them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt
import simpy

from disruption_sim.care.theatres import Theatres
from disruption_sim.disruption import Timeline
from disruption_sim.records import Cause, DoneOn, SurgeryRecords
from disruption_sim.scenario import Scenario, with_overrides
from disruption_sim.world import World, draw_world
from tests.support.small_scenario import small_scenario

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int32]
Codes = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]
Identities = npt.NDArray[np.uint64]

ADMISSIONS = 800


class PromptLaboratories:
    """Every sample is reported a stated time after it is taken, unless it is lost."""

    def __init__(
        self,
        turnaround: Callable[[Floats], Floats] = lambda collected: np.full(collected.size, 6.0),
        loses: Callable[[Floats], Flags] = lambda collected: np.zeros(collected.size, np.bool_),
        *,
        withholds: bool = False,
    ) -> None:
        self.now = 0.0
        self.turnaround = turnaround
        self.loses = loses
        self.withholds = withholds
        self.collected = np.zeros(0)
        self.types = np.zeros(0, dtype=np.uint8)
        self.sources: set[int] = set()
        self.identities: set[int] = set()

    def advance_to(self, now: float) -> None:
        assert now >= self.now
        self.now = now

    def submit(
        self,
        collected: Floats,
        site: int,
        source: int,
        tube_types: Codes,
        identities: Identities,
    ) -> Numbers:
        assert collected.size == tube_types.size == identities.size > 0
        # One sample is asked for once.
        assert self.identities.isdisjoint(identities.tolist())
        self.identities.update(identities.tolist())
        assert np.all(collected >= self.now)
        # On the grid, so that the laboratories' arithmetic stays exact.
        assert np.all(collected * 2**20 == np.rint(collected * 2**20))
        first = self.collected.size
        self.collected = np.concatenate([self.collected, collected])
        self.types = np.concatenate([self.types, tube_types])
        self.sources.add(source)
        return np.arange(first, self.collected.size, dtype=np.int32)

    def collected_at(self, ids: Numbers) -> Floats:
        assert np.all(ids >= 0)
        found: Floats = self.collected[ids]
        return np.where(self._lost(ids), np.nan, found) if self.withholds else found

    def reported_at(self, ids: Numbers) -> Floats:
        collected = self.collected[ids]
        reported = collected + self.turnaround(collected)
        known = (reported <= self.now) & ~self.lost(ids)
        return np.where(known, reported, np.nan)

    def lost(self, ids: Numbers) -> Flags:
        assert np.all(ids >= 0)
        return self._lost(ids)

    def _lost(self, ids: Numbers) -> Flags:
        return self.loses(self.collected[ids])


@dataclass(frozen=True)
class Request:
    """What the blood bank was asked for."""

    time: float
    site: int
    patient: int
    units: int
    sampled: bool
    prepared: bool


@dataclass(frozen=True)
class Prepared:
    """A crossmatch that was ordered ahead."""

    time: float
    site: int
    patient: int
    needed_at: float


class ObligingBank:
    """A blood bank whose state is a function of time.

    What it is asked to prepare is ready `bench_hours` later, unless it is given up before.
    """

    def __init__(
        self,
        electronic: Callable[[float], bool] = lambda now: True,
        places: int = 0,
        compatible: Callable[[float], bool] = lambda now: True,
        group_o_days: float | Callable[[float], float] = 5.0,
        bench_hours: float = 1.0,
    ) -> None:
        self.env: simpy.Environment
        self.electronic = electronic
        self.places = places
        self.compatible = compatible
        self.group_o_days = group_o_days
        self.bench_hours = bench_hours
        self.requests: list[Request] = []
        self.orders: list[Prepared] = []
        self.released: list[tuple[float, int]] = []
        self.first_samples: list[float] = []
        self.second_samples: list[float] = []
        self.ready: dict[int, float] = {}

    def electronic_issue(self, site: int) -> bool:
        return self.electronic(self.env.now)

    def places_for_operations(self, site: int, day_start: float, since: float) -> int:
        assert day_start % 24.0 == 0.0
        assert self.env.now <= since < day_start + 24.0
        if self.electronic(self.env.now):
            return 1_000_000
        day = [order for order in self.orders if order.needed_at // 24.0 == day_start // 24.0]
        taken = sum(order.site == site and order.patient in self.ready for order in day)
        return max(self.places - taken, 0)

    def group_o_stock_days(self, site: int) -> float:
        days = self.group_o_days
        return days if isinstance(days, float) else days(self.env.now)

    def has_compatible(self, site: int, blood_group: int, units: int) -> bool:
        assert units > 0
        return self.compatible(self.env.now)

    def prepare(self, site: int, patient: int, needed_at: float) -> None:
        # Nobody is handed over twice, nor too late.
        assert patient not in self.ready
        assert needed_at > self.env.now
        self.orders.append(Prepared(self.env.now, site, patient, needed_at))
        self.ready[patient] = self.env.now + self.bench_hours

    def prepared(self, patient: int) -> bool:
        return self.ready[patient] <= self.env.now

    def release(self, patient: int) -> None:
        del self.ready[patient]
        self.released.append((self.env.now, patient))

    def samples_taken(self, site: int, collected: Floats, *, second: bool = False) -> None:
        assert np.all(collected >= self.env.now)
        (self.second_samples if second else self.first_samples).extend(collected.tolist())

    def request_for_operation(self, site: int, patient: int, units: int, *, sampled: bool) -> None:
        prepared = patient in self.ready and self.prepared(patient)
        self.requests.append(Request(self.env.now, site, patient, units, sampled, prepared))


@dataclass(frozen=True)
class Run:
    """One arm of theatres alone."""

    scenario: Scenario
    world: World
    records: SurgeryRecords
    laboratories: PromptLaboratories
    bank: ObligingBank

    def waiting(self, time: float) -> int:
        """Patients on the list at a time, booked or not."""
        referred = np.count_nonzero(self.world.operations.clock_start <= time)
        done = np.count_nonzero(self.records.done_at <= time)
        return int(referred - done - np.count_nonzero(self.records.removed_at <= time))

    def set_aside_before(self, time: float) -> Flags:
        """Patients for whom a crossmatch was ordered before a time."""
        found = np.zeros(self.world.operations.site.size, dtype=np.bool_)
        found[[order.patient for order in self.bank.orders if order.time < time]] = True
        return found

    def events(self, *causes: int) -> Flags:
        """Which postponements have one of these causes."""
        return np.isin(self.records.postponed_cause, causes)


def world_of(scenario: Scenario, seed: int = 1) -> World:
    """Draw the world of a scenario."""
    return draw_world(scenario, seed, 0)


def busy_scenario(*, disruption: bool = False, **changes: object) -> Scenario:
    """Return two hospitals with about 320 operations a week, for 14 weeks."""
    values: dict[str, object] = {
        "surgery.elective_admissions_per_week": ADMISSIONS,
        "surgery.beds.ward_occupancy": 0.8,
        "surgery.beds.critical_care_occupancy": 0.65,
    }
    values |= {key.replace("__", "."): value for key, value in changes.items()}
    busy, _ = with_overrides(small_scenario(disruption=disruption), values)
    return busy


def run_theatres(
    scenario: Scenario,
    laboratories: PromptLaboratories | None = None,
    bank: ObligingBank | None = None,
    world: World | None = None,
) -> Run:
    """Run the theatres of one arm to the end of the calendar."""
    env = simpy.Environment()
    laboratories = laboratories or PromptLaboratories()
    bank = bank or ObligingBank()
    bank.env = env
    world = world or world_of(scenario.without_disruption())
    theatres = Theatres(env, scenario, world, Timeline(scenario), laboratories, bank)
    theatres.start()
    env.run(until=scenario.calendar.end_hour)
    return Run(scenario, world, theatres.finish(), laboratories, bank)


def with_policies(scenario: Scenario, *policies: object) -> Scenario:
    """Return a scenario with these policies alone."""
    return scenario.model_copy(update={"policies": tuple(policies)})


def with_removal(world: World, removal: Floats) -> World:
    """Return a world in which patients leave the list untreated at other times."""
    return replace(world, operations=replace(world.operations, removal=removal))


def silent_from(hour: float, hours: float) -> PromptLaboratories:
    """Nothing that is taken from an hour on, for so many hours, is ever reported."""
    return PromptLaboratories(
        lambda collected: np.where((collected >= hour) & (collected < hour + hours), np.inf, 6.0)
    )


def assert_equal(first: SurgeryRecords, second: SurgeryRecords) -> None:
    for field in fields(SurgeryRecords):
        np.testing.assert_array_equal(
            getattr(first, field.name), getattr(second, field.name), err_msg=field.name
        )


def assert_conserved(run: Run) -> None:
    records, operations = run.records, run.world.operations
    end = run.scenario.calendar.end_hour
    done, removed = ~np.isnan(records.done_at), ~np.isnan(records.removed_at)
    assert not np.any(done & removed)
    referred = operations.clock_start <= end
    assert not np.any((done | removed) & ~referred)
    assert np.all(records.done_at[done] >= operations.clock_start[done])
    assert np.all(records.done_at[done] < end)
    # Whoever has passed the moment of removal and was not booked then has been removed.
    never_moved = ~done & ~removed & referred
    overdue = never_moved & (operations.removal <= end)
    if not run.records.transferred.size:
        assert not np.any(overdue)
    assert np.count_nonzero(overdue) <= run.records.transferred.size
    assert np.count_nonzero(referred) == done.sum() + removed.sum() + never_moved.sum()
    # Nobody is postponed after the operation, and the decision comes before the list.
    patient = records.postponed_patient
    assert not np.any(records.postponed_at >= records.done_at[patient] + 0.0)
    assert np.all(records.postponed_decided_at <= records.postponed_at)
    assert np.all(np.diff(records.postponed_at) >= 0.0)
    assert np.all(records.busy_hours <= records.list_hours)
    causes = np.bincount(records.postponed_cause, minlength=len(Cause))
    assert causes.size == len(Cause)
    assert causes.sum() == records.postponed_at.size
    # Everybody was operated on in one place, and what was done fits the lists that were run.
    assert np.all(records.done_on[~done] == 0)
    assert np.array_equal(
        np.sort(records.transferred), np.flatnonzero(records.done_on == DoneOn.OTHER_HOSPITAL)
    )
    extra = records.extra_lists_run.sum(axis=1)
    assert np.all(records.flexible_lists_run + extra <= records.lists_run)
