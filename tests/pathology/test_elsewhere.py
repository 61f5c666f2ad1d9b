"""Tests at the bedside and by laboratories that help: who goes, how many, when they are known."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from disruption_sim.pathology.elsewhere import ResultsElsewhere
from disruption_sim.pathology.helpers import helper_turnaround
from disruption_sim.pathology.travel import AT_THE_BEDSIDE, COMES, ELSEWHERE
from disruption_sim.scenario.model import Source, TubeType
from tests.support.levers import bedside, helper, mutual_aid, restriction
from tests.support.one_hospital import (
    BOROUGH,
    OUTAGE_DAYS,
    WARM_UP_WEEKS,
    intake_of,
    its_world,
    one_hospital,
)

pytestmark = pytest.mark.unit

SOURCES, TUBE_TYPES = tuple(Source), tuple(TubeType)
EMERGENCY = SOURCES.index(Source.EMERGENCY_DEPARTMENT)
PRACTICE = SOURCES.index(Source.GENERAL_PRACTICE)
MENU = [TUBE_TYPES.index(TubeType.CHEMISTRY), TUBE_TYPES.index(TubeType.HAEMATOLOGY)]
ONSET = 168.0 * WARM_UP_WEEKS
END = ONSET + 24.0 * OUTAGE_DAYS
MANY = 1000


def candidates() -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return what the devices of the emergency department could be asked for."""
    tubes = its_world().tubes
    return np.flatnonzero(
        (tubes.source == EMERGENCY)
        & np.isin(tubes.tube_type, MENU)
        & (tubes.collected >= ONSET)
        & (tubes.collected < END)
    )


# --- at the bedside -----------------------------------------------------------------------------


def test_devices_without_end_answer_the_share_of_their_menu() -> None:
    found = intake_of((bedside(MANY),)).bedside.numbers
    possible = candidates()
    assert np.isin(found, possible).all()
    # Requests are tubes here but for a few, as those of an emergency department are drawn singly.
    error = 4.0 * np.sqrt(0.25 * len(possible))
    assert len(found) == pytest.approx(0.5 * len(possible), abs=error)


