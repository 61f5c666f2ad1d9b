from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from disruption_sim.scenario.model import BloodGroup
from disruption_sim.transfusion.compatibility import (
    GROUPS,
    O_NEGATIVE,
    O_POSITIVE,
    SUBSTITUTION,
    group_o_for,
)
from disruption_sim.transfusion.shelf import Shelf, order_up_to
from disruption_sim.transfusion.stock import HospitalStock, Taken

pytestmark = pytest.mark.unit

NAMES = [group.value for group in BloodGroup]
A_POSITIVE = NAMES.index("a_positive")


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
    o_negative, o_positive = "o_negative", "o_positive"
    for allowed, life_at_risk, groups in (
        (True, False, [o_positive, o_negative]),
        (True, True, [o_positive, o_negative]),
        (False, False, [o_negative]),
        (False, True, [o_negative, o_positive]),
    ):
        found = group_o_for(allowed, life_at_risk=life_at_risk)
        assert [NAMES[group] for group in found] == groups


class UnitByUnit:
    """The same shelf as a plain sorted list of last days."""

    def __init__(self) -> None:
        self.days: list[int] = []

    def add(self, last_day: int, units: int) -> None:
        self.days = sorted(self.days + [last_day] * units)

    def take(self, units: int, least_last_day: int) -> list[int]:
        taken = [day for day in self.days if day >= least_last_day][:units]
        return self._without(taken)

    def take_freshest(self, units: int) -> list[int]:
        return self._without(self.days[len(self.days) - min(units, len(self.days)) :])

    def take_until(self, last_day: int, units: int | None) -> list[int]:
        return self._without([day for day in self.days if day <= last_day][:units])

    def _without(self, taken: list[int]) -> list[int]:
        left = Counter(self.days)
        left.subtract(taken)
        self.days = sorted(left.elements())
        return taken


steps = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(1, 40), st.integers(1, 9)),
        st.tuples(st.just("take"), st.integers(0, 12), st.sampled_from([0, 10, 25])),
        st.tuples(st.just("take_freshest"), st.integers(0, 12)),
        st.tuples(
            st.just("take_until"), st.integers(0, 40), st.one_of(st.none(), st.integers(0, 5))
        ),
    ),
    max_size=60,
)


@given(steps)
def test_a_shelf_is_a_sorted_list_of_units(moves: list[tuple[str, int]]) -> None:
    shelf, plain = Shelf(), UnitByUnit()
    for name, *numbers in moves:
        found, expected = getattr(shelf, name)(*numbers), getattr(plain, name)(*numbers)
        if name != "add":
            assert sorted(day for day, units in found for _ in range(units)) == sorted(expected)
            assert all(units > 0 for _, units in found)
        assert [day for day, units in shelf.batches for _ in range(units)] == plain.days
        assert shelf.units == len(plain.days)
        assert shelf.lasting(20) == sum(day >= 20 for day in plain.days)


def test_oldest_units_are_taken_first_and_too_old_ones_left() -> None:
    shelf = Shelf()
    shelf.add(last_day=30, units=2)
    shelf.add(last_day=10, units=3)
    assert shelf.take(1, least_last_day=20) == [(30, 1)]
    assert shelf.take(4) == [(10, 3), (30, 1)]
    assert shelf.batches == ()


def test_nobody_orders_less_than_nothing() -> None:
    assert order_up_to(10, 4) == 6
    assert order_up_to(10, 4, on_order=3) == 3
    assert order_up_to(10, 4, on_order=3, owed=2) == 5
    assert order_up_to(10, 14) == 0


def test_a_unit_may_be_given_on_its_last_day_and_not_after() -> None:
    stock = HospitalStock()
    stock.fill(A_POSITIVE, last_day=7, units=2)
    assert sum(stock.end_day(6).expired) == 0
    assert stock.take((A_POSITIVE,), 1) == [Taken(A_POSITIVE, 7, 1)]
    assert stock.end_day(7).expired[A_POSITIVE] == 1
    assert stock.take((A_POSITIVE,), 1) == []


