"""ama: anomaly detection that learns from normal data alone."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ama import baselines
    from ama.detectors.ama import AMADetector
    from ama.detectors.registry import load

__all__ = ["AMADetector", "baselines", "load"]


def __getattr__(name: str) -> Any:
    # torch and lightning take seconds to import, which `ama --help` need not pay.
    if name == "AMADetector":
        from ama.detectors.ama import AMADetector

        return AMADetector
    if name == "load":
        from ama.detectors.registry import load

        return load
    if name == "baselines":
        return importlib.import_module("ama.baselines")
    raise AttributeError(f"module 'ama' has no attribute {name!r}")
