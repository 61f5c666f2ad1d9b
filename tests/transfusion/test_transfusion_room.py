from __future__ import annotations

import dataclasses
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from disruption_sim.disruption import Timeline
from disruption_sim.records import BenchJob, Route, TransfusionRecords
from disruption_sim.scenario import Scenario
from disruption_sim.scenario.model import (
    DemandRestriction,
    OfflineGroups,
    OPositivePolicy,
    Source,
    StandaloneAnalyser,
    TransfusionReinforcement,
    TraumaDiversion,
    TubeType,
)
from disruption_sim.transfusion.expected import expected_samples
from disruption_sim.transfusion.rosters import rosters
from disruption_sim.transfusion.sample_load import hourly_samples
from disruption_sim.world.draw import draw_world
from disruption_sim.world.model import USES, World
from tests.transfusion.small_world import (
    check_conservation,
    issued_by_day,
    live,
    o_negative_units,
    ordinary_scenario,
    quiet_world,
    with_outage,
    with_policy,
    with_rules,
    with_staff,
    world_of,
)

pytestmark = pytest.mark.integration

OUT = 28.0


def assert_equal(one: TransfusionRecords, other: TransfusionRecords) -> None:
    for field in dataclasses.fields(TransfusionRecords):
        first, second = getattr(one, field.name), getattr(other, field.name)
        np.testing.assert_array_equal(first, second, err_msg=field.name)
        assert np.asarray(first).dtype == np.asarray(second).dtype


def units_by(records: TransfusionRecords, *routes: Route) -> int:
    return int(records.issued_units[np.isin(records.issued_route, routes)].sum())


@settings(max_examples=20)
@given(
    seed=st.integers(0, 2**32),
    stock_days=st.floats(0.2, 12.0),
    shelf_life=st.integers(5, 42),
    ages=st.tuples(st.floats(0.0, 4.0), st.floats(0.0, 4.0)),
    emergency_lead=st.floats(0.1, 30.0),
    national_days=st.floats(0.05, 6.0),
    staff=st.tuples(st.integers(1, 3), st.integers(1, 3), st.sampled_from(["resident", "on_call"])),
    times=st.fixed_dictionaries(
        {
            "manual_uplift": st.floats(1.0, 5.0),
            "sample_minutes": st.floats(0.0, 60.0),
            "group_and_screen_minutes": st.floats(1.0, 90.0),
            "electronic_issue_hands_on_minutes": st.floats(0.0, 20.0),
            "learning_per_week": st.floats(0.0, 1.0),
        }
    ),
    shares=st.fixed_dictionaries(
        {
            "always_crossmatched_share": st.floats(0.0, 1.0),
            "history_on_file_share": st.floats(0.0, 1.0),
            "o_positive_uptake_share": st.floats(0.0, 1.0),
            "fresh_needs": st.fixed_dictionaries({"share": st.floats(0.0, 0.3)}),
        }
    ),
    outage=st.tuples(st.integers(0, 5), st.floats(0.1, 9.0), st.floats(0.0, 1.0)),
)
def test_everybody_and_every_unit_is_accounted_for_under_any_policy(
    seed: int,
    stock_days: float,
    shelf_life: int,
    ages: tuple[float, float],
    emergency_lead: float,
    national_days: float,
    staff: tuple[int, int, str],
    times: dict[str, float],
    shares: dict[str, Any],
    outage: tuple[int, float, float],
) -> None:
    scenario = with_rules(
        ordinary_scenario(1),
        hospital_stock_days=stock_days,
        shelf_life_days=shelf_life,
        age_on_delivery_days=(min(ages), max(ages)),
        deliveries={"emergency_lead_hours": emergency_lead},
        blood_service={"stock_days": national_days},
        times=times,
        **shares,
    )
    start, days, depth = outage
    scenario = with_outage(with_staff(scenario, *staff), days, depth, start)
    # `live` checks that every unit asked for is issued, missing at the end, withheld or diverted.
    records = live(scenario, world_of(scenario, seed))
    assert (records.issued_minutes >= 0.0).all()
    assert (np.diff(records.issued_at) >= 0.0).all()
    assert (np.diff(records.late_at) >= 0.0).all()
    assert (records.late_units > 0).all()
    assert not (records.late_minutes <= 0.0).any()
    assert (records.bench_busy_hours >= 0.0).all()


