"""Columns with a vector in each row, such as embeddings, as a column for each of its numbers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from ama.data.samples import Wanted, count
from ama.data.tables.arrow import MAX_COLUMNS, ArrowTable
from ama.data.tables.arrow_columns import is_number
from ama.data.tables.feature_columns import ID_COLUMN
from ama.errors import InputError

Lengths: TypeAlias = Mapping[str, int]  # of the vectors in each column

COMPONENT = re.compile(r"(.*)\[\d+\]", re.DOTALL)
MOST_NUMBERS = 2**22  # read at a time, as a row may hold thousands


def holds_vectors(kind: pa.DataType) -> bool:
    """Whether a column of this type has a list of numbers in each row."""
    if isinstance(kind, pa.BaseExtensionType):  # a tensor of one axis is a vector
        stored = kind.storage_type
        return holds_vectors(stored) and getattr(kind, "shape", None) == [getattr(stored, "list_size", None)]
    types = pa.types
    lists = types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind)
    return lists and is_number(kind.value_type)


def with_components(table: ArrowTable, wanted: Wanted) -> tuple[ArrowTable, Wanted]:
    """A table with the columns ``v[0]``, ``v[1]``, ... in place of a column ``v`` of vectors, and what is wanted of it.

    Parameters
    ----------
    table
        The table.
    wanted
        The keywords of ``open_source``. The columns of a fit are named as they are stored; those of a model are
        components.

    Raises
    ------
    InputError
        If the first row has no vector; while the rows are read, if one has none or one of another length.
    """
    at_fit = wanted.shape is None
    chosen = wanted.columns if at_fit else None
    table.check_columns([*wanted.drop, *(chosen or ())])
    no_features = columns_without_features(table, wanted)
    found = [f.name for f in table.schema if holds_vectors(f.type) and f.name not in no_features]
    if not at_fit and wanted.columns is not None and table.named:
        parts = components_of(wanted.columns)
        _check_vectors(table, parts, found)
        return _spread(table, {name: parts[name] for name in found if name in parts}, "as at fit"), wanted
    lengths = {name: _length(table, name) for name in found if chosen is None or name in chosen}
    for name, n in lengths.items() if at_fit else ():
        what = f"vectors of length {n}: each of their numbers is a column, {name}[0] and so on"
        wanted.remark(f"column {name!r} of {table.name} holds {what}", refused=False)
    if chosen is not None:
        wanted = replace(wanted, columns=[part for name in chosen for part in _names(name, lengths)])
    return _spread(table, lengths, "as in row 1: drop the row or the column"), wanted


def columns_without_features(table: ArrowTable, wanted: Wanted) -> set[str | None]:
    """The columns that are no feature in any case."""
    return {ID_COLUMN, table.label_column(wanted.label_column), *wanted.drop}


def components_of(columns: Iterable[str]) -> Counter[str]:
    """How many of the columns are components of each column of vectors."""
    return Counter(match[1] for name in columns if (match := COMPONENT.fullmatch(name)))


def _check_vectors(table: ArrowTable, parts: Lengths, found: Sequence[str]) -> None:
    """Refuse a column of another type where a model has seen vectors."""
    for field in table.schema:
        if field.name in parts and field.name not in found and f"{field.name}[0]" not in table.schema.names:
            raise InputError(
                f"column {field.name!r} of {table.name} is of type {field.type}, expected "
                f"vectors of {count(parts[field.name], 'number')}, as at fit"
            )


def _names(column: str, lengths: Lengths) -> list[str]:
    """The columns that are in place of one."""
    return [f"{column}[{j}]" for j in range(lengths[column])] if column in lengths else [column]


def _length(table: ArrowTable, name: str) -> int:
    """The length of the vector in the first row."""
    first = pc.list_value_length(_lists(next(table.column(name, 1))))[0].as_py()
    if not first:
        raise InputError(
            f"column {name!r} of {table.name} holds no vector in row 1 (counted from 1), expected one in each row: "
            "drop the row or the column"
        )
    if first > MAX_COLUMNS:
        found = f"vectors of {first:,} numbers, expected at most {MAX_COLUMNS:,}: drop it"
        raise InputError(f"column {name!r} of {table.name} holds {found}")
    return first


def _spread(table: ArrowTable, lengths: Lengths, example: str) -> ArrowTable:
    if not lengths:
        return table
    fields = []
    for field in table.schema:
        kind = _value_type(field.type) if field.name in lengths else field.type
        fields += [pa.field(name, kind) for name in _names(field.name, lengths)]
    given = table, lengths, example
    return table.with_columns(fields, partial(_stream, *given), partial(_in_texts, *given))


def _in_texts(
    table: ArrowTable, lengths: Lengths, example: str, columns: list[str], spelled: bool
) -> ArrowTable:
    return _spread(table.in_texts(columns, spelled), lengths, example)


def _stream(
    table: ArrowTable,
    lengths: Lengths,
    example: str,
    columns: list[str],
    batch_size: int,
    start: int = 0,
) -> Iterator[pa.RecordBatch]:
    """The rows from a row on."""
    vectors = {part: name for name in lengths for part in _names(name, lengths)}
    stored = list(dict.fromkeys(vectors.get(name, name) for name in columns))
    width = sum(lengths.get(name, 1) for name in stored)
    row = table.first_row + start
    for batch in table.batches(stored, max(1, min(batch_size, MOST_NUMBERS // width)), start):
        found: dict[str, pa.Array] = {}
        for name, column in zip(stored, batch.columns, strict=True):
            parts = [column]
            if name in lengths:
                where = f"column {name!r} of {table.name}"
                parts = _components(column, lengths[name], where, row, example)
            found.update(zip(_names(name, lengths), parts, strict=True))
        row += len(batch)
        yield pa.record_batch([found[name] for name in columns], names=columns)


def _components(column: pa.Array, n: int, where: str, first_row: int, example: str) -> list[pa.Array]:
    """The numbers of vectors, those of each place as a column."""
    lists = _lists(column)
    found = pc.list_value_length(lists)
    what, odd = "a vector", pc.fill_null(pc.not_equal(found, n), True).index(True).as_py()
    if odd >= 0:
        length = found[odd].as_py()
        what = f"a vector of {count(length, 'number')}" if length else "no vector"
    else:
        values = lists.flatten()
        what, odd = "a vector with a missing number", _first_missing(values) // n
    if odd >= 0:
        raise InputError(
            f"{where} holds {what} in row {first_row + odd + 1} (counted from 1), expected {count(n, 'number')} "
            f"{example}"
        )
    return [values[j::n] for j in range(n)]


def _first_missing(values: pa.Array) -> int:
    return pc.is_null(values, nan_is_null=True).index(True).as_py()


def _lists(column: pa.Array) -> pa.Array:
    return column.storage if isinstance(column.type, pa.BaseExtensionType) else column


def _value_type(kind: pa.DataType) -> pa.DataType:
    return (kind.storage_type if isinstance(kind, pa.BaseExtensionType) else kind).value_type
