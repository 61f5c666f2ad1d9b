"""Levers of a laboratory outage, each with values that a test can change."""

from __future__ import annotations

from disruption_sim.scenario.model import (
    DemandRestriction,
    ExtraManualStaff,
    Helper,
    MutualAid,
    PointOfCare,
    Prioritisation,
    Reroute,
    Source,
)
from tests.support.one_hospital import BOROUGH, OUTAGE_DAYS, SITE


def helper(**changes: float) -> Helper:
    """Return a laboratory that helps."""
    values: dict[str, float] = {
        "own_tubes_per_day": 6000.0,
        "open_hours": 16.0,
        "minutes": 1.25,
        "our_minutes": 2.0,
        "planned_utilisation": 0.6,
        "arrival_variation": 2.0,
        "service_variation": 0.5,
        "processing_hours": 4.0,
    }
    return Helper.model_validate(values | changes)


def mutual_aid(lag_days: float = 0.0, tubes: float = 1000.0, **changes: object) -> MutualAid:
    """Return help for the borough's practices from some day of the outage to its end."""
    return MutualAid.model_validate(
        {
            "name": "aid",
            "kind": "mutual_aid",
            "trigger_day": 0,
            "lag_days": lag_days,
            "duration_days": OUTAGE_DAYS - lag_days,
            "sources": [Source.GENERAL_PRACTICE],
            "places": [BOROUGH],
            "tubes_per_day": tubes,
            "extra_transport_hours": 10.0,
            "helper": helper(),
            **changes,
        }
    )


def bedside(devices: int = 4, **changes: object) -> PointOfCare:
    """Return devices in the emergency department throughout the outage."""
    return PointOfCare.model_validate(
        {
            "name": "devices",
            "kind": "point_of_care",
            "trigger_day": 0,
            "duration_days": OUTAGE_DAYS,
            "sources": [Source.EMERGENCY_DEPARTMENT],
            "tube_types": ["chemistry", "haematology"],
            "devices": {SITE: devices},
            "tests_per_hour": 6.0,
            "menu_share": 0.5,
            "result_minutes": 15.0,
            **changes,
        }
    )


def reroute(share: float = 1.0, **changes: object) -> Reroute:
    """Return outpatients' work sent from the hub to the hospital throughout the outage."""
    return Reroute.model_validate(
        {
            "name": "other_way",
            "kind": "reroute",
            "trigger_day": 0,
            "duration_days": OUTAGE_DAYS,
            "from_laboratory": "hub",
            "to_laboratory": SITE,
            "sources": [Source.OUTPATIENT],
            "share": share,
            **changes,
        }
    )


def rule_of_dispatch(rule: str, **changes: object) -> Prioritisation:
    """Return a rule that holds throughout the outage."""
    return Prioritisation.model_validate(
        {
            "name": f"rule_{rule}",
            "kind": "prioritisation",
            "trigger_day": 0,
            "duration_days": OUTAGE_DAYS,
            "rule": rule,
            **changes,
        }
    )


def restriction(source: Source, share: float, **changes: object) -> DemandRestriction:
    """Return a restriction of one source throughout the outage, of which nothing comes back."""
    return DemandRestriction.model_validate(
        {
            "name": "restriction",
            "kind": "demand_restriction",
            "trigger_day": 0,
            "duration_days": OUTAGE_DAYS,
            "sources": {source: share},
            "rebound_share": 0.0,
            "rebound_days": 7,
            **changes,
        }
    )


def extra_staff(uplift: float, learning: float = 0.0) -> ExtraManualStaff:
    """Return more hands from the onset on."""
    return ExtraManualStaff(
        name="staff",
        kind="extra_manual_staff",
        trigger_day=0,
        uplift_share=uplift,
        learning_per_week=learning,
        learning_floor_share=0.5,
    )
