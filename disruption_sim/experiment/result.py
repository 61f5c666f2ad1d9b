"""What an experiment found: tidy tables that know their scenario and how they were made."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from importlib import import_module
from pathlib import Path
from typing import Any

import pandas as pd

from disruption_sim.experiment.answer import answer
from disruption_sim.experiment.replication import Failure
from disruption_sim.measures import MEASURE_BY_NAME
from disruption_sim.scenario import Scenario


@dataclass(frozen=True, eq=False, repr=False)
class Result:
    """Baseline, disrupted arm and their difference over paired replications.

    Attributes
    ----------
    scenario : Scenario
    seed : int
    weekly : DataFrame
        ``week_start`` (Monday), ``week`` (1 = week of onset), ``site`` (``all`` included),
        ``measure``, ``arm`` (``baseline``, ``disrupted``, ``excess``), ``mean``, ``q05``, ``q25``,
        ``q50``, ``q75``, ``q95`` (run-to-run variation over replications), ``half_width_95`` (of
        the mean, Student's t), ``n`` (replications). What the measures mean is in
        ``disruption_sim.measures.MEASURES``.
    summary : DataFrame
        The same over the whole horizon, without the week.
    causes : DataFrame
        Postponed operations by ``cause``, ``specialty``, ``priority``, ``site``, ``arm``; rows
        that are 0 in every replication are left out.
    weekly_causes : DataFrame
        By ``week_start``, ``week``, ``site`` (``all`` included), ``cause``, ``arm``.
    recovery : DataFrame
        One row per ``clock``: ``tolerance`` and its ``unit``, ``window_days``, ``median_weeks``
        and ``q05_weeks``, ``q25_weeks``, ``q75_weeks``, ``q95_weeks`` after the onset
        (Kaplan-Meier; NaN = beyond the end of the runs), ``share_recovered``, ``n``,
        ``n_censored`` (runs that end before it is seen), ``followed_weeks``, ``seen_weeks`` (the
        latest recovery that can be seen, as it has to last), ``peak`` and ``fluid_weeks`` (closed
        form).
    operations_ordinary : DataFrame
        Operations of the baseline arm beside what a planner would believe.
    operations_postponed_by : DataFrame
        Postponed operations over the horizon ``by`` one thing at a time (cause, specialty,
        priority, site), ``causes`` (every, incident), ``arm``.
    operations_by_specialty : DataFrame
        Demand, operations, waiting list, postponements and extra waits by ``specialty``, ``arm``.
    operations_waits : DataFrame
        By how much patients waited longer than in the baseline arm, by ``group`` (postponed or
        not), ``priority``, ``item``.
    operations_catching_up : DataFrame
        Which lists did operations more than in the baseline arm, before and after the largest net
        backlog.
    waiting_list_rules : DataFrame
        The rules of Fong et al. for each ``specialty``.
    turnaround : DataFrame
        Of the tubes reported or expired, the share reported within standard, by ``week``,
        ``site`` (boroughs and ``all`` included), ``source``, ``arm``.
    turnaround_by_type, turnaround_by_site, turnaround_by_hour : DataFrame
        Of the tubes reported, the shares within the standard and within the outer limit, and median
        and 90th percentile from receipt and from collection: by week, source and type of tube; by
        period, site, source and type; by period, hour of receipt, source and type.
    fates : DataFrame
        What became of the samples that were to be taken in each week, by ``site``, ``source``,
        ``tube_type`` (``all`` included in each), ``fate``, ``arm``.
    laboratories : DataFrame
        Which mechanism carried which share of the normal volume in each week, and what people of
        laboratories had time to do.
    throughput : DataFrame
        Throughput share of the five weekdays up to dates that matter, beside published figures.
    utilisation : DataFrame
        How busy people and machines of each laboratory were, by week.
    blood_by_route, blood_by_use : DataFrame
        Red cells a week and minutes to blood by the way they came; red cells by what for. By period
        and site.
    blood_not_in_time : DataFrame
        Requests not served in time by week, site, reason, urgency and use.
    blood_stock : DataFrame
        Stock and its turnover by period, site and group, and at the blood service.
    transfusion : DataFrame
        What transfusion laboratories and their suppliers did, by period and site; every unit
        accounted for.
    replications : DataFrame
        ``replication``, ``arm``, ``measure``, ``value``: totals over horizon and sites.
    failures : tuple of Failure
        Replications that could not be finished; the tables are of the others.
    versions : mapping of str to str
    seconds : mapping of str to float
        Time spent by part, mean of a replication; empty if all came from an interrupted run.
    started, finished : datetime
        UTC.
    """

    scenario: Scenario
    seed: int
    weekly: pd.DataFrame
    summary: pd.DataFrame
    causes: pd.DataFrame
    weekly_causes: pd.DataFrame
    recovery: pd.DataFrame
    operations_ordinary: pd.DataFrame
    operations_postponed_by: pd.DataFrame
    operations_by_specialty: pd.DataFrame
    operations_waits: pd.DataFrame
    operations_catching_up: pd.DataFrame
    waiting_list_rules: pd.DataFrame
    turnaround: pd.DataFrame
    turnaround_by_type: pd.DataFrame
    turnaround_by_site: pd.DataFrame
    turnaround_by_hour: pd.DataFrame
    fates: pd.DataFrame
    laboratories: pd.DataFrame
    throughput: pd.DataFrame
    utilisation: pd.DataFrame
    blood_by_route: pd.DataFrame
    blood_by_use: pd.DataFrame
    blood_not_in_time: pd.DataFrame
    blood_stock: pd.DataFrame
    transfusion: pd.DataFrame
    replications: pd.DataFrame
    failures: tuple[Failure, ...]
    versions: Mapping[str, str]
    seconds: Mapping[str, float]
    started: dt.datetime
    finished: dt.datetime

    def __repr__(self) -> str:
        failed = f", {len(self.failures)} failed" if self.failures else ""
        return f"<Result of {self.scenario.name}: n = {len(self.done)}, seed {self.seed}{failed}>"

    @property
    def done(self) -> tuple[int, ...]:
        """Numbers of the replications that were finished."""
        return tuple(int(number) for number in self.replications["replication"].unique())

    @property
    def charts(self) -> Any:
        """The figures: ``result.charts.operations_postponed()`` and the others."""
        return _charts().Charts(self)

    @property
    def answer(self) -> tuple[str, ...]:
        """What happened, in plain sentences."""
        return answer(self.scenario, self.weekly, self.summary, self.recovery)

    def save(self, folder: str | Path, *, overwrite: bool = False, command: str = "") -> Path:
        """Write the results folder, whole or not at all.

        Parameters
        ----------
        folder : str or Path
        overwrite : bool
            Replace a results folder that is already there.
        command : str
            What the user typed, for the manifest.

        Returns
        -------
        Path
            The folder.

        Raises
        ------
        FolderError
            If the folder exists, or cannot be written.
        """
        from disruption_sim.experiment.folder import save_result

        return save_result(self, Path(folder), overwrite=overwrite, command=command)

    def save_charts(self, folder: Path) -> None:
        """Write every figure as PNG and SVG, with its data and its text beside it."""
        _charts().save_all(self, folder)

    def _repr_html_(self) -> str:
        sentences = "".join(f"<li>{escape(line)}</li>" for line in self.answer)
        shown = self.summary[self.summary["site"] == "all"].pivot_table(
            index="measure", columns="arm", values="mean", sort=False
        )
        shown.insert(0, "unit", [MEASURE_BY_NAME[name].unit for name in shown.index])
        shown.index = pd.Index([MEASURE_BY_NAME[name].title for name in shown.index])
        n = len(self.done)
        table = shown.to_html(float_format=_in_figures, na_rep="", escape=True)
        return (
            f"<h3>{escape(self.scenario.title)}</h3><ul>{sentences}</ul>"
            f"<p>Means over {n} replication{'s' if n != 1 else ''}, seed {self.seed}, "
            f"{self.scenario.calendar.horizon_weeks} weeks, all sites.</p>{table}"
        )


def _in_figures(value: float) -> str:
    """Return a number as a planner writes it: no powers of ten, no more digits than are known."""
    size = abs(value)
    return f"{value:,.{0 if size >= 100 or value == 0 else 1 if size >= 10 else 3}f}"


def _charts() -> Any:
    # By name, because figures stand above experiments: nothing here may need them to be computed.
    return import_module("disruption_sim.charts")