def test_arms_are_equal_bit_for_bit_with_the_disruption_switched_off() -> None:
    scenario = ordinary_scenario()
    world = world_of(scenario)
    baseline = live(scenario, world)
    assert_equal(baseline, live(scenario, world))
    assert_equal(baseline, live(with_outage(scenario, days=20, depth=0.0), world))


LEVERS: dict[str, tuple[Any, dict[str, Any]]] = {
    "analyser": (
        StandaloneAnalyser,
        {"analysers": {"kings": 0}, "group_and_screen_hands_on_minutes": 4.0},
    ),
    "copy": (OfflineGroups, {"share": 0.0}),
    "o_positive": (OPositivePolicy, {"uptake_share": 0.0}),
    "trauma": (TraumaDiversion, {"share": 0.0}),
    "staff": (TransfusionReinforcement, {"extra_staff_day": {}, "extra_staff_night": {}}),
}


@pytest.mark.parametrize("lever", LEVERS)
def test_a_lever_that_is_not_pulled_changes_nothing(lever: str) -> None:
    scenario = with_outage(ordinary_scenario(), OUT)
    world = world_of(scenario)
    kind, rules = LEVERS[lever]
    assert_equal(live(scenario, world), live(with_policy(scenario, kind, **rules), world))


def test_a_lever_for_the_outage_alone_changes_nothing_without_it() -> None:
    scenario = ordinary_scenario()
    world = world_of(scenario)
    baseline = live(scenario, world)
    with_copy = with_policy(scenario, OfflineGroups, share=1.0)
    assert_equal(baseline, live(with_copy, world))
    analysers = dict.fromkeys(scenario.site_names, 1)
    with_analysers = with_policy(
        scenario, StandaloneAnalyser, analysers=analysers, group_and_screen_hands_on_minutes=4.0
    )
    assert_equal(baseline, live(with_analysers, world))


def test_arms_are_equal_until_the_outage_begins() -> None:
    scenario = ordinary_scenario()
    world = world_of(scenario)
    baseline, disrupted = live(scenario, world), live(with_outage(scenario, days=20), world)
    days = 7 * scenario.calendar.warm_up_weeks
    for name in ("stock", "satellite", "national_stock", "bench_jobs", "bench_busy_hours"):
        one, other = getattr(baseline, name), getattr(disrupted, name)
        np.testing.assert_array_equal(one[:days], other[:days], err_msg=name)
        assert (one[days:] != other[days:]).any(), name


def test_other_worlds_are_other_worlds() -> None:
    scenario = ordinary_scenario(1)
    one, other = (live(scenario, world_of(scenario, seed)) for seed in (1, 2))
    assert one.issued_at.size != other.issued_at.size


def test_the_longer_transfusion_it_is_lost_the_more_o_negative_is_used() -> None:
    scenario = ordinary_scenario()
    world = world_of(scenario)
    used = [
        o_negative_units(live(with_outage(scenario, days), world)) for days in (0.01, 7, 14, 28)
    ]
    assert used == sorted(used)
    assert used[3] > used[0] + 100


def test_an_outage_at_one_trust_leaves_the_other_as_it_was() -> None:
    scenario = ordinary_scenario()
    world = world_of(scenario)
    baseline = live(scenario, world)
    disrupted = live(with_outage(scenario, OUT, places=("kings_college",)), world)
    for site, place in enumerate(scenario.network.sites):
        routes = disrupted.issued_route[disrupted.issued_site == site]
        usual = baseline.issued_route[baseline.issued_site == site]
        same = np.array_equal(routes, usual)
        assert same == (place.trust != "kings_college")
        by_hand = disrupted.samples_by_hand[:, site].sum()
        assert (by_hand > 0) == (place.trust == "kings_college")


def test_without_information_technology_nothing_is_issued_electronically() -> None:
    scenario = ordinary_scenario()
    records = live(with_outage(scenario, OUT), world_of(scenario))
    after = records.issued_at >= scenario.calendar.week_1_hour
    lost = {Route.ELECTRONIC_ISSUE, Route.GROUP_SPECIFIC}
    assert not lost & set(records.issued_route[after].tolist())
    assert lost <= set(records.issued_route[~after].tolist())
    jobs = records.bench_jobs[7 * scenario.calendar.warm_up_weeks :].sum(axis=(0, 1))
    assert jobs[BenchJob.ELECTRONIC_ISSUE] == jobs[BenchJob.GROUP_SPECIFIC] == 0
    assert jobs[BenchJob.CROSSMATCH] > 1000


