"""ama: anomaly detection that learns from normal data alone."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ama import baselines, errors
    from ama.detectors.ama import AMADetector
    from ama.detectors.registry import load

    __version__: str

__all__ = ["AMADetector", "__version__", "baselines", "errors", "load"]

_MODULES = {"AMADetector": "ama.detectors.ama", "load": "ama.detectors.registry"}


def __getattr__(name: str) -> Any:
    # Imported on first use: `ama --help` does not wait for torch.
    if name == "__version__":
        from importlib.metadata import version

        return version("ama")
    if name in _MODULES:
        return getattr(importlib.import_module(_MODULES[name]), name)
    if name in __all__:
        return importlib.import_module(f"ama.{name}")
    raise AttributeError(f"module 'ama' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
