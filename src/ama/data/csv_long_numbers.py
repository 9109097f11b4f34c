"""Columns of a CSV file whose whole numbers float64 cannot hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from ama.data.arrow_columns import is_number, n_changed
from ama.data.whole_numbers import LARGEST_EXACT

LONG = pa.decimal128(38, 0)  # for whole numbers beyond 64 bits
BEYOND_64_BITS = 2.0**63


def long_numbers(
    opened: Callable[..., pa.csv.CSVStreamingReader], found: pa.Schema
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
        floats = pa.types.is_floating(column.type)
        if floats and pc.any(pc.greater_equal(pc.abs(column), BEYOND_64_BITS)).as_py():
            with (
                suppress(pa.ArrowInvalid),
                opened(include_columns=[name], column_types={name: LONG}) as reader,
            ):
                next(iter(reader), None)
                kinds[name] = LONG
    return kinds


def large_floats(block: pa.RecordBatch) -> set[str]:
    """The columns of floats so large that, if they were whole numbers, they may have lost digits."""
    return {
        name
        for name, column in zip(block.schema.names, block.columns, strict=True)
        if pa.types.is_floating(column.type)
        and pc.any(pc.greater_equal(pc.abs(column), float(LARGEST_EXACT))).as_py()
    }


def whole_columns(
    opened: Callable[..., pa.csv.CSVStreamingReader], names: Iterable[str]
) -> dict[str, pa.DataType]:
    """The type that keeps all digits, for those of the columns that hold nothing but whole numbers.

    Parameters
    ----------
    opened
        Opens the file with pyarrow's options of conversion.
    names
        The columns.
    """
    kinds: dict[str, pa.DataType] = {}
    for name in sorted(names):
        with (
            suppress(pa.ArrowInvalid),
            opened(include_columns=[name], column_types={name: LONG}) as reader,
        ):
            for _ in reader:
                pass
            kinds[name] = LONG
    return kinds
