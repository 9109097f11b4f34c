"""Numbers with a sign between them: "120/80", "98.7 ± 0.1", "1920x1080", "48.137, 11.575"."""

from __future__ import annotations

import re

NUMBER = r"[+-]?\d{1,15}(?:\.\d{1,15})?"
FRACTION = r"[+-]?\d{1,15}\.\d{1,15}"
TIMES = r"[x*\u00d7]"
# Three with strokes would be a date, and whole numbers with a comma one with groups of digits.
GROUP = re.compile(
    rf"{NUMBER} ?(?:/|±|\+/?-) ?{NUMBER}|{NUMBER}(?: ?{TIMES} ?{NUMBER}){{1,2}}|{FRACTION}(?:[,;] {FRACTION})+",
    re.ASCII,
)
IN_GROUP = re.compile(rf" ?(?:\+/?-|[/±]|{TIMES}|[,;] ) ?")


def numbers_of(text: str) -> list[float] | None:
    """The numbers in a text, two or more; None if it holds anything else."""
    text = text.strip()
    return [float(number) for number in IN_GROUP.split(text)] if GROUP.fullmatch(text) else None
