from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

import numpy as np
import pytest
import simpy

from disruption_sim.records import BenchJob, Late, Route, TransfusionRecords
from disruption_sim.scenario import Scenario
from disruption_sim.scenario.model import (
    BloodGroup,
    OfflineGroups,
    OPositivePolicy,
    StandaloneAnalyser,
    TraumaDiversion,
)
from disruption_sim.transfusion import Transfusion
from disruption_sim.transfusion.compatibility import O_NEGATIVE, O_POSITIVE, SUBSTITUTION
from disruption_sim.transfusion.planning import plan_stock
from disruption_sim.world.model import URGENCIES, USES
from tests.transfusion.small_world import (
    A_POSITIVE,
    live,
    ordinary_scenario,
    quiet_world,
    with_outage,
    with_policy,
    with_rules,
    with_staff,
    world_of,
)

pytestmark = pytest.mark.integration

IMMEDIATE, URGENT, ROUTINE = range(3)
MAJOR_HAEMORRHAGE, TRAUMA = USES.index("major_haemorrhage"), USES.index("trauma")
SITE = 4
ONSET = 6 * 168.0
DURING = ONSET + 34.0  # Tuesday of week 1, 10:00, a day and a half after the loss


def never_refused(scenario: Scenario) -> Scenario:
    """Return the scenario with every group-and-screen sample accepted."""
    steps = tuple(
        step.model_copy(update={"rejected_share": {}, "manual_rejected_share": {}})
        for step in scenario.pathology.steps
    )
    pathology = scenario.pathology.model_copy(update={"steps": steps})
    return scenario.model_copy(update={"pathology": pathology})


@pytest.fixture(scope="module")
def working() -> Scenario:
    # Work by hand does not get faster, so that minutes can be told, and red cells keep so long that
    # no O-negative is about to expire while nobody asks for any.
    ordinary = with_rules(
        ordinary_scenario(1), times={"learning_per_week": 0.0}, shelf_life_days=90
    )
    return never_refused(ordinary)


@pytest.fixture(scope="module")
def down(working: Scenario) -> Scenario:
    return with_outage(working, days=7)


@pytest.fixture(scope="module")
def with_analyser(down: Scenario) -> Scenario:
    return with_policy(
        down, StandaloneAnalyser, analysers={"kings": 1}, group_and_screen_hands_on_minutes=4.0
    )


class Served(NamedTuple):
    """One issue."""

    route: Route
    group: BloodGroup
    units: int
    minutes: float


def served(records: TransfusionRecords) -> list[Served]:
    """Return the issues in order of time, batches of one group and time together."""
    found: dict[tuple[float, int, int, float], int] = {}
    for time, route, group, units, minutes in zip(
        records.issued_at.tolist(),
        records.issued_route.tolist(),
        records.issued_group.tolist(),
        records.issued_units.tolist(),
        records.issued_minutes.round(1).tolist(),
        strict=True,
    ):
        key = (time, route, group, minutes)
        found[key] = found.get(key, 0) + units
    return [
        Served(Route(route), list(BloodGroup)[group], units, minutes)
        for (_, route, group, minutes), units in found.items()
    ]


def ask(scenario: Scenario, count: int = 1, at: float = DURING, **columns: Any) -> Any:
    """Let patients ask for blood, all at one time; return the records."""
    return live(scenario, quiet_world(scenario, time=[at] * count, **columns))


def only(scenario: Scenario, at: float = DURING, **columns: Any) -> Served:
    """Let one patient ask for blood and return the one issue."""
    issues = served(ask(scenario, at=at, **columns))
    assert len(issues) == 1
    return issues[0]


A = BloodGroup.A_POSITIVE
O_POS: Literal[BloodGroup.O_POSITIVE] = BloodGroup.O_POSITIVE
O_NEG: Literal[BloodGroup.O_NEGATIVE] = BloodGroup.O_NEGATIVE
NEW = {"tested_sample": False, "history_on_file": False}
UNTESTED, UNKNOWN = {"tested_sample": False}, {"history_on_file": False}

