"""The balance of red cells by hospital, group and last day."""

from __future__ import annotations

import numpy as np

from disruption_sim.records import TransfusionRecords


def assert_balanced(blood: TransfusionRecords) -> None:
    """Fail unless every unit is issued in date, expired, wasted or left, and just one of these."""
    came = blood.batch_first + blood.batch_received
    gone = blood.batch_expired + blood.batch_wasted
    batches = {
        batch: int(units)
        for batch, units in zip(
            zip(
                blood.batch_site.tolist(),
                blood.batch_group.tolist(),
                blood.batch_last_day.tolist(),
                strict=True,
            ),
            came - gone,
            strict=True,
        )
    }
    assert len(batches) == blood.batch_site.size
    for batch, units in zip(
        zip(
            blood.issued_site.tolist(),
            blood.issued_group.tolist(),
            blood.issued_last_day.tolist(),
            strict=True,
        ),
        blood.issued_units.tolist(),
        strict=True,
    ):
        batches[batch] -= units
    assert list(batches.values()) == blood.batch_left.tolist()
    assert blood.batch_left.min() >= 0
    assert np.all(blood.issued_last_day >= np.floor(blood.issued_at / 24.0))
    for shelf in (blood.stock, blood.satellite, blood.reserved):
        assert np.all(shelf >= 0)
    at_end = (blood.stock + blood.satellite + blood.reserved)[-1].sum()
    assert blood.batch_left.sum() == at_end
