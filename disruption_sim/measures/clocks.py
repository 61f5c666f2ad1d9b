"""The clocks of recovery: the laboratory, results on paper, operations, appointments."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from disruption_sim.grid import HOURS_PER_DAY
from disruption_sim.measures.calendar import Floats, Horizon
from disruption_sim.measures.recovery import DAYS_PER_WEEK, clearing_days, days_to_recovery
from disruption_sim.measures.table import divided
from disruption_sim.measures.waiting import wait_ends
from disruption_sim.records import OutpatientRecords, PathologyRecords, Records, SurgeryRecords
from disruption_sim.scenario.model import RecoveryLists, Scenario
from disruption_sim.world.model import EXTRA_LISTS, World


class Clock(StrEnum):
    """What has to recover."""

    LABORATORY_TURNAROUND = "laboratory_turnaround"
    RESULTS_ENTERED_BACK = "results_entered_back"
    OPERATIONS_BACKLOG = "operations_backlog"
    APPOINTMENTS_BACKLOG = "appointments_backlog"

    @property
    def in_words(self) -> str:
        """What is back to normal."""
        return {
            Clock.LABORATORY_TURNAROUND: "Turnaround of the tubes that laboratories still take",
            Clock.RESULTS_ENTERED_BACK: "Paper results entered back",
            Clock.OPERATIONS_BACKLOG: "Operations backlog",
            Clock.APPOINTMENTS_BACKLOG: "Appointments backlog",
        }[self]

    @property
    def unit(self) -> str:
        """Unit of its tolerance and peak."""
        return {
            Clock.LABORATORY_TURNAROUND: "share of tubes",
            Clock.RESULTS_ENTERED_BACK: "results",
            Clock.OPERATIONS_BACKLOG: "operations",
            Clock.APPOINTMENTS_BACKLOG: "appointments",
        }[self]


@dataclass(frozen=True)
class Reading:
    """One clock in one arm of one replication.

    Attributes
    ----------
    clock : Clock
    weeks : float or None
        From the onset to recovery; 0 if never disturbed, None if the run ended before (censored).
    tolerance : float
        In the unit of the clock.
    peak : float
        Largest disturbance.
    fluid_weeks : float
        The closed form: from the onset to the peak, and from there what exceeds the tolerance over
        the spare weekly capacity. A lower bound, because the spare capacity of all specialties and
        sites is taken together as if it could serve anybody. NaN where there is none, or where it
        says nothing.
    """

    clock: Clock
    weeks: float | None
    tolerance: float
    peak: float
    fluid_weeks: float


def readings(
    scenario: Scenario, horizon: Horizon, world: World, records: Records, twin: Records
) -> tuple[Reading, ...]:
    """Read every clock of one arm against its twin.

    Parameters
    ----------
    scenario : Scenario
        Whose recovery rule says the tolerances and how long they must hold.
    horizon : Horizon
    world : World
    records, twin : Records
        Of this arm and of the baseline arm.

    Notes
    -----
    Laboratory turnaround, week by week: the share of tubes within standard falls short of the
    twin's by no more than the tolerance; a tube that expired was not within standard. Each source
    is weighted by what the twin handles that week (so that restricting one source does not pass
    for a change in the others); nothing reported counts as nothing within standard. Results
    entered back: none is left on paper. Backlogs: net, that is treated or removed in the twin less
    here; the tolerance is a share of a usual week's operations or appointments.
    """
    rule = scenario.recovery
    usual_operations = _usual_week(horizon.daily(twin.surgery.done_at))
    held, usually_held = (_held(horizon, arm.outpatients) for arm in (records, twin))
    share = rule.backlog_tolerance_share_of_week
    operations = _net(horizon, wait_ends(twin.surgery), wait_ends(records.surgery))
    appointments = np.cumsum(usually_held - held)
    series: list[tuple[Clock, Floats, float, float]] = [
        (
            Clock.LABORATORY_TURNAROUND,
            _turnaround_shortfall(horizon, records.pathology, twin.pathology),
            rule.turnaround_tolerance_share,
            float("nan"),
        ),
        (
            Clock.RESULTS_ENTERED_BACK,
            _from_onset(horizon, records.pathology.daily_paper_waiting),
            0.0,
            float("nan"),
        ),
        (
            Clock.OPERATIONS_BACKLOG,
            operations,
            share * usual_operations,
            spare_operations_per_week(scenario, horizon, world, twin.surgery),
        ),
        (
            Clock.APPOINTMENTS_BACKLOG,
            appointments,
            share * _usual_week(usually_held),
            spare_appointments_per_week(horizon, world, twin.outpatients),
        ),
    ]
    return tuple(
        _reading(clock, disturbance, tolerance, rule.sustained_days, spare)
        for clock, disturbance, tolerance, spare in series
    )


def spare_operations_per_week(
    scenario: Scenario, horizon: Horizon, world: World, twin: SurgeryRecords
) -> float:
    """Return how many operations a week the lists not used in ordinary running could add.

    Flexible lists that the baseline arm leaves closed, and the lists of recovery policies that can
    be staffed, each for as many operations as an ordinary list of the baseline arm.
    """
    lists = world.theatre_lists
    inside = (lists.start >= horizon.start) & (lists.start < horizon.end)
    staffed = np.zeros(len(EXTRA_LISTS))
    for policy in scenario.policies:
        if isinstance(policy, RecoveryLists):
            staffed[EXTRA_LISTS.index(policy.held)] += policy.staffed_share
    recovery = (lists.extra_kind >= 0) & (lists.extra <= staffed[lists.extra_kind])
    possible = int(np.count_nonzero(inside & (lists.flexible | recovery)))
    used = int(twin.flexible_lists_run[horizon.week_rows].sum())
    run = int(twin.lists_run[horizon.week_rows].sum())
    done = int(np.count_nonzero(horizon.week_of(twin.done_at) >= 0))
    return float(max(0, possible - used)) / horizon.weeks * (float(done) / run if run else 0.0)


def spare_appointments_per_week(horizon: Horizon, world: World, twin: OutpatientRecords) -> float:
    """Return how many places a week ordinary postponements leave free in the baseline arm.

    Those who need no blood results use the same places.
    """
    sessions = world.clinic_sessions
    inside = (sessions.start >= horizon.start) & (sessions.start < horizon.end)
    places = int(sessions.spare[inside].sum())
    used = int(np.count_nonzero(horizon.week_of(twin.postponed_at) >= 0))
    used += int(twin.without_results_postponed[horizon.week_rows].sum())
    return float(max(0, places - used)) / horizon.weeks


def _reading(
    clock: Clock, disturbance: Floats, tolerance: float, sustained_days: int, spare: float
) -> Reading:
    days = days_to_recovery(disturbance, tolerance, sustained_days)
    peak_day = int(np.argmax(disturbance))
    peak = float(max(disturbance[peak_day], 0.0))
    to_peak = (peak_day + 1) / DAYS_PER_WEEK if peak > 0.0 else 0.0
    return Reading(
        clock=clock,
        weeks=None if days is None else days / DAYS_PER_WEEK,
        tolerance=float(tolerance),
        peak=peak,
        fluid_weeks=to_peak + clearing_days(max(0.0, peak - tolerance), capacity=spare, demand=0.0),
    )


def _held(horizon: Horizon, records: OutpatientRecords) -> Floats:
    """Return the appointments held on each day from the onset."""
    held: Floats = horizon.daily(records.done_at)
    held += _from_onset(horizon, records.without_results_done).sum(axis=1)
    return held


def _usual_week(daily: Floats) -> float:
    return float(daily.mean()) * DAYS_PER_WEEK


def _net(horizon: Horizon, usual: Floats, actual: Floats) -> Floats:
    """Return the net backlog at the end of each day from the onset."""
    return np.cumsum(horizon.daily(usual) - horizon.daily(actual))


def _turnaround_shortfall(
    horizon: Horizon, records: PathologyRecords, twin: PathologyRecords
) -> Floats:
    """Return how far the share within standard falls short of the twin's, a value for each day."""
    usual_within, usual_handled = _handled(horizon, twin)
    within, handled = _handled(horizon, records)
    share = np.nan_to_num(divided(within, handled), nan=0.0)
    lost = (usual_within - usual_handled * share).sum(axis=1)
    shortfall = np.nan_to_num(divided(lost, usual_handled.sum(axis=1)), nan=0.0)
    onset_day = round((horizon.onset - horizon.start) / HOURS_PER_DAY)
    return np.repeat(shortfall, round(DAYS_PER_WEEK))[onset_day:]


def _handled(horizon: Horizon, records: PathologyRecords) -> tuple[Floats, Floats]:
    """Return tubes within standard, and reported or expired, float64 (weeks, sources)."""
    rows = horizon.week_rows
    within = records.within_standard[rows].sum(axis=1).astype(np.float64)
    handled = (records.reported[rows] + records.discarded[rows]).sum(axis=1).astype(np.float64)
    return within, handled


def _from_onset(
    horizon: Horizon, daily: np.ndarray[tuple[int, ...], np.dtype[np.generic]]
) -> Floats:
    first = round(horizon.onset / HOURS_PER_DAY)
    return daily[first : first + horizon.days_from_onset].astype(np.float64)