# With information technology: 15 minutes to take a sample, 30 to test it, 12 to group one; 10 to
# issue, 45 to crossmatch. Without: 42, 16.8 and 63; immediate need is due in 20, urgent in 90.
TRUTH = [
    # Whoever needs blood at once gets it out of the satellite.
    ("working", IMMEDIATE, {}, Route.EMERGENCY_GROUP_O, O_NEG, 0.0),
    ("working", IMMEDIATE, {"antibodies": True}, Route.EMERGENCY_GROUP_O, O_NEG, 0.0),
    ("down", IMMEDIATE, NEW, Route.EMERGENCY_GROUP_O, O_NEG, 0.0),
    ("working", IMMEDIATE, {"o_positive_eligible": True}, Route.EMERGENCY_GROUP_O, O_POS, 0.0),
    # Electronic issue, after what is missing of the samples.
    ("working", URGENT, {}, Route.ELECTRONIC_ISSUE, A, 10.0),
    ("working", ROUTINE, {}, Route.ELECTRONIC_ISSUE, A, 10.0),
    ("working", URGENT, UNKNOWN, Route.ELECTRONIC_ISSUE, A, 15.0 + 12.0 + 10.0),
    ("working", URGENT, UNTESTED, Route.ELECTRONIC_ISSUE, A, 15.0 + 30.0 + 10.0),
    ("working", URGENT, NEW, Route.ELECTRONIC_ISSUE, A, 15.0 + 30.0 + 10.0),
    ("working", ROUTINE, UNKNOWN, Route.ELECTRONIC_ISSUE, A, 10.0),
    # Not for everybody.
    ("working", URGENT, {"always_crossmatched": True}, Route.CROSSMATCH, A, 45.0),
    ("working", ROUTINE, {"antibodies": True}, Route.CROSSMATCH, A, 45.0 + 180.0),
    ("working", URGENT, {"antibodies": True}, Route.CROSSMATCH, A, 45.0 + 180.0),
    (
        "working",
        URGENT,
        {"always_crossmatched": True} | UNTESTED,
        Route.CROSSMATCH,
        A,
        15.0 + 30.0 + 45.0,
    ),
    # Without information technology everything else is crossmatched by hand.
    ("down", ROUTINE, {}, Route.CROSSMATCH, A, 63.0),
    ("down", ROUTINE, UNTESTED, Route.CROSSMATCH, A, 15.0 + 42.0 + 63.0),
    ("down", URGENT, {"antibodies": True}, Route.CROSSMATCH, A, 15.0 + 16.8 + 63.0 + 180.0),
    # Nobody can look the group up, and the second sample takes too long: 15 + 16.8 + 63 is 94.8.
    ("down", URGENT, {}, Route.GROUP_O_UNMATCHED, O_NEG, 8.0),
    ("down", URGENT, UNTESTED, Route.GROUP_O_UNMATCHED, O_NEG, 8.0),
    ("down", URGENT, NEW, Route.GROUP_O_UNMATCHED, O_NEG, 8.0),
    (
        "down",
        URGENT,
        NEW | {"o_positive_eligible": True},
        Route.GROUP_O_UNMATCHED,
        O_POS,
        8.0,
    ),
    ("down", URGENT, NEW | {"antibodies": True}, Route.CROSSMATCH, A, 15.0 + 42.0 + 63.0 + 180.0),
    # A standalone analyser brings back group-specific blood, after two samples.
    ("with_analyser", URGENT, NEW, Route.GROUP_SPECIFIC, A, 30.0 + 16.8),
    ("with_analyser", URGENT, NEW | {"antibodies": True}, Route.CROSSMATCH, A, 300.0),
    ("with_analyser", URGENT, NEW | {"always_crossmatched": True}, Route.GROUP_SPECIFIC, A, 46.8),
    ("with_analyser", ROUTINE, UNTESTED, Route.CROSSMATCH, A, 15.0 + 42.0 + 63.0),
]


