"""What the incident does to the transfusion service, in some sentences."""

from __future__ import annotations

import pandas as pd

from disruption_sim.experiment.replication import BASELINE, DISRUPTED, EXCESS
from disruption_sim.experiment.tidy_words import (
    Write,
    mean_of,
    one_digit,
    percent,
    spread,
    where,
    whole,
)
from disruption_sim.experiment.transfusion_periods import BLOOD_SERVICE
from disruption_sim.experiment.transfusion_reading import (
    DISTURBED,
    PHASES,
    SCARCEST,
    WHOLE_RUN,
    TransfusionTables,
)
from disruption_sim.experiment.turnaround_tables import ALL
from disruption_sim.measures import Way
from disruption_sim.records import Late

NOTHING_LOST = "Transfusion information technology is not lost in this scenario."


def in_short(tables: TransfusionTables) -> list[str]:
    """Return the findings as sentences.

    Parameters
    ----------
    tables : TransfusionTables
    """

    def usually(part: str, item: str, write: Write) -> str:
        return spread(tables.item(part, item, WHOLE_RUN, BASELINE), write)

    ordinary = (
        f"In ordinary running {usually('issues', 'red_cells', whole)} units a week are issued, "
        f"{usually('issues', 'o_negative_share', percent)} % of them O-negative; "
        f"{usually('not_in_time', ALL, one_digit)} requests a week are not served in time."
    )
    if tables.period != DISTURBED:
        return [ordinary, NOTHING_LOST]
    return [ordinary, *_of_the_outage(tables)]


def _of_the_outage(tables: TransfusionTables) -> list[str]:
    def instead(here: pd.DataFrame, usual: pd.DataFrame, write: Write) -> str:
        return f"{spread(here, write, '0')} instead of {spread(usual, write, '0')}"

    by_way = where(tables.blood_by_route, period=DISTURBED, site=ALL, item="units_a_week")

    def units(way: Way, words: str) -> str:
        here, usual = (
            by_way[(by_way["way"] == way.name.lower()) & (by_way["arm"] == arm)]
            for arm in (DISRUPTED, BASELINE)
        )
        return f"{spread(here, whole, '0')} {words} instead of {spread(usual, whole, '0')}"

    more = spread(tables.item("issues", "o_negative", DISTURBED, EXCESS), one_digit)
    stock = tables.stock_days(DISTURBED, BLOOD_SERVICE, SCARCEST)
    days = [
        f"{spread(phase, one_digit)} days in {name}"
        for alert, name in PHASES.items()
        if mean_of(phase := tables.item("alerts", alert.name.lower(), DISTURBED), 0.0) > 0.0
    ]
    alerts = f"spends {', '.join(days)}" if days else "is in no alert"
    late = [tables.item("not_in_time", ALL, DISTURBED, arm) for arm in (DISRUPTED, BASELINE)]
    reasons = {
        reason: mean_of(tables.item("not_in_time", reason.name.lower(), DISTURBED), 0.0)
        for reason in Late
    }
    first = max(reasons, key=lambda reason: reasons[reason])
    because = f" The most frequent reason: {first.title.lower()}." if reasons[first] else ""
    return [
        "While transfusion information technology is lost, "
        f"{units(Way.ELECTRONIC_ISSUE, 'units a week are issued electronically')}, and "
        f"{units(Way.GROUP_O_UNMATCHED, 'units of group O go out unmatched from the laboratory')}, "
        f"beside those from satellite fridges. O-negative issued, more than without the incident: "
        f"{more} units a week.",
        "The blood service holds "
        f"{instead(where(stock, arm=DISRUPTED), where(stock, arm=BASELINE), one_digit)} days "
        f"of its scarcest group, and {alerts}.",
        f"Requests not served in time: {instead(late[0], late[1], one_digit)} a week.{because}",
    ]
