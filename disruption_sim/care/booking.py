"""Booking: who is put on which theatre list, some weeks ahead and again about a week ahead."""

from __future__ import annotations

from itertools import groupby, pairwise

import numpy as np

from disruption_sim.care.incident_rules import IncidentRules
from disruption_sim.care.patients import RANK_P2, RANK_P3, RANK_P4, RANK_POSTPONED, Patients
from disruption_sim.care.ports import Blood, Timeline
from disruption_sim.care.pre_assessment import PreAssessment
from disruption_sim.care.theatre_book import TheatreBook
from disruption_sim.care.waiting_list import WaitingList
from disruption_sim.care.working_hours import WorkingHours
from disruption_sim.grid import HOURS_PER_DAY, to_grid
from disruption_sim.records import ExtraList
from disruption_sim.scenario.model import RecoveryLists, Scenario
from disruption_sim.world.days import Days
from disruption_sim.world.flows import early_share
from disruption_sim.world.model import EXTRA_LISTS, World

RANKS = (RANK_P2, RANK_POSTPONED, RANK_P3, RANK_P4)
BOOKING_HOUR = 10.0
"""Hour of every working day at which lists are booked."""
Booked = tuple[int, float]
"""A patient and the start of the list."""
LONGEST_CARRY_SHARE = 0.5
"""Planned time that was left over or overdrawn is carried to the next list up to this share."""
OBSERVED_HOURS = 28 * HOURS_PER_DAY
"""How long before week 1 the usual length of a waiting list is observed."""


class WaitingLists:
    """The waiting list of every site and specialty.

    Parameters
    ----------
    world : World
    patients : Patients
    sites, specialties : int
    """

    def __init__(self, world: World, patients: Patients, sites: int, specialties: int) -> None:
        self._specialties = specialties
        code = world.operations.site.astype(np.int64) * specialties + world.operations.specialty
        order = np.argsort(code, kind="stable")
        limits = np.searchsorted(code[order], np.arange(sites * specialties + 1))
        self._lists = [WaitingList(patients, order[first:last]) for first, last in pairwise(limits)]

    def of(self, site: int, specialty: int) -> WaitingList:
        """Return one waiting list."""
        return self._lists[site * self._specialties + specialty]

    def at_site(self, site: int) -> list[WaitingList]:
        """Return the waiting lists of a site, by specialty."""
        return self._lists[site * self._specialties : (site + 1) * self._specialties]

    def advance_to(self, now: float, site: int) -> None:
        """Let in and let go the patients of a site until now."""
        for waiting in self.at_site(site):
            waiting.advance_to(now)