@pytest.mark.parametrize(("system", "urgency", "patient", "route", "group", "minutes"), TRUTH)
def test_the_route_follows_from_what_is_known_and_when_it_is_needed(
    system: str,
    urgency: int,
    patient: dict[str, Any],
    route: Route,
    group: BloodGroup,
    minutes: float,
    request: pytest.FixtureRequest,
) -> None:
    # All who may have O-positive are given it.
    scenario = with_rules(request.getfixturevalue(system), o_positive_uptake_share=1.0)
    found = only(scenario, urgency=urgency, **patient)
    assert found[:3] == (route, group, 2)
    assert found.minutes == pytest.approx(minutes, abs=0.06)


def confirmed_in_copy(scenario: Scenario) -> Scenario:
    """Return the scenario with all groups on record in a copy that can be read without IT."""
    return with_policy(scenario, OfflineGroups, share=1.0)


def test_an_urgent_patient_whose_record_cannot_be_read_is_one_who_has_none(
    down: Scenario, working: Scenario
) -> None:
    # With a tested sample on paper the second sample is what is missing: 15 + 16.8 + 63 minutes.
    quick = with_rules(down, urgent_minutes=95.0)
    for history in (True, False):
        found = only(quick, history_on_file=history)
        assert found[0] is Route.CROSSMATCH
        assert found.minutes == pytest.approx(94.8, abs=0.1)
    assert only(confirmed_in_copy(quick)).minutes == pytest.approx(63.0)
    assert only(confirmed_in_copy(quick), **UNKNOWN).minutes == pytest.approx(94.8, abs=0.1)


def test_the_offline_copy_saves_group_o(down: Scenario) -> None:
    assert only(down).route is Route.GROUP_O_UNMATCHED
    assert only(confirmed_in_copy(down)).route is Route.CROSSMATCH
    some = with_policy(down, OfflineGroups, share=0.5)
    routes = [issue.route for issue in served(ask(some, 1))]
    assert set(routes) <= {Route.CROSSMATCH, Route.GROUP_O_UNMATCHED}


# ------------------------------------------------------------------------------------------ samples


def test_a_refused_sample_is_taken_again(working: Scenario) -> None:
    def refusing(scenario: Scenario, share: float) -> Scenario:
        steps = tuple(
            step.model_copy(update={"rejected_share": {"group_and_screen": share}})
            for step in scenario.pathology.steps
        )
        pathology = scenario.pathology.model_copy(update={"steps": steps})
        return scenario.model_copy(update={"pathology": pathology})

    patient = {"tested_sample": False, "urgency": ROUTINE}
    times = np.arange(DURING, DURING + 72.0, 0.26)
    half = live(
        with_staff(refusing(working, 0.5), 20, 20),
        quiet_world(refusing(working, 0.5), time=times, **patient),
    )
    # Each refusal costs 15 minutes; half of the samples are refused, and half of those again.
    refusals = np.round((half.issued_minutes - 55.0) / 15.0)
    first = dict(zip(half.issued_at, refusals, strict=True))
    numbers = np.array(list(first.values()))
    assert set(numbers.tolist()) >= {0.0, 1.0, 2.0}
    assert numbers.mean() == pytest.approx(1.0, abs=0.25)


def test_samples_refused_more_often_by_hand_delay_more(working: Scenario) -> None:
    patient = {"tested_sample": False, "urgency": ROUTINE, "always_crossmatched": True}
    times = np.arange(DURING, DURING + 96.0, 0.1)
    ordinary = with_rules(ordinary_scenario(1), times={"manual_uplift": 1.0})
    taken_again = {}
    for name, scenario in (("working", ordinary), ("down", with_outage(ordinary, days=7))):
        staffed = with_staff(scenario, 40, 40)
        records = live(staffed, quiet_world(staffed, time=times, **patient))
        by_patient = dict(zip(records.issued_at, records.issued_minutes, strict=True))
        taken_again[name] = np.mean([minutes > 91.0 for minutes in by_patient.values()])
    assert 0.02 < taken_again["working"] < 0.07
    # By hand there are two samples to refuse, because the record cannot be read.
    assert taken_again["working"] < taken_again["down"] < 0.18


