"""What happened in the laboratories, put together from the kernel, the intake and the counts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from disruption_sim.disruption import Timeline
from disruption_sim.grid import HOURS_PER_WEEK
from disruption_sim.pathology.capacity import practice, stations, uplift
from disruption_sim.pathology.counting import ReportCounts, RequestCounts, Requests
from disruption_sim.pathology.intake import BY_NUMBER, Intake
from disruption_sim.pathology.kernel import LaboratoryKernel
from disruption_sim.pathology.origins import Origins
from disruption_sim.records import PathologyRecords
from disruption_sim.scenario.model import PEOPLE_STEPS, Scenario, Step
from disruption_sim.step_function import StepFunction
from disruption_sim.world import World
from disruption_sim.world.identities import Identities

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
StructuredArray = npt.NDArray[np.void]


@dataclass(frozen=True, eq=False)
class StaffHours:
    """Hours of people, by week and laboratory.

    Attributes
    ----------
    worked : float64 (weeks, laboratories, people steps)
    on_duty, utilisation, wasted : float64 (weeks, laboratories)
        As in `PathologyRecords`.
    """

    worked: Floats
    on_duty: Floats
    utilisation: Floats
    wasted: Floats

    @classmethod
    def of(cls, scenario: Scenario, station_weeks: StructuredArray) -> StaffHours:
        """Return the hours from what each station did in each week, (weeks, stations)."""
        names = scenario.laboratory_names
        number = {station: row for row, station in enumerate(stations(scenario))}
        shape = (len(station_weeks), len(names))
        worked = np.zeros((*shape, len(PEOPLE_STEPS)))
        on_duty, closing, wasted = np.zeros(shape), np.zeros(shape), np.zeros(shape)
        for laboratory in range(len(names)):
            for column, step in enumerate(PEOPLE_STEPS):
                here = station_weeks[:, number[laboratory, step]]
                worked[:, laboratory, column] = here["busy_hours"]
                # Those of a pool stand at one of its stations.
                on_duty[:, laboratory] += here["offered_hours"]
                closing[:, laboratory] += here["closing_hours"]
            wasted[:, laboratory] = _wasted(
                [
                    station_weeks[:, number[laboratory, step]]
                    for step in scenario.pathology.steps_in_use
                    if step is not Step.GROUP_AND_SCREEN
                ]
            )
        used = worked.sum(axis=2) - closing
        utilisation = np.divide(used, on_duty, out=np.zeros(shape), where=on_duty > 0.0)
        return cls(worked, on_duty, utilisation, wasted)


def _wasted(steps: list[StructuredArray]) -> Floats:
    """Return hours of booking-in spent on tubes lost behind it, or there when it was done.

    A tube is reckoned at the mean hours of those that were booked in in the week.
    """
    booking_in, *behind = steps
    served = booking_in["served"]
    each = np.divide(booking_in["busy_hours"], served, out=np.zeros(len(served)), where=served > 0)
    lost = booking_in["rejected"] + sum(step["discarded"] + step["rejected"] for step in behind)
    hours: Floats = each * lost
    return hours


def recorded(
    scenario: Scenario,
    world: World,
    timeline: Timeline,
    origins: Origins,
    intake: Intake,
    kernel: LaboratoryKernel,
    asked_at_run_time: tuple[Floats, Identities],
    manual_hours: Floats,
) -> PathologyRecords:
    """Return the records of a kernel that has run to the end.

    Parameters
    ----------
    scenario : Scenario
    world : World
    timeline : Timeline
    origins : Origins
    intake : Intake
    kernel : LaboratoryKernel
    asked_at_run_time : float64 and uint64 (n,)
        First collection and identity of the samples behind those of the world.
    manual_hours : float64 (weeks,)
    """
    weeks, end = scenario.calendar.weeks, scenario.calendar.end_hour
    batches = _requests(world, intake, kernel, *asked_at_run_time)
    asked = RequestCounts(weeks, origins.count)
    reports = ReportCounts(scenario, origins, world.key("pathology.transcription"))
    for batch in batches:
        asked.add(kernel, batch)
        reports.add(kernel, batch)
    for elsewhere in (intake.mutual_aid, intake.bedside):
        asked.reopen(batches[0], elsewhere.numbers, elsewhere.reported, end)
    source_weeks, station_weeks = kernel.source_weeks, kernel.station_weeks
    staff = StaffHours.of(scenario, station_weeks)
    spread, reported = origins.spread_out, reports.weekly.sum(axis=2)
    return PathologyRecords(
        **{
            name: spread(source_weeks[name])
            for name in (
                "received", "discarded", "rejected", "rebled", "abandoned", "abandoned_rejected",
            )
        },
        reported=spread(reported[:, :, 0]),
        within_standard=spread(reported[:, :, 1]),
        reported_elsewhere=spread(intake.by_week(intake.mutual_aid)),
        deferred=spread(intake.deferred),
        asked_for=spread(asked.asked_for),
        returned=spread(asked.returned),
        sent_elsewhere=spread(asked.sent_elsewhere),
        point_of_care=spread(asked.at_the_bedside),
        flagged=spread(reports.flagged),
        fates=spread(asked.fates),
        daily_reported=reports.daily,
        turnaround_weekly=spread(reports.weekly),
        turnaround_by_place=spread(reports.by_place),
        turnaround_by_hour=reports.by_hour,
        histogram_weekly=reports.histogram_weekly,
        histogram_by_place=spread(reports.histogram_by_place),
        histogram_by_hour=reports.histogram_by_hour,
        daily_paper_waiting=np.cumsum(reports.paper),
        waiting_at_end=kernel.counts.unreported_in_laboratory,
        station_names=kernel.layout.station_names,
        utilisation=_utilisation(kernel, station_weeks),
        staff_hours=staff.worked,
        staff_on_duty_hours=staff.on_duty,
        people_utilisation=staff.utilisation,
        wasted_staff_hours=staff.wasted,
        reinforcement=weekly_means(uplift(timeline), weeks),
        learning=weekly_means(practice(timeline, end), weeks),
        transcription_errors=reports.transcription_errors,
        helper_turnaround_hours=intake.helper_turnaround_hours,
        manual_hours=manual_hours,
        longest_queue=station_weeks["longest_queue"].astype(np.int64),
        visits=int(station_weeks["served"].sum()),
    )  # fmt: skip


def _requests(
    world: World,
    intake: Intake,
    kernel: LaboratoryKernel,
    collected: Floats,
    identity: Identities,
) -> tuple[Requests, Requests]:
    """Return the requests of the world, and those made at run time."""
    known = len(world.tubes.collected)
    of_the_world = Requests(
        first=0,
        requested=world.tubes.collected,
        collected=intake.tubes.collected,
        arrival=intake.arrival[:known],
        origin=intake.origin[:known],
        tube_type=world.tubes.tube_type,
        fate=intake.fate[:known],
        identity=BY_NUMBER,
    )
    at_run_time = Requests(
        first=known,
        requested=collected,
        collected=collected,
        arrival=intake.arrival[known:],
        origin=intake.origin[known:],
        tube_type=kernel.tube_type[known:],
        fate=intake.fate[known:],
        identity=identity,
    )
    return of_the_world, at_run_time


def _utilisation(kernel: LaboratoryKernel, station_weeks: StructuredArray) -> Floats:
    """Return the share of the offered hours that each station worked, (weeks, stations).

    Of the hours of its pool where it has no servers to itself; 0 where nobody was rostered.
    """
    pool = kernel.layout.pool
    shared = np.bincount(pool, minlength=len(pool))[pool] > 1
    closing = np.where(shared, 0.0, station_weeks["closing_hours"])
    offered = station_weeks["offered_hours"][:, pool]
    share: Floats = np.zeros(offered.shape)
    np.divide(station_weeks["busy_hours"] - closing, offered, out=share, where=offered > 0.0)
    return share


def weekly_means(function: StepFunction, weeks: int) -> Floats:
    """Return the mean of a function of time over each week, float64 (weeks,)."""
    limits = np.unique(
        np.concatenate(
            [
                HOURS_PER_WEEK * np.arange(weeks + 1.0),
                np.clip(np.array(function.times), 0.0, HOURS_PER_WEEK * weeks),
            ]
        )
    )
    lengths, values = np.diff(limits), function.at_many(limits[:-1])
    week = (limits[:-1] // HOURS_PER_WEEK).astype(np.int64)
    return np.bincount(week, lengths * values, minlength=weeks) / HOURS_PER_WEEK
