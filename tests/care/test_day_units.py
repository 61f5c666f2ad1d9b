"""Day units against laboratories that do as they are told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pytest
import simpy

from disruption_sim.care.day_unit_chairs import Chairs
from disruption_sim.care.day_units import FIRST_TREATMENT, DayUnits
from disruption_sim.records import Cause, DayUnitRecords
from disruption_sim.scenario import Scenario, with_overrides
from disruption_sim.scenario.model import Source
from disruption_sim.world import World, draw_world
from disruption_sim.world.model import DayUnitPlaces
from tests.support.small_scenario import small_scenario

pytestmark = pytest.mark.integration

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int32]
Codes = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]
Identities = npt.NDArray[np.uint64]
Turnaround = Callable[[Floats], Floats]

CHEMOTHERAPY, DIALYSIS = 0, 1


class Laboratories:
    """Every tube is reported a stated time after it is taken, or lost."""

    def __init__(self, world: World, turnaround: Turnaround, lost_after: float = np.inf) -> None:
        self.now = 0.0
        self.collected = world.tubes.collected
        self.turnaround = turnaround
        self.lost_after = lost_after
        self.submitted: list[tuple[float, Floats, int, int, Codes]] = []
        self.identities: set[int] = set()

    def advance_to(self, now: float) -> None:
        assert now >= self.now
        self.now = now

    def submit(
        self, collected: Floats, site: int, source: int, tube_types: Codes, identities: Identities
    ) -> Numbers:
        assert collected.size == tube_types.size == identities.size > 0
        assert np.all(collected > self.now)
        assert np.all(collected * 2**20 == np.rint(collected * 2**20))
        # One sample is asked for once.
        assert self.identities.isdisjoint(identities.tolist())
        self.identities.update(identities.tolist())
        self.submitted.append((self.now, collected, site, source, tube_types))
        first = self.collected.size
        self.collected = np.concatenate([self.collected, collected])
        return np.arange(first, self.collected.size, dtype=np.int32)

    def collected_at(self, ids: Numbers) -> Floats:
        return self.collected[ids]

    def reported_at(self, ids: Numbers) -> Floats:
        collected = np.where(ids < 0, 0.0, self.collected[ids])
        reported = collected + self.turnaround(collected)
        return np.where(ids < 0, -np.inf, np.where(reported <= self.now, reported, np.nan))

    def lost(self, ids: Numbers) -> Flags:
        assert np.all(ids >= 0)
        collected = self.collected[ids]
        late = self.turnaround(collected) > self.lost_after
        return late & (collected + self.lost_after <= self.now)


def always(hours: float) -> Turnaround:
    return lambda collected: np.full(collected.shape, hours)


def never_between(first: float, end: float) -> Turnaround:
    return lambda collected: np.where((collected >= first) & (collected < end), np.inf, 1.0)


@dataclass(frozen=True)
class Run:
    """One arm of day units alone."""

    world: World
    records: DayUnitRecords
    laboratories: Laboratories

    def unit(self, treatments: npt.NDArray[np.integer] | slice = slice(None)) -> Codes:
        found: Codes = self.world.day_units.unit[self.world.day_treatments.place[treatments]]
        return found

    def moved(self, unit: int) -> int:
        """Events of a unit that are not ordinary."""
        records = self.records
        own = self.unit(records.postponed_treatment) == unit
        return int(np.count_nonzero(own & (records.postponed_cause != Cause.ORDINARY)))


def live(
    scenario: Scenario, world: World, turnaround: Turnaround, lost_after: float = np.inf
) -> Run:
    env = simpy.Environment()
    laboratories = Laboratories(world, turnaround, lost_after)
    units = DayUnits(env, scenario, world, laboratories)
    units.start()
    env.run(until=scenario.calendar.end_hour)
    return Run(world, units.finish(), laboratories)


def scenario_with(**values: object) -> Scenario:
    overrides = {
        f"outpatients.day_units.{key.replace('__', '.')}": value for key, value in values.items()
    }
    changed, _ = with_overrides(small_scenario(disruption=False), overrides)
    return changed


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return scenario_with()


@pytest.fixture(scope="module")
def world(scenario: Scenario) -> World:
    return draw_world(scenario, seed=1, replication=0)


def outage(scenario: Scenario, weeks: float = 2.0) -> Turnaround:
    onset = scenario.calendar.week_1_hour
    return never_between(onset, onset + 168.0 * weeks)


def test_prompt_results_leave_only_those_who_are_not_fit(scenario: Scenario, world: World) -> None:
    run = live(scenario, world, always(0.5))
    records, treatments = run.records, world.day_treatments
    assert np.all(records.postponed_cause == Cause.ORDINARY)
    expected = np.flatnonzero(treatments.ordinary_postponed)
    assert expected.size > 20
    np.testing.assert_array_equal(np.sort(records.postponed_treatment), expected)
    on_time = ~treatments.ordinary_postponed
    np.testing.assert_array_equal(records.done_at[on_time], treatments.start[on_time])
    assert records.waited_at.size == 0
    assert not records.at_the_bedside.any()
    # They come again in a week (a day, for dialysis) with new blood, as the old is too old.
    again = records.done_at[expected] - treatments.start[expected]
    days = np.where(run.unit(expected) == CHEMOTHERAPY, 7.0, 1.0)
    there = np.isfinite(again)
    assert np.all(again[there] > 24.0 * days[there] - 12.0)
    assert run.laboratories.submitted


@pytest.mark.parametrize("weeks", [0.0, 2.0, 100.0])
def test_nobody_is_lost(scenario: Scenario, world: World, weeks: float) -> None:
    treatments = world.day_treatments
    records = live(scenario, world, outage(scenario, weeks)).records
    events = np.bincount(records.postponed_treatment, minlength=records.done_at.size)
    waiting = np.isnan(records.done_at)
    same_day = np.floor(records.done_at / 24.0) == np.floor(treatments.start / 24.0)
    np.testing.assert_array_equal(events == 0, same_day)
    assert np.all(waiting <= (events > 0))
    assert np.all(np.diff(records.postponed_at) >= 0.0)
    done = records.done_at[records.postponed_treatment]
    assert np.all(np.isnan(done) | (records.postponed_at < done))
    assert not (records.at_the_bedside & waiting).any()


@pytest.mark.parametrize("weeks", [0.0, 2.0, 100.0])
def test_no_more_are_treated_than_there_are_chairs(
    scenario: Scenario, world: World, weeks: float
) -> None:
    """Those who are moved in come on chairs that were free, or on those added for the day."""
    run = live(scenario, world, outage(scenario, weeks))
    treatments, units = world.day_treatments, world.day_units
    day = np.floor(run.records.done_at / 24.0)
    came = np.isfinite(day) & (day > np.floor(treatments.start / 24.0))
    assert came.any()
    for overtime, chairs in ((False, units.free), (True, units.overtime)):
        used = np.zeros_like(chairs)
        own = came & (run.records.in_overtime == overtime)
        np.add.at(used, (treatments.place[own], day[own].astype(int)), 1)
        assert np.all(used <= chairs)


def test_chemotherapy_waits_for_its_result_and_then_goes_home(
    scenario: Scenario, world: World
) -> None:
    """Blood of one and a half to three hours before, results in five: two to three and a half."""
    run = live(scenario, world, always(5.0))
    records = run.records
    waits = run.unit(records.waited_treatment) == CHEMOTHERAPY
    assert waits.sum() > 100
    assert np.all((records.waited_hours[waits] >= 2.0) & (records.waited_hours[waits] <= 3.5))
    assert run.moved(CHEMOTHERAPY) == 0

    def slow_on_one_day(collected: Floats) -> Floats:
        return np.where(np.abs(collected - scenario.calendar.week_1_hour - 12.0) < 12.0, 8.5, 1.0)

    slower = live(scenario, world, slow_on_one_day)
    own = slower.unit(slower.records.waited_treatment) == CHEMOTHERAPY
    assert slower.records.waited_hours[own].max() == 4.0
    moved = slower.records.postponed_treatment[slower.records.postponed_cause == 0]
    # The result has come by the next morning: nobody is moved or bled for want of it again.
    assert moved.size == np.unique(moved).size == slower.moved(CHEMOTHERAPY) > 1
    day = slower.records.done_at[moved] // 24.0 - scenario.calendar.week_1_hour // 24.0
    assert np.all((day >= 1.0) & (day <= 3.0))
    prompt = live(scenario, world, always(1.0))
    assert slower.laboratories.identities == prompt.laboratories.identities


def test_a_result_counts_at_the_tick_at_which_the_wait_ends(
    scenario: Scenario, world: World
) -> None:
    def moved(late_by: float) -> int:
        env = simpy.Environment()
        laboratories = Laboratories(world, always(0.0))
        treatments = world.day_treatments
        deadline = treatments.start + np.array([4.0, 1.0])[world.day_units.unit[treatments.place]]
        both = treatments.tubes[:, 1] >= 0
        laboratories.collected = laboratories.collected.copy()
        laboratories.collected[treatments.tubes[both, 1]] = deadline[both] + late_by
        units = DayUnits(env, scenario, world, laboratories)
        units.start()
        env.run(until=scenario.calendar.end_hour)
        return int(np.count_nonzero(units.finish().postponed_cause != Cause.ORDINARY))

    assert moved(0.0) == 0
    assert moved(2.0**-20) > 100


def test_dialysis_goes_ahead_on_a_bedside_test(scenario: Scenario, world: World) -> None:
    run = live(scenario, world, always(np.inf))
    needs = world.day_treatments.needs_results & (world.day_treatments.tubes[:, 0] >= 0)
    dialysis = needs & (run.unit() == DIALYSIS)
    at_first = run.records.at_the_bedside & (
        run.records.done_at == world.day_treatments.start + 0.5
    )
    share = np.mean(at_first[dialysis & ~world.day_treatments.ordinary_postponed])
    assert share == pytest.approx(0.95, abs=0.05)
    assert not run.records.at_the_bedside[run.unit() == CHEMOTHERAPY].any()


def test_a_unit_with_bedside_tests_loses_less(scenario: Scenario, world: World) -> None:
    """With more of them only those who had none before are treated in addition, at first."""
    shares = (0.0, 0.5, 1.0)
    runs = [
        live(scenario_with(chemotherapy__bedside_share=share), world, outage(scenario))
        for share in shares
    ]
    moved = [run.moved(CHEMOTHERAPY) for run in runs]
    assert moved[0] > 1.5 * moved[1] > 0 == moved[2]
    on_the_day = [
        np.floor(run.records.done_at / 24.0) == np.floor(world.day_treatments.start / 24.0)
        for run in runs
    ]
    assert np.all(on_the_day[0] <= on_the_day[1])
    assert np.all(on_the_day[1] <= on_the_day[2])


def test_a_laboratory_that_is_back_sooner_loses_less(scenario: Scenario, world: World) -> None:
    moved = [
        live(scenario, world, outage(scenario, weeks)).moved(CHEMOTHERAPY)
        for weeks in (0.5, 1.0, 2.0)
    ]
    assert 0 < moved[0] < moved[1] < moved[2]


def test_blood_of_the_day_before_is_ready_where_results_are_slow(scenario: Scenario) -> None:
    moved = []
    for share in (1.0, 0.0):
        rules = scenario_with(chemotherapy__taken_on_the_day_share=share)
        world = draw_world(rules, seed=1, replication=0)
        moved.append(live(rules, world, always(14.0)).moved(CHEMOTHERAPY))
    assert moved[0] > 100 > moved[1] == 0


def test_overtime_brings_patients_back_sooner(scenario: Scenario) -> None:
    def waiting(share: float) -> int:
        rules = scenario_with(chemotherapy__overtime_chairs_share=share)
        world = draw_world(rules, seed=1, replication=0)
        run = live(rules, world, outage(rules))
        assert run.records.in_overtime[run.unit() == CHEMOTHERAPY].any() == (share > 0.0)
        done = run.records.done_at[run.unit() == CHEMOTHERAPY]
        due = world.day_treatments.start[run.unit() == CHEMOTHERAPY]
        at = scenario.calendar.week_1_hour + 4 * 168.0
        return int(np.count_nonzero((due < at) & ~(done < at)))

    assert waiting(0.3) < 0.7 * waiting(0.0)


def test_a_lost_sample_is_named_and_taken_again(scenario: Scenario, world: World) -> None:
    """Tubes of one week are lost within two hours; the next blood of the patients is good."""
    onset = scenario.calendar.week_1_hour
    run = live(scenario, world, never_between(onset, onset + 168.0), lost_after=2.0)
    causes = set(run.records.postponed_cause.tolist())
    assert causes == {Cause.ORDINARY, Cause.SAMPLE_EXPIRED}
    submitted = [bleeding for bleeding in run.laboratories.submitted if bleeding[0] >= onset]
    assert submitted
    for now, collected, site, source, types in submitted:
        # Asked for in the evening, for the next day.
        assert np.all(collected // 24.0 == now // 24.0 + 1.0)
        assert source in {list(Source).index(u.sent_as) for u in scenario.outpatients.day_units}
        assert site in (0, 1)
        assert set(types.tolist()) <= {0, 1}
    kept = live(scenario, world, never_between(onset, onset + 168.0))
    assert set(kept.records.postponed_cause.tolist()) == {
        Cause.ORDINARY,
        Cause.RESULTS_NOT_REPORTED,
    }


def test_a_result_that_may_still_come_is_waited_for(scenario: Scenario, world: World) -> None:
    """Blood is valid for some days: whoever is moved by a day or two is not bled again."""
    onset = scenario.calendar.week_1_hour
    bad = never_between(onset, onset + 36.0)

    def bled(run: Run) -> int:
        new = [times for now, times, _, _, _ in run.laboratories.submitted if now > onset]
        return sum(times.size for times in new if times[0] < onset + 48.0)

    waited_for, lost = live(scenario, world, bad), live(scenario, world, bad, lost_after=2.0)
    assert bled(waited_for) < 0.7 * bled(lost)


def test_arms_share_those_who_are_not_fit_and_the_same_arm_is_the_same(
    scenario: Scenario, world: World
) -> None:
    runs = [live(scenario, world, turnaround) for turnaround in (outage(scenario),) * 2]
    for name in DayUnitRecords.__dataclass_fields__:
        one, other = (getattr(run.records, name) for run in runs)
        np.testing.assert_array_equal(one, other)

    def ordinary(run: Run) -> set[int]:
        own = run.records.postponed_cause == Cause.ORDINARY
        return set(run.records.postponed_treatment[own].tolist())

    assert ordinary(runs[0]) == ordinary(live(scenario, world, always(0.5)))


def test_without_day_units_there_is_nothing_to_do() -> None:
    scenario = small_scenario(("kings",), disruption=False, **{"outpatients.day_units": []})
    world = draw_world(scenario, seed=1, replication=0)
    assert world.day_treatments.start.size == 0
    run = live(scenario, world, always(1.0))
    assert run.records.done_at.size == run.records.postponed_at.size == 0


def test_numbers_of_treatments_are_not_those_of_appointments() -> None:
    """Both may send blood as the same source, and a sample's draws are found by who is bled."""
    assert FIRST_TREATMENT > 200_000_000


def test_the_next_free_chair_then_overtime_then_the_next_of_either() -> None:
    scenario = scenario_with(dialysis__move_within_days=2, dialysis__ordinary_postponement_days=3)
    places = DayUnitPlaces(
        site=np.zeros(1, dtype=np.uint8),
        unit=np.full(1, DIALYSIS, dtype=np.uint8),
        free=np.array([[9, 0, 1, 0, 1, 0, 1]], dtype=np.int32),
        overtime=np.array([[9, 1, 0, 1, 0, 1, 0]], dtype=np.int32),
    )
    chairs = Chairs(scenario, places)
    nobody = np.zeros(8, dtype=np.uint16)
    unfit = np.array([False, False, False, True, False, False, False, False])
    days, overtime = chairs.take(nobody, unfit, today=0)
    assert days.tolist() == [2, 1, 3, 4, 5, 6, -1, -1]
    assert overtime.tolist() == [False, True, True, False, True, False, False, False]
