"""An outage of two weeks at one hospital and its hub: one staff for all steps, paper afterwards."""

from __future__ import annotations

import numpy as np
import pytest

from disruption_sim.pathology import Pathology
from disruption_sim.records import PathologyRecords
from disruption_sim.scenario import with_overrides
from disruption_sim.scenario.model import PEOPLE_STEPS, Source, Step
from tests.support.one_hospital import (
    OUTAGE_DAYS,
    WARM_UP_WEEKS,
    baseline,
    its_world,
    live,
    one_hospital,
    outage,
    outage_weeks,
)

pytestmark = pytest.mark.integration

STEPS = one_hospital().pathology.steps_in_use
NUMBER = {step: STEPS.index(step) for step in PEOPLE_STEPS}
BY_HAND = (Step.BOOKING_IN, Step.AUTHORISATION, Step.REPORTING)
SECOND_WEEK = WARM_UP_WEEKS + 1  # by hand from its first to its last hour
RESTORED = 168.0 * WARM_UP_WEEKS + 24.0 * OUTAGE_DAYS
EMERGENCY = list(Source).index(Source.EMERGENCY_DEPARTMENT)


def week(pathology: Pathology, name: str, step: Step) -> float:
    """Return a figure of the hospital's station in the second week of the outage."""
    return float(pathology.kernel.station_weeks[name][SECOND_WEEK, NUMBER[step]])


def with_values(**values: object) -> tuple[Pathology, PathologyRecords]:
    """Live the outage with some values of the scenario changed."""
    scenario, _ = with_overrides(
        one_hospital(), {key.replace("__", "."): value for key, value in values.items()}
    )
    return live(scenario)


def test_whoever_telephones_results_is_missed_at_booking_in() -> None:
    """While tubes wait, everybody on duty works, and the hours of all steps add up to theirs."""
    pathology, _ = outage()
    kernel = pathology.kernel
    on_duty = week(pathology, "offered_hours", Step.BOOKING_IN)
    hours = {step: week(pathology, "busy_hours", step) for step in PEOPLE_STEPS}
    assert kernel.pool_utilisation[SECOND_WEEK, NUMBER[Step.BOOKING_IN]] > 0.98
    # A tube in work when somebody goes home is finished, so a little more than what is offered.
    assert sum(hours.values()) == pytest.approx(on_duty, rel=0.02)
    assert hours[Step.BOOKING_IN] < 0.9 * on_duty
    assert hours[Step.REPORTING] > 0.1 * on_duty
    assert hours[Step.BACK_ENTRY] == 0.0


@pytest.mark.parametrize("step", BY_HAND)
def test_a_tube_takes_the_minutes_by_hand(step: Step) -> None:
    pathology, _ = outage()
    minutes = 60.0 * week(pathology, "busy_hours", step) / week(pathology, "served", step)
    stated = one_hospital().pathology.step(step).manual_minutes
    assert min(stated.values()) == max(stated.values())
    assert minutes == pytest.approx(min(stated.values()), rel=0.02)


def test_nobody_authorises_by_rule_and_every_result_is_told_by_hand() -> None:
    pathology, _ = outage()
    for step in (Step.AUTHORISATION, Step.REPORTING):
        assert week(pathology, "skipped", step) == 0
        assert week(pathology, "served", step) > 1000


def test_what_was_reported_on_paper_is_entered_back_after_the_outage_day_by_day() -> None:
    pathology, records = outage()
    kernel = pathology.kernel
    paper = kernel.is_manual & np.isfinite(kernel.reported_at)
    entered = kernel.back_entered_at[paper]
    assert paper.sum() > 10_000
    assert np.nanmin(entered) > RESTORED
    # What waited to be told when the system came back is entered too, though it was no outage then.
    assert np.isfinite(kernel.back_entered_at[~paper]).sum() < 10
    waiting = records.daily_paper_waiting[int(RESTORED // 24) :]
    assert (np.diff(waiting) < 0).all()
    assert waiting[-1] < 0.5 * waiting[0]


def emergencies_in_time(pathology: Pathology) -> float:
    """Return the share within the hour from the second day to the seventh after the outage."""
    tubes = its_world().tubes
    arrival = pathology.intake.arrival[: len(tubes.collected)]
    hours = pathology.kernel.reported_at[: len(arrival)] - arrival
    chosen = (tubes.source == EMERGENCY) & (arrival >= RESTORED + 24.0) & np.isfinite(hours)
    return float(np.mean(hours[chosen & (arrival < RESTORED + 167.0)] <= 1.0))


def test_paper_never_keeps_an_emergency_waiting_for_long() -> None:
    """Paired with the twin, in days on which people enter back whenever nobody waits."""
    entered = outage()[0].kernel.station_weeks["served"][-1, NUMBER[Step.BACK_ENTRY]]
    assert entered > 1000
    assert emergencies_in_time(outage()[0]) == pytest.approx(
        emergencies_in_time(baseline()[0]), abs=0.01
    )


def test_paper_that_waits_as_an_earlier_class_is_gone_earlier_and_practices_wait_for_it() -> None:
    """Paired: the same outage, entered back before ward work or after everything else."""
    records = [
        with_values(pathology__people__back_entry_class=name)[1]
        for name in ("inpatient_urgent", "general_practice")
    ]
    restored = int(RESTORED // 24)
    waiting = [each.daily_paper_waiting for each in records]
    practices = list(Source).index(Source.GENERAL_PRACTICE)
    in_time = [each.within_standard[-1, :, practices].sum() for each in records]
    assert in_time[0] < in_time[1]
    assert waiting[0][restored : restored + 7].sum() < waiting[1][restored : restored + 7].sum()
    assert abs(int(waiting[0][restored - 1]) - int(waiting[1][restored - 1])) == 0


def test_fewer_minutes_by_hand_report_more() -> None:
    minutes = (2.2, 4.5, 8.4)
    reported = [
        outage_weeks(
            with_values(
                pathology__steps__booking_in__manual_minutes=dict.fromkeys(
                    ("chemistry", "haematology", "coagulation"), each
                )
            )[1].reported
        ).sum()
        for each in minutes
    ]
    assert reported[0] > 1.1 * reported[1] > 1.1 * 1.1 * reported[2]


def test_more_samples_are_refused_while_labels_are_written_by_hand() -> None:
    (_, usual), (pathology, by_hand) = baseline(), outage()
    refused, served = (week(pathology, name, Step.BOOKING_IN) for name in ("rejected", "served"))
    before = baseline()[0]
    usually = week(before, "rejected", Step.BOOKING_IN) / week(before, "served", Step.BOOKING_IN)
    assert refused / served > 1.4 * usually
    assert by_hand.rejected.shape == usual.rejected.shape
