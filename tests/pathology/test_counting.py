"""The compiled counts equal those done sample by sample in plain Python, and nothing is lost."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import pytest

from disruption_sim.disruption import Timeline
from disruption_sim.pathology import Pathology
from disruption_sim.pathology.counting import by_week, disturbed_span, limits
from disruption_sim.pathology.origins import SOURCES, Origins
from disruption_sim.pathology.recording import weekly_means
from disruption_sim.pathology.travel import AT_THE_BEDSIDE, COMES_LATER, ELSEWHERE, NEVER_TAKEN
from disruption_sim.randomness import hash_uniform
from disruption_sim.records import TURNAROUND_EDGES_HOURS, Fate, PathologyRecords
from disruption_sim.scenario.model import PEOPLE_STEPS, Scenario, Source, Step, TubeType
from disruption_sim.step_function import StepFunction
from disruption_sim.world.identities import sample_identities
from tests.support.levers import bedside, extra_staff, mutual_aid, restriction
from tests.support.one_hospital import WARM_UP_WEEKS, its_world, live, one_hospital, with_policies

pytestmark = pytest.mark.integration

ONSET = 168.0 * WARM_UP_WEEKS
PRE_ASSESSMENT = SOURCES.index(Source.PRE_ASSESSMENT)
TYPES = tuple(TubeType)
PATIENTS = 400


@lru_cache(maxsize=1)
def everything() -> Scenario:
    """Return the outage with every way in which a request can end."""
    rebound = restriction(
        Source.OUTPATIENT, 0.6, rebound_share=0.7, rebound_days=10, name="outpatients"
    )
    scenario = with_policies(
        bedside(), mutual_aid(), rebound, restriction(Source.PRE_ASSESSMENT, 0.5), extra_staff(1.0)
    )
    rules = scenario.pathology
    sources = tuple(
        source.model_copy(update={"on_expiry": "flag"})
        if source.name is Source.INPATIENT_ROUTINE
        else source
        for source in rules.sources
    )
    return scenario.model_copy(update={"pathology": rules.model_copy(update={"sources": sources})})


@lru_cache(maxsize=1)
def lived() -> tuple[Pathology, PathologyRecords]:
    """Return the laboratories after it, with samples asked for at run time, and their records."""
    pathology = Pathology(everything(), its_world(), Timeline(everything()))
    pathology.advance_to(ONSET)
    who = np.arange(PATIENTS)
    # Beyond the end as well.
    collected = ONSET + 24.0 + 1.5 * who
    types = np.zeros(PATIENTS, dtype=np.uint8)
    identities = sample_identities(PRE_ASSESSMENT, who, 1, types)
    pathology.submit(collected.astype(np.float64), 0, PRE_ASSESSMENT, types, identities)
    return pathology, pathology.finish()


def week_of(time: float) -> int:
    return max(math.ceil(time / 168.0) - 1, 0)


@dataclass
class Plain:
    """Counts of one sample after the other."""

    counts: dict[str, Counter[tuple[int, ...]]] = field(default_factory=dict)

    def add(self, name: str, *cell: int, by: int = 1) -> None:
        self.counts.setdefault(name, Counter())[cell] += by

    def equal(self, name: str, table: np.ndarray) -> bool:
        cells = self.counts[name]
        return table.sum() == sum(cells.values()) and all(
            table[cell] == count for cell, count in cells.items()
        )


@lru_cache(maxsize=1)
def plain() -> Plain:
    """Return the counts of what `lived` did, by a plain loop over its samples."""
    pathology, _ = lived()
    scenario, kernel, intake, world = everything(), pathology.kernel, pathology.intake, its_world()
    origins, limit = Origins.of(scenario), limits(scenario)
    from_, until = disturbed_span(scenario)
    known, end = len(world.tubes.collected), scenario.calendar.end_hour
    first = [*world.tubes.collected.tolist(), *(ONSET + 24.0 + 1.5 * k for k in range(PATIENTS))]
    taken = [*intake.tubes.collected.tolist(), *first[known:]]
    late = {
        int(number)
        for results in (intake.mutual_aid, intake.bedside)
        for number, time in zip(results.numbers, results.reported, strict=True)
        if time > end
    }
    key = world.key("pathology.transcription")
    identity = sample_identities(PRE_ASSESSMENT, np.arange(PATIENTS), 1, np.zeros(PATIENTS, int))
    entity = np.concatenate([np.arange(known, dtype=np.uint64), identity])
    uniform = hash_uniform(key, entity)
    people, layout = scenario.pathology.people, kernel.layout
    found = Plain()
    columns = (
        kernel.reported_at, kernel.back_entered_at, kernel.collected_at, kernel.occasion,
        kernel.is_manual, kernel.is_abandoned, kernel.is_rejected, intake.origin, intake.arrival,
        intake.fate, kernel.tube_type,
    )  # fmt: skip
    for i, row in enumerate(zip(*(column.tolist() for column in columns), strict=True)):
        at, entered, collected, occasion, manual, abandoned, rejected, way, arrival, fate, kind = (
            row
        )
        place, source = int(origins.place[way]), int(origins.source[way])
        if first[i] <= end:
            week = week_of(first[i])
            found.add("asked_for", week, place, source)
            if fate == ELSEWHERE:
                found.add("sent_elsewhere", week, place, source)
                became = Fate.OPEN if i in late else Fate.REPORTED_ELSEWHERE
            elif fate == AT_THE_BEDSIDE:
                found.add("point_of_care", week, place, source)
                became = Fate.OPEN if i in late else Fate.AT_THE_BEDSIDE
            elif fate == NEVER_TAKEN:
                became = Fate.NEVER_TAKEN
            elif not math.isnan(at):
                became = Fate.REPORTED_AFTER_REPEAT if occasion else Fate.REPORTED
                became = Fate.DEFERRED_AND_REPORTED if fate == COMES_LATER else became
            elif abandoned:
                became = Fate.ABANDONED_REJECTED if rejected else Fate.ABANDONED_EXPIRED
            else:
                became = Fate.OPEN
            if i < known:
                day = max(math.ceil(first[i] / 24.0) - 1, 0)
                found.add("fates", day, place, source, kind, became)
        if fate == COMES_LATER and taken[i] <= end:
            found.add("returned", week_of(taken[i]), place, source)
        if math.isnan(at):
            continue
        day, week = math.ceil(at / 24.0) - 1, week_of(at)
        received = collected + layout.transport_hours[way] if occasion else arrival
        period = int(received >= from_) + int(received >= until)
        hour = int(received % 24.0)
        found.add("daily_reported", day, source, kind)
        for slot, most in enumerate((math.inf, *limit[source, kind])):
            if at - received <= most:
                found.add("turnaround_weekly", week, place, source, kind, slot)
                found.add("turnaround_by_place", period, place, source, kind, slot)
                found.add("turnaround_by_hour", period, hour, source, kind, slot)
        for clock, since in enumerate((received, collected)):
            column = bisect_right(TURNAROUND_EDGES_HOURS, at - since)
            found.add("histogram_weekly", week, source, kind, clock, column)
            found.add("histogram_by_place", period, place, source, kind, clock, column)
            found.add("histogram_by_hour", period, hour, source, kind, clock, column)
        old = at - collected > layout.stability_hours[kind]
        if old and SOURCES[source] is Source.INPATIENT_ROUTINE:
            found.add("flagged", week, place, source)
        if manual:
            found.add("paper", day)
            if not math.isnan(entered):
                found.add("paper", math.ceil(entered / 24.0) - 1, by=-1)
            for grade, share in enumerate(
                (people.transcription_error_share, people.transcription_error_significant_share)
            ):
                if uniform[i] < share:
                    found.add("transcription_errors", week, grade)
    return found


@pytest.mark.parametrize(
    "name",
    [
        "asked_for", "returned", "sent_elsewhere", "point_of_care", "flagged", "fates",
        "daily_reported", "turnaround_weekly", "turnaround_by_place", "turnaround_by_hour",
        "histogram_weekly", "histogram_by_place", "histogram_by_hour", "transcription_errors",
    ],
)  # fmt: skip
def test_counts_equal_those_of_a_plain_loop(name: str) -> None:
    assert plain().equal(name, getattr(lived()[1], name))


def test_paper_waiting_equals_that_of_a_plain_loop() -> None:
    days = range(7 * everything().calendar.weeks)
    expected = np.cumsum([plain().counts["paper"][(day,)] for day in days])
    np.testing.assert_array_equal(lived()[1].daily_paper_waiting, expected)


def test_the_case_contains_what_it_is_for() -> None:
    _, records = lived()
    fates = records.fates.sum(axis=(0, 1, 2, 3))
    assert (fates > 20).all(), dict(zip(Fate, fates.tolist(), strict=True))
    for name in ("returned", "flagged", "point_of_care", "rejected", "discarded"):
        assert getattr(records, name).sum() > 20, name
    assert (records.turnaround_by_place.sum(axis=(1, 2, 3, 4)) > 1000).all()
    assert records.transcription_errors.sum(axis=0).min() > 20
    assert records.asked_for.sum() > len(its_world().tubes.collected)


def test_every_request_of_the_world_has_exactly_one_fate() -> None:
    tubes, (_, records) = its_world().tubes, lived()
    day = np.maximum(np.ceil(tubes.collected / 24.0).astype(np.int64) - 1, 0)
    asked = np.zeros(records.fates.shape[:-1], dtype=np.int64)
    # Places of the world are sites, then boroughs, as in the records.
    np.add.at(asked, (day, tubes.origin, tubes.source, tubes.tube_type), 1)
    np.testing.assert_array_equal(records.fates.sum(axis=-1), asked)


def test_results_from_elsewhere_that_come_after_the_end_are_open() -> None:
    # Practices send nothing on the last two days.
    far_away = mutual_aid(duration_days=300.0, extra_transport_hours=60.0)
    slow = bedside(duration_days=300.0, result_minutes=600.0)
    pathology, records = live(with_policies(far_away, slow))
    end = pathology.kernel.now
    fates = records.fates.sum(axis=(0, 1, 2, 3))
    for results, fate in (
        (pathology.intake.mutual_aid, Fate.REPORTED_ELSEWHERE),
        (pathology.intake.bedside, Fate.AT_THE_BEDSIDE),
    ):
        in_time = np.count_nonzero(results.reported <= end)
        assert in_time < len(results.reported) - 5
        assert fates[fate] == in_time
    assert (records.fates >= 0).all()


def test_what_is_lost_is_taken_again_or_abandoned() -> None:
    _, records = lived()
    np.testing.assert_array_equal(
        records.discarded + records.rejected, records.rebled + records.abandoned
    )
    assert (records.abandoned_rejected <= records.abandoned).all()
    assert (records.abandoned_rejected <= records.rejected).all()


def test_requests_that_were_taken_on_are_reported_abandoned_or_open() -> None:
    pathology, records = lived()
    taken = records.asked_for - records.deferred - records.sent_elsewhere - records.point_of_care
    left = int((taken + records.returned - records.reported - records.abandoned).sum())
    kernel, intake, end = pathology.kernel, pathology.intake, everything().calendar.end_hour
    first = np.concatenate(
        [intake.tubes.collected, kernel.collected_at[len(intake.tubes.collected) :]]
    )
    comes = (intake.fate <= COMES_LATER) & (first <= end)
    open_ = comes & np.isnan(kernel.reported_at) & ~kernel.is_abandoned
    assert left == np.count_nonzero(open_) > 100


def test_hours_of_people_are_those_of_their_stations() -> None:
    pathology, records = lived()
    weeks = pathology.kernel.station_weeks
    names = records.station_names
    for row, laboratory in enumerate(everything().laboratory_names):
        mine = [names.index(f"{laboratory}.{step.value}") for step in PEOPLE_STEPS]
        np.testing.assert_array_equal(records.staff_hours[:, row], weeks["busy_hours"][:, mine])
        np.testing.assert_array_equal(
            records.staff_on_duty_hours[:, row], weeks["offered_hours"][:, mine].sum(axis=1)
        )
        np.testing.assert_allclose(
            records.people_utilisation[:, row], pathology.kernel.pool_utilisation[:, mine[0]]
        )
    assert (records.people_utilisation <= 1.0).all()
    assert (records.utilisation <= 1.0 + 1e-9).all()


def test_wasted_hours_are_those_of_booking_in_tubes_that_were_lost_there_or_behind() -> None:
    pathology, records = lived()
    weeks, names = pathology.kernel.station_weeks, records.station_names
    hub = everything().laboratory_names.index("hub")
    booking = weeks[:, names.index(f"hub.{Step.BOOKING_IN.value}")]
    behind = [
        weeks["discarded"][:, names.index(f"hub.{step.value}")]
        for step in everything().pathology.steps_in_use
        if step not in (Step.BOOKING_IN, Step.GROUP_AND_SCREEN)
    ]
    lost = booking["rejected"] + np.sum(behind, axis=0)
    expected = lost * booking["busy_hours"] / booking["served"]
    np.testing.assert_allclose(records.wasted_staff_hours[:, hub], expected)
    # Tubes that expired before anybody touched them cost nobody a minute.
    assert booking["discarded"].sum() > 0
    assert (records.wasted_staff_hours.sum(axis=1) < records.staff_hours.sum(axis=(1, 2))).all()


def test_reinforcement_is_what_the_policy_sets() -> None:
    _, records = lived()
    assert records.reinforcement[:WARM_UP_WEEKS].tolist() == [1.0] * WARM_UP_WEEKS
    assert records.reinforcement[WARM_UP_WEEKS + 1 :].tolist() == [2.0, 2.0]


def test_the_mean_of_a_week_weighs_values_by_how_long_they_hold() -> None:
    function = StepFunction.constant(1.0).with_step(84.0, 3.0).with_step(168.0 + 42.0, 5.0)
    assert weekly_means(function, 3).tolist() == [2.0, 4.5, 5.0]


def test_the_disturbance_ends_when_nothing_is_lost_any_more() -> None:
    scenario = one_hospital()
    start, end = disturbed_span(scenario)
    assert end - start == pytest.approx(14 * 24.0)
    assert disturbed_span(scenario.without_disruption()) == (start, start)


def test_a_standard_of_a_tube_type_holds_at_every_source() -> None:
    table = limits(everything())
    emergency = SOURCES.index(Source.EMERGENCY_DEPARTMENT)
    assert table[emergency, TYPES.index(TubeType.CHEMISTRY)].tolist() == [1.0, 2.0]
    own = everything().pathology.standard_hours_by_tube_type[TubeType.HISTOLOGY]
    assert (table[:, TYPES.index(TubeType.HISTOLOGY)] == (own, 2.0 * own)).all()


def test_the_stroke_between_two_weeks_belongs_to_the_earlier() -> None:
    times = np.array([0.0, 0.5, 168.0, 168.5, 400.0])
    origin = np.array([0, 1, 1, 0, 0], dtype=np.uint8)
    assert by_week(times, origin, weeks=2, origins=2).tolist() == [[1, 2], [1, 0]]
