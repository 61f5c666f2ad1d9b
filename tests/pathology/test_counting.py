"""The compiled count equals one done sample by sample in plain Python."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest

from disruption_sim.pathology.counting import by_week, count_reports
from disruption_sim.pathology.origins import SOURCES, Origins
from tests.support.one_hospital import one_hospital, outage

pytestmark = pytest.mark.integration


def test_counts_equal_those_of_a_plain_loop() -> None:
    pathology, records = outage()
    scenario, kernel, intake = one_hospital(), pathology.kernel, pathology.intake
    origins = Origins.of(scenario)
    reported: Counter[tuple[int, int]] = Counter()
    within: Counter[tuple[int, int]] = Counter()
    paper: Counter[int] = Counter()
    repeats_within = 0
    columns = (
        kernel.reported_at, kernel.back_entered_at, kernel.collected_at, kernel.occasion,
        kernel.is_manual, intake.origin, intake.arrival,
    )  # fmt: skip
    for at, entered, collected, occasion, manual, origin, arrival in zip(
        *(column.tolist() for column in columns), strict=True
    ):
        if math.isnan(at):
            continue
        day = math.ceil(at / 24.0) - 1
        received = collected + kernel.layout.transport_hours[origin] if occasion else arrival
        standard = scenario.pathology.source(SOURCES[origins.source[origin]]).standard_hours
        reported[day, origin] += 1
        in_time = at - received <= standard
        within[day, origin] += in_time
        repeats_within += bool(occasion) and in_time
        if manual:
            paper[day] += 1
            if not math.isnan(entered):
                paper[math.ceil(entered / 24.0) - 1] -= 1
    assert repeats_within > 100  # so that the turnaround of repeats is really put to the test
    counts = count_reports(scenario, origins, kernel, intake.origin, intake.arrival)
    assert counts.reported.sum() == sum(reported.values())
    for (day, origin), number in reported.items():
        reported_week = sum(reported[7 * (day // 7) + k, origin] for k in range(7))
        assert counts.reported[day // 7, origin] == reported_week >= number
    for week in range(scenario.calendar.weeks):
        for origin in range(origins.count):
            expected = sum(within[7 * week + day, origin] for day in range(7))
            assert counts.within_standard[week, origin] == expected
    days = range(7 * scenario.calendar.weeks)
    np.testing.assert_array_equal(
        records.daily_paper_waiting, np.cumsum([paper[day] for day in days])
    )


def test_the_stroke_between_two_weeks_belongs_to_the_earlier() -> None:
    times = np.array([0.0, 0.5, 168.0, 168.5, 400.0])
    origin = np.array([0, 1, 1, 0, 0], dtype=np.uint8)
    assert by_week(times, origin, weeks=2, origins=2).tolist() == [[1, 2], [1, 0]]
