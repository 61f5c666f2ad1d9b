"""Definitions of the measures of transfusion."""

from __future__ import annotations

from disruption_sim.measures.definitions import (
    Kind,
    Measure,
    OverWeeks,
    Worse,
    count,
    level,
    share,
)
from disruption_sim.measures.ways_to_blood import UNMATCHED_GROUP_O, Way
from disruption_sim.records import DeliveryKind

_H, _L, _N = Worse.HIGHER, Worse.LOWER, Worse.NEITHER

_DEFINITION_BY_WAY = {
    Way.ELECTRONIC_ISSUE: "issued by the laboratory system without a crossmatch, when asked for",
    Way.CROSSMATCH: "crossmatched at the bench when they were asked for",
    Way.SET_ASIDE: "crossmatched in advance and set aside for the patient",
    Way.GROUP_SPECIFIC: "of the patient's own group or one that suits it, issued uncrossmatched",
    Way.GROUP_O_UNMATCHED: "of group O that came uncrossmatched because nothing else was in time",
    Way.EMERGENCY_GROUP_O: "of group O given at once, from a satellite fridge or the laboratory's",
}


def _by_way(way: Way) -> Measure:
    return count(
        f"red_cells_{way.name.lower()}",
        f"Red cells: {_lower_case(way.title)}",
        "units",
        _H if way in UNMATCHED_GROUP_O else _N,
        f"Units {_DEFINITION_BY_WAY[way]}; the six ways add up to red_cells_issued.",
    )


def _minutes_by_way(way: Way) -> Measure:
    return Measure(
        f"minutes_to_blood_{way.name.lower()}",
        f"Minutes to blood: {_lower_case(way.title)}",
        "minutes",
        Kind.LEVEL,
        f"Median minutes from the request to units {_DEFINITION_BY_WAY[way]}, each patient once; "
        "over the horizon, the mean of the weeks in which there were any.",
        _H,
        OverWeeks.RATIO,
        by_site=False,
    )


def _deliveries(kind: DeliveryKind, meaning: str) -> Measure:
    words = kind.name.lower().replace("_", " ")
    return count(
        f"blood_deliveries_{kind.name.lower()}",
        f"Deliveries of blood, {words}",
        "deliveries",
        _N if kind is DeliveryKind.ROUTINE else _H,
        meaning,
    )


def _lower_case(title: str) -> str:
    return title[0].lower() + title[1:]


TRANSFUSION: tuple[Measure, ...] = (
    count("red_cells_issued", "Red cells issued", "units", _N, "Units of red cells issued."),
    count(
        "o_negative_issued",
        "O-negative red cells issued",
        "units",
        _H,
        "Units of O-negative red cells issued, to patients of any group.",
    ),
    count(
        "o_positive_issued",
        "O-positive red cells issued",
        "units",
        _N,
        "Units of O-positive red cells issued, to patients of any group.",
    ),
    share(
        "o_negative_share_of_issues",
        "O-negative share of the red cells issued",
        _H,
        "Units of O-negative red cells over all units of red cells issued.",
    ),
    count(
        "unmatched_group_o_issued",
        "Group O issued without matching",
        "units",
        _H,
        "Units of group O issued without crossmatch or electronic issue, emergency units included.",
    ),
    *(_by_way(way) for way in Way),
    *(_minutes_by_way(way) for way in Way),
    count(
        "blood_not_in_time",
        "Blood not there in time",
        "requests",
        _H,
        "Requests of which not everything compatible was there when it was due, in the week in "
        "which it was due.",
    ),
    count(
        "red_cells_withheld",
        "Red cells done without in an alert",
        "units",
        _H,
        "Units not given to routine patients because the blood service is in an alert.",
    ),
    count(
        "red_cells_diverted",
        "Red cells of injured patients taken elsewhere",
        "units",
        _N,
        "Units not asked for because ambulances took the patient to a hospital elsewhere.",
    ),
    count(
        "red_cells_expired",
        "Red cells expired",
        "units",
        _H,
        "Units that outlived their shelf life in a hospital.",
    ),
    count(
        "red_cells_wasted",
        "Red cells wasted",
        "units",
        _H,
        "Units thrown away for other reasons than their age: set aside, not used, and not fit to "
        "go back to stock.",
    ),
    count(
        "red_cells_reserved",
        "Red cells set aside",
        "units",
        _N,
        "Units crossmatched and set aside for a patient for an operation.",
    ),
    count(
        "red_cells_returned",
        "Red cells returned unused",
        "units",
        _N,
        "Units that had been set aside and went back to stock.",
    ),
    _deliveries(DeliveryKind.ROUTINE, "Routine deliveries of the blood service."),
    _deliveries(
        DeliveryKind.AD_HOC, "Extra deliveries ordered because the stock of a group ran low."
    ),
    _deliveries(
        DeliveryKind.EMERGENCY,
        "Deliveries under blue light, ordered because a patient waited or the stock was nearly "
        "gone.",
    ),
    level(
        "o_negative_stock_days_hospital",
        "O-negative stock in the hospitals",
        "days",
        _L,
        "O-negative units in laboratory and satellite fridges, those set aside included, over the "
        "planned use of O-negative a day; mean of the days of the week.",
    ),
    level(
        "o_negative_stock_days_national",
        "O-negative stock of the blood service",
        "days",
        _L,
        "National stock of O-negative over its usual issue a day, mean of the days of the week.",
        by_site=False,
    ),
    level(
        "national_stock_days_lowest_group",
        "Scarcest group at the blood service",
        "days",
        _L,
        "National stock of the group of which there is least, over its usual issue a day; mean of "
        "the days of the week.",
        by_site=False,
    ),
    count(
        "blood_pre_amber_days",
        "Days in pre-amber",
        "days",
        _H,
        "Days that the blood service ended in pre-amber, not worse.",
        by_site=False,
    ),
    count(
        "blood_alert_days",
        "Days in an amber or red alert",
        "days",
        _H,
        "Days that the blood service ended in amber or red.",
        by_site=False,
    ),
    count(
        "group_and_screen_samples",
        "Group-and-screen samples tested",
        "samples",
        _N,
        "Samples that the transfusion benches tested.",
    ),
    count(
        "group_and_screen_samples_by_hand",
        "Group-and-screen samples tested by hand",
        "samples",
        _H,
        "Of those, the ones tested without the laboratory system, so labelled and entered by hand; "
        "those on a standalone analyser with a paper register too.",
    ),
    count(
        "second_samples",
        "Second samples to confirm a group",
        "samples",
        _N,
        "Of the samples tested, those drawn only because the group has to be found twice.",
    ),
    count(
        "wrong_blood_in_tube_expected",
        "Wrong blood in tube, expected",
        "samples",
        _H,
        "Samples expected to hold another patient's blood: a known rate times the samples, higher "
        "for those by hand. Reported, not lived through: nobody in the model is harmed by one.",
    ),
    count(
        "crossmatches",
        "Patients crossmatched",
        "patients",
        _N,
        "Patients for whom units were crossmatched at the bench, in advance or when asked for.",
    ),
    share(
        "transfusion_bench_utilisation",
        "Transfusion bench busy",
        _N,
        "Hours that biomedical scientists worked at the transfusion bench over their hours on "
        "duty; on call, only those for which they were called in.",
    ),
)
"""Measures of transfusion, in the order of the tables."""
