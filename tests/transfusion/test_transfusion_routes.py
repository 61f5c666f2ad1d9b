from __future__ import annotations

import math
from collections.abc import Generator
from typing import Any

import numpy as np
import pytest
import simpy

from disruption_sim.records import Route, TransfusionRecords
from disruption_sim.scenario import Scenario
from disruption_sim.scenario.model import BloodGroup
from disruption_sim.transfusion import Transfusion
from disruption_sim.transfusion.compatibility import (
    GROUP_O,
    O_NEGATIVE,
    O_POSITIVE,
    SUBSTITUTION,
)
from disruption_sim.transfusion.planning import expected_group_and_screens, plan_stock
from disruption_sim.transfusion.service import UNLIMITED_PLACES
from disruption_sim.transfusion.waiting import Episode, WaitingPatients
from disruption_sim.world.model import URGENCIES, USES
from tests.transfusion.small_world import (
    live,
    ordinary_scenario,
    quiet_world,
    room,
    with_outage,
    with_rules,
    with_staff,
    world_of,
)

pytestmark = pytest.mark.integration

IMMEDIATE, URGENT, ROUTINE = range(3)
OPERATION = USES.index("operation")
A_POSITIVE, AB_POSITIVE = 3, 7
SITE = 4
DURING = 6 * 168.0 + 34.0  # Tuesday of week 1, 10:00


def ask(scenario: Scenario, *requests: dict[str, Any], at: float = DURING) -> TransfusionRecords:
    """Live a world in which only these patients ask for blood, all at one time."""

    def patients(env: simpy.Environment, blood: Transfusion) -> Generator[simpy.Event, Any, None]:
        yield env.timeout(at)
        for request in requests:
            usual: dict[str, Any] = {
                "site": SITE,
                "blood_group": A_POSITIVE,
                "units": 2,
                "urgency": URGENT,
                "use": OPERATION,
                "antibodies": False,
                "o_positive_allowed": False,
                "valid_sample": True,
            }
            blood.request(**(usual | request))

    return live(scenario, quiet_world(scenario), patients)


@pytest.fixture
def working() -> Scenario:
    return ordinary_scenario(1)


@pytest.fixture
def down() -> Scenario:
    return with_outage(ordinary_scenario(1), days=7)


def only(records: TransfusionRecords) -> tuple[Route, str, int, float]:
    assert records.issued_at.size == 1
    group = list(BloodGroup)[int(records.issued_group[0])].value
    return (
        Route(int(records.issued_route[0])),
        group,
        int(records.issued_units[0]),
        round(float(records.issued_minutes[0]), 1),
    )


def test_electronic_issue_takes_minutes(working: Scenario) -> None:
    assert only(ask(working, {})) == (
        Route.ELECTRONIC_ISSUE,
        "a_positive",
        2,
        10.0,
    )


def test_antibodies_and_a_missing_sample_need_a_crossmatch(working: Scenario) -> None:
    for reason in ({"antibodies": True}, {"valid_sample": False}):
        assert only(ask(working, reason)) == (
            Route.CROSSMATCH,
            "a_positive",
            2,
            45.0,
        )


def test_without_information_technology_a_crossmatch_takes_longer(down: Scenario) -> None:
    assert only(ask(down, {})) == (
        Route.CROSSMATCH,
        "a_positive",
        2,
        63.0,
    )


def test_half_of_the_system_gone_is_gone() -> None:
    for depth, route in ((0.49, Route.ELECTRONIC_ISSUE), (0.5, Route.CROSSMATCH)):
        scenario = with_outage(ordinary_scenario(1), days=7, depth=depth)
        assert only(ask(scenario, {}))[0] == route


def test_immediate_need_is_met_from_group_o_at_once(working: Scenario, down: Scenario) -> None:
    for scenario in (working, down):
        for allowed, group in ((True, "o_positive"), (False, "o_negative")):
            found = only(ask(scenario, {"urgency": IMMEDIATE, "o_positive_allowed": allowed}))
            assert found == (Route.EMERGENCY_GROUP_O, group, 2, 0.0)


def test_a_group_that_cannot_be_looked_up_means_group_o_for_the_urgent(down: Scenario) -> None:
    urgent = only(ask(down, {"valid_sample": False}))
    assert urgent == (Route.GROUP_O_UNMATCHED, "o_negative", 2, 0.0)
    routine = only(ask(down, {"valid_sample": False, "urgency": ROUTINE}))
    assert routine[0] == Route.CROSSMATCH


def test_a_busy_bench_means_group_o_for_those_who_cannot_wait(down: Scenario) -> None:
    # Two scientists, 28 minutes each, 63 minutes in all, 90 allowed: two start at once and the
    # next would be ready after 91 minutes.
    records = ask(down, *[{} for _ in range(4)])
    assert records.issued_route.tolist() == [
        Route.CROSSMATCH,
        Route.CROSSMATCH,
        Route.GROUP_O_UNMATCHED,
        Route.GROUP_O_UNMATCHED,
    ]
    assert records.late_at.size == 0