class Booking:
    """Books the lists of all sites.

    Parameters
    ----------
    scenario : Scenario
    days : Days
    world : World
    timeline : Timeline
    book : TheatreBook
    waiting_lists : WaitingLists
    pre_assessment : PreAssessment
    patients : Patients
    rules : IncidentRules
    blood : Blood

    Notes
    -----
    Lists are booked twice, in order of the waiting list: the first patient whose planned duration
    fits. On a working day ``booking_days_ahead`` some of them are filled, together
    ``early_fill_share`` of the time that P2 patients of the specialty do not need, and not with
    these. ``late_booking_days_ahead`` all others are, and what was left: P2 first, so that they
    wait for days and not for weeks, and find lists on which a long case has room. The plan of a
    list is ``planned_utilisation`` of its length (turnovers included); what one list of a specialty
    stays under it or passes it is carried to its next list, so that lists as a whole are booked to
    the planned utilisation whatever the lengths of the cases.

    Flexible lists are opened at the late booking while more theatre hours are waited for than
    usual, which is the mean over the four weeks before week 1 (until then what there is at hour 0);
    recovery lists on top of that, from week 1 on, for the days on which a policy of recovery lists
    holds, as many as can be staffed.
    Those of the independent sector take only patients who may be operated on there.

    While blood cannot be issued electronically, no more patients who need a crossmatch are booked
    for a day than the bench has places between the huddle before it and its first list, as things
    stand, the most urgent of all specialties first: the others stay on the waiting list until there
    are places, and the time goes to patients who need no blood or may go ahead on group O or
    without a sample. The places of a day are given at its late booking, to P2 first. What had been
    booked before is left to the huddle.
    """

    def __init__(
        self,
        scenario: Scenario,
        days: Days,
        world: World,
        timeline: Timeline,
        book: TheatreBook,
        waiting_lists: WaitingLists,
        pre_assessment: PreAssessment,
        patients: Patients,
        rules: IncidentRules,
        blood: Blood,
    ) -> None:
        surgery = scenario.surgery
        self._patients = patients
        self._rules = rules
        self._blood = blood
        self._book = book
        self._waiting_lists = waiting_lists
        self._pre_assessment = pre_assessment
        self._planned_share = surgery.planned_utilisation
        self._early_share = [early_share(scenario, each) for each in surgery.specialties]
        self._recovery = timeline.policies(RecoveryLists)
        specialties = len(surgery.specialties)
        self._specialties = specialties
        self._week_1 = scenario.calendar.week_1_hour
        self._carry = [0.0] * (len(scenario.site_names) * specialties)
        # Hours that are to be filled early and have not been.
        self._early_hours = [0.0] * len(self._carry)
        self._early_ahead = surgery.booking_days_ahead
        self._late_ahead = surgery.late_booking_days_ahead
        self._hours = WorkingHours(days)
        self._huddle_hour = to_grid(surgery.huddle_hour)
        self._early = self._by_booking_day(self._early_ahead, days.count)
        self._late = self._by_booking_day(self._late_ahead, days.count)

    def start(self, site: int) -> None:
        """Book at hour 0 everything that would have been booked by then.

        Parameters
        ----------
        site : int
        """
        self._waiting_lists.advance_to(0.0, site)
        for waiting in self._waiting_lists.at_site(site):
            waiting.usual_hours = waiting.hours
        booked: list[Booked] = []
        self._fill(self._late[site].get(-1, []), 0.0, booked, late=True)
        self._fill(self._early[site].get(-1, []), 0.0, booked, late=False)
        self._pre_assessment.arrange(site, 0.0, booked)

    def day(self, site: int, now: float) -> None:
        """Book the lists whose booking is due on the day of now.

        Parameters
        ----------
        site : int
        now : float
        """
        self._waiting_lists.advance_to(now, site)
        for waiting in self._waiting_lists.at_site(site):
            if now >= self._week_1:
                waiting.settle()
            elif now >= self._week_1 - OBSERVED_HOURS:
                waiting.observe()
        today = int(now // HOURS_PER_DAY)
        booked: list[Booked] = []
        self._fill(self._late[site].get(today, []), now, booked, late=True)
        self._fill(self._early[site].get(today, []), now, booked, late=False)
        self._pre_assessment.arrange(site, now, booked)

    def _by_booking_day(self, ahead: int, days: int) -> list[dict[int, list[int]]]:
        """Return the lists of each site by the day on which they are booked; -1 before hour 0."""
        due: list[dict[int, list[int]]] = []
        for by_day in self._book.on_day:
            at_site: dict[int, list[int]] = {}
            for list_day in range(days):
                if by_day[list_day]:
                    day = self._hours.last_day_until(list_day - ahead)
                    at_site.setdefault(day, []).extend(by_day[list_day])
            due.append(at_site)
        return due

    def _waiting_list(self, number: int) -> WaitingList:
        return self._waiting_lists.of(self._book.site[number], self._book.specialty[number])

    def _opens(self, number: int, now: float, *, late: bool) -> bool:
        """Return whether a list is open, opening a flexible or recovery list if it is wanted."""
        book = self._book
        if book.closed(number, now):
            return False
        if book.opened[number]:
            return True
        waiting = self._waiting_list(number)
        if not late or waiting.hours <= waiting.usual_hours:
            return False
        if not book.flexible[number]:
            # Nobody plans for an incident that is still to come.
            policy = self._policy_for(number) if now >= self._week_1 else None
            if policy is None:
                return False
            book.cost_pounds[number] = policy.cost_per_list_pounds
        book.opened[number] = 1
        return True

    def _policy_for(self, number: int) -> RecoveryLists | None:
        """Return the policy under which a recovery list is held, if any is strong enough."""
        book = self._book
        share = 0.0
        for policy, strength in self._recovery:
            if EXTRA_LISTS.index(policy.held) == book.extra_list[number]:
                share += policy.staffed_share * strength.at(book.start[number])
                if book.extra[number] <= share:
                    return policy
        return None

    def _target(self, number: int, *, late: bool) -> float:
        """Return the hours that are to be planned on a list."""
        plan = self._planned_share * self._book.length[number]
        if self._book.extra_list[number] == ExtraList.INDEPENDENT_SECTOR:
            return plan
        return plan + self._carry[self._cell(number)] if late else plan

    def _wanted_early(self, number: int) -> bool:
        """Return whether a list is one of those that are filled early."""
        plan, cell = self._target(number, late=False), self._cell(number)
        self._early_hours[cell] += self._early_share[self._book.specialty[number]] * plan
        if self._early_hours[cell] < 0.5 * plan:
            return False
        self._early_hours[cell] -= plan
        return True

    def _cell(self, number: int) -> int:
        return self._book.site[number] * self._specialties + self._book.specialty[number]

    def _take_note(self, number: int, *, late: bool) -> None:
        """Carry what the plan of a list was missed by to the next list of its specialty."""
        cell, length = self._cell(number), self._book.length[number]
        missed = self._target(number, late=late) - self._book.used[number]
        if late:
            bound = LONGEST_CARRY_SHARE * length
            self._carry[cell] = min(max(missed, -bound), bound)
        else:
            self._early_hours[cell] = min(max(self._early_hours[cell] + missed, -length), length)

    def _fill(self, numbers: list[int], now: float, booked: list[Booked], *, late: bool) -> None:
        """Book the lists of one site, given in order of start."""
        book = self._book
        limited = numbers and not self._blood.electronic_issue(book.site[numbers[0]])
        for _, group in groupby(numbers, lambda number: int(book.start[number] // HOURS_PER_DAY)):
            open_lists = [n for n in group if self._opens(n, now, late=late)]
            if not late:
                open_lists = [n for n in open_lists if self._wanted_early(n)]
            if limited:
                own = [n for n in open_lists if book.extra_list[n] != ExtraList.INDEPENDENT_SECTOR]
                self._fill_within_places(own, now, booked, late=late)
                # What the independent sector does needs no blood.
                open_lists = [n for n in open_lists if n not in own]
            for number in open_lists:
                waiting = self._waiting_list(number)
                target, start = self._target(number, late=late), book.start[number]
                elsewhere = book.extra_list[number] == ExtraList.INDEPENDENT_SECTOR
                while True:
                    room = book.room(number, target)
                    patient = waiting.take_first(
                        room, independent_sector=elsewhere, but_p2=not late
                    )
                    if patient is None:
                        break
                    book.book(number, patient)
                    booked.append((patient, start))
                if not elsewhere:
                    self._take_note(number, late=late)

    def _fill_within_places(
        self, numbers: list[int], now: float, booked: list[Booked], *, late: bool
    ) -> None:
        """Book the lists of one site and day with no more for the bench than it has places.

        The lists are booked side by side, P2 on all of them first, so that the places go to the
        most urgent whatever their specialty.
        """
        if not numbers:
            return
        book, patients = self._book, self._patients
        site, day = book.site[numbers[0]], int(book.start[numbers[0]] // HOURS_PER_DAY)
        without_bench = self._rules.without_bench(site, now)

        def needs_place(patient: int) -> bool:
            return patients.may_need_blood[patient] and (
                patients.antibodies[patient] or patients.procedure[patient] not in without_bench
            )

        places = 0
        if late:
            huddle = HOURS_PER_DAY * self._hours.last_day_until(day - 1) + self._huddle_hour
            places = self._blood.places_for_operations(site, HOURS_PER_DAY * day, huddle) - sum(
                needs_place(patient)
                for other in book.on_day[site][day]
                for patient in book.cases[other]
            )
        targets = [self._target(number, late=late) for number in numbers]
        for rank in RANKS:
            for number, target in zip(numbers, targets, strict=True):
                waiting = self._waiting_list(number)
                while True:
                    patient = waiting.take_first(
                        book.room(number, target),
                        blood_only_for=without_bench if places <= 0 else None,
                        but_p2=not late,
                        last_rank=rank,
                    )
                    if patient is None:
                        break
                    places -= needs_place(patient)
                    book.book(number, patient)
                    booked.append((patient, book.start[number]))
        for number in numbers:
            self._take_note(number, late=late)
