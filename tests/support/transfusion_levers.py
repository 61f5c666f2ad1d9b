"""Levers of transfusion from the onset on, each with values that a test can change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from disruption_sim.scenario.model import (
    BloodGroup,
    Capability,
    DonorAppeal,
    ExtraGroupO,
    GroupAndScreenRationalisation,
    GroupOCover,
    OfflineGroups,
    OPositivePolicy,
    RestoreFirst,
    StandaloneAnalyser,
    TransfusionReinforcement,
    TraumaDiversion,
)
from tests.support.small_scenario import SITES


def standalone_analyser(sites: Sequence[str] = SITES, **changes: Any) -> StandaloneAnalyser:
    """Return an analyser with a paper register at some hospitals."""
    values = {"analysers": dict.fromkeys(sites, 1), "group_and_screen_hands_on_minutes": 4.0}
    return StandaloneAnalyser.model_validate(_given("standalone_analyser", values, changes))


def offline_groups(share: float = 1.0, **changes: Any) -> OfflineGroups:
    """Return a copy of patients' groups."""
    return OfflineGroups.model_validate(_given("offline_groups", {"share": share}, changes))


def o_positive_policy(uptake: float = 1.0, **changes: Any) -> OPositivePolicy:
    """Return a policy that gives O-positive to those to whom it may be given."""
    return OPositivePolicy.model_validate(
        _given("o_positive_policy", {"uptake_share": uptake}, changes)
    )


def extra_group_o(o_negative: int, o_positive: int = 0, **changes: Any) -> ExtraGroupO:
    """Return more group O in each hospital."""
    units = {"o_negative": o_negative, "o_positive": o_positive}
    return ExtraGroupO.model_validate(_given("extra_group_o", {"units": units}, changes))


def donor_appeal(share: float, **changes: Any) -> DonorAppeal:
    """Return an appeal to donors of group O."""
    groups = [BloodGroup.O_NEGATIVE, BloodGroup.O_POSITIVE]
    values = {"groups": groups, "extra_collections_share": share}
    return DonorAppeal.model_validate(_given("donor_appeal", values, changes))


def rationalisation(under: float = 0.02, **changes: Any) -> GroupAndScreenRationalisation:
    """Return no samples for operations that hardly ever need blood."""
    values = {"transfused_share_under": under}
    return GroupAndScreenRationalisation.model_validate(
        _given("group_and_screen_rationalisation", values, changes)
    )


def trauma_diversion(share: float = 1.0, **changes: Any) -> TraumaDiversion:
    """Return ambulances that take the injured elsewhere."""
    return TraumaDiversion.model_validate(_given("trauma_diversion", {"share": share}, changes))


def reinforcement(
    day: Mapping[str, int], night: Mapping[str, int], **changes: Any
) -> TransfusionReinforcement:
    """Return more scientists at the benches."""
    values = {"extra_staff_day": dict(day), "extra_staff_night": dict(night)}
    return TransfusionReinforcement.model_validate(
        _given("transfusion_reinforcement", values, changes)
    )


def restore_first(
    lag_days: float,
    delays_others_days: float = 0.0,
    capability: Capability = Capability.TRANSFUSION_IT,
    **changes: Any,
) -> RestoreFirst:
    """Return one capability that is brought back before the others."""
    values = {
        "lag_days": lag_days,
        "capabilities": [capability],
        "delays_others_days": delays_others_days,
    }
    return RestoreFirst.model_validate(_given("restore_first", values, changes))


def group_o_cover(transfused_share_at_most: float = 0.05, **changes: Any) -> GroupOCover:
    """Return operations that go ahead on group O where they seldom bleed."""
    values = {"transfused_share_at_most": transfused_share_at_most, "least_group_o_stock_days": 3.0}
    return GroupOCover.model_validate(_given("group_o_cover", values, changes))


def _given(kind: str, values: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": kind, "kind": kind, "trigger_day": 0, **values, **changes}
