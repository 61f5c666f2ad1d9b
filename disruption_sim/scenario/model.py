"""The scenario: everything a planner can state, as frozen and validated objects.

Field names carry their unit. Nothing downstream checks a scenario again.
"""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from disruption_sim.scenario.events import (
    AnyPolicy,
    DemandRestriction,
    DonorAppeal,
    Effect,
    ExtraGroupO,
    ExtraManualStaff,
    GroupAndScreenRationalisation,
    GroupOCover,
    Helper,
    MutualAid,
    OfflineGroups,
    OPositivePolicy,
    PointOfCare,
    Policy,
    Prioritisation,
    RecoveryLists,
    Reroute,
    RestoreFirst,
    Stage,
    StandaloneAnalyser,
    StopElective,
    SurgicalMutualAid,
    SwapCases,
    TransfusionReinforcement,
    TraumaDiversion,
)
from disruption_sim.scenario.faults import CrossFaults
from disruption_sim.scenario.network import (
    Borough,
    Calendar,
    Hub,
    Network,
    Site,
)
from disruption_sim.scenario.outpatients import (
    Clinic,
    DayUnit,
    Outpatients,
)
from disruption_sim.scenario.pathology import (
    BLOOD_TYPES,
    PEOPLE_STEPS,
    RECEPTION_STEPS,
    Breakdowns,
    LaboratoryDifference,
    Pathology,
    People,
    SourceRules,
    Stability,
    StepRules,
    path,
)
from disruption_sim.scenario.provenance import Provenance
from disruption_sim.scenario.sections import (
    BloodGroup,
    Capability,
    Grade,
    HourOfDay,
    Name,
    NotNegative,
    Positive,
    Section,
    Share,
    Source,
    Step,
    TubeType,
    Weights7,
    Weights24,
)
from disruption_sim.scenario.surgery import (
    Beds,
    Procedure,
    Removals,
    Specialty,
    Surgery,
    Unavailable,
)
from disruption_sim.scenario.transfusion import (
    AlertPhase,
    BloodService,
    Deliveries,
    FreshNeeds,
    MajorHaemorrhage,
    Satellites,
    Transfusion,
    TransfusionTimes,
)

__all__ = [
    "BLOOD_TYPES",
    "PEOPLE_STEPS",
    "RECEPTION_STEPS",
    "AlertPhase",
    "AnyPolicy",
    "Beds",
    "BloodGroup",
    "BloodService",
    "Borough",
    "Breakdowns",
    "Calendar",
    "Capability",
    "Clinic",
    "DayUnit",
    "Deliveries",
    "DemandRestriction",
    "DonorAppeal",
    "Effect",
    "ExtraGroupO",
    "ExtraManualStaff",
    "FreshNeeds",
    "Grade",
    "GroupAndScreenRationalisation",
    "GroupOCover",
    "Helper",
    "HourOfDay",
    "Hub",
    "LaboratoryDifference",
    "MajorHaemorrhage",
    "MutualAid",
    "Name",
    "Network",
    "NotNegative",
    "OPositivePolicy",
    "OfflineGroups",
    "Outpatients",
    "Pathology",
    "People",
    "PointOfCare",
    "Policy",
    "Positive",
    "Prioritisation",
    "Procedure",
    "RecoveryLists",
    "RecoveryRule",
    "Removals",
    "Reroute",
    "RestoreFirst",
    "Satellites",
    "Scenario",
    "Section",
    "Share",
    "Site",
    "Source",
    "SourceRules",
    "Specialty",
    "Stability",
    "Stage",
    "StandaloneAnalyser",
    "Step",
    "StepRules",
    "StopElective",
    "Surgery",
    "SurgicalMutualAid",
    "SwapCases",
    "Transfusion",
    "TransfusionReinforcement",
    "TransfusionTimes",
    "TraumaDiversion",
    "TubeType",
    "Unavailable",
    "Weights7",
    "Weights24",
    "path",
]


class RecoveryRule(Section):
    """When a service counts as recovered."""

    backlog_tolerance_share_of_week: Share = Field(
        description="Net backlog at or under this share of a usual week's work."
    )
    turnaround_tolerance_share: Share = Field(
        description="Tubes within standard at most this far below the twin."
    )
    sustained_days: Annotated[int, Field(ge=1, le=90)]


class Scenario(Section):
    """A world, what goes wrong in it, and what is done about it."""

    schema_version: Literal[1]
    name: Name
    title: str
    story: str
    calendar: Calendar
    network: Network
    pathology: Pathology
    transfusion: Transfusion
    surgery: Surgery
    outpatients: Outpatients
    conditions: tuple[Effect, ...] = ()
    disruptions: tuple[Effect, ...] = ()
    policies: tuple[AnyPolicy, ...] = ()
    recovery: RecoveryRule
    provenance: tuple[Provenance, ...] = Field(default=(), repr=False)

    @property
    def site_names(self) -> tuple[str, ...]:
        """Names of the hospital sites, in file order."""
        return tuple(site.name for site in self.network.sites)

    @property
    def laboratory_names(self) -> tuple[str, ...]:
        """Names of the laboratories: one per site in file order, then the hub."""
        return (*self.site_names, self.network.hub.name)

    def places(self, names: tuple[str, ...]) -> frozenset[str]:
        """Return the sites, hub and boroughs that names stand for; trusts and all are spelt out."""
        found: set[str] = set()
        boroughs = {borough.name for borough in self.network.boroughs}
        for name in names:
            if name == "all":
                found.update(self.laboratory_names, boroughs)
            elif name in self.network.trusts:
                found.update(site.name for site in self.network.sites if site.trust == name)
            else:
                found.add(name)
        return frozenset(found)

    def digest(self) -> str:
        """Return the SHA-256 of the content, sources left out (they change no number)."""
        content = self.model_dump(mode="json", exclude={"provenance"})
        text = json.dumps(content, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode("utf-8")).hexdigest()

    def without_disruption(self) -> Scenario:
        """Return the same world with nothing going wrong: its conditions stay."""
        return self.model_copy(update={"disruptions": (), "policies": ()})

    @model_validator(mode="after")
    def _check_references(self) -> Self:
        from disruption_sim.scenario.checks import faults_between_fields

        CrossFaults(faults_between_fields(self)).raise_if_any()
        return self
