from __future__ import annotations

import math

import numpy as np
import pytest

from disruption_sim.pathology.capacity import Schedule
from disruption_sim.pathology.kernel import LaboratoryKernel
from disruption_sim.pathology.manual_hours import ManualHours
from tests.reference.networks import Row, Station, network, tubes_arriving

pytestmark = pytest.mark.unit

END = 336.0
BY_HAND_FROM, BY_HAND_TO = 101.0, 201.0
ROWS: list[Row] = [
    (-math.inf, 1, 0, 1.0, 0.0),
    (BY_HAND_FROM, 1, 1, 1.0, 0.0),
    (BY_HAND_TO, 1, 0, 1.0, 0.0),
]
"""By hand from the Friday of the first week to the Tuesday of the second."""


def schedule() -> Schedule:
    times, servers, mode, speed, skip_share = zip(*ROWS, strict=True)
    return Schedule(
        np.array(times),
        np.array(servers),
        np.array(mode),
        np.array(speed),
        np.array(skip_share),
        freshest_first=np.zeros(len(times), dtype=np.bool_),
        open=np.ones(len(times), dtype=np.bool_),
    )


def two_stations() -> LaboratoryKernel:
    """One tube every four hours at each of two stations: an hour's work, two by hand."""
    stations = [Station(ROWS, 1.0, manual_hours=2.0), Station(ROWS, 1.0, manual_hours=2.0)]
    arrival = np.repeat(np.arange(0.0, END - 4.0, 4.0), 2)
    tubes = tubes_arriving(arrival, entry_station=np.arange(arrival.size) % 2)
    return LaboratoryKernel(network(stations), tubes, seed=1, replication=0, horizon_hours=END)


@pytest.mark.parametrize("stops", [(), (7.0, 101.0, 102.5, 168.0, 200.5, 201.0, 300.0)])
def test_hours_count_in_their_week_and_only_while_the_station_works_by_hand(
    stops: tuple[float, ...],
) -> None:
    kernel = two_stations()
    hours = ManualHours([schedule(), None], END)
    for stop in (*stops, END):
        hours.follow(kernel, stop)
        kernel.advance_to(stop)
    # At 104, 108 to 164 o'clock 16 tubes in the first week, at 168 to 196 o'clock 8 in the second;
    # the one of 200 o'clock counts until the work by hand ends at 201. The second station works by
    # hand as long, and is not asked about.
    assert hours.by_week(kernel).tolist() == [16 * 2.0, 8 * 2.0 + 1.0]


def test_stations_add_up() -> None:
    kernel = two_stations()
    kernel_hours = ManualHours([schedule(), schedule()], END)
    kernel_hours.follow(kernel, END)
    kernel.advance_to(END)
    assert kernel_hours.by_week(kernel).tolist() == [2 * 32.0, 2 * 17.0]


def test_so_far_is_until_now() -> None:
    kernel = two_stations()
    hours = ManualHours([schedule(), None], END)
    hours.follow(kernel, 150.0)
    kernel.advance_to(150.0)
    assert hours.by_week(kernel).tolist() == [12 * 2.0, 0.0]
