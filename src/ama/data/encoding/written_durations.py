"""Durations in text, of which some are longer than a day: "125:30:00", "2 days 03:00:00"."""

from __future__ import annotations

import re
from collections.abc import Iterable

FORM = "h:mm:ss"
HOURS = 24
DURATION = re.compile(
    r"\s*(?P<sign>-)?(?:(?P<days>\d{1,6}) (?:days?,? )?)?(?P<hours>\d{1,9}):(?P<minutes>[0-5]\d):(?P<seconds>[0-5]\d)"
    r"(?:[.,](?P<fraction>\d{1,9}))?\s*",
    re.ASCII,
)


def duration_form(kinds: Iterable[str | None]) -> str | None:
    """``FORM`` if the texts of a column are durations and one of them is no time of the day, else None.

    Parameters
    ----------
    kinds
        The different texts; None is a missing one.
    """
    long = False
    for text in kinds:
        if text is None:
            continue
        match = DURATION.fullmatch(text)
        if match is None:
            return None
        long = long or is_long(match)
    return FORM if long else None


def is_long(duration: re.Match[str]) -> bool:
    """Whether a match of ``DURATION`` is no time of the day."""
    return duration["days"] is not None or int(duration["hours"]) >= HOURS


def seconds(text: str) -> str | None:
    """The duration in a text, in seconds, as ``float`` takes it; None if the text is none."""
    match = DURATION.fullmatch(text)
    if match is None:
        return None
    hours = int(match["days"] or 0) * HOURS + int(match["hours"])
    whole = (hours * 60 + int(match["minutes"])) * 60 + int(match["seconds"])
    fraction = f".{match['fraction']}" if match["fraction"] else ""
    return f"{match['sign'] or ''}{whole}{fraction}"
