"""The systems that the paper compares with, each the same estimator as ``AMADetector``; one file for each."""

from __future__ import annotations

from typing import Any

from ama.detectors.registry import METHODS, method

__all__ = [name for name, module in METHODS.items() if module.startswith(__name__)]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return method(name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
