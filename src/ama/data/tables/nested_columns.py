"""Columns with a structure in each row, such as nested objects of JSON, as a column for each of its fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeAlias

import pyarrow as pa

from ama.data.names import of_columns
from ama.data.samples import Wanted
from ama.data.tables.arrow import ArrowTable, holds_bytes

# A column -> those in its place, by their names: pandas.json_normalize has the same.
Nested: TypeAlias = Mapping[str, Sequence[pa.Field]]


def with_fields(table: ArrowTable) -> ArrowTable:
    """A table with the columns ``s.a``, ``s.b``, ... in place of a column ``s`` of structures, which may be nested."""
    nested = nested_columns(table)
    return _spread(table, nested) if nested else table


def wanted_fields(table: ArrowTable, wanted: Wanted) -> Wanted:
    """What is wanted of a table with fields, given what is wanted of it as it is stored."""
    nested = nested_columns(table)
    columns = None if wanted.columns is None else _names(wanted.columns, nested)
    return replace(wanted, columns=columns, drop=tuple(_names(wanted.drop, nested)))


def say_structures(table: ArrowTable, wanted: Wanted) -> None:
    """A remark on the columns of structures in a table as it is stored, but for those that are dropped."""
    nested = nested_columns(table)
    if shown := [name for name in nested if not {field.name for field in nested[name]} <= {*wanted.drop}]:
        what = f"structures: each of their fields is a column, {nested[shown[0]][0].name} and so on"
        remark = of_columns(shown, table.name, f"holds {what}", f"hold {what}")
        wanted.remark(remark, refused=False)


def stored_names(column: str) -> Iterator[str]:
    """The names of the columns in which one may be stored: itself, or a structure of which it is a field."""
    parts = column.split(".")
    return (".".join(parts[:n]) for n in range(1, len(parts) + 1))


def nested_columns(table: ArrowTable) -> Nested:
    """The columns of structures; none of images, and none if two columns would have one name."""
    nested = {field.name: _leaves(field) for field in table.schema if _is_structure(field.type)}
    names = _names(table.schema.names, nested)
    return nested if len(set(names)) == len(names) else {}


def _is_structure(kind: pa.DataType) -> bool:
    return pa.types.is_struct(kind) and kind.num_fields > 0 and not holds_bytes(kind)


def _leaves(field: pa.Field) -> list[pa.Field]:
    if not _is_structure(field.type):
        return [field]
    inner = map(field.type.field, range(field.type.num_fields))
    return [leaf for part in inner for leaf in _leaves(part.with_name(f"{field.name}.{part.name}"))]


def _names(columns: Sequence[str], nested: Nested) -> list[str]:
    return [
        leaf for name in columns for leaf in ([f.name for f in nested[name]] if name in nested else [name])
    ]


def _spread(table: ArrowTable, nested: Nested) -> ArrowTable:
    fields = [leaf for field in table.schema for leaf in nested.get(field.name, [field])]
    return table.with_columns(fields, partial(_stream, table, nested), partial(_in_texts, table, nested))


def _in_texts(table: ArrowTable, nested: Nested, columns: list[str], spelled: bool) -> ArrowTable:
    stored = [name for name in columns if name in table.schema.names]
    return _spread(table.in_texts(stored, spelled), nested)


def _stream(
    table: ArrowTable, nested: Nested, columns: list[str], batch_size: int, start: int = 0
) -> Iterator[pa.RecordBatch]:
    """The rows from a row on."""
    stored_in = {leaf.name: name for name, leaves in nested.items() for leaf in leaves}
    stored = list(dict.fromkeys(stored_in.get(name, name) for name in columns))
    for batch in table.batches(stored, batch_size, start):
        found: dict[str, pa.Array] = {}
        for name, column in zip(stored, batch.columns, strict=True):
            leaves = _values(column) if name in nested else [column]
            found.update(zip(_names([name], nested), leaves, strict=True))
        yield pa.record_batch([found[name] for name in columns], names=columns)


def _values(column: pa.Array) -> list[pa.Array]:
    """The leaves of structures; where a structure is missing, so are all of its fields."""
    if not _is_structure(column.type):
        return [column]
    return [leaf for part in column.flatten() for leaf in _values(part)]
