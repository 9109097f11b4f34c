"""Rows of numbers from a table with named columns."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from jaxtyping import Float

from ama.data.arrow import ArrowTable
from ama.data.arrow_columns import floats
from ama.data.arrow_reading import decodable
from ama.data.feature_columns import find_columns
from ama.data.samples import Samples, Source, Wanted, as_labels
from ama.errors import InputError


class TableRows(Source):
    """Rows of a table: every column of numbers or booleans is a feature, except labels, ids and numbers of rows.

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
        If a feature is not numeric, or the columns do not match the model's.
    """

    def __init__(self, table: ArrowTable, wanted: Wanted):
        wanted.check_kind("rows", table.name)
        self.table = table
        found = find_columns(table, wanted)
        self.features, self.label, self.id = found.features, found.label, found.id
        check_width(len(self.features), wanted, table.name)
        columns = self.features if table.named else None
        super().__init__(table.name, (len(self.features),), torch.float64, columns)

    def __len__(self) -> int:
        return self.table.n_rows

    def _chunks(self, batch_size: int) -> Iterator[Samples]:
        row = 0
        extra = [name for name in (self.label, self.id) if name is not None]
        for batch in self.table.batches(self.features + extra, batch_size):
            x = np.empty((len(batch), len(self.features)))
            with decodable(self.name):
                for j, name in enumerate(self.features):
                    x[:, j] = floats(batch.column(name))
            check_finite(x, row, [f"column {name!r}" for name in self.features], self.name)
            if self.id is None:
                ids = [str(i) for i in range(row, row + len(batch))]
            else:
                ids = as_labels(self.table.values(batch, self.id)).tolist()
            yield Samples(
                torch.from_numpy(x),
                ids,
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
