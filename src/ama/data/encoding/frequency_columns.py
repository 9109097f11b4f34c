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
from ama.data.encoding.text_values import texts

UNKNOWN_ROWS = 0.5  # rows of a kind that the fit did not keep: fewer than any kind has


@dataclass(frozen=True)
class Frequencies(ColumnEncoding):
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
    expects: ClassVar[str] = "text"

    @property
    def width(self) -> int:
        return 1

    @property
    def of_text(self) -> bool:
        return True

    def takes(self, kind: pa.DataType) -> bool:
        return not pa.types.is_nested(kind)

    @cached_property
    def _values(self) -> dict[str | None, float]:
        return {kind: math.log(rows / self.n_rows) for kind, rows in zip(self.kinds, self.rows, strict=True)}

    def encode(self, column: pa.Array) -> Encoded:
        found = texts(column)
        known = [*found.known, None]  # the last one is that of a missing value, whose place is -1
        unknown = math.log(UNKNOWN_ROWS / self.n_rows)
        values = np.array([self._values.get(text, unknown) for text in known])
        return Encoded(values[found.places][:, None])

    def decode(self, x: Float[np.ndarray, "n width"]) -> list[Shown]:
        rows = np.exp(np.clip(x[:, 0], -700, 0)) * self.n_rows
        return [
            f"a kind of {share * 100 / self.n_rows:.2g} % of the rows" if share >= 1 else "a rare kind"
            for share in rows.tolist()
        ]

    def check(self) -> None:
        if len(self.kinds) != len(self.rows):
            raise ValueError(f"it has {len(self.kinds)} kinds and {len(self.rows)} numbers of rows")
        if len(set(self.kinds)) < len(self.kinds):
            raise ValueError("two of its kinds are the same")
        if self.n_rows < 1 or any(not 0 < rows <= self.n_rows for rows in self.rows):
            raise ValueError(f"its rows are not from 1 to {self.n_rows}")
