"""Versions of the software that determines results, recorded in model folders and results files."""

from __future__ import annotations

import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version

PACKAGES = ("torch", "lightning", "scikit-learn", "numpy", "datasets", "pillow")


def versions() -> dict[str, str]:
    """Versions of ama, Python and ``PACKAGES``; "unknown" for a library that is not installed."""
    found = {"ama": _version("ama"), "python": platform.python_version()}
    return found | {name: _version(name) for name in PACKAGES}


@cache  # it takes as long as a step of training
def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "unknown"
