"""Columns of few kinds of text: an indicator for each kind, and one for all others."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
import pyarrow as pa
from jaxtyping import Float

from ama.data.encoding.column_encoding import MISSING, ColumnEncoding, Encoded, Shown
from ama.data.encoding.text_values import texts

UNKNOWN = "another kind"


@dataclass(frozen=True)
class Categories(ColumnEncoding):
    """One-hot: a 1 in the column of the kind, or in the last one for a kind that the fit did not keep.

    A missing value is a kind like others.

    Parameters
    ----------
    kinds
        The kinds that have a column; None is a missing value.
    """

    kinds: list[str | None]

    kind: ClassVar[str] = "category"
    expects: ClassVar[str] = "text"

    @property
    def width(self) -> int:
        return len(self.kinds) + 1

    @property
    def of_text(self) -> bool:
        return True

    def takes(self, kind: pa.DataType) -> bool:
        return not pa.types.is_nested(kind)

    @cached_property
    def _places(self) -> dict[str | None, int]:
        return {kind: place for place, kind in enumerate(self.kinds)}

    def encode(self, column: pa.Array) -> Encoded:
        found = texts(column)
        known = [*found.known, None]  # the last one is that of a missing value, whose place is -1
        places = np.array([self._places.get(text, len(self.kinds)) for text in known])
        return Encoded(np.eye(self.width)[places[found.places]])

    def decode(self, x: Float[np.ndarray, "n width"]) -> list[Shown]:
        shown = [*(MISSING if kind is None else kind for kind in self.kinds), UNKNOWN]
        return [shown[place] for place in x.argmax(1)]

    def check(self) -> None:
        if len(self._places) < len(self.kinds):
            raise ValueError("two of its kinds are the same")
