"""The command line: a few verbs over the public API."""

from disruption_sim.cli.main import main

__all__ = ["main"]
