"""The interface of what turns one column of a table into numbers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import asdict, fields
from enum import Enum
from typing import Any, ClassVar, NamedTuple, TypeVar, get_type_hints

import numpy as np
import pyarrow as pa
from jaxtyping import Float

from ama.data.arrays.whole_numbers import BEYOND
from ama.io.typed_values import check_values

Self = TypeVar("Self", bound="ColumnEncoding")
Shown = str | float  # a value as a report shows it
MISSING = "missing"


class Replacement(Enum):
    """What stands in place of values: how a message goes on after the columns, and the noun between."""

    TEXT = "hold", "text", " among numbers, which count as missing"
    TEXT_AMONG_DATES = "hold", "text", " among dates or times, which count as missing"
    MEDIAN = "lack", "value", " and lacked none at fit: medians are in their place"
    UTC = "hold", "time", " with a zone, of which fit saw none: UTC counts"
    NAIVE = "hold", "time", " without a zone, of which fit saw none: UTC counts"
    MIDNIGHT = "hold", "date", " without a time, where fit saw times: midnight counts"
    KIND = "lack", "value", ": missing ones count as an unknown kind"
    DURATION = "hold", "duration", ", which count in seconds"
    SECONDS = "hold", "number", " where fit saw durations: they count as seconds"
    ROUNDED = "hold", "whole number", f" {BEYOND}"


class Encoded(NamedTuple):
    """A column as numbers, and how many missing values were replaced, as fit saw none or too few for an indicator."""

    x: Float[np.ndarray, "n width"]
    replaced: int = 0


class ColumnEncoding(ABC):
    """From a column of Arrow to ``width`` columns of numbers, and back to what a user would recognise.

    A subclass is a frozen dataclass whose fields are JSON types, and these are what a model folder holds of it.

    Attributes
    ----------
    kind
        What the column holds, in a word; it names the class in a model folder.
    expects
        The same in a message.
    replacement
        What stands in place of a missing value where fit saw none.
    """

    kind: ClassVar[str]
    expects: ClassVar[str]
    replacement: ClassVar[Replacement] = Replacement.MEDIAN

    @property
    @abstractmethod
    def width(self) -> int:
        """Columns of numbers that it becomes."""

    @property
    @abstractmethod
    def of_text(self) -> bool:
        """Whether a CSV file is to be read as text in this column."""

    @property
    def expected(self) -> str:
        """What it takes, in a message about a value that it does not take."""
        return self.expects

    @abstractmethod
    def takes(self, kind: pa.DataType) -> bool:
        """Whether it encodes a column of this type."""

    @abstractmethod
    def encode(self, column: pa.Array) -> Encoded:
        """The column as numbers, none of which is missing."""

    @abstractmethod
    def decode(self, x: Float[np.ndarray, "n width"]) -> list[Shown]:
        """The values that are nearest to given numbers, such as expected ones."""

    def check(self) -> None:  # noqa: B027  # not every kind has something to check
        """Refuse fields that no fit could have made.

        Raises
        ------
        ValueError
            One sentence about the first of them.
        """

    def assumed(self, column: pa.Array) -> Iterable[tuple[Replacement, int]]:
        """What stands in place of other values than missing ones, and in how many rows."""
        return ()

    def odd(self, column: pa.Array) -> tuple[int, str] | None:
        """The row, from 1, and the value of the first that is of another kind than all at fit, if such are refused."""
        return None

    def to_json(self) -> dict[str, Any]:
        """The fields and the kind, as JSON types; without those at a default, which an older ama may lack."""
        kept = {
            name: value
            for name, value in asdict(self).items()  # type: ignore[call-overload]
            if not hasattr(type(self), name) or value != getattr(type(self), name)
        }
        return {"kind": self.kind, **kept}

    @classmethod
    def from_json(cls: type[Self], values: dict[str, Any], what: str) -> Self:
        """The encoding of which :meth:`to_json` made ``values``, which anybody may have written.

        Raises
        ------
        ValueError
            One sentence about the first field that is missing or wrong.
        """
        given = {name: value for name, value in values.items() if name != "kind"}
        hints = get_type_hints(cls)
        names = [field.name for field in fields(cls)]  # type: ignore[arg-type]
        check_values(given, {name: hints[name] for name in names}, what)
        for name in names:
            if name not in given and not hasattr(cls, name):  # a later field has a default
                raise ValueError(f"{what}: the key {name} is missing")
        found = cls(**given)
        try:
            found.check()
        except ValueError as error:
            raise ValueError(f"{what}: {error}") from error
        return found
