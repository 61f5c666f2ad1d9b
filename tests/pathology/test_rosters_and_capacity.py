"""Rosters carry the expected load; losses and reinforcement are relative to them."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import pytest

from disruption_sim.disruption import Timeline
from disruption_sim.pathology.capacity import MANUAL_CAPABILITY, Capacity, Schedule, practice
from disruption_sim.pathology.expected import SLOTS_PER_HOUR, ExpectedWeek
from disruption_sim.pathology.layout import routes
from disruption_sim.pathology.network import LEAVES, MODE_MANUAL, MODE_NORMAL
from disruption_sim.pathology.origins import Origins
from disruption_sim.pathology.rosters import Rosters
from disruption_sim.pathology.travel import Travel, path
from disruption_sim.scenario.checks import STEPS_BY_HAND
from disruption_sim.scenario.model import (
    Capability,
    Effect,
    ExtraManualStaff,
    Policy,
    Scenario,
    Source,
    Step,
    TubeType,
)
from disruption_sim.world.days import Days
from tests.support.one_hospital import SITE, one_hospital

pytestmark = pytest.mark.unit

STEPS = tuple(Step)
LOCAL, HUB = 0, 1
ONSET = 168.0 * 6
INFORMATION = (Capability.BOOKING_IN, Capability.AUTHORISATION, Capability.REPORTING)


@lru_cache(maxsize=1)
def week() -> ExpectedWeek:
    scenario = one_hospital()
    origins = Origins.of(scenario)
    travel = Travel.of(scenario, origins, Days.of(scenario.calendar).working)
    return ExpectedWeek.of(scenario, origins, travel)


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
    arm: Scenario = one_hospital().model_copy(update={"disruptions": effects, "policies": policies})
    return Capacity(arm, week(), rosters(), Timeline(arm)).schedule(laboratory, step)


def at(schedule: Schedule, time: float) -> tuple[int, int, float, float]:
    row = int(np.searchsorted(schedule.times, time, side="right")) - 1
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
    for tube_type in TubeType:
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
        * (2 * procedure.needs_results_share + procedure.group_and_screen_share)
        for specialty in scenario.surgery.specialties
        for procedure in scenario.surgery.procedures
        if procedure.specialty == specialty.name
    )  # fmt: skip
    return clinics * scenario.outpatients.tubes_per_appointment + patients * tubes


def test_a_roster_carries_its_load_at_the_planned_utilisation() -> None:
    scenario = one_hospital()
    hours = np.arange(168 * SLOTS_PER_HOUR) / SLOTS_PER_HOUR
    for laboratory in (LOCAL, HUB):
        loads = week().loads(scenario, laboratory)
        for step in STEPS:
            rule = scenario.pathology.step(step)
            if rule.sized_on == "booking_in_staff":
                continue
            for days in (range(5), range(5, 7)):
                for start, end in ((0, 7), (7, 9), (9, 12), (12, 16), (16, 20), (20, 24)):
                    inside = (hours % 24 >= start) & (hours % 24 < end)
                    inside &= np.isin(hours // 24, list(days))
                    load = loads[STEPS.index(step)][inside].mean()
                    servers = int(
                        rosters().on_duty(laboratory, step, np.array([24.0 * days[0] + start]))[0]
                    )
                    assert load <= servers * rule.planned_utilisation + 1e-9
                    assert (
                        servers == rule.least_servers
                        or load > (servers - 1) * rule.planned_utilisation - 1e-9
                    )


def test_the_hub_rests_at_weekends_and_on_bank_holidays() -> None:
    calendar = one_hospital().calendar
    holiday = next(
        24.0 * (day - calendar.first_day).days + 13.0
        for day in calendar.bank_holidays
        if day > calendar.first_day
    )
    noon = np.array([13.0, 5 * 24.0 + 13.0, holiday])
    weekday, weekend, bank_holiday = rosters().on_duty(HUB, Step.BOOKING_IN, noon)
    assert weekday > 5 * weekend
    assert bank_holiday == weekend


def test_paper_steps_have_their_share_of_the_booking_in_staff() -> None:
    noon = np.array([13.0])
    booking_in = int(rosters().on_duty(HUB, Step.BOOKING_IN, noon)[0])
    for step in (Step.REPORTING, Step.BACK_ENTRY):
        share = one_hospital().pathology.step(step).share_of_booking_in_staff
        assert rosters().on_duty(HUB, step, noon)[0] == math.floor(share * booking_in + 0.5)


# --- what is left of the capacity -----------------------------------------------------------------


def test_nothing_is_changed_while_nothing_is_lost() -> None:
    for step in STEPS:
        rows = schedule(step)
        assert (rows.mode == MODE_NORMAL).all()
        assert (rows.speed == 1.0).all()
        assert (rows.skip_share == one_hospital().pathology.step(step).automatic_share).all()
        assert rows.manual_spans(one_hospital().calendar.end_hour) == []


def test_a_whole_loss_of_information_leaves_manual_work_alone() -> None:
    loss = effect(1.0, *INFORMATION)
    for step in (Step.BOOKING_IN, Step.AUTHORISATION, Step.REPORTING):
        rows, ordinary = schedule(step, loss), schedule(step)
        noon = ONSET + 13.0
        staff = at(ordinary, noon)[0]
        if step is Step.BOOKING_IN:
            staff -= at(schedule(Step.REPORTING, loss), noon)[0]
        assert at(rows, noon) == (staff, MODE_MANUAL, 1.0, 0.0)
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
    assert at(rows, ONSET - 1.0)[0] >= 1
    assert at(rows, ONSET)[0] == 0
    assert at(rows, ONSET + 168.0)[0] >= 1


def test_who_reports_by_hand_is_missed_at_booking_in_but_somebody_stays() -> None:
    loss = effect(1.0, Capability.REPORTING)
    for laboratory in (LOCAL, HUB):
        for hour in range(0, 168, 3):
            at_hour = ONSET + hour + 0.5
            ordinary = at(schedule(Step.BOOKING_IN, laboratory=laboratory), at_hour)[0]
            reporting = at(schedule(Step.REPORTING, loss, laboratory=laboratory), at_hour)[0]
            left = at(schedule(Step.BOOKING_IN, loss, laboratory=laboratory), at_hour)[0]
            assert left == max(ordinary - reporting, min(ordinary, 1))


def test_extra_staff_work_only_where_work_is_by_hand() -> None:
    noon = ONSET + 13.0
    extra = (staff({"uplift_share": 0.5}),)
    ordinary = at(schedule(Step.BOOKING_IN), noon)[0]
    by_hand = schedule(Step.BOOKING_IN, effect(1.0, *INFORMATION), policies=extra)
    reporting = at(schedule(Step.REPORTING, effect(1.0, *INFORMATION)), noon)[0]
    assert at(by_hand, noon)[0] == math.floor(1.5 * (ordinary - reporting) + 0.5)
    assert at(by_hand, noon + 168.0)[0] == ordinary
    assert at(schedule(Step.BOOKING_IN, policies=extra), noon)[0] == ordinary
    untouched = schedule(Step.PREPARATION, effect(1.0, *INFORMATION), policies=extra)
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


# --- routes -----------------------------------------------------------------------------------


def test_a_tube_passes_its_own_analysis_and_paper_is_entered_back() -> None:
    served, skipped = routes(one_hospital())
    for laboratory in (LOCAL, HUB):
        for number, tube_type in enumerate(TubeType):
            first = STEPS.index(path(tube_type)[0])
            station, passed = laboratory * len(STEPS) + first, []
            while station != LEAVES:
                passed.append(STEPS[station % len(STEPS)].value)
                assert station // len(STEPS) == laboratory
                station = int(served[station, number])
            if tube_type is TubeType.GROUP_AND_SCREEN:
                assert passed == ["group_and_screen"]
            else:
                assert passed == [
                    "booking_in", "preparation", tube_type.value, "authorisation", "reporting",
                    "back_entry",
                ]  # fmt: skip
    reporting = STEPS.index(Step.REPORTING)
    assert (skipped[reporting :: len(STEPS)] == LEAVES).all()


def test_the_site_has_the_name_that_its_laboratory_has() -> None:
    assert one_hospital().laboratory_names == (SITE, "hub")
