"""Levers of one hospital's outage do what its manager would expect, in paired comparisons.

Every comparison is of the same world: what differs is the lever and what follows from it.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from disruption_sim.pathology import Pathology
from disruption_sim.records import PathologyRecords
from disruption_sim.scenario.model import Scenario, Source, Step
from tests.support.levers import (
    bedside,
    extra_staff,
    mutual_aid,
    reroute,
    restriction,
    rule_of_dispatch,
)
from tests.support.one_hospital import (
    SITE,
    WARM_UP_WEEKS,
    baseline,
    its_world,
    live,
    one_hospital,
    outage,
    outage_weeks,
    with_policies,
)

pytestmark = pytest.mark.integration

SOURCES = tuple(Source)
EMERGENCY, ROUTINE, OUTPATIENT, PRACTICE = (
    SOURCES.index(source)
    for source in (
        Source.EMERGENCY_DEPARTMENT,
        Source.INPATIENT_ROUTINE,
        Source.OUTPATIENT,
        Source.GENERAL_PRACTICE,
    )
)
IN_HOSPITAL = (
    Source.THEATRE_AND_INTENSIVE_CARE,
    Source.EMERGENCY_DEPARTMENT,
    Source.INPATIENT_URGENT,
    Source.INPATIENT_ROUTINE,
)
ONSET = 168.0 * WARM_UP_WEEKS
SECOND_WEEK = WARM_UP_WEEKS + 1


def lived(*policies: object) -> PathologyRecords:
    return live(with_policies(*policies))[1]  # type: ignore[arg-type]


def share_within(records: PathologyRecords, source: int) -> float:
    """Return the share of tubes handled in the outage that were reported within the standard."""
    within = outage_weeks(records.within_standard)[:, :, source].sum()
    handled = outage_weeks(records.reported + records.discarded)[:, :, source].sum()
    return float(within / handled)


def longest_queue(records: PathologyRecords, week: int) -> int:
    """Return the longest queue for booking-in at the hospital in a week."""
    booking_in = records.station_names.index(f"{SITE}.{Step.BOOKING_IN.value}")
    return int(records.longest_queue[week, booking_in])


def in_outage(counts: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> int:
    return int(outage_weeks(counts).sum())


# --- demand -------------------------------------------------------------------------------------


def test_a_tighter_restriction_gives_the_emergency_department_a_better_turnaround() -> None:
    shares = [
        share_within(
            lived(
                *(
                    restriction(source, share, name=f"restrict_{source.value}")
                    for source in IN_HOSPITAL
                )
            ),
            EMERGENCY,
        )
        for share in (0.0, 0.2, 0.4, 0.6)
    ]
    for looser, tighter in pairwise(shares):
        assert tighter > looser + 0.02


def test_restricting_routine_work_improves_its_turnaround_and_spares_urgent_work() -> None:
    # With staff enough that routine work, the last in the queue, is reached at all.
    disrupted = lived(extra_staff(1.5))
    restricted = lived(extra_staff(1.5), restriction(Source.INPATIENT_ROUTINE, 0.8))
    late, late_restricted = (1.0 - share_within(r, ROUTINE) for r in (disrupted, restricted))
    assert late_restricted < 0.5 * late
    # Urgent work goes first, so routine work holds it up only while somebody finishes a sample.
    assert share_within(restricted, EMERGENCY) == pytest.approx(
        share_within(disrupted, EMERGENCY), abs=0.02
    )
    queues = [longest_queue(r, SECOND_WEEK) for r in (disrupted, restricted)]
    assert queues[1] < 0.5 * queues[0]


def test_urgent_requests_of_practices_are_done_in_a_day_or_two_if_they_go_as_urgent() -> None:
    within = []
    for changes in ({}, {"rest_goes_as": Source.INPATIENT_URGENT}):
        policy = restriction(Source.GENERAL_PRACTICE, 0.9, **changes)
        pathology, _ = live(with_policies(policy))
        tubes = pathology.intake.tubes
        second_week = (tubes.collected >= ONSET + 168.0) & (tubes.collected < ONSET + 264.0)
        asked = np.flatnonzero(
            second_week & (its_world().tubes.source == PRACTICE) & (tubes.entry_station >= 0)
        )
        hours = pathology.kernel.reported_at[asked] - tubes.collected[asked]
        within.append(float((hours <= 48.0).mean()))
    assert within[1] > 0.95
    assert within[1] > within[0]


# --- staff --------------------------------------------------------------------------------------


def test_more_staff_by_hand_never_lengthen_the_queue() -> None:
    arms = [lived(extra_staff(uplift)) for uplift in (0.0, 0.5, 1.0, 2.0)]
    for week in (WARM_UP_WEEKS, SECOND_WEEK):
        queues = [longest_queue(records, week) for records in arms]
        assert queues == sorted(queues, reverse=True)
        assert queues[-1] < queues[0]


def test_practice_makes_room_for_more_samples() -> None:
    without, learning = lived(extra_staff(0.0, 0.0)), lived(extra_staff(0.0, 0.2))
    assert in_outage(learning.reported) > in_outage(without.reported)


# --- stability ----------------------------------------------------------------------------------


def keeping(factor: float) -> Scenario:
    """Return the outage with samples that keep so many times as long."""
    pathology = one_hospital().pathology
    stability = pathology.stability
    hours = {name: factor * getattr(stability, name) for name in type(stability).model_fields}
    rules = pathology.model_copy(update={"stability": stability.model_copy(update=hours)})
    return one_hospital().model_copy(update={"pathology": rules})


def test_the_shorter_samples_keep_the_more_are_taken_again() -> None:
    taken_again = [in_outage(live(keeping(factor))[1].rebled) for factor in (2.0, 1.0, 0.5)]
    for longer, shorter in pairwise(taken_again):
        assert shorter > 1.01 * longer


def test_samples_that_are_reported_with_a_mark_are_not_taken_again() -> None:
    rules = one_hospital().pathology
    flagging = rules.model_copy(
        update={
            "sources": tuple(
                source.model_copy(update={"on_expiry": "flag"})
                if source.name is Source.GENERAL_PRACTICE
                else source
                for source in rules.sources
            )
        }
    )
    _, records = live(one_hospital().model_copy(update={"pathology": flagging}))
    _, usual = outage()
    assert usual.discarded[:, :, PRACTICE].sum() > 1000
    assert usual.flagged.sum() == 0
    assert records.discarded[:, :, PRACTICE].sum() == 0
    assert records.flagged[:, :, PRACTICE].sum() > 1000
    others = np.delete(np.arange(len(SOURCES)), PRACTICE)
    assert records.flagged[:, :, others].sum() == 0


# --- rules of dispatch --------------------------------------------------------------------------


def test_freshest_first_takes_fewer_samples_again_than_first_come() -> None:
    first_come = lived(rule_of_dispatch("first_come"))
    freshest = lived(rule_of_dispatch("freshest_first"))
    assert in_outage(freshest.rebled) < 0.5 * in_outage(first_come.rebled)
    assert in_outage(freshest.reported) > in_outage(first_come.reported)


def test_freshest_first_wastes_less_work_than_the_order_of_arrival_within_a_class() -> None:
    by_arrival, freshest = outage()[1], lived(rule_of_dispatch("freshest_first"))
    wasted = [float(outage_weeks(r.wasted_staff_hours).sum()) for r in (by_arrival, freshest)]
    assert wasted[1] < wasted[0]
    assert in_outage(freshest.reported) > in_outage(by_arrival.reported)
    assert share_within(freshest, EMERGENCY) > share_within(by_arrival, EMERGENCY)


def test_clinical_priority_is_for_those_in_a_hurry() -> None:
    by_source, first_come = outage()[1], lived(rule_of_dispatch("first_come"))
    assert share_within(by_source, EMERGENCY) > share_within(first_come, EMERGENCY)
    routine = [outage_weeks(r.reported)[:, :, ROUTINE].sum() for r in (by_source, first_come)]
    assert routine[1] > routine[0]


# --- work that others do ------------------------------------------------------------------------


def test_mutual_aid_that_starts_later_helps_less() -> None:
    elsewhere, lost = [], []
    for lag_days in (0.0, 4.0, 9.0):
        records = lived(mutual_aid(lag_days))
        elsewhere.append(records.reported_elsewhere.sum())
        lost.append(records.discarded.sum())
    assert elsewhere[0] > elsewhere[1] > elsewhere[2] > 0
    assert lost[0] < lost[1] < lost[2] < outage()[1].discarded.sum()


def test_mutual_aid_takes_no_more_than_its_tubes_a_day() -> None:
    pathology, records = live(with_policies(mutual_aid(0.0, tubes=700.0)))
    days = its_world().tubes.collected[pathology.intake.mutual_aid.numbers] // 24.0
    _, counts = np.unique(days, return_counts=True)
    assert counts.tolist() == [700] * 10  # ten working days
    assert records.reported_elsewhere.sum() == 7000
    assert records.reported_elsewhere[:, :, :PRACTICE].sum() == 0


def test_more_help_costs_the_helper_more() -> None:
    prices = [
        lived(mutual_aid(tubes=tubes)).helper_turnaround_hours for tubes in (500.0, 1500.0, 2200.0)
    ]
    for less, more in pairwise(prices):
        np.testing.assert_array_equal(less[:WARM_UP_WEEKS], more[:WARM_UP_WEEKS])
        assert (outage_weeks(more) > outage_weeks(less)).all()
    assert np.isnan(outage()[1].helper_turnaround_hours).all()


def test_devices_at_the_bedside_mean_fewer_tubes_and_faster_results() -> None:
    before = outage()[1]
    for devices in (2, 6):
        after = lived(bedside(devices))
        tubes = [outage_weeks(r.received)[:, :, EMERGENCY].sum() for r in (before, after)]
        assert tubes[1] < tubes[0]
        assert in_outage(after.point_of_care) > 500
        assert share_within(after, EMERGENCY) > share_within(before, EMERGENCY) + 0.05
        # Not fewer re-bleeds: samples that expire are found earlier, while it is worth repeating.
        lost = [outage_weeks(r.abandoned)[:, :, EMERGENCY].sum() for r in (before, after)]
        assert lost[1] < lost[0]
        before = after


def only_at_the_hub(*policies: object) -> Scenario:
    scenario = with_policies(*policies)  # type: ignore[arg-type]
    effects = tuple(
        effect.model_copy(update={"places": ("hub",)}) for effect in scenario.disruptions
    )
    return scenario.model_copy(update={"disruptions": effects})


def test_a_hospital_that_still_works_can_take_work_of_a_hub_that_does_not() -> None:
    _, alone = live(only_at_the_hub())
    _, shared = live(only_at_the_hub(reroute(0.5)))
    late = [
        outage_weeks(r.received - r.within_standard)[:, :, OUTPATIENT].sum()
        for r in (alone, shared)
    ]
    assert late[1] < late[0]
    reported = [outage_weeks(r.reported)[:, :, PRACTICE].sum() for r in (alone, shared)]
    assert reported[1] > reported[0]
    # And does its own as ever, or a little later.
    _, ordinary = baseline()
    assert share_within(shared, EMERGENCY) == pytest.approx(
        share_within(ordinary, EMERGENCY), abs=0.03
    )


def test_a_lever_without_an_outage_costs_little() -> None:
    """Levers that only move work between ordinary laboratories lose none of it."""
    scenario = with_policies(bedside(2), reroute(0.2), mutual_aid(tubes=300.0)).model_copy(
        update={"disruptions": ()}
    )
    pathology, records = live(scenario)
    assert isinstance(pathology, Pathology)
    _, ordinary = baseline()
    moved = in_outage(records.point_of_care) + in_outage(records.sent_elsewhere)
    assert moved > 3000
    assert records.reported.sum() + moved == pytest.approx(ordinary.reported.sum(), rel=0.002)
