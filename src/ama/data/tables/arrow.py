"""Tables as Arrow sees them: a schema, and record batches that stream.

pyarrow reads files directly, whereas ``datasets`` would first copy them into its own cache.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa

from ama.data.labels import as_labels
from ama.data.names import NAMED_IN_MESSAGES
from ama.data.tables.arrow_columns import values
from ama.data.tables.arrow_reading import decodable
from ama.errors import InputError

DEFAULT_LABEL = "label"
MAX_COLUMNS = 65_536  # of a table; more are refused, as a schema takes kilobytes a column


class EmptyTableError(InputError):
    """A table without a row."""


@dataclass(frozen=True)
class ArrowTable:
    """A table.

    Parameters
    ----------
    name
        Name used in messages.
    schema
        Columns and their types.
    n_rows
        Number of rows.
    stream
        Given column names and a batch size, yields record batches with at least these columns.
    named
        Whether the columns have names of their own; if not, they are numbered "0", "1", ...
    first_row
        Number of its first row in the table of which it is a part.
    stream_from
        The same as ``stream`` from a row on, without reading all rows before; None where there is no such way.
    read_at_once
        Rows of which none can be read without those before; None if these are all.
    of_texts
        Given columns, and whether their whole numbers are to be without a fraction, yields the same table with their
        texts; None where numbers have no other form.
    """

    name: str
    schema: pa.Schema
    n_rows: int
    stream: Callable[[list[str], int], Iterator[pa.RecordBatch]]
    named: bool = True
    first_row: int = 0
    stream_from: Callable[[list[str], int, int], Iterator[pa.RecordBatch]] | None = None
    read_at_once: int | None = None
    of_texts: Callable[[list[str], bool], ArrowTable] | None = None

    def __post_init__(self) -> None:
        if self.n_rows == 0:
            raise EmptyTableError(f"{self.name} has no rows")
        check_names(self.schema.names, self.name)

    def batches(self, columns: Sequence[str], batch_size: int, start: int = 0) -> Iterator[pa.RecordBatch]:
        """These columns from a row on, at most ``batch_size`` rows at a time."""
        wanted = list(dict.fromkeys(columns))
        part = self.part(start, self.n_rows) if start else self
        with decodable(self.name):
            for batch in part.stream(wanted, batch_size):
                yield batch.select(wanted)

    def whole_batches(self, columns: Sequence[str], batch_size: int) -> Iterator[pa.RecordBatch]:
        """The same, ``batch_size`` rows each but for the last, however the table is stored."""
        return whole_batches(self.batches(columns, batch_size), batch_size)

    def part(self, start: int, stop: int) -> ArrowTable:
        """The rows from ``start`` to ``stop``, which is not included, as a table that can be pickled."""
        stream = partial(_part, self, start, stop)
        first_row = self.first_row + start
        return replace(self, n_rows=stop - start, stream=stream, first_row=first_row, stream_from=None)

    def with_columns(
        self,
        fields: Sequence[pa.Field],
        stream: Callable[..., Iterator[pa.RecordBatch]],
        of_texts: Callable[[list[str], bool], ArrowTable],
    ) -> ArrowTable:
        """The table with columns that are made of its own, by a stream that can begin at any row."""
        schema = pa.schema(fields, self.schema.metadata)
        return replace(self, schema=schema, stream=stream, stream_from=stream, of_texts=of_texts)

    def as_written(self, *columns: str | None) -> ArrowTable:
        """The table with these columns, labels or ids, as they are written: 007 is no 7, and long ids lose no digit."""
        return self.in_texts([name for name in columns if name is not None], spelled=True)

    def in_texts(self, columns: list[str], spelled: bool = False) -> ArrowTable:
        """The table with the texts of these columns, character by character or else spelled as labels are."""
        return self if self.of_texts is None else self.of_texts(columns, spelled)

    def column(self, name: str, batch_size: int = 2**16) -> Iterator[pa.Array]:
        """One column, part by part."""
        return (batch.column(0) for batch in self.batches([name], batch_size))

    def check_columns(self, names: Sequence[str]) -> None:
        """Refuse names that no column has.

        Raises
        ------
        InputError
            For the first of them; the message names the columns that there are.
        """
        known = set(self.schema.names)
        for name in names:
            if name not in known:
                found = [
                    column if column == column.strip() else repr(column)
                    for column in self.schema.names[:NAMED_IN_MESSAGES]
                ]
                more = ", ..." if len(known) > len(found) else ""
                raise InputError(
                    f"{self.name} has no column {name!r}; its columns are {', '.join(found)}{more}"
                )

    def label_column(self, named: str | None, features: Sequence[str] = ()) -> str | None:
        """The column of labels: the one named, else "label" if it exists and is not a feature.

        Raises
        ------
        InputError
            If there is no column of that name.
        """
        if named is not None:
            self.check_columns([named])
        elif DEFAULT_LABEL in self.schema.names and DEFAULT_LABEL not in features:
            return DEFAULT_LABEL
        return named

    def labels(self, batch: pa.RecordBatch, column: str | None) -> np.ndarray | None:
        """Labels of a batch; class labels of the hub are replaced by their names."""
        if column is None:
            return None
        return as_labels(self.values(batch, column), self._class_names(column))

    def all_labels(self, column: str, batch_size: int = 2**16) -> np.ndarray:
        """Labels of all rows."""
        batches = self.batches([column], batch_size)
        found = (value for batch in batches for value in self.values(batch, column))
        return as_labels(found, self._class_names(column))

    def values(self, batch: pa.RecordBatch, column: str) -> list[Any]:
        """Labels or ids as objects of Python."""
        with decodable(f"column {column!r} of {self.name}"):
            return values(batch.column(column))

    def metadata(self, key: str) -> dict[str, Any]:
        """What a library has stored about the table as JSON; nothing, if that is damaged."""
        try:
            found = json.loads((self.schema.metadata or {}).get(key.encode(), b"{}"))
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    def _class_names(self, column: str) -> list[str] | None:
        found: Any = self.metadata("huggingface")
        for key in ("info", "features", column, "names"):
            found = found.get(key) if isinstance(found, dict) else None
        return [str(name) for name in found] if isinstance(found, list) else None


def in_memory(table: pa.Table, name: str, named: bool = True) -> ArrowTable:
    """A table that is in memory already."""
    return ArrowTable(name, table.schema, len(table), partial(_slices, table), named)


def _slices(table: pa.Table, columns: list[str], batch_size: int) -> Iterator[pa.RecordBatch]:
    yield from table.select(columns).to_batches(max_chunksize=batch_size)


def _part(
    table: ArrowTable, start: int, stop: int, columns: list[str], batch_size: int
) -> Iterator[pa.RecordBatch]:
    if table.stream_from is not None:
        return rows(table.stream_from(columns, batch_size, start), 0, stop - start)
    return rows(table.stream(columns, batch_size), start, stop)


def whole_batches(batches: Iterable[pa.RecordBatch], batch_size: int) -> Iterator[pa.RecordBatch]:
    """The rows of batches of any size, ``batch_size`` rows at a time and the rest."""
    held: list[pa.RecordBatch] = []
    n_held = 0
    for batch in batches:
        while n_held + len(batch) >= batch_size:
            missing = batch_size - n_held
            yield _joined([*held, batch.slice(0, missing)])
            held, n_held, batch = [], 0, batch.slice(missing)
        if len(batch):
            held.append(batch)
            n_held += len(batch)
    if held:
        yield _joined(held)


def rows(batches: Iterable[pa.RecordBatch], start: int, stop: int) -> Iterator[pa.RecordBatch]:
    """The rows from ``start`` to ``stop`` of all batches together."""
    row = 0
    for batch in batches:
        first, row = row, row + len(batch)
        if row > start:
            yield batch.slice(max(start - first, 0), stop - max(first, start))
        if row >= stop:
            return


def _joined(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    """Several batches as one; a text that is stored once for many rows stays so."""
    if len(batches) == 1:
        return batches[0]
    (batch,) = pa.Table.from_batches(batches).unify_dictionaries().combine_chunks().to_batches()
    return batch


def check_names(names: Sequence[str], table: str) -> None:
    """Refuse too many columns, and two of the same name.

    Raises
    ------
    InputError
        The message names the table.
    """
    if len(names) > MAX_COLUMNS:
        raise InputError(f"{table} has {len(names):,} columns, expected at most {MAX_COLUMNS:,}")
    seen: set[str] = set()
    for column in names:
        if column in seen:
            raise InputError(f"{table} has two columns named {column!r}, expected unique names")
        seen.add(column)


def image_column(schema: pa.Schema, drop: Sequence[str] = ()) -> str | None:
    """The column of images: "image", else the first of :func:`image_columns`, of those that are not dropped."""
    found = [name for name in image_columns(schema) if name not in drop]
    return "image" if "image" in found else next(iter(found), None)


def image_columns(schema: pa.Schema) -> list[str]:
    """The columns of bytes or of the hub's {bytes, path}."""
    return [field.name for field in schema if holds_bytes(field.type)]


def holds_bytes(kind: pa.DataType) -> bool:
    """Whether a column of this type may hold images."""
    if pa.types.is_struct(kind):
        index = kind.get_field_index("bytes")
        return index >= 0 and holds_bytes(kind.field(index).type)
    return pa.types.is_binary(kind) or pa.types.is_large_binary(kind)
