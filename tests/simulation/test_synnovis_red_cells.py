"""Ordinary running of the built-in scenario's red cells, at full scale."""

from __future__ import annotations

import numpy as np
import pytest

from disruption_sim.records import Alert, DeliveryKind, TransfusionRecords
from disruption_sim.scenario import load_scenario
from disruption_sim.simulation import simulate
from disruption_sim.transfusion.compatibility import O_NEGATIVE
from disruption_sim.world import draw_world

pytestmark = [pytest.mark.end_to_end, pytest.mark.slow]

SETTLED = 56  # days: the warm-up


@pytest.fixture(scope="module")
def records() -> TransfusionRecords:
    """Live 48 weeks in which nothing goes wrong."""
    scenario = load_scenario("synnovis-2024").without_disruption()
    return simulate(scenario, draw_world(scenario, 11, 0), "baseline").transfusion


def issued(records: TransfusionRecords) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """Return units issued after the warm-up by group."""
    settled = records.issued_at >= 24.0 * SETTLED
    found = np.zeros(8, dtype=np.int64)
    np.add.at(found, records.issued_group[settled].astype(np.int64), records.issued_units[settled])
    return found


def test_wastage_is_that_of_the_country(records: TransfusionRecords) -> None:
    total = issued(records).sum()
    expired = records.expired[SETTLED:].sum() / total
    wasted = records.wasted[SETTLED:].sum() / total
    assert 0.02 < expired + wasted < 0.05
    assert wasted < 0.2 * expired


def test_o_negative_is_issued_as_often_as_in_the_country(records: TransfusionRecords) -> None:
    found = issued(records)
    assert 0.13 <= found[O_NEGATIVE] / found.sum() <= 0.16


def test_hospitals_hold_five_to_six_days(records: TransfusionRecords) -> None:
    held = (records.stock + records.satellite + records.reserved)[SETTLED:].sum(axis=(1, 2))
    days = held / records.daily_use.sum()
    assert 5.0 < days.mean() < 6.0
    assert days.min() > 4.0


def test_use_is_what_was_planned_for(records: TransfusionRecords) -> None:
    weeks = records.stock.shape[0] / 7.0 - SETTLED / 7.0
    found = issued(records) / weeks
    planned = 7.0 * records.daily_use.sum(axis=0)
    assert found.sum() == pytest.approx(planned.sum(), rel=0.03)
    # Substitution and what is used up move some of it between groups, the most to O-negative.
    assert planned[O_NEGATIVE] < found[O_NEGATIVE] < 1.15 * planned[O_NEGATIVE]


def test_most_blood_comes_by_the_daily_van(records: TransfusionRecords) -> None:
    vans = records.deliveries[SETTLED:].sum(axis=(0, 1))
    assert vans[DeliveryKind.ROUTINE] > 0.85 * vans.sum()
    # 2,000 of 150,000 deliveries a year in England are emergencies, 1.3 %.
    assert 0.005 < vans[DeliveryKind.EMERGENCY] / vans.sum() < 0.04


def test_the_blood_service_stays_near_its_target(records: TransfusionRecords) -> None:
    days = records.national_stock[SETTLED:] / records.national_daily_use
    np.testing.assert_allclose(days.mean(axis=0), 6.0, rtol=0.05)
    assert (records.alert == Alert.GREEN).all()


def test_nobody_waits_long_for_stock(records: TransfusionRecords) -> None:
    # Less than one request in a hundred is not all there in time.
    weeks = records.stock.shape[0] / 7.0
    assert records.late_at.size / weeks < 10.0
