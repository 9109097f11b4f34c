"""Durations as text, such as 90s, 5m or 1.5h."""

from __future__ import annotations

import re

from ama.errors import InputError

_SECONDS = {"s": 1, "m": 60, "h": 3600, "": 1}
_FOREVER = 1e9  # about 30 years; the maximum of a timedelta is 3 million years


def seconds(duration: str | float | None, name: str = "max_time") -> float | None:
    """A duration in seconds, at most 1e9.

    Parameters
    ----------
    duration
        A number of seconds, or a number followed by s, m or h: ``90``, ``"90s"``, ``"5m"``, ``"1.5h"``. None
        means no limit and is returned as it is.
    name
        Name of the argument, for messages.

    Raises
    ------
    InputError
        If the duration is not positive or cannot be parsed.
    """
    if duration is None:
        return None
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([smh]?)\s*", str(duration))
    value = float(match[1]) * _SECONDS[match[2]] if match else 0.0
    if value <= 0:
        raise InputError(f"{name} must be a positive duration such as 90s, 5m or 1h, found {duration!r}")
    return min(value, _FOREVER)
