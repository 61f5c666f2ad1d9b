"""The built-in outage on a small scale: two hospitals, one borough, a twentieth of the work."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from disruption_sim.scenario import Scenario, load_scenario, with_overrides
from disruption_sim.scenario.writing import plain_scenario

SITES = ("st_thomas", "kings")
SPECIALTIES = ("orthopaedics", "general_surgery", "urology", "cardiothoracic")
CLINICS = ("oncology", "rheumatology", "liver_and_gut", "orthopaedics_and_fractures", "women")
DAY_UNITS = ("chemotherapy", "dialysis")
BOROUGH = "lambeth"
VOLUME = 0.05
# The outage is over in time for recovery to be seen within the eight weeks.
LABORATORY_DAYS = 10.0
TRANSFUSION_DAYS = 17.0
# Round values in place of those that were fitted to the incident, so that a fit moves no test.
MINUTES_BY_HAND = {"booking_in": 4.5, "authorisation": 1.5, "reporting": 2.0}
# Policies that go on until transfusion is back.
FOR_TRANSFUSION = frozenset(
    {
        "group_o_cover",
        "swap_cases",
        "transfusion_reinforcement",
        "standalone_analyser",
        "offline_groups",
        "o_positive_policy",
        "extra_group_o",
        "group_and_screen_rationalisation",
    }
)
# What policies say site by site.
BY_SITE = frozenset({"devices", "analysers", "extra_staff_day", "extra_staff_night"})
REINFORCEMENT = {
    "trigger_day": 0.0,
    "lag_days": 0.0,
    "ramp_days": 5.0,
    "uplift_share": 0.5,
    "learning_per_week": 0.1,
    "learning_floor_share": 0.6,
}


def small_scenario(
    sites: Sequence[str] = SITES, *, disruption: bool = True, **changes: object
) -> Scenario:
    """Return ``synnovis-2024`` shrunk to 14 weeks that simulate in a moment.

    Parameters
    ----------
    sites : sequence of str
        Which of the six hospitals stay.
    disruption : bool
        Without: no disruptions and no policies, the conditions stay.
    **changes
        Values to set, dots in their keys written as two underscores
        (``calendar__horizon_weeks=4``) or spelt out (``**{"calendar.horizon_weeks": 4}``).
    """
    small = _small(tuple(sites))
    if not disruption:
        small = small.without_disruption()
    if changes:
        overrides = {key.replace("__", "."): value for key, value in changes.items()}
        small, _ = with_overrides(small, overrides)
    return small


@lru_cache(maxsize=8)
def _small(sites: tuple[str, ...]) -> Scenario:
    root = plain_scenario(load_scenario("synnovis-2024"))
    root |= {"name": "small", "title": "Small", "story": "For tests."}
    root["calendar"] |= {"warm_up_weeks": 6, "horizon_weeks": 8}
    _shrink_network(root["network"], sites)
    for step in root["pathology"]["steps"]:
        if step["least_servers"] is not None:
            step["least_servers"] = 1
    unfitted(root["pathology"])
    root["pathology"]["people"]["least_on_duty"] = 1
    transfusion = root["transfusion"]
    transfusion["blood_service"]["units_per_week"] *= VOLUME
    transfusion["satellites"]["units"] = {
        group: (1 + units) // 3 for group, units in transfusion["satellites"]["units"].items()
    }
    transfusion["least_stock_units"] = {
        group: 1 + units // 4 for group, units in transfusion["least_stock_units"].items()
    }
    _shrink_surgery(root["surgery"], sites)
    outpatients = root["outpatients"]
    outpatients["appointments_per_week"] *= VOLUME
    outpatients["clinics"] = _kept_at(outpatients["clinics"], sites, CLINICS)
    shares = _renormalised({c["name"]: c["share"] for c in outpatients["clinics"]}, CLINICS)
    for clinic in outpatients["clinics"]:
        clinic["share"] = shares[clinic["name"]]
    outpatients["day_units"] = _kept_at(outpatients["day_units"], sites, DAY_UNITS)
    for unit in outpatients["day_units"]:
        unit["treatments_per_week"] *= VOLUME
    root["disruptions"] = [
        _shorter(effect)
        for effect in root["disruptions"]
        if effect["name"] != "laboratory_it_kings" or "kings" in sites
    ]
    root["policies"] = [
        policy | _short_policy(policy)
        for policy in root["policies"]
        if {"all", BOROUGH} & set(policy.get("places") or ("all",))
        and {policy.get("from_laboratory", "hub"), policy.get("to_laboratory", "hub")}
        <= {*sites, "hub"}
    ]
    for policy in root["policies"]:
        for key in BY_SITE & policy.keys():
            policy[key] = {site: policy[key][site] for site in sites}
    root["recovery"]["sustained_days"] = 7
    return Scenario.model_validate(root)


def unfitted(pathology: dict[str, Any]) -> dict[str, Any]:
    """Put round values into the plain form of laboratories in place of fitted ones."""
    pathology["people"]["planned_utilisation"] = 0.65
    for step in pathology["steps"]:
        if step["name"] in MINUTES_BY_HAND:
            minutes = MINUTES_BY_HAND[step["name"]]
            step["manual_minutes"] = dict.fromkeys(step["manual_minutes"], minutes)
        if step["name"] == "booking_in":
            step["minutes"] = dict.fromkeys(step["minutes"], 1.25)
    return pathology


def _shrink_network(network: dict[str, Any], sites: tuple[str, ...]) -> None:
    network["sites"] = [site for site in network["sites"] if site["name"] in sites]
    for site in network["sites"]:
        site["red_cell_units_per_week"] *= VOLUME
        site["major_haemorrhages_per_month"] *= VOLUME
        site["tubes_per_weekday"] = {
            source: tubes * VOLUME for source, tubes in site["tubes_per_weekday"].items()
        }
    network["boroughs"] = [b for b in network["boroughs"] if b["name"] == BOROUGH]
    for borough in network["boroughs"]:
        borough["tubes_per_weekday"] *= 2 * VOLUME


def _shrink_surgery(surgery: dict[str, Any], sites: tuple[str, ...]) -> None:
    surgery["elective_admissions_per_week"] *= VOLUME
    # A dozen beds are full by chance far more often than two hundred.
    surgery["beds"] |= {"ward_occupancy": 0.6, "critical_care_occupancy": 0.4}
    kept = [
        specialty
        for specialty in surgery["specialties"]
        if specialty["name"] in SPECIALTIES and set(sites) & set(specialty["sites"])
    ]
    shares = _renormalised({s["name"]: s["share"] for s in kept}, [s["name"] for s in kept])
    for specialty in kept:
        specialty["share"] = shares[specialty["name"]]
        specialty["sites"] = _renormalised(specialty["sites"], sites)
        specialty["usual_wait_weeks"] /= 2
    surgery["specialties"] = kept
    surgery["procedures"] = [p for p in surgery["procedures"] if p["specialty"] in shares]


def _kept_at(
    places: list[dict[str, Any]], sites: tuple[str, ...], names: Sequence[str]
) -> list[dict[str, Any]]:
    kept = [
        place for place in places if place["name"] in names and set(sites) & set(place["sites"])
    ]
    for place in kept:
        place["sites"] = _renormalised(place["sites"], sites)
    return kept


def _renormalised(shares: dict[str, float], names: Sequence[str]) -> dict[str, float]:
    kept = {name: share for name, share in shares.items() if name in names}
    return {name: share / sum(kept.values()) for name, share in kept.items()}


def _shorter(effect: dict[str, Any]) -> dict[str, Any]:
    days = TRANSFUSION_DAYS if effect["name"] == "transfusion_it" else LABORATORY_DAYS
    return effect | {"end": None, "duration_days": days, "recovery": "step", "stages": []}


def _short_policy(policy: dict[str, Any]) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if policy["end"] is not None:
        days = TRANSFUSION_DAYS if policy["kind"] in FOR_TRANSFUSION else LABORATORY_DAYS
        changes |= {"end": None, "duration_days": days}
    if policy["kind"] == "extra_manual_staff":
        changes |= REINFORCEMENT
    if policy["kind"] == "mutual_aid":
        changes |= {"lag_days": 3.0, "tubes_per_day": policy["tubes_per_day"] * VOLUME}
        changes |= {"places": [BOROUGH]}
    if policy["kind"] == "demand_restriction" and BOROUGH in policy["places"]:
        changes |= {"places": [BOROUGH]}
    if policy.get("rebound_days", 0.0) > 7.0:
        changes |= {"rebound_days": 7.0}
    return changes
