"""Rows of numbers from a table with named columns."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import torch
from jaxtyping import Float

from ama.data.arrow import UNNAMED_INDEX, ArrowTable, is_number
from ama.data.samples import Samples, Source, Wanted, as_labels
from ama.errors import InputError

ID_COLUMN = "id"


class TableRows(Source):
    """Rows of a table: every column of numbers or booleans is a feature, except labels and ids.

    The ids are the column "id" unless it is numeric, else an unnamed index written by pandas, else the row
    number, from 0.

    Parameters
    ----------
    table
        The table.
    wanted
        The keywords of ``open_source``; ``columns`` are selected by name and order, others are ignored.

    Raises
    ------
    InputError
        If a feature is not numeric, or the columns do not match the model's.
    """

    def __init__(self, table: ArrowTable, wanted: Wanted):
        wanted.check_kind("rows", table.name)
        self.table = table
        names = table.schema.names
        self.label = table.label_column(wanted.label_column, wanted.columns or ())
        others = [name for name in names if name != self.label]
        self.id = next((name for name in others if name in UNNAMED_INDEX), None)
        if ID_COLUMN in others and not is_number(table.schema.field(ID_COLUMN).type):
            self.id = ID_COLUMN
        features = list(wanted.columns or [name for name in others if name not in (self.id, *UNNAMED_INDEX)])
        for name in features:
            if name not in names:
                raise InputError(f"{table.name} has no column {name!r}, which the model needs")
            if not is_number(table.schema.field(name).type):
                raise InputError(
                    f"column {name!r} of {table.name} has type {table.schema.field(name).type}, "
                    "expected numbers: encode it as numbers or drop it"
                )
        check_width(len(features), wanted, table.name)
        super().__init__(table.name, (len(features),), torch.float64, features)

    def __len__(self) -> int:
        return self.table.n_rows

    def _chunks(self, batch_size: int) -> Iterator[Samples]:
        assert self.columns is not None
        row = 0
        extra = [name for name in (self.label, self.id) if name is not None]
        for batch in self.table.batches(self.columns + extra, batch_size):
            x = np.empty((len(batch), len(self.columns)))
            for j, name in enumerate(self.columns):
                x[:, j] = batch.column(name).cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
            check_finite(x, row, [f"column {name!r}" for name in self.columns], self.name)
            ids = range(row, row + len(batch)) if self.id is None else batch.column(self.id).to_pylist()
            yield Samples(
                torch.from_numpy(x),
                as_labels(ids).tolist(),
                self.table.labels(batch, self.label),
                self.columns,
                [],
            )
            row += len(batch)


def check_width(found: int, wanted: Wanted, name: str) -> None:
    """Refuse rows without columns, or whose number of columns differs from the model's."""
    if found == 0:
        raise InputError(f"{name} has no column of numbers, expected at least one")
    if wanted.shape is not None and wanted.shape[0] != found:
        raise InputError(f"{name} has rows of {found} columns, expected {wanted.shape[0]}")


def check_finite(x: Float[np.ndarray, "n d"], first_row: int, columns: list[str], name: str) -> None:
    """Refuse missing or infinite numbers, naming the row (from 1) and column of the first."""
    finite = np.isfinite(x)
    if not finite.all():
        row, column = np.argwhere(~finite)[0]
        raise InputError(
            f"{name} has {x[row, column]} in row {first_row + row + 1} (counted from 1), {columns[column]}, "
            "expected a finite number: fill it in or drop the row"
        )
