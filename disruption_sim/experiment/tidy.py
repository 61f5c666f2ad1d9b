"""From samples of replications to tidy tables: one row for each cell, with its statistics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from disruption_sim.experiment.replication import ARMS, BASELINE, DISRUPTED, EXCESS
from disruption_sim.experiment.statistics import summarised
from disruption_sim.measures import Horizon
from disruption_sim.measures.calendar import Floats

SHOWN_ARMS = (*ARMS, EXCESS)


def with_excess(by_arm: Floats) -> Floats:
    """Append the excess: the disrupted arm less the baseline arm of the same world."""
    excess = by_arm[ARMS.index(DISRUPTED)] - by_arm[ARMS.index(BASELINE)]
    return np.concatenate([by_arm, excess[None]])


def long_table(samples: Floats, axes: Mapping[str, Sequence[str] | Sequence[int]]) -> pd.DataFrame:
    """Make one row for each cell of the axes, with its statistics over replications.

    Parameters
    ----------
    samples : float64 (replications, ...)
    axes : mapping of column to labels
        In the order of the axes of `samples` behind the first.
    """
    frame = pd.DataFrame(cells(axes))
    for name, values in summarised(samples).items():
        frame[name] = values.ravel()
    return frame.astype({"n": np.int64})


def cells(axes: Mapping[str, Sequence[str] | Sequence[int]]) -> dict[str, object]:
    """Return the columns that name every cell of the axes, the last running fastest."""
    shape = tuple(len(labels) for labels in axes.values())
    positions = np.indices(shape).reshape(len(shape), -1)
    return {
        name: pd.Series(list(labels)).take(positions[axis]).array
        for axis, (name, labels) in enumerate(axes.items())
    }


def happened(
    counts: npt.NDArray[np.integer], axes: Mapping[str, Sequence[str] | Sequence[int]]
) -> pd.DataFrame:
    """Make one row for each cell that is not 0 in every replication.

    Parameters
    ----------
    counts : int (replications, ...)
    axes : mapping of column to labels
        In the order of the axes of `counts` behind the first.
    """
    some = (counts != 0).any(axis=0)
    named = pd.DataFrame(cells(axes))[some.ravel()].reset_index(drop=True)
    found = long_table(counts[:, some].astype(np.float64), {"cell": range(len(named))})
    together: pd.DataFrame = pd.concat([named, found.drop(columns="cell")], axis=1)
    return together


def mondays(horizon: Horizon, week: pd.Series[int]) -> pd.Series[pd.Timestamp]:
    """Return the Monday of each week number."""
    all_mondays = pd.Series(pd.to_datetime(list(horizon.mondays)).as_unit("ms"))
    return all_mondays.take(week.to_numpy() - 1).set_axis(week.index)
