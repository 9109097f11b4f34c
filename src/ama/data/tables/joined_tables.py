"""Several tables with the same columns as one, one after the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import PurePath

import pyarrow as pa

from ama.data.tables.arrow import ArrowTable
from ama.data.tables.arrow_columns import is_number, is_text
from ama.data.tables.vector_columns import holds_vectors
from ama.errors import InputError

# What columns become that are of such a kind in all tables, but of several types.
COMMON = (
    (is_number, pa.float64()),
    (is_text, pa.large_string()),
    (holds_vectors, pa.large_list(pa.float64())),
)


def joined(tables: Sequence[ArrowTable], name: str) -> ArrowTable:
    """The rows of tables, in their order.

    A column that is text in one of them is text in all, and numbers of several types are floats.

    Parameters
    ----------
    tables
        The tables; their columns may be in any order.
    name
        Name used in messages.

    Raises
    ------
    InputError
        If one has other columns than the first, or a column holds what is no number in one and numbers in another.
    """
    for table in tables:
        _check_names(table, tables[0])
    texts = [name for name in tables[0].schema.names if _is_text_somewhere(tables, name)]
    tables = [table.in_texts(texts) for table in tables]
    first = tables[0].schema
    schema = pa.schema([_common(field.name, tables) for field in first], first.metadata)
    stream = partial(_stream, tables, schema)
    return ArrowTable(
        name,
        schema,
        sum(table.n_rows for table in tables),
        stream,
        all(table.named for table in tables),
        stream_from=stream,
        read_at_once=max(table.read_at_once or table.n_rows for table in tables),
        of_texts=partial(_in_texts, tables, name),
    )


def _in_texts(tables: Sequence[ArrowTable], name: str, columns: list[str], spelled: bool) -> ArrowTable:
    return joined([table.in_texts(columns, spelled) for table in tables], name)


def _stream(
    tables: Sequence[ArrowTable], schema: pa.Schema, columns: list[str], batch_size: int, start: int = 0
) -> Iterator[pa.RecordBatch]:
    """The rows from a row on."""
    kinds = pa.schema([schema.field(name) for name in columns])
    for table in tables:
        if start >= table.n_rows:
            start -= table.n_rows
            continue
        batches, start = table.batches(columns, batch_size, start), 0
        for batch in batches:
            found = [
                column if column.type == kind else column.cast(kind, safe=False)
                for column, kind in zip(batch.columns, kinds.types, strict=True)
            ]
            yield pa.record_batch(found, schema=kinds)


def _check_names(table: ArrowTable, first: ArrowTable) -> None:
    found, expected = set(table.schema.names), set(first.schema.names)
    for name in first.schema.names:
        if name not in found:
            raise InputError(f"{table.name} has no column {name!r}, expected the columns of {_short(first)}")
    for name in table.schema.names:
        if name not in expected:
            raise InputError(f"{table.name} has a column {name!r}, expected the columns of {_short(first)}")


def _is_text_somewhere(tables: Sequence[ArrowTable], column: str) -> bool:
    return any(is_text(table.schema.field(column).type) for table in tables)


def _common(column: str, tables: Sequence[ArrowTable]) -> pa.Field:
    """A column with the type that all tables can have."""
    kinds: dict[pa.DataType, ArrowTable] = {}
    for table in tables:
        kinds.setdefault(table.schema.field(column).type, table)
    kinds.pop(pa.null(), None)
    if len(kinds) > 1:
        for of_kind, common in COMMON:
            if all(map(of_kind, kinds)):
                return pa.field(column, common)
        (expected, first), *_, (other, table) = kinds.items()
        raise InputError(
            f"column {column!r} of {table.name} is {other}, expected {expected} as in {_short(first)}"
        )
    return pa.field(column, next(iter(kinds), pa.null()))


def _short(table: ArrowTable) -> str:
    return PurePath(table.name).name
