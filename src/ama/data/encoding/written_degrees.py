"""Latitudes and longitudes in text: 52°31'12"N, 52° 31.2' N, 94.8W, N 52.52; south and west are negative."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice
from typing import NamedTuple

from ama.data.encoding.written_numbers import EXAMINED, are_enough

FORMS = {"\N{DEGREE SIGN}N": "NS", "\N{DEGREE SIGN}E": "EW", "\N{DEGREE SIGN}": ""}  # a form -> its letters
LARGEST = {"NS": 90, "EW": 180, "": 360}
SIXTIETHS = r"\d{1,2}(?:[.,]\d{1,12})?"
TEXT = re.compile(
    r"(?:(?P<before>[NSEW]) ?)?(?P<sign>[+\u2212-])?(?P<degrees>\d{1,3}(?:[.,]\d{1,12})?)"
    r" ?(?P<mark>[\u00b0\u00ba]|deg)? ?"
    rf"(?:(?<=[ \u00b0\u00ba])(?P<minutes>{SIXTIETHS}) ?['\u2032\u2019] ?"
    rf"(?:(?P<seconds>{SIXTIETHS}) ?(?:[\"\u2033\u201d]|'') ?)?)?"
    r"(?P<after>[NSEW])?",
    re.ASCII,
)


class Degrees(NamedTuple):
    """An angle in a text: its value, the letter beside it if there is one, and whether it is marked as degrees."""

    value: float
    letter: str
    is_marked: bool

    @property
    def letters(self) -> str:
        """The two directions, of which its letter is one."""
        return next((pair for pair in FORMS.values() if self.letter and self.letter in pair), "")


def degrees_form(kinds: Iterable[str | None]) -> str | None:
    """One of ``FORMS``, if the texts of a column are degrees; else None.

    A letter alone may be a unit, such as that of watts, or that of a flat: one of the texts has minutes or the sign of
    degrees, or there are both directions and fractions.

    Parameters
    ----------
    kinds
        The different texts; None is a missing one.
    """
    texts = [text for text in islice(kinds, EXAMINED) if text is not None]
    found = [angle for text in texts if (angle := _degrees(text)) is not None]
    if not are_enough(len(found), len(texts)):
        return None
    pairs = {angle.letters for angle in found}
    certain = any(angle.is_marked for angle in found) or (
        len({angle.letter for angle in found}) > 1 and any(angle.value % 1 for angle in found)
    )
    return (
        next(form for form, pair in FORMS.items() if {pair} == pairs) if certain and len(pairs) == 1 else None
    )


def plain_degrees(text: str, form: str) -> str | None:
    """The degrees in a text, as ``float`` takes them; None if the text is not of the form."""
    found = _degrees(text)
    return None if found is None or found.letters != FORMS[form] else f"{found.value:.12g}"


def _degrees(text: str) -> Degrees | None:
    match = TEXT.fullmatch(text.strip())
    if match is None:
        return None
    letter = match["before"] or match["after"] or ""
    if (match["before"] and match["after"]) or (letter and match["sign"]):
        return None
    if not letter and not (match["minutes"] and match["mark"]):  # a number, or feet and inches
        return None
    whole, minutes, seconds = (_number(match[part]) for part in ("degrees", "minutes", "seconds"))
    if minutes >= 60 or seconds >= 60 or (match["minutes"] and not match["degrees"].isdigit()):
        return None
    if match["seconds"] and not match["minutes"].isdigit():
        return None
    value = whole + minutes / 60 + seconds / 3600
    negative = letter in ("S", "W") or match["sign"] in ("-", "\N{MINUS SIGN}")
    found = Degrees(-value if negative else value, letter, bool(match["mark"] or match["minutes"]))
    return found if value <= LARGEST[found.letters] else None


def _number(text: str | None) -> float:
    return float(text.replace(",", ".")) if text else 0.0
