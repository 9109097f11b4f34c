"""Lengths of time as people write them."""

from __future__ import annotations

import re

from ama.errors import InputError

_SECONDS = {"s": 1, "m": 60, "h": 3600, "": 1}


def seconds(duration: str | float | None) -> float | None:
    """Seconds of ``90``, ``"90s"``, ``"5m"`` or ``"1.5h"``; None stays None.

    Raises
    ------
    InputError
        If the duration is not positive or not of that form.
    """
    if duration is None:
        return None
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([smh]?)\s*", str(duration))
    value = float(match[1]) * _SECONDS[match[2]] if match else 0.0
    if value <= 0:
        raise InputError(
            f"max_time must be a positive length of time such as 90s, 5m or 1h, found {duration!r}"
        )
    return value
