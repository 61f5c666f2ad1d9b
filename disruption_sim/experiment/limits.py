"""What may be asked for at most; light, so that the command line can say so at once."""

from __future__ import annotations

LARGEST_SEED = 2**64 - 1
MOST_REPLICATIONS = 1_000_000
