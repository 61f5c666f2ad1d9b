"""The laboratories of one hospital do what their manager would expect."""

from __future__ import annotations

import numpy as np
import pytest

from disruption_sim.disruption import Timeline
from disruption_sim.pathology import Pathology
from disruption_sim.records import PathologyRecords
from disruption_sim.scenario.model import Source, Step, TubeType
from disruption_sim.world.identities import sample_identities
from tests.support.levers import (
    bedside,
    extra_staff,
    mutual_aid,
    reroute,
    restriction,
    rule_of_dispatch,
)
from tests.support.one_hospital import (
    WARM_UP_WEEKS,
    baseline,
    its_world,
    live,
    one_hospital,
    outage,
    outage_weeks,
    same_records,
    with_policies,
)

pytestmark = pytest.mark.integration

SOURCES = tuple(Source)
STEPS = tuple(Step)
TUBE_TYPES = tuple(TubeType)
EMERGENCY = SOURCES.index(Source.EMERGENCY_DEPARTMENT)
ROUTINE = SOURCES.index(Source.INPATIENT_ROUTINE)
PRACTICE = SOURCES.index(Source.GENERAL_PRACTICE)
PRE_ASSESSMENT = SOURCES.index(Source.PRE_ASSESSMENT)
GROUP_AND_SCREEN = TUBE_TYPES.index(TubeType.GROUP_AND_SCREEN)
CHEMISTRY = TUBE_TYPES.index(TubeType.CHEMISTRY)
ONSET = 168.0 * WARM_UP_WEEKS


def share_within(records: PathologyRecords, source: int) -> float:
    within = outage_weeks(records.within_standard)[:, :, source].sum()
    handled = outage_weeks(records.reported + records.discarded)[:, :, source].sum()
    return float(within / handled)


# --- ordinary running -------------------------------------------------------------------------


def test_emergency_samples_meet_their_standard_in_ordinary_running() -> None:
    _, records = baseline()
    share = records.within_standard.sum(axis=(0, 1)) / records.reported.sum(axis=(0, 1)).clip(1)
    assert share[EMERGENCY] >= 0.85
    for source in (ROUTINE, PRACTICE):
        assert share[source] >= 0.9


def test_no_station_is_overloaded_in_ordinary_running() -> None:
    _, records = baseline()
    rules = one_hospital().pathology
    planned = np.array([rules.step(step).planned_utilisation or 1.0 for step in rules.steps_in_use])
    assert (records.utilisation <= 1.0).all()
    # Full weeks without a bank holiday carry at most a little more than planned.
    assert (records.utilisation[3:5] <= np.tile(planned, 2) + 0.05).all()
    assert (records.people_utilisation[3:5] <= rules.people.planned_utilisation + 0.05).all()


def test_few_samples_expire_in_ordinary_running() -> None:
    _, records = baseline()
    assert records.discarded.sum() < 0.01 * records.received.sum()
    hospital = [number for number in range(len(SOURCES)) if number != PRACTICE]
    assert records.discarded[:, :, hospital].sum() == 0


def test_nothing_is_done_by_hand_in_ordinary_running() -> None:
    _, records = baseline()
    assert records.manual_hours.sum() == 0.0
    assert records.daily_paper_waiting.sum() == 0
    assert records.deferred.sum() == 0
    assert records.reported_elsewhere.sum() == 0


# --- the outage -------------------------------------------------------------------------------


def test_an_outage_reduces_throughput_and_the_analysers_stand_idle() -> None:
    _, ordinary = baseline()
    _, disrupted = outage()
    assert outage_weeks(disrupted.reported).sum() < 0.7 * outage_weeks(ordinary.reported).sum()
    chemistry = [
        number
        for number, name in enumerate(disrupted.station_names)
        if name.endswith(Step.CHEMISTRY.value)
    ]
    assert (
        outage_weeks(disrupted.utilisation)[:, chemistry]
        < outage_weeks(ordinary.utilisation)[:, chemistry]
    ).all()
    assert (outage_weeks(disrupted.people_utilisation) > 0.9).all()


def test_a_long_queue_becomes_repeats() -> None:
    _, disrupted = outage()
    assert outage_weeks(disrupted.discarded).sum() > 1000
    assert outage_weeks(disrupted.rebled).sum() > 500
    np.testing.assert_array_equal(
        disrupted.discarded + disrupted.rejected, disrupted.rebled + disrupted.abandoned
    )


