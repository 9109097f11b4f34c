"""The decimal sign of the numbers in a text file."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

WITH_COMMA = re.compile(r"\s*[+-]?\d+,\d+([eE][+-]?\d+)?\s*")
WITH_POINT = re.compile(r"\s*[+-]?\d*\.\d+([eE][+-]?\d+)?\s*")
WITH_GROUPS = re.compile(r"\s*[+-]?[1-9]\d{0,2}(,\d{3})+\s*")
# As pyarrow searches them, in a file with decimal commas.
POINTS_IN_GROUPS = r"^\s*[+-]?[1-9]\d{0,2}(\.\d{3})+(,\d*)?\s*$"
DECIMAL_COMMA = r"^(\s*[+-]?\d*),(\d+([eE][+-]?\d+)?\s*)$"


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


def with_point(column: pa.Array) -> pa.Array:
    """Texts of a file with decimal commas, in which numbers have decimal points."""
    grouped = pc.match_substring_regex(column, POINTS_IN_GROUPS)
    column = pc.if_else(grouped, pc.replace_substring(column, ".", ""), column)
    return pc.replace_substring_regex(column, DECIMAL_COMMA, r"\1.\2")
