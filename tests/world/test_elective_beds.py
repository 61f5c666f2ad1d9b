"""Beds follow from the operations; emergencies take their share of them, whatever is planned."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from disruption_sim.records import Bed
from disruption_sim.scenario import Scenario
from disruption_sim.world.beds import draw_elective_beds, elective_beds, expected_patients
from disruption_sim.world.days import Days
from disruption_sim.world.flows import flows, procedures_of
from disruption_sim.world.model import BEDS, ElectiveBeds
from tests.support.small_scenario import small_scenario

pytestmark = pytest.mark.unit


def scenario_with(**changes: object) -> Scenario:
    values: dict[str, object] = {"surgery.elective_admissions_per_week": 4000.0}
    values |= {key.replace("__", "."): value for key, value in changes.items()}
    return small_scenario(disruption=False, **values)  # type: ignore[arg-type]


def drawn(scenario: Scenario, weeks: int = 60) -> ElectiveBeds:
    calendar = scenario.calendar.model_copy(update={"horizon_weeks": weeks})
    return draw_elective_beds(scenario, Days.of(calendar), 1, 0)


def test_beds_have_the_names_of_the_records() -> None:
    assert [kind.name.lower() for kind in Bed] == list(BEDS)


def test_expected_patients_are_admissions_times_nights() -> None:
    """Little's law over the week, and the first night of those in critical care is there."""
    scenario = scenario_with()
    nights = np.zeros((len(scenario.network.sites), len(BEDS)))
    for flow in flows(scenario):
        own = procedures_of(scenario, scenario.surgery.specialties[flow.specialty])
        total = sum(procedure.share for _, procedure in own)
        for _, procedure in own:
            stay = flow.treated * procedure.share / total * (1.0 - procedure.day_case_share)
            nights[flow.site, Bed.CRITICAL_CARE] += stay * procedure.critical_care_share
            nights[flow.site, Bed.WARD] += stay * (procedure.nights - procedure.critical_care_share)
    np.testing.assert_allclose(expected_patients(scenario).sum(axis=2), nights, rtol=1e-12)


def test_expected_patients_on_each_night_are_those_of_a_ward_that_is_lived() -> None:
    """Night by night for a year, with the stays of the procedures as geometric numbers."""
    scenario = scenario_with()
    rng = np.random.default_rng(3)
    weeks, warm_up = 1000, 30
    found = np.zeros((len(BEDS), 7))
    flow = max(flows(scenario), key=lambda each: each.treated)
    one = [each for each in flows(scenario) if each.site == flow.site]
    weekend = scenario.surgery.weekend_share
    for each in one:
        own = procedures_of(scenario, scenario.surgery.specialties[each.specialty])
        total = sum(procedure.share for _, procedure in own)
        for _, procedure in own:
            stay = each.treated * procedure.share / total * (1.0 - procedure.day_case_share)
            ward = np.zeros(7 * (weeks + 60))
            for weekday in range(6):
                share = weekend if weekday == 5 else (1.0 - weekend) / 5.0
                count = rng.poisson(stay * share, weeks)
                day = np.repeat(7 * np.arange(weeks) + weekday, count)
                last = day + rng.geometric(1.0 / procedure.nights, day.size)
                critical = rng.random(day.size) < procedure.critical_care_share
                np.add.at(ward, day + critical, 1.0)
                np.add.at(ward, np.minimum(last, ward.size - 1), -1.0)
                found[Bed.CRITICAL_CARE, weekday] += critical.sum() / weeks
            here = np.cumsum(ward)[: 7 * weeks].reshape(weeks, 7)[warm_up:]
            found[Bed.WARD] += here.mean(axis=0)
    expected = expected_patients(scenario)[flow.site]
    np.testing.assert_allclose(found[Bed.WARD], expected[Bed.WARD], rtol=0.02)
    np.testing.assert_allclose(
        found[Bed.CRITICAL_CARE, :6], expected[Bed.CRITICAL_CARE, :6], rtol=0.05
    )


