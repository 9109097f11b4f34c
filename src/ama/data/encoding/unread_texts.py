"""Texts that mean something else and have no one form in which they are read.

Such are numbers of two units, dates of which each may have day and month exchanged, and vectors of several lengths.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice

from ama.data.encoding.moment_texts import DATE
from ama.data.encoding.vector_texts import VECTOR
from ama.data.encoding.written_durations import duration
from ama.data.encoding.written_numbers import EXAMINED, LEAST, PLAIN
from ama.data.images.image_opening import SUFFIXES

# More different numbers than that, with so few marks around them, are no names such as "3rd".
MARKS = 3
MOSTLY = 0.9  # share of such numbers among the texts that are no plain numbers
CURRENCY = r"[$€£¥₹]|EUR|USD|GBP|CHF|JPY"
DIGITS = r"(?:\d{1,3}(?:[\s.,'\u2019]\d{3})+|\d+)(?:[.,]\d*)?"
WITH_UNIT = re.compile(
    rf"\s*(\(?(?:{CURRENCY})?)\s*[+\u2212-]?\s*(?:{CURRENCY})?\s*{DIGITS}\s*([^\s\d.,()+-]{{0,5}}\)?)\s*"
)
ISO_DATE = re.compile(DATE)
MONTH = r"(?i:jan|feb|mar|mär|apr|ma[iy]|jun|jul|aug|sep|o[ck]t|nov|de[cz])[^\W\d]*\.?"
OTHER_DATE = re.compile(
    rf"\s*(?:\d{{1,2}}([./-])\d{{1,2}}\1(?:\d{{4}}|\d{{2}})|\d{{4}}[./]\d{{1,2}}[./]\d{{1,2}}"
    rf"|\d{{1,2}}\.?[\s-]{MONTH}[\s-]\d{{4}}|{MONTH}\s\d{{1,2}},?\s\d{{4}})(?:[\s,T].*)?"
)
SHOWN = 30  # characters of a vector


def number_with_unit(kinds: Iterable[str | None]) -> str | None:
    """A text as an example, if the texts of a column are rather numbers with units; else None.

    Parameters
    ----------
    kinds
        The different texts; None is a missing one.
    """
    texts = _examined(kinds)
    if len(texts) <= LEAST:
        return None
    odd = [text for text in texts if not PLAIN.search(text)]
    found = [match for match in map(WITH_UNIT.fullmatch, odd) if match]
    marks = {match.groups() for match in found}
    return found[0][0] if found and len(found) >= MOSTLY * len(odd) and len(marks) <= MARKS else None


def date_as_text(kinds: Iterable[str | None]) -> str | None:
    """The same for dates: an example, if the texts are rather dates, and one is in another form than ISO 8601 has.

    Parameters
    ----------
    kinds
        The different texts; None is a missing one.
    """
    texts = _examined(kinds)
    found = [text for text in texts if OTHER_DATE.fullmatch(text)]
    n_dates = len(found) + sum(ISO_DATE.search(text) is not None for text in texts)
    return found[0] if found and n_dates >= MOSTLY * len(texts) else None


def image_path(kinds: Iterable[str | None]) -> str | None:
    """The same for paths of images.

    Parameters
    ----------
    kinds
        The different texts; None is a missing one.
    """
    texts = _examined(kinds)
    found = [text for text in texts if text.lower().endswith(tuple(SUFFIXES))]
    return found[0] if found and len(found) >= MOSTLY * len(texts) else None


def duration_as_text(kinds: Iterable[str | None]) -> str | None:
    """The same for durations, of which one is such for certain, and no time of the day.

    Parameters
    ----------
    kinds
        The different texts; None is a missing one.
    """
    texts = _examined(kinds)
    found = {text: read for text in texts if (read := duration(text))}
    certain = next((text for text, read in found.items() if read.is_certain()), None)
    return certain if len(found) >= MOSTLY * len(texts) else None


def vector_as_text(kinds: Iterable[str | None]) -> str | None:
    """The beginning of a text as an example, if the texts of a column are rather vectors, such as embeddings.

    Parameters
    ----------
    kinds
        The different texts; None is a missing one.
    """
    texts = _examined(kinds)
    found = [text for text in texts if VECTOR.fullmatch(text)]
    if not found or len(found) < MOSTLY * len(texts):
        return None
    return found[0] if len(found[0]) <= SHOWN else f"{found[0][:SHOWN]}..."


def _examined(kinds: Iterable[str | None]) -> list[str]:
    return [text for text in islice(kinds, EXAMINED) if text is not None]


# What such texts are -> what finds an example of them.
UNREAD = {
    "numbers": number_with_unit,
    "dates": date_as_text,
    "durations": duration_as_text,
    "paths": image_path,
    "vectors": vector_as_text,
}
