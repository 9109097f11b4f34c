"""Columns of text that are numbers with something around them: "12 %", "$1,200.50", "(3.5)", "21.5 °C"."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice

from ama.data.encoding.number_columns import NUMBER_IN_TEXT

EXAMINED = 1000  # kinds of text
LEAST, MARKS = (
    20,
    3,
)  # more different numbers than that, with so few marks around them, are no names such as "3rd"
MOSTLY = 0.9  # share of such numbers among the texts that are no plain numbers
PLAIN = re.compile(NUMBER_IN_TEXT)
CURRENCY = r"[$€£¥₹]|EUR|USD|GBP|CHF|JPY"
WITH_UNIT = re.compile(
    rf"\s*(?P<before>\(?(?:{CURRENCY})?)\s*[+-]?\s*(?:{CURRENCY})?\s*\d[\d.,']*\s*(?P<after>[^\s\d.,()+-]{{0,5}}\)?)\s*"
)


def number_with_unit(kinds: Iterable[str | None]) -> str | None:
    """A text as an example, if the texts of a column are rather numbers with units; else None.

    Parameters
    ----------
    kinds
        The different texts; None is a missing one.
    """
    texts = [text for text in islice(kinds, EXAMINED) if text is not None]
    if len(texts) <= LEAST:
        return None
    odd = [text for text in texts if not PLAIN.search(text)]
    found = [match for match in map(WITH_UNIT.fullmatch, odd) if match and any(match.groups())]
    marks = {match.groups() for match in found}
    return found[0][0] if found and len(found) >= MOSTLY * len(odd) and len(marks) <= MARKS else None
