"""Settings every test shares: figures without a screen, the same generated cases every time."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

# By way of the environment, so that worker processes and commands under test inherit it.
os.environ["MPLBACKEND"] = "Agg"

settings.register_profile(
    "deterministic",
    derandomize=True,
    deadline=None,
    database=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
# For hunting by hand: HYPOTHESIS_PROFILE=explore draws new and many more cases.
settings.register_profile("explore", deadline=None, max_examples=2000, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "deterministic"))

LEVELS = frozenset({"unit", "integration", "end_to_end", "slow"})


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse a test without a level, before ``-m`` silently leaves it out or in."""
    unmarked = [
        item.nodeid for item in items if not LEVELS & {mark.name for mark in item.iter_markers()}
    ]
    if unmarked:
        listed = "\n  ".join(unmarked)
        raise pytest.UsageError(f"mark these tests as one of {sorted(LEVELS)}:\n  {listed}")
