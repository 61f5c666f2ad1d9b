"""Arms, replications, results and sweeps."""

from disruption_sim.experiment.arguments import ArgumentError
from disruption_sim.experiment.checkpoint import forget_unfinished
from disruption_sim.experiment.folder import FolderError, check_folder
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