def test_patients_with_antibodies_are_not_given_unmatched_blood(down: Scenario) -> None:
    records = ask(down, *[{"antibodies": True} for _ in range(4)])
    assert set(records.issued_route.tolist()) == {Route.CROSSMATCH}
    np.testing.assert_allclose(np.sort(records.issued_minutes), [63, 63, 91, 91], atol=1e-3)
    assert records.late_at.size == 2
    np.testing.assert_allclose(records.late_at, DURING + 1.5)


def test_blood_due_after_the_end_is_not_yet_late(down: Scenario) -> None:
    three = [{"antibodies": True} for _ in range(3)]
    records = ask(down, *three, at=down.calendar.end_hour - 0.625)
    assert records.issued_minutes.max() > 90.0
    assert records.late_at.size == 0


def test_who_waits_is_served_by_urgency_and_then_by_when_it_is_due() -> None:
    waiting = WaitingPatients(2)
    patients = [
        Episode(0.0, due, 1, A_POSITIVE, 2, urgency, OPERATION, False, False, True)
        for urgency, due in ((URGENT, 5.0), (ROUTINE, 12.0), (IMMEDIATE, 9.0), (URGENT, 4.0))
    ]
    for patient in patients:
        waiting.add(patient)
    assert waiting.units(1, A_POSITIVE) == 8
    assert waiting.units(0, A_POSITIVE) == waiting.units(1, O_NEGATIVE) == 0
    assert [episode.due for episode in waiting.take_all(1)] == [9.0, 4.0, 5.0, 12.0]
    assert waiting.take_all(1) == []


def test_urgent_patients_pass_routine_ones_at_the_bench(down: Scenario) -> None:
    routine = {"urgency": ROUTINE, "use": USES.index("medical")}
    records = ask(down, *[routine for _ in range(6)], {"antibodies": True})
    minutes = np.sort(records.issued_minutes)
    urgent = records.issued_use == OPERATION
    np.testing.assert_allclose(records.issued_minutes[urgent], [91], atol=1e-3)
    # Routine ones may wait hours, so none needs group O; the urgent one is third.
    assert set(records.issued_route.tolist()) == {Route.CROSSMATCH}
    np.testing.assert_allclose(minutes, [63, 63, 91, 91, 119, 119, 147], atol=1e-3)
    assert records.late_at.size == 1


def test_a_large_need_is_split_over_substitutes_and_the_rest_comes_by_emergency_order(
    working: Scenario,
) -> None:
    rules = working.transfusion
    level = plan_stock(working).level[SITE]
    wanted = int(level[list(SUBSTITUTION[AB_POSITIVE])].sum()) + 3
    # Less expired than what the morning's delivery brought back: the fridge is not quite full.
    request = {"blood_group": AB_POSITIVE, "units": wanted, "urgency": ROUTINE}
    records = ask(working, request)
    assert records.issued_units.sum() == wanted
    first = records.issued_at == DURING
    assert records.issued_group[first].tolist() == list(SUBSTITUTION[AB_POSITIVE])
    later = records.issued_at[~first]
    assert later.size
    assert later.min() == pytest.approx(DURING + rules.emergency_lead_hours)
    assert records.late_at.size == 0


def test_what_is_on_order_is_not_ordered_again(working: Scenario) -> None:
    # Two daily reviews pass before the first routine delivery.
    scenario = with_rules(working, routine_lead_hours=39.0)
    records = ask(scenario, {"units": 20, "urgency": ROUTINE}, at=170.0)
    level = plan_stock(scenario).level[SITE, A_POSITIVE]
    before_midnight = (records.stock + records.expired)[:, SITE, A_POSITIVE]
    assert before_midnight[7] == level - 20
    assert before_midnight.max() == level
    assert before_midnight[10] == level


