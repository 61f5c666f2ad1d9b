"""Samples that go to another laboratory: by tube type always, by policy for a time."""

from __future__ import annotations

import numpy as np
import pytest

from disruption_sim.pathology.expected import ExpectedWeek
from disruption_sim.pathology.origins import Origins
from disruption_sim.pathology.travel import BY_VAN, DIRECT, Travel
from disruption_sim.scenario.model import Source, TubeType
from disruption_sim.world.days import Days
from disruption_sim.world.identities import sample_identities
from tests.support.levers import reroute
from tests.support.one_hospital import (
    OUTAGE_DAYS,
    SITE,
    WARM_UP_WEEKS,
    intake_of,
    its_world,
    one_hospital,
)

pytestmark = pytest.mark.unit

SOURCES, TUBE_TYPES = tuple(Source), tuple(TubeType)
ONSET = 168.0 * WARM_UP_WEEKS
END = ONSET + 24.0 * OUTAGE_DAYS
OUTPATIENT, ROUTINE, PRACTICE = (
    SOURCES.index(source)
    for source in (Source.OUTPATIENT, Source.INPATIENT_ROUTINE, Source.GENERAL_PRACTICE)
)
HAEMATOLOGY = TUBE_TYPES.index(TubeType.HAEMATOLOGY)
GROUP_AND_SCREEN = TUBE_TYPES.index(TubeType.GROUP_AND_SCREEN)
HOSPITAL, HUB = 0, 1
STEPS = len(one_hospital().pathology.steps_in_use)