def test_groups_are_gone_through_in_their_order() -> None:
    stock = HospitalStock()
    stock.fill(3, 20, 1)
    stock.fill(1, 20, 2)
    stock.fill(0, 5, 4)
    assert stock.available(SUBSTITUTION[3]) == 7
    assert stock.take(SUBSTITUTION[3], 4) == [Taken(3, 20, 1), Taken(1, 20, 2), Taken(0, 5, 1)]
    assert stock.take(SUBSTITUTION[2], 9) == [Taken(0, 5, 3)]
    assert stock.take(SUBSTITUTION[2], 1) == []


def test_o_negative_that_would_expire_is_used_up_for_anybody() -> None:
    stock = HospitalStock()
    stock.fill(A_POSITIVE, 30, 3)
    stock.fill(O_NEGATIVE, 4, 2)
    stock.fill(O_NEGATIVE, 20, 2)
    groups = SUBSTITUTION[A_POSITIVE]
    assert stock.take(groups, 3, use_up_last_day=5) == [
        Taken(O_NEGATIVE, 4, 2),
        Taken(A_POSITIVE, 30, 1),
    ]
    assert stock.take(groups, 1, use_up_last_day=5) == [Taken(A_POSITIVE, 30, 1)]
    # Fresh needs are never met with them.
    stock.fill(O_NEGATIVE, 4, 1)
    assert stock.take(groups, 1, least_last_day=25, use_up_last_day=5) == [Taken(A_POSITIVE, 30, 1)]


def with_satellite(o_negative: int, o_positive: int, rotation_days: float = 7) -> HospitalStock:
    return HospitalStock((o_negative, o_positive, *[0] * (GROUPS - 2)), rotation_days)


def test_the_satellite_is_for_emergencies_and_comes_first_in_them() -> None:
    stock = with_satellite(2, 1)
    stock.fill(O_NEGATIVE, 30, 2, satellite=True)
    stock.fill(O_POSITIVE, 30, 1, satellite=True)
    stock.fill(O_NEGATIVE, 12, 5)
    assert stock.take(SUBSTITUTION[O_NEGATIVE], 9) == [Taken(O_NEGATIVE, 12, 5)]
    stock.fill(O_NEGATIVE, 12, 5)
    assert stock.emergency_available(group_o_for(True, life_at_risk=False)) == 8
    assert stock.take_for_emergency(group_o_for(True, life_at_risk=False), 5) == [
        Taken(O_POSITIVE, 30, 1, satellite=True),
        Taken(O_NEGATIVE, 30, 2, satellite=True),
        Taken(O_NEGATIVE, 12, 2, satellite=False),
    ]


def test_satellites_are_filled_up_and_their_old_units_used_in_the_laboratory() -> None:
    stock = with_satellite(3, 0)
    stock.fill(O_NEGATIVE, 16, 2, satellite=True)
    stock.fill(O_NEGATIVE, 25, 2)
    stock.fill(O_NEGATIVE, 30, 4)
    stock.rotate(9)  # they have exactly 7 days left, which will do
    assert stock.satellite[O_NEGATIVE].batches == ((16, 2), (30, 1))
    stock.rotate(10)
    assert stock.satellite[O_NEGATIVE].batches == ((30, 3),)
    assert stock.laboratory[O_NEGATIVE].batches == ((16, 2), (25, 2), (30, 1))
    assert stock.take((O_NEGATIVE,), 2) == [Taken(O_NEGATIVE, 16, 2)]


def test_a_satellite_keeps_what_there_is_when_nothing_lasts_longer() -> None:
    stock = with_satellite(3, 0)
    stock.fill(O_NEGATIVE, 12, 3, satellite=True)
    stock.fill(O_NEGATIVE, 11, 1)
    stock.rotate(10)
    assert stock.satellite[O_NEGATIVE].batches == ((12, 3),)


