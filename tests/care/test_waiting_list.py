"""The waiting list against a plain reference that sorts everybody every time."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from disruption_sim.care.patients import (
    RANK_BY_PRIORITY,
    RANK_P2,
    RANK_POSTPONED,
    Patients,
    Stage,
)
from disruption_sim.care.waiting_list import WaitingList
from disruption_sim.world.model import Operations

pytestmark = pytest.mark.unit

FOREVER = 1e6


def operations(
    clock_start: list[float],
    *,
    priority: list[int] | None = None,
    expected: list[float] | None = None,
    removal: list[float] | None = None,
    available_from: list[float] | None = None,
    small: list[bool] | None = None,
) -> Operations:
    """Return patients of one waiting list; `small` are day cases, fit and without blood tests."""
    count = len(clock_start)
    zeros = np.zeros(count, dtype=np.uint8)
    flags = np.zeros(count, dtype=np.bool_)
    return Operations(
        clock_start=np.array(clock_start),
        site=zeros,
        specialty=zeros,
        procedure=zeros,
        grade=zeros,
        priority=np.array(priority or [2] * count, dtype=np.uint8),
        duration=np.array(expected or [1.0] * count),
        expected_duration=np.array(expected or [1.0] * count),
        needs_results=flags,
        needs_group_and_screen=flags,
        antibodies=flags,
        always_crossmatched=flags,
        history_on_file=flags,
        short_validity=flags,
        o_positive_eligible=flags,
        units_crossmatched=zeros,
        units_transfused=zeros,
        blood_group=zeros,
        asa=zeros,
        day_case=np.array(small or [False] * count, dtype=np.bool_),
        critical_care=flags,
        nights=zeros,
        short_notice=flags,
        available_from=np.array(available_from or clock_start),
        removal=np.array(removal or [FOREVER] * count),
        removal_reason=zeros,
    )


def setattr_of(world: Operations, column: str, patient: int, value: int) -> None:
    """Give one patient another value; columns share arrays until then."""
    values = getattr(world, column).copy()
    values[patient] = value
    object.__setattr__(world, column, values)


def listed(world: Operations) -> tuple[WaitingList, Patients]:
    patients = Patients(world)
    return WaitingList(patients, np.arange(patients.count)), patients


def all_in_order(waiting: WaitingList) -> list[int]:
    found = []
    while (patient := waiting.take_first(math.inf)) is not None:
        found.append(patient)
    return found


def test_priority_goes_before_waiting_time() -> None:
    waiting, _ = listed(operations([-30.0, -20.0, -10.0, -5.0], priority=[2, 1, 0, 0]))
    waiting.advance_to(0.0)
    assert all_in_order(waiting) == [2, 3, 1, 0]


def test_postponed_patients_go_before_all_but_p2_and_keep_their_clock() -> None:
    waiting, patients = listed(operations([-50.0, -40.0, -30.0, -20.0], priority=[1, 2, 2, 0]))
    waiting.advance_to(0.0)
    assert all_in_order(waiting) == [3, 0, 1, 2]
    for patient in (3, 2, 1):
        waiting.put_back(patient, 5.0)
    assert [patients.rank[p] for p in (1, 2, 3)] == [RANK_POSTPONED, RANK_POSTPONED, RANK_P2]
    waiting.put_back(0, 5.0)
    assert all_in_order(waiting) == [3, 0, 1, 2]
    assert patients.bookings == [2, 2, 2, 2]


def test_the_first_who_fits_is_taken() -> None:
    waiting, _ = listed(operations([-3.0, -2.0, -1.0], expected=[4.0, 2.0, 1.0]))
    waiting.advance_to(0.0)
    assert waiting.take_first(0.5) is None
    assert waiting.take_first(3.0) == 1
    assert waiting.take_first(3.0) == 2
    assert waiting.take_first(3.0) is None
    assert waiting.take_first(math.inf) == 0


def test_p2_can_be_left_for_an_earlier_list() -> None:
    waiting, _ = listed(operations([-9.0, -5.0, -3.0], priority=[0, 1, 2]))
    waiting.advance_to(0.0)
    assert waiting.take_first(math.inf, but_p2=True) == 1
    assert waiting.take_first(math.inf, but_p2=True) == 2
    assert waiting.take_first(math.inf, but_p2=True) is None
    assert waiting.take_first(math.inf) == 0


def test_the_unavailable_are_on_the_list_but_cannot_be_booked_before_their_time() -> None:
    waiting, patients = listed(
        operations(
            [-30.0, -20.0, 5.0], available_from=[10.0, -20.0, 20.0], removal=[15.0, 99.0, 8.0]
        )
    )
    waiting.advance_to(0.0)
    assert waiting.hours == 2
    assert all_in_order(waiting) == [1]
    waiting.advance_to(6.0)
    assert waiting.hours == 3
    assert patients.stage[2] == Stage.WAITING
    # One becomes available and can be booked; one leaves before he does.
    waiting.advance_to(10.0)
    assert (patients.removed_at[2], waiting.hours) == (8.0, 2)
    assert all_in_order(waiting) == [0]
    waiting.put_back(0, 11.0)
    waiting.advance_to(25.0)
    assert patients.removed_at[0] == 15.0
    assert all_in_order(waiting) == []
    assert waiting.hours == 1


def test_a_certain_patient_can_be_taken_and_is_not_taken_twice() -> None:
    waiting, patients = listed(operations([-3.0, -2.0, -1.0]))
    waiting.advance_to(0.0)
    waiting.take(1)
    assert patients.stage[1] == Stage.BOOKED
    assert all_in_order(waiting) == [0, 2]
    waiting.put_back(1, 1.0)
    assert all_in_order(waiting) == [1]


def test_the_independent_sector_takes_small_cases_in_the_order_of_the_list() -> None:
    world = operations(
        [-9.0, -8.0, -7.0, -6.0, -5.0],
        small=[False, True, True, True, True],
        expected=[1.0, 3.0, 1.0, 1.0, 1.0],
    )
    for column, patient in (("asa", 2), ("units_crossmatched", 2)):
        setattr_of(world, column, patient, 2)
    waiting, patients = listed(world)
    assert patients.independent_sector == [False, True, False, True, True]
    waiting.advance_to(0.0)
    assert waiting.take_first(2.0, independent_sector=True) == 3
    # Who is booked elsewhere meanwhile is gone there too, and comes back to both when put back.
    assert waiting.take_first(math.inf) == 0
    assert waiting.take_first(math.inf) == 1
    assert waiting.take_first(math.inf, independent_sector=True) == 4
    assert waiting.take_first(math.inf, independent_sector=True) is None
    waiting.put_back(1, 1.0)
    assert waiting.take_first(math.inf, independent_sector=True) == 1
    waiting.put_back(1, 2.0)
    assert waiting.take_first(math.inf) == 1
    assert waiting.take_first(math.inf, independent_sector=True) is None
    assert waiting.take_first(math.inf) == 2


def test_whoever_leaves_while_booked_leaves_when_put_back() -> None:
    waiting, patients = listed(operations([-3.0, -2.0], removal=[10.0, 12.0]))
    waiting.advance_to(0.0)
    assert waiting.take_first(math.inf) == 0
    waiting.advance_to(11.0)
    assert patients.stage[0] == Stage.BOOKED
    assert waiting.hours == 2
    waiting.put_back(0, 11.5)
    assert patients.removed_at[0] == 11.5
    waiting.advance_to(20.0)
    assert patients.removed_at[1] == 12.0
    assert waiting.hours == 0
    assert waiting.take_first(math.inf) is None


@given(
    st.lists(
        st.tuples(
            st.integers(-20, 60),  # clock start
            st.integers(0, 2),  # priority
            st.sampled_from([0.5, 1.0, 2.0]),  # duration
            st.integers(1, 80),  # stay
            st.sampled_from([0, 0, 0, 7, 30]),  # unavailable for
            st.booleans(),  # a small case
        ),
        min_size=1,
        max_size=25,
    ),
    st.lists(
        st.tuples(
            st.integers(0, 6),
            st.sampled_from([0.6, 1.5, math.inf]),
            st.booleans(),
            st.sampled_from(["anybody", "anybody", "but_p2", "independent_sector"]),
        ),
        max_size=30,
    ),
)
def test_equals_a_list_that_is_sorted_every_time(
    people: list[tuple[int, int, float, int, int, bool]],
    actions: list[tuple[int, float, bool, str]],
) -> None:
    world = operations(
        [float(person[0]) for person in people],
        priority=[person[1] for person in people],
        expected=[person[2] for person in people],
        removal=[max(float(person[0]), 0.0) + person[3] for person in people],
        available_from=[float(person[0] + person[4]) for person in people],
        small=[person[5] for person in people],
    )
    waiting, patients = listed(world)
    rank = [RANK_BY_PRIORITY[person[1]] for person in people]
    here: set[int] = set()
    booked: list[int] = []
    gone: set[int] = set()
    now = 0.0
    for step, room, postpone, whom in [(0, math.inf, False, "anybody"), *actions]:
        now += step
        waiting.advance_to(now)
        here |= {p for p, person in enumerate(people) if person[0] <= now}
        here -= gone | set(booked)
        left = {p for p in here if world.removal[p] <= now}
        gone |= left
        here -= left
        fitting = [
            p
            for p in here
            if people[p][2] <= room
            and world.available_from[p] <= now
            and (whom != "but_p2" or people[p][1] != 0)
            and (whom != "independent_sector" or people[p][5])
        ]
        expected = min(fitting, key=lambda p: (rank[p], people[p][0], p), default=None)
        taken = waiting.take_first(
            room,
            but_p2=whom == "but_p2",
            independent_sector=whom == "independent_sector",
        )
        assert taken == expected
        if expected is not None:
            here.discard(expected)
            booked.append(expected)
        if postpone and booked:
            patient = booked.pop(0)
            waiting.put_back(patient, now)
            if rank[patient] != RANK_P2:
                rank[patient] = RANK_POSTPONED
            if world.removal[patient] <= now:
                gone.add(patient)
            else:
                here.add(patient)
        assert waiting.hours == sum(people[p][2] for p in [*here, *booked])
    assert {p for p in range(len(people)) if not np.isnan(patients.removed_at[p])} == gone
