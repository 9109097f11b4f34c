"""Powers of ten in other forms than "1.5e-3": "1.5x10^-3", "1.5*10**-3", and "1.5D-03" as Fortran writes it."""

from __future__ import annotations

import re

SUPERSCRIPTS = "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079\u207a\u207b"
PLAIN = str.maketrans(f"{SUPERSCRIPTS}\u2212", "0123456789+--")
TIMES = "[x*\u00d7\u00b7\u22c5]"
_POWER = re.compile(
    rf"(?<=[0-9.,])(?:\s?{TIMES}\s?10(?:(?:\^|\*\*)([+\u2212-]?[0-9]{{1,3}})|([{SUPERSCRIPTS}]{{1,4}}))"
    r"|[dD]([+-][0-9]{2,3}))(?![0-9])"
)


def with_exponent(text: str) -> str:
    """A text with its power of ten, if it has one, as Python writes it; any other text as it is."""
    if "10" not in text and "D" not in text and "d" not in text:
        return text
    return _POWER.sub(lambda found: f"e{(found[1] or found[2] or found[3]).translate(PLAIN)}", text, count=1)
