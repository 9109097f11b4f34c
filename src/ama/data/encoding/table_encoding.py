"""The encoding of a whole table: what turns its columns into the numbers of a row, as a model keeps it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from jaxtyping import Float, Shaped

from ama.data.encoding.category_columns import Categories
from ama.data.encoding.column_encoding import ColumnEncoding, Replacement
from ama.data.encoding.frequency_columns import Frequencies
from ama.data.encoding.moment_columns import Moments
from ama.data.encoding.number_columns import Numbers
from ama.data.tables.arrow_columns import not_a_number
from ama.errors import InputError

KINDS: dict[str, type[ColumnEncoding]] = {
    kind.kind: kind for kind in (Numbers, Categories, Frequencies, Moments)
}


class Replaced(NamedTuple):
    """Values of a column that were replaced: the missing ones, texts among numbers, and so on."""

    column: str
    by: Replacement


@dataclass(frozen=True)
class TableEncoding:
    """How each column of a table becomes numbers, as learned at fit.

    Parameters
    ----------
    columns
        An encoding for each column, in the order of the features.
    """

    columns: tuple[ColumnEncoding, ...]

    def __len__(self) -> int:
        """The columns of the table."""
        return len(self.columns)

    @property
    def width(self) -> int:
        """The numbers of a row."""
        return sum(column.width for column in self.columns)

    @cached_property
    def groups(self) -> list[list[int]]:
        """Which numbers of a row come from each column."""
        ends = np.cumsum([column.width for column in self.columns]).tolist()
        return [list(range(end - c.width, end)) for c, end in zip(self.columns, ends, strict=True)]

    def of_text(self, columns: Sequence[str]) -> list[str]:
        """Those of the columns, given by their names, that a CSV file is to be read as text in."""
        return [name for name, encoding in zip(columns, self.columns, strict=False) if encoding.of_text]

    def check_types(self, schema: pa.Schema, features: Sequence[str], table: str) -> None:
        """Refuse a column of a type that its encoding does not take.

        Raises
        ------
        InputError
            The message names the column, its type and what the fit saw there.
        """
        for name, encoding in zip(features, self.columns, strict=True):
            kind = schema.field(name).type
            if not encoding.takes(kind):
                raise InputError(
                    f"column {name!r} of {table} is of type {kind}, expected {encoding.expects}, as at fit"
                )

    def encode(
        self, batch: pa.RecordBatch, table: str, rows: Sequence[int]
    ) -> tuple[Float[np.ndarray, "n width"], dict[Replaced, int]]:
        """A batch of the features as rows of numbers.

        Parameters
        ----------
        batch
            The features in their order.
        table
            Name of the table, for messages.
        rows
            The number of each row, from 0, for messages.

        Returns
        -------
        tuple
            The numbers; and how many values were replaced: missing ones where none was missing at fit, texts, times
            with or without a zone, dates without a time, durations, numbers in their place, and whole numbers
            that are rounded.

        Raises
        ------
        InputError
            If a column of numbers holds something else.
        """
        x, replaced = np.empty((len(batch), self.width)), dict[Replaced, int]()
        for name, encoding, column, group in zip(
            batch.schema.names, self.columns, batch.columns, self.groups, strict=True
        ):
            if (odd := encoding.odd(column)) is not None:
                raise InputError(not_a_number(name, table, rows[odd[0] - 1] + 1, odd[1], encoding.expected))
            x[:, group], replaced[Replaced(name, encoding.replacement)] = encoding.encode(column)
            replaced |= {Replaced(name, by): n for by, n in encoding.assumed(column)}
        return x, replaced

    def decode(self, x: Float[np.ndarray, "n width"]) -> Shaped[np.ndarray, "n columns"]:
        """The values nearest to rows of numbers, as a user would see them: numbers, or text."""
        found = np.empty((len(x), len(self)), dtype=object)
        for j, (encoding, group) in enumerate(zip(self.columns, self.groups, strict=True)):
            found[:, j] = encoding.decode(x[:, group])
        return found

    def names(self, columns: Sequence[str]) -> list[str]:
        """The column that each number of a row comes from, given the names of all."""
        return [name for name, group in zip(columns, self.groups, strict=True) for _ in group]

    def to_json(self) -> list[dict[str, Any]]:
        """The encoding as JSON types."""
        return [column.to_json() for column in self.columns]

    @classmethod
    def from_json(cls, values: list[dict[str, Any]]) -> TableEncoding:
        """The encoding of which :meth:`to_json` made ``values``, which anybody may have written.

        Raises
        ------
        ValueError
            One sentence about the first thing that is wrong.
        """
        columns = []
        for i, column in enumerate(values, 1):
            what = f"the encoding of column {i}"
            kind = KINDS.get(str(column.get("kind")))
            if kind is None:
                raise ValueError(
                    f"{what} is of the kind {column.get('kind')!r}, expected one of {', '.join(KINDS)}"
                )
            columns.append(kind.from_json(column, what))
        return cls(tuple(columns))