def test_a_result_from_before_the_loss_cannot_be_read(working: Scenario) -> None:
    down = with_outage(working, days=7)
    times = ONSET + np.linspace(1.0, 48.0, 200)
    world = quiet_world(down, time=times, urgency=ROUTINE)
    records = live(with_staff(down, 20, 20), world)
    by_patient = dict(zip(records.issued_at, records.issued_minutes, strict=True))
    asked = np.array([time - minutes / 60.0 for time, minutes in by_patient.items()])
    anew = np.array([minutes > 100.0 for minutes in by_patient.values()])
    # Samples are up to a day old: at first all have to be tested again, then fewer, and then none.
    late = asked > ONSET + 25.0
    early = asked < ONSET + 4.0
    assert anew[early].mean() > 0.7
    assert 0.3 < anew[asked < ONSET + 24.0].mean() < 0.7
    assert not anew[late].any()


def test_the_bench_tests_the_samples_that_patients_give(working: Scenario, down: Scenario) -> None:
    for scenario, by_hand in ((working, 0), (down, 2)):
        records = ask(scenario, **NEW, urgency=ROUTINE)
        assert records.samples.sum() == 2
        assert records.second_samples.sum() == 1
        assert records.samples_by_hand.sum() == by_hand
    known = ask(working, urgency=ROUTINE)
    assert known.samples.sum() == 0
    # A planned transfusion of somebody new: the second sample was given beforehand.
    assert ask(working, urgency=ROUTINE, **UNKNOWN).second_samples.sum() == 1


def test_a_standalone_analyser_takes_fewer_minutes_a_sample(
    down: Scenario, with_analyser: Scenario
) -> None:
    hours = {}
    for name, scenario in (("hand", down), ("analyser", with_analyser)):
        collected = np.arange(ONSET + 1.0, ONSET + 100.0, 0.5)

        def announce(
            env: simpy.Environment, blood: Transfusion, collected: Any = collected
        ) -> Iterator[simpy.Event]:
            blood.samples_taken(SITE, collected)
            blood.samples_taken(SITE, collected[:10], second=True)
            yield env.timeout(1.0)

        records = live(scenario, quiet_world(scenario), announce)
        assert records.samples[:, SITE].sum() == collected.size + 10
        assert records.second_samples.sum() == 10
        # Labels and the register are by hand with an analyser too.
        assert records.samples_by_hand.sum() == collected.size + 10
        hours[name] = records.bench_busy_hours.sum()
    assert hours["hand"] == pytest.approx(collected.size * 10 / 60 + 100 / 60, rel=1e-5)
    assert hours["analyser"] == pytest.approx(0.4 * hours["hand"], rel=1e-5)


# ---------------------------------------------------------------------------------------- the bench


def test_work_by_hand_gets_faster_with_practice_down_to_a_floor() -> None:
    scenario = with_rules(
        ordinary_scenario(10),
        times={"learning_per_week": 0.2, "learning_floor_share": 0.5, "manual_uplift": 1.4},
    )
    scenario = with_outage(scenario, days=69)
    weeks = np.array([1.0, 2.0, 3.0, 4.0, 9.0])
    world = quiet_world(scenario, time=ONSET + 168.0 * weeks, urgency=ROUTINE, units=1)
    records = live(scenario, world)
    expected = 45.0 * (1.0 + 0.4 * np.maximum(0.5, 0.8**weeks))
    np.testing.assert_allclose(records.issued_minutes, expected, atol=0.01)


