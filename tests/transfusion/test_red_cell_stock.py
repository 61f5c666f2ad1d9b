from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from disruption_sim.scenario.model import BloodGroup
from disruption_sim.transfusion.compatibility import (
    GROUPS,
    O_NEGATIVE,
    SUBSTITUTION,
    group_o_for,
)
from disruption_sim.transfusion.stock import Fridge, Shelf, SteadyStateAges

pytestmark = pytest.mark.unit

NAMES = [group.value for group in BloodGroup]


def antigens(name: str) -> set[str]:
    found = {letter for letter in name.split("_")[0] if letter in "ab"}
    return found | ({"d"} if name.endswith("positive") else set())


@pytest.mark.parametrize("patient", range(GROUPS), ids=NAMES)
def test_substitutes_are_all_groups_without_a_foreign_antigen(patient: int) -> None:
    own = antigens(NAMES[patient])
    allowed = {unit for unit in range(GROUPS) if antigens(NAMES[unit]) <= own}
    assert set(SUBSTITUTION[patient]) == allowed
    assert len(SUBSTITUTION[patient]) == len(allowed)


@pytest.mark.parametrize("patient", range(GROUPS), ids=NAMES)
def test_own_group_first_and_o_negative_last(patient: int) -> None:
    assert SUBSTITUTION[patient][0] == patient
    assert SUBSTITUTION[patient][-1] == O_NEGATIVE


def test_d_negative_cells_are_kept_for_those_who_need_them() -> None:
    for groups in SUBSTITUTION:
        signs = [NAMES[group].endswith("negative") for group in groups]
        assert signs == sorted(signs)


def test_o_positive_is_given_unmatched_only_where_allowed() -> None:
    assert [NAMES[group] for group in group_o_for(True)] == ["o_positive", "o_negative"]
    assert [NAMES[group] for group in group_o_for(False)] == ["o_negative"]


class UnitByUnit:
    """The same shelf as a plain sorted list of last days."""

    def __init__(self) -> None:
        self.days: list[int] = []

    def add(self, last_day: int, units: int) -> None:
        self.days = sorted(self.days + [last_day] * units)

    def take(self, units: int) -> int:
        taken = len(self.days[:units])
        self.days = self.days[units:]
        return taken

    def expire(self, day: int) -> int:
        kept = [last for last in self.days if last > day]
        thrown = len(self.days) - len(kept)
        self.days = kept
        return thrown


steps = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(1, 40), st.integers(1, 9)),
        st.tuples(st.just("take"), st.integers(1, 12)),
        st.tuples(st.just("expire"), st.integers(0, 40)),
    ),
    max_size=60,
)


@given(steps)
def test_a_shelf_is_a_sorted_list_of_units(moves: list[tuple[str, int]]) -> None:
    shelf, plain = Shelf(), UnitByUnit()
    for name, *numbers in moves:
        assert getattr(shelf, name)(*numbers) == getattr(plain, name)(*numbers)
        assert [day for day, units in shelf.batches for _ in range(units)] == plain.days
        assert shelf.units == len(plain.days)


def test_oldest_units_are_taken_first() -> None:
    shelf = Shelf()
    shelf.add(last_day=30, units=2)
    shelf.add(last_day=10, units=3)
    assert shelf.take(4) == 4
    assert shelf.batches == ((30, 1),)


def test_a_unit_may_be_given_on_its_last_day_and_not_after() -> None:
    shelf = Shelf()
    shelf.add(last_day=7, units=1)
    assert shelf.expire(6) == 0
    assert shelf.units == 1
    assert shelf.expire(7) == 1
    assert shelf.take(1) == 0


def test_order_up_to_with_daily_review_by_hand() -> None:
    # Level 5, fresh units that keep for 3 days, 1 unit a day, an order comes at once: of each 5
    # that came together 3 are given in 3 days and 2 expire.
    shelf = Shelf()
    thrown = []
    for day in range(9):
        shelf.add(day + 2, 5 - shelf.units)
        assert shelf.take(1) == 1
        thrown.append(shelf.expire(day))
    assert thrown[:3] == [0, 0, 2]
    assert sum(thrown) + 9 + shelf.units == 5 + 8 + sum(thrown[:-1])


def test_a_fridge_goes_through_the_groups_in_their_order() -> None:
    fridge = Fridge()
    fridge.shelves[3].add(20, 1)
    fridge.shelves[1].add(20, 2)
    fridge.shelves[0].add(5, 4)
    assert fridge.available(SUBSTITUTION[3]) == 7
    assert fridge.take(SUBSTITUTION[3], 4) == [(3, 1), (1, 2), (0, 1)]
    assert fridge.take(SUBSTITUTION[2], 9) == [(0, 3)]
    assert fridge.take(SUBSTITUTION[2], 1) == []


def test_ages_at_the_start_are_those_a_shelf_settles_to() -> None:
    # Level 66, 12 units a day, ages 4 to 12 on delivery: run a shelf until it has settled.
    rng = np.random.Generator(np.random.PCG64(5))
    shelf, ages = Shelf(), []
    for day in range(400):
        for age in rng.integers(4, 13, 66 - shelf.units):
            shelf.add(day + 35 - int(age), 1)
        if day >= 100:
            ages += [day + 35 - last for last, units in shelf.batches for _ in range(units)]
        assert shelf.take(12) == 12
        assert shelf.expire(day) == 0
    steady = SteadyStateAges(4, 12, 35, 66 / 12)
    uniforms = (np.arange(2000) + 0.5) / 2000
    drawn = [steady.quantile(float(uniform)) for uniform in uniforms]
    assert np.mean(drawn) == pytest.approx(np.mean(ages), abs=0.35)
    assert np.percentile(drawn, 90) == pytest.approx(np.percentile(ages, 90), abs=1.0)


def test_a_shelf_nobody_takes_from_is_as_old_as_cells_can_be() -> None:
    steady = SteadyStateAges(4, 12, 35, float("inf"))
    assert steady.quantile(1e-9) == 4
    assert steady.quantile(1.0) == 35
