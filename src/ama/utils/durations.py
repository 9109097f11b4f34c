"""Lengths of time as people write them."""

from __future__ import annotations

import re

from ama.errors import InputError

_SECONDS = {"s": 1, "m": 60, "h": 3600, "": 1}
_FOREVER = 1e9  # 30 years; a timedelta holds no more than 3 million


def seconds(duration: str | float | None, name: str = "max_time") -> float | None:
    """Seconds of ``90``, ``"90s"``, ``"5m"`` or ``"1.5h"``; None stays None. Messages call it ``name``.

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
            f"{name} must be a positive length of time such as 90s, 5m or 1h, found {duration!r}"
        )
    return min(value, _FOREVER)
