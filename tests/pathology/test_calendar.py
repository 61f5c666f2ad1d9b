"""SimPy and the kernel as one calendar."""

from __future__ import annotations

from collections.abc import Generator
from importlib.metadata import version
from typing import Any

import numpy as np
import pytest
import simpy

from disruption_sim.pathology.calendar import SimulationCalendar
from disruption_sim.pathology.kernel import LaboratoryKernel
from tests.reference.laboratory import ReferenceLaboratory
from tests.reference.networks import Station, always, network, random_case, tubes_arriving

pytestmark = pytest.mark.unit

Steps = Generator[simpy.Event, Any, None]


def one_station(
    arrivals: list[float], *, hours: float = 1.0, stability: float = 1e6, rebleed: float = 0.0
) -> LaboratoryKernel:
    layout = network(
        [Station(always(1), hours, checks_expiry=True, reports=True)],
        stability=[stability],
        rebleed_share=[rebleed],
        rebleed_delay=[2.0],
    )
    return LaboratoryKernel(
        layout, tubes_arriving(arrivals), seed=0, replication=0, horizon_hours=100.0
    )


def test_simpy_is_the_version_whose_calendar_is_known() -> None:
    assert version("simpy").split(".")[0] == "4"


def test_an_event_at_an_absolute_time_is_exact() -> None:
    now, then = 2.0**-53, 1.0 + 3 * 2.0**-52
    assert now + (then - now) != then, "a pair for which a delay would miss"
    calendar = SimulationCalendar(one_station([]), initial_time=now)
    seen = []

    def process() -> Steps:
        value = yield calendar.at(then, "then")
        seen.append((calendar.now, value))

    calendar.process(process())
    calendar.run()
    assert seen == [(then, "then")]
    with pytest.raises(ValueError, match="has passed"):
        calendar.at(now)


def test_the_kernel_is_not_run_for_simpy_events_while_nothing_is_watched() -> None:
    laboratory = one_station([1.0, 2.0, 3.0])
    calendar = SimulationCalendar(laboratory)
    calendar.run(until=50.0)
    assert laboratory.now == 0.0
    laboratory.advance_to(calendar.now)
    np.testing.assert_array_equal(laboratory.reported_at, [2.0, 3.0, 4.0])


def test_a_queue_becomes_an_event_at_its_instant_and_can_be_answered() -> None:
    laboratory = one_station([1.0, 1.25, 1.5, 1.75], hours=4.0)
    calendar = SimulationCalendar(laboratory)
    seen = []

    def command() -> Steps:
        value = yield calendar.when_queue_exceeds(0, 2)
        seen.append((calendar.now, value, laboratory.now))
        laboratory.reschedule(0, [calendar.now], [4], [0], [1.0], [0.0], [False], [True])

    calendar.process(command())
    calendar.run(until=20.0)
    laboratory.advance_to(20.0)
    assert seen == [(1.75, 1.75, 1.75)]
    np.testing.assert_array_equal(laboratory.reported_at, [5.0, 5.75, 5.75, 5.75])


def test_what_is_watched_comes_before_what_simpy_does_at_the_same_time() -> None:
    laboratory = one_station([1.0, 2.0, 3.0], hours=10.0)
    calendar = SimulationCalendar(laboratory)
    seen = []

    def wait(event: simpy.Event, name: str) -> Steps:
        yield event
        seen.append((calendar.now, name))

    calendar.process(wait(calendar.timeout(3.0), "timeout"))
    calendar.process(wait(calendar.when_queue_exceeds(0, 1), "two wait"))
    calendar.process(wait(calendar.when_queue_exceeds(0, 0), "one waits"))
    calendar.run(until=20.0)
    assert seen == [(2.0, "one waits"), (3.0, "two wait"), (3.0, "timeout")]


def test_an_expired_tube_becomes_an_event_and_can_be_collected_anew() -> None:
    laboratory = one_station([1.0, 1.5], hours=4.0, stability=3.0)
    calendar = SimulationCalendar(laboratory)
    seen = []

    def ward(tube: int) -> Steps:
        event = calendar.when_discarded(tube)
        assert calendar.when_discarded(tube) is event
        yield event
        seen.append(calendar.now)
        laboratory.submit(calendar.now + 0.5, calendar.now, 0, 0, 0, 0, identity=2)

    calendar.process(ward(1))
    calendar.process(ward(0))
    calendar.run(until=30.0)
    laboratory.advance_to(30.0)
    assert seen == [5.0]
    np.testing.assert_array_equal(laboratory.reported_at, [5.0, np.nan, 9.5])


def test_an_asking_process_may_lag_behind_and_jump() -> None:
    """Work handed in at SimPy's time is exact although the kernel has not been run so far."""
    laboratory = one_station([0.0])
    calendar = SimulationCalendar(laboratory)
    asked = []

    def clinic() -> Steps:
        yield calendar.at(7.25)
        tube = laboratory.submit(calendar.now, calendar.now, 0, 0, 0, 0, identity=1)
        yield calendar.at(8.25)
        laboratory.advance_to(calendar.now)
        asked.append(laboratory.reported_at[tube])

    calendar.process(clinic())
    calendar.run(until=20.0)
    assert asked == [8.25]


@pytest.mark.parametrize("waiting", [1, 2, 3])
def test_the_last_tube_that_could_come_is_not_overlooked(waiting: int) -> None:
    layout = network([Station(always(0), 1.0)])
    laboratory = LaboratoryKernel(
        layout, tubes_arriving([0.5] * waiting), seed=0, replication=0, horizon_hours=10.0
    )
    calendar = SimulationCalendar(laboratory)
    event = calendar.when_queue_exceeds(0, waiting - 1)
    calendar.at(0.75)
    calendar.run(until=event)
    assert calendar.now == 0.5


@pytest.mark.parametrize("seed", range(400, 420))
def test_queues_become_events_when_the_reference_sees_them(seed: int) -> None:
    """Although the kernel is advanced only when a queue could be long enough by then."""
    case = random_case(seed, tubes=150, run_time=False)
    reference = ReferenceLaboratory(case.layout, case.tubes, seed=5, replication=2)
    while reference.env.peek() <= case.horizon:
        reference.env.step()
    laboratory = LaboratoryKernel(
        case.layout, case.tubes, seed=5, replication=2, horizon_hours=case.horizon
    )
    calendar = SimulationCalendar(laboratory)
    seen: dict[tuple[int, int], float] = {}
    expected: dict[tuple[int, int], float] = {}

    def tick() -> Steps:
        while True:
            yield calendar.timeout(0.125)

    def wait(station: int, length: int) -> Steps:
        yield calendar.when_queue_exceeds(station, length)
        seen[station, length] = calendar.now

    calendar.process(tick())
    for station in range(case.layout.station_count):
        for length in (0, 2, 5, 20):
            calendar.process(wait(station, length))
            over = [t for t, s, waiting in reference.queued if s == station and waiting > length]
            if over and over[0] < case.horizon:
                expected[station, length] = over[0]
    calendar.run(until=case.horizon)
    assert seen == expected
