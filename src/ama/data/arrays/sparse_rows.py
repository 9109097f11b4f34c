"""Sparse matrices of SciPy as rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from ama.data.arrays.whole_numbers import n_rounded, rounded_notice
from ama.data.samples import Samples, Source, Wanted
from ama.data.tables.table_rows import check_finite, check_width
from ama.errors import InputError


class SparseRows(Source):
    """Rows (n, d) of a sparse matrix, made dense a chunk at a time.

    Parameters
    ----------
    matrix
        A matrix or array of ``scipy.sparse``, in any format.
    name
        Name used in messages.
    wanted
        The keywords of ``open_source``.

    Raises
    ------
    InputError
        If it is empty or does not hold real numbers, or the number of columns differs from the model's.
    """

    def __init__(self, matrix: Any, name: str, wanted: Wanted):
        wanted.check_no_label_column(name, "it is an array without labels")
        wanted.check_kind("rows", name)
        wanted.check_table(name)
        if matrix.ndim != 2 or 0 in matrix.shape:
            raise InputError(f"{name} is sparse and has shape {matrix.shape}, expected rows (n, d)")
        if matrix.dtype.kind not in "biuf":
            raise InputError(f"{name} is sparse and has type {matrix.dtype}, expected real numbers")
        check_width(matrix.shape[1], wanted, name)
        self.matrix = matrix.tocsr()
        if n := n_rounded(self.matrix.data):
            wanted.remark(rounded_notice(name, n))
        super().__init__(name, (matrix.shape[1],), torch.float64)

    def __len__(self) -> int:
        return self.matrix.shape[0]

    def _chunks(self, batch_size: int) -> Iterator[Samples]:
        columns = [f"column {j + 1}" for j in range(self.shape[0])]
        for start in range(0, len(self), batch_size):
            x = self.matrix[start : start + batch_size].toarray().astype(np.float64)
            check_finite(x, range(start, start + len(x)), columns, self.name)
            yield Samples(torch.from_numpy(x), [str(start + i) for i in range(len(x))], None, None, [])


def is_sparse(X: Any) -> bool:
    """Whether X is of ``scipy.sparse``, which need not be installed."""
    return hasattr(X, "toarray") and hasattr(X, "nnz")
