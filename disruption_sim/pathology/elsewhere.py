"""Which tests are done without our laboratories: at the bedside, or by a laboratory that helps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from disruption_sim.disruption import Timeline
from disruption_sim.grid import minutes, to_grid
from disruption_sim.pathology.helpers import helper_turnaround
from disruption_sim.pathology.origins import SOURCES, Origins
from disruption_sim.pathology.policy_steps import span_in_force
from disruption_sim.pathology.travel import AT_THE_BEDSIDE, COMES, ELSEWHERE, TUBE_TYPES
from disruption_sim.randomness import hash_uniform
from disruption_sim.scenario.model import MutualAid, PointOfCare, Scenario, Source, TubeType
from disruption_sim.step_function import StepFunction
from disruption_sim.world.model import Tubes

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Codes = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]

# The part of a helper's turnaround that a single tube takes lies evenly between these.
SHORTEST, LONGEST = 0.7, 1.3
HOURS_PER_DAY = 24.0
DAYS_PER_WEEK = 7


@dataclass(frozen=True, eq=False)
class ResultsElsewhere:
    """Results that do not come from our laboratories.

    Attributes
    ----------
    numbers : int32 (n,)
        Samples, ascending.
    reported : float64 (n,)
        When their results come.
    """

    numbers: Numbers
    reported: Floats

    def of(self, numbers: Numbers) -> Floats:
        """Return when the results of some of these samples come."""
        found: Floats = self.reported[np.searchsorted(self.numbers, numbers)]
        return found

    @classmethod
    def gathered(cls, parts: Sequence[tuple[Numbers, Floats]]) -> ResultsElsewhere:
        """Return the parts as one, in order of sample number."""
        numbers = np.concatenate([np.empty(0, dtype=np.int32), *(part for part, _ in parts)])
        reported = np.concatenate([np.empty(0), *(part for _, part in parts)])
        order = np.argsort(numbers)
        return cls(numbers[order], reported[order])


@dataclass(frozen=True, eq=False)
class Eligible:
    """Samples that a policy could take, tubes of one request side by side.

    Attributes
    ----------
    numbers : int32 (n,)
    request : int32 (n,)
        The first tube taken at the moment and place of each tube.
    """

    numbers: Numbers
    request: Numbers

    @classmethod
    def of(
        cls,
        tubes: Tubes,
        origin: Codes,
        fate: Codes,
        eligible_origin: Flags,
        tube_types: Sequence[TubeType],
        strength: StepFunction,
    ) -> Eligible:
        """Return samples of some origins and types that nobody else took while a policy holds."""
        # Samples stand in order of collection, so only the time of the policy need be looked at.
        low, high = np.searchsorted(tubes.collected, span_in_force(strength))
        span = slice(int(low), int(high))
        wanted = eligible_origin[origin[span]] & (fate[span] == COMES)
        wanted &= np.isin(TUBE_TYPES, tube_types)[tubes.tube_type[span]]
        numbers = (np.flatnonzero(wanted) + low).astype(np.int32)
        alone = np.ones(len(numbers), dtype=np.bool_)
        alone[1:] = (np.diff(tubes.collected[numbers]) != 0.0) | (
            np.diff(origin[numbers].astype(np.int64)) != 0
        )
        request = np.maximum.accumulate(np.where(alone, numbers, 0)).astype(np.int32)
        return cls(numbers, request)

    def only(self, which: Flags) -> Eligible:
        """Return some of them; `which` must be alike for the tubes of a request."""
        return Eligible(self.numbers[which], self.request[which])

    def within_limit(self, period: Integers, order: Floats, limit: Floats) -> Eligible:
        """Return those that go if each period takes only so many tubes, requests whole.

        Parameters
        ----------
        period : int64 (n,)
        order : float64 (n,)
            The smallest of a period go first; alike for the tubes of a request.
        limit : float64 (n,)
            Tubes that the period takes, by what holds at the moment of each.
        """
        rank = np.lexsort((self.numbers, self.request, order, period))
        request, period = self.request[rank], period[rank]
        place = np.arange(len(period)) - np.searchsorted(period, period)
        # A request goes if there is room for the last of its tubes.
        ends = np.append(np.flatnonzero(np.diff(request)), len(request) - 1)
        last = ends[np.searchsorted(ends, np.arange(len(request)))]
        goes = place[last] < np.floor(limit[rank] + 0.5)
        chosen = np.sort(rank[goes])
        return Eligible(self.numbers[chosen], self.request[chosen])


def answer_at_the_bedside(
    scenario: Scenario,
    origins: Origins,
    timeline: Timeline,
    tubes: Tubes,
    origin: Codes,
    fate: Codes,
    key: np.uint64,
) -> ResultsElsewhere:
    """Pick the requests that devices at the bedside answer, and mark their tubes in `fate`.

    A request is within the menu of the devices or not, by one draw for all policies. Those within
    it are tested in the order in which they are made, as many an hour as the devices of the site
    can do; the others need a tube as ever.
    """
    found: list[tuple[Numbers, Floats]] = []
    for policy, strength in timeline.policies(PointOfCare):
        devices = np.array([policy.devices.get(name, 0) for name in origins.places])
        by_site = devices * policy.tests_per_hour
        eligible = Eligible.of(
            tubes,
            origin,
            fate,
            _from_sources(origins, policy.sources) & (devices[origins.place] > 0),
            policy.tube_types,
            strength,
        )
        eligible = eligible.only(hash_uniform(key, eligible.request, 0) < policy.menu_share)
        if not eligible.numbers.size:
            continue
        collected = tubes.collected[eligible.numbers]
        site = origins.place[origin[eligible.numbers]]
        hour = np.floor(collected)
        # What is left of a test at the end of an hour goes on in the next.
        rate = by_site[site] * strength.at_many(collected)
        chosen = eligible.within_limit(
            site * int(scenario.calendar.end_hour + 1.0) + hour.astype(np.int64),
            collected,
            np.floor(rate * (hour + 1.0)) - np.floor(rate * hour),
        )
        fate[chosen.numbers] = AT_THE_BEDSIDE
        result = tubes.collected[chosen.numbers] + minutes(policy.result_minutes)
        found.append((chosen.numbers, result))
    return ResultsElsewhere.gathered(found)


@dataclass(frozen=True, eq=False)
class MutualAidGiven:
    """What other laboratories do for us, before it is known when tubes reach the laboratories.

    Attributes
    ----------
    numbers : int32 (n,)
        Samples, ascending.
    hours : float64 (n,)
        From the time at which they would have arrived here to the report here.
    helper_turnaround_hours : float64 (weeks,)
        Mean turnaround of the helpers' own tubes; NaN if no laboratory gives any help.
    """

    numbers: Numbers
    hours: Floats
    helper_turnaround_hours: Floats

    def reported(self, arrival: Floats) -> ResultsElsewhere:
        """Return the results, given when every sample would have arrived here."""
        return ResultsElsewhere(self.numbers, arrival[self.numbers] + self.hours)


def send_elsewhere(
    scenario: Scenario,
    origins: Origins,
    timeline: Timeline,
    tubes: Tubes,
    origin: Codes,
    fate: Codes,
    key: np.uint64,
) -> MutualAidGiven:
    """Pick the samples that other laboratories take, and mark them in `fate`.

    A policy takes a fair sample of the eligible ones of each day, up to its number. Policies pick
    in file order; none takes what another has. Tubes that are taken at one moment and place stay
    together. The time to the report is the courier's there, the helper's own turnaround with what
    it takes of ours on that day, 0.7 to 1.3 times, and as much as the courier's until we have it.
    """
    days = DAYS_PER_WEEK * scenario.calendar.weeks
    found: list[tuple[Numbers, Floats]] = []
    own, turnaround = np.zeros(days), np.zeros(days)
    for policy, strength in timeline.policies(MutualAid):
        if policy.tubes_per_day == 0.0:
            continue
        places = np.isin(origins.places, list(scenario.places(policy.places)))
        eligible = Eligible.of(
            tubes,
            origin,
            fate,
            _from_sources(origins, policy.sources) & places[origins.place],
            policy.tube_types,
            strength,
        )
        taken = np.zeros(days, dtype=np.int64)
        if eligible.numbers.size:
            collected = tubes.collected[eligible.numbers]
            eligible = eligible.within_limit(
                (collected // HOURS_PER_DAY).astype(np.int64),
                hash_uniform(key, eligible.request, 0),
                policy.tubes_per_day * strength.at_many(collected),
            )
            day = (tubes.collected[eligible.numbers] // HOURS_PER_DAY).astype(np.int64)
            taken = np.bincount(day, minlength=days)
        by_day = _at_each(partial(helper_turnaround, policy.helper), taken)
        own += policy.helper.own_tubes_per_day
        turnaround += policy.helper.own_tubes_per_day * by_day
        if eligible.numbers.size:
            fate[eligible.numbers] = ELSEWHERE
            spread = SHORTEST + (LONGEST - SHORTEST) * hash_uniform(key, eligible.request, 1)
            hours = 2.0 * policy.extra_transport_hours + by_day[day] * spread
            found.append((eligible.numbers, to_grid(hours)))
    gathered = ResultsElsewhere.gathered(found)
    weekly = turnaround.reshape(-1, DAYS_PER_WEEK).sum(axis=1)
    with np.errstate(invalid="ignore"):
        weekly = weekly / own.reshape(-1, DAYS_PER_WEEK).sum(axis=1)
    return MutualAidGiven(gathered.numbers, gathered.reported, weekly)


def _at_each(function: Callable[[float], float], counts: Integers) -> Floats:
    """Return the values of a function at many counts, most of which are the same."""
    different, which = np.unique(counts, return_inverse=True)
    values: Floats = np.array([function(float(count)) for count in different])[which]
    return values


def _from_sources(origins: Origins, sources: Sequence[Source]) -> Flags:
    """Return which origins are of some sources, bool (origins,)."""
    return np.array([SOURCES[source] in sources for source in origins.source])
