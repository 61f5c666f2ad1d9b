"""The theatre timetable: ordinary lists, flexible ones, and those that recovery could add."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from disruption_sim.grid import to_grid
from disruption_sim.randomness import stream
from disruption_sim.scenario.model import Capability, Scenario
from disruption_sim.scenario.theatre_checks import EVENING_GAP_HOURS
from disruption_sim.world.conditions import open_sessions
from disruption_sim.world.days import Days
from disruption_sim.world.flows import Flow, flows
from disruption_sim.world.model import EXTRA_LISTS, TheatreLists

Floats = npt.NDArray[np.float64]

WEEKDAYS, SATURDAYS, WEEKENDS = (0, 1, 2, 3, 4), (5,), (5, 6)
SATURDAY = 5
GOLDEN_RATIO = (5.0**0.5 - 1.0) / 2.0


@dataclass(frozen=True)
class _Kind:
    """One kind of lists of a specialty at a site.

    Attributes
    ----------
    name : str
        Of its stream of draws.
    per_week : float
    days : tuple of int
        Of the week.
    hours : tuple of float
        At which lists may start.
    length : float
        Hours.
    flexible : bool
    extra_kind : int
        Position in ``EXTRA_LISTS``, or -1.
    own : bool
        In the hospital's own theatres, which strikes close and emergencies need.
    """

    name: str
    per_week: float
    days: tuple[int, ...]
    hours: tuple[float, ...]
    length: float
    flexible: bool = False
    extra_kind: int = -1
    own: bool = True


def _kinds(scenario: Scenario, flow: Flow) -> list[_Kind]:
    rules = scenario.surgery
    starts = tuple(float(to_grid(hour)) for hour in rules.session_start_hours)
    hours = starts[:1] if rules.specialties[flow.specialty].sessions_per_list > 1 else starts
    ordinary = flow.lists * rules.base_capacity_share
    length, session = float(to_grid(flow.list_hours)), float(to_grid(rules.session_hours))
    evening = float(to_grid(max(starts) + session + EVENING_GAP_HOURS))
    # As many hours in the evening as there are by day.
    evenings = flow.lists * flow.list_hours / rules.session_hours
    weekend, after_hours, elsewhere = (
        EXTRA_LISTS.index(kind) for kind in ("weekend", "evening", "independent_sector")
    )
    return [
        _Kind("ordinary", ordinary * (1.0 - rules.weekend_share), WEEKDAYS, hours, length),
        _Kind("saturday", ordinary * rules.weekend_share, SATURDAYS, hours, length),
        _Kind(
            "flexible",
            flow.lists * rules.flexible_capacity_share,
            WEEKDAYS,
            hours,
            length,
            flexible=True,
        ),
        _Kind("weekend", flow.lists, WEEKENDS, hours, length, extra_kind=weekend),
        _Kind("evening", evenings, WEEKDAYS, (evening,), session, extra_kind=after_hours),
        _Kind(
            "independent_sector",
            flow.lists,
            WEEKDAYS,
            hours,
            length,
            extra_kind=elsewhere,
            own=False,
        ),
    ]


def _spread_evenly(per_week: float, weeks: int, offset: float) -> Floats:
    """Return moments in weeks at which lists fall when they recur evenly."""
    count = int(np.floor(per_week * weeks + offset))
    moments: Floats = (np.arange(count, dtype=np.float64) + 1.0 - offset) / per_week
    return moments[moments < weeks]


def _evenly_thinned(count: int, offset: float) -> Floats:
    """Return numbers in (0, 1] of which every stretch has about the share u at or below any u.

    Multiples of the golden ratio: a policy that opens some of the lists opens as many every week.
    """
    numbers: Floats = 1.0 - (offset + GOLDEN_RATIO * np.arange(count, dtype=np.float64)) % 1.0
    return numbers


def draw_theatre_lists(scenario: Scenario, days: Days, seed: int, replication: int) -> TheatreLists:
    """Return the timetable: ordinary, flexible and possible recovery lists.

    Notes
    -----
    Lists recur evenly over the half-days of the working week, from a random offset;
    ``weekend_share`` of the ordinary ones are held on Saturdays. Those on bank holidays do not
    happen and conditions close others. Of each kind of recovery lists there are as many as ordinary
    ones (in the evening half-day lists of as many hours), each with a number in (0, 1]: a policy
    of strength u opens the share u of them, evenly over time. Weekend lists are held on both days,
    evening lists after the day's lists on weekdays, those of the independent sector on weekdays.
    Every kind has draws of its own.
    """
    columns: dict[str, list[npt.NDArray[np.generic]]] = {
        name: [] for name in TheatreLists.__dataclass_fields__
    }
    for flow in flows(scenario):
        specialty = scenario.surgery.specialties[flow.specialty]
        site_name = scenario.site_names[flow.site]
        for kind in _kinds(scenario, flow):
            if kind.per_week <= 0.0:
                continue
            purpose = f"theatre_lists.{kind.name}.{site_name}.{specialty.name}"
            rng = stream(seed, replication, purpose)
            moment = _spread_evenly(kind.per_week, scenario.calendar.weeks, rng.random())
            week = np.floor(moment)
            places = len(kind.days) * len(kind.hours)
            slot = np.minimum(np.floor((moment - week) * places).astype(np.int64), places - 1)
            weekday = np.array(kind.days)[slot // len(kind.hours)]
            day = 7 * week.astype(np.int64) + weekday
            start = 24.0 * day + np.array(kind.hours)[slot % len(kind.hours)]
            numbers = _evenly_thinned(start.size, rng.random())
            uniform = rng.random((2, start.size))
            kept = np.ones(start.size, dtype=np.bool_)
            if kind.own:
                kept = open_sessions(scenario, Capability.THEATRES, site_name, start, uniform[0])
            if kind.days != WEEKENDS:
                # A bank holiday is worked like a Sunday.
                kept &= days.weekday[day] == weekday
            displaced = uniform[1] < scenario.surgery.emergency_displacement_share
            found = {
                "start": start,
                "length": np.full(start.size, kind.length),
                "site": np.full(start.size, flow.site, dtype=np.uint8),
                "specialty": np.full(start.size, flow.specialty, dtype=np.uint8),
                "flexible": np.full(start.size, kind.flexible),
                "extra": numbers if kind.extra_kind >= 0 else np.zeros(start.size),
                "extra_kind": np.full(start.size, kind.extra_kind, dtype=np.int8),
                "loses_last_case": displaced & kind.own,
            }
            for name, column in found.items():
                columns[name].append(column[kept])
    if not columns["start"]:
        return _no_lists()
    whole = {name: np.concatenate(parts) for name, parts in columns.items()}
    order = np.lexsort(
        [whole[name] for name in ("extra", "extra_kind", "flexible", "specialty", "site", "start")]
    )
    return TheatreLists(**{name: column[order] for name, column in whole.items()})


def _no_lists() -> TheatreLists:
    """Return the timetable of a scenario in which nobody is operated on."""
    none, codes = np.zeros(0), np.zeros(0, dtype=np.uint8)
    flags = np.zeros(0, dtype=np.bool_)
    return TheatreLists(none, none, codes, codes, flags, none, np.zeros(0, dtype=np.int8), flags)