def test_a_busy_bench_means_group_o_for_those_who_cannot_wait(down: Scenario) -> None:
    # Two scientists, 28 minutes each, 63 minutes in all, 90 allowed: two start at once and the
    # next would be ready after 91 minutes.
    records = ask(confirmed_in_copy(down), 4, units=1)
    assert records.issued_route.tolist() == [
        Route.CROSSMATCH,
        Route.CROSSMATCH,
        Route.GROUP_O_UNMATCHED,
        Route.GROUP_O_UNMATCHED,
    ]
    assert records.late_at.size == 0
    more = ask(with_staff(confirmed_in_copy(down), 4, 1), 4)
    assert set(more.issued_route.tolist()) == {Route.CROSSMATCH}


def test_who_was_to_be_crossmatched_gets_group_o_when_the_more_urgent_come_first(
    down: Scenario,
) -> None:
    """Somebody who trusted a free bench, and is overtaken, does not wait beyond his time."""
    scenario = with_staff(confirmed_in_copy(down), 1, 1)
    # The first takes the scientist for 28 minutes; the second expects to start then. Six patients
    # bleed before that and give samples to be tested at once, of ten minutes each.
    time = [DURING, *[DURING + 0.01] * 6, DURING + 0.02]
    urgency = [ROUTINE, *[IMMEDIATE] * 6, URGENT]
    tested = [True, *[False] * 6, True]
    records = live(
        scenario,
        quiet_world(
            with_staff(scenario, 1, 1),
            time=time,
            urgency=urgency,
            tested_sample=tested,
            units=1,
        ),
    )
    urgent = records.issued_urgency == URGENT
    assert records.issued_route[urgent].tolist() == [Route.GROUP_O_UNMATCHED]
    assert 30.0 < records.issued_minutes[urgent][0] <= 90.0
    assert not (records.late_urgency == URGENT).any()


def test_jobs_are_counted_and_hands_on_hours_are_those_of_the_routes(
    working: Scenario, down: Scenario
) -> None:
    records = ask(working)
    assert records.bench_jobs.sum(axis=(0, 1)).tolist() == [0, 1, 0, 0]
    assert records.bench_busy_hours.sum() == pytest.approx(3 / 60, rel=1e-4)
    records = ask(down, urgency=ROUTINE)
    assert records.bench_jobs[:, :, BenchJob.CROSSMATCH].sum() == 1
    # And the second sample, given beforehand.
    assert records.bench_busy_hours.sum() == pytest.approx((28 + 10) / 60, rel=1e-4)


# -------------------------------------------------------------------------------- major haemorrhage


def packs(scenario: Scenario, **columns: Any) -> list[Served]:
    return served(ask(scenario, use=MAJOR_HAEMORRHAGE, urgency=IMMEDIATE, **columns))


def test_further_packs_are_matched_with_information_technology(working: Scenario) -> None:
    found = packs(working, units=18, **NEW)
    # Packs of four every half hour. At the second both samples have just come and are grouped; by
    # the third they are tested.
    assert found[0] == (Route.EMERGENCY_GROUP_O, O_NEG, 4, 0.0)
    assert found[1] == (Route.GROUP_SPECIFIC, A, 4, 12.0)
    assert found[2:] == [(Route.ELECTRONIC_ISSUE, A, units, 10.0) for units in (4, 4, 2)]


def test_further_packs_stay_group_o_without(down: Scenario) -> None:
    found = packs(down, units=12, **NEW)
    assert found[0] == (Route.EMERGENCY_GROUP_O, O_NEG, 4, 0.0)
    assert found[1:] == [(Route.GROUP_O_UNMATCHED, O_NEG, 4, 8.0)] * 2


def test_further_packs_are_group_specific_with_a_standalone_analyser(
    with_analyser: Scenario,
) -> None:
    found = packs(with_analyser, units=12, **NEW)
    assert [issue.route for issue in found] == [
        Route.EMERGENCY_GROUP_O,
        Route.GROUP_SPECIFIC,
        Route.GROUP_SPECIFIC,
    ]


