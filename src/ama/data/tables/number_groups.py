"""Columns with a group of numbers in each text, such as "120/80", as a column for each of the numbers."""

from __future__ import annotations

from itertools import count as count_from

import pyarrow as pa

from ama.data.encoding.grouped_numbers import numbers_of
from ama.data.samples import Wanted, count
from ama.data.tables.arrow import ArrowTable
from ama.data.tables.arrow_columns import is_text, values
from ama.data.tables.plain_columns import with_decoded
from ama.data.tables.vector_columns import columns_without_features

EXAMINED = 20  # rows that tell whether a column of text holds such groups


class NumberGroups:
    """A column of text as one of structures with a field for each number, a missing one where the text is no group.

    Parameters
    ----------
    length
        How many numbers there are in a text.
    """

    def __init__(self, length: int):
        self.names = [str(j + 1) for j in range(length)]
        self.kind = pa.struct([(name, pa.float64()) for name in self.names])

    def of(self, column: pa.Array) -> pa.Array:
        """The structures."""
        return pa.array(map(self._structure, values(column)), self.kind)

    def _structure(self, text: str | None) -> dict[str, float] | None:
        numbers = None if text is None else numbers_of(text)
        if numbers is None or len(numbers) != len(self.names):
            return None
        return dict(zip(self.names, numbers, strict=True))


def with_number_groups(table: ArrowTable, wanted: Wanted) -> ArrowTable:
    """A table with structures of numbers in place of texts.

    At a fit these are the columns whose first rows hold groups of one length; for a model, those whose numbers it has
    seen as columns.

    Parameters
    ----------
    table
        The table.
    wanted
        The keywords of ``open_source``.
    """
    no_features = columns_without_features(table, wanted)
    fields = [field for field in table.schema if field.name not in no_features]
    texts = [field.name for field in fields if is_text(field.type)]
    missing = [field.name for field in fields if pa.types.is_null(field.type)]
    groups = _groups(table, texts) if wanted.shape is None else _seen([*texts, *missing], wanted)
    return with_decoded(table, {name: NumberGroups(n) for name, n in groups.items()}) if groups else table


def _seen(texts: list[str], wanted: Wanted) -> dict[str, int]:
    """How many numbers a model has seen in each text of a column."""
    columns = {*(wanted.columns or ())} - {*texts}
    lengths = {name: next(j for j in count_from(0) if f"{name}.{j + 1}" not in columns) for name in texts}
    return {name: n for name, n in lengths.items() if n > 1}


def _groups(table: ArrowTable, texts: list[str]) -> dict[str, int]:
    """How many numbers there are in each text of a column, for those of groups."""
    rows = next(table.batches(texts, EXAMINED), None) if texts else None
    if rows is None:
        return {}
    lengths = {
        name: {len(numbers_of(text) or ()) for text in values(column) if text is not None}
        for name, column in zip(texts, rows.columns, strict=True)
    }
    return {name: found.pop() for name, found in lengths.items() if len(found) == 1 and 0 not in found}


def say_groups(stored: ArrowTable, table: ArrowTable, wanted: Wanted) -> None:
    """A remark on each column of which ``with_number_groups`` made structures, but for those that are not wanted."""
    for field in stored.schema:
        kind = table.schema.field(field.name).type
        leaves = {f"{field.name}.{j + 1}" for j in range(kind.num_fields)}
        if kind == field.type or leaves <= {*wanted.drop} or not leaves & {*(wanted.columns or leaves)}:
            continue
        shown = next(text for text in values(next(stored.column(field.name, EXAMINED))) if text is not None)
        wanted.remark(
            f"column {field.name!r} of {table.name} holds texts such as {shown.strip()!r}, read as "
            f"{count(kind.num_fields, 'number')}, {field.name}.1 and so on",
            refused=False,
        )
