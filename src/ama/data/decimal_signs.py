"""The decimal sign of the numbers in a text file."""

from __future__ import annotations

import re
from collections.abc import Sequence

WITH_COMMA = re.compile(r"\s*[+-]?\d+,\d+([eE][+-]?\d+)?\s*")
WITH_POINT = re.compile(r"\s*[+-]?\d*\.\d+([eE][+-]?\d+)?\s*")
WITH_GROUPS = re.compile(r"\s*[+-]?[1-9]\d{0,2}(,\d{3})+\s*")


def decimal_sign(fields: Sequence[str], separator: str) -> str | None:
    """The decimal sign, or None where the fields leave it open, as 1 does, and 1.234 between semicolons.

    Parameters
    ----------
    fields
        What the file holds, numbers or not.
    separator
        Character between them.
    """
    points = [field for field in fields if WITH_POINT.fullmatch(field) and not has_groups(field, separator)]
    commas = [field for field in fields if WITH_COMMA.fullmatch(field)]
    if separator == ",":  # "1,234" in quotes is rather one thousand
        commas = [field for field in commas if not WITH_GROUPS.fullmatch(field)]
    return "." if points else "," if commas else None


def has_groups(field: str, separator: str) -> bool:
    """Whether the points of a number may stand between thousands, as they do beside decimal commas."""
    return (
        separator != "," and "," not in field and WITH_GROUPS.fullmatch(field.replace(".", ",")) is not None
    )
