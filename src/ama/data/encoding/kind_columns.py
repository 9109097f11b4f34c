"""What the two encodings of kinds of text have in common: each kind has a value, and so have all others together."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, Generic, TypeVar

import numpy as np
import pyarrow as pa
from jaxtyping import Shaped

from ama.data.encoding.column_encoding import Replacement
from ama.data.encoding.text_values import Texts, texts

Value = TypeVar("Value", int, float)


class OfKinds(ABC, Generic[Value]):
    """Mixin of an encoding by the kinds of a column of text; None is a missing value, a kind like others."""

    kinds: list[str | None]

    expects: ClassVar[str] = "text"
    replacement: ClassVar[Replacement] = Replacement.KIND

    @property
    @abstractmethod
    def values(self) -> dict[str | None, Value]:
        """The value of each kind."""

    @property
    @abstractmethod
    def of_others(self) -> Value:
        """The value of a kind that the fit did not keep."""

    @property
    def of_text(self) -> bool:
        """Always."""
        return True

    def takes(self, kind: pa.DataType) -> bool:
        """Any type but lists and structures, whose values have no text."""
        return not pa.types.is_nested(kind)

    def value_of_rows(self, column: pa.Array) -> tuple[Shaped[np.ndarray, " n"], int]:
        """The value of each row's kind, and how many rows without one have the value of all others."""
        found: Texts = texts(column)
        known = [*found.known, None]  # the last one is that of a missing value, whose place is -1
        values = np.array([self.values.get(text, self.of_others) for text in known])
        missing = np.array([text is None for text in known])[found.places]
        return values[found.places], 0 if None in self.values else int(missing.sum())

    def check(self) -> None:
        """Refuse a kind that has two values.

        Raises
        ------
        ValueError
            If there is one.
        """
        if len(set(self.kinds)) < len(self.kinds):
            raise ValueError("two of its kinds are the same")
