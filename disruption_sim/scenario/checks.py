"""What the parts of a scenario owe each other: references, sums, and dates in order."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from enum import StrEnum
from typing import TYPE_CHECKING

from disruption_sim.scenario.faults import CrossFault, KeyPath, listed
from disruption_sim.scenario.laboratory_checks import laboratory_faults
from disruption_sim.scenario.outpatient_checks import outpatient_faults
from disruption_sim.scenario.pathology import BLOOD_TYPES
from disruption_sim.scenario.policy_checks import policy_faults
from disruption_sim.scenario.theatre_checks import theatre_faults
from disruption_sim.scenario.theatre_policy_checks import theatre_policy_faults
from disruption_sim.scenario.transfusion_checks import (
    transfusion_faults,
    transfusion_policy_faults,
    unknown_sites,
)

if TYPE_CHECKING:
    from disruption_sim.scenario.model import Clinic, DayUnit, Effect, Scenario

MOST_WAITING = 1e6  # in a specialty
SUM_TOLERANCE = 0.011  # shares are published rounded to two or three decimals


def faults_between_fields(scenario: Scenario) -> list[CrossFault]:
    """Return every fault that no field shows alone.

    Parameters
    ----------
    scenario : Scenario
        With all fields valid one by one.
    """
    return [
        *_names(scenario),
        *_tables(scenario),
        *laboratory_faults(scenario),
        *transfusion_faults(scenario),
        *_sums(scenario),
        *_dates(scenario),
        *outpatient_faults(scenario),
        *theatre_faults(scenario),
        *_places(scenario),
        *_volumes(scenario),
        *policy_faults(scenario),
        *theatre_policy_faults(scenario),
        *transfusion_policy_faults(scenario),
    ]


def _duplicates(path: KeyPath, names: Iterable[str]) -> list[CrossFault]:
    return [
        CrossFault(path, f"the name '{name}' stands {count} times", "each name once")
        for name, count in Counter(names).items()
        if count > 1
    ]


def _names(scenario: Scenario) -> list[CrossFault]:
    network, surgery = scenario.network, scenario.surgery
    faults = _duplicates(
        ("network",),
        (
            *network.trusts,
            *scenario.laboratory_names,
            *(borough.name for borough in network.boroughs),
            "all",
        ),
    )
    faults += _duplicates(("surgery", "specialties"), (s.name for s in surgery.specialties))
    faults += _duplicates(("surgery", "procedures"), (p.name for p in surgery.procedures))
    faults += _duplicates(("disruptions",), (effect.name for effect in scenario.disruptions))
    faults += _duplicates(("conditions",), (effect.name for effect in scenario.conditions))
    faults += _duplicates(("policies",), (policy.name for policy in scenario.policies))
    for index, site in enumerate(network.sites):
        if site.trust not in network.trusts:
            faults.append(
                CrossFault(
                    ("network", "sites", index, "trust"),
                    f"there is no trust '{site.trust}'",
                    listed(network.trusts),
                )
            )
    specialties = {specialty.name for specialty in surgery.specialties}
    for index, procedure in enumerate(surgery.procedures):
        if procedure.specialty not in specialties:
            faults.append(
                CrossFault(
                    ("surgery", "procedures", index, "specialty"),
                    f"there is no specialty '{procedure.specialty}'",
                    listed(sorted(specialties)),
                )
            )
    for index, specialty in enumerate(surgery.specialties):
        if all(procedure.specialty != specialty.name for procedure in surgery.procedures):
            faults.append(
                CrossFault(
                    ("surgery", "specialties", index, "name"),
                    f"no procedure belongs to the specialty '{specialty.name}'",
                    "at least one procedure",
                )
            )
        faults += unknown_sites(
            scenario, ("surgery", "specialties", index, "sites"), specialty.sites
        )
    for kind in ("clinics", "day_units"):
        places: tuple[Clinic | DayUnit, ...] = getattr(scenario.outpatients, kind)
        faults += _duplicates(("outpatients", kind), (place.name for place in places))
        for index, place in enumerate(places):
            faults += unknown_sites(scenario, ("outpatients", kind, index, "sites"), place.sites)
    return faults


def _complete(path: KeyPath, table: Iterable[object], kind: type[StrEnum]) -> list[CrossFault]:
    present = set(table)
    missing = [member.value for member in kind if member not in present]
    if not missing:
        return []
    return [CrossFault(path, f"nothing is said for {listed(missing)}", "a value for every one")]


def _tables(scenario: Scenario) -> list[CrossFault]:
    from disruption_sim.scenario.model import BloodGroup, Grade, Source, Step

    transfusion, pathology = scenario.transfusion, scenario.pathology
    faults = _complete(("pathology", "sources"), (s.name for s in pathology.sources), Source)
    faults += _complete(("pathology", "steps"), (s.name for s in pathology.steps), Step)
    faults += _complete(("transfusion", "patient_groups"), transfusion.patient_groups, BloodGroup)
    faults += _complete(("transfusion", "donor_groups"), transfusion.donor_groups, BloodGroup)
    faults += _complete(
        ("transfusion", "least_stock_units"), transfusion.least_stock_units, BloodGroup
    )
    for key in ("clinical_cancellation_share", "needs_results_by_grade"):
        faults += _complete(("surgery", key), getattr(scenario.surgery, key), Grade)
    return faults


def _sum_is_one(path: KeyPath, values: Iterable[float]) -> list[CrossFault]:
    total = sum(values)
    if abs(total - 1.0) <= SUM_TOLERANCE:
        return []
    return [CrossFault(path, f"the shares add up to {total:.4g}", "shares that add up to 1")]


def _sums(scenario: Scenario) -> list[CrossFault]:
    transfusion, surgery = scenario.transfusion, scenario.surgery
    faults: list[CrossFault] = []
    for index, source in enumerate(scenario.pathology.sources):
        faults += _sum_is_one(
            ("pathology", "sources", index, "tube_mix"),
            [source.tube_mix.get(tube_type, 0.0) for tube_type in BLOOD_TYPES],
        )
        for key in ("hour_profile", "weekday_profile"):
            if sum(getattr(source, key)) <= 0:
                faults.append(
                    CrossFault(
                        ("pathology", "sources", index, key),
                        "all weights are 0",
                        "at least one weight above 0",
                    )
                )
    faults += _sum_is_one(("transfusion", "patient_groups"), transfusion.patient_groups.values())
    faults += _sum_is_one(("transfusion", "donor_groups"), transfusion.donor_groups.values())
    faults += _sum_is_one(("transfusion", "use_shares"), transfusion.use_shares.values())
    faults += _sum_is_one(("surgery", "specialties"), (s.share for s in surgery.specialties))
    for index, specialty in enumerate(surgery.specialties):
        faults += _sum_is_one(("surgery", "specialties", index, "sites"), specialty.sites.values())
        faults += _sum_is_one(
            ("surgery", "procedures"),
            [p.share for p in surgery.procedures if p.specialty == specialty.name] or [1.0],
        )
    for index, procedure in enumerate(surgery.procedures):
        for key in ("priority_mix", "asa_mix"):
            faults += _sum_is_one(("surgery", "procedures", index, key), getattr(procedure, key))
    faults += _sum_is_one(("surgery", "removals", "reasons"), surgery.removals.reasons.values())
    faults += _sum_is_one(
        ("outpatients", "clinics"), (c.share for c in scenario.outpatients.clinics)
    )
    for kind in ("clinics", "day_units"):
        for index, place in enumerate(getattr(scenario.outpatients, kind)):
            faults += _sum_is_one(("outpatients", kind, index, "sites"), place.sites.values())
    return faults


def _moment(value: dt.date | dt.datetime) -> dt.datetime:
    return value if isinstance(value, dt.datetime) else dt.datetime.combine(value, dt.time())


def _effect_dates(path: KeyPath, effect: Effect) -> list[CrossFault]:
    faults: list[CrossFault] = []
    start = _moment(effect.start)
    if effect.end is not None and effect.duration_days is not None:
        faults.append(
            CrossFault((*path, "duration_days"), "stands beside an end", "end or duration_days")
        )
    if effect.recovery == "staged":
        if not effect.stages:
            faults.append(
                CrossFault((*path, "recovery"), "staged, but there are no stages", "stages")
            )
        if effect.end is not None or effect.duration_days is not None:
            faults.append(
                CrossFault(
                    (*path, "recovery"),
                    "a staged recovery ends with its last stage, not with an end or a duration",
                    "stages alone",
                )
            )
    else:
        if effect.stages:
            faults.append(
                CrossFault(
                    (*path, "stages"), f"has no meaning with recovery '{effect.recovery}'", "staged"
                )
            )
        if effect.end is None and effect.duration_days is None:
            faults.append(
                CrossFault((*path, "start"), "nothing says when it ends", "end or duration_days")
            )
    if effect.end is not None and _moment(effect.end) <= start:
        faults.append(
            CrossFault(
                (*path, "end"),
                f"the end {effect.end} is not after the start {effect.start}",
                "a later date",
            )
        )
    earlier = start
    for index, stage in enumerate(effect.stages):
        if _moment(stage.on) <= earlier:
            faults.append(
                CrossFault(
                    (*path, "stages", index, "on"),
                    f"{stage.on} is not after what stands before it",
                    "dates in order",
                )
            )
        earlier = _moment(stage.on)
    return faults


def _dates(scenario: Scenario) -> list[CrossFault]:
    faults: list[CrossFault] = []
    onset = _moment(scenario.calendar.onset)
    for kind in ("conditions", "disruptions"):
        for index, effect in enumerate(getattr(scenario, kind)):
            faults += _effect_dates((kind, index), effect)
            if kind == "disruptions" and _moment(effect.start) < onset:
                faults.append(
                    CrossFault(
                        (kind, index, "start"),
                        f"{effect.start} is before the onset {scenario.calendar.onset}",
                        "the onset or later (calendar.onset is when the first disruption starts)",
                    )
                )
    starts = [_moment(effect.start) for effect in scenario.disruptions]
    if starts and min(starts) >= onset + dt.timedelta(days=1):
        faults.append(
            CrossFault(
                ("calendar", "onset"),
                f"{scenario.calendar.onset} is before the first disruption starts on "
                f"{min(starts):%Y-%m-%d}",
                "the day on which the first disruption starts: weeks and policies count from it",
            )
        )
    for index, policy in enumerate(scenario.policies):
        path: KeyPath = ("policies", index)
        if policy.end is not None and policy.duration_days is not None:
            faults.append(
                CrossFault((*path, "duration_days"), "stands beside an end", "end or duration_days")
            )
        begins = onset + dt.timedelta(days=policy.trigger_day + policy.lag_days)
        if policy.end is not None and _moment(policy.end) <= begins:
            faults.append(
                CrossFault(
                    (*path, "end"),
                    f"the end {policy.end} is not after its begin on {begins:%Y-%m-%d %H:%M}",
                    "a later date",
                )
            )
    return faults


def _places(scenario: Scenario) -> list[CrossFault]:
    network = scenario.network
    boroughs = [borough.name for borough in network.boroughs]
    known = ["all", *network.trusts, *scenario.laboratory_names, *boroughs]
    faults: list[CrossFault] = []
    for kind in ("conditions", "disruptions", "policies"):
        for index, item in enumerate(getattr(scenario, kind)):
            for place in getattr(item, "places", ()):
                if place not in known:
                    faults.append(
                        CrossFault(
                            (kind, index, "places"), f"there is no place '{place}'", listed(known)
                        )
                    )
    return faults


def _volumes(scenario: Scenario) -> list[CrossFault]:
    """Keep a mistyped volume from asking for more tubes than one machine can hold."""
    from disruption_sim.scenario.model import Source

    made_here = {Source.PRE_ASSESSMENT, Source.GENERAL_PRACTICE}
    faults = [
        CrossFault(
            ("network", "sites", index, "tubes_per_weekday", source.value),
            "the model makes these itself (pre-assessment from operations, general practice from "
            "boroughs)",
            "other sources",
        )
        for index, site in enumerate(scenario.network.sites)
        for source in site.tubes_per_weekday
        if source in made_here
    ]
    tubes = (
        7.0
        * scenario.calendar.weeks
        * (
            sum(sum(site.tubes_per_weekday.values()) for site in scenario.network.sites)
            + sum(borough.tubes_per_weekday for borough in scenario.network.boroughs)
        )
    )
    if tubes > 2e8:
        faults.append(
            CrossFault(
                ("network",),
                f"{tubes:.3g} tubes over {scenario.calendar.weeks} weeks are too many",
                "up to 200 million tubes a replication",
            )
        )
    if scenario.surgery.elective_admissions_per_week * scenario.calendar.weeks > 2e7:
        faults.append(
            CrossFault(
                ("surgery", "elective_admissions_per_week"),
                "more than 20 million admissions a replication",
                "a smaller number",
            )
        )
    if scenario.outpatients.appointments_per_week * scenario.calendar.weeks > 2e8:
        faults.append(
            CrossFault(
                ("outpatients", "appointments_per_week"),
                "more than 200 million appointments a replication",
                "a smaller number",
            )
        )
    weekly = scenario.surgery.elective_admissions_per_week * scenario.surgery.theatre_share
    for index, specialty in enumerate(scenario.surgery.specialties):
        waiting = weekly * specialty.share * specialty.usual_wait_weeks
        if waiting > MOST_WAITING:
            faults.append(
                CrossFault(
                    ("surgery", "specialties", index, "usual_wait_weeks"),
                    f"{waiting:.3g} patients waiting are too many",
                    f"up to {MOST_WAITING:,.0f} patients (usual_wait_weeks times weekly "
                    "operations)",
                )
            )
    treatments = sum(unit.treatments_per_week for unit in scenario.outpatients.day_units)
    if treatments * scenario.calendar.weeks > 2e7:
        faults.append(
            CrossFault(
                ("outpatients", "day_units"),
                "more than 20 million treatments a replication",
                "fewer treatments a week",
            )
        )
    return faults
