"""Names of several parts, as pandas has them, in one form: its files hold ``('speed', 'mean')`` as text.

In whatever holds a table, such a name is ``speed.mean``, and ``('label', '')`` is ``label``.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import pyarrow as pa

from ama.data.samples import Wanted
from ama.data.tables.arrow import ArrowTable

TUPLE = re.compile(r"\(['\"].{1,1000}\)", re.DOTALL)


def flat_name(name: Any) -> str:
    """The name of a column of pandas, without the empty parts at its end."""
    if not isinstance(name, tuple):
        return str(name)
    parts = list(map(str, name))
    while len(parts) > 1 and not parts[-1]:
        parts.pop()
    return ".".join(parts)


def flat_names(names: Sequence[str], wanted: Wanted) -> list[str]:
    """The names of columns, in which those that are the text of a tuple are flat.

    A name stays as it is where the model or the user uses it so, and all do where two would become the same.
    """
    group = None if wanted.group_by is None else wanted.group_by.column
    used = {*(wanted.columns or ()), *wanted.drop, wanted.label_column, group}
    flat = [name if name in used else _of_text(name) for name in names]
    return flat if len(set(flat)) == len(set(names)) else list(names)


def with_flat_names(table: ArrowTable, wanted: Wanted) -> ArrowTable:
    """A table with the names of :func:`flat_names`."""
    names = flat_names(table.schema.names, wanted)
    return table if names == table.schema.names else _renamed(table, names)


def _of_text(name: str) -> str:
    if TUPLE.fullmatch(name):
        with suppress(ValueError, SyntaxError, MemoryError, RecursionError):
            found = ast.literal_eval(name)
            if isinstance(found, tuple) and all(isinstance(part, str | int) for part in found):
                return flat_name(found)
    return name


def _renamed(table: ArrowTable, names: list[str]) -> ArrowTable:
    fields = [field.with_name(name) for field, name in zip(table.schema, names, strict=True)]
    stored = dict(zip(names, table.schema.names, strict=True))
    return table.with_columns(fields, partial(_stream, table, stored), partial(_in_texts, table, stored))


def _in_texts(table: ArrowTable, stored: dict[str, str], columns: list[str], spelled: bool) -> ArrowTable:
    return _renamed(table.in_texts([stored[name] for name in columns], spelled), list(stored))


def _stream(
    table: ArrowTable, stored: dict[str, str], columns: list[str], batch_size: int, start: int = 0
) -> Iterator[pa.RecordBatch]:
    """The rows from a row on."""
    for batch in table.batches([stored[name] for name in columns], batch_size, start):
        yield pa.record_batch(batch.columns, names=columns)
