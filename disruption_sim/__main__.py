"""Run the command line as ``python -m disruption_sim``."""

from __future__ import annotations

import sys

from disruption_sim.cli import main

if __name__ == "__main__":
    sys.exit(main())
