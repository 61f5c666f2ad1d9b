"""Every measure a planner reads, defined once: name, unit, how it adds up over weeks, meaning."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from disruption_sim.measures.blood_registry import TRANSFUSION
from disruption_sim.measures.definitions import (
    Kind,
    Measure,
    OverWeeks,
    Worse,
    count,
    level,
    share,
)
from disruption_sim.measures.operations_registry import OPERATIONS

_H, _L, _N = Worse.HIGHER, Worse.LOWER, Worse.NEITHER

_OUTPATIENTS = (
    count(
        "appointments_done",
        "Outpatient appointments held",
        "appointments",
        _L,
        "Outpatient appointments held in person or by telephone, whether or not they need blood "
        "results.",
    ),
    count(
        "appointments_by_telephone",
        "Outpatient appointments held by telephone for want of a result",
        "appointments",
        _N,
        "Outpatient appointments held by telephone because a blood result was missing, with the "
        "result to follow.",
    ),
    count(
        "appointments_postponed",
        "Outpatient appointments postponed, every cause",
        "appointments",
        _H,
        "Postponements, ordinary ones included, in the week in which the appointment was to be.",
    ),
    count(
        "appointments_postponed_incident",
        "Outpatient appointments postponed because of the incident",
        "appointments",
        _H,
        "Postponements whose cause is the incident, whether or not the appointment needs blood "
        "results.",
    ),
    level(
        "appointments_backlog",
        "Net backlog of outpatient appointments",
        "appointments",
        _H,
        "Appointments held since the onset in the baseline arm, less those in this arm, at the end "
        "of the week; 0 in the baseline arm.",
    ),
)

_DAY_UNITS = (
    count(
        "day_treatments_done",
        "Treatments in day units",
        "treatments",
        _L,
        "Treatments in day units started, whether or not they need blood results.",
    ),
    count(
        "day_treatments_postponed",
        "Treatments in day units postponed, every cause",
        "treatments",
        _H,
        "Treatments moved to another day, ordinary ones included, in the week in which they were "
        "to be.",
    ),
    count(
        "day_treatments_postponed_incident",
        "Treatments in day units postponed because of the incident",
        "treatments",
        _H,
        "Treatments moved to another day because a blood result had not come, or the sample was "
        "lost.",
    ),
    count(
        "day_treatments_on_bedside_test",
        "Treatments in day units on a test at the bedside",
        "treatments",
        _N,
        "Treatments in day units started on a test at the bedside because the laboratory had not "
        "reported.",
    ),
    count(
        "day_treatments_in_overtime",
        "Treatments in day units in overtime",
        "treatments",
        _H,
        "Moved treatments started on a chair that was added in the evening or on a Saturday.",
    ),
    count(
        "day_treatment_hours_waited",
        "Hours waited in day units for a result",
        "hours",
        _H,
        "Hours that patients waited in day units for a blood result, whether or not it came.",
    ),
    level(
        "day_treatments_backlog",
        "Net backlog of treatments in day units",
        "treatments",
        _H,
        "Treatments started since the onset in the baseline arm, less those in this arm, at the "
        "end of the week; 0 in the baseline arm.",
    ),
)

_PATHOLOGY = (
    count(
        "tubes_received",
        "Tubes received",
        "tubes",
        _N,
        "Tubes received by the network's own laboratories, re-bleeds included.",
    ),
    count(
        "tubes_reported",
        "Tubes reported",
        "tubes",
        _L,
        "Tubes reported by the network's own laboratories.",
    ),
    count(
        "tubes_reported_elsewhere",
        "Tubes reported by mutual aid",
        "tubes",
        _N,
        "Tubes reported by laboratories outside the network.",
    ),
    count(
        "tubes_discarded",
        "Samples expired",
        "tubes",
        _H,
        "Tubes that had outlived their stability when their turn came.",
    ),
    count(
        "tubes_deferred",
        "Tubes not taken because of restrictions",
        "tubes",
        _N,
        "Tubes whose collection was put off or given up because of a restriction of demand.",
    ),
    count(
        "tubes_rejected",
        "Samples refused",
        "tubes",
        _H,
        "Tubes refused when they were booked in: unlabelled, haemolysed, in the wrong container.",
    ),
    count(
        "tubes_abandoned",
        "Expired or refused samples not taken again",
        "tubes",
        _H,
        "Expired or refused tubes after which no new blood was taken.",
    ),
    count(
        "rebleeds",
        "Re-bleeds",
        "tubes",
        _H,
        "Expired or refused tubes for which new blood was taken.",
    ),
    count(
        "results_flagged",
        "Results of old samples",
        "results",
        _H,
        "Results of sources whose old samples are not thrown away, reported longer after "
        "collection than the sample keeps.",
    ),
    count(
        "point_of_care_results",
        "Tests at the bedside",
        "tests",
        _N,
        "Tests that devices at the bedside did instead of a tube.",
    ),
    share(
        "laboratory_throughput_share",
        "Laboratory throughput as a share of normal",
        _L,
        "Tubes reported by the own laboratories over those of the same week of the baseline arm.",
    ),
    share(
        "laboratory_throughput_share_with_mutual_aid",
        "Tubes reported with mutual aid as a share of normal",
        _L,
        "Tubes reported by own and other laboratories over those of the same week of the baseline "
        "arm.",
    ),
    share(
        "turnaround_within_standard_share",
        "Tubes reported within standard",
        _L,
        "Of the tubes that the own laboratories reported or had to discard, those reported within "
        "the turnaround standard of their source.",
    ),
    count(
        "manual_staff_hours",
        "Staff hours of manual work",
        "hours",
        _H,
        "Hours of staff on booking-in, authorising and reporting by hand.",
        by_site=False,
    ),
    share(
        "staff_hours_wasted_share",
        "Staff hours spent on samples that were lost",
        _H,
        "Of the hours that people of laboratories worked, those of booking in tubes that were "
        "refused then or expired later.",
        by_site=False,
    ),
    count(
        "transcription_errors",
        "Results copied wrongly",
        "results",
        _H,
        "Results reported on paper with any error of transcription.",
        by_site=False,
    ),
    count(
        "transcription_errors_significant",
        "Results copied wrongly in a way that matters",
        "results",
        _H,
        "Results reported on paper with a clinically significant error of transcription.",
        by_site=False,
    ),
    Measure(
        "helper_turnaround_hours",
        "Turnaround of the helpers' own tubes",
        "hours",
        Kind.LEVEL,
        "Mean turnaround of the mutual-aid laboratories' own tubes; over the horizon, the mean of "
        "the weeks in which they help.",
        Worse.HIGHER,
        OverWeeks.RATIO,
        by_site=False,
    ),
    level(
        "results_on_paper",
        "Results on paper only",
        "results",
        _H,
        "Results reported on paper and not yet entered back, at the end of the week.",
        by_site=False,
    ),
    Measure(
        "busiest_station_utilisation",
        "Busiest laboratory station",
        "share",
        Kind.SHARE,
        "Largest share of rostered hours that the people of any laboratory, or any of its other "
        "stations, were busy in the week.",
        Worse.NEITHER,
        OverWeeks.MAXIMUM,
        by_site=False,
    ),
    Measure(
        "longest_laboratory_queue",
        "Longest laboratory queue",
        "tubes",
        Kind.LEVEL,
        "Most tubes that waited at any one station at any moment of the week, those at which paper "
        "is entered back left out.",
        Worse.HIGHER,
        OverWeeks.MAXIMUM,
        by_site=False,
    ),
)

MEASURES: tuple[Measure, ...] = (*OPERATIONS, *_OUTPATIENTS, *_DAY_UNITS, *_PATHOLOGY, *TRANSFUSION)
"""All measures, in the order of the tables."""

MEASURE_BY_NAME: Mapping[str, Measure] = MappingProxyType({item.name: item for item in MEASURES})
"""Every measure under its name."""
