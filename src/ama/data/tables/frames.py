"""DataFrames and other tables in memory."""

from __future__ import annotations

import sys
from collections.abc import Collection
from contextlib import suppress
from datetime import date, time
from decimal import Decimal
from enum import Enum
from numbers import Real
from pathlib import PurePath
from typing import Any

import pyarrow as pa

from ama.data.names import clean_name
from ama.data.tables.arrow import ArrowTable, in_memory
from ama.data.tables.arrow_columns import not_a_number
from ama.data.tables.arrow_reading import decodable
from ama.data.tables.tuple_names import flat_name
from ama.errors import InputError

NAME = "the data frame"
LONG = pa.decimal256(76, 0)  # whole numbers beyond 64 bits
EXPECTED = "numbers, text or dates"
SHOWN_AS_TEXT = (str, Real, Decimal, date, time, PurePath, Enum)  # among values of several types


def is_frame(X: Any) -> bool:
    """Whether X is a table in memory: a DataFrame of pandas or polars, a table of pyarrow or the like."""
    return _is_pandas(X) or (
        hasattr(type(X), "__arrow_c_stream__") and (hasattr(X, "columns") or hasattr(X, "column_names"))
    )


def frame_table(frame: Any, name: str = NAME, needed: Collection[str] | None = None) -> ArrowTable:
    """A table in memory, to be read as one on disk is.

    Columns that are numbered 0, 1, ..., in whatever order, have no names of their own.

    Parameters
    ----------
    frame
        The table.
    name
        Name used in messages.
    needed
        The columns that are read, by default all; of others, those that cannot be read hold nothing.
    """
    named = True
    if _is_pandas(frame):
        names = list(frame.columns)
        _check_named(frame, name)
        if all(type(name) is int for name in names) and sorted(names) == list(range(len(names))):
            named, names, frame = False, sorted(names), frame.sort_index(axis=1)
        shown = list(map(flat_name, names))
        with decodable(name):
            columns = [
                _column(frame.iloc[:, i], name, needed is None or column in needed)
                for i, column in enumerate(shown)
            ]
            table = pa.Table.from_arrays(columns, names=shown)
    else:
        with decodable(name):
            table = pa.table(_plain_polars(frame, name, needed))

    if not table.schema.names:
        raise InputError(f"{name} has no columns, expected at least one")
    return in_memory(table, name, named)


def index_names(frame: Any) -> list[str]:
    """Names of the index of a pandas DataFrame, which is no column; an index without a name only numbers the rows."""
    return (
        [clean_name(str(name)) for name in frame.index.names if name is not None] if _is_pandas(frame) else []
    )


def _check_named(frame: Any, table: str) -> None:
    """Refuse a missing name, such as None, of which pandas makes a NaN in some tables alone."""
    if (missing := frame.columns.to_flat_index().isna()).any():
        place = int(missing.argmax())
        raise InputError(
            f"column {place + 1} of {table} has the name {frame.columns[place]!r}, expected text: rename it"
        )


def _is_pandas(X: Any) -> bool:
    # The library takes half a second to import; whoever passes one of its frames has already imported it.
    library = sys.modules.get("pandas")
    return library is not None and isinstance(X, library.DataFrame)


def _plain_polars(frame: Any, table: str, needed: Collection[str] | None) -> Any:
    """A frame of polars without the types that no other library has: whole numbers of 128 bits, objects of Python."""
    library = sys.modules.get("polars")
    if library is None or not isinstance(frame, library.DataFrame):
        return frame
    long = [getattr(library, kind) for kind in ("Int128", "UInt128") if hasattr(library, kind)]
    objects = [column for column in frame if column.dtype == library.Object]
    for column in objects:
        if needed is None or column.name in needed:
            found = f"a value of type {type(column[0]).__name__}"
            raise InputError(not_a_number(column.name, table, 1, found, EXPECTED))
    frame = frame.with_columns(library.lit(None).alias(column.name) for column in objects)
    return frame.cast(dict.fromkeys(long, library.Decimal(38, 0)))


def _column(series: Any, table: str, needed: bool) -> pa.Array | pa.ChunkedArray:
    if hasattr(series, "sparse"):
        series = series.sparse.to_dense()
    if hasattr(series, "cat") and isinstance(series.cat.categories, sys.modules["pandas"].IntervalIndex):
        series = series.cat.rename_categories(str)  # of pandas.cut, as a CSV file has them
    try:
        if _holds_sets(series):
            raise TypeError("sets have no order, of which pyarrow makes one")
        return pa.array(series, from_pandas=True)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):  # objects of several kinds
        missing = series.isna()
        if all(isinstance(value, int) for value in series[~missing]):
            with suppress(pa.ArrowInvalid):  # more than 76 digits
                return pa.array([None if m else int(v) for v, m in zip(series, missing, strict=True)], LONG)
        if all(isinstance(value, Real) for value in series[~missing]):
            return pa.array([None if m else float(v) for v, m in zip(series, missing, strict=True)])
        for row, (value, absent) in enumerate(zip(series, missing, strict=True), 1):
            if not (absent or isinstance(value, SHOWN_AS_TEXT)):
                if not needed:
                    return pa.nulls(len(series))
                found = f"a value of type {type(value).__name__}"
                raise InputError(not_a_number(str(series.name), table, row, found, EXPECTED)) from None
        return pa.array([None if m else str(v) for v, m in zip(series, missing, strict=True)], pa.string())


def _holds_sets(series: Any) -> bool:
    values = iter(series) if series.dtype == object else iter(())
    return isinstance(next((value for value in values if value is not None), None), set | frozenset)
