"""What transfusion has to know of patients for operations is drawn apart from everything else."""

from __future__ import annotations

import dataclasses
from functools import lru_cache

import numpy as np
import pytest

from disruption_sim.scenario import Scenario, with_overrides
from disruption_sim.world.days import Days
from disruption_sim.world.model import Operations
from disruption_sim.world.surgery import draw_operations
from tests.support.small_scenario import small_scenario

pytestmark = pytest.mark.unit

SHARES = {
    "always_crossmatched": "always_crossmatched_share",
    "history_on_file": "history_on_file_share",
    "short_validity": "short_validity_share",
    "o_positive_eligible": "o_positive_eligible_share",
}


def scenario_with(**shares: float) -> Scenario:
    values = {f"transfusion.{key}": share for key, share in shares.items()}
    busy = small_scenario(disruption=False, surgery__elective_admissions_per_week=2000)
    return with_overrides(busy, values)[0] if values else busy


@lru_cache(maxsize=16)
def operations_with(*shares: tuple[str, float]) -> Operations:
    scenario = scenario_with(**dict(shares))
    return draw_operations(scenario, Days.of(scenario.calendar), 20240603, 0)


@pytest.mark.parametrize(("column", "key"), SHARES.items())
def test_another_share_moves_its_own_column_alone_and_only_one_way(column: str, key: str) -> None:
    usual, more = operations_with(), operations_with((key, 0.9))
    for field in dataclasses.fields(Operations):
        before, after = getattr(usual, field.name), getattr(more, field.name)
        if field.name == column:
            assert np.all(after[before])
            assert after.sum() > before.sum()
        else:
            np.testing.assert_array_equal(before, after, err_msg=field.name)


@pytest.mark.parametrize(("column", "key"), SHARES.items())
def test_patients_have_the_stated_shares(column: str, key: str) -> None:
    operations = operations_with()
    flags = getattr(operations, column)
    if column == "always_crossmatched":
        assert not np.any(flags & operations.antibodies)
        flags = flags[~operations.antibodies]
    share = getattr(scenario_with().transfusion, key)
    error = np.sqrt(share * (1.0 - share) / flags.size)
    assert flags.mean() == pytest.approx(share, abs=4.0 * error)


def test_what_is_drawn_apart_is_independent() -> None:
    """All pairs, also with what was drawn before: no correlation beyond four standard errors."""
    operations = operations_with()
    columns = [getattr(operations, name) for name in SHARES if name != "always_crossmatched"]
    columns += [operations.antibodies, operations.needs_group_and_screen]
    correlation = np.array(np.corrcoef(np.array(columns, dtype=np.float64)))
    between = correlation[~np.eye(len(columns), dtype=np.bool_)]
    assert np.abs(between).max() < 4.0 / np.sqrt(operations.antibodies.size)
