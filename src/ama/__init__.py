"""ama: anomaly detection that learns from normal data alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ama.detector import AMADetector, load

__all__ = ["AMADetector", "load"]


def __getattr__(name: str) -> Any:
    # torch and lightning take seconds to import, which `ama --help` need not pay.
    if name in __all__:
        from ama import detector

        return getattr(detector, name)
    raise AttributeError(f"module 'ama' has no attribute {name!r}")
