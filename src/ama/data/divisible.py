"""Parts of a source, which several processes can read at a time."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from typing import Any, TypeVar

import torch

from ama.data.encoding.table_encoding import Replaced
from ama.errors import InputError
from ama.scores.kinds.factory import kind_of

BATCH = 1024  # samples read at a time
ROWS = 4096  # the same of rows: each batch has a fixed cost, and rows are small
BYTES_OF_A_BATCH = 2**26

Self = TypeVar("Self", bound="Divisible")


def default_batch_size(shape: tuple[int, ...], dtype: torch.dtype) -> int:
    """Samples of a shape and type that are read at a time, unless told: 1,024 images, 4,096 rows, or 64 MiB."""
    most = ROWS if kind_of(shape).name == "rows" else BATCH
    return max(1, min(most, BYTES_OF_A_BATCH // max(1, math.prod(shape) * dtype.itemsize)))


class Divisible:
    """A source that may be read in parts; a subclass that can be overrides all of these.

    Attributes
    ----------
    name : str
        Name used in messages.
    replaced : collections.Counter
        How many values of each column were replaced in the last pass over the samples.
    """

    name: str
    shape: tuple[int, ...]
    dtype: torch.dtype
    replaced: Counter[Replaced]

    @property
    def n_positions(self) -> int:
        """What ``part`` counts: rows or images, of which one may hold several samples."""
        return len(self)  # type: ignore[arg-type]

    @property
    def read_at_once(self) -> int:
        """Positions of which none can be read without those before."""
        return self.n_positions

    def part(self: Self, start: int, stop: int) -> Self:
        """The positions from ``start`` to ``stop``, which is not included, as a source that can be pickled.

        Its batches are those of the whole source, if it begins with one of them.

        Raises
        ------
        InputError
            If there is no such part, as of an array.
        """
        raise InputError(
            f"{self.name} cannot be read in parts, expected a folder of images, a Parquet or a CSV file"
        )

    def _chunks(self, batch_size: int) -> Iterator[Any]:
        raise NotImplementedError

    @property
    def batch_size(self) -> int:
        """Samples in a batch, if the caller does not say."""
        return default_batch_size(self.shape, self.dtype)

    @property
    def _bytes(self) -> int:
        return max(1, math.prod(self.shape) * self.dtype.itemsize)

    def chunks(self) -> Iterator[Any]:
        """The batches of a part, in order; each, and so all of them, may hold nothing but skipped samples.

        Raises
        ------
        InputError
            If a sample is refused.
        """
        return self._chunks(self.batch_size)

    def replacements(self, replaced: Counter[Replaced]) -> list[str]:
        """A sentence for each kind of replaced values: missing where none was at fit, texts among numbers and so on."""
        return []

    def say_replaced(self, replaced: Counter[Replaced]) -> None:
        """Make a remark of each of :meth:`replacements`."""
