"""What a planner would believe of theatres in ordinary running, and where that comes from."""

from __future__ import annotations

from dataclasses import dataclass

DRIFT = "waiting_list_drift"
"""Name of the growth of the waiting list over the horizon, over its size at the start."""


@dataclass(frozen=True)
class Believable:
    """A range for one number of the baseline arm.

    Attributes
    ----------
    name : str
        Of a measure, or ``DRIFT``.
    title : str
    low, high : float
    binds : bool
        Whether a number outside is a fault of the model, or only a reason to think.
    source : str
    """

    name: str
    title: str
    low: float
    high: float
    binds: bool
    source: str

    def holds(self, value: float) -> bool:
        """Whether a number is within the range."""
        return self.low <= value <= self.high


ORDINARY_RUNNING: tuple[Believable, ...] = (
    Believable(
        "theatre_utilisation",
        "Theatre time used",
        0.80,
        0.88,
        True,
        "above 85 % is the target (Zhang, Dunstan and Pandit 2024), rarely reached",
    ),
    Believable(
        "non_clinical_cancellations_share",
        "Last-minute cancellations for non-clinical reasons",
        0.008,
        0.016,
        True,
        "0.97 % of all elective admissions in England, year to June 2025",
    ),
    Believable(
        "non_clinical_rebooked_late_share",
        "Of these, not done within 28 days",
        0.09,
        0.23,
        False,
        "22 % in England, year to June 2025, and 9 % in 2019",
    ),
    Believable(
        "inpatients_cancelled_on_the_day_share",
        "Inpatient operations cancelled on the day",
        0.08,
        0.15,
        True,
        "14 % in the United Kingdom, one week of March 2017 (Wong 2018)",
    ),
    Believable(
        "weekday_operations_share",
        "Operations from Monday to Friday",
        0.93,
        0.97,
        True,
        "95 % of elective anaesthetics (Kemp 2018)",
    ),
    Believable(
        DRIFT,
        "Growth of the waiting list",
        -0.02,
        0.02,
        True,
        "a list in balance neither grows nor shrinks",
    ),
    Believable(
        "waiting_within_18_weeks_share",
        "Waiting no longer than 18 weeks",
        0.53,
        0.57,
        False,
        "57 and 53 % at the two trusts in early 2024",
    ),
)
