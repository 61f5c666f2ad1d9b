"""Arms, replications, results and sweeps.

Names are loaded when first used: a worker process needs no tables, and a fault in the input is said
before anything large is loaded.
"""

from __future__ import annotations

from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from disruption_sim.experiment.checkpoint import forget_unfinished
    from disruption_sim.experiment.errors import ArgumentError, FolderError
    from disruption_sim.experiment.folder import check_folder
    from disruption_sim.experiment.replication import (
        Failure,
        Replication,
        ReplicationOutcome,
        run_replication,
    )
    from disruption_sim.experiment.result import Result
    from disruption_sim.experiment.running import AllFailedError, Progress, run
    from disruption_sim.experiment.store import Store, open_store
    from disruption_sim.experiment.sweeping import sweep

__all__ = [
    "AllFailedError",
    "ArgumentError",
    "Failure",
    "FolderError",
    "Progress",
    "Replication",
    "ReplicationOutcome",
    "Result",
    "Store",
    "check_folder",
    "forget_unfinished",
    "open_store",
    "run",
    "run_replication",
    "sweep",
]

_HOME = MappingProxyType(
    {
        "AllFailedError": "running",
        "ArgumentError": "errors",
        "Failure": "replication",
        "FolderError": "errors",
        "Progress": "running",
        "Replication": "replication",
        "ReplicationOutcome": "replication",
        "Result": "result",
        "Store": "store",
        "check_folder": "folder",
        "forget_unfinished": "checkpoint",
        "open_store": "store",
        "run": "running",
        "run_replication": "replication",
        "sweep": "sweeping",
    }
)

if not TYPE_CHECKING:  # or a type checker would take any misspelt name for a public one

    def __getattr__(name: str) -> object:
        """Load a public name from its module on first use."""
        if name not in _HOME:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value: object = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    """List the public names, loaded or not."""
    return sorted({*globals(), *__all__})
