"""What each patient for an operation needs: time, tests, blood, a bed; when they would leave."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from disruption_sim.grid import to_grid
from disruption_sim.scenario.model import BloodGroup, Grade, Scenario
from disruption_sim.world.flows import Flow
from disruption_sim.world.model import REMOVAL_REASONS, Operations

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Draws = Callable[[str], np.random.Generator]

GRADES = tuple(Grade)
P2 = 0
LONGEST_STAY = 250
"""Nights; also what fits into the column."""
NEVER = 1e6


def with_needs(
    scenario: Scenario,
    draws: Draws,
    flow: Flow,
    clock: Floats,
    code: Numbers,
    priority: Numbers,
    unavailable: Flags | None = None,
) -> Operations:
    """Draw everything about one flow's patients that follows from their procedure.

    Parameters
    ----------
    scenario : Scenario
    draws : callable
        Returns the stream of a purpose.
    flow : Flow
    clock : float64 (n,)
        Start of the waiting time.
    code, priority : int64 (n,)
        Procedure, and 0, 1, 2 for P2, P3, P4.
    unavailable : bool (n,), optional
        Patients of the starting list known to be unavailable at hour 0.
    """
    procedures = scenario.surgery.procedures
    count = clock.size
    rng = draws("needs")
    mean = np.array([p.duration_mean_minutes for p in procedures]) / 60.0
    spread = np.array([p.duration_sd_minutes for p in procedures]) / 60.0
    sigma = np.sqrt(np.log1p((spread / mean) ** 2))
    duration = np.exp(
        np.log(mean[code]) - 0.5 * sigma[code] ** 2 + sigma[code] * rng.standard_normal(count)
    )
    asa = _asa(scenario, draws, code)

    def chosen(shares: list[float]) -> Flags:
        flags: Flags = rng.random(count) < np.array(shares)[code]
        return flags

    results = np.array([scenario.surgery.needs_results_shares(p) for p in procedures])
    needs_results = rng.random(count) < results[code, asa]
    needs_group = chosen([p.group_and_screen_share for p in procedures])
    transfused = chosen([p.transfused_share for p in procedures])
    more = rng.poisson(np.array([p.units_if_transfused - 1.0 for p in procedures])[code])
    blood = scenario.transfusion
    groups = np.array([blood.patient_groups[group] for group in BloodGroup])
    group = np.searchsorted(np.cumsum(groups / groups.sum())[:-1], rng.random(count), side="right")
    antibodies = rng.random(count) < blood.antibody_positive_share
    weekly = scenario.surgery.removals.share_per_week
    stay = rng.exponential(1.0, count) * (168.0 / weekly if weekly > 0.0 else np.inf)

    def drawn_apart(what: str, share: float | Floats) -> Flags:
        flags: Flags = draws(f"operations.{what}").random(count) < share
        return flags

    grades = np.array([GRADES.index(p.grade) for p in procedures])
    crossmatched = np.array([p.units_crossmatched for p in procedures])
    stays = ~drawn_apart("day_case", np.array([p.day_case_share for p in procedures])[code])
    critical = drawn_apart(
        "critical_care", np.array([p.critical_care_share for p in procedures])[code]
    )
    return Operations(
        clock_start=clock,
        site=np.full(count, flow.site, dtype=np.uint8),
        specialty=np.full(count, flow.specialty, dtype=np.uint8),
        procedure=code.astype(np.uint8),
        grade=grades[code].astype(np.uint8),
        priority=priority.astype(np.uint8),
        duration=np.maximum(to_grid(duration), to_grid(1.0 / 60.0)),
        expected_duration=to_grid(mean)[code],
        needs_results=needs_results,
        needs_group_and_screen=needs_group | (crossmatched[code] > 0),
        antibodies=antibodies,
        always_crossmatched=drawn_apart("always_crossmatched", blood.always_crossmatched_share)
        & ~antibodies,
        history_on_file=drawn_apart("history_on_file", blood.history_on_file_share),
        short_validity=drawn_apart("short_validity", blood.short_validity_share),
        o_positive_eligible=drawn_apart("o_positive_eligible", blood.o_positive_eligible_share),
        units_crossmatched=crossmatched[code].astype(np.uint8),
        units_transfused=np.where(transfused, np.minimum(1 + more, 40), 0).astype(np.uint8),
        blood_group=group.astype(np.uint8),
        asa=asa.astype(np.uint8),
        day_case=~stays,
        critical_care=stays & critical,
        nights=np.where(stays, _nights(scenario, draws, code), 0).astype(np.uint8),
        short_notice=drawn_apart("short_notice", scenario.surgery.short_notice_share),
        available_from=_available_from(scenario, draws, clock, priority, unavailable),
        # Nobody on the starting list has left it before hour 0.
        removal=to_grid(np.minimum(np.maximum(clock, 0.0) + stay, NEVER)),
        removal_reason=_reasons(scenario, draws, count),
    )


def _places(shares: Floats, uniform: Floats) -> Numbers:
    """Return for each row of shares the place in which its uniform number falls."""
    limits = np.cumsum(shares / shares.sum(axis=1, keepdims=True), axis=1)[:, :-1]
    places: Numbers = (uniform[:, None] >= limits).sum(axis=1)
    return places


def _asa(scenario: Scenario, draws: Draws, code: Numbers) -> Numbers:
    mixes = np.array([procedure.asa_mix for procedure in scenario.surgery.procedures])
    return _places(mixes[code], draws("operations.asa").random(code.size))


def _nights(scenario: Scenario, draws: Draws, code: Numbers) -> Numbers:
    """Return stays that are geometric from one night on, with the mean of the procedure.

    Notes
    -----
    After every night the same share goes home, which gives the long tail that stays have.
    """
    mean = np.array([procedure.nights for procedure in scenario.surgery.procedures])[code]
    left = draws("operations.nights").random(code.size)
    with np.errstate(divide="ignore"):
        further = np.where(
            mean > 1.0, np.log1p(-left) / np.log1p(-1.0 / np.maximum(mean, 1.0)), 0.0
        )
    nights: Numbers = np.minimum(1 + np.floor(further), LONGEST_STAY).astype(np.int64)
    return nights


def _available_from(
    scenario: Scenario,
    draws: Draws,
    clock: Floats,
    priority: Numbers,
    unavailable: Flags | None,
) -> Floats:
    """Return until when patients are unavailable; P2 never are.

    The time is exponential from the referral, so for those known to be unavailable at hour 0 what
    is left of it is distributed like the whole.
    """
    away = scenario.surgery.unavailable
    waits = draws("operations.unavailable").random(clock.size) < away.share
    waits &= priority != P2
    weeks = draws("operations.unavailable_for").exponential(1.0, clock.size) * away.weeks
    start = clock
    if unavailable is not None:
        waits |= unavailable
        start = np.where(unavailable, np.maximum(clock, 0.0), clock)
    until: Floats = np.where(waits, to_grid(np.minimum(start + 168.0 * weeks, NEVER)), clock)
    return until


def _reasons(scenario: Scenario, draws: Draws, count: int) -> npt.NDArray[np.uint8]:
    table = {str(reason): share for reason, share in scenario.surgery.removals.reasons.items()}
    shares = np.array([[table.get(reason, 0.0) for reason in REMOVAL_REASONS]])
    uniform = draws("operations.removal_reason").random(count)
    return _places(np.broadcast_to(shares, (count, shares.size)), uniform).astype(np.uint8)