def test_heavy_bleeding_overrides_antibodies(working: Scenario) -> None:
    found = packs(working, units=8, antibodies=True)
    assert [issue.route for issue in found] == [Route.EMERGENCY_GROUP_O, Route.GROUP_O_UNMATCHED]


# ------------------------------------------------------------------------------------------ group O


def test_the_satellite_is_at_once_and_the_laboratory_takes_a_porter(working: Scenario) -> None:
    satellite = working.transfusion.satellites.units[O_NEG]
    found = served(ask(working, units=satellite + 3, urgency=IMMEDIATE))
    assert found == [
        (Route.EMERGENCY_GROUP_O, O_NEG, satellite, 0.0),
        (Route.EMERGENCY_GROUP_O, O_NEG, 3, 8.0),
    ]


def test_anybody_is_given_o_positive_when_no_o_negative_is_left(working: Scenario) -> None:
    in_house = int(plan_stock(working).level[SITE, O_NEGATIVE])
    in_house += working.transfusion.satellites.units[O_NEG]
    found = served(ask(working, units=in_house + 20, urgency=IMMEDIATE))
    by_group: dict[BloodGroup, int] = {}
    for issue in found:
        by_group[issue.group] = by_group.get(issue.group, 0) + issue.units
    assert by_group[O_POS] > 0
    assert sum(by_group.values()) == in_house + 20
    # Not for those who can wait.
    records = ask(with_outage(working, days=7), units=in_house + 20, blood_group=O_NEGATIVE, **NEW)
    assert O_POSITIVE not in records.issued_group


def test_a_higher_uptake_of_o_positive_only_adds_patients(working: Scenario) -> None:
    times = np.arange(ONSET + 1.0, ONSET + 160.0, 2.0)
    given: list[set[float]] = []
    for uptake in (0.0, 0.3, 0.7, 1.0):
        scenario = with_policy(
            with_rules(working, o_positive_uptake_share=0.2),
            OPositivePolicy,
            uptake_share=uptake,
        )
        world = quiet_world(
            scenario, time=times, urgency=IMMEDIATE, units=1, o_positive_eligible=True
        )
        records = live(scenario, world)
        given.append(set(records.issued_at[records.issued_group == O_POSITIVE].tolist()))
    assert given[0] < given[1] < given[2] < given[3]
    assert len(given[3]) == times.size
    assert len(given[0]) == pytest.approx(0.2 * times.size, abs=8)  # the ordinary uptake


def test_nobody_who_may_not_have_it_is_given_o_positive(working: Scenario) -> None:
    scenario = with_policy(working, OPositivePolicy, uptake_share=1.0)
    assert only(scenario, urgency=IMMEDIATE).group is O_NEG


def test_o_negative_about_to_expire_goes_to_anybody_first(working: Scenario) -> None:
    # Units come 85 to 89 days old of 90, so that some always have three days left or less.
    old = with_rules(working, age_on_delivery_days=(85.0, 89.0))
    never = with_rules(working, age_on_delivery_days=(0.0, 1.0))
    times = np.arange(ONSET + 1.0, ONSET + 160.0, 4.0)
    used = {}
    for name, scenario in (("old", old), ("fresh", never)):
        records = live(scenario, quiet_world(scenario, time=times, urgency=ROUTINE))
        used[name] = int(records.issued_units[records.issued_group == O_NEGATIVE].sum())
    assert used["fresh"] == 0
    assert used["old"] > 20