def test_before_the_onset_the_arms_are_equal() -> None:
    _, ordinary = baseline()
    _, disrupted = outage()
    for name in ("received", "reported", "within_standard", "discarded"):
        before = slice(0, WARM_UP_WEEKS)
        np.testing.assert_array_equal(
            getattr(ordinary, name)[before], getattr(disrupted, name)[before]
        )


def test_results_on_paper_are_entered_back_after_the_outage() -> None:
    _, disrupted = outage()
    paper = disrupted.daily_paper_waiting
    restored = 7 * (WARM_UP_WEEKS + 2)
    assert (np.diff(paper[:restored]) >= 0).all()
    assert paper[restored - 1] > 10_000
    assert (np.diff(paper[restored:]) < 0).all()


def test_manual_hours_are_the_busy_hours_of_the_manual_stations() -> None:
    _, disrupted = outage()
    pathology, _ = outage()
    weeks = pathology.kernel.station_weeks
    by_hand = [
        number
        for number, name in enumerate(disrupted.station_names)
        if name.split(".")[1] in {"booking_in", "authorisation", "reporting"}
    ]
    # The first week of the outage is manual from its first hour to its last.
    expected = weeks["busy_hours"][WARM_UP_WEEKS, by_hand].sum()
    assert disrupted.manual_hours[WARM_UP_WEEKS] == pytest.approx(expected, rel=1e-12)
    assert disrupted.manual_hours[:WARM_UP_WEEKS].sum() == 0.0


def on_the_way_at_end(pathology: Pathology) -> int:
    known = len(its_world().tubes.collected)
    late = pathology.intake.tubes.arrival > one_hospital().calendar.end_hour
    late &= pathology.intake.tubes.entry_station >= 0
    assert pathology.kernel.tube_count == known
    return int(np.count_nonzero(late)) + pathology.kernel.counts.on_their_way


# --- accounts ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "policies",
    [
        (),
        (
            restriction(Source.GENERAL_PRACTICE, 0.7, rebound_share=0.5),
            mutual_aid(3.0),
            bedside(2),
            reroute(0.5),
            rule_of_dispatch("freshest_first"),
            extra_staff(0.5, 0.1),
        ),
    ],
    ids=["nothing done", "everything done"],
)
def test_every_sample_is_accounted_for(policies: tuple[object, ...]) -> None:
    pathology, records = live(with_policies(*policies))  # type: ignore[arg-type]
    assert records.received.sum() == (
        records.reported.sum()
        + records.discarded.sum()
        + records.rejected.sum()
        + records.waiting_at_end
    )
    comes, comes_later, elsewhere, never, bedside = pathology.intake.fate_counts()
    assert comes + comes_later + elsewhere + never + bedside == len(its_world().tubes.collected)
    assert records.deferred.sum() == comes_later + never
    # Everything that comes is received, unless it or its repeat is still on its way at the end.
    assert comes + comes_later + records.rebled.sum() == (
        records.received.sum() + on_the_way_at_end(pathology)
    )
    assert (records.within_standard <= records.reported).all()


def test_policies_that_change_nothing_shift_no_draw() -> None:
    ordinary, records = baseline()
    idle = with_policies(
        restriction(Source.GENERAL_PRACTICE, 0.0),
        mutual_aid(0.0, tubes=0.0),
        bedside(0),
        reroute(0.0),
        rule_of_dispatch("clinical_priority"),
        extra_staff(1.0, 0.1),
    ).model_copy(update={"disruptions": ()})
    pathology, same = live(idle)
    # What the staffing policy would have given stands in the records, needed or not.
    assert same_records(records, same, but=("reinforcement", "learning"))
    np.testing.assert_array_equal(ordinary.kernel.reported_at, pathology.kernel.reported_at)


def test_asking_often_changes_nothing() -> None:
    scenario = with_policies(restriction(Source.OUTPATIENT, 0.5), extra_staff(0.5))
    _, in_one_go = live(scenario)
    pathology = Pathology(scenario, its_world(), Timeline(scenario))
    for hour in np.arange(0.0, scenario.calendar.end_hour, 7.25):
        pathology.advance_to(float(hour))
    assert same_records(in_one_go, pathology.finish())


def test_restrictions_of_one_sample_act_as_the_largest() -> None:
    large = restriction(Source.INPATIENT_ROUTINE, 0.6)
    small = restriction(Source.INPATIENT_ROUTINE, 0.4, name="smaller")
    _, one = live(with_policies(large))
    for policies in ((large, small), (small, large)):
        assert same_records(one, live(with_policies(*policies))[1])


