"""The tables of the transfusion service as they are read for its page."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from disruption_sim.experiment.replication import DISRUPTED
from disruption_sim.experiment.tidy_words import where
from disruption_sim.experiment.transfusion_periods import BLOOD_SERVICE
from disruption_sim.experiment.turnaround_tables import ALL
from disruption_sim.records import Alert

WHOLE_RUN, DISTURBED = "whole_run", "disturbed"
O_NEGATIVE, SCARCEST = "o_negative", "scarcest"
PHASES = {Alert.PRE_AMBER: "pre-amber", Alert.AMBER: "amber", Alert.RED: "red"}


@dataclass(frozen=True)
class TransfusionTables:
    """The tables that are told: of a result, or read back from its folder; see `Result`."""

    blood_by_route: pd.DataFrame
    blood_by_use: pd.DataFrame
    blood_stock: pd.DataFrame
    transfusion: pd.DataFrame

    @property
    def period(self) -> str:
        """The period in which the futures are compared: the whole run where nothing is lost."""
        known = set(self.transfusion["period"])
        return DISTURBED if DISTURBED in known else WHOLE_RUN

    def item(
        self, part: str, item: str, period: str, arm: str = DISRUPTED, site: str = ""
    ) -> pd.DataFrame:
        """Return the rows of an item of `transfusion`, of all sites unless one is named."""
        place = site or (BLOOD_SERVICE if part == "alerts" else ALL)
        return where(self.transfusion, period=period, site=place, part=part, item=item, arm=arm)

    def stock_days(self, period: str, site: str, group: str) -> pd.DataFrame:
        """Return the rows of the stock of a group."""
        return where(self.blood_stock, period=period, site=site, group=group, item="stock_days")
