"""A table as a source: of images if it has a column of them, else of rows."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from ama.data.images.encoded_images import EncodedImages
from ama.data.images.image_opening import is_image
from ama.data.names import of_columns
from ama.data.samples import Source, Wanted
from ama.data.tables.arrow import ArrowTable, image_column, image_columns
from ama.data.tables.arrow_columns import is_number
from ama.data.tables.feature_columns import ID_COLUMN, LABEL_NAME
from ama.data.tables.image_columns import ImageColumn
from ama.data.tables.nested_columns import say_structures, wanted_fields, with_fields
from ama.data.tables.number_groups import say_groups, with_number_groups
from ama.data.tables.plain_columns import with_plain_columns
from ama.data.tables.table_rows import TableRows
from ama.data.tables.tuple_names import with_flat_names
from ama.data.tables.vector_columns import holds_vectors

EXAMINED = 8  # rows that tell whether bytes are images


def open_table(table: ArrowTable, wanted: Wanted, folders: list[Path] | None = None) -> Source:
    """A table as a source.

    Parameters
    ----------
    table
        The table.
    wanted
        The keywords of ``open_source``.
    folders
        Where the paths of images without bytes may lead, as in :class:`ama.data.tables.image_columns.ImageColumn`.
    """
    stored, grouped = table, with_number_groups(table, wanted)
    wanted = wanted_fields(grouped, wanted)
    table = plain_table(grouped, wanted)
    table.check_columns(wanted.drop)
    column = _image_column(table, wanted)
    # A table for a model of rows may also hold images.
    if column is not None and not wanted.columns:
        group_column = None if wanted.group_by is None else wanted.group_by.column
        images = ImageColumn(table, column, wanted.label_column, folders, group_column)
        _remark_unread(images, wanted)
        return EncodedImages(images, wanted)
    if wanted.shape is None:
        say_structures(stored, wanted)
        say_groups(stored, grouped, wanted)
    return TableRows(table, wanted)


def plain_table(table: ArrowTable, wanted: Wanted) -> ArrowTable:
    """A table in the form that sources know: ``with_fields``, ``with_plain_columns`` and ``with_flat_names``."""
    return with_flat_names(with_plain_columns(with_fields(table)), wanted)


def _image_column(table: ArrowTable, wanted: Wanted) -> str | None:
    """The column of images; bytes that a fit finds in a column of any other name than "image" may be something else."""
    column = image_column(table.schema, wanted.drop)
    if wanted.shape is not None or column in (None, "image"):
        return column
    others = (name for name in image_columns(table.schema) if name not in wanted.drop)
    return next((name for name in others if _holds_images(table, name)), None)


def _holds_images(table: ArrowTable, column: str) -> bool:
    """Whether one of the first bytes are an image; also where there are none."""
    if pa.types.is_struct(table.schema.field(column).type):
        return True
    found = next(table.column(column, EXAMINED)).drop_null().to_pylist()
    return not found or any(map(is_image, found))


def _remark_unread(images: ImageColumn, wanted: Wanted) -> None:
    """Say which other columns may be images, labels or features."""
    schema = images.table.schema
    names, used = schema.names, {images.column, images.label, images.group, *wanted.drop}
    if others := [name for name in image_columns(schema) if name not in used]:
        end = f"not read: the images are those of {images.column!r}"
        wanted.remark(of_columns(others, images.name, f"is {end}", f"are {end}"))
    if images.label is None and (labels := [n for n in names if n not in used and LABEL_NAME.fullmatch(n)]):
        end = "not read: --label-column takes labels from one"
        wanted.remark(of_columns(labels, images.name, f"is {end}", f"are {end}"))
        used.update(labels)
    features = [field.name for field in schema if is_number(field.type) or holds_vectors(field.type)]
    if rest := [name for name in features if name not in {*used, ID_COLUMN}]:
        end = f"not read, as {images.column!r} holds images: --drop {images.column} makes rows of the others"
        wanted.remark(of_columns(rest, images.name, f"is {end}", f"are {end}"))
