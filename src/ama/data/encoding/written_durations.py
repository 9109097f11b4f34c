"""Durations in text, in seconds: "125:30:00", "2 days 03:00:00", "75:12.5", "PT5M3S", "1 h 30 min"."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

FORM = "h:mm:ss"
HOURS = 24
NUMBER = r"\d{1,9}(?:[.,]\d{1,9})?"
CLOCK = re.compile(
    r"(?P<sign>-)?(?:(?P<days>\d{1,6}) (?:days?,? )?)?(?P<hours>\d{1,9}):(?P<minutes>[0-5]\d):"
    r"(?P<seconds>[0-5]\d(?:[.,]\d{1,9})?)",
    re.ASCII,
)
SHORT_CLOCK = re.compile(r"(?P<sign>-)?(?P<minutes>\d{1,9}):(?P<seconds>[0-5]\d(?:[.,]\d{1,9})?)", re.ASCII)
ISO_8601 = re.compile(
    rf"(?P<sign>-)?P(?=\d|T\d)(?:(?P<weeks>{NUMBER})W)?(?:(?P<days>{NUMBER})D)?"
    rf"(?:T(?=\d)(?:(?P<hours>{NUMBER})H)?(?:(?P<minutes>{NUMBER})M)?(?:(?P<seconds>{NUMBER})S)?)?",
    re.ASCII,
)
UNITS = re.compile(
    rf"(?P<sign>-)?(?:(?P<weeks>{NUMBER}) ?(?:w|weeks?)\b ?)?(?:(?P<days>{NUMBER}) ?(?:d|days?)(?![a-z]),? ?)?"
    rf"(?:(?P<hours>{NUMBER}) ?(?:h|hrs?|hours?)(?![a-z]),? ?)?"
    rf"(?:(?P<minutes>{NUMBER}) ?(?:m|mins?|minutes?)(?![a-z]),? ?)?"
    rf"(?:(?P<seconds>{NUMBER}) ?(?:s|secs?|seconds?))?",
    re.ASCII | re.IGNORECASE,
)
SECONDS = {"weeks": 7 * HOURS * 3600, "days": HOURS * 3600, "hours": 3600, "minutes": 60, "seconds": 1}


class Duration(NamedTuple):
    """A duration in a text.

    Parameters
    ----------
    pattern
        What the text matches.
    match
        Its match.
    """

    pattern: re.Pattern[str]
    match: re.Match[str]

    def seconds(self) -> str:
        """The seconds, as ``float`` takes them."""
        total = sum(SECONDS[unit] * Decimal(value.replace(",", ".")) for unit, value in self._parts())
        return f"{self.match['sign'] or ''}{Decimal(total).normalize():f}"

    def units(self) -> list[str]:
        """The units that the text names in words or with their first letters."""
        return [unit for unit, _ in self._parts()] if self.pattern is UNITS else []

    def is_certain(self) -> bool:
        """Whether the text can be nothing else, such as a time of the day or a length in metres."""
        if self.pattern is CLOCK:
            return self.match["days"] is not None or int(self.match["hours"]) >= HOURS
        if self.pattern is SHORT_CLOCK:  # "10:30" may be hours and minutes of a day
            return int(self.match["minutes"]) >= HOURS or not self.match["seconds"].isdigit()
        return self.pattern is ISO_8601 or len(self.units()) > 1

    def _parts(self) -> list[tuple[str, str]]:
        return [(unit, value) for unit, value in self.match.groupdict().items() if value and unit in SECONDS]


def duration(text: str) -> Duration | None:
    """The duration in a text; None if it holds none."""
    text = text.strip()
    for pattern in (CLOCK, SHORT_CLOCK, ISO_8601, UNITS):
        if text and (match := pattern.fullmatch(text)):
            return Duration(pattern, match)
    return None


def duration_form(kinds: Iterable[str | None]) -> str | None:
    """``FORM`` if the texts of a column are durations, one of them for certain or with other units, else None.

    Parameters
    ----------
    kinds
        The different texts; None is a missing one.
    """
    certain, units = False, set[tuple[str, ...]]()
    for text in kinds:
        if text is None:
            continue
        found = duration(text)
        if found is None:
            return None
        certain = certain or found.is_certain()
        if not certain:
            units.add(tuple(found.units()))
    return FORM if certain or len(units) > 1 else None


def seconds(text: str) -> str | None:
    """The duration in a text, in seconds, as ``float`` takes it; None if the text is none."""
    found = duration(text)
    return None if found is None else found.seconds()
