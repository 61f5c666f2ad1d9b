"""Machines break down by themselves, for as long as is stated, the same in every arm."""

from __future__ import annotations

import numpy as np
import pytest

from disruption_sim.scenario.model import Breakdowns
from disruption_sim.world import World, draw_world
from disruption_sim.world.breakdowns import draw_breakdowns
from tests.support.small_scenario import small_scenario

pytestmark = pytest.mark.unit

END = 20_000.0


@pytest.fixture(scope="module")
def world() -> World:
    return draw_world(small_scenario(), 20240603, 0)


def rules(days_between: float = 5.0, repair_hours: float = 8.0) -> Breakdowns:
    return Breakdowns(
        places_per_machine=10,
        least_machines=2,
        days_between=days_between,
        repair_hours=repair_hours,
    )


def test_a_machine_is_available_as_its_times_between_breakdowns_and_of_repair_say(
    world: World,
) -> None:
    """Availability is MTBF / (MTBF + MTTR): compared within 4 standard errors over 60 machines."""
    up, down = 24.0 * 5.0, 8.0
    out = np.empty(60)
    for machine in range(len(out)):
        start, repaired = draw_breakdowns(world, rules(), "kings.chemistry", machine, END)
        out[machine] = (np.minimum(repaired, END) - start).sum() / END
    error = out.std(ddof=1) / np.sqrt(len(out))
    assert out.mean() == pytest.approx(down / (up + down), abs=4 * error)
    assert error < 0.1 * down / (up + down)


def test_each_machine_is_repaired_before_it_breaks_down_again(world: World) -> None:
    start, repaired = draw_breakdowns(world, rules(), "kings.chemistry", 0, END)
    assert (start < repaired).all()
    assert (start[1:] >= repaired[:-1]).all()
    assert ((start > 0.0) & (start < END)).all()
    for times in (start, repaired):
        np.testing.assert_array_equal(times * 2.0**20, np.rint(times * 2.0**20))


def test_repairs_are_skewed_with_a_deviation_as_long_as_their_mean(world: World) -> None:
    spans = [
        draw_breakdowns(world, rules(1.0, 6.0), "kings.coagulation", machine, END)
        for machine in range(20)
    ]
    hours = np.concatenate([repaired - start for start, repaired in spans])
    assert hours.size > 5000
    assert hours.mean() == pytest.approx(6.0, rel=0.05)
    assert hours.std() == pytest.approx(6.0, rel=0.15)
    assert np.median(hours) == pytest.approx(6.0 / np.sqrt(2.0), rel=0.05)


def test_machines_fail_by_themselves(world: World) -> None:
    first, again, second, elsewhere = (
        draw_breakdowns(world, rules(), station, machine, END)[0]
        for station, machine in (
            ("kings.chemistry", 0), ("kings.chemistry", 0), ("kings.chemistry", 1),
            ("guys.chemistry", 0),
        )
    )  # fmt: skip
    np.testing.assert_array_equal(first, again)
    assert not np.isin(first, second).any()
    assert not np.isin(first, elsewhere).any()


def test_a_longer_run_changes_nothing_of_what_was_before(world: World) -> None:
    start, repaired = draw_breakdowns(world, rules(), "kings.chemistry", 0, END / 2)
    longer, longer_repaired = draw_breakdowns(world, rules(), "kings.chemistry", 0, END)
    assert longer.size > start.size
    np.testing.assert_array_equal(longer[: start.size], start)
    np.testing.assert_array_equal(longer_repaired[: start.size], repaired)


def test_enough_breakdowns_are_drawn_to_fill_the_whole_run(world: World) -> None:
    for machine in range(200):
        start, _ = draw_breakdowns(world, rules(0.5, 0.05), "hub.haematology", machine, 2000.0)
        assert start[-1] > 2000.0 - 12.0 * 20.0
