"""What a pathology outage does to operations, appointments and blood, and how recovery goes.

Examples
--------
>>> import disruption_sim as ds
>>> scenario = ds.load_scenario("synnovis-2024")
>>> result = ds.run(scenario, replications=20, seed=1)  # doctest: +SKIP
>>> result.weekly  # doctest: +SKIP

The public names are loaded when first used, so that importing the package costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from disruption_sim.experiment import Result, open_store, run, sweep
    from disruption_sim.scenario import Scenario, load_scenario

__version__ = "0.1.0"

__all__ = ["Result", "Scenario", "__version__", "load_scenario", "open_store", "run", "sweep"]

_HOME = MappingProxyType(
    {
        "Result": "disruption_sim.experiment",
        "Scenario": "disruption_sim.scenario",
        "load_scenario": "disruption_sim.scenario",
        "open_store": "disruption_sim.experiment",
        "run": "disruption_sim.experiment",
        "sweep": "disruption_sim.experiment",
    }
)


if not TYPE_CHECKING:  # or a type checker would take any misspelt name for a public one

    def __getattr__(name: str) -> object:
        """Load a public name from its home module on first use."""
        if name not in _HOME:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value: object = getattr(import_module(_HOME[name]), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    """List the public names, loaded or not."""
    return sorted({*globals(), *__all__})