# ------------------------------------------------------------------------------------------- levers


def in_outage(scenario: Scenario, *levers: tuple[Any, dict[str, Any]]) -> TransfusionRecords:
    """Live four weeks of outage with levers."""
    changed = with_outage(scenario, OUT)
    for kind, rules in levers:
        changed = with_policy(changed, kind, **rules)
    return live(changed, world_of(scenario))


def test_a_standalone_analyser_brings_group_specific_blood_back_and_saves_group_o() -> None:
    scenario = ordinary_scenario()
    everywhere = {
        "analysers": dict.fromkeys(scenario.site_names, 1),
        "group_and_screen_hands_on_minutes": 4.0,
    }
    without = in_outage(scenario)
    found = in_outage(scenario, (StandaloneAnalyser, everywhere))
    assert units_by(found, Route.GROUP_SPECIFIC) > 2 * units_by(without, Route.GROUP_SPECIFIC)
    unmatched = units_by(without, Route.GROUP_O_UNMATCHED)
    assert units_by(found, Route.GROUP_O_UNMATCHED) < 0.3 * unmatched
    assert o_negative_units(found) < o_negative_units(without) - 100
    assert found.bench_busy_hours.sum() < without.bench_busy_hours.sum()


def test_an_offline_copy_of_groups_saves_group_o_and_more_of_it_saves_more() -> None:
    scenario = ordinary_scenario()
    unmatched = [
        units_by(in_outage(scenario, (OfflineGroups, {"share": share})), Route.GROUP_O_UNMATCHED)
        for share in (0.0, 0.5, 1.0)
    ]
    assert unmatched[0] > unmatched[1] + 50 > unmatched[2] + 100


def test_o_positive_for_those_who_may_have_it_spares_o_negative() -> None:
    scenario = with_rules(ordinary_scenario(), o_positive_uptake_share=0.2)
    used = []
    for uptake in (0.0, 0.6, 1.0):
        records = in_outage(scenario, (OPositivePolicy, {"uptake_share": uptake}))
        used.append(o_negative_units(records))
        assert records.issued_units.sum() == pytest.approx(
            world_of(scenario).bleeding.units.sum(), abs=20
        )
    assert used[0] > used[1] + 100 > used[2] + 200


def test_trauma_diversion_takes_units_away_and_nobody_else() -> None:
    scenario = ordinary_scenario()
    usual = in_outage(scenario)
    world = world_of(scenario)
    onset = scenario.calendar.week_1_hour
    injured = world.bleeding.trauma & (world.bleeding.time >= onset)
    diverted = in_outage(scenario, (TraumaDiversion, {"share": 1.0}))
    assert diverted.diverted_units.sum() == world.bleeding.units[injured].sum() > 100
    after = (diverted.issued_use == USES.index("trauma")) & (diverted.issued_at >= onset)
    # A last trauma patient of before the onset may be served after it.
    assert diverted.issued_units[after].sum() < 5
    half = in_outage(scenario, (TraumaDiversion, {"share": 0.5}))
    assert 0 < half.diverted_units.sum() < diverted.diverted_units.sum()
    assert diverted.issued_units.sum() < half.issued_units.sum() < usual.issued_units.sum()


def test_more_scientists_wait_less_and_spare_group_o() -> None:
    scenario = with_staff(
        with_rules(ordinary_scenario(), times={"crossmatch_hands_on_minutes": 40.0}), 1, 1
    )
    names = scenario.site_names
    none, two = dict.fromkeys(names, 0), dict.fromkeys(names, 2)
    waits, unmatched = [], []
    for day, night in ((none, none), (two, none), (two, two)):
        lever = {"extra_staff_day": day, "extra_staff_night": night}
        copy = (OfflineGroups, {"share": 1.0})
        records = in_outage(scenario, (TransfusionReinforcement, lever), copy)
        after = records.issued_at >= scenario.calendar.week_1_hour
        crossmatched = after & (records.issued_route == Route.CROSSMATCH)
        waits.append(float(np.quantile(records.issued_minutes[crossmatched], 0.9)))
        unmatched.append(units_by(records, Route.GROUP_O_UNMATCHED))
    assert waits[0] > waits[1] + 5.0
    assert waits[1] >= waits[2]
    assert unmatched[0] > unmatched[1] > unmatched[2]