def test_set_aside_units_are_one_patients_alone_until_they_go_back() -> None:
    stock = HospitalStock()
    stock.fill(A_POSITIVE, 30, 3)
    assert stock.reserve(7, SUBSTITUTION[A_POSITIVE], 2, until=50.0) == [Taken(A_POSITIVE, 30, 2)]
    assert stock.available((A_POSITIVE,)) == 1
    assert stock.take((A_POSITIVE,), 3) == [Taken(A_POSITIVE, 30, 1)]
    assert stock.take_reserved(8, 1) == []
    assert stock.take_reserved(7, 1) == [Taken(A_POSITIVE, 30, 1)]
    assert stock.end_reservations(49.9) == 0
    assert stock.end_reservations(50.0) == 1
    assert stock.reserved(7) == 0
    assert stock.take_reserved(7, 1) == []
    assert stock.take((A_POSITIVE,), 3) == [Taken(A_POSITIVE, 30, 1)]
    counts = stock.end_day(1)
    assert (counts.reserved, counts.returned) == (2, 1)


def test_a_reservation_that_is_made_again_lasts_as_long_as_the_new_one() -> None:
    stock = HospitalStock()
    stock.fill(A_POSITIVE, 30, 4)
    stock.reserve(7, (A_POSITIVE,), 1, until=50.0)
    stock.reserve(7, (A_POSITIVE,), 1, until=80.0)
    assert stock.end_reservations(60.0) == 0
    assert stock.reserved(7) == 2
    assert stock.give_back(7) == 2
    stock.reserve(7, (A_POSITIVE,), 1, until=90.0)
    assert stock.end_reservations(85.0) == 0
    assert stock.end_reservations(90.0) == 1


def test_units_that_come_back_spoilt_are_thrown_away() -> None:
    stock = HospitalStock(spoilt=lambda patient, unit: unit == 0)
    stock.fill(A_POSITIVE, 30, 3)
    stock.reserve(1, (A_POSITIVE,), 3, until=9.0)
    assert stock.give_back(1) == 2
    assert stock.account.wasted == {(A_POSITIVE, 30): 1}
    assert stock.end_day(0).wasted[A_POSITIVE] == 1


def test_units_set_aside_expire_too() -> None:
    stock = HospitalStock()
    stock.fill(A_POSITIVE, 5, 1)
    stock.fill(A_POSITIVE, 6, 1)
    stock.reserve(1, (A_POSITIVE,), 2, until=999.0)
    assert stock.end_day(5).expired[A_POSITIVE] == 1
    assert stock.take_reserved(1, 2) == [Taken(A_POSITIVE, 6, 1)]


def test_units_that_will_be_too_old_when_needed_are_not_set_aside() -> None:
    stock = HospitalStock()
    stock.fill(A_POSITIVE, 5, 2)
    stock.fill(A_POSITIVE, 9, 1)
    assert stock.reserve(1, (A_POSITIVE,), 2, 99.0, least_last_day=6) == [Taken(A_POSITIVE, 9, 1)]


PATIENTS = 4
moves = st.lists(
    st.one_of(
        st.tuples(
            st.just("receive"), st.integers(0, 7), st.integers(0, 12), st.integers(1, 6)
        ),
        st.tuples(
            st.just("take"), st.integers(0, 7), st.integers(1, 8), st.sampled_from([0, 4, 8]),
            st.sampled_from([-1, 0, 3]),
        ),
        st.tuples(st.just("emergency"), st.booleans(), st.integers(1, 8)),
        st.tuples(
            st.just("reserve"), st.integers(0, PATIENTS - 1), st.integers(1, 4), st.integers(0, 72)
        ),
        st.tuples(st.just("take_reserved"), st.integers(0, PATIENTS - 1), st.integers(1, 5)),
        st.tuples(st.just("give_back"), st.integers(0, PATIENTS - 1)),
        st.tuples(st.just("rotate")),
        st.tuples(st.just("end_day")),
    ),
    max_size=80,
)  # fmt: skip
policies = st.tuples(
    st.integers(0, 5),  # O-negative in the satellite
    st.integers(0, 5),
    st.floats(0.0, 9.0),  # rotation days
    st.integers(1, 4),  # every so-manieth unit that comes back is spoilt
)


