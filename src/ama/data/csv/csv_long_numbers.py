"""Columns of a CSV file whose whole numbers float64 cannot hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, suppress
from itertools import islice

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from ama.data.arrays.whole_numbers import LARGEST_EXACT
from ama.data.tables.arrow_columns import is_number, n_changed

LONG = pa.decimal128(38, 0)  # for whole numbers beyond 64 bits
BEYOND_64_BITS = 2.0**63


def long_numbers(
    opened: Callable[..., AbstractContextManager[pa.csv.CSVStreamingReader]], found: pa.Schema
) -> dict[str, pa.DataType]:
    """The types in which such columns keep their digits, by the names of those that the first block shows.

    Parameters
    ----------
    opened
        Opens the file with pyarrow's options of conversion.
    found
        The types that the first block suggests.
    """
    numbers = [field.name for field in found if is_number(field.type)]
    if not numbers:
        return {}
    with opened(include_columns=numbers) as reader:
        first = next(iter(reader), None)
    columns = {} if first is None else dict(zip(numbers, first.columns, strict=True))
    kinds = {name: pa.int64() for name, column in columns.items() if n_changed(column)}
    for name, column in columns.items():
        if _reaches(column, BEYOND_64_BITS) and _is_whole(opened, name, n_blocks=1):
            kinds[name] = LONG
    return kinds


def large_floats(block: pa.RecordBatch) -> set[str]:
    """The columns of floats so large that, if they were whole numbers, they may have lost digits."""
    return {
        name
        for name, column in zip(block.schema.names, block.columns, strict=True)
        if _reaches(column, float(LARGEST_EXACT))
    }


def whole_columns(
    opened: Callable[..., AbstractContextManager[pa.csv.CSVStreamingReader]], names: Iterable[str]
) -> dict[str, pa.DataType]:
    """The type that keeps all digits, for those of the columns that hold nothing but whole numbers.

    Parameters
    ----------
    opened
        Opens the file with pyarrow's options of conversion.
    names
        The columns.
    """
    return {name: LONG for name in sorted(names) if _is_whole(opened, name)}


def _reaches(column: pa.Array, least: float) -> bool:
    """Whether it is a column of floats with one as large as this."""
    if not pa.types.is_floating(column.type):
        return False
    return pc.any(pc.greater_equal(pc.abs(column), least), min_count=0).as_py()


def _is_whole(
    opened: Callable[..., AbstractContextManager[pa.csv.CSVStreamingReader]],
    name: str,
    n_blocks: int | None = None,
) -> bool:
    """Whether a column holds nothing but whole numbers, in its first blocks or in all."""
    with suppress(pa.ArrowInvalid), opened(include_columns=[name], column_types={name: LONG}) as reader:
        for _ in islice(reader, n_blocks):
            pass
        return True
    return False
