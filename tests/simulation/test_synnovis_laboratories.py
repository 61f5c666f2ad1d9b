"""The built-in incident: ordinary running as published, and the loss of capacity as it came out.

The three shares of normal and the two statements about general practice are those to which the
laboratory values of the scenario were fitted (its file says which); 20 June was not.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from disruption_sim.measures.throughput import throughput_share
from disruption_sim.records import Fate, Records
from disruption_sim.scenario import Scenario, load_scenario
from disruption_sim.scenario.model import Source, TubeType
from disruption_sim.scenario.published import published_figures
from disruption_sim.simulation import simulate
from disruption_sim.world import draw_world

pytestmark = [pytest.mark.end_to_end, pytest.mark.slow]

SOURCES, TYPES = list(Source), list(TubeType)
EMERGENCY = SOURCES.index(Source.EMERGENCY_DEPARTMENT)
PRACTICE = SOURCES.index(Source.GENERAL_PRACTICE)
CHEMISTRY, HAEMATOLOGY = (TYPES.index(t) for t in (TubeType.CHEMISTRY, TubeType.HAEMATOLOGY))
WITHIN_STANDARD, WITHIN_LIMIT = 1, 2


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return load_scenario("synnovis-2024", ["calendar.horizon_weeks=8", "calendar.warm_up_weeks=6"])


@pytest.fixture(scope="module", params=[1, 2])
def arms(scenario: Scenario, request: pytest.FixtureRequest) -> tuple[Records, Records]:
    world = draw_world(scenario, request.param, 0)
    return (
        simulate(scenario.without_disruption(), world, "baseline"),
        simulate(scenario, world, "disrupted"),
    )


def within(records: Records, sources: list[int], types: list[int], which: int) -> float:
    """Return the share of the tubes of all weeks that were reported in time."""
    counts = records.pathology.turnaround_weekly.sum(axis=(0, 1))[np.ix_(sources, types)]
    return float(counts[..., which].sum() / counts[..., 0].sum())


def test_ordinary_running_is_as_published(arms: tuple[Records, Records]) -> None:
    usual, _ = arms
    every_blood = list(range(4))
    wards = [SOURCES.index(s) for s in (Source.INPATIENT_URGENT, Source.INPATIENT_ROUTINE)]
    assert 0.85 <= within(usual, [EMERGENCY], [CHEMISTRY], WITHIN_STANDARD) <= 0.90
    assert 0.95 <= within(usual, [EMERGENCY], [HAEMATOLOGY], WITHIN_STANDARD) <= 0.98
    assert within(usual, wards, every_blood, WITHIN_STANDARD) >= 0.90
    assert within(usual, [PRACTICE], every_blood, WITHIN_STANDARD) >= 0.95
    people = usual.pathology.people_utilisation[2:]
    assert people.min() > 0.15
    assert people.max() < 0.85


def test_the_published_shares_of_normal_come_out_of_the_model(
    scenario: Scenario, arms: tuple[Records, Records]
) -> None:
    usual, disrupted = (arm.pathology for arm in arms)
    published = published_figures("synnovis-2024", "laboratory_throughput_share")
    assert [figure.value for figure in published] == [0.10, 0.45, 0.54]
    for figure in published:
        found = throughput_share(scenario, disrupted, usual, figure.date)
        assert found == pytest.approx(figure.value, abs=0.08), figure.date
    # It comes back steadily: no pile of results that is cleared in one week.
    dates = [dt.date(2024, 6, day) for day in (7, 14, 20, 27)] + [dt.date(2024, 7, 4)]
    shares = [throughput_share(scenario, disrupted, usual, date) for date in dates]
    assert shares == sorted(shares)


def test_general_practice_is_lost_first_and_its_urgent_work_done_then(
    scenario: Scenario, arms: tuple[Records, Records]
) -> None:
    _, disrupted = arms
    first = 7 * scenario.calendar.warm_up_weeks
    fates = disrupted.pathology.fates[first : first + 7, :, PRACTICE, CHEMISTRY].sum(axis=(0, 1))
    never_processed = fates[Fate.REPORTED_AFTER_REPEAT] + fates[Fate.ABANDONED_EXPIRED]
    # About 8,000: the tube that was taken first was lost, whether or not another was taken.
    assert 7_000 <= never_processed <= 9_000
    second_week = scenario.calendar.warm_up_weeks + 1
    reported = disrupted.pathology.turnaround_weekly[second_week, :, PRACTICE].sum(axis=(0, 1))
    assert 300 <= reported[0] / 5 <= 420
    assert reported[WITHIN_LIMIT] / reported[0] >= 0.95
    # What is reported had not expired: of what was sent in that week, hardly any was lost.
    week = slice(7 * second_week, 7 * second_week + 7)
    sent = disrupted.pathology.fates[week, :, PRACTICE].sum(axis=(0, 1, 2))
    lost = sent[[Fate.REPORTED_AFTER_REPEAT, Fate.ABANDONED_EXPIRED, Fate.ABANDONED_REJECTED]].sum()
    assert lost / (sent[Fate.REPORTED] + lost) <= 0.05
