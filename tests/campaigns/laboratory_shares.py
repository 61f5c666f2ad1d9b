"""How the published shares of normal laboratory work come about at Synnovis: run by hand.

    python -m tests.campaigns.laboratory_shares ladder     # one mechanism left out at a time
    python -m tests.campaigns.laboratory_shares ranges     # one fitted value at an end of its range
    python -m tests.campaigns.laboratory_shares search 10  # ten minutes of local random search

Laboratories alone, without theatres and clinics, eight weeks from the onset, one row a variant: the
share of normal over the five weekdays up to 7, 14, 20 and 27 June, 4 and 11 July 2024; serum tubes
of general practice of week 1 that were never processed; general practice tubes a day in week 2.
The scenario's values were found with `search`, rounded, and taken off the ends of their ranges
where that cost less than two points.
"""

from __future__ import annotations

import datetime as dt
import sys
import warnings
from time import monotonic

import numpy as np

from disruption_sim.disruption import Timeline
from disruption_sim.measures.throughput import throughput_share
from disruption_sim.pathology import Pathology
from disruption_sim.records import Fate, PathologyRecords
from disruption_sim.scenario import Scenario, ScenarioWarning, load_scenario
from disruption_sim.scenario.model import Source, TubeType
from disruption_sim.world import draw_world

DATES = [dt.date(2024, 6, day) for day in (7, 14, 20, 27)]
DATES += [dt.date(2024, 7, day) for day in (4, 11)]
PUBLISHED = {1: 0.10, 3: 0.45, 4: 0.54}
PRACTICE, SERUM = (
    list(Source).index(Source.GENERAL_PRACTICE),
    list(TubeType).index(TubeType.CHEMISTRY),
)

BLOOD = ("chemistry", "haematology", "coagulation")
STAFF = "policies.reinforce_manual_work."
PARTS_OF_THE_MINUTES = {"booking_in": 0.56, "authorisation": 0.187, "reporting": 0.253}
# Fitted values: keys that change together (with the weight of each), low, high.
FITTED: dict[str, tuple[dict[str, float], float, float]] = {
    "manual minutes, all steps": (
        {
            f"pathology.steps.{step}.manual_minutes.{blood}": weight
            for step, weight in PARTS_OF_THE_MINUTES.items()
            for blood in BLOOD
        },
        4.0,
        15.0,
    ),
    "ordinary minutes, booking-in": (
        {f"pathology.steps.booking_in.minutes.{blood}": 1.0 for blood in BLOOD}, 0.75, 2.0,
    ),
    "reinforcement, trigger day": ({f"{STAFF}trigger_day": 1.0}, 0.0, 3.0),
    "reinforcement, lag days": ({f"{STAFF}lag_days": 1.0}, 0.0, 3.0),
    "reinforcement, ramp days": ({f"{STAFF}ramp_days": 1.0}, 2.0, 14.0),
    "reinforcement, uplift": ({f"{STAFF}uplift_share": 1.0}, 0.0, 1.0),
    "learning a week": ({f"{STAFF}learning_per_week": 1.0}, 0.0, 0.25),
    "learning, floor": ({f"{STAFF}learning_floor_share": 1.0}, 0.4, 1.0),
    "outpatient restriction": ({"policies.restrict_outpatients.sources.outpatient": 1.0}, 0.1, 0.6),
}  # fmt: skip

NO_RESTRICTION = [
    f"policies.{name}=0"
    for name in (
        "restrict_general_practice_first_three.sources.general_practice",
        "restrict_general_practice_last_three.sources.general_practice",
        "restrict_outpatients.sources.outpatient",
        "restrict_inpatients.sources.inpatient_routine",
    )
]
LADDER = {
    "as shipped": [],
    "no restriction of demand": NO_RESTRICTION,
    "no reinforcement": [f"{STAFF}uplift_share=0"],
    "no learning": [f"{STAFF}learning_per_week=0"],
    "no mutual aid": [
        f"policies.mutual_aid_{places}.tubes_per_day=0"
        for places in ("lambeth_and_southwark", "bexley_greenwich_and_lewisham", "bromley")
    ],
    "no restoration before 25 July": [
        f"disruptions.laboratory_it_{place}.stages.0.depth=1"
        for place in ("kings", "guys_and_st_thomas", "hub")
    ],
    "8 minutes by hand": [
        f"{key}={8 * weight:.3f}" for key, weight in FITTED["manual minutes, all steps"][0].items()
    ],
    "samples before results": ["pathology.people.takes_first=samples"],
}


