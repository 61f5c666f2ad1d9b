from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from disruption_sim.measures import Horizon
from disruption_sim.measures.laboratories import laboratory_measures
from disruption_sim.measures.table import Ratio
from disruption_sim.records import PathologyRecords
from disruption_sim.scenario.model import Step
from disruption_sim.world import World, draw_world
from tests.support.one_hospital import WARM_UP_WEEKS, one_hospital, outage
from tests.support.pretend import pretend_records
from tests.support.small_scenario import small_scenario

SCENARIO = small_scenario(calendar__horizon_weeks=4)
WEEKS = SCENARIO.calendar.weeks
FIRST = SCENARIO.calendar.warm_up_weeks
NAMES = ("hub.booking_in", "hub.back_entry", "kings.chemistry", "kings.back_entry")


@pytest.fixture(scope="module")
def ordinary() -> PathologyRecords:
    world: World = draw_world(SCENARIO, seed=1, replication=0)
    return pretend_records(SCENARIO.without_disruption(), world, "baseline").pathology


def measured(records: PathologyRecords, twin: PathologyRecords, name: str) -> list[float]:
    weekly = laboratory_measures(SCENARIO, Horizon.of(SCENARIO), records, twin)[name]
    assert isinstance(weekly, np.ndarray)
    return [float(value) for value in weekly]


@pytest.mark.unit
def test_paper_to_be_entered_back_is_in_no_measure_of_queues_and_busy_stations(
    ordinary: PathologyRecords,
) -> None:
    queue = np.zeros((WEEKS, 4), dtype=np.int64)
    utilisation = np.zeros((WEEKS, 4))
    for week in range(4):
        queue[FIRST + week] = [5 + week, 9000, 7 - week, 8000]
        utilisation[FIRST + week] = [0.5 + week / 10, 1.0, 0.7 - week / 10, 0.99]
    queue[FIRST - 1], utilisation[FIRST - 1] = 500, 0.95  # not in the horizon
    people = np.full((WEEKS, 3), 0.2)
    records = replace(
        ordinary,
        station_names=NAMES,
        longest_queue=queue,
        utilisation=utilisation,
        people_utilisation=people,
    )
    assert measured(records, ordinary, "longest_laboratory_queue") == [7, 6, 7, 8]
    assert measured(records, ordinary, "busiest_station_utilisation") == pytest.approx(
        [0.7, 0.6, 0.7, 0.8]
    )


@pytest.mark.unit
def test_busy_people_count_even_where_none_of_their_steps_is_busy(
    ordinary: PathologyRecords,
) -> None:
    people = np.full_like(ordinary.people_utilisation, 0.3)
    people[FIRST + 2, 1] = 0.9
    records = replace(
        ordinary, utilisation=np.full_like(ordinary.utilisation, 0.5), people_utilisation=people
    )
    assert measured(records, ordinary, "busiest_station_utilisation") == [0.5, 0.5, 0.9, 0.5]


@pytest.mark.unit
def test_the_helpers_turnaround_is_the_mean_of_the_weeks_in_which_they_help(
    ordinary: PathologyRecords,
) -> None:
    hours = np.full(WEEKS, np.nan)
    hours[FIRST + 1 : FIRST + 3] = 5.0, 8.0
    records = replace(ordinary, helper_turnaround_hours=hours)
    found = laboratory_measures(SCENARIO, Horizon.of(SCENARIO), records, ordinary)
    ratio = found["helper_turnaround_hours"]
    assert isinstance(ratio, Ratio)
    assert ratio.denominator.tolist() == [0.0, 1.0, 1.0, 0.0]
    assert ratio.numerator.sum() / ratio.denominator.sum() == 6.5


@pytest.mark.unit
def test_wasted_hours_are_a_share_of_all_hours_worked(ordinary: PathologyRecords) -> None:
    hours = np.zeros_like(ordinary.staff_hours)
    hours[:, 0] = 5.0, 2.0, 2.0, 1.0
    wasted = np.zeros_like(ordinary.wasted_staff_hours)
    wasted[FIRST + 1, 0] = 2.0
    records = replace(ordinary, staff_hours=hours, wasted_staff_hours=wasted)
    found = laboratory_measures(SCENARIO, Horizon.of(SCENARIO), records, ordinary)
    ratio = found["staff_hours_wasted_share"]
    assert isinstance(ratio, Ratio)
    assert (ratio.numerator / ratio.denominator).tolist() == [0.0, 0.2, 0.0, 0.0]


@pytest.mark.unit
def test_manual_staff_hours_are_those_of_the_reported_weeks(ordinary: PathologyRecords) -> None:
    hours = np.arange(float(WEEKS))
    records = replace(ordinary, manual_hours=hours)
    found = measured(records, ordinary, "manual_staff_hours")
    assert found == [FIRST, FIRST + 1, FIRST + 2, FIRST + 3]


@pytest.mark.integration
def test_the_stations_left_out_are_those_at_which_paper_is_entered_back() -> None:
    scenario, (pathology, records) = one_hospital(), outage()
    back_entry = pathology.kernel.layout.marks_back_entered
    assert back_entry.sum() == len(scenario.laboratory_names)
    # Longer than anything else in every week.
    queue = np.where(back_entry, 1_000_000, records.longest_queue)
    busy = np.where(back_entry, 2.0, records.utilisation)
    found = laboratory_measures(
        scenario,
        Horizon.of(scenario),
        replace(records, longest_queue=queue, utilisation=busy),
        records,
    )
    horizon = slice(WARM_UP_WEEKS, None)
    np.testing.assert_array_equal(
        found["longest_laboratory_queue"],
        records.longest_queue[horizon, ~back_entry].max(axis=1),
    )
    np.testing.assert_array_equal(
        found["busiest_station_utilisation"],
        np.maximum(
            records.utilisation[horizon, ~back_entry].max(axis=1),
            records.people_utilisation[horizon].max(axis=1),
        ),
    )


@pytest.mark.integration
def test_manual_staff_hours_are_booking_in_authorising_and_reporting_while_they_go_by_hand() -> (
    None
):
    pathology, records = outage()
    busy = pathology.kernel.station_weeks["busy_hours"][WARM_UP_WEEKS:]
    step = np.array([name.split(".")[1] for name in records.station_names])
    scenario = one_hospital()
    found = laboratory_measures(scenario, Horizon.of(scenario), records, records)
    hours = found["manual_staff_hours"]
    assert isinstance(hours, np.ndarray)
    by_hand = np.isin(step, [Step.BOOKING_IN, Step.AUTHORISATION, Step.REPORTING])
    # Two weeks to the hour; then people enter back, and the transfusion laboratory still has no
    # system, neither of which counts.
    expected = busy[:, by_hand].sum(axis=1)
    expected[2] = 0.0
    np.testing.assert_allclose(hours, expected, rtol=1e-12)
    assert busy[2, step == Step.BACK_ENTRY].sum() > 100.0
    assert busy[:, step == Step.GROUP_AND_SCREEN].sum(axis=1).min() > 0.0
