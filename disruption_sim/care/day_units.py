"""Day units: chemotherapy, dialysis and infusions, whose results are needed on the day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Generator, Iterable

import numpy as np
import numpy.typing as npt
import simpy

from disruption_sim.care.day_unit_chairs import Chairs
from disruption_sim.care.ports import BloodTests, Codes, Flags, Floats, Numbers
from disruption_sim.care.results import expired, in_order
from disruption_sim.grid import HOURS_PER_DAY, TICKS_PER_HOUR, to_grid
from disruption_sim.randomness import hash_uniform
from disruption_sim.records import Cause, DayUnitRecords
from disruption_sim.scenario.model import Scenario, Source, TubeType
from disruption_sim.world.days import Days
from disruption_sim.world.identities import sample_identities
from disruption_sim.world.model import World
from disruption_sim.world.outpatients import TAKEN_TYPES
from disruption_sim.world.tubes import HourProfile

Integers = npt.NDArray[np.int64]

TYPES = np.array([tuple(TubeType).index(tube_type) for tube_type in TAKEN_TYPES], dtype=np.uint8)
# Appointments of clinics send samples of the same source; their numbers are below this.
FIRST_TREATMENT = 1 << 31


class DayUnits:
    """Every day unit of one arm.

    In the evening of each day the units look back at it. A patient who is not fit for treatment
    (drawn with the world, tested first, so that all arms share it) is postponed for some days.
    Whoever has all results at the start of the shift, or needs none, is treated then. The others
    wait in the unit and are treated when the last result comes. After some time a test at the
    bedside will do for some; the rest are moved when they have waited as long as the unit lets
    them.

    Moved patients get the next free chair of the same unit at the same site. Where there is none
    within some days the unit opens overtime within them, and failing that they get the next chair
    of either kind; who finds none waits until the end. The chair that somebody leaves on the day
    stays empty. Moved patients whose blood is lost, or too old for the new day, give new blood when
    patients of the unit do; a result that is still to come is waited for.

    Parameters
    ----------
    env : simpy.Environment
        At hour 0.
    scenario : Scenario
    world : World
    blood_tests : BloodTests
        The laboratories.
    """

    def __init__(
        self, env: simpy.Environment, scenario: Scenario, world: World, blood_tests: BloodTests
    ) -> None:
        self._env = env
        self._world = world
        self._blood_tests = blood_tests
        self._days = 7 * scenario.calendar.weeks
        self._units = scenario.outpatients.day_units
        unit, treatments = world.day_units.unit, world.day_treatments
        self._chairs = Chairs(scenario, world.day_units)
        source = [tuple(Source).index(self._units[code].sent_as) for code in unit.tolist()]
        self._sender = world.day_units.site.astype(np.int64) * len(Source) + np.array(
            source, dtype=np.int64
        )

        def by_place(values: Iterable[float]) -> Floats:
            found: Floats = np.array([*values, 0.0])[unit]
            return found

        units = self._units
        self._longest_wait = by_place(to_grid(each.longest_wait_hours) for each in units)
        self._bedside_share = by_place(each.bedside_share for each in units)
        self._bedside_after = by_place(to_grid(each.bedside_after_hours) for each in units)
        self._valid_hours = by_place(HOURS_PER_DAY * each.results_valid_days for each in units)
        self._tubes_each = by_place(each.tubes_per_treatment for each in units)
        self._on_the_day_share = by_place(each.taken_on_the_day_share for each in units)
        self._latest_before = by_place(min(each.taken_hours_before) for each in units)
        self._earliest_before = by_place(max(each.taken_hours_before) for each in units)

        count = treatments.start.size
        # Who needs no result and is fit is treated when booked; the units look at the others.
        in_question = treatments.needs_results | treatments.ordinary_postponed
        self._in_question = np.flatnonzero(in_question)
        midnights = HOURS_PER_DAY * np.arange(self._days + 1)
        self._first = np.searchsorted(treatments.start[self._in_question], midnights).tolist()
        self._start: Floats = treatments.start.copy()
        self._tubes: Numbers = treatments.tubes.copy()
        self._occasion = np.zeros(count, dtype=np.int64)
        self._bled = np.zeros(count, dtype=np.int64)
        self._done_at = np.where(in_question, np.nan, treatments.start)
        self._at_the_bedside = np.zeros(count, dtype=np.bool_)
        self._in_overtime = np.zeros(count, dtype=np.bool_)
        self._moved_to: defaultdict[int, list[int]] = defaultdict(list)
        self._waits: list[tuple[Floats, Integers, Floats]] = []
        self._moves: list[tuple[Floats, Integers, Codes]] = []
        self._bedside_key = world.key("day_units.bedside")
        self._way_key = world.key("day_units.new_blood_on_the_day")
        self._blood_key = world.key("day_units.new_blood_hour")
        self._hours = HourProfile.of(scenario.pathology.source(Source.OUTPATIENT).hour_profile)
        # A working day is the last before the days up to the next one; no other day is.
        working = Days.of(scenario.calendar).working
        following = np.append(np.flatnonzero(working), self._days)
        until = following[np.searchsorted(following[:-1], np.arange(self._days), side="right")] + 1
        self._day_before_until = np.where(working, np.minimum(until, self._days), 0).tolist()

    def start(self) -> None:
        """Open the units."""
        if self._units:
            self._env.process(self._work())

    def _work(self) -> Generator[simpy.Event, None, None]:
        evening = max(
            to_grid(unit.last_start_hour + unit.longest_wait_hours) for unit in self._units
        )
        for day in range(self._days):
            now = HOURS_PER_DAY * day + evening
            yield self._env.timeout(now - self._env.now)
            self._blood_tests.advance_to(now)
            booked = self._in_question[self._first[day] : self._first[day + 1]]
            moved = np.array(self._moved_to.pop(day, ()), dtype=np.int64)
            who = np.concatenate([booked, moved])
            if who.size:
                self._look_back(who, day, now)
            if self._moved_to and day + 1 < self._days:
                self._ask_for_blood(day)

    def _look_back(self, who: Integers, day: int, now: float) -> None:
        treatments = self._world.day_treatments
        place, start = treatments.place[who], self._start[who]
        unfit = treatments.ordinary_postponed[who] & (self._occasion[who] == 0)
        # Who needs no result has no tubes: it counts as in hand.
        tubes = self._tubes[who]
        reported: Floats = self._blood_tests.reported_at(tubes.ravel()).reshape(tubes.shape)
        ready = reported.max(axis=1)
        late = ~unfit & ~(ready <= start)
        done = start.copy()
        moved = unfit.copy()
        if late.any():
            rows = np.flatnonzero(late)
            there = place[rows]
            wish = hash_uniform(self._bedside_key, who[rows], self._occasion[who[rows]])
            bedside = wish < self._bedside_share[there]
            longest = np.where(bedside, self._bedside_after[there], self._longest_wait[there])
            in_time = ready[rows] <= start[rows] + longest
            hours = np.where(in_time, ready[rows] - start[rows], longest)
            self._waits.append((start[rows], who[rows], hours))
            self._at_the_bedside[who[rows[bedside & ~in_time]]] = True
            done[rows] += hours
            moved[rows[~in_time & ~bedside]] = True
        self._done_at[who[~moved]] = done[~moved]
        if moved.any():
            rows = np.flatnonzero(moved)
            missing = ~(reported[rows] <= now)
            cause = np.full(rows.size, Cause.RESULTS_NOT_REPORTED, dtype=np.uint8)
            cause[expired(self._blood_tests, tubes[rows], missing, now)] = Cause.SAMPLE_EXPIRED
            cause[unfit[rows]] = Cause.ORDINARY
            self._moves.append((start[rows], who[rows], cause))
            self._move(who[rows], unfit[rows], day)

    def _move(self, who: Integers, unfit: Flags, day: int) -> None:
        """Find new chairs, first for those who were booked first."""
        self._occasion[who] += 1
        order = np.argsort(who)
        who, unfit = who[order], unfit[order]
        place = self._world.day_treatments.place[who]
        days, overtime = self._chairs.take(place, unfit, day)
        found = np.flatnonzero(days >= 0)
        who, place, days, overtime = who[found], place[found], days[found], overtime[found]
        hour = self._world.day_treatments.start[who] % HOURS_PER_DAY
        hour = np.where(overtime, self._chairs.overtime_hour[place], hour)
        self._start[who] = HOURS_PER_DAY * days + hour
        self._in_overtime[who] = overtime
        for new, treatment in zip(days.tolist(), who.tolist(), strict=True):
            self._moved_to[new].append(treatment)

    def _ask_for_blood(self, day: int) -> None:
        """Ask moved patients who need new blood to give it tomorrow.

        Before their treatment tomorrow; or tomorrow as the last working day before it, if that is
        how their blood is taken.
        """
        treatments = self._world.day_treatments
        tomorrow = self._moved_to.get(day + 1, [])
        following = range(day + 2, self._day_before_until[day + 1])
        later = [treatment for other in following for treatment in self._moved_to.get(other, ())]
        who = np.array([*tomorrow, *later], dtype=np.int64)
        first = len(tomorrow)
        wish = hash_uniform(self._way_key, who[first:], self._occasion[who[first:]])
        stays = np.ones(who.size, dtype=np.bool_)
        stays[first:] = wish >= self._on_the_day_share[treatments.place[who[first:]]]
        who = who[stays]
        rows, columns = np.nonzero(self._wanted(who))
        if not rows.size:
            return
        wish = hash_uniform(self._blood_key, who, self._occasion[who])
        latest, earliest = (
            each[treatments.place[who]] for each in (self._latest_before, self._earliest_before)
        )
        taken = self._start[who] - to_grid(latest + wish * (earliest - latest))
        hours = self._hours.ticks(wish[first:]) / TICKS_PER_HOUR
        taken[first:] = HOURS_PER_DAY * (day + 1) + hours
        order = np.argsort(taken[rows], kind="stable")
        patients, columns, taken = who[rows[order]], columns[order], taken[rows[order]]
        self._bled[np.unique(patients)] += 1
        types = TYPES[columns]
        where = self._sender[treatments.place[patients]]
        for sender in np.unique(where).tolist():
            own = np.flatnonzero(where == sender)
            site, source = divmod(sender, len(Source))
            bled = patients[own]
            self._tubes[bled, columns[own]] = self._blood_tests.submit(
                taken[own],
                site,
                source,
                types[own],
                sample_identities(source, FIRST_TREATMENT + bled, self._bled[bled], types[own]),
            )

    def _wanted(self, who: Integers) -> Flags:
        """Return which tubes of some patients have to be taken again, bool (n, 2)."""
        treatments = self._world.day_treatments
        place = treatments.place[who]
        wanted: Flags = treatments.needs_results[who][:, None] & (
            np.arange(len(TYPES)) < self._tubes_each[place][:, None]
        )
        tubes = self._tubes[who]
        taken = wanted & (tubes >= 0)
        rows, _ = np.nonzero(taken)
        oldest = (self._start[who] - self._valid_hours[place])[rows]
        good = self._blood_tests.collected_at(tubes[taken]) >= oldest
        good &= ~self._blood_tests.lost(tubes[taken])
        wanted[taken] = ~good
        return wanted

    def finish(self) -> DayUnitRecords:
        """Return what became of every treatment."""
        waited_at, waiting, hours = in_order(self._waits, (np.float64, np.int64, np.float64))
        moved_at, moved, causes = in_order(self._moves, (np.float64, np.int64, np.uint8))
        treated = np.isfinite(self._done_at)
        return DayUnitRecords(
            done_at=self._done_at,
            at_the_bedside=self._at_the_bedside,
            in_overtime=self._in_overtime & treated,
            waited_at=waited_at,
            waited_treatment=waiting.astype(np.int32),
            waited_hours=hours,
            postponed_at=moved_at,
            postponed_treatment=moved.astype(np.int32),
            postponed_cause=causes,
        )
