"""What an export returns."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple


class Exported(NamedTuple):
    """An exported detector, and how it differs from the one in memory."""

    path: Path
    difference: float  # the largest between two scores, relative to 1 + their magnitude
    bound: float  # by which, relative to 1 + their magnitude, the calibration scores are lowered
    n_compared: int
    outputs: list[str]
