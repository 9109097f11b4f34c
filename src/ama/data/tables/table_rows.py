"""Rows from a table with named columns, as numbers."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import torch
from jaxtyping import Bool, Float

from ama.data.encoding.column_encoding import Replacement
from ama.data.encoding.learned_encoding import learn_encoding
from ama.data.encoding.number_columns import numbers
from ama.data.encoding.table_encoding import Replaced
from ama.data.labels import as_labels, as_objects
from ama.data.names import of_columns
from ama.data.normal_labels import is_normal
from ama.data.samples import Samples, Source, Wanted, count
from ama.data.tables.arrow import ArrowTable
from ama.data.tables.arrow_columns import n_changed
from ama.data.tables.arrow_reading import decodable
from ama.data.tables.feature_columns import find_columns
from ama.data.tables.long_form import say_long_form
from ama.data.tables.text_vectors import with_text_vectors
from ama.data.tables.vector_columns import with_components
from ama.errors import InputError


class TableRows(Source):
    """Rows of a table: every column is a feature, except labels, ids and numbers of rows.

    A column of vectors is as many columns of numbers: see :mod:`ama.data.tables.vector_columns`.

    Columns of numbers are taken as they are. If there are others or missing values, the encoding of
    :mod:`ama.data.encoding` makes numbers of all columns: that of the model, or else one that is learned from the
    table.

    The ids are the column "id" unless it is a feature, else the index written by pandas, else the row number, from 0.

    Parameters
    ----------
    table
        The table.
    wanted
        The keywords of ``open_source``; ``columns`` are selected by name and order.

    Raises
    ------
    InputError
        If a feature cannot be encoded, or the columns do not match the model's.
    """

    def __init__(self, table: ArrowTable, wanted: Wanted):
        wanted.check_kind("rows", table.name)
        self.group = None if wanted.group_by is None else wanted.group_by.column
        wanted = _without(self.group, table, wanted)
        table, self.wanted = with_components(with_text_vectors(table, wanted), wanted)
        wanted = self.wanted
        found = find_columns(table, wanted)
        self.label, self.id = found.label, found.id
        self.table = table = table.as_written(self.label, self.id, self.group)
        self.features, encoding = found.features, wanted.encoding
        self.normal = _normal_rows(table, found.label, wanted.normal_labels)
        if wanted.shape is None:
            say_long_form(table, wanted)
            self.features, encoding = learn_encoding(table, found.features, wanted, self._learned())
        if found.features and not self.features:
            raise InputError(f"{table.name} has no column that can be a feature: {wanted.remarks[-1]}")
        check_width(len(self.features), wanted, table.name)
        if encoding is not None:
            encoding.check_types(table.schema, self.features, table.name)
        width = len(self.features) if encoding is None else encoding.width
        columns = self.features if table.named else None
        super().__init__(table.name, (width,), torch.float64, columns, encoding)

    def __len__(self) -> int:
        if self.normal is None:
            return self.table.n_rows
        first = self.table.first_row
        return int(self.normal[first : first + self.table.n_rows].sum())

    @property
    def n_positions(self) -> int:
        return self.table.n_rows

    @property
    def read_at_once(self) -> int:
        return self.table.read_at_once or self.table.n_rows

    def part(self, start: int, stop: int) -> TableRows:
        part = copy.copy(self)
        part.table = self.table.part(start, stop)
        return part

    def _chunks(self, batch_size: int) -> Iterator[Samples]:
        row = self.table.first_row
        extra = [name for name in (self.label, self.id, self.group) if name is not None]
        self.replaced = Counter()
        for batch in self.table.whole_batches(self.features + extra, batch_size):
            rows = np.arange(row, row + len(batch)).tolist()
            row += len(batch)
            if self.normal is not None:
                batch = batch.filter(pa.array(self.normal[rows]))
                rows = [i for i in rows if self.normal[i]]
            features = batch.select(self.features)
            x = self._numbers(features, rows)
            ids = (
                list(map(str, rows))
                if self.id is None
                else as_labels(self.table.values(batch, self.id)).tolist()
            )
            yield Samples(
                torch.from_numpy(x),
                ids,
                self.table.labels(batch, self.label),
                self.columns,
                [],
                encoding=self.encoding,
                values=None if self.encoding is None else features,
                group_values=None if self.group is None else as_objects(self.table.values(batch, self.group)),
            )
        self.say_replaced(self.replaced)

    def _numbers(self, batch: pa.RecordBatch, rows: Sequence[int]) -> Float[np.ndarray, "n width"]:
        """Rows of the features, of these numbers, as numbers; counts the values that were replaced."""
        names = self.features
        with decodable(self.name):
            if self.encoding is None:
                x = np.empty((len(batch), len(names)))
                for j, column in enumerate(batch.columns):
                    x[:, j] = numbers(column)
                    self.replaced[Replaced(names[j], Replacement.ROUNDED)] += n_changed(column)
            else:
                x, of_batch = self.encoding.encode(batch, self.name, rows)
                names = self.encoding.names(names)
                self.replaced.update(of_batch)
        check_finite(x, rows, [f"column {name!r}" for name in names], self.name)
        if self.wanted.strict:
            self.say_replaced(self.replaced)
        return x

    def _learned(self) -> Bool[np.ndarray, " n"] | None:
        """The rows whose encoding is learned; None if these are all."""
        told = self.wanted.learn_from
        if told is not None and len(told) != self.table.n_rows:
            raise InputError(
                f"{self.table.name} has {self.table.n_rows} rows, expected {len(told)}, as many as y has labels"
            )
        # Where no row is normal, the fit refuses that, rather than columns without a value.
        return self.normal if told is None or not told.any() else told

    def replacements(self, replaced: Counter[Replaced]) -> list[str]:
        at_fit = self.wanted.encoding is None  # then the encoding has said all but these
        sentences = []
        for by in [Replacement.MEDIAN, Replacement.ROUNDED] if at_fit else Replacement:
            found = {of.column: n for of, n in replaced.items() if of.by is by and n}
            if n := sum(found.values()):
                verb, noun, end = by.value
                what = f"{n:,} {noun}{'s'[: n != 1]}{end}"
                sentences.append(of_columns(list(found), self.name, f"{verb}s {what}", f"{verb} {what}"))
        return sentences

    def say_replaced(self, replaced: Counter[Replaced]) -> None:
        for sentence in self.replacements(replaced):
            self.wanted.remark(sentence)
            self.remarks = tuple(dict.fromkeys(self.wanted.remarks))


def _normal_rows(
    table: ArrowTable, label: str | None, normal_labels: Sequence[str] | None
) -> Bool[np.ndarray, " n"] | None:
    """Which rows have one of the labels; None if all are wanted."""
    if normal_labels is None:
        return None
    found = None if label is None else table.all_labels(label)
    return is_normal(found, normal_labels, table.name)


def _without(group: str | None, table: ArrowTable, wanted: Wanted) -> Wanted:
    """The same without the column that makes the groups among the features."""
    if group is None:
        return wanted
    if group in (wanted.columns or ()):
        raise InputError(f"column {group!r} of {table.name} makes the groups, expected others as features")
    wanted.remark(f"column {group!r} of {table.name} makes the groups, and is no feature", refused=False)
    return replace(wanted, drop=(*wanted.drop, group))


def check_width(found: int, wanted: Wanted, name: str) -> None:
    """Refuse rows without columns, or whose number of columns differs from the model's."""
    if found == 0:
        raise InputError(f"{name} has no column of numbers, expected at least one")
    if wanted.n_columns is not None and wanted.n_columns != found:
        raise InputError(f"{name} has rows of {count(found, 'column')}, expected {wanted.n_columns}")


def check_finite(x: Float[np.ndarray, "n d"], rows: Sequence[int], columns: list[str], name: str) -> None:
    """Refuse missing or infinite numbers in rows of these numbers, naming the row (from 1) and column of the first."""
    finite = np.isfinite(x)
    if not finite.all():
        row, column = np.argwhere(~finite)[0]
        raise InputError(
            f"{name} has {x[row, column]} in row {rows[row] + 1} (counted from 1), {columns[column]}, "
            "expected a finite number: fill it in or drop the row"
        )
