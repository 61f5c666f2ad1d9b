"""What the numbers were computed with."""

from __future__ import annotations

import hashlib
import platform
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from pathlib import Path

import disruption_sim

DEPENDENCIES = ("numpy", "numba", "simpy", "scipy", "pandas", "pyarrow", "pydantic", "loky")


def versions() -> dict[str, str]:
    """Return the versions of the package, its code, Python and what it computes with."""
    found = {
        "disruption_sim": disruption_sim.__version__,
        "code_sha256": code_digest(),
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
    }
    for name in DEPENDENCIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "unknown"
    return found


def code_digest() -> str:
    """Return the SHA-256 of the package's modules, so that two builds of one version differ."""
    root = Path(str(files("disruption_sim")))
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        digest.update(path.relative_to(root).as_posix().encode("utf-8") + b"\0")
        digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()
