"""Encoded images in a column of a table."""

from __future__ import annotations

import copy
import os
from collections.abc import Iterator
from itertools import repeat
from pathlib import Path

import pyarrow as pa

from ama.data.images.image_folders import EncodedImage
from ama.data.images.image_opening import Content, Unreadable
from ama.data.names import clean_name
from ama.data.tables.arrow import ArrowTable

ROWS = 64  # read at a time, as each may be megabytes


class ImageColumn:
    """Images in a column of a table: bytes, or the hub's {bytes, path}.

    Parameters
    ----------
    table
        The table.
    column
        Column of encoded images.
    label_column
        Column of labels; None for the default.
    group_column
        Column of what groups them; None for none.
    folders
        Where a path without bytes may lead, relative paths from the first; None for anywhere, [] for nowhere. A
        table from elsewhere must not decide which files of this machine are read.
    """

    def __init__(
        self,
        table: ArrowTable,
        column: str,
        label_column: str | None,
        folders: list[Path] | None = None,
        group_column: str | None = None,
    ):
        self.name, self.table, self.column = table.name, table, column
        self.label, self.group = table.label_column(label_column), group_column
        table.check_columns([] if group_column is None else [group_column])
        self.folders = None if folders is None else [os.path.realpath(folder) for folder in folders]

    def __len__(self) -> int:
        return self.table.n_rows

    @property
    def read_at_once(self) -> int:
        """See :class:`ama.data.images.encoded_images.Encoded`."""
        return self.table.read_at_once or self.table.n_rows

    def part(self, start: int, stop: int) -> ImageColumn:
        """See :class:`ama.data.images.encoded_images.Encoded`."""
        part = copy.copy(self)
        part.table = self.table.part(start, stop)
        return part

    def __iter__(self) -> Iterator[EncodedImage]:
        row = self.table.first_row
        extra = [name for name in (self.label, self.group) if name is not None]
        for batch in self.table.batches([self.column, *extra], ROWS):
            labels = self.table.labels(batch, self.label)
            encoded, paths = _parts(batch.column(self.column))
            of_labels = repeat(None) if labels is None else labels.tolist()
            groups = repeat(None) if self.group is None else self.table.values(batch, self.group)
            for content, path, label, group in zip(encoded, paths, of_labels, groups, strict=False):
                found = self._file(path) if content is None and path is not None else content
                yield EncodedImage(str(row) if path is None else clean_name(path), found, label, group)
                row += 1

    def _file(self, path: str) -> Content:
        """The file that a path without bytes names, if it may be opened."""
        if self.folders is None:
            return path
        if not self.folders:
            return Unreadable("it has no bytes")
        try:
            place = os.path.realpath(os.path.join(self.folders[0], path))
        except ValueError:  # a null character
            return Unreadable("its path is not that of a file")
        if any(place.startswith(os.path.join(folder, "")) for folder in self.folders):
            return place
        return Unreadable("it has no bytes, and its path leads out of the folder of the table")


def _parts(column: pa.Array) -> tuple[Iterator[bytes | None], list[str | None]]:
    """Bytes of a batch of images, one image at a time, as each may be a hundred megabytes; and their paths."""
    if not pa.types.is_struct(column.type):
        return (value.as_py() for value in column), [None] * len(column)
    contents = (value.as_py() for value in column.field("bytes"))
    if column.type.get_field_index("path") < 0:
        return contents, [None] * len(column)
    paths = column.field("path").cast(pa.binary()).to_pylist()  # which need not be UTF-8
    return contents, [None if path is None else path.decode(errors="surrogateescape") for path in paths]
