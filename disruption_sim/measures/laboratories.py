"""Measures of the laboratories."""

from __future__ import annotations

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
        "tubes_rejected": by_place(records.rejected),
        "results_flagged": by_place(records.flagged),
        "point_of_care_results": by_place(records.point_of_care),
        "rebleeds": by_place(records.rebled),
        "laboratory_throughput_share": Ratio(reported, usual),
        "laboratory_throughput_share_with_mutual_aid": Ratio(
            reported + elsewhere, usual + usual_elsewhere
        ),
        "turnaround_within_standard_share": Ratio(
            by_place(records.within_standard), reported + by_place(records.discarded)
        ),
        "manual_staff_hours": records.manual_hours[rows],
        "staff_hours_wasted_share": Ratio(
            records.wasted_staff_hours[rows].sum(axis=1), records.staff_hours[rows].sum(axis=(1, 2))
        ),
        "transcription_errors": records.transcription_errors[rows, 0].astype(np.float64),
        "transcription_errors_significant": records.transcription_errors[rows, 1].astype(
            np.float64
        ),
        "helper_turnaround_hours": Ratio(
            np.nan_to_num(records.helper_turnaround_hours[rows]),
            np.isfinite(records.helper_turnaround_hours[rows]).astype(np.float64),
        ),
        "results_on_paper": records.daily_paper_waiting[week_ends].astype(np.float64),
        # The people of a laboratory are busier than any one of the steps they share.
        "busiest_station_utilisation": np.maximum(
            records.utilisation[rows][:, live].max(axis=1),
            records.people_utilisation[rows].max(axis=1),
        ),
        "longest_laboratory_queue": records.longest_queue[rows][:, live]
        .max(axis=1)
        .astype(np.float64),
    }