def test_one_emergency_order_serves_those_who_come_after_it(working: Scenario) -> None:
    level = int(plan_stock(working).level[SITE, O_NEGATIVE])
    request = {"blood_group": O_NEGATIVE, "urgency": ROUTINE}
    records = ask(working, request | {"units": level}, request | {"units": 3})
    assert records.issued_units.tolist() == [level, 3]
    today = int(DURING // 24.0)
    assert records.received[today, SITE, O_NEGATIVE] == level
    assert records.stock[today, SITE, O_NEGATIVE] == level - 3


def test_blood_that_is_nowhere_is_late_once_and_not_for_ever(working: Scenario) -> None:
    # The blood service starts with nothing and collects little.
    scenario = with_rules(working, national_stock_days=0.01, national_units_per_week=3000.0)
    level = plan_stock(scenario).level[SITE]
    wanted = int(level[list(SUBSTITUTION[O_POSITIVE])].sum()) + 400
    records = ask(scenario, {"blood_group": O_POSITIVE, "units": wanted, "urgency": URGENT})
    assert (records.issued_minutes > 90.0).sum() > 1
    assert records.late_at.tolist() == [DURING + 1.5]
    assert records.late_urgency.tolist() == [URGENT]


def test_emergencies_take_matched_blood_when_group_o_has_run_out(working: Scenario) -> None:
    level = int(plan_stock(working).level[SITE, O_NEGATIVE])
    drained = {"blood_group": O_NEGATIVE, "units": level, "urgency": URGENT}
    emergency = {"urgency": IMMEDIATE, "units": 4}
    records = ask(working, drained, emergency)
    assert records.issued_route.tolist() == [Route.ELECTRONIC_ISSUE, Route.ELECTRONIC_ISSUE]
    assert records.issued_group.tolist() == [O_NEGATIVE, A_POSITIVE]


@pytest.mark.parametrize("patient", range(8))
@pytest.mark.parametrize("days", [0.5, 28.0])
def test_nobody_gets_incompatible_blood_however_short_it_is(patient: int, days: float) -> None:
    shares = {group: float(number == patient) for number, group in enumerate(BloodGroup)}
    scenario = with_rules(
        ordinary_scenario(1),
        patient_groups=shares,
        hospital_stock_days=0.7,
        least_stock_units=dict.fromkeys(BloodGroup, 2),
        national_stock_days=0.5,
        o_positive_share_of_emergency=0.0,
    )
    records = live(with_outage(scenario, days), world_of(scenario))
    unmatched = np.isin(records.issued_route, [Route.EMERGENCY_GROUP_O, Route.GROUP_O_UNMATCHED])
    assert set(records.issued_group[unmatched].tolist()) == {O_NEGATIVE}
    matched = set(records.issued_group[~unmatched].tolist())
    assert matched <= set(SUBSTITUTION[patient])
    # The shortage is such that substitutes were in fact needed.
    assert patient == O_NEGATIVE or len(matched) > 1
    assert set(GROUP_O) >= set(records.issued_group[unmatched].tolist())


def test_places_for_operations_are_what_the_day_shift_has_left(
    working: Scenario, down: Scenario
) -> None:
    day = DURING - 10.0
    env, transfusion = room(working, quiet_world(working))
    env.run(until=DURING)
    assert transfusion.crossmatch_places(SITE, day) == UNLIMITED_PLACES
    places = {}
    for name, scenario in (("two", down), ("four", with_staff(down, day=4, night=1))):
        env, transfusion = room(scenario, quiet_world(scenario))
        env.run(until=DURING)
        places[name] = transfusion.crossmatch_places(SITE, day)
        # Fewer samples and routine transfusions on a Saturday leave more places.
        assert transfusion.crossmatch_places(SITE, day + 96.0) > places[name]
    # 2 scientists for 12 hours at 28 minutes are 51.4 crossmatches, and the group-and-screen
    # samples and the patients who bleed need more than that.
    assert places["two"] == 0
    times = down.transfusion.times.model_copy(update={"group_and_screen_hands_on_minutes": 0.0})
    env, transfusion = room(with_rules(down, times=times), quiet_world(down))
    env.run(until=DURING)
    without_samples = transfusion.crossmatch_places(SITE, day)
    # 330 units a week at 1.7 an episode are 194 episodes. The 62 % routine ones are given by day,
    # a Tuesday has 1 in 6.4 of them: 18.8. Of the 32 % urgent ones half come by day: 4.4.
    assert without_samples == math.floor(51.4 - 18.8 - 4.4)
    samples = expected_group_and_screens(down, (8.0, 20.0))[SITE, 1]
    assert 50 < samples < 200
    assert places["four"] - without_samples == pytest.approx(
        (2 * 12 * 60 - samples * 10) / 28, abs=1.0
    )


def test_group_o_days_and_compatible_units_are_those_of_the_fridge(working: Scenario) -> None:
    env, transfusion = room(working, quiet_world(working))
    env.run(until=1.0)
    plan = plan_stock(working)
    days = plan.level[SITE, :2] / plan.daily_use[SITE, :2]
    assert transfusion.group_o_stock_days(SITE) == pytest.approx(days.min())
    level = int(plan.level[SITE, O_NEGATIVE])
    assert transfusion.has_compatible(SITE, O_NEGATIVE, level)
    assert not transfusion.has_compatible(SITE, O_NEGATIVE, level + 1)
    assert transfusion.has_compatible(SITE, O_POSITIVE, level + 1)


def test_codes_are_those_of_the_world() -> None:
    assert URGENCIES == ("immediate", "urgent", "routine")
    assert list(BloodGroup)[A_POSITIVE] == BloodGroup.A_POSITIVE


def test_records_before_the_end_are_refused(working: Scenario) -> None:
    env, transfusion = room(working, quiet_world(working))
    env.run(until=100.0)
    with pytest.raises(RuntimeError, match="end of the calendar"):
        transfusion.finish()
