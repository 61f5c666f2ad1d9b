"""What an elective-recovery planner asks first, in sentences and small tables."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import fill

import pandas as pd

from disruption_sim.experiment import operations_texts
from disruption_sim.experiment.answer import recovered
from disruption_sim.experiment.operations_tables import (
    BOTH_PHASES,
    EVERY,
    INCIDENT,
    RELIEF_WEEKS,
    REMOVED,
    STANDARD_WEEKS,
)
from disruption_sim.experiment.replication import BASELINE, DISRUPTED, EXCESS
from disruption_sim.experiment.sections import Section
from disruption_sim.experiment.tidy_words import (
    UNKNOWN,
    Write,
    mean_of,
    one_digit,
    percent,
    spread,
    two_digits,
    where,
    whole,
)
from disruption_sim.experiment.turnaround_tables import ALL
from disruption_sim.measures import (
    MEASURE_BY_NAME,
    PRIORITIES,
    Clock,
    Phase,
    SpecialtyItem,
    WaitGroup,
    WaitItem,
)
from disruption_sim.measures.operations_registry import extra_lists_measure, removed_measure
from disruption_sim.measures.ordinary_running import ORDINARY_RUNNING
from disruption_sim.records import Cause, DoneOn, ExtraList, Removal

FLEXIBLE = (DoneOn.FLEXIBLE_LIST,)
RECOVERY = (DoneOn.WEEKEND_LIST, DoneOn.EVENING_LIST, DoneOn.INDEPENDENT_SECTOR)


@dataclass(frozen=True)
class OperationsTables:
    """The tables that are told: of a result, or read back from its folder; see `Result`."""

    summary: pd.DataFrame
    recovery: pd.DataFrame
    operations_ordinary: pd.DataFrame
    operations_postponed_by: pd.DataFrame
    operations_by_specialty: pd.DataFrame
    operations_waits: pd.DataFrame
    operations_catching_up: pd.DataFrame
    waiting_list_rules: pd.DataFrame


def in_short(tables: OperationsTables) -> list[str]:
    """Return the findings as sentences.

    Parameters
    ----------
    tables : OperationsTables
    """
    return _Told(tables).sentences()


def sections(tables: OperationsTables) -> list[Section]:
    """Return the page in its parts.

    Parameters
    ----------
    tables : OperationsTables
    """
    told = _Told(tables)
    return [
        told.ordinary(),
        told.activity(),
        told.causes(),
        told.where("specialty"),
        told.where("priority"),
        told.where("site"),
        told.waits(),
        told.priorities(),
        told.standards(),
        told.catching_up(),
        told.extra_lists(),
        told.specialties(),
        told.rules(),
    ]


@dataclass(frozen=True)
class _Told:
    tables: OperationsTables

    def sentences(self) -> list[str]:
        return [self._postponed(), self._displaced(), self._recovered(), *self._work(), self._fit()]

    def _postponed(self) -> str:
        operations, patients, again = (
            self._total(name, EXCESS)
            for name in (
                "operations_postponed_incident",
                "patients_postponed_incident",
                "operations_postponed_again",
            )
        )
        mean, median = (
            mean_of(self._wait(WaitGroup.POSTPONED_BY_INCIDENT, item))
            for item in (WaitItem.MEAN, WaitItem.MEDIAN)
        )
        longer = (
            f" Those patients waited {one_digit(mean)} weeks longer on average, half of them no "
            f"more than {one_digit(median)}."
            if math.isfinite(mean)
            else ""
        )
        return (
            f"The incident postponed {operations} operations of {patients} patients; {again} more "
            f"than without it were postponed again.{longer}"
        )

    def _displaced(self) -> str:
        here = {
            name: self._total(name, DISRUPTED)
            for name in (
                "patients_displaced",
                "patients_brought_forward",
                "patient_weeks_never_postponed",
                "patient_weeks_displaced",
                "patient_weeks_brought_forward",
                "patient_weeks_of_extra_wait",
            )
        }
        return (
            f"In all, patients waited {here['patient_weeks_of_extra_wait']} patient-weeks longer; "
            f"{here['patient_weeks_never_postponed']} of them are of patients who were never "
            f"postponed: {here['patients_displaced']} of those waited longer "
            f"({here['patient_weeks_displaced']} patient-weeks) and "
            f"{here['patients_brought_forward']} less "
            f"({here['patient_weeks_brought_forward']} patient-weeks)."
        )

    def _recovered(self) -> str:
        table = self.tables.recovery
        row = table[table["clock"] == Clock.OPERATIONS_BACKLOG.value].iloc[0]
        return recovered(row)

    def _work(self) -> list[str]:
        """Say which lists brought the backlog down, where it came down at all."""
        fallen = self._caught_up(Phase.CATCHING_UP, ALL)
        if not fallen >= 1.0:
            return []
        parts = {
            "flexible lists": FLEXIBLE,
            "recovery lists": RECOVERY,
            "fuller ordinary lists": (DoneOn.ORDINARY_LIST,),
            "other hospitals": (DoneOn.OTHER_HOSPITAL,),
        }
        done = {
            name: sum(self._caught_up(Phase.CATCHING_UP, kind.name.lower()) for kind in kinds)
            for name, kinds in parts.items()
        }
        done["removals from the list"] = self._caught_up(Phase.CATCHING_UP, REMOVED)
        told = ", ".join(f"{name} {whole(count)}" for name, count in done.items())
        most = max(done, key=lambda name: done[name])
        return [
            f"Most of the catching up was done by {most}: from its largest the net backlog fell by "
            f"{whole(fallen)} until the end of the run, by so many more than without the incident: "
            f"{told}."
        ]

    def _fit(self) -> str:
        table = self.tables.operations_ordinary
        binding = table[table["binds"] & table["mean"].notna()]
        outside = [
            f"{item.title[0].lower()}{item.title[1:]}"
            for item in ORDINARY_RUNNING
            if item.name in set(binding.loc[~binding["holds"].astype(bool), "item"])
        ]
        if not outside:
            return "Ordinary running is within every range that binds."
        return f"Ordinary running is outside the range that binds for: {'; '.join(outside)}."

    def ordinary(self) -> Section:
        table = self.tables.operations_ordinary
        rows = []
        for item in ORDINARY_RUNNING:
            own = where(table, item=item.name)
            verdict = "unknown"
            if math.isfinite(mean_of(own)):
                verdict = "yes" if bool(own["holds"].iloc[0]) else "no"
            rows.append(
                [
                    item.title,
                    spread(own, percent),
                    f"{percent(item.low)} to {percent(item.high)}",
                    verdict if item.binds else f"{verdict} (guides)",
                ]
            )
        sources = "; ".join(
            f"{item.title[0].lower()}{item.title[1:]}, {item.source}" for item in ORDINARY_RUNNING
        )
        text = fill(operations_texts.ORDINARY_TEXT.format(sources=sources), 100)
        heads = ["Ordinary running, %", "Here", "Believable", "Within"]
        return Section("Ordinary running", text, heads, rows)

    def activity(self) -> Section:
        names = (
            "operations_done",
            "day_cases_done",
            "inpatient_operations_done",
            "operations_at_short_notice",
            "operations_transferred",
            "host_operations_displaced",
            "operations_cancelled_on_the_day",
            "operations_removed",
            *(removed_measure(reason) for reason in Removal),
        )
        rows = [self._measure(name, whole) for name in names]
        rows += [
            self._measure(name, percent)
            for name in (
                "theatre_utilisation",
                "weekday_operations_share",
                "ward_beds_occupied_share",
                "critical_care_beds_occupied_share",
                "ward_beds_lost_share",
            )
        ]
        return Section(
            "What was done", operations_texts.ACTIVITY_TEXT, _both("Operations; shares in %"), rows
        )

    def causes(self) -> Section:
        table = where(self.tables.operations_postponed_by, by="cause", causes=EVERY)
        rows = [
            [cause.title, *self._arms(where(table, item=cause.name.lower()), whole)]
            for cause in Cause
        ]
        total = where(self.tables.summary, measure="operations_postponed", site=ALL)
        rows.append(["Every cause", *self._arms(total, whole)])
        return Section(
            "Postponed, by cause", operations_texts.CAUSES_TEXT, _three("Operations"), rows
        )

    def where(self, by: str) -> Section:
        table = where(self.tables.operations_postponed_by, by=by, causes=INCIDENT, arm=EXCESS)
        every = mean_of(self._summary("operations_postponed_incident", EXCESS))
        rows = []
        for item in table["item"].unique():
            own = where(table, item=item)
            share = mean_of(own) / every if every > 0.0 else math.nan
            rows.append([_titled(item), spread(own, whole), percent(share)])
        rows.append(["All", self._total("operations_postponed_incident", EXCESS), "100.0"])
        heads = [_titled(by), "Because of the incident", "%"]
        return Section(f"Postponed, by {by}", operations_texts.WHERE_TEXT, heads, rows)

    def waits(self) -> Section:
        items: dict[WaitItem, Write] = {
            WaitItem.PATIENTS: whole,
            WaitItem.MEAN: one_digit,
            WaitItem.MEDIAN: one_digit,
            WaitItem.Q90: one_digit,
            WaitItem.OVER_4_WEEKS: percent,
            WaitItem.STILL_WAITING: whole,
            WaitItem.PATIENT_WEEKS: whole,
        }
        rows = [
            [
                group.in_words,
                *(spread(self._wait(group, item), write) for item, write in items.items()),
            ]
            for group in WaitGroup
        ]
        heads = [
            "Weeks longer", "Patients", "Mean", "Median", "90th percentile", "Over 4 weeks, %",
            "Still waiting", "Patient-weeks",
        ]  # fmt: skip
        return Section("Who waited longer", operations_texts.WAITS_TEXT, heads, rows)

    def priorities(self) -> Section:
        late = {"P2": "p2_beyond_window", "P3": "p3_beyond_window"}
        rows = []
        for priority in PRIORITIES:
            cells = [
                spread(self._wait(WaitGroup.POSTPONED_BY_INCIDENT, item, priority), write)
                for item, write in (
                    (WaitItem.PATIENTS, whole),
                    (WaitItem.MEAN, one_digit),
                    (WaitItem.Q90, one_digit),
                    (WaitItem.OVER_4_WEEKS, percent),
                )
            ]
            beyond = (
                [self._total(late[priority], arm) for arm in (BASELINE, DISRUPTED)]
                if priority in late
                else [UNKNOWN, UNKNOWN]
            )
            rows.append([priority, *cells, *beyond])
        heads = [
            "Priority", "Patients", "Mean weeks longer", "90th percentile", "Over 4 weeks, %",
            "Beyond window, without", "with",
        ]  # fmt: skip
        return Section("Waits by priority", operations_texts.PRIORITY_TEXT, heads, rows)

    def standards(self) -> Section:
        counts = ("rebooked_late", "operations_postponed_again", "p2_beyond_window")
        shares = (
            "non_clinical_rebooked_late_share",
            "waiting_within_18_weeks_share",
            "waiting_over_52_weeks_share",
        )
        rows = [self._measure(name, whole) for name in counts]
        rows += [self._measure(name, percent) for name in shares]
        rows.append(self._measure("operations_waiting", whole))
        return Section(
            "Standards", operations_texts.STANDARDS_TEXT, _both("Patients; shares in %"), rows
        )

    def catching_up(self) -> Section:
        table = self.tables.operations_catching_up
        phases = (Phase.BUILDING_UP.name.lower(), Phase.CATCHING_UP.name.lower(), BOTH_PHASES)

        def row(title: str, on: str) -> list[str]:
            own = where(table, on=on)
            return [title, *(spread(where(own, phase=phase), whole) for phase in phases)]

        rows = [row(kind.title, kind.name.lower()) for kind in DoneOn]
        rows += [row("Removed from the list", REMOVED), row("All", ALL)]
        heads = ["More than without the incident", "Building up", "Catching up", "Together"]
        return Section("What catching up took", operations_texts.CATCHING_UP_TEXT, heads, rows)

    def extra_lists(self) -> Section:
        names = (
            "theatre_lists",
            "flexible_lists",
            *(extra_lists_measure(held) for held in ExtraList),
            "recovery_cost_pounds",
        )
        rows = [self._measure(name, whole) for name in names]
        return Section(
            "Lists and their cost", operations_texts.EXTRA_TEXT, _both("Lists; pounds"), rows
        )

    def specialties(self) -> Section:
        table = self.tables.operations_by_specialty
        usual: dict[SpecialtyItem, Write] = {
            SpecialtyItem.REFERRALS: whole,
            SpecialtyItem.DONE: whole,
            SpecialtyItem.WAITING_AT_START: whole,
            SpecialtyItem.WAITING_AT_END: whole,
            SpecialtyItem.WITHIN_18_WEEKS: percent,
            SpecialtyItem.MEAN_WAIT: one_digit,
        }
        because: dict[SpecialtyItem, Write] = {
            SpecialtyItem.POSTPONED_INCIDENT: whole,
            SpecialtyItem.DISPLACED: whole,
            SpecialtyItem.EXTRA_WAIT: whole,
        }
        rows = []
        for specialty in table["specialty"].unique():
            own = where(table, specialty=specialty)
            cells = [
                write(mean_of(where(own, arm=arm, item=item.value)))
                for arm, items in ((BASELINE, usual), (EXCESS, because))
                for item, write in items.items()
            ]
            rows.append([_titled(specialty), *cells])
        heads = [
            "Specialty", "Referrals", "Operations", "Waiting at first", "at last",
            "Within 18 weeks, %", "Mean wait", "Postponed", "Longer, not postponed",
            "Patient-weeks",
        ]  # fmt: skip
        return Section("Specialties", operations_texts.SPECIALTY_TEXT, heads, rows)

    def rules(self) -> Section:
        table = self.tables.waiting_list_rules
        items: dict[str, Write] = {
            "demand_per_week": one_digit,
            "operations_per_week": one_digit,
            "usual_list": whole,
            "longest_list": whole,
            "relief_capacity": one_digit,
            "pressure": two_digits,
            "target_queue": whole,
            "relief_capacity_for_target": one_digit,
        }
        rows = [
            [
                _titled(specialty),
                *(
                    write(mean_of(where(table, specialty=specialty, item=item)))
                    for item, write in items.items()
                ),
            ]
            for specialty in table["specialty"].unique()
        ]
        heads = [
            "Specialty", "Demand a week", "Operations a week", "Usual list", "Longest list",
            "Relief capacity", "Pressure", "List for 18 weeks", "Relief capacity for it",
        ]  # fmt: skip
        text = operations_texts.RULES_TEXT.format(
            relief=f"{RELIEF_WEEKS:.0f}", target=f"{STANDARD_WEEKS:.0f}"
        )
        return Section("Waiting-list rules", text, heads, rows)

    def _measure(self, name: str, write: Write) -> list[str]:
        return [
            MEASURE_BY_NAME[name].title,
            *(spread(self._summary(name, arm), write) for arm in (BASELINE, DISRUPTED)),
        ]

    def _arms(self, table: pd.DataFrame, write: Write) -> list[str]:
        return [spread(where(table, arm=arm), write) for arm in (BASELINE, DISRUPTED, EXCESS)]

    def _summary(self, name: str, arm: str) -> pd.DataFrame:
        return where(self.tables.summary, measure=name, arm=arm, site=ALL)

    def _total(self, name: str, arm: str) -> str:
        return spread(self._summary(name, arm), whole)

    def _wait(self, group: WaitGroup, item: WaitItem, priority: str = ALL) -> pd.DataFrame:
        table = self.tables.operations_waits
        return where(table, group=group.name.lower(), priority=priority, item=item.value)

    def _caught_up(self, phase: Phase, on: str) -> float:
        table = self.tables.operations_catching_up
        return mean_of(where(table, phase=phase.name.lower(), on=on))


def _titled(name: str) -> str:
    """Return the name of a specialty, priority or site as it begins a line."""
    words = name.replace("_", " ")
    return f"{words[0].upper()}{words[1:]}"


def _both(first: str) -> Sequence[str]:
    return [first, "Without the incident", "With it"]


def _three(first: str) -> Sequence[str]:
    return [*_both(first), "Difference"]
