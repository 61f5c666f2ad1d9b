"""What mutual aid costs the laboratory that gives it, against queues whose answer is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from disruption_sim.pathology.helpers import helper_turnaround, waiting_hours, waiting_share
from tests.support.levers import helper

pytestmark = pytest.mark.unit


def state_by_state(servers: int, load: float) -> float:
    """Return the share that waits in M/M/c from the probabilities of its states."""
    weights = [load**n / math.factorial(n) for n in range(servers)]
    waiting = load**servers / math.factorial(servers) * servers / (servers - load)
    return waiting / (math.fsum(weights) + waiting)


@pytest.mark.parametrize(("servers", "load"), [(1, 0.3), (1, 0.95), (3, 2.4), (20, 11.7), (40, 38)])
def test_who_waits_is_erlangs_formula(servers: int, load: float) -> None:
    assert waiting_share(servers, load) == pytest.approx(state_by_state(servers, load), rel=1e-12)


def test_nobody_waits_without_work_and_there_is_no_steady_state_above_capacity() -> None:
    assert waiting_share(4, 0.0) == 0.0
    with pytest.raises(ValueError, match="a load of 4 on 4 servers"):
        waiting_share(4, 4.0)


def test_the_wait_is_exact_for_m_m_c() -> None:
    # Three servers of mean half an hour, 4.8 arrivals an hour: C / (c mu - lambda).
    expected = state_by_state(3, 2.4) / (3 / 0.5 - 4.8)
    assert waiting_hours(3, 4.8, 0.5, 1.0, 1.0) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("variation", [0.0, 0.5, 2.0])
def test_the_wait_is_exact_for_one_server_and_any_service(variation: float) -> None:
    # Pollaczek and Khinchine: lambda E[S^2] / (2 (1 - rho)).
    arrivals, service = 1.6, 0.5
    second = service**2 * (1.0 + variation**2)
    expected = arrivals * second / (2.0 * (1.0 - arrivals * service))
    found = waiting_hours(1, arrivals, service, 1.0, variation)
    assert found == pytest.approx(expected, rel=1e-12)


def test_a_mixture_of_own_and_our_tubes_has_their_mean_and_variance() -> None:
    # One person, arrivals at random, fixed minutes of two lengths: Pollaczek and Khinchine again.
    alone = helper(
        own_tubes_per_day=16.0,
        open_hours=16.0,
        minutes=24.0,
        our_minutes=36.0,
        planned_utilisation=0.5,
        arrival_variation=1.0,
        service_variation=0.0,
        processing_hours=1.0,
    )
    assert alone.people == 1
    second = (16.0 * 0.4**2 + 8.0 * 0.6**2) / 16.0
    busy = (16.0 * 0.4 + 8.0 * 0.6) / 16.0
    expected = 1.0 + second / (2.0 * (1.0 - busy))
    assert helper_turnaround(alone, 8.0) == pytest.approx(expected, rel=1e-12)


def test_the_more_a_helper_takes_the_longer_its_own_patients_wait() -> None:
    laboratory = helper()
    tubes = np.linspace(0.0, laboratory.most_tubes_per_day, 9)
    hours = [helper_turnaround(laboratory, float(count)) for count in tubes]
    assert hours[0] == pytest.approx(laboratory.processing_hours, abs=0.02)
    assert (np.diff(hours) > 0.0).all()
    assert (np.diff(hours, 2) > 0.0).all()
    assert hours[-1] > hours[0] + 5.0 / 60.0


def test_a_helper_with_room_pays_less() -> None:
    tight, roomy = helper(planned_utilisation=0.7), helper(planned_utilisation=0.4)
    price = [
        helper_turnaround(each, 1500.0) - helper_turnaround(each, 0.0) for each in (tight, roomy)
    ]
    assert price[0] > 5.0 * price[1] > 0.0
