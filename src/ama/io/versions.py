"""Versions of what decides the numbers, for model folders and results files."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

PACKAGES = ("torch", "lightning", "scikit-learn", "numpy", "datasets", "pillow")


def versions() -> dict[str, str]:
    """Version of ama, Python and the main libraries."""
    found = {"ama": _version("ama"), "python": platform.python_version()}
    return found | {name: _version(name) for name in PACKAGES}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "unknown"