def test_beds_are_those_that_the_stated_occupancy_fills() -> None:
    scenario = scenario_with()
    rules = scenario.surgery.beds
    weekdays = expected_patients(scenario)[:, :, :5].mean(axis=2)
    beds = elective_beds(scenario)
    for kind, occupancy in (
        (Bed.WARD, rules.ward_occupancy),
        (Bed.CRITICAL_CARE, rules.critical_care_occupancy),
    ):
        assert np.all(np.abs(beds[:, kind] - weekdays[:, kind] / occupancy) <= 0.5 + 1e-9)
    roomier = elective_beds(scenario_with(surgery__beds__ward_occupancy=0.8 * rules.ward_occupancy))
    assert np.all(roomier[:, Bed.WARD] > beds[:, Bed.WARD])
    np.testing.assert_array_equal(roomier[:, Bed.CRITICAL_CARE], beds[:, Bed.CRITICAL_CARE])


def test_where_a_bed_is_ever_needed_there_is_one_and_where_none_is_there_is_none() -> None:
    tiny = scenario_with(surgery__elective_admissions_per_week=2.0)
    assert np.all(elective_beds(tiny) >= (expected_patients(tiny).sum(axis=2) > 0.0))
    procedures = tuple(
        procedure.model_copy(update={"day_case_share": 1.0})
        for procedure in tiny.surgery.procedures
    )
    surgery = tiny.surgery.model_copy(update={"procedures": procedures})
    assert not np.any(elective_beds(tiny.model_copy(update={"surgery": surgery})))


def test_emergencies_take_the_stated_share_with_the_stated_variation() -> None:
    scenario = scenario_with(surgery__beds__lost_to_emergencies_share=0.2)
    rules = scenario.surgery.beds
    beds = drawn(scenario, weeks=150)
    ward = beds.lost[:, :, Bed.WARD]
    mean = rules.lost_to_emergencies_share * beds.count[:, Bed.WARD]
    spread = rules.lost_to_emergencies_variation * mean
    error = spread / np.sqrt(len(ward))
    assert np.all(np.abs(ward.mean(axis=0) - mean) < 4.0 * error + 0.05)
    # Whole beds add the variance of rounding, at most a quarter.
    assert np.all(ward.std(axis=0) > 0.85 * spread)
    assert np.all(ward.std(axis=0) < 1.15 * np.sqrt(spread**2 + 0.25))
    assert np.all(beds.lost <= beds.count)
    assert np.all(beds.lost >= 0)


def test_more_emergencies_take_more_beds_every_night_and_leave_their_number() -> None:
    usual = drawn(scenario_with())
    more = drawn(scenario_with(surgery__beds__lost_to_emergencies_share=0.16))
    np.testing.assert_array_equal(usual.count, more.count)
    assert np.all(more.lost >= usual.lost)
    assert more.lost.sum() == pytest.approx(2.0 * usual.lost.sum(), rel=0.05)


def test_without_variation_only_fractions_of_beds_are_drawn() -> None:
    beds = drawn(scenario_with(surgery__beds__lost_to_emergencies_variation=0.0))
    assert np.all(beds.lost.max(axis=0) - beds.lost.min(axis=0) <= 1)


def test_a_new_hospital_leaves_the_beds_of_the_others_as_they_were() -> None:
    scenario = scenario_with()
    site = scenario.network.sites[0].model_copy(update={"name": "added"})
    network = scenario.network.model_copy(update={"sites": (site, *scenario.network.sites)})
    other = drawn(scenario.model_copy(update={"network": network}))
    usual = drawn(scenario)
    for field in dataclasses.fields(ElectiveBeds):
        before, after = getattr(usual, field.name), getattr(other, field.name)
        np.testing.assert_array_equal(before, after[..., 1:, :], err_msg=field.name)