def of_source(source: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    tubes = its_world().tubes
    found: np.ndarray[tuple[int], np.dtype[np.bool_]] = tubes.source == source
    return found


def meanwhile() -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    collected = its_world().tubes.collected
    found: np.ndarray[tuple[int], np.dtype[np.bool_]] = (collected >= ONSET) & (collected < END)
    return found


def test_work_of_the_hub_done_where_it_is_taken_needs_no_van() -> None:
    usual, other = intake_of(()).tubes, intake_of((reroute(),)).tubes
    moved = of_source(OUTPATIENT) & meanwhile()
    moved &= its_world().tubes.tube_type != GROUP_AND_SCREEN
    assert (usual.entry_station[moved] // STEPS == HUB).all()
    assert (other.entry_station[moved] // STEPS == HOSPITAL).all()
    minutes = 60.0 * (other.arrival - other.collected)[moved]
    porter = one_hospital().pathology.source(Source.OUTPATIENT).transport_minutes
    assert 0.5 * porter <= minutes.min() < minutes.max() <= 1.5 * porter + 1e-4
    np.testing.assert_array_equal(usual.entry_station[~moved], other.entry_station[~moved])
    np.testing.assert_array_equal(usual.arrival[~moved], other.arrival[~moved])


def test_work_of_a_hospital_goes_to_the_hub_with_the_next_van() -> None:
    policy = reroute(
        from_laboratory=SITE,
        to_laboratory="hub",
        sources=[Source.INPATIENT_ROUTINE],
        tube_types=["haematology"],
    )
    usual, other = intake_of(()).tubes, intake_of((policy,)).tubes
    moved = of_source(ROUTINE) & meanwhile() & (its_world().tubes.tube_type == HAEMATOLOGY)
    assert (other.entry_station[moved] // STEPS == HUB).all()
    np.testing.assert_array_equal(
        usual.entry_station[of_source(ROUTINE) & ~moved],
        other.entry_station[of_source(ROUTINE) & ~moved],
    )
    rules = one_hospital().pathology
    miles = one_hospital().network.sites[0].distance_to_hub_miles
    van = miles * rules.outpatient_van_minutes_per_mile / 60.0
    departure = (other.arrival[moved] - van) / rules.outpatient_van_every_hours
    np.testing.assert_allclose(departure, np.rint(departure), atol=1e-5)


def test_practices_samples_go_on_from_the_hub_to_the_hospital() -> None:
    policy = reroute(sources=[Source.GENERAL_PRACTICE])
    usual, other = intake_of(()).tubes, intake_of((policy,)).tubes
    moved = of_source(PRACTICE) & meanwhile()
    rules = one_hospital().pathology
    miles = one_hospital().network.sites[0].distance_to_hub_miles
    van = miles * rules.outpatient_van_minutes_per_mile / 60.0
    assert (other.entry_station[moved] // STEPS == HOSPITAL).all()
    np.testing.assert_allclose((other.arrival - usual.arrival)[moved], van, atol=1e-5)


def test_a_share_is_sent_and_a_larger_one_sends_the_same_and_more() -> None:
    stations = [intake_of((reroute(share),)).tubes.entry_station for share in (0.0, 0.3, 0.6)]
    sent = [of_source(OUTPATIENT) & (station // STEPS == HOSPITAL) for station in stations]
    usual = of_source(OUTPATIENT) & (intake_of(()).tubes.entry_station // STEPS == HOSPITAL)
    np.testing.assert_array_equal(sent[0], usual)
    possible = int((of_source(OUTPATIENT) & meanwhile() & ~usual).sum())
    for share, found in zip((0.3, 0.6), sent[1:], strict=True):
        new = int((found & ~usual).sum())
        # Two tubes of one appointment go together, which widens the spread.
        error = 4.0 * np.sqrt(2.0 * possible * share * (1.0 - share))
        assert new == pytest.approx(share * possible, abs=error)
    assert (sent[2] | ~sent[1]).all()


def test_tubes_of_one_appointment_go_to_one_laboratory() -> None:
    tubes = its_world().appointments.tubes
    first, second = tubes[(tubes >= 0).all(axis=1)].T
    station = intake_of((reroute(0.5),)).tubes.entry_station
    np.testing.assert_array_equal(station[first] // STEPS, station[second] // STEPS)
    assert (station[first] // STEPS == HOSPITAL).any()


def test_of_two_policies_the_first_that_takes_a_sample_has_it() -> None:
    both = intake_of((reroute(0.5), reroute(1.0, name="second"))).tubes.entry_station
    moved = of_source(OUTPATIENT) & meanwhile()
    assert (both[moved] // STEPS == HOSPITAL).all()


def test_samples_asked_for_at_run_time_go_the_other_way_too() -> None:
    intake, origins = intake_of((reroute(),)), Origins.of(one_hospital())
    handed_in = intake.add(
        np.array([ONSET - 48.0, ONSET + 34.0, END + 10.0]),
        np.full(3, origins.number[0, OUTPATIENT], dtype=np.uint8),
        np.zeros(3, dtype=np.uint8),
        sample_identities(OUTPATIENT, np.arange(3), 1, 0),
    )
    assert (handed_in.entry_station // STEPS).tolist() == [HUB, HOSPITAL, HUB]


# --- routing by tube type -------------------------------------------------------------------------


def test_a_source_can_send_a_tube_type_elsewhere_than_the_others() -> None:
    scenario = one_hospital()
    sources = tuple(
        rule.model_copy(update={"laboratory_by_tube_type": {TubeType.COAGULATION: "hub"}})
        for rule in scenario.pathology.sources
    )
    pathology = scenario.pathology.model_copy(update={"sources": sources})
    scenario = scenario.model_copy(update={"pathology": pathology})
    origins = Origins.of(scenario)
    travel = Travel.of(scenario, origins, Days.of(scenario.calendar).working)
    origin = origins.number[0, ROUTINE]
    coagulation = TUBE_TYPES.index(TubeType.COAGULATION)
    assert travel.route[origin, [HAEMATOLOGY, coagulation]].tolist() == [DIRECT, BY_VAN]
    assert travel.laboratory[origin, [HAEMATOLOGY, coagulation]].tolist() == [HOSPITAL, HUB]
    # The rosters expect it where it goes.
    week = ExpectedWeek.of(scenario, origins, travel)
    assert week.arrivals[HOSPITAL, coagulation].sum() == 0.0
    assert week.arrivals[HUB, coagulation].sum() > 0.0
    tubes = intake_of((), laboratory_by_tube_type={TubeType.COAGULATION: "hub"}).tubes
    at = tubes.entry_station // STEPS
    assert (at[tubes.tube_type == coagulation] == HUB).all()
    assert (at[of_source(ROUTINE) & (tubes.tube_type == HAEMATOLOGY)] == HOSPITAL).all()


def test_group_and_screen_samples_stay_with_their_site() -> None:
    everything = dict.fromkeys(TubeType, "hub")
    tubes = intake_of((reroute(),), laboratory_by_tube_type=everything).tubes
    samples = tubes.tube_type == GROUP_AND_SCREEN
    assert samples.sum() > 100
    assert (tubes.entry_station[samples] // STEPS == HOSPITAL).all()
