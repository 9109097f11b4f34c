"""Columns of many kinds of text: how frequent the kind was at fit."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
import pyarrow as pa
from jaxtyping import Float

from ama.data.encoding.column_encoding import ColumnEncoding, Encoded, Shown
from ama.data.encoding.kind_columns import OfKinds

UNKNOWN_ROWS = 0.5  # rows of a kind that the fit did not keep: fewer than any kind has


@dataclass(frozen=True)
class Frequencies(OfKinds[float], ColumnEncoding):
    """The logarithm of the share of the fit's rows that are of the same kind.

    A missing value is a kind like others. A kind of a single row is not kept: after Good and Turing, a new row is of
    an unknown kind about as often as a row at fit is the only one of its kind, so that both get the same number.

    Parameters
    ----------
    kinds
        The kinds of two or more rows; None is a missing value.
    rows
        How many rows of each kind there were.
    n_rows
        Rows in all.
    """

    kinds: list[str | None]
    rows: list[int]
    n_rows: int

    kind: ClassVar[str] = "frequency"

    @property
    def width(self) -> int:
        return 1

    @cached_property
    def values(self) -> dict[str | None, float]:
        """The logarithm of the share of each kind."""
        return {kind: math.log(rows / self.n_rows) for kind, rows in zip(self.kinds, self.rows, strict=True)}

    @property
    def of_others(self) -> float:
        """The logarithm of the share of a kind of less than a row."""
        return math.log(UNKNOWN_ROWS / self.n_rows)

    def encode(self, column: pa.Array) -> Encoded:
        x, missing = self.value_of_rows(column)
        return Encoded(x[:, None], missing)

    def decode(self, x: Float[np.ndarray, "n width"]) -> list[Shown]:
        rows = np.exp(np.clip(x[:, 0], -700, 0)) * self.n_rows
        return [
            f"a kind of {n * 100 / self.n_rows:.2g} % of the rows" if n >= 1 else "a rare kind"
            for n in rows.tolist()
        ]

    def check(self) -> None:
        if len(self.kinds) != len(self.rows):
            raise ValueError(f"it has {len(self.kinds)} kinds and {len(self.rows)} numbers of rows")
        super().check()
        if self.n_rows < 1 or any(not 0 < rows <= self.n_rows for rows in self.rows):
            raise ValueError(f"its rows are not from 1 to {self.n_rows}")