def test_those_who_need_fresh_cells_get_them(working: Scenario) -> None:
    rules = {"share": 0.1, "most_days_old": 8}
    scenario = with_rules(working, fresh_needs=rules)
    records = ask(scenario, urgency=ROUTINE, fresh=True, units=1)
    shelf_life = scenario.transfusion.shelf_life_days
    day = int(DURING // 24)
    assert records.issued_last_day[0] - day >= shelf_life - 8
    # Everybody else gets the oldest.
    assert ask(scenario, urgency=ROUTINE, units=1).issued_last_day[0] < day + shelf_life - 8


# ----------------------------------------------------------------------------------------- lateness


def late(records: TransfusionRecords) -> list[tuple[Late, int, float]]:
    return [
        (Late(reason), units, minutes)
        for reason, units, minutes in zip(
            records.late_reason.tolist(),
            records.late_units.tolist(),
            records.late_minutes.round(1).tolist(),
            strict=True,
        )
    ]


def test_antibodies_make_the_route_too_long(working: Scenario) -> None:
    records = ask(working, antibodies=True)
    assert late(records) == [(Late.ROUTE_TOO_LONG, 2, 225.0 - 90.0)]
    assert records.late_at.tolist() == [DURING + 1.5]
    assert records.late_urgency.tolist() == [URGENT]
    assert late(ask(working, antibodies=True, urgency=ROUTINE)) == []


def test_samples_can_be_what_a_patient_waited_for(working: Scenario) -> None:
    quick = with_rules(working, urgent_minutes=50.0)
    # He may not have group O unmatched, and the crossmatch alone would have been in time.
    scenario = with_rules(quick, times={"antibody_minutes": 0.0})
    records = ask(scenario, antibodies=True, tested_sample=False)
    assert late(records) == [(Late.NO_CONFIRMED_GROUP, 2, 90.0 - 50.0)]


def test_the_bench_can_be_what_a_patient_waited_for(working: Scenario) -> None:
    scenario = with_rules(working, urgent_minutes=50.0, times={"antibody_minutes": 0.0})
    records = ask(scenario, 3, antibodies=True)
    # Two scientists: the third starts after 20 minutes.
    assert late(records) == [(Late.WAITED_FOR_BENCH, 2, 20.0 + 45.0 - 50.0)]


def test_stock_can_be_what_a_patient_waited_for(working: Scenario) -> None:
    in_house = int(plan_stock(working).level[SITE, list(SUBSTITUTION[O_NEGATIVE])].sum())
    records = ask(working, blood_group=O_NEGATIVE, units=in_house + 60)
    assert len(late(records)) == 1
    (reason, units, minutes) = late(records)[0]
    assert reason is Late.NO_STOCK
    assert 0 < units <= 60
    assert minutes > 0.0


def test_who_never_gets_blood_is_late_without_end(working: Scenario) -> None:
    # Nothing in the fridges and nothing at the blood service.
    service = {"stock_days": 0.001, "units_per_week": 1.0}
    scenario = with_rules(
        working,
        hospital_stock_days=0.0,
        least_stock_units=dict.fromkeys(BloodGroup, 0),
        satellites={"units": {O_NEG: 0, O_POS: 0}},
        blood_service=service,
    )
    world = quiet_world(scenario, time=[DURING])
    env_records = live(scenario, world)
    assert env_records.issued_at.size == 0
    (reason, units, minutes) = late(env_records)[0]
    assert (reason, units) == (Late.NO_STOCK, 2)
    assert math.isnan(minutes)
    # One who is not due by the end is neither in time nor late.
    last = scenario.calendar.end_hour - 1.0
    assert live(scenario, quiet_world(scenario, time=[last])).late_at.size == 0


# --------------------------------------------------------------------------- diverted and withheld


def test_the_injured_are_taken_elsewhere(working: Scenario) -> None:
    diverted = with_policy(working, TraumaDiversion, share=1.0, places=("kings",))
    injured = {"use": TRAUMA, "trauma": True, "urgency": IMMEDIATE, "units": 3}
    records = ask(diverted, **injured)
    assert records.issued_at.size == 0
    assert records.diverted_units.sum() == records.diverted_units[int(DURING // 24), SITE] == 3
    assert ask(diverted, **injured | {"site": 0}).diverted_units.sum() == 0
    assert ask(diverted, urgency=IMMEDIATE).diverted_units.sum() == 0


def test_in_an_alert_some_routine_patients_do_without(working: Scenario) -> None:
    alerts = tuple(
        phase.model_copy(
            update={"trigger_days": 50.0, "demand_cut_all": 0.3, "demand_cut_group_o": 0.6}
        )
        for phase in working.transfusion.blood_service.alerts
    )
    scenario = with_rules(working, blood_service={"alerts": alerts})
    times = np.arange(DURING, DURING + 100.0, 0.5)
    shares = {}
    for group in (A_POSITIVE, O_POSITIVE):
        world = quiet_world(scenario, time=times, urgency=ROUTINE, units=1, blood_group=group)
        records = live(scenario, world)
        shares[group] = records.withheld_units.sum() / times.size
    assert shares[A_POSITIVE] == pytest.approx(0.3, abs=0.1)
    assert shares[O_POSITIVE] == pytest.approx(0.6, abs=0.1)
    urgent = live(scenario, quiet_world(scenario, time=times, urgency=URGENT, units=1))
    assert urgent.withheld_units.sum() == 0


# ------------------------------------------------------------------------------------ compatibility


@pytest.mark.parametrize("patient", range(8))
@pytest.mark.parametrize("days", [0.5, 28.0])
def test_nobody_gets_incompatible_blood_however_short_it_is(patient: int, days: float) -> None:
    shares = {group: float(number == patient) for number, group in enumerate(BloodGroup)}
    scenario = with_rules(
        ordinary_scenario(1),
        patient_groups=shares,
        hospital_stock_days=0.7,
        least_stock_units=dict.fromkeys(BloodGroup, 2),
        blood_service={"stock_days": 0.5},
        o_positive_uptake_share=0.0,
    )
    records = live(with_outage(scenario, days), world_of(scenario))
    unmatched = np.isin(records.issued_route, [Route.EMERGENCY_GROUP_O, Route.GROUP_O_UNMATCHED])
    assert set(records.issued_group[unmatched].tolist()) <= {O_NEGATIVE, O_POSITIVE}
    matched = set(records.issued_group[~unmatched].tolist())
    assert matched <= set(SUBSTITUTION[patient])
    # The shortage is such that substitutes were in fact needed.
    assert patient == O_NEGATIVE or len(matched) > 1


def test_codes_are_those_of_the_world() -> None:
    assert URGENCIES == ("immediate", "urgent", "routine")
    assert list(BloodGroup)[A_POSITIVE] == BloodGroup.A_POSITIVE


def test_a_world_that_asks_for_nothing_uses_nothing() -> None:
    scenario = ordinary_scenario(1)
    records = live(scenario, quiet_world(scenario))
    assert records.issued_at.size == records.late_at.size == 0
    assert records.bench_busy_hours.sum() == 0.0
    assert records.bench_hours.sum() > 0.0


@pytest.mark.parametrize("without", [False, True], ids=["working", "down"])
def test_whoever_found_no_group_o_has_it_when_it_is_delivered(
    working: Scenario, down: Scenario, without: bool
) -> None:
    # 60 times 4 units are more than all the group O of the hospital, while its A-positive suits
    # these patients; but samples, groups and scientists take longer than the van of 90 minutes.
    records = ask(down if without else working, count=60, units=4, urgency=IMMEDIATE, **NEW)
    issues = served(records)
    assert {issue.route for issue in issues} == {Route.EMERGENCY_GROUP_O}
    assert sum(issue.units for issue in issues) == 240
    assert {issue.minutes for issue in issues} == {0.0, 8.0, 98.0}
    assert set(records.late_reason.tolist()) == {Late.NO_STOCK}


def test_without_group_o_immediate_need_has_blood_of_the_own_group_uncrossmatched(
    working: Scenario,
) -> None:
    # The first 56 patients have all the group O; a crossmatch would take 45 minutes.
    records = ask(working, count=57, units=4, urgency=IMMEDIATE, always_crossmatched=True)
    issues = served(records)
    assert sum(issue.units for issue in issues) == 228
    assert issues[-1] == Served(Route.GROUP_SPECIFIC, A, 4, 12.0)
    assert records.late_at.size == 0
