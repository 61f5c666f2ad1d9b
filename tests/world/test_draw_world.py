"""The world: right volumes, right distributions, and draws that nothing else can shift."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy import stats

from disruption_sim.scenario import Scenario
from disruption_sim.scenario.model import BLOOD_TYPES, Source, TubeType
from disruption_sim.world import World, draw_world
from tests.support.small_scenario import small_scenario

pytestmark = pytest.mark.unit

SOURCES = list(Source)


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return small_scenario()


@pytest.fixture(scope="module")
def world(scenario: Scenario) -> World:
    return draw_world(scenario, 20240603, 0)


def _arrays(world: World) -> dict[str, np.ndarray]:
    return {
        f"{part.name}.{column.name}": getattr(getattr(world, part.name), column.name)
        for part in dataclasses.fields(world)
        if part.name not in ("seed", "replication")
        for column in dataclasses.fields(getattr(world, part.name))
    }


def test_the_same_seed_draws_the_same_world(scenario: Scenario, world: World) -> None:
    again = _arrays(draw_world(scenario, 20240603, 0))
    for name, array in _arrays(world).items():
        np.testing.assert_array_equal(array, again[name], err_msg=name)


def test_another_replication_draws_another_world(scenario: Scenario, world: World) -> None:
    other = draw_world(scenario, 20240603, 1)
    assert not np.array_equal(world.tubes.collected[:100], other.tubes.collected[:100])
    assert not np.array_equal(world.operations.duration[:50], other.operations.duration[:50])


def test_disruptions_and_policies_change_no_draw(scenario: Scenario, world: World) -> None:
    calm = _arrays(draw_world(scenario.without_disruption(), 20240603, 0))
    for name, array in _arrays(world).items():
        np.testing.assert_array_equal(array, calm[name], err_msg=name)


def _appointments(world: World, chosen: np.ndarray) -> dict[str, np.ndarray]:
    """Return what is drawn for some sessions, their appointments and the blood taken for these."""
    sessions, appointments, tubes = world.clinic_sessions, world.appointments, world.tubes
    columns = {
        name: getattr(sessions, name)[chosen]
        for name in ("start", "site", "without_results", "without_results_postponed", "spare")
    }
    columns["needing_results"] = np.diff(sessions.first_appointment)[chosen]
    own = chosen[appointments.session]
    for name in ("essential", "ordinary_postponed", "in_general_practice"):
        columns[name] = getattr(appointments, name)[own]
    columns["of_session_at"] = sessions.start[appointments.session[own]]
    numbers = appointments.tubes[own]
    columns["in_hand"] = numbers < 0
    for name in ("collected", "origin", "source", "tube_type"):
        columns[f"blood_{name}"] = np.where(numbers < 0, 0, getattr(tubes, name)[numbers])
    return columns


def _assert_same_appointments(
    one: World, chosen: np.ndarray, other: World, chosen_there: np.ndarray
) -> None:
    here, there = _appointments(one, chosen), _appointments(other, chosen_there)
    assert here["essential"].size > 1000
    for name, column in here.items():
        np.testing.assert_array_equal(column, there[name], err_msg=name)


@pytest.mark.parametrize("first", [True, False])
def test_a_new_clinic_leaves_every_other_draw_as_it_was(
    scenario: Scenario, world: World, first: bool
) -> None:
    """Streams have names, not positions: inserting an activity shifts nothing else."""
    old = scenario.outpatients.clinics
    added = old[0].model_copy(update={"name": "added", "share": 0.3})
    clinics = (added, *old) if first else (*old, added)
    rules = scenario.outpatients.model_copy(update={"clinics": clinics})
    other = draw_world(scenario.model_copy(update={"outpatients": rules}), 20240603, 0)
    number = 0 if first else len(old)
    stayed = other.clinic_sessions.clinic != number
    assert np.diff(other.clinic_sessions.first_appointment)[~stayed].sum() > 100
    everything = np.ones(world.clinic_sessions.start.size, dtype=np.bool_)
    _assert_same_appointments(world, everything, other, stayed)
    np.testing.assert_array_equal(
        world.clinic_sessions.clinic, other.clinic_sessions.clinic[stayed] - (1 if first else 0)
    )
    linked = other.appointments.tubes[~stayed[other.appointments.session]]
    alone = np.ones(other.tubes.collected.size, dtype=np.bool_)
    alone[linked[linked >= 0]] = False
    for column in dataclasses.fields(world.tubes):
        np.testing.assert_array_equal(
            getattr(world.tubes, column.name), getattr(other.tubes, column.name)[alone]
        )
    for part in ("operations", "theatre_lists", "bleeding", "national_blood"):
        for column in dataclasses.fields(getattr(world, part)):
            np.testing.assert_array_equal(
                getattr(getattr(world, part), column.name),
                getattr(getattr(other, part), column.name),
                err_msg=f"{part}.{column.name}",
            )


def test_a_strike_leaves_the_appointments_of_clinics_that_are_held_as_they_were(
    scenario: Scenario, world: World
) -> None:
    calm = draw_world(scenario.model_copy(update={"conditions": ()}), 20240603, 0)
    held, planned = (
        np.stack(
            [each.clinic_sessions.start, each.clinic_sessions.site, each.clinic_sessions.clinic]
        )
        for each in (world, calm)
    )
    places = np.array([[65536.0], [256.0], [1.0]])
    still_held = np.isin((planned * places).sum(axis=0), (held * places).sum(axis=0))
    assert 0 < still_held.sum() < still_held.size
    everything = np.ones(held.shape[1], dtype=np.bool_)
    _assert_same_appointments(world, everything, calm, still_held)


def test_a_new_specialty_leaves_every_other_patient_as_he_was(
    scenario: Scenario, world: World
) -> None:
    content = scenario.model_dump(exclude={"provenance"})
    surgery = content["surgery"]
    added = surgery["specialties"][0] | {"name": "added", "share": 0.01}
    surgery["specialties"] = [added, *surgery["specialties"]]
    procedure = surgery["procedures"][0] | {"name": "added", "specialty": "added", "share": 1.0}
    surgery["procedures"] = [*surgery["procedures"], procedure]
    other = draw_world(Scenario.model_validate(content), 20240603, 0).operations
    stayed = other.specialty > 0
    assert (~stayed).sum() > 0
    for column in dataclasses.fields(other):
        if column.name != "specialty":
            np.testing.assert_array_equal(
                getattr(world.operations, column.name),
                getattr(other, column.name)[stayed],
                err_msg=column.name,
            )


def test_a_new_hospital_leaves_every_other_bleeding_patient_as_he_was(
    scenario: Scenario, world: World
) -> None:
    site = scenario.network.sites[0].model_copy(update={"name": "added"})
    sites = (site, *scenario.network.sites)
    network = scenario.network.model_copy(update={"sites": sites})
    other = draw_world(scenario.model_copy(update={"network": network}), 20240603, 0).bleeding
    stayed = other.site > 0
    for column in dataclasses.fields(other):
        if column.name != "site":
            np.testing.assert_array_equal(
                getattr(world.bleeding, column.name),
                getattr(other, column.name)[stayed],
                err_msg=column.name,
            )


def test_the_order_of_dispatch_changes_no_draw(scenario: Scenario, world: World) -> None:
    """Sources stand in order of dispatch: that is a rule of the laboratories, not of the world."""
    pathology = scenario.pathology.model_copy(
        update={"sources": tuple(reversed(scenario.pathology.sources))}
    )
    other = _arrays(draw_world(scenario.model_copy(update={"pathology": pathology}), 20240603, 0))
    for name, array in _arrays(world).items():
        np.testing.assert_array_equal(array, other[name], err_msg=name)


def test_without_referrals_there_are_neither_patients_nor_lists() -> None:
    world = draw_world(small_scenario(surgery__theatre_share=0.0), 20240603, 0)
    assert world.operations.clock_start.size == 0
    assert world.theatre_lists.start.size == 0


def test_practices_that_send_nothing_take_no_blood_for_clinics() -> None:
    quiet = small_scenario(network__boroughs__lambeth__tubes_per_weekday=0.0)
    world = draw_world(quiet, 20240603, 0)
    assert not world.appointments.in_general_practice.any()
    assert (world.tubes.source != SOURCES.index(Source.GENERAL_PRACTICE)).all()


def test_microbiology_and_histology_come_on_top_of_the_same_blood(
    scenario: Scenario, world: World
) -> None:
    everything = small_scenario(pathology__switched_on=["microbiology", "histology"])
    tubes = draw_world(everything, 20240603, 0).tubes
    blood = tubes.tube_type < len(BLOOD_TYPES)
    for column in dataclasses.fields(tubes):
        np.testing.assert_array_equal(
            getattr(tubes, column.name)[blood], getattr(world.tubes, column.name)
        )
    for tube_type in (TubeType.MICROBIOLOGY, TubeType.HISTOLOGY):
        number = list(TubeType).index(tube_type)
        for code, source in enumerate(SOURCES):
            share = scenario.pathology.source(source).samples_per_blood_sample(tube_type)
            came = tubes.source == code
            # Blood for clinics and day units is drawn for their patients, beside the source's own.
            linked = np.concatenate(
                [world.appointments.tubes.ravel(), world.day_treatments.tubes.ravel()]
            )
            unlinked = np.setdiff1d(np.flatnonzero(world.tubes.source == code), linked).size
            expected = share * unlinked
            found = np.count_nonzero(came & (tubes.tube_type == number))
            assert found == pytest.approx(expected, abs=4 * np.sqrt(expected * (1 + share)))


def test_times_are_on_the_grid(world: World) -> None:
    for name, array in _arrays(world).items():
        if array.dtype == np.float64 and name.split(".")[1] in (
            "collected",
            "clock_start",
            "duration",
            "time",
            "start",
            "length",
            "removal",
            "available_from",
        ):
            ticks = array * 2.0**20
            np.testing.assert_array_equal(ticks, np.rint(ticks), err_msg=name)


def test_tubes_have_the_stated_volume(scenario: Scenario, world: World) -> None:
    """Compared within 4 standard errors of a Poisson count."""
    days = np.arange(7 * scenario.calendar.weeks)
    holidays = {(day - scenario.calendar.first_day).days for day in scenario.calendar.bank_holidays}
    working = sum(1 for day in days if day % 7 < 5 and day not in holidays)
    for number, site in enumerate(scenario.network.sites):
        source = Source.THEATRE_AND_INTENSIVE_CARE
        chosen = (world.tubes.origin == number) & (world.tubes.source == SOURCES.index(source))
        on_working_days = np.isin(
            (world.tubes.collected[chosen] // 24).astype(int),
            [day for day in days if day % 7 < 5 and day not in holidays],
        )
        expected = site.tubes_per_weekday[source] * working
        assert on_working_days.sum() == pytest.approx(expected, abs=4 * np.sqrt(expected))


def test_collection_times_follow_the_hour_profile(scenario: Scenario, world: World) -> None:
    source = SOURCES.index(Source.INPATIENT_ROUTINE)
    hours = (world.tubes.collected[world.tubes.source == source] % 24).astype(int)
    weights = np.array(scenario.pathology.sources[source].hour_profile)
    expected = weights / weights.sum() * hours.size
    assert stats.chisquare(np.bincount(hours, minlength=24), expected).pvalue > 1e-3


def test_blood_for_a_clinic_is_taken_before_it_and_belongs_to_it(world: World) -> None:
    tubes, appointments = world.tubes, world.appointments
    linked = appointments.tubes[:, 0] >= 0
    assert linked.mean() > 0.5
    first, second = appointments.tubes[linked].T
    start = world.clinic_sessions.start[appointments.session[linked]]
    assert (tubes.collected[first] < start).all()
    np.testing.assert_array_equal(tubes.collected[first], tubes.collected[second])
    assert (tubes.tube_type[first] != tubes.tube_type[second]).all()
    at_hospital = ~appointments.in_general_practice[linked]
    np.testing.assert_array_equal(
        tubes.origin[first[at_hospital]],
        world.clinic_sessions.site[appointments.session[linked][at_hospital]],
    )
    numbers = appointments.tubes[linked].ravel()
    assert np.unique(numbers).size == numbers.size


def test_durations_are_lognormal_with_the_stated_mean(scenario: Scenario, world: World) -> None:
    operations = world.operations
    ratio = operations.duration / operations.expected_duration
    assert ratio.mean() == pytest.approx(1.0, abs=4 * ratio.std() / np.sqrt(ratio.size))


def test_no_clinic_is_held_on_weekends_and_bank_holidays(scenario: Scenario, world: World) -> None:
    days = np.unique((world.clinic_sessions.start // 24).astype(int))
    dates = [scenario.calendar.date(24.0 * int(day)) for day in days]
    assert all(date.weekday() < 5 for date in dates)
    assert not set(dates) & set(scenario.calendar.bank_holidays)


def test_a_strike_thins_the_timetable_of_the_world(scenario: Scenario, world: World) -> None:
    calm = draw_world(scenario.model_copy(update={"conditions": ()}), 20240603, 0)
    assert world.clinic_sessions.start.size < calm.clinic_sessions.start.size
    at_home, at_home_calm = (
        np.count_nonzero(each.theatre_lists.extra == 0.0) for each in (world, calm)
    )
    assert at_home < at_home_calm


def test_a_major_haemorrhage_needs_at_least_five_units(world: World) -> None:
    units = world.bleeding.units[world.bleeding.use == 3]
    assert units.size > 0
    assert units.min() >= 5
