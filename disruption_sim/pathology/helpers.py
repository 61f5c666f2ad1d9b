"""What mutual aid costs the laboratory that gives it: its turnaround with and without our tubes.

The step that limits a helper is taken as a queue of many servers, G/G/c, in the steady state of an
ordinary day. Its mean wait is the approximation of Allen and Cunneen: the wait of M/M/c (Erlang C)
times half the sum of the squared coefficients of variation of the times between arrivals and of the
service times (A. O. Allen, *Probability, Statistics, and Queueing Theory*, 2nd edition 1990,
section 5.3). It is exact for M/M/c, and for M/G/1 where it is the formula of Pollaczek and
Khinchine.
"""

from __future__ import annotations

import math

from disruption_sim.scenario.model import Helper


def waiting_share(servers: int, load: float) -> float:
    """Return Erlang's C: the share of customers of M/M/c that have to wait.

    Parameters
    ----------
    servers : int
    load : float
        Arrival rate times mean service time, from 0 to below `servers`.

    Raises
    ------
    ValueError
        If the queue has no steady state.
    """
    if not 0.0 <= load < servers:
        raise ValueError(f"a load of {load:.4g} on {servers} servers has no steady state")
    lost = 1.0  # Erlang's B, server by server
    for server in range(1, servers + 1):
        lost = load * lost / (server + load * lost)
    return lost / (1.0 - load / servers * (1.0 - lost))


def waiting_hours(
    servers: int,
    arrivals_per_hour: float,
    service_hours: float,
    arrival_variation: float,
    service_variation: float,
) -> float:
    """Return the mean wait in G/G/c by Allen and Cunneen; variations are coefficients.

    Raises
    ------
    ValueError
        If the queue has no steady state.
    """
    load = arrivals_per_hour * service_hours
    exponential = waiting_share(servers, load) * service_hours / (servers - load)
    return exponential * (arrival_variation**2 + service_variation**2) / 2.0


def helper_turnaround(helper: Helper, our_tubes: float) -> float:
    """Return the mean hours from receipt to report at a helper that takes so many tubes a day.

    Its own tubes and ours wait in one queue, so this is the turnaround of both. The service times
    of the mixture have their mean and their variance from both kinds.

    Raises
    ------
    ValueError
        If it takes more than its people can do.
    """
    own_hours, our_hours = helper.minutes / 60.0, helper.our_minutes / 60.0
    tubes = helper.own_tubes_per_day + our_tubes
    share = our_tubes / tubes
    mean = (1.0 - share) * own_hours + share * our_hours
    second = (1.0 + helper.service_variation**2) * (
        (1.0 - share) * own_hours**2 + share * our_hours**2
    )
    return helper.processing_hours + waiting_hours(
        helper.people,
        tubes / helper.open_hours,
        mean,
        helper.arrival_variation,
        math.sqrt(max(second / mean**2 - 1.0, 0.0)),
    )
