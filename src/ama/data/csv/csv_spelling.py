"""Numbers that serve as labels, ids or groups: texts as they are spelled."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

WITHOUT_FRACTION = r"^\+?(-?\d+)(?:\.0*)?$"


def plain_numbers(column: pa.Array) -> pa.Array:
    """Numbers in text, whole ones without a fraction."""
    column = pc.replace_substring_regex(pc.utf8_trim_whitespace(column), WITHOUT_FRACTION, r"\1")
    missing = pa.array(pa.csv.ConvertOptions().null_values)  # in a column of numbers
    return pc.if_else(pc.is_in(column, missing), None, column)
