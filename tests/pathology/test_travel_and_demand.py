"""Ways of samples to a laboratory, and which samples come at all."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pytest

from disruption_sim.disruption import Timeline
from disruption_sim.grid import TICKS_PER_HOUR
from disruption_sim.pathology.demand import Restrictions
from disruption_sim.pathology.expected import collections_per_hour
from disruption_sim.pathology.origins import Origins
from disruption_sim.pathology.travel import (
    BY_VAN,
    COMES,
    COMES_LATER,
    DIRECT,
    FROM_PRACTICE,
    NEVER_TAKEN,
    Travel,
    arrival_time,
)
from disruption_sim.scenario.model import DemandRestriction, Source
from disruption_sim.world.days import Days
from disruption_sim.world.identities import sample_identities
from tests.support import levers
from tests.support.levers import mutual_aid
from tests.support.one_hospital import (
    BOROUGH,
    intake_of,
    its_world,
    one_hospital,
    with_policies,
)
from tests.support.small_scenario import small_scenario

pytestmark = pytest.mark.unit

SOURCES = tuple(Source)
RUNS = np.array([12.5, 16.5])


def arrives(collected: float, route: int, uniform: float = 0.5, **changes: float) -> float:
    """Send one sample in two weeks whose second Monday is a bank holiday."""
    working = [day % 7 < 5 and day != 7 for day in range(21)]
    next_run_day = [min(d for d in [*range(21), 99] if d == 99 or (d >= day and working[d]))
                    for day in range(19)]  # fmt: skip
    rules = {"transport": 0.5, "van": 0.25, "every": 1.0, "spread": 1.0} | changes
    return float(
        arrival_time(
            collected,
            uniform,
            route,
            rules["transport"],
            rules["van"],
            rules["every"],
            RUNS,
            rules["spread"],
            np.array(next_run_day),
        )
    )


def test_a_porter_takes_half_to_one_and_a_half_times_as_long() -> None:
    assert arrives(10.0, DIRECT, 0.0) == 10.25
    assert arrives(10.0, DIRECT, 0.5) == 10.5
    assert arrives(10.0, DIRECT, 1.0) == 10.75


def test_a_van_leaves_the_hospital_on_the_hour() -> None:
    assert arrives(10.0, BY_VAN) == 11.25
    assert arrives(10.5, BY_VAN) == 11.25  # reaches reception at 11:00 as the van leaves
    assert arrives(10.75, BY_VAN) == 12.25
    assert arrives(10.0, BY_VAN, every=3.0) == 12.25


@pytest.mark.parametrize(
    ("collected", "arrival"),
    [
        (9.0, 13.25),  # the first run visits at 13:00
        (13.0, 13.25),  # just in time
        (13.5, 17.25),  # the second run
        (17.5, 24 + 13.25),  # after the last visit: the first run of the next day
        (4 * 24 + 18.0, 8 * 24 + 13.25),  # Friday evening, and Monday is a bank holiday
        (5 * 24 + 9.0, 8 * 24 + 13.25),  # a Saturday clinic
    ],
)
def test_practices_wait_for_the_next_collection_run(collected: float, arrival: float) -> None:
    assert arrives(collected, FROM_PRACTICE) == arrival


def test_practices_are_visited_one_after_the_other() -> None:
    assert arrives(9.0, FROM_PRACTICE, 0.0) == 12.75
    assert arrives(9.0, FROM_PRACTICE, 1.0) == 13.75
    assert arrives(12.75, FROM_PRACTICE, 0.0) == 16.75  # this practice was visited at 12:30


def test_arrivals_stand_on_the_grid_and_after_the_collection() -> None:
    intake = intake_of(())
    arrival, collected = intake.tubes.arrival, intake.tubes.collected
    ticks = arrival * TICKS_PER_HOUR
    assert (ticks == np.rint(ticks)).all()
    assert (arrival >= collected).all()


def test_an_origin_is_a_place_and_a_source() -> None:
    origins = Origins.of(small_scenario())
    assert origins.count == 2 * 6 + 1
    assert origins.places == ("st_thomas", "kings", BOROUGH)
    for number in range(origins.count):
        assert origins.number[origins.place[number], origins.source[number]] == number
    counts = np.arange(2 * origins.count).reshape(2, -1)
    table = origins.spread_out(counts)
    assert table.sum() == counts.sum()
    assert table[1, 2, SOURCES.index(Source.GENERAL_PRACTICE)] == counts[1, -1]


def test_too_many_origins_are_refused_in_words() -> None:
    small = small_scenario()
    site = small.network.sites[0]
    sites = tuple(site.model_copy(update={"name": f"site_{k}"}) for k in range(43))
    crowded = small.model_copy(
        update={"network": small.network.model_copy(update={"sites": sites})}
    )
    with pytest.raises(ValueError, match="43 sites and 1 boroughs are 259 origins"):
        Origins.of(crowded)


def test_expected_collections_match_the_world() -> None:
    scenario = one_hospital()
    origins = Origins.of(scenario)
    expected = collections_per_hour(scenario, origins).sum(axis=(1, 2))
    tubes = its_world().tubes
    # The two weeks between the bank holidays of May, in and behind which clinics are all held.
    first, weeks = 3, 2
    inside = (tubes.collected >= 168.0 * first) & (tubes.collected < 168.0 * (first + weeks))
    numbers = origins.number[tubes.origin[inside], tubes.source[inside]]
    drawn = np.bincount(numbers, minlength=origins.count) / weeks
    for number in range(origins.count):
        if SOURCES[origins.source[number]] is Source.PRE_ASSESSMENT:
            continue  # asked for by the theatres at run time
        error = 4.0 * math.sqrt(max(expected[number], 1.0) / weeks)
        assert drawn[number] == pytest.approx(expected[number], abs=error)


# --- restriction ------------------------------------------------------------------------------


def restriction(share: float, **changes: object) -> DemandRestriction:
    rules = {"places": ["all"], "rebound_share": 0.5} | changes
    return levers.restriction(Source.GENERAL_PRACTICE, share, **rules)


def affected(start: float, end: float) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    tubes = its_world().tubes
    practice = tubes.source == SOURCES.index(Source.GENERAL_PRACTICE)
    found: np.ndarray[tuple[int], np.dtype[np.bool_]] = (
        practice & (tubes.collected >= start) & (tubes.collected < end)
    )
    return found


def test_a_restriction_defers_its_share_and_a_part_comes_back() -> None:
    onset = one_hospital().calendar.week_1_hour
    comes, later, _, never, _ = intake_of((restriction(0.6),)).fate_counts()
    total = int(affected(onset, onset + 14 * 24.0).sum())
    assert later + never == pytest.approx(0.6 * total, abs=4.0 * math.sqrt(0.24 * total))
    assert later == pytest.approx(0.3 * total, abs=4.0 * math.sqrt(0.21 * total))
    assert comes + later + never == len(its_world().tubes.collected)


def test_deferred_samples_come_back_on_working_days_after_the_end_at_their_hour() -> None:
    calendar = one_hospital().calendar
    end = calendar.week_1_hour + 10 * 24.0
    intake = intake_of((restriction(0.6, duration_days=10, rebound_days=5),))
    moved = np.flatnonzero(intake.tubes.collected != its_world().tubes.collected)
    before, after = its_world().tubes.collected[moved], intake.tubes.collected[moved]
    assert moved.size > 1000
    assert ((after >= end) & (after < end + (5 + 3) * 24.0)).all()  # at most a weekend later
    np.testing.assert_array_equal(after % 24.0, before % 24.0)
    assert (Days.of(calendar).weekday[(after // 24.0).astype(int)] < 5).all()


def test_a_restriction_without_an_end_brings_nothing_back() -> None:
    _, later, _, never, _ = intake_of((restriction(0.6, duration_days=None),)).fate_counts()
    assert later == 0
    assert never > 1000


def test_a_restriction_holds_only_where_and_for_whom_it_is_meant() -> None:
    intake = intake_of((restriction(0.9, places=("kings",)),))
    assert intake.fate_counts()[COMES] == len(its_world().tubes.collected)
    assert not Restrictions.of(
        with_policies(restriction(0.9, places=("kings",))),
        Origins.of(one_hospital()),
        Timeline(with_policies(restriction(0.9, places=("kings",)))),
    ).any


def test_a_stronger_restriction_defers_the_same_samples_and_more() -> None:
    numbers = np.arange(len(its_world().tubes.collected), dtype=np.int32)
    weak = intake_of((restriction(0.3, rebound_share=0.0),)).never_taken(numbers)
    strong = intake_of((restriction(0.6, rebound_share=0.0),)).never_taken(numbers)
    assert (strong | ~weak).all()
    assert strong.sum() > weak.sum()


def test_mutual_aid_comes_before_restriction() -> None:
    aid = mutual_aid(tubes=500.0)
    alone, both = intake_of((aid,)), intake_of((restriction(1.0), aid))
    np.testing.assert_array_equal(alone.mutual_aid.numbers, both.mutual_aid.numbers)
    onset = one_hospital().calendar.week_1_hour
    total = int(affected(onset, onset + 14 * 24.0).sum())
    fates = both.fate_counts()
    assert fates[COMES_LATER] + fates[NEVER_TAKEN] == total - len(both.mutual_aid.numbers)


def test_tubes_of_one_appointment_are_deferred_sent_elsewhere_and_come_back_together() -> None:
    tubes = its_world().appointments.tubes
    first, second = tubes[(tubes >= 0).all(axis=1)].T
    aid = mutual_aid(
        tubes=501.0, sources=(Source.GENERAL_PRACTICE, Source.OUTPATIENT), places=("all",)
    )
    intake = intake_of(
        (restriction(0.5, sources={"general_practice": 0.5, "outpatient": 0.5}), aid)
    )
    collected = intake.tubes.collected
    moved = collected[first] != its_world().tubes.collected[first]
    never = intake.never_taken(first)
    assert moved.sum() > 100
    assert never.sum() > 100
    np.testing.assert_array_equal(collected[first], collected[second])
    np.testing.assert_array_equal(never, intake.never_taken(second))
    reported = np.full((2, len(first)), np.nan)
    intake.fill_in_elsewhere(first, math.inf, reported[0])
    intake.fill_in_elsewhere(second, math.inf, reported[1])
    sent = np.isfinite(reported[0])
    # About 105 with a standard deviation of 10 over seeds: enough that the rest means something.
    assert sent.sum() > 50
    np.testing.assert_array_equal(sent, np.isfinite(reported[1]))
    day = (its_world().tubes.collected[intake.mutual_aid.numbers] // 24.0).astype(int)
    assert 500 <= np.bincount(day).max() <= 501


def test_samples_asked_for_at_one_time_for_one_patient_are_deferred_together() -> None:
    intake = intake_of((restriction(0.5, sources={"pre_assessment": 0.5}),))
    origins = Origins.of(one_hospital())
    origin = origins.number[0, SOURCES.index(Source.PRE_ASSESSMENT)]
    patients = 400
    collected = np.repeat(one_hospital().calendar.week_1_hour + np.arange(patients) / 8.0, 3)
    first = intake.count
    tube_types = np.tile(np.array([0, 1, 3], dtype=np.uint8), patients)
    intake.add(
        collected,
        np.full(3 * patients, origin, dtype=np.uint8),
        tube_types,
        sample_identities(
            SOURCES.index(Source.PRE_ASSESSMENT), np.repeat(np.arange(patients), 3), 1, tube_types
        ),
    )
    numbers = np.arange(first, intake.count, dtype=np.int32)
    never = intake.never_taken(numbers).reshape(patients, 3)
    np.testing.assert_array_equal(never.any(axis=1), never.all(axis=1))
    inside = collected[::3] < one_hospital().calendar.week_1_hour + 14 * 24.0
    assert never[inside].mean() == pytest.approx(0.5, abs=4 * 0.5 / math.sqrt(inside.sum()))


def test_a_bank_holiday_has_no_collection_runs() -> None:
    scenario = one_hospital()
    holiday = next(
        day
        for day in scenario.calendar.bank_holidays
        if day > scenario.calendar.first_day + dt.timedelta(days=7)
    )
    day = (holiday - scenario.calendar.first_day).days
    travel = Travel.of(scenario, Origins.of(scenario), Days.of(scenario.calendar).working)
    assert travel.next_run_day[day] == day + 1
