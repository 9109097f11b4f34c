"""The time that a call takes, and the type in which a user's would run."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from ama.settings import Precision
from ama.utils.processors import multiplies_bfloat16


def seconds_of(call: Callable[[], Any]) -> float:
    """Seconds of one call."""
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def chosen_by_auto(precision: Precision) -> bool:
    """Whether a type is the one that ``precision="auto"`` chooses on this processor."""
    return multiplies_bfloat16("cpu") == (precision == "bfloat16")