@settings(max_examples=200)
@given(policies, moves)
def test_no_unit_appears_or_is_lost_or_goes_to_the_wrong_patient(
    policy: tuple[int, int, float, int], steps: list[tuple[object, ...]]
) -> None:
    o_negative, o_positive, rotation, every = policy
    stock = HospitalStock(
        (o_negative, o_positive, *[0] * (GROUPS - 2)),
        rotation,
        lambda patient, unit: unit % every == every - 1,
    )
    for group in range(GROUPS):
        stock.fill(group, 3 + group, 2)
    owner = [PATIENTS - 1 - patient for patient in range(PATIENTS)]  # group of each patient
    issued: Counter[tuple[int, int]] = Counter()
    held: Counter[int] = Counter()  # by patient
    day, now = 0, 0.0

    def give(taken: list[Taken], patient_group: int, least_last_day: int = 0) -> int:
        for batch in taken:
            assert batch.units > 0
            assert batch.group in SUBSTITUTION[patient_group]
            assert batch.last_day >= max(day, least_last_day)
            issued[batch.group, batch.last_day] += batch.units
        return sum(batch.units for batch in taken)

    for name, *arguments in steps:
        numbers = [int(argument) for argument in arguments]  # type: ignore[call-overload]
        if name == "receive":
            stock.receive(numbers[0], day + numbers[1], numbers[2])
        elif name == "take":
            group, units, days_left, use_up = numbers
            least = day + days_left if days_left else 0
            there = stock.available(SUBSTITUTION[group], least)
            use_up_last_day = day + use_up if use_up >= 0 else -1
            taken = stock.take(SUBSTITUTION[group], units, least, use_up_last_day)
            assert give(taken, group, least) == min(units, there)
        elif name == "emergency":
            groups = group_o_for(bool(numbers[0]), life_at_risk=False)
            there = stock.emergency_available(groups)
            taken = stock.take_for_emergency(groups, numbers[1])
            assert give(taken, max(groups)) == min(numbers[1], there)
        elif name == "reserve":
            patient, units, hours = numbers
            needed_on = int((now + hours) // 24.0)
            taken = stock.reserve(
                patient, SUBSTITUTION[owner[patient]], units, now + hours, needed_on
            )
            assert all(batch.last_day >= needed_on for batch in taken)
            held[patient] += sum(batch.units for batch in taken)
        elif name == "take_reserved":
            patient, units = numbers
            found = give(stock.take_reserved(patient, units), owner[patient])
            assert found == min(units, held[patient])
            held[patient] -= found
        elif name == "give_back":
            assert stock.give_back(numbers[0]) <= held.pop(numbers[0], 0)
        elif name == "rotate":
            stock.rotate(day)
        else:
            day, now = day + 1, now + 24.0
            stock.end_reservations(now)
            stock.end_day(day - 1)
            held = Counter({patient: stock.reserved(patient) for patient in range(PATIENTS)})
        assert {patient: stock.reserved(patient) for patient in range(PATIENTS)} == {
            patient: held[patient] for patient in range(PATIENTS)
        }
        account, left = stock.account, stock.left()
        for batch in {*account.first, *account.received, *left, *issued}:
            came = account.first[batch] + account.received[batch]
            gone = issued[batch] + account.expired[batch] + account.wasted[batch]
            assert came == gone + left.get(batch, 0)
            assert left.get(batch, 0) >= 0
        assert sum(stock.satellite[group].units for group in range(2, GROUPS)) == 0
        assert sum(left.values()) == (
            sum(stock.in_house(group) for group in range(GROUPS)) + sum(stock.reservations.units)
        )
