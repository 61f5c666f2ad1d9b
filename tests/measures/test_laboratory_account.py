"""Which mechanism carried which share: items that add up and factors that multiply, exactly."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest

from disruption_sim.measures import CapacityItem, Horizon, VolumeItem
from disruption_sim.measures.account import LaboratoryAccount, laboratory_account, unfinished
from disruption_sim.records import Fate, PathologyRecords
from disruption_sim.scenario.model import PEOPLE_STEPS, Source, Step
from tests.support.levers import bedside, extra_staff, mutual_aid, restriction
from tests.support.one_hospital import (
    WARM_UP_WEEKS,
    baseline,
    its_world,
    live,
    one_hospital,
    with_policies,
)

pytestmark = pytest.mark.integration

VOLUME = tuple(VolumeItem)
CAPACITY = tuple(CapacityItem)
WEEKS_OF_OUTAGE = slice(0, 2)


@lru_cache(maxsize=1)
def levers() -> PathologyRecords:
    """Return an outage in which every mechanism carries some of the volume."""
    back = restriction(Source.GENERAL_PRACTICE, 0.4, rebound_share=0.5, rebound_days=3)
    policies = (bedside(), mutual_aid(tubes=300.0), back, extra_staff(0.5, learning=0.2))
    return live(with_policies(*policies))[1]


def account(records: PathologyRecords) -> LaboratoryAccount:
    return laboratory_account(Horizon.of(one_hospital()), records, baseline()[1])


def volume(found: LaboratoryAccount, item: VolumeItem) -> np.ndarray:
    return found.volume[:, VOLUME.index(item)]


def capacity(found: LaboratoryAccount, item: CapacityItem) -> np.ndarray:
    return found.capacity[:, CAPACITY.index(item)]


def test_the_items_add_up_to_the_normal_volume_exactly() -> None:
    found = account(levers())
    np.testing.assert_array_equal(found.volume.sum(axis=1), found.normal_volume)
    explained = found.volume[WEEKS_OF_OUTAGE].sum(axis=0)
    for item in set(VOLUME) - {VolumeItem.CAME_BACK, VolumeItem.ASKED_FOR_AGAIN}:
        assert explained[VOLUME.index(item)] != 0.0, item
    assert volume(found, VolumeItem.CAME_BACK)[2] < -100.0


def test_an_arm_in_which_nothing_happens_reports_its_whole_volume() -> None:
    found = account(baseline()[1])
    np.testing.assert_array_equal(volume(found, VolumeItem.REPORTED), found.normal_volume)
    assert not np.delete(found.volume, VOLUME.index(VolumeItem.REPORTED), axis=1).any()
    np.testing.assert_allclose(found.capacity, 1.0, rtol=1e-12)


def test_what_is_left_waiting_is_what_is_open_at_the_end() -> None:
    pathology, records = live(with_policies(restriction(Source.OUTPATIENT, 0.3)))
    kernel, intake = pathology.kernel, pathology.intake
    end = one_hospital().calendar.end_hour
    # Nothing is asked for at run time here, and nothing comes back.
    taken = (intake.fate == 0) & (its_world().tubes.collected <= end)
    left = taken & np.isnan(kernel.reported_at) & ~kernel.is_abandoned
    assert unfinished(records)[-1] == np.count_nonzero(left)


def test_tubes_asked_for_in_addition_are_explained() -> None:
    more = levers().asked_for.copy()
    more[WARM_UP_WEEKS, 0, 0] += 70
    reported = levers().reported.copy()
    reported[WARM_UP_WEEKS, 0, 0] += 70
    found = account(replace(levers(), asked_for=more, reported=reported))
    assert volume(found, VolumeItem.ASKED_FOR_AGAIN)[0] == -70.0
    np.testing.assert_array_equal(found.volume.sum(axis=1), found.normal_volume)


def test_throughput_is_staff_times_occupation_over_minutes() -> None:
    found = account(levers())
    product = (
        capacity(found, CapacityItem.STAFF_ON_DUTY)
        * capacity(found, CapacityItem.STAFF_OCCUPIED)
        / capacity(found, CapacityItem.MINUTES_PER_TUBE)
    )
    np.testing.assert_allclose(product, capacity(found, CapacityItem.THROUGHPUT), rtol=1e-12)
    parts = np.prod(
        [
            capacity(found, item)
            for item in (
                CapacityItem.BY_HAND,
                CapacityItem.LEARNING,
                CapacityItem.WASTE,
                CapacityItem.BACK_ENTRY,
            )
        ],
        axis=0,
    )
    np.testing.assert_allclose(parts, capacity(found, CapacityItem.MINUTES_PER_TUBE), rtol=1e-12)


def test_factors_say_what_was_done() -> None:
    found = account(levers())
    assert (capacity(found, CapacityItem.STAFF_ON_DUTY)[WEEKS_OF_OUTAGE] > 1.3).all()
    assert (capacity(found, CapacityItem.BY_HAND)[WEEKS_OF_OUTAGE] > 2.0).all()
    learning = capacity(found, CapacityItem.LEARNING)
    assert 1.0 > learning[0] > learning[1] > 0.6
    entering = capacity(found, CapacityItem.BACK_ENTRY)
    assert entering[0] == 1.0
    assert entering[2] > 1.05


def test_practice_counts_only_while_work_goes_by_hand() -> None:
    records = replace(levers(), manual_hours=np.zeros_like(levers().manual_hours))
    np.testing.assert_array_equal(capacity(account(records), CapacityItem.LEARNING), 1.0)


def test_paper_that_is_entered_back_takes_its_share_of_the_minutes() -> None:
    hours = levers().staff_hours.copy()
    row = PEOPLE_STEPS.index(Step.BACK_ENTRY)
    others = np.delete(hours[WARM_UP_WEEKS], row, axis=-1).sum()
    hours[WARM_UP_WEEKS, :, row] = 0.0
    hours[WARM_UP_WEEKS, 0, row] = others / 4.0
    found = account(replace(levers(), staff_hours=hours))
    assert capacity(found, CapacityItem.BACK_ENTRY)[0] == pytest.approx(1.25)


def test_fates_of_a_week_are_its_requests() -> None:
    found = account(levers())
    asked = levers().asked_for[WARM_UP_WEEKS:].sum(axis=1)
    np.testing.assert_array_equal(found.fates.sum(axis=(2, 3)), asked)
    practice = tuple(Source).index(Source.GENERAL_PRACTICE)
    assert found.fates[0, practice, :, Fate.REPORTED_ELSEWHERE].sum() > 100
