"""Numbers of transfusion accounts as tables by period, with statistics over replications."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from disruption_sim.experiment.statistics import STATISTICS
from disruption_sim.experiment.tidy import SHOWN_ARMS, long_table, with_excess
from disruption_sim.experiment.turnaround_tables import ALL, Outcomes
from disruption_sim.measures import TransfusionAccount
from disruption_sim.measures.calendar import Floats
from disruption_sim.measures.table import divided
from disruption_sim.measures.transfusion_periods import PERIODS
from disruption_sim.scenario import Scenario

BLOOD_SERVICE = "blood_service"
DAYS_PER_WEEK = 7.0

Reader = Callable[[TransfusionAccount], Floats]


def sites_and_all(scenario: Scenario) -> tuple[str, ...]:
    """Return the names of the sites, and of all together."""
    return (*scenario.site_names, ALL)


def with_all_sites(table: npt.NDArray[np.number]) -> Floats:
    """Append all sites together to the second axis, behind that of periods."""
    return _with_all(table.astype(np.float64), 1)


def with_all_kinds(table: npt.NDArray[np.number]) -> Floats:
    """Append all groups, or uses, together to the last axis."""
    return _with_all(table.astype(np.float64), -1)


def _with_all(table: Floats, axis: int) -> Floats:
    return np.concatenate([table, table.sum(axis=axis, keepdims=True)], axis=axis)


def a_week(account: TransfusionAccount, table: Floats) -> Floats:
    """Turn what is added up by period into what there is in a week of it."""
    weeks = (account.days / DAYS_PER_WEEK).reshape(-1, *(1,) * (table.ndim - 1))
    return divided(table, np.broadcast_to(weeks, table.shape))


def samples_of(outcomes: Outcomes, numbers: Reader) -> Floats:
    """Return (replications, arms, ...), the excess as one more arm."""
    return np.stack(
        [with_excess(np.stack([numbers(arm.transfusion) for arm in arms])) for arms in outcomes]
    )


def period_table(
    outcomes: Outcomes, numbers: Reader, axes: Mapping[str, Sequence[str]], *, zeros: bool = False
) -> pd.DataFrame:
    """Make a table by period, without periods that have no days and cells that nobody knows.

    Parameters
    ----------
    outcomes : sequence of sequence of ArmMeasures
    numbers : callable
        Reads float64 (periods, ...) out of an account.
    axes : mapping of column to labels
        In the order of the axes behind that of periods.
    zeros : bool
        Whether to keep cells that are 0 in every replication and both arms.
    """
    samples = samples_of(outcomes, numbers)
    kept = np.logical_or.reduce(np.isfinite(samples), axis=0)
    kept[:, outcomes[0][0].transfusion.days == 0] = False
    if not zeros:
        kept &= (np.nan_to_num(samples) != 0.0).any(axis=(0, 1))
    frame = long_table(samples, {"arm": SHOWN_ARMS, "period": PERIODS, **axes})
    found: pd.DataFrame = frame[kept.ravel()].reset_index(drop=True)
    return found[["period", *axes, "arm", *STATISTICS]]
