"""Tables of operations: postponed, waits, catching up, ordinary running, rules of thumb."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from disruption_sim.experiment.replication import ARMS, BASELINE, DISRUPTED
from disruption_sim.experiment.statistics import STATISTICS
from disruption_sim.experiment.tidy import SHOWN_ARMS, long_table, with_excess
from disruption_sim.experiment.turnaround_tables import ALL, Outcomes
from disruption_sim.measures import (
    MEASURES,
    PRIORITIES,
    ArmMeasures,
    OperationsAccount,
    Phase,
    SpecialtyItem,
    WaitGroup,
    WaitItem,
)
from disruption_sim.measures.calendar import Floats
from disruption_sim.measures.ordinary_running import DRIFT, ORDINARY_RUNNING
from disruption_sim.measures.waiting_list_rules import pressure, relief_capacity, target_queue
from disruption_sim.records import INCIDENT_CAUSES, Cause, DoneOn
from disruption_sim.scenario import Scenario

EVERY, INCIDENT = "every", "incident"
REMOVED = "removed"
BOTH_PHASES = "both"
RELIEF_WEEKS = 26.0
STANDARD_WEEKS = 18.0
RULES = {
    "demand_per_week": "patients a week",
    "operations_per_week": "operations a week",
    "usual_list": "patients",
    "longest_list": "patients",
    "relief_capacity": "operations a week",
    "pressure": "ratio",
    "target_queue": "patients",
    "relief_capacity_for_target": "operations a week",
}


def postponed_by_table(scenario: Scenario, outcomes: Outcomes) -> pd.DataFrame:
    """Return operations postponed over the horizon, by one thing at a time.

    Columns
    -------
    ``by`` (``cause``, ``specialty``, ``priority``, ``site``), ``item``, ``causes`` (``every``, or
    those of the ``incident``), ``arm`` (``excess`` included), statistics over replications. The
    items of each ``by`` add up to the same.
    """
    incident = [cause in INCIDENT_CAUSES for cause in Cause]
    axes = {
        "cause": [cause.name.lower() for cause in Cause],
        "specialty": _specialties(scenario)[:-1],
        "priority": PRIORITIES,
        "site": scenario.site_names,
    }
    whole = _samples(outcomes, lambda arm: arm.causes.whole.astype(np.float64))
    frames = []
    for causes, counts in ((EVERY, whole), (INCIDENT, whole[:, :, incident])):
        for axis, (by, items) in enumerate(axes.items(), start=2):
            others = tuple(place for place in range(2, counts.ndim) if place != axis)
            if causes == INCIDENT and by == "cause":
                items = [item for item, kept in zip(items, incident, strict=True) if kept]
            table = long_table(counts.sum(axis=others), {"arm": SHOWN_ARMS, "item": list(items)})
            frames.append(table.assign(by=by, causes=causes))
    frame: pd.DataFrame = pd.concat(frames, ignore_index=True)
    return frame[["by", "item", "causes", "arm", *STATISTICS]]


def by_specialty_table(scenario: Scenario, outcomes: Outcomes) -> pd.DataFrame:
    """Return what is said of each specialty over the horizon.

    Columns
    -------
    ``specialty`` (``all`` included), ``item``, ``unit``, ``arm`` (``excess`` included), statistics
    over replications.
    """
    samples = _samples(outcomes, lambda arm: arm.operations.specialties)
    items = [item.value for item in SpecialtyItem]
    frame = long_table(
        samples, {"arm": SHOWN_ARMS, "specialty": _specialties(scenario), "item": items}
    )
    frame["unit"] = [SpecialtyItem(item).unit for item in frame["item"]]
    return frame[["specialty", "item", "unit", "arm", *STATISTICS]]


def waits_table(outcomes: Outcomes) -> pd.DataFrame:
    """Return by how much patients of the disrupted arm waited longer than in the baseline arm.

    Columns
    -------
    ``group``, ``priority`` (``all`` included), ``item``, statistics over replications.
    """
    samples = np.stack([account.extra_waits for account in _accounts(outcomes, DISRUPTED)])
    axes = {
        "group": [group.name.lower() for group in WaitGroup],
        "priority": [*PRIORITIES, ALL],
        "item": [item.value for item in WaitItem],
    }
    return long_table(samples, axes)


def catching_up_table(outcomes: Outcomes) -> pd.DataFrame:
    """Return the operations of the disrupted arm more than in the baseline arm, by kind of list.

    Columns
    -------
    ``phase`` (``building_up`` until the end of the week of the largest net backlog, ``catching_up``
    from then to the end, ``both``), ``on`` (``DoneOn`` in small letters, ``removed`` from the list
    untreated, ``all``), statistics over replications. Over all it is what the net backlog fell by.
    """
    samples = np.stack([account.caught_up for account in _accounts(outcomes, DISRUPTED)])
    samples = np.concatenate([samples, samples.sum(axis=1, keepdims=True)], axis=1)
    samples = np.concatenate([samples, samples.sum(axis=2, keepdims=True)], axis=2)
    axes = {
        "phase": [*(phase.name.lower() for phase in Phase), BOTH_PHASES],
        "on": [*(kind.name.lower() for kind in DoneOn), REMOVED, ALL],
    }
    return long_table(samples, axes)


def ordinary_table(outcomes: Outcomes) -> pd.DataFrame:
    """Return ordinary running, the baseline arm, beside what a planner would believe.

    Columns
    -------
    ``item``, statistics over replications, ``low``, ``high``, ``holds`` (the mean is within),
    ``binds`` (outside is a fault, not only a reason to think), ``source``.
    """
    names = [measure.name for measure in MEASURES]
    baseline = [arms[ARMS.index(BASELINE)] for arms in outcomes]

    def number(arm: ArmMeasures, name: str) -> float:
        if name == DRIFT:
            start, end = (
                _of_all(arm.operations, item)
                for item in (SpecialtyItem.WAITING_AT_START, SpecialtyItem.WAITING_AT_END)
            )
            return end / start - 1.0 if start > 0.0 else float("nan")
        return float(arm.table.total[names.index(name), -1])

    samples = np.array([[number(arm, item.name) for item in ORDINARY_RUNNING] for arm in baseline])
    frame = long_table(samples, {"item": [item.name for item in ORDINARY_RUNNING]})
    return frame.assign(
        low=[item.low for item in ORDINARY_RUNNING],
        high=[item.high for item in ORDINARY_RUNNING],
        holds=[
            item.holds(mean) for item, mean in zip(ORDINARY_RUNNING, frame["mean"], strict=True)
        ],
        binds=[item.binds for item in ORDINARY_RUNNING],
        source=[item.source for item in ORDINARY_RUNNING],
    )


def rules_table(scenario: Scenario, outcomes: Outcomes) -> pd.DataFrame:
    """Return the waiting-list rules of Fong et al. for each specialty.

    Columns
    -------
    ``specialty`` (``all`` included), ``item``, ``unit``, statistics over replications.

    Notes
    -----
    Demand is referrals less removals, both of the baseline arm, as its operations a week. The
    longest list is the one of the week in which it is furthest above that of the baseline arm,
    which is the usual list; relief capacity brings it back in 26 weeks. Pressure, and the target
    queue with the relief capacity that leads to it, are of the baseline arm against 18 weeks.
    """
    pairs = zip(_accounts(outcomes, DISRUPTED), _accounts(outcomes, BASELINE), strict=True)
    samples = np.stack([_rules(here, usual) for here, usual in pairs])
    frame = long_table(samples, {"specialty": _specialties(scenario), "item": list(RULES)})
    frame["unit"] = frame["item"].map(RULES)
    return frame[["specialty", "item", "unit", *STATISTICS]]


def _rules(here: OperationsAccount, usual: OperationsAccount) -> Floats:
    """Return the rules in one world, float64 (specialties + 1, items)."""
    columns = dict(zip(SpecialtyItem, usual.specialties.T, strict=True))
    demands = columns[SpecialtyItem.REFERRALS] - columns[SpecialtyItem.REMOVED]
    worst = np.argmax(here.waiting - usual.waiting, axis=0)
    rows = []
    for place, demand in enumerate(demands):
        longest = here.waiting[worst[place], place]
        before = usual.waiting[worst[place], place]
        target = target_queue(demand, STANDARD_WEEKS)
        found = {
            "demand_per_week": demand,
            "operations_per_week": columns[SpecialtyItem.DONE][place],
            "usual_list": before,
            "longest_list": longest,
            "relief_capacity": relief_capacity(demand, longest, before, RELIEF_WEEKS),
            "pressure": pressure(columns[SpecialtyItem.MEAN_WAIT][place], STANDARD_WEEKS),
            "target_queue": target,
            "relief_capacity_for_target": relief_capacity(demand, before, target, RELIEF_WEEKS),
        }
        rows.append([float(found[item]) for item in RULES])
    return np.array(rows)


def _accounts(outcomes: Outcomes, arm: str) -> list[OperationsAccount]:
    return [arms[ARMS.index(arm)].operations for arms in outcomes]


def _samples(outcomes: Outcomes, numbers: Callable[[ArmMeasures], Floats]) -> Floats:
    """Return numbers of both arms and their excess, float64 (replications, 3, ...)."""
    return np.stack([with_excess(np.stack([numbers(arm) for arm in arms])) for arms in outcomes])


def _of_all(account: OperationsAccount, item: SpecialtyItem) -> float:
    return float(account.specialties[-1, list(SpecialtyItem).index(item)])


def _specialties(scenario: Scenario) -> list[str]:
    return [*(specialty.name for specialty in scenario.surgery.specialties), ALL]
