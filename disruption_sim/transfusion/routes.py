"""By which route a patient gets red cells, and when."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import simpy

from disruption_sim.grid import HOURS_PER_DAY
from disruption_sim.records import BenchJob, Route
from disruption_sim.scenario.model import Scenario
from disruption_sim.transfusion.bench import PLANNED, Bench
from disruption_sim.transfusion.circumstances import Circumstances
from disruption_sim.transfusion.compatibility import SUBSTITUTION, group_o_for
from disruption_sim.transfusion.counter import Counter
from disruption_sim.transfusion.ledger import Ledger
from disruption_sim.transfusion.replenishment import Replenishment
from disruption_sim.transfusion.route_times import RouteTimes
from disruption_sim.transfusion.samples import PatientSamples
from disruption_sim.transfusion.stock import HospitalStock, Taken
from disruption_sim.transfusion.waiting import Patient, Request, WaitingPatients
from disruption_sim.world.model import URGENCIES

IMMEDIATE, URGENT, ROUTINE = (URGENCIES.index(name) for name in ("immediate", "urgent", "routine"))


class Routes:
    """Issues red cells in the laboratories of all hospitals.

    * **Emergency group O** at once for immediate need, out of the satellite fridge, and after some
      minutes out of the laboratory when that is short.
    * **Electronic issue** with working information technology, a tested sample and a confirmed
      group, unless the patient has antibodies or is always crossmatched.
    * **Crossmatch** otherwise, which takes one scientist of the bench for the hands-on minutes and
      the patient the whole time, both longer without information technology, and longer with
      antibodies.
    * **Group-specific**, uncrossmatched, for urgent need where neither can be in time, and for
      immediate need where no group O is left: with a confirmed group, and with information
      technology or a standalone analyser; not with antibodies.
    * **Group O unmatched** for urgent need where nothing else can be in time; not with antibodies,
      unless it is a further pack of a major haemorrhage.

    What an urgent patient waits for is looked at again when there is just time for group O: if no
    scientist has begun by then, group O is given. Group O is O-negative, or O-positive first for
    those to whom it may be and would be given. When no O-negative is left in the hospital,
    O-positive is given to anybody in immediate need.

    A patient for whom there are not enough compatible units gets what there is; the rest is ordered
    in emergency and tried again at every delivery.

    Parameters
    ----------
    env : simpy.Environment
    scenario : Scenario
    circumstances : Circumstances
    times : RouteTimes
    stocks : list of HospitalStock
    benches : list of Bench
    samples : PatientSamples
    waiting : WaitingPatients
    ledger : Ledger
    replenishment : Replenishment
    counter : Counter
    """

    def __init__(
        self,
        env: simpy.Environment,
        scenario: Scenario,
        circumstances: Circumstances,
        times: RouteTimes,
        stocks: list[HospitalStock],
        benches: list[Bench],
        samples: PatientSamples,
        waiting: WaitingPatients,
        ledger: Ledger,
        replenishment: Replenishment,
        counter: Counter,
    ) -> None:
        self._env = env
        self._circumstances = circumstances
        self._times = times
        self._stocks = stocks
        self._benches = benches
        self._samples = samples
        self._waiting = waiting
        self._ledger = ledger
        self._replenishment = replenishment
        self._counter = counter
        self._use_up_days = scenario.transfusion.use_up_o_negative_days
        self._short_of_group_o: list[list[Request]] = [[] for _ in stocks]

    # ------------------------------------------------------------------------------------- asking

    def ask(
        self,
        patient: Patient,
        units: int,
        urgency: int,
        within: float | None = None,
        *,
        massive: bool = False,
        unmatched: bool = False,
        set_aside: Sequence[Taken] = (),
        ready: float = 0.0,
    ) -> None:
        """Ask for blood for a patient now.

        Parameters
        ----------
        patient : Patient
        units : int
            At least 1.
        urgency : int
            Position in ``URGENCIES``.
        within : float, optional
            Hours until it is due, where these are not those of the urgency.
        massive : bool
            A further pack of a major haemorrhage.
        unmatched : bool
            Group O was kept ready for the patient: it is given unless there are antibodies.
        set_aside : sequence of Taken
            Crossmatched beforehand and taken out for the patient now.
        ready : float
            When those are there.
        """
        now = self._env.now
        due = now + (self._times.limits[urgency] if within is None else within)
        request = Request(patient, now, due, units, urgency, massive)
        self._counter.open(request)
        if set_aside:
            self._counter.issue(request, Route.CROSSMATCH, set_aside, ready - now, reserved=True)
            if not request.missing:
                return
        if patient.known == math.inf:
            self._samples.draw(patient, urgency, due)
        if unmatched and not patient.antibodies:
            self._ledger.close_days(now)
            self._give_unmatched(request)
        if request.missing:
            self._find_route(request)

    def serve_waiting(self, site: int) -> None:
        """Try again for those who wait at a site, after a delivery.

        Group O comes first to those who were to have it and found none left; they do not go on
        waiting for a sample or a scientist.
        """
        short, self._short_of_group_o[site] = self._short_of_group_o[site], []
        for request in sorted(short, key=lambda each: (each.urgency, each.due)):
            if request.missing:
                self._give_delivered_group_o(request)
        for request in self._waiting.take_all(site):
            if request.missing:
                self._find_route(request)

    def _give_delivered_group_o(self, request: Request) -> None:
        request.no_stock = True
        if request.urgency == IMMEDIATE:
            self._give_in_emergency(request)
        else:
            self._give_unmatched(request)
        if request.missing:
            self._note_short_of_group_o(request)
        else:
            self._leave_bench(request)

    def _note_short_of_group_o(self, request: Request) -> None:
        short = self._short_of_group_o[request.patient.site]
        if request not in short:
            short.append(request)

    # ----------------------------------------------------------------------------------- choosing

    def _find_route(self, request: Request) -> None:
        """Find a route by what holds now."""
        self._ledger.close_days(self._env.now)
        if request.urgency == IMMEDIATE:
            self._give_in_emergency(request)
            if request.missing:
                self._note_short_of_group_o(request)
                if self._group_specific_instead(request):
                    self._ask_group_specific(request)
                    return
        elif request.urgency == URGENT and not self._matched_in_time(request):
            if self._group_specific_in_time(request):
                self._ask_group_specific(request)
                self._reconsider_later(request)
                return
            if self._may_be_unmatched(request):
                self._give_unmatched(request)
        if request.missing:
            if not self._any_compatible(request):
                self._wait(request)
                return
            self._ask_matched(request)
            self._reconsider_later(request)

    def _may_be_unmatched(self, request: Request) -> bool:
        return request.massive or not request.patient.antibodies

    def _matched_in_time(self, request: Request) -> bool:
        """Whether electronic issue or a crossmatch would come in time, as it looks now."""
        patient, now = request.patient, self._env.now
        wait = self._benches[patient.site].expected_wait(request.urgency)
        start = max(self._samples.expected(patient, wait), now + wait)
        return start + self._matched_hours(patient) <= request.due

    def _group_specific_instead(self, request: Request) -> bool:
        """Whether who found no group O left has blood of the own group, as soon as it can be."""
        patient = request.patient
        return (
            not patient.antibodies
            and self._can_be_grouped(patient.site)
            and self._any_compatible(request)
            and not self._matched_in_time(request)
        )

    def _group_specific_in_time(self, request: Request) -> bool:
        """Whether group-specific blood may be given and would come in time, as it looks now."""
        patient, now = request.patient, self._env.now
        if patient.antibodies or not self._can_be_grouped(patient.site):
            return False
        wait = self._benches[patient.site].expected_wait(request.urgency)
        start = max(patient.sampled, patient.second, now + wait)
        hours = self._times.group_specific(patient.site)
        return start + hours <= request.due

    def _can_be_grouped(self, site: int) -> bool:
        now = self._env.now
        return self._circumstances.electronic(site, now) or self._circumstances.analyser(site, now)

    def _electronic(self, patient: Patient) -> bool:
        """Whether blood is issued electronically for a patient with a known group."""
        return not (
            patient.antibodies or patient.always_crossmatched
        ) and self._circumstances.electronic(patient.site, self._env.now)

    def _matched_hours(self, patient: Patient) -> float:
        if self._electronic(patient):
            return self._times.electronic
        return self._times.crossmatch(patient.site, antibodies=patient.antibodies)

    def _hands_on_matched(self, patient: Patient) -> float:
        if self._electronic(patient):
            return self._times.hands_on_electronic
        return self._times.hands_on_crossmatch(patient.site)

    def _reconsider_later(self, request: Request) -> None:
        """Look again when there is just time for group O."""
        if not request.missing or request.urgency != URGENT or not self._may_be_unmatched(request):
            return
        hours = request.due - self._times.laboratory - self._env.now
        if hours > 0.0:
            self._after(hours, lambda: self._reconsider(request))

    def _reconsider(self, request: Request) -> None:
        if not request.missing or request.no_stock:
            return
        self._ledger.close_days(self._env.now)
        self._give_unmatched(request)
        if request.missing:
            self._note_short_of_group_o(request)
        else:
            self._leave_bench(request)

    def _leave_bench(self, request: Request) -> None:
        """Give up the place in the bench's queue of a request that has been served."""
        if request.job is not None:
            request.job.cancelled = True

    # ---------------------------------------------------------------------------------- the bench

    def _ask_matched(self, request: Request) -> None:
        """Queue for electronic issue or a crossmatch, once the group is known."""
        patient = request.patient
        if patient.known > self._env.now:
            patient.when_known.append(lambda: self._now_known(request))
            return
        self._join(request, self._hands_on_matched(patient), lambda: self._match(request))

    def _now_known(self, request: Request) -> None:
        """Go on with a request whose sample is tested and whose group is confirmed.

        The route is looked for anew: a sample may have been refused or have waited.
        """
        if request.missing:
            self._find_route(request)

    def _match(self, request: Request) -> float:
        """Issue matched blood for a patient whose turn has come; hours a scientist is busy."""
        patient, now = request.patient, self._env.now
        self._begin(request)
        hours = self._matched_hours(patient)
        self._give_unmatched_if_late(request, hours)
        if not request.missing:
            return 0.0
        taken = self._take(request, SUBSTITUTION[patient.blood_group])
        if not taken:
            self._wait(request)
            return 0.0
        electronic = self._electronic(patient)
        route = Route.ELECTRONIC_ISSUE if electronic else Route.CROSSMATCH
        job = BenchJob.ELECTRONIC_ISSUE if electronic else BenchJob.CROSSMATCH
        self._ledger.bench_job(now, patient.site, job)
        self._counter.issue(request, route, taken, hours)
        if request.missing:
            self._wait(request)
        return self._hands_on_matched(patient)

    def _ask_group_specific(self, request: Request) -> None:
        """Queue for group-specific blood, once the samples are in the laboratory."""
        patient, now = request.patient, self._env.now
        delay = max(patient.sampled, patient.second) - now
        if delay > 0.0:
            self._after(delay, lambda: self._ask_group_specific(request))
        elif request.missing:
            hours = self._times.hands_on_group_specific(patient.site)
            self._join(request, hours, lambda: self._give_group_specific(request))

    def _give_group_specific(self, request: Request) -> float:
        patient, now = request.patient, self._env.now
        self._begin(request)
        if not self._can_be_grouped(patient.site):
            self._find_route(request)
            return 0.0
        hours = self._times.group_specific(patient.site)
        self._give_unmatched_if_late(request, hours)
        if not request.missing:
            return 0.0
        taken = self._take(request, SUBSTITUTION[patient.blood_group])
        if not taken:
            self._wait(request)
            return 0.0
        self._ledger.bench_job(now, patient.site, BenchJob.GROUP_SPECIFIC)
        self._counter.issue(request, Route.GROUP_SPECIFIC, taken, hours)
        if request.missing:
            self._wait(request)
        return self._times.hands_on_group_specific(patient.site)

    def _give_unmatched_if_late(self, request: Request, hours: float) -> None:
        """Give group O to the urgent whose blood would now come late, if that comes in time."""
        now = self._env.now
        if (
            request.urgency == URGENT
            and self._may_be_unmatched(request)
            and now + hours > request.due >= now + self._times.laboratory
        ):
            self._give_unmatched(request)

    def _join(self, request: Request, hours: float, work: Callable[[], float]) -> None:
        priority = PLANNED if request.urgency == ROUTINE else request.urgency
        request.job = None
        job = self._benches[request.patient.site].join(priority, request.due, hours, work)
        if not job.begun:
            request.job = job

    def _begin(self, request: Request) -> None:
        """Note, when a scientist begins, how long the request has waited for what."""
        now, job, patient = self._env.now, request.job, request.patient
        self._ledger.close_days(now)
        request.job = None
        joined = now if job is None else job.joined  # None: begun as soon as it came
        known = min(patient.known, joined)
        for_sample = max(known - request.requested - patient.sample_wait, 0.0)
        request.sample_delay = for_sample
        request.bench_wait = now - joined + (patient.sample_wait if for_sample > 0.0 else 0.0)

    # -------------------------------------------------------------------------------------- stock

    def _any_compatible(self, request: Request) -> bool:
        patient = request.patient
        groups = SUBSTITUTION[patient.blood_group]
        return self._stocks[patient.site].available(groups, self._least_last_day(patient)) > 0

    def _least_last_day(self, patient: Patient) -> int:
        return self._today() + patient.least_days if patient.least_days else 0

    def _today(self) -> int:
        return int(self._env.now // HOURS_PER_DAY)

    def _take(self, request: Request, groups: tuple[int, ...]) -> list[Taken]:
        patient = request.patient
        return self._stocks[patient.site].take(
            groups,
            request.missing,
            self._least_last_day(patient),
            -1 if patient.least_days else self._today() + self._use_up_days,
        )

    def _give_in_emergency(self, request: Request) -> None:
        """Give group O at once: out of the satellite, and out of the laboratory."""
        patient = request.patient
        groups = group_o_for(patient.o_positive_allowed, life_at_risk=True)
        taken = self._stocks[patient.site].take_for_emergency(groups, request.missing)
        for satellite, hours in ((True, self._times.satellite), (False, self._times.laboratory)):
            part = [batch for batch in taken if batch.satellite == satellite]
            if part:
                self._counter.issue(request, Route.EMERGENCY_GROUP_O, part, hours)

    def _give_unmatched(self, request: Request) -> None:
        """Give group O out of the laboratory, and of the satellite to those who bleed heavily."""
        patient = request.patient
        stock = self._stocks[patient.site]
        groups = group_o_for(patient.o_positive_allowed, life_at_risk=request.massive)
        taken = stock.take(groups, request.missing)
        if taken:
            self._counter.issue(request, Route.GROUP_O_UNMATCHED, taken, self._times.laboratory)
        if request.missing and request.massive:
            taken = stock.take_for_emergency(groups, request.missing)
            if taken:
                self._counter.issue(request, Route.GROUP_O_UNMATCHED, taken, self._times.satellite)

    def _wait(self, request: Request) -> None:
        patient = request.patient
        request.no_stock = True
        self._waiting.add(request)
        self._replenishment.order_in_emergency(
            patient.site, patient.blood_group, fresh=patient.least_days > 0
        )

    def _after(self, hours: float, call: Callable[[], None]) -> None:
        self._env.timeout(hours).callbacks.append(lambda _: call())
