"""Samples in memory, and the base class of every source that yields them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import torch
from jaxtyping import Bool, Int, Shaped
from torch import Tensor

from ama.data.divisible import Divisible
from ama.data.encoding.table_encoding import TableEncoding
from ama.data.grouping import Grouping
from ama.data.memory_needed import check_memory
from ama.data.skipped_samples import check_readable
from ama.errors import InputError
from ama.errors import sentence as shown_sentence
from ama.scores.kinds.factory import kind_of
from ama.utils.progress import phase

MOST_NAMED = 10  # skipped samples that are named one by one


@dataclass(frozen=True, eq=False)
class Samples:
    """Samples in memory.

    Parameters
    ----------
    x
        Images (n, c, h, w): uint8, or float32 in [0, 1] where the source is deeper than 8 bits. Rows (n, d):
        float64.
    ids
        File name relative to the folder, ``path`` of a hub's image column, or the row number, from 0.
    labels
        Strings, "" for a sample without a label; None if the source has no labels.
    columns
        Names of a table's features; None for images and arrays.
    skipped
        One sentence per sample that could not be read, with its name and the reason.
    source
        The source as the user named it, such as "photos"; "" for an object in memory.
    remarks
        One sentence for each thing that the source leaves out, changes or assumes, apart from skipped samples.
    encoding
        How the columns of a table have become numbers; None if they were numbers.
    values
        The columns before their encoding, where samples are streamed; None otherwise.
    group_values
        What ``group_by`` needs of each sample, as objects; None if that is nothing.
    sizes
        Height and width (n, 2) of each image as it was given, upright; None for rows, and where that is the size in x.
    """

    x: Shaped[Tensor, "n ..."]
    ids: list[str]
    labels: np.ndarray | None
    columns: list[str] | None
    skipped: list[str]
    source: str = ""
    remarks: tuple[str, ...] = ()
    encoding: TableEncoding | None = None
    values: pa.RecordBatch | None = None
    group_values: np.ndarray | None = None
    sizes: Int[np.ndarray, "n 2"] | None = None

    def __len__(self) -> int:
        return len(self.ids)

    def notes(self) -> list[str]:
        """What a user should know of the reading: the remarks, then which samples were skipped."""
        return [*self.remarks, *skipped_notes(self.skipped)]

    def describe(self) -> str:
        """Number and size of the samples: "60 images of 28 x 28 pixels, 1 channel"."""
        return described(tuple(self.x.shape[1:]), self.encoding, len(self))

    def summary(self) -> str:
        """The description preceded by the source, if it has a name: "photos: 60 images of ..."."""
        return f"{self.source}: {self.describe()}" if self.source else self.describe()

    def select(self, indices: Any) -> Samples:
        """The samples at ``indices``, a boolean mask or positions; ``skipped`` is unchanged."""
        chosen = np.asarray(indices)
        # NumPy takes an empty list for an array of floats.
        chosen = np.arange(len(self))[chosen if chosen.dtype == bool else chosen.astype(np.int64)]
        return replace(
            self,
            x=self.x[torch.from_numpy(chosen)],
            ids=[self.ids[i] for i in chosen],
            labels=None if self.labels is None else self.labels[chosen],
            values=None if self.values is None else self.values.take(pa.array(chosen)),
            group_values=None if self.group_values is None else self.group_values[chosen],
            sizes=None if self.sizes is None else self.sizes[chosen],
        )


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """The keywords of :func:`ama.data.sources.open_source`, where they are described, and what was made of them."""

    shape: tuple[int, ...] | None = None
    image_size: int | tuple[int, int] | None = None
    max_side: int | None = None
    label_column: str | None = None
    columns: list[str] | None = None
    drop: tuple[str, ...] = ()
    dtype: torch.dtype | None = None
    strict: bool = False
    complete: bool = False
    channels: Literal["first", "last"] | None = None
    encoding: TableEncoding | None = None
    group_by: Grouping | None = None
    surveying: Callable[[Any], Any] | None = None
    normal_labels: Sequence[str] | None = None
    learn_from: Bool[np.ndarray, " n"] | None = None
    remarks: list[str] = field(default_factory=list)

    def remark(self, sentence: str, refused: bool = True) -> None:
        """Record what the source leaves out, changes or assumes, to be told to the user.

        Parameters
        ----------
        sentence
            It names the source, what was found, and what was made of it.
        refused
            Whether ``strict`` refuses it; not if the user asked for it.

        Raises
        ------
        InputError
            With ``strict``.
        """
        if self.strict and refused:
            raise InputError(f"{sentence} (refused by strict)")
        self.remarks.append(shown_sentence(sentence))

    def check_kind(self, kind: Literal["images", "rows"], name: str) -> None:
        """Refuse images where a model takes rows, and the reverse."""
        if self.shape is not None and kind_of(self.shape).name != kind:
            raise InputError(f"{name} holds {kind}, expected {described(self.shape, self.encoding)}")
        given = "image_size" if self.image_size is not None else "channels" if self.channels else None
        if given is not None and kind == "rows":
            raise InputError(f"{name} holds rows, expected images, as {given} is set")

    def check_table(self, name: str) -> None:
        """Refuse an array where a model takes a table whose columns it encodes."""
        if self.encoding is not None:
            raise InputError(
                f"{name} is an array, expected a table such as a DataFrame, as the fit encoded text, dates or missing "
                "values"
            )

    @property
    def n_columns(self) -> int | None:
        """Columns that a fitted model takes; None without one."""
        if self.shape is None:
            return None
        return self.shape[0] if self.encoding is None else len(self.encoding)

    def check_no_label_column(self, name: str, reason: str) -> None:
        """Refuse a named label column for a source without columns."""
        if self.label_column is not None:
            raise InputError(f"{name} has no column {self.label_column!r}, as {reason}")


class Source(Divisible, ABC):
    """A source that has been opened but not yet read.

    Parameters
    ----------
    name
        Name used in messages.
    shape
        (c, h, w) of every image or (d,) of every row.
    dtype
        Of the samples.
    columns
        Names of a table's features; None for images and arrays.
    encoding
        How they become numbers; None if they are numbers.

    Attributes
    ----------
    named : str
        The source as the user named it, recorded in its samples; "" for an object in memory.
    remarks : tuple of str
        What it leaves out, changes or assumes, known once it is open and recorded in its samples.
    """

    named = ""
    remarks: tuple[str, ...] = ()

    def __init__(
        self,
        name: str,
        shape: tuple[int, ...],
        dtype: torch.dtype,
        columns: list[str] | None = None,
        encoding: TableEncoding | None = None,
    ):
        self.name, self.shape, self.dtype = name, shape, dtype
        self.columns, self.encoding = columns, encoding
        self.replaced = Counter()

    @property
    def kind(self) -> str:
        """Whether the samples are "images" or "rows"."""
        return kind_of(self.shape).name

    @abstractmethod
    def __len__(self) -> int:
        """Number of samples, unreadable ones included."""

    @abstractmethod
    def _chunks(self, batch_size: int) -> Iterator[Samples]:
        """At most ``batch_size`` samples at a time; a chunk may hold nothing but ``skipped``."""

    def batches(self, batch_size: int | None = None) -> Iterator[Samples]:
        """The samples in order, 1 to ``batch_size`` at a time, in constant memory.

        Raises
        ------
        InputError
            If a sample is refused (``strict``, a number missing from a table), none can be read, or most images are
            out of range.
        """
        held: Samples | None = None
        n, skipped = 0, list[str]()
        for chunk in self._chunks(batch_size or self.batch_size):
            chunk = replace(chunk, source=self.named, remarks=self.remarks)
            n += len(chunk)
            skipped += chunk.skipped
            if held is None:
                held = chunk
            elif len(held) and len(chunk):
                yield held
                held = chunk
            else:
                held = replace(chunk if len(chunk) else held, skipped=held.skipped + chunk.skipped)
        check_readable(self.name, n, skipped)
        if held is not None:
            yield held

    def read(self, progress: bool = False) -> Samples:
        """All samples.

        Parameters
        ----------
        progress
            Show a progress bar in a terminal or a notebook.

        Raises
        ------
        InputError
            As :meth:`batches`, or if the memory does not suffice.
        """
        check_memory(len(self), self._bytes, self.name, described(self.shape, self.encoding, len(self)))
        x = torch.empty((len(self), *self.shape), dtype=self.dtype)
        ids: list[str] = []
        skipped: list[str] = []
        parts: dict[str, list[np.ndarray]] = {"labels": [], "group_values": [], "sizes": []}
        with phase(None if progress else False, len(self), "reading") as counter:
            for chunk in self.batches():
                x[len(ids) : len(ids) + len(chunk)] = chunk.x
                ids += chunk.ids
                skipped += chunk.skipped
                for name, several in parts.items():
                    if (part := getattr(chunk, name)) is not None:
                        several.append(part)
                counter.reach(len(ids) + len(skipped))  # sources of images count them one by one
        labels, groups, sizes = (np.concatenate(part) if part else None for part in parts.values())
        about = (self.columns, skipped, self.named, self.remarks, self.encoding)
        return Samples(x[: len(ids)], ids, labels, *about, group_values=groups, sizes=sizes)


def described(shape: tuple[int, ...], encoding: TableEncoding | None, n: int | None = None) -> str:
    """Number and size of samples in words; that of encoded rows by the columns of their table."""
    return kind_of(shape if encoding is None else (len(encoding),)).describe(n)


def skipped_notes(skipped: Sequence[str]) -> list[str]:
    """The first few of the sentences on skipped samples, and how many there are."""
    if not skipped:
        return []
    total = f"skipped {count(len(skipped), 'unreadable sample')} in all"
    return [*(f"skipped: {sentence}" for sentence in skipped[:MOST_NAMED]), total]


def count(n: int, noun: str) -> str:
    """A number with its noun, in the plural unless it is 1."""
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