def test_devices_answer_as_many_an_hour_as_they_can_and_the_first_come_first() -> None:
    few, many = (intake_of((bedside(devices),)).bedside.numbers for devices in (1, MANY))
    assert np.isin(few, many).all()
    collected = its_world().tubes.collected
    hour = collected[few] // 1.0
    assert np.bincount(hour.astype(int)).max() == 6  # tests that one device can do in an hour
    busy = np.flatnonzero(np.bincount((collected[many] // 1.0).astype(int)) > 6)
    assert busy.size > 100
    for each in busy[:50]:
        in_menu = many[collected[many] // 1.0 == each]
        answered = few[hour == each]
        np.testing.assert_array_equal(answered, in_menu[: answered.size])
        # Two tubes of one patient of a day unit are answered together or not at all.
        if answered.size == 5:
            assert collected[in_menu[5]] == collected[in_menu[6]]
        else:
            assert answered.size == 6


def test_a_slow_device_does_a_test_every_few_hours() -> None:
    numbers = intake_of((bedside(1, tests_per_hour=0.25),)).bedside.numbers
    hour = np.floor(its_world().tubes.collected[numbers])
    assert (np.diff(hour) >= 4.0).all()
    # There is nearly always somebody in an hour in which it is ready.
    assert len(numbers) > 0.9 * 24 * OUTAGE_DAYS / 4


def test_more_devices_answer_the_same_requests_and_more() -> None:
    found = [intake_of((bedside(devices),)).bedside.numbers for devices in (0, 1, 2, 4)]
    for fewer, more in pairwise(found):
        assert np.isin(fewer, more).all()
        assert len(more) > len(fewer)


def test_a_result_at_the_bedside_is_there_after_its_minutes() -> None:
    intake = intake_of((bedside(2),))
    numbers = intake.bedside.numbers
    times = np.full(len(numbers), np.nan)
    intake.fill_in_elsewhere(numbers, np.inf, times)
    np.testing.assert_array_equal(times, its_world().tubes.collected[numbers] + 0.25)
    assert (intake.tubes.entry_station[numbers] == -1).all()
    assert (intake.fate[numbers] == AT_THE_BEDSIDE).all()
    now = float(np.median(times))
    so_far = np.full(len(numbers), np.nan)
    intake.fill_in_elsewhere(numbers, now, so_far)
    np.testing.assert_array_equal(np.isnan(so_far), times > now)


def test_a_ramp_brings_the_devices_one_after_the_other() -> None:
    numbers = intake_of((bedside(4, ramp_days=14.0),)).bedside.numbers
    week = (its_world().tubes.collected[numbers] - ONSET) // 168.0
    first, second = np.bincount(week.astype(int), minlength=2)
    assert first < 0.7 * second


def test_every_request_is_answered_once() -> None:
    intake = intake_of(
        (
            bedside(2, sources=[Source.EMERGENCY_DEPARTMENT, Source.INPATIENT_URGENT]),
            mutual_aid(sources=[Source.INPATIENT_URGENT, Source.GENERAL_PRACTICE], places=["all"]),
            restriction(Source.INPATIENT_URGENT, 0.5),
        )
    )
    assert not np.isin(intake.bedside.numbers, intake.mutual_aid.numbers).any()
    assert intake.fate_counts().sum() == len(its_world().tubes.collected)
    assert intake.fate_counts()[AT_THE_BEDSIDE] == len(intake.bedside.numbers)
    assert intake.fate_counts()[ELSEWHERE] == len(intake.mutual_aid.numbers)
    assert (intake.fate_counts() > 0).sum() == 4


def test_nothing_is_asked_for_twice_when_nothing_is_there() -> None:
    intake = intake_of((bedside(0), mutual_aid(tubes=0.0)))
    assert intake.fate_counts()[COMES] == len(its_world().tubes.collected)
    assert np.isnan(intake.helper_turnaround_hours).all()


# --- laboratories that help -----------------------------------------------------------------------


def test_only_the_tube_types_that_are_eligible_go_to_the_helper() -> None:
    intake = intake_of((mutual_aid(tube_types=["chemistry"]),))
    types = its_world().tubes.tube_type[intake.mutual_aid.numbers]
    assert set(types.tolist()) == {TUBE_TYPES.index(TubeType.CHEMISTRY)}
    assert len(types) == 10 * 1000


def test_the_way_to_the_helper_counts_there_and_back() -> None:
    near, far = (intake_of((mutual_aid(extra_transport_hours=h),)) for h in (2.0, 12.0))
    np.testing.assert_array_equal(near.mutual_aid.numbers, far.mutual_aid.numbers)
    longer = far.mutual_aid.reported - near.mutual_aid.reported
    np.testing.assert_allclose(longer, 20.0, atol=1e-5)
    waited = near.mutual_aid.reported - near.arrival[near.mutual_aid.numbers]
    turnaround = helper_turnaround(helper(), 1000.0)
    assert waited.min() == pytest.approx(4.0 + 0.7 * turnaround, abs=0.01)
    assert waited.max() == pytest.approx(4.0 + 1.3 * turnaround, abs=0.01)


def test_help_has_its_price_while_it_is_given() -> None:
    price = intake_of((mutual_aid(tubes=1500.0),)).helper_turnaround_hours
    usual = helper_turnaround(helper(), 0.0)
    np.testing.assert_allclose(np.delete(price, [WARM_UP_WEEKS, WARM_UP_WEEKS + 1]), usual)
    helping = (5.0 * helper_turnaround(helper(), 1500.0) + 2.0 * usual) / 7.0  # not at week-ends
    # Requests of several tubes may leave the last place of a day empty.
    np.testing.assert_allclose(price[WARM_UP_WEEKS : WARM_UP_WEEKS + 2], helping, atol=1e-5)
    assert helping - usual > 1e-3


def test_the_price_of_several_helpers_is_weighted_with_their_own_work() -> None:
    small, large = helper(own_tubes_per_day=2000.0, processing_hours=2.0), helper()
    price = intake_of(
        (
            mutual_aid(tubes=200.0, helper=small),
            mutual_aid(tubes=200.0, helper=large, name="other"),
        )
    ).helper_turnaround_hours
    expected = np.average(
        [helper_turnaround(small, 0.0), helper_turnaround(large, 0.0)], weights=[2000.0, 6000.0]
    )
    assert price[0] == pytest.approx(expected)


def test_help_for_one_place_takes_nothing_from_another() -> None:
    intake = intake_of((mutual_aid(sources=[Source.OUTPATIENT, Source.GENERAL_PRACTICE]),))
    tubes = its_world().tubes
    assert (tubes.source[intake.mutual_aid.numbers] == PRACTICE).all()
    assert BOROUGH in {borough.name for borough in one_hospital().network.boroughs}


def test_results_are_gathered_in_order_of_their_samples() -> None:
    gathered = ResultsElsewhere.gathered(
        [
            (np.array([3, 9], dtype=np.int32), np.array([30.0, 90.0])),
            (np.array([1, 5], dtype=np.int32), np.array([10.0, 50.0])),
        ]
    )
    assert gathered.numbers.tolist() == [1, 3, 5, 9]
    assert gathered.of(np.array([9, 1, 5], dtype=np.int32)).tolist() == [90.0, 10.0, 50.0]
