"""Measures of the laboratories."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from disruption_sim.measures.calendar import Floats, Horizon, Integers
from disruption_sim.measures.table import Ratio, Weekly
from disruption_sim.records import PathologyRecords
from disruption_sim.scenario.model import Scenario, Step


def laboratory_measures(
    scenario: Scenario, horizon: Horizon, records: PathologyRecords, twin: PathologyRecords
) -> dict[str, Weekly]:
    """Compute the measures of the laboratories of one arm.

    Parameters
    ----------
    scenario : Scenario
    horizon : Horizon
    records, twin : PathologyRecords
        Of this arm and of the baseline arm.

    Returns
    -------
    dict of name to weekly values
        Tubes of general practices belong to no site and count in all sites together.
    """
    sites = len(scenario.site_names)
    rows = horizon.week_rows

    def by_place(counts: Integers) -> Floats:
        tubes = counts[rows].sum(axis=2).astype(np.float64)
        return np.concatenate([tubes[:, :sites], tubes.sum(axis=1, keepdims=True)], axis=1)

    reported, elsewhere = by_place(records.reported), by_place(records.reported_elsewhere)
    usual, usual_elsewhere = by_place(twin.reported), by_place(twin.reported_elsewhere)
    # Paper to be entered back has a measure of its own.
    live = [not name.endswith(Step.BACK_ENTRY) for name in records.station_names]
    week_ends = slice(horizon.day_rows.start + 6, horizon.day_rows.stop, 7)
    return {
        "tubes_received": by_place(records.received),
        "tubes_reported": reported,
        "tubes_reported_elsewhere": elsewhere,
        "tubes_discarded": by_place(records.discarded),
        "tubes_deferred": by_place(records.deferred),
        "tubes_abandoned": by_place(records.abandoned),
        "rebleeds": by_place(records.rebled),
        "laboratory_throughput_share": Ratio(reported, usual),
        "laboratory_throughput_share_with_mutual_aid": Ratio(
            reported + elsewhere, usual + usual_elsewhere
        ),
        "turnaround_within_standard_share": Ratio(
            by_place(records.within_standard), reported + by_place(records.discarded)
        ),
        "manual_staff_hours": records.manual_hours[rows],
        "results_on_paper": records.daily_paper_waiting[week_ends].astype(np.float64),
        "busiest_station_utilisation": records.utilisation[rows][:, live].max(axis=1),
        "longest_laboratory_queue": records.longest_queue[rows][:, live]
        .max(axis=1)
        .astype(np.float64),
    }


@dataclass(frozen=True)
class Turnaround:
    """Tubes handled and reported within standard, by source.

    Attributes
    ----------
    handled, within_standard : int64 (weeks, sources)
        Of the own laboratories, in the order of ``Source``. A tube that had expired was handled,
        and not within standard.
    """

    handled: Integers
    within_standard: Integers


def turnaround_by_source(horizon: Horizon, records: PathologyRecords) -> Turnaround:
    """Return how many tubes of each source were handled, and how many within its standard."""
    rows = horizon.week_rows
    return Turnaround(
        handled=(records.reported[rows] + records.discarded[rows]).sum(axis=1),
        within_standard=records.within_standard[rows].sum(axis=1),
    )
