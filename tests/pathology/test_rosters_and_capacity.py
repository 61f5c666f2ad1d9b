"""Rosters carry the expected load; losses and reinforcement are relative to them."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import pytest

from disruption_sim.disruption import Timeline
from disruption_sim.pathology.capacity import (
    MANUAL_CAPABILITY,
    REINFORCED,
    Capacity,
    Schedule,
    practice,
    station_name,
    stations,
)
from disruption_sim.pathology.expected import SLOTS_PER_HOUR, ExpectedWeek
from disruption_sim.pathology.layout import build_layout, routes
from disruption_sim.pathology.network import LEAVES, MODE_MANUAL, MODE_NORMAL
from disruption_sim.pathology.origins import Origins
from disruption_sim.pathology.rosters import Rosters, machine_sizes
from disruption_sim.pathology.travel import TUBE_TYPES, Travel
from disruption_sim.scenario import with_overrides
from disruption_sim.scenario.laboratory_checks import STEPS_BY_HAND
from disruption_sim.scenario.model import (
    BLOOD_TYPES,
    PEOPLE_STEPS,
    Breakdowns,
    Capability,
    Effect,
    ExtraManualStaff,
    Policy,
    Prioritisation,
    Scenario,
    Source,
    Step,
    TubeType,
    path,
)
from disruption_sim.world.breakdowns import draw_breakdowns
from disruption_sim.world.days import Days
from tests.support.one_hospital import SITE, its_world, one_hospital

pytestmark = pytest.mark.unit

STEPS = one_hospital().pathology.steps_in_use
MACHINE_STEPS = tuple(step for step in STEPS if step not in PEOPLE_STEPS)
LOCAL, HUB = 0, 1
ONSET = 168.0 * 6
INFORMATION = (Capability.BOOKING_IN, Capability.AUTHORISATION, Capability.REPORTING)


def week_of(scenario: Scenario) -> ExpectedWeek:
    origins = Origins.of(scenario)
    travel = Travel.of(scenario, origins, Days.of(scenario.calendar).working)
    return ExpectedWeek.of(scenario, origins, travel)


@lru_cache(maxsize=1)
def week() -> ExpectedWeek:
    return week_of(one_hospital())


@lru_cache(maxsize=1)
def rosters() -> Rosters:
    return Rosters.of(one_hospital(), week())


def effect(depth: float, *capabilities: Capability, name: str = "loss") -> Effect:
    return Effect(
        name=name,
        capabilities=capabilities,
        places=("all",),
        start=one_hospital().calendar.onset,
        duration_days=7,
        depth=depth,
    )


def schedule(
    step: Step, *effects: Effect, policies: tuple[Policy, ...] = (), laboratory: int = LOCAL
) -> Schedule:
    return capacity(*effects, policies=policies).schedule(laboratory, step)


def capacity(*effects: Effect, policies: tuple[Policy, ...] = ()) -> Capacity:
    arm = one_hospital().model_copy(update={"disruptions": effects, "policies": policies})
    return Capacity(arm, its_world(), week(), rosters(), Timeline(arm))


def row_of(schedule: Schedule, time: float) -> int:
    return int(np.searchsorted(schedule.times, time, side="right")) - 1


def at(schedule: Schedule, time: float) -> tuple[int, int, float, float]:
    row = row_of(schedule, time)
    return (
        int(schedule.servers[row]),
        int(schedule.mode[row]),
        float(schedule.speed[row]),
        float(schedule.skip_share[row]),
    )


def staff(policy: dict[str, float]) -> ExtraManualStaff:
    return ExtraManualStaff.model_validate(
        {
            "name": "staff",
            "kind": "extra_manual_staff",
            "trigger_day": 0,
            "uplift_share": 0.0,
            "learning_per_week": 0.0,
            "learning_floor_share": 0.6,
            **policy,
        }
    )


def test_the_scenario_checks_minutes_of_the_steps_that_go_by_hand() -> None:
    assert {step.value for step in MANUAL_CAPABILITY} == STEPS_BY_HAND
    for tube_type in TubeType:  # those that can be switched on as well
        for step in path(tube_type):
            assert tube_type in one_hospital().pathology.step(step).minutes


# --- rosters ----------------------------------------------------------------------------------


def test_everything_collected_in_a_week_arrives() -> None:
    scenario = one_hospital()
    volumes = dict(scenario.network.sites[0].tubes_per_weekday)
    volumes[Source.GENERAL_PRACTICE] = scenario.network.boroughs[0].tubes_per_weekday
    tubes = 0.0
    for source, volume in volumes.items():
        profile = scenario.pathology.source(source).weekday_profile
        tubes += volume * sum(profile) / (sum(profile[:5]) / 5)
    assert week().arrivals.sum() == pytest.approx(tubes + clinics_and_pre_assessment())


def clinics_and_pre_assessment() -> float:
    scenario = one_hospital()
    needing = sum(c.share * c.needs_results_share for c in scenario.outpatients.clinics)
    clinics = scenario.outpatients.appointments_per_week * needing
    patients = scenario.surgery.elective_admissions_per_week * scenario.surgery.theatre_share
    tubes = sum(
        specialty.share * procedure.share
        * (
            2 * scenario.surgery.mean_needs_results_share(procedure)
            + (1.0 if procedure.units_crossmatched else procedure.group_and_screen_share)
        )
        for specialty in scenario.surgery.specialties
        for procedure in scenario.surgery.procedures
        if procedure.specialty == specialty.name
    )  # fmt: skip
    treatments = sum(
        unit.treatments_per_week * unit.needs_results_share * unit.tubes_per_treatment
        for unit in scenario.outpatients.day_units
    )
    return clinics * scenario.outpatients.tubes_per_appointment + patients * tubes + treatments


def bands() -> list[tuple[tuple[int, ...], int, int]]:
    return [
        (days, start, end)
        for days in ((0, 1, 2, 3, 4), (5, 6))
        for start, end in ((0, 7), (7, 9), (9, 12), (12, 16), (16, 20), (20, 24))
    ]


def mean_load(laboratory: int, step: Step, days: tuple[int, ...], start: int, end: int) -> float:
    hours = np.arange(168 * SLOTS_PER_HOUR) / SLOTS_PER_HOUR
    inside = (hours % 24 >= start) & (hours % 24 < end) & np.isin(hours // 24, list(days))
    loads = week().loads(one_hospital(), laboratory)
    return float(loads[STEPS.index(step)][inside].mean())


def test_people_carry_the_load_of_their_steps_at_the_planned_utilisation() -> None:
    rule = one_hospital().pathology.people
    for laboratory in (LOCAL, HUB):
        for days, start, end in bands():
            load = sum(mean_load(laboratory, step, days, start, end) for step in PEOPLE_STEPS)
            people = int(rosters().on_duty(laboratory, np.array([24.0 * days[0] + start]))[0])
            assert load <= people * rule.planned_utilisation + 1e-9
            assert (
                people == rule.least_on_duty
                or load > (people - 1) * rule.planned_utilisation - 1e-9
            )


def test_the_load_of_people_is_hands_on_minutes_of_what_is_not_automatic() -> None:
    rules = one_hospital().pathology
    loads = week().loads(one_hospital(), LOCAL)
    per_week = week().arrivals[LOCAL].sum(axis=1)
    for step in (Step.BOOKING_IN, Step.AUTHORISATION):
        rule = rules.step(step)
        hours = sum(
            per_week[TUBE_TYPES.index(t)] * rule.minutes[t] / 60.0
            for t in BLOOD_TYPES
            if t in rule.minutes
        )
        busy = loads[STEPS.index(step)].sum() / SLOTS_PER_HOUR
        assert busy == pytest.approx(hours * (1.0 - rule.automatic_share))
    for step in (Step.REPORTING, Step.BACK_ENTRY):
        assert (loads[STEPS.index(step)] == 0.0).all()


def test_results_that_people_give_out_in_ordinary_running_are_part_of_their_load() -> None:
    scenario, share = one_hospital(), 0.9
    steps = tuple(
        step.model_copy(update={"automatic_share": share}) if step.name is Step.REPORTING else step
        for step in scenario.pathology.steps
    )
    rules = scenario.pathology.model_copy(update={"steps": steps})
    by_people = scenario.model_copy(update={"pathology": rules})
    per_week = week().arrivals[LOCAL].sum(axis=1)
    loads = week().loads(by_people, LOCAL)
    # What people report has to be entered back, too.
    for step in (Step.REPORTING, Step.BACK_ENTRY):
        hours = sum(
            per_week[TUBE_TYPES.index(t)] * minutes / 60.0
            for t, minutes in rules.step(step).minutes.items()
            if t in BLOOD_TYPES
        )
        busy = loads[STEPS.index(step)].sum() / SLOTS_PER_HOUR
        assert busy == pytest.approx(hours * (1.0 - share))


def test_machines_have_places_for_the_busiest_band_and_never_go_home() -> None:
    for laboratory in (LOCAL, HUB):
        for step in MACHINE_STEPS:
            rule = one_hospital().pathology.step(step)
            busiest = max(mean_load(laboratory, step, *band) for band in bands())
            places = int(rosters().places[laboratory, STEPS.index(step)])
            if rule.unlimited:
                assert places >= max(50, 10 * busiest)
                continue
            assert rule.planned_utilisation is not None
            assert busiest <= places * rule.planned_utilisation + 1e-9
            assert (
                places == rule.least_servers
                or busiest > (places - 1) * rule.planned_utilisation - 1e-9
            )


def test_the_hub_rests_at_weekends_and_on_bank_holidays() -> None:
    calendar = one_hospital().calendar
    holiday = next(
        24.0 * (day - calendar.first_day).days + 13.0
        for day in calendar.bank_holidays
        if day > calendar.first_day
    )
    noon = np.array([13.0, 5 * 24.0 + 13.0, holiday])
    weekday, weekend, bank_holiday = rosters().on_duty(HUB, noon)
    assert weekday > 5 * weekend
    assert bank_holiday == weekend


def test_slower_work_at_one_laboratory_needs_more_people_there_alone() -> None:
    slow, _ = with_overrides(
        one_hospital(),
        {
            "pathology.laboratory_differences": [
                {"laboratory": SITE, "step": "booking_in", "minutes": {"chemistry": 5.0}}
            ]
        },
    )
    more = Rosters.of(slow, week_of(slow))
    assert (more.people[LOCAL] >= rosters().people[LOCAL]).all()
    assert more.people[LOCAL].sum() > rosters().people[LOCAL].sum()
    assert (more.people[HUB] == rosters().people[HUB]).all()


# --- what is left of the capacity -----------------------------------------------------------------


def test_nothing_is_changed_while_nothing_is_lost() -> None:
    for step in STEPS:
        rows = schedule(step)
        assert (rows.mode == MODE_NORMAL).all()
        assert (rows.speed == 1.0).all()
        assert (rows.skip_share == one_hospital().pathology.step(step).automatic_share).all()
        assert rows.open.all()
        assert not rows.freshest_first.any()
        assert rows.manual_spans(one_hospital().calendar.end_hour) == []


def test_the_people_of_a_laboratory_stand_at_booking_in() -> None:
    hours = np.arange(0.0, 168.0, 0.5)
    for laboratory in (LOCAL, HUB):
        lead = schedule(Step.BOOKING_IN, laboratory=laboratory)
        on_duty = [at(lead, hour)[0] for hour in hours]
        assert on_duty == rosters().on_duty(laboratory, hours).tolist()
        for step in PEOPLE_STEPS[1:]:
            assert (schedule(step, laboratory=laboratory).servers == 0).all()


def test_a_whole_loss_of_information_leaves_manual_work_alone() -> None:
    loss = effect(1.0, *INFORMATION)
    noon = ONSET + 13.0
    for step in REINFORCED:
        rows, ordinary = schedule(step, loss), schedule(step)
        assert at(rows, noon) == (at(ordinary, noon)[0], MODE_MANUAL, 1.0, 0.0)
        assert at(rows, noon + 168.0) == at(ordinary, noon + 168.0)
        assert rows.manual_spans(1e9) == [(ONSET, ONSET + 168.0)]


def test_a_partial_loss_mixes_minutes_and_passes_a_part_electronically() -> None:
    loss = effect(0.6, *INFORMATION)
    rule = one_hospital().pathology.step(Step.BOOKING_IN)
    ordinary, manual = (
        minutes[TubeType.CHEMISTRY] for minutes in (rule.minutes, rule.manual_minutes)
    )
    _, mode, speed, _ = at(schedule(Step.BOOKING_IN, loss), ONSET)
    assert mode == MODE_MANUAL
    assert speed * manual == pytest.approx(0.6 * manual + 0.4 * ordinary)
    automatic = one_hospital().pathology.step(Step.AUTHORISATION).automatic_share
    assert at(schedule(Step.AUTHORISATION, loss), ONSET)[3] == pytest.approx(0.4 * automatic)
    assert at(schedule(Step.REPORTING, loss), ONSET)[2:] == pytest.approx((1.0, 0.4))


def test_group_and_screen_follows_the_transfusion_system() -> None:
    rows = schedule(Step.GROUP_AND_SCREEN, effect(1.0, Capability.TRANSFUSION_IT))
    assert at(rows, ONSET)[1:3] == (MODE_MANUAL, 1.0)
    untouched = schedule(Step.GROUP_AND_SCREEN, effect(1.0, *INFORMATION))
    assert (untouched.mode == MODE_NORMAL).all()


def test_losses_of_analysers_compose_and_never_end_each_other() -> None:
    one = effect(0.5, Capability.ANALYSERS)
    other = effect(0.5, Capability.ANALYSERS, name="other")
    noon = ONSET + 13.0
    whole = at(schedule(Step.CHEMISTRY, laboratory=HUB), noon)[0]
    half = at(schedule(Step.CHEMISTRY, one, laboratory=HUB), noon)[0]
    quarter = at(schedule(Step.CHEMISTRY, one, other, laboratory=HUB), noon)[0]
    assert (half, quarter) == (math.floor(0.5 * whole + 0.5), math.floor(0.25 * whole + 0.5))
    assert at(schedule(Step.CHEMISTRY, effect(1.0, Capability.ANALYSERS)), noon)[0] == 0
    assert at(schedule(Step.BOOKING_IN, one), noon) == at(schedule(Step.BOOKING_IN), noon)


@pytest.mark.parametrize("capability", [Capability.BOOKING_IN, Capability.REPORTING])
def test_paper_is_entered_back_only_when_the_system_is_whole(capability: Capability) -> None:
    rows = schedule(Step.BACK_ENTRY, effect(0.1, capability))
    is_open = [bool(rows.open[row_of(rows, ONSET + hour)]) for hour in (-1.0, 0.0, 167.9, 168.0)]
    assert is_open == [True, False, False, True]
    assert schedule(Step.BACK_ENTRY, effect(0.1, Capability.AUTHORISATION)).open.all()


@pytest.mark.parametrize("capability", INFORMATION)
def test_extra_staff_come_while_any_step_goes_by_hand(capability: Capability) -> None:
    noon = ONSET + 13.0
    extra = (staff({"uplift_share": 0.5}),)
    ordinary = at(schedule(Step.BOOKING_IN), noon)[0]
    by_hand = schedule(Step.BOOKING_IN, effect(0.2, capability), policies=extra)
    assert at(by_hand, noon)[0] == math.floor(1.5 * ordinary + 0.5)
    assert at(by_hand, noon + 168.0)[0] == ordinary
    assert at(schedule(Step.BOOKING_IN, policies=extra), noon)[0] == ordinary
    untouched = schedule(Step.PREPARATION, effect(0.2, capability), policies=extra)
    assert at(untouched, noon) == at(schedule(Step.PREPARATION), noon)


def test_minutes_by_hand_fall_with_practice_to_their_floor() -> None:
    arm = one_hospital().model_copy(
        update={"policies": (staff({"learning_per_week": 0.2, "learning_floor_share": 0.7}),)}
    )
    factor = practice(Timeline(arm), 1e6)
    assert factor.at(ONSET) == 1.0
    assert factor.at(ONSET + 168.0) == pytest.approx(0.8)
    assert factor.at(ONSET + 84.0) == pytest.approx(0.8 ** (3 / 7))
    assert factor.at(ONSET + 2 * 168.0) == 0.7
    assert all(
        later < earlier for earlier, later in zip(factor.values, factor.values[1:], strict=False)
    )
    rows = schedule(
        Step.BOOKING_IN,
        effect(1.0, *INFORMATION),
        policies=(staff({"learning_per_week": 0.2}),),
    )
    assert at(rows, ONSET + 167.0)[2] == pytest.approx(0.8 ** (6 / 7))


def rule_of_dispatch(rule: str, day: float, days: float, *places: str) -> Prioritisation:
    return Prioritisation.model_validate(
        {
            "name": f"{rule}-{day:g}",
            "kind": "prioritisation",
            "trigger_day": day,
            "duration_days": days,
            "rule": rule,
            "places": places or ("all",),
        }
    )


def test_people_take_the_freshest_first_while_that_is_the_rule() -> None:
    policies = (
        rule_of_dispatch("freshest_first", 1.0, 6.0, SITE),
        rule_of_dispatch("clinical_priority", 3.0, 1.0),
    )
    for step in PEOPLE_STEPS:
        rows = schedule(step, policies=policies)
        found = [
            bool(rows.freshest_first[row_of(rows, ONSET + 24.0 * day)])
            for day in (0.9, 1.0, 2.9, 3.0, 3.9, 4.0, 6.9, 7.0)
        ]
        assert found == [False, True, True, False, False, True, True, False]
        assert not schedule(step, policies=policies, laboratory=HUB).freshest_first.any()
    assert not schedule(Step.CHEMISTRY, policies=policies).freshest_first.any()


# --- breakdowns -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("places", "sizes"), [(1, [1]), (7, [4, 3]), (80, [40, 40]), (90, [30, 30, 30])]
)
def test_machines_share_the_places_of_a_station(places: int, sizes: list[int]) -> None:
    rules = Breakdowns(places_per_machine=40, least_machines=2, days_between=1, repair_hours=1)
    assert machine_sizes(rules, places) == sizes


def test_a_machine_that_breaks_down_takes_its_places_with_it() -> None:
    rules = one_hospital().pathology.step(Step.CHEMISTRY).breakdowns
    assert rules is not None
    end = one_hospital().calendar.end_hour
    whole = int(rosters().places[HUB, STEPS.index(Step.CHEMISTRY)])
    rows = schedule(Step.CHEMISTRY, laboratory=HUB)
    sizes = machine_sizes(rules, whole)
    spans = [
        (size, *span)
        for machine, size in enumerate(sizes)
        for span in zip(
            *draw_breakdowns(its_world(), rules, "hub.chemistry", machine, end), strict=True
        )
    ]
    assert len(spans) > 3
    for time in rows.times[1:] if len(rows.times) > 1 else rows.times:
        out = sum(size for size, start, repaired in spans if start <= time < repaired)
        assert at(rows, float(time))[0] == whole - out
    assert rows.servers.max() == whole
    assert len(rows.times) <= 2 * len(spans) + 1


def test_an_outage_changes_no_breakdown() -> None:
    loss = effect(1.0, *INFORMATION, Capability.TRANSFUSION_IT)
    for laboratory in (LOCAL, HUB):
        for step in MACHINE_STEPS:
            one = schedule(step, laboratory=laboratory)
            other = schedule(step, loss, laboratory=laboratory)
            for time in np.union1d(one.times, other.times):
                assert at(one, float(time))[0] == at(other, float(time))[0]


# --- the network ----------------------------------------------------------------------------------


def test_people_share_servers_and_machines_have_their_own() -> None:
    scenario = one_hospital()
    rows = stations(scenario)
    arm = capacity()
    layout = build_layout(scenario, Origins.of(scenario), week(), [arm.schedule(*r) for r in rows])
    for number, (laboratory, step) in enumerate(rows):
        lead = laboratory * len(STEPS) + STEPS.index(Step.BOOKING_IN)
        assert layout.pool[number] == (lead if step in PEOPLE_STEPS else number)
        assert layout.station_names[number] == station_name(scenario, laboratory, step)
    ranks = {step: int(layout.pick_rank[STEPS.index(step)]) for step in PEOPLE_STEPS}
    assert sorted(ranks, key=lambda step: ranks[step]) == [
        Step.REPORTING, Step.AUTHORISATION, Step.BOOKING_IN, Step.BACK_ENTRY,
    ]  # fmt: skip
    waits_as = [rules.name for rules in scenario.pathology.sources].index(
        scenario.pathology.people.back_entry_class
    )
    assert {
        step: int(layout.fixed_class[STEPS.index(step)])
        for step in (Step.REPORTING, Step.BACK_ENTRY)
    } == {Step.REPORTING: -1, Step.BACK_ENTRY: waits_as}


def test_samples_are_refused_at_reception_and_more_of_them_by_hand() -> None:
    scenario = one_hospital()
    rows = stations(scenario)
    arm = capacity()
    layout = build_layout(scenario, Origins.of(scenario), week(), [arm.schedule(*r) for r in rows])
    for number, (_, step) in enumerate(rows):
        normal, manual = layout.rejected_share[number]
        if step not in (Step.BOOKING_IN, Step.GROUP_AND_SCREEN):
            assert not normal.any()
            assert not manual.any()
            continue
        rule = scenario.pathology.step(step)
        for tube_type, share in rule.rejected_share.items():
            assert normal[TUBE_TYPES.index(tube_type)] == share
            assert manual[TUBE_TYPES.index(tube_type)] > share


def test_one_laboratory_can_have_minutes_of_its_own() -> None:
    slow, _ = with_overrides(
        one_hospital(),
        {
            "pathology.laboratory_differences": [
                {
                    "laboratory": "hub",
                    "step": "booking_in",
                    "manual_minutes": {"chemistry": 9.0, "haematology": 9.0, "coagulation": 9.0},
                }
            ]
        },
    )
    rows = stations(slow)
    arm = slow.model_copy(update={"disruptions": (effect(0.5, *INFORMATION),), "policies": ()})
    own = Capacity(arm, its_world(), week(), rosters(), Timeline(arm))
    layout = build_layout(slow, Origins.of(slow), week(), [own.schedule(*r) for r in rows])
    local, hub = (
        layout.service_hours[rows.index((laboratory, Step.BOOKING_IN))] * 60.0
        for laboratory in (LOCAL, HUB)
    )
    manual = slow.pathology.step(Step.BOOKING_IN).manual_minutes[TubeType.CHEMISTRY]
    assert (local[MODE_MANUAL, 0], hub[MODE_MANUAL, 0]) == pytest.approx((manual, 9.0))
    assert local[MODE_NORMAL, 0] == hub[MODE_NORMAL, 0]
    ordinary = slow.pathology.step(Step.BOOKING_IN).minutes[TubeType.CHEMISTRY]
    for laboratory, minutes in ((LOCAL, manual), (HUB, 9.0)):
        speed = at(own.schedule(laboratory, Step.BOOKING_IN), ONSET + 1.0)[2]
        assert speed * minutes == pytest.approx(0.5 * minutes + 0.5 * ordinary)


def with_everything() -> Scenario:
    changed, _ = with_overrides(
        one_hospital(), {"pathology.switched_on": ["microbiology", "histology"]}
    )
    return changed


@pytest.mark.parametrize("everything", [False, True])
def test_a_tube_passes_its_own_analysis_and_paper_is_entered_back(everything: bool) -> None:
    scenario = with_everything() if everything else one_hospital()
    steps = scenario.pathology.steps_in_use
    served, skipped = routes(scenario)
    for laboratory in (LOCAL, HUB):
        for number, tube_type in enumerate(TubeType):
            if tube_type not in scenario.pathology.tube_types_in_use:
                assert (served[:, number] == LEAVES).all()
                continue
            station, passed = laboratory * len(steps) + steps.index(path(tube_type)[0]), []
            while station != LEAVES:
                passed.append(steps[station % len(steps)].value)
                assert station // len(steps) == laboratory
                station = int(served[station, number])
            analysis = {
                TubeType.MICROBIOLOGY: ["microbiology"],
                TubeType.HISTOLOGY: ["histology"],
            }.get(tube_type, ["preparation", tube_type.value, "review"])
            if tube_type is TubeType.GROUP_AND_SCREEN:
                assert passed == ["group_and_screen"]
            else:
                assert passed == [
                    "booking_in", *analysis, "authorisation", "reporting", "back_entry",
                ]  # fmt: skip
    reporting = steps.index(Step.REPORTING)
    assert (skipped[reporting :: len(steps)] == LEAVES).all()


def test_what_is_switched_off_has_neither_stations_nor_samples() -> None:
    off, on = one_hospital(), with_everything()
    slow = {Step.MICROBIOLOGY, Step.HISTOLOGY}
    assert not slow & set(off.pathology.steps_in_use)
    assert slow <= set(on.pathology.steps_in_use)
    arrivals = week_of(on).arrivals
    numbers = [TUBE_TYPES.index(TubeType(step.value)) for step in slow]
    assert (week().arrivals[:, numbers] == 0.0).all()
    assert (arrivals[HUB, numbers].sum(axis=1) > 0.0).all()
    assert (arrivals[LOCAL, numbers] == 0.0).all()
    blood = [TUBE_TYPES.index(tube_type) for tube_type in BLOOD_TYPES]
    np.testing.assert_array_equal(arrivals[:, blood], week().arrivals[:, blood])


def test_the_site_has_the_name_that_its_laboratory_has() -> None:
    assert one_hospital().laboratory_names == (SITE, "hub")