# --- samples asked for at run time ----------------------------------------------------------------


def test_results_of_samples_asked_for_at_run_time() -> None:
    pathology = Pathology(
        one_hospital().without_disruption(),
        its_world(),
        Timeline(one_hospital().without_disruption()),
    )
    pathology.advance_to(34.0)
    tube_types = np.array([CHEMISTRY, GROUP_AND_SCREEN, CHEMISTRY], dtype=np.uint8)
    ids = pathology.submit(
        np.array([34.0, 34.0, 58.0]),
        0,
        PRE_ASSESSMENT,
        tube_types,
        sample_identities(PRE_ASSESSMENT, np.array([0, 0, 1]), 1, tube_types),
    )
    assert np.isnan(pathology.reported_at(ids)).all()
    assert pathology.collected_at(ids).tolist() == [34.0, 34.0, 58.0]
    pathology.advance_to(44.0)
    asked = np.concatenate([ids, [-1]]).astype(np.int32)
    reported = pathology.reported_at(asked)
    # Chemistry waits for the van to the hub at 35:00; group and screen stays in the hospital.
    assert 35.2 < reported[0] < 44.0
    assert 34.5 < reported[1] < 35.5
    assert np.isnan(reported[2])
    assert reported[3] == -np.inf
    assert not pathology.lost(asked).any()
    later = pathology.submit(
        np.array([60.0]),
        0,
        PRE_ASSESSMENT,
        np.array([CHEMISTRY], dtype=np.uint8),
        sample_identities(PRE_ASSESSMENT, 2, 1, CHEMISTRY),
    )
    assert later.tolist() == [ids[-1] + 1]
    pathology.advance_to(90.0)
    assert not np.isnan(pathology.reported_at(np.concatenate([ids, later]))).any()


def test_a_restricted_sample_asked_for_at_run_time_is_lost_when_it_is_due() -> None:
    scenario = with_policies(restriction(Source.PRE_ASSESSMENT, 1.0, rebound_share=1.0))
    pathology = Pathology(scenario, its_world(), Timeline(scenario))
    pathology.advance_to(ONSET + 1.0)
    due = ONSET + 34.0
    ids = pathology.submit(
        np.array([due, due]),
        0,
        PRE_ASSESSMENT,
        np.array([CHEMISTRY] * 2, dtype=np.uint8),
        sample_identities(PRE_ASSESSMENT, np.arange(2), 1, CHEMISTRY),
    )
    assert not pathology.lost(ids).any()
    pathology.advance_to(due)
    assert pathology.lost(ids).all()
    assert np.isnan(pathology.collected_at(ids)).all()
    records = pathology.finish()
    assert np.isnan(pathology.reported_at(ids)).all()
    assert records.deferred[WARM_UP_WEEKS, 0, PRE_ASSESSMENT] == 2
    assert records.received.sum() == (
        records.reported.sum()
        + records.discarded.sum()
        + records.rejected.sum()
        + records.waiting_at_end
    )


def test_hospitals_hand_in_no_samples_of_practices() -> None:
    pathology, _ = baseline()
    with pytest.raises(ValueError, match="sends no samples"):
        pathology.submit(
            np.array([1.0]),
            0,
            PRACTICE,
            np.array([0], dtype=np.uint8),
            sample_identities(PRACTICE, 0, 1, 0),
        )


def test_samples_of_the_world_that_expired_for_good_are_lost() -> None:
    pathology, records = outage()
    numbers = np.arange(len(its_world().tubes.collected), dtype=np.int32)
    lost = pathology.lost(numbers)
    assert lost.sum() == records.abandoned.sum()
    assert np.isnan(pathology.reported_at(numbers[lost])).all()


def test_mutual_aid_reports_after_its_turnaround() -> None:
    pathology, _ = live(with_policies(mutual_aid(2.0)))
    sent = pathology.intake.mutual_aid.numbers
    hours = pathology.reported_at(sent) - pathology.collected_at(sent)
    aid = mutual_aid(2.0)
    transport, processing = 2.0 * aid.extra_transport_hours, aid.helper.processing_hours
    assert hours.min() >= transport + 0.7 * processing
    # Up to three nights until a van comes; waiting at the helper is a matter of minutes.
    assert hours.max() <= transport + 1.3 * (processing + 0.2) + 80.0
