"""Columns of a table as numbers, as labels or ids, and as a user would see their values."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from typing import Any
from uuid import UUID

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float

from ama.data.arrays.whole_numbers import LARGEST_EXACT, is_rounded, n_rounded

# What is read as a number in text; a missing value is no text.
NUMBER = r"^\s*[+-]?((\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|(?i:inf|infinity|nan))\s*$"
LONGEST_SHOWN = 1000  # bytes of a text, of which a message shows less
WHOLE_SECONDS = re.compile(r"\.0+(?!\d)")


def is_number(kind: pa.DataType) -> bool:
    """Whether a column of this type is a feature: numbers, booleans, and categories that are numbers."""
    types = pa.types
    if types.is_dictionary(kind):
        return is_number(kind.value_type)
    if isinstance(kind, pa.BaseExtensionType):
        return kind.extension_name == "arrow.bool8"
    return (
        types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind) or types.is_decimal(kind)
    )


def is_text(kind: pa.DataType) -> bool:
    """Whether a column of this type holds text."""
    if pa.types.is_dictionary(kind):
        return is_text(kind.value_type)
    return str(kind) in ("string", "large_string", "string_view")


def is_uuid(kind: pa.DataType) -> bool:
    """Whether a column of this type holds UUIDs, as of a database's keys."""
    return isinstance(kind, pa.BaseExtensionType) and kind.extension_name == "arrow.uuid"


def floats(column: pa.Array) -> Float[np.ndarray, " n"]:
    """A column of numbers as float64; a missing number is NaN."""
    return _stored(column).cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)


def n_changed(column: pa.Array) -> int:
    """How many whole numbers of a column :func:`floats` rounds; 0 for a column of any other kind."""
    column = _stored(column)
    if pa.types.is_decimal(column.type):
        beyond = pc.greater_equal(pc.abs(column.cast(pa.float64(), safe=False)), LARGEST_EXACT)
        return sum(map(is_rounded, column.filter(beyond).to_pylist()))
    if not pa.types.is_integer(column.type):
        return 0
    return n_rounded(column.drop_null().to_numpy(zero_copy_only=False))


def _stored(column: pa.Array) -> pa.Array:
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    return column.storage if isinstance(column.type, pa.BaseExtensionType) else column


def values(column: pa.Array) -> list[Any]:
    """A column of labels or ids as objects of Python: numbers, booleans, text, None.

    Text that is no UTF-8 is decoded as far as possible, and a date is its text, as Python's own end at the year 9999.

    Raises
    ------
    TypeError
        If the column holds lists, structures or the like.
    """
    kind = column.type
    if pa.types.is_dictionary(kind):  # each text once, however often it occurs
        known = values(column.dictionary)
        return [None if i is None else known[i] for i in column.indices.to_pylist()]
    if is_uuid(kind):
        return [None if b is None else str(UUID(bytes=b)) for b in column.storage.to_pylist()]
    if isinstance(kind, pa.BaseExtensionType):
        return values(column.storage)
    if is_text(kind):
        kind, column = pa.large_binary(), column.cast(pa.large_binary())
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        return [None if value is None else value.decode(errors="replace") for value in column.to_pylist()]
    if pa.types.is_nested(kind):
        raise TypeError(f"it holds values of type {kind}, expected text or numbers")
    if pa.types.is_temporal(kind):
        texts = column.cast(pa.string()).to_pylist()
        return [None if text is None else WHOLE_SECONDS.sub("", text) for text in texts]
    return column.to_pylist()


def first_text(columns: Iterable[pa.Array], pattern: str = NUMBER) -> tuple[int, str] | None:
    """The row, from 1, and the value of the first text that is no number; None if there is none.

    Parameters
    ----------
    columns
        A column of text, part by part.
    pattern
        Regular expression of a number.
    """
    row = 0
    for column in columns:
        texts = column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
        if not (pa.types.is_string(texts.type) or pa.types.is_large_string(texts.type)):
            texts = texts.cast(pa.large_string())  # pyarrow searches no other type of text
        odd = pc.fill_null(pc.invert(pc.match_substring_regex(texts, pattern)), False)
        if (at := odd.index(True).as_py()) >= 0:
            return row + at + 1, _shown(column, at)
        row += len(column)
    return None


def first_value(columns: Iterable[pa.Array]) -> tuple[int, str] | None:
    """The row, from 1, and the first value that is not missing; None if there is none."""
    row = 0
    for column in columns:
        if (at := column.is_valid().index(True).as_py()) >= 0:
            return row + at + 1, _shown(column, at)
        row += len(column)
    return None


def not_a_number(column: str, table: str, row: int, value: str, expected: str = "numbers") -> str:
    """The sentence on a column that holds something else than expected, which is by default numbers."""
    return (
        f"column {column!r} of {table} holds {value} in row {row} (counted from 1), expected {expected}: encode them "
        "as numbers or drop the column"
    )


def shown_row(batch: pa.RecordBatch, row: int) -> list[str | float]:
    """The values of a row, from 0, as a user would see them: numbers, and text for anything else."""
    return [_shown_value(column.slice(row, 1)) for column in batch.columns]


def _shown_value(column: pa.Array) -> str | float:
    kind = column.type
    if column.null_count:
        return "missing"
    if pa.types.is_duration(kind):
        return str(column.cast(pa.duration("us"), safe=False)[0].as_py())
    if is_number(kind) and not pa.types.is_boolean(kind):
        return float(floats(column)[0])
    (value,) = values(column)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _shown(column: pa.Array, at: int) -> str:
    """A value as a user would see it; its type, if it cannot be shown."""
    kind, column = column.type, column.slice(at, 1)
    if not (isinstance(kind, pa.BaseExtensionType) or pa.types.is_duration(kind)):
        with suppress(Exception):  # a list, or a value that only pyarrow can hold
            is_bytes = kind in (pa.binary(), pa.large_binary())
            if is_text(kind) or is_bytes:  # a value may have a hundred megabytes
                column = pc.binary_slice(column.cast(pa.large_binary()), 0, LONGEST_SHOWN)
            (value,) = column.to_pylist() if is_bytes else values(column)
            return value if pa.types.is_temporal(kind) else repr(value)
    return f"a value of type {kind}"