def test_an_overloaded_bench_falls_back_on_group_o_and_does_not_pile_up() -> None:
    ordinary = ordinary_scenario()
    times = {"crossmatch_hands_on_minutes": 90.0, "manual_uplift": 2.0}
    scenario = with_staff(with_rules(ordinary, times=times), day=1, night=1)
    records = live(with_outage(scenario, days=28), world_of(scenario))
    last_week = records.issued_at >= scenario.calendar.end_hour - 168.0
    urgent = last_week & (records.issued_urgency == 1)
    assert (records.issued_route[urgent] == Route.GROUP_O_UNMATCHED).mean() > 0.5
    # Planned transfusions of one scientist at the largest hospital are the ones that wait.
    crossmatched = last_week & (records.issued_route == Route.CROSSMATCH) & ~urgent
    small = crossmatched & (records.issued_site == 3)
    assert records.issued_minutes[small].max() < 60.0 * 24.0


def test_scientists_on_call_make_nights_slower_and_use_more_group_o() -> None:
    resident = with_staff(ordinary_scenario(), 2, 1)
    on_call = with_staff(resident, 2, 1, "on_call")
    world = world_of(resident)
    one, other = live(resident, world), live(on_call, world)
    assert other.bench_hours.sum() < one.bench_hours.sum()
    electronic = [
        records.issued_minutes[records.issued_route == Route.ELECTRONIC_ISSUE]
        for records in (one, other)
    ]
    assert electronic[1].mean() > electronic[0].mean() + 2.0
    assert o_negative_units(other) > o_negative_units(one)


# --------------------------------------------------------------------------- rosters and samples


def test_rosters_know_weekends_bank_holidays_and_nights() -> None:
    scenario = ordinary_scenario(1)
    staff = {
        "transfusion_staff_day": 4,
        "transfusion_staff_weekend": 3,
        "transfusion_staff_night": 2,
    }
    site = scenario.network.sites[0].model_copy(update=staff)
    network = scenario.network.model_copy(update={"sites": (site,)})
    calendar = scenario.calendar.model_copy(
        update={"bank_holidays": (scenario.calendar.date(24.0 * 14),)}
    )
    changed = scenario.model_copy(update={"network": network, "calendar": calendar})
    (roster,) = rosters(changed, Timeline(changed))
    tuesday, saturday, holiday = 24.0, 5 * 24.0, 14 * 24.0
    for day, resident in ((tuesday, 4), (saturday, 3), (holiday, 3)):
        assert roster.at(day + 8.0).resident == resident
        assert roster.at(day + 19.9).resident == resident
        assert roster.at(day + 20.0).resident == roster.at(day + 7.9).resident == 2
        assert roster.resident_hours(day, day + 24.0) == 12 * resident + 12 * 2
    on_call = with_staff(changed, 4, 2, "on_call")
    (roster,) = rosters(on_call, Timeline(on_call))
    assert (roster.at(22.0).resident, roster.at(22.0).on_call) == (0, 2)
    assert (roster.at(12.0).resident, roster.at(12.0).on_call) == (4, 0)


def test_reinforcement_ramps_up_in_whole_people_and_ends() -> None:
    scenario = with_policy(
        ordinary_scenario(4),
        TransfusionReinforcement,
        extra_staff_day={"kings": 2},
        extra_staff_night={"kings": 1},
        lag_days=1.0,
        ramp_days=4.0,
        duration_days=14.0,
    )
    roster = rosters(scenario, Timeline(scenario))[4]
    noon = scenario.calendar.week_1_hour + 12.0
    by_day = [roster.at(noon + 24.0 * day).resident for day in range(18)]
    assert by_day[0] == 2
    assert sorted(set(by_day)) == [2, 3, 4]
    assert by_day[6:14] == [4] * 8
    assert by_day[16:] == [2, 2]
    assert rosters(scenario, Timeline(scenario))[0].at(noon + 240.0).resident == 2


@pytest.fixture(scope="module")
def whole_world() -> tuple[Scenario, World]:
    scenario = ordinary_scenario(1)
    return scenario, draw_world(scenario, 1, 0)


