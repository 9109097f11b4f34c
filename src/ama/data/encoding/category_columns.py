"""Columns of few kinds of text: an indicator for each kind, and one for all others."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
import pyarrow as pa
from jaxtyping import Float

from ama.data.encoding.column_encoding import MISSING, ColumnEncoding, Encoded, Shown
from ama.data.encoding.kind_columns import OfKinds

UNKNOWN = "another kind"


@dataclass(frozen=True)
class Categories(OfKinds[int], ColumnEncoding):
    """One-hot: a 1 in the column of the kind, or in the last one for a kind that the fit did not keep.

    A missing value is a kind like others.

    Parameters
    ----------
    kinds
        The kinds that have a column; None is a missing value.
    """

    kinds: list[str | None]

    kind: ClassVar[str] = "category"

    @property
    def width(self) -> int:
        return len(self.kinds) + 1

    @cached_property
    def values(self) -> dict[str | None, int]:
        """The column of each kind."""
        return {kind: place for place, kind in enumerate(self.kinds)}

    @property
    def of_others(self) -> int:
        """The last column."""
        return len(self.kinds)

    def encode(self, column: pa.Array) -> Encoded:
        places, missing = self.value_of_rows(column)
        return Encoded(np.eye(self.width)[places], missing)

    def decode(self, x: Float[np.ndarray, "n width"]) -> list[Shown]:
        shown = [*(MISSING if kind is None else kind for kind in self.kinds), UNKNOWN]
        return [shown[place] for place in x.argmax(1)]
