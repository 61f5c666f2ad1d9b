"""A transfusion section or lever that cannot be meant is refused in words a planner can act on."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from disruption_sim.scenario import Scenario, ScenarioError, load_scenario, with_overrides

pytestmark = pytest.mark.unit

ALERTS = [
    {"name": "pre_amber", "trigger_days": 3.0, "demand_cut_group_o": 0.0, "demand_cut_all": 0.0},
    {"name": "amber", "trigger_days": 2.0, "demand_cut_group_o": 0.05, "demand_cut_all": 0.03},
    {"name": "red", "trigger_days": 1.0, "demand_cut_group_o": 0.2, "demand_cut_all": 0.2},
]


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return load_scenario("synnovis-2024")


def alerts(*days: float) -> dict[str, object]:
    """Return alerts with other triggers, from the mildest phase on."""
    phases = [phase | {"trigger_days": each} for phase, each in zip(ALERTS, days, strict=True)]
    return {"transfusion.blood_service.alerts": phases}


@pytest.mark.parametrize(
    ("overrides", "key", "problem", "allowed"),
    [
        (
            {"use_shares": {"medical_routine": 0.9, "obstetric": 0.1}},
            "use_shares",
            "nothing is said for medical_urgent, trauma",
            "a value for every one",
        ),
        (
            {"tested_sample_shares": {"medical_routine": 0.95}},
            "tested_sample_shares",
            "nothing is said for medical_urgent, obstetric, trauma",
            "a value for every one",
        ),
        (
            {"urgent_minutes": 10},
            "urgent_minutes",
            "is shorter than immediate_minutes, 20",
            "20 minutes or more",
        ),
        (
            {"day_shift_hours": [20, 8]},
            "day_shift_hours",
            "ends at 8, not after its start at 20",
            "in this order",
        ),
        (
            {"blood_service.units_per_week": 500},
            "blood_service.units_per_week",
            "is less than the 990 units a week of these hospitals",
            "990 units or more",
        ),
        (
            {"hospital_stock_days": 1e9},
            "hospital_stock_days",
            "cannot be used within the shelf life of 35 days",
            "up to 35 days",
        ),
        (
            {"short_validity_days": 8},
            "short_validity_days",
            "longer than the usual validity, surgery.group_and_screen_validity_days, 7",
            "up to 7 days",
        ),
        (
            {"deliveries.routine_weekdays": [False] * 7},
            "deliveries.routine_weekdays",
            "no day with a routine delivery",
            "true for one weekday",
        ),
        (
            {"age_on_delivery_days": [12, 4]},
            "age_on_delivery_days",
            "the youngest, 12, is older than the oldest",
            "youngest, oldest",
        ),
        (
            {"shelf_life_days": 12},
            "age_on_delivery_days",
            "units 12 days old may be given for less than a day of their shelf life of 12",
            "ages up to 11 days",
        ),
        (
            {"satellites.rotation_days": 23},
            "satellites.rotation_days",
            "units may come with only 23 days left, which is not more than 23",
            "fewer than 23 days",
        ),
        (
            {"use_up_o_negative_days": 30},
            "use_up_o_negative_days",
            "units may come with only 23 days left",
            "fewer than 23 days",
        ),
        (
            {"fresh_needs.share": 0.02, "fresh_needs.most_days_old": 4},
            "fresh_needs.most_days_old",
            "hospitals get no unit younger than 4 days",
            "5 days or more, or share 0",
        ),
        (
            {"satellites.units.o_negative": 15, "least_stock_units.o_negative": 14},
            "satellites.units.o_negative",
            "15 units are more than the least stock of the laboratory that fills it up: 14",
            "up to 14 units (least_stock_units.o_negative)",
        ),
        (
            {"deliveries.ad_hoc_stock_days": 6},
            "deliveries.ad_hoc_stock_days",
            "is not under the usual stock, hospital_stock_days, 5.5",
            "fewer than 5.5 days",
        ),
        ({"major_haemorrhage.mean_units": 4}, "major_haemorrhage.mean_units", "out of range", "5"),
        ({"times.manual_uplift": 0.9}, "times.manual_uplift", "out of range", "from 1 to 10"),
        (
            {"satellites.units": {"a_negative": 2}},
            "satellites.units.a_negative",
            "no such key",
            "o_n",
        ),
        ({"buffer_units.o_negative": -1}, "buffer_units.o_negative", "is negative", "0 to 1,000"),
    ],
)
def test_a_faulty_section_is_named(
    overrides: Mapping[str, object], key: str, problem: str, allowed: str, scenario: Scenario
) -> None:
    values = {f"transfusion.{name}": value for name, value in overrides.items()}
    with pytest.raises(ScenarioError) as caught:
        with_overrides(scenario, values)
    (fault,) = caught.value.faults
    assert fault.key == f"transfusion.{key}"
    assert problem in fault.problem
    assert allowed in fault.allowed


@pytest.mark.parametrize(
    ("overrides", "problem"),
    [
        (alerts(2.0, 2.0, 1.0), "amber is the worse phase and would come no later than pre_amber"),
        (alerts(3.0, 1.0, 1.5), "red is the worse phase and would come no later than amber, at 1"),
        (alerts(6.0, 2.0, 1.0), "blood_service.stock_days, 6: the alert would always hold"),
        (
            {"transfusion.blood_service.alerts": [ALERTS[0], ALERTS[0]]},
            "the phase pre_amber stands 2 times",
        ),
        (
            {"transfusion.blood_service.alerts": [ALERTS[0] | {"name": "black"}]},
            "'black' is none of the names",
        ),
    ],
)
def test_alerts_get_worse_as_the_stock_falls(
    overrides: Mapping[str, object], problem: str, scenario: Scenario
) -> None:
    with pytest.raises(ScenarioError) as caught:
        with_overrides(scenario, overrides)
    (fault,) = caught.value.faults
    assert fault.key.startswith("transfusion.blood_service.alerts")
    assert problem in fault.problem


def test_alerts_may_stand_in_any_order_and_be_few(scenario: Scenario) -> None:
    for phases in ([], [ALERTS[2]], ALERTS[::-1]):
        changed, _ = with_overrides(scenario, {"transfusion.blood_service.alerts": phases})
        assert len(changed.transfusion.blood_service.alerts) == len(phases)


@pytest.mark.parametrize(
    ("overrides", "problem", "allowed"),
    [
        ({"standalone_analysers.analysers": {"leeds": 1}}, "no site 'leeds'", "guys, st_thomas"),
        ({"standalone_analysers.analysers.guys": 2}, "2 is out of range", "from 0 to 1"),
        (
            {"standalone_analysers.ramp_days": 3},
            "an analyser is there or is not there",
            "lag_days for a later start",
        ),
        (
            {"more_transfusion_scientists.extra_staff_day": {"hub": 1}},
            "no site 'hub'",
            "guys, st_thomas",
        ),
        ({"more_transfusion_scientists.extra_staff_night.kings": 51}, "51 is out of range", "50"),
        ({"copy_of_groups.places": ["lambeth"]}, "no hospital where this could hold", "guys"),
        ({"o_positive_first.places": ["hub"]}, "no hospital where this could hold", "guys"),
        ({"more_group_o.places": ["hub"]}, "no hospital where this could hold", "guys"),
        ({"fewer_samples.places": ["bromley"]}, "no hospital where this could hold", "guys"),
        ({"injured_elsewhere.places": ["hub"]}, "no hospital where this could hold", "guys"),
        ({"injured_elsewhere.places": ["moon"]}, "there is no place 'moon'", "all, guys_and"),
        ({"injured_elsewhere.share": 1.2}, "1.2 is out of range", "from 0 to 1"),
        ({"donors_called.groups": ["o_negative"] * 2}, "'o_negative' stands 2 times", "each once"),
        ({"donors_called.groups": []}, "", "1 or more"),
        ({"transfusion_first.places": ["lambeth"]}, "no laboratory where this could hold", "hub"),
        ({"transfusion_first.duration_days": 7}, "what has been brought back stays", "no end"),
        ({"transfusion_first.end": "2024-09-01"}, "what has been brought back stays", "no end"),
        (
            {"transfusion_first.capabilities": ["transfusion_it", "transfusion_it"]},
            "'transfusion_it' stands 2 times",
            "each once",
        ),
        ({"transfusion_first.capabilities": ["blood"]}, "'blood' is none of", "transfusion_it"),
        ({"transfusion_first.lag_days": -1}, "-1 is negative", "from 0 to 3,650"),
    ],
)
def test_a_lever_that_cannot_work_is_refused(
    overrides: Mapping[str, object], problem: str, allowed: str, scenario: Scenario
) -> None:
    values = {f"policies.{name}": value for name, value in overrides.items()}
    if "transfusion_first.end" in overrides:
        values["policies.transfusion_first.lag_days"] = 28
    with pytest.raises(ScenarioError) as caught:
        with_overrides(scenario, values)
    (fault,) = caught.value.faults
    assert problem in fault.problem
    assert allowed in fault.allowed
    assert fault.key.startswith("policies.")


def test_a_site_is_served_by_day_and_night_by_somebody(scenario: Scenario) -> None:
    for value, words in (("on call", "resident, on_call"), (True, "resident, on_call")):
        with pytest.raises(ScenarioError, match=words):
            with_overrides(scenario, {"network.sites.kings.transfusion_night": value})
    with pytest.raises(ScenarioError, match="from 1 to 50"):
        with_overrides(scenario, {"network.sites.kings.transfusion_staff_weekend": 0})