def test_the_bench_has_the_samples_of_the_world(whole_world: tuple[Scenario, World]) -> None:
    scenario, world = whole_world
    hours = 168 * scenario.calendar.weeks
    counted = hourly_samples(scenario, world, Timeline(scenario), hours)
    tubes = world.tubes
    sites = len(scenario.network.sites)
    kind = list(TubeType).index(TubeType.GROUP_AND_SCREEN)
    chosen = (tubes.tube_type == kind) & (tubes.origin < sites)
    # Those of the last hours come after the end.
    chosen &= tubes.collected < hours - 2.0
    assert counted.sum() == pytest.approx(chosen.sum(), abs=30)
    np.testing.assert_allclose(
        counted.sum(axis=1), np.bincount(tubes.origin[chosen], minlength=sites), atol=15
    )
    # A sample that was collected at 10:20 is in the lump of 12:00.
    first = np.flatnonzero(chosen)[0]
    site, collected = int(tubes.origin[first]), float(tubes.collected[first])
    assert counted[site, int(collected) + 2] >= 1
    assert counted[:, 0].sum() == 0


def test_expected_samples_are_those_of_the_world(whole_world: tuple[Scenario, World]) -> None:
    scenario, world = whole_world
    hours = 168 * scenario.calendar.weeks
    counted = hourly_samples(scenario, world, Timeline(scenario), hours)
    weekly = expected_samples(scenario)
    expected = weekly.sum(axis=(1, 2))
    drawn = counted.sum(axis=1) / scenario.calendar.weeks
    # Patients for operations are expected, and not among the world's tubes.
    assert (drawn < 1.05 * expected).all()
    assert drawn.sum() > 0.4 * expected.sum()
    # Nobody is bled for an operation at night or on a Sunday: there the two are the same.
    by_weekday = counted[:, : 168 * 6].reshape(len(counted), 6, 7, 24).sum(axis=(0, 1)) / 6
    assert by_weekday[6].sum() == pytest.approx(weekly[:, 6].sum(), rel=0.1)


def test_a_restriction_of_demand_keeps_samples_from_the_bench(
    whole_world: tuple[Scenario, World],
) -> None:
    scenario, world = whole_world
    hours = 168 * scenario.calendar.weeks
    usual = hourly_samples(scenario, world, Timeline(scenario), hours)
    counts = [usual]
    for share in (0.3, 0.8):
        restricted = with_policy(
            scenario,
            DemandRestriction,
            sources={Source.INPATIENT_ROUTINE: share, Source.INPATIENT_URGENT: share},
            places=("kings",),
            rebound_share=0.0,
            rebound_days=7.0,
        )
        counts.append(hourly_samples(restricted, world, Timeline(restricted), hours))
    onset = 168 * scenario.calendar.warm_up_weeks
    for before, after in pairwise(counts):
        assert (after <= before).all()
        np.testing.assert_array_equal(after[:, :onset], before[:, :onset])
        np.testing.assert_array_equal(after[:4], before[:4])
        assert after[4, onset:].sum() < before[4, onset:].sum()


# --------------------------------------------------------------------------------- ordinary running


def test_ordinary_running_is_believable() -> None:
    """A transfusion practitioner would recognise these figures (operations come on top)."""
    scenario = with_staff(ordinary_scenario(20), 3, 2)
    world = world_of(scenario)
    records = live(scenario, world)
    units = records.issued_units.sum()
    assert 0.10 < o_negative_units(records) / units < 0.17
    by_day = (records.stock + records.satellite).sum(axis=2) / records.daily_use.sum(axis=1)
    assert (by_day.mean(axis=0) > 4.0).all()
    assert records.expired.sum() / units < 0.05
    assert issued_by_day(records).sum() == units
    # Minutes from the request until the blood is there, by route.
    median = {
        route: np.median(records.issued_minutes[records.issued_route == route])
        for route in (Route.EMERGENCY_GROUP_O, Route.ELECTRONIC_ISSUE, Route.CROSSMATCH)
    }
    assert median[Route.EMERGENCY_GROUP_O] == 0.0
    assert median[Route.ELECTRONIC_ISSUE] == pytest.approx(10.0, abs=1.0)
    assert 40.0 <= median[Route.CROSSMATCH] <= 60.0
    eligible = ~(world.bleeding.antibodies | world.bleeding.always_crossmatched)
    assert 0.75 < eligible.mean() < 0.9
    # Hardly anybody but those with antibodies is late.
    late_share = records.late_at.size / world.bleeding.time.size
    assert late_share < 0.02


def test_a_room_without_patients_keeps_its_stock() -> None:
    scenario = ordinary_scenario(1)
    records = live(scenario, quiet_world(scenario))
    check_conservation(records)
    assert records.samples.sum() == 0
