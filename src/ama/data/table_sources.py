"""A table as a source: of images if it has a column of them, else of rows."""

from __future__ import annotations

from pathlib import Path

from ama.data.arrow import ArrowTable, image_column
from ama.data.encoded_images import EncodedImages
from ama.data.image_columns import ImageColumn
from ama.data.samples import Source, Wanted
from ama.data.table_rows import TableRows


def open_table(table: ArrowTable, wanted: Wanted, folders: list[Path] | None = None) -> Source:
    """A table as a source.

    Parameters
    ----------
    table
        The table.
    wanted
        The keywords of ``open_source``.
    folders
        Where the paths of images without bytes may lead, as in :class:`ama.data.image_columns.ImageColumn`.
    """
    column = image_column(table.schema)
    # A table for a model of rows may also hold images.
    if column is not None and not wanted.columns:
        group_column = None if wanted.group_by is None else wanted.group_by.column
        images = ImageColumn(table, column, wanted.label_column, folders, group_column)
        return EncodedImages(images, wanted)
    return TableRows(table, wanted)