def laboratories(scenario: Scenario, seed: int) -> PathologyRecords:
    """Let the laboratories of one arm work alone."""
    pathology = Pathology(scenario, draw_world(scenario, seed, 0), Timeline(scenario))
    pathology.advance_to(scenario.calendar.end_hour)
    return pathology.finish()


def shares(overrides: list[str], seed: int = 1) -> tuple[list[float], int, float]:
    """Return shares of normal, practice serum tubes never processed, practice tubes a day."""
    short = ["calendar.horizon_weeks=8", "calendar.warm_up_weeks=6"]
    scenario = load_scenario("synnovis-2024", [*short, *overrides])
    usual = laboratories(scenario.without_disruption(), seed)
    disrupted = laboratories(scenario, seed)
    first = 7 * scenario.calendar.warm_up_weeks
    fates = disrupted.fates[first : first + 7, :, PRACTICE, SERUM].sum(axis=(0, 1))
    week_2 = scenario.calendar.warm_up_weeks + 1
    return (
        [throughput_share(scenario, disrupted, usual, date) for date in DATES],
        int(fates[Fate.REPORTED_AFTER_REPEAT] + fates[Fate.ABANDONED_EXPIRED]),
        float(disrupted.reported[week_2, :, PRACTICE].sum() / 5),
    )


def row(name: str, overrides: list[str], seed: int = 1) -> float:
    """Print one variant and return how far it is from what was published."""
    found, never, a_day = shares(overrides, seed)
    cells = " ".join(f"{100 * share:5.1f}" for share in found)
    print(f"{name:42} {cells} {never:7,} {a_day:6.0f}", flush=True)
    return float(sum((found[k] - value) ** 2 for k, value in PUBLISHED.items()))


def at(name: str, value: float) -> list[str]:
    """Return the overrides that give a fitted value."""
    keys, _, _ = FITTED[name]
    return [f"{key}={weight * value:.4f}" for key, weight in keys.items()]


def search(minutes: float) -> None:
    """Start from the middle of every range, change three values at a time, keep what is closer."""
    draw = np.random.default_rng(1)
    best = {name: (low + high) / 2 for name, (_, low, high) in FITTED.items()}
    distance, end, tried = np.inf, monotonic() + 60 * minutes, 0
    trial = dict(best)
    while monotonic() < end:
        overrides = [override for name, value in trial.items() for override in at(name, value)]
        found = row(f"{tried}", overrides)
        if found < distance:
            best, distance = dict(trial), found
            print(" ", {name: round(value, 2) for name, value in best.items()}, flush=True)
        tried += 1
        trial = dict(best)
        for name in draw.choice(list(FITTED), 3, replace=False):
            _, low, high = FITTED[name]
            step = draw.normal(0.0, 0.2) * (high - low)
            trial[name] = float(np.clip(trial[name] + step, low, high))


def main(what: str, *arguments: str) -> None:
    """Print the table that is asked for."""
    warnings.simplefilter("ignore", ScenarioWarning)
    print(f"{'':42} " + " ".join(f"{date:%d/%m}" for date in DATES) + "   never  a day")
    if what == "ladder":
        for name, overrides in LADDER.items():
            row(name, overrides)
        for seed in (2, 3, 4):
            row(f"as shipped, seed {seed}", [], seed)
    elif what == "ranges":
        for name, (_, low, high) in FITTED.items():
            row(f"{name} {low:g}", at(name, low))
            row(f"{name} {high:g}", at(name, high))
    elif what == "search":
        search(float(arguments[0]))
    else:
        raise SystemExit(__doc__)


if __name__ == "__main__":
    main(*sys.argv[1:])
