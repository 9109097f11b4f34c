"""Objects of Python as sources: lists of images, data sets of two libraries, data frames, sparse matrices, arrays."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ama.data.arrays.array_sources import open_array
from ama.data.arrays.plain_arrays import valid_text
from ama.data.arrays.sparse_rows import SparseRows, is_sparse
from ama.data.hub import dataset_table
from ama.data.images.encoded_images import EncodedImages
from ama.data.images.image_folders import ImageList
from ama.data.named_images import named_images, of_folders
from ama.data.samples import Source, Wanted
from ama.data.tables.arrow import DEFAULT_LABEL, ArrowTable
from ama.data.tables.feature_columns import ID_COLUMN
from ama.data.tables.frames import frame_table, index_names, is_frame
from ama.data.tables.named_tables import named_tables, open_named_tables
from ama.data.tables.nested_columns import stored_names
from ama.data.tables.table_sources import open_table
from ama.data.torch_datasets import is_torch_dataset, open_torch_dataset
from ama.errors import InputError

NAME = "the array"


def open_object(source: Any, wanted: Wanted) -> Source:
    """Anything but a name, as a source.

    Raises
    ------
    InputError
        If it holds neither images nor rows of numbers.
    """
    if isinstance(source, Image.Image):
        raise InputError("found one image, expected several: pass [image]")
    if (parts := _parts(source)) is not None:
        if (files := named_tables(parts)) is not None:
            return open_named_tables(files, wanted)
        if (images := named_images(parts)) is not None:
            wanted.check_no_label_column(ImageList.name, "it holds images without labels")
            return EncodedImages(ImageList(of_folders(images, wanted)), wanted)
    if is_frame(source):
        if wanted.shape is None and (names := index_names(source)):
            shown = ", ".join(map(repr, names))
            wanted.remark(
                f"the index {shown} of the data frame is left out: X.reset_index() makes it a column",
                refused=False,
            )
        return open_table(frame_table(source, needed=_needed(wanted)), wanted)
    if isinstance(source, ArrowTable):
        return open_table(source, wanted, [])
    if is_sparse(source):
        return SparseRows(source, NAME, wanted)
    if (library := _datasets_of(source)) is not None:
        return _open_dataset(source, library, wanted)
    if is_torch_dataset(source):
        return open_torch_dataset(source, wanted)
    return open_array(source, NAME, wanted)


def _needed(wanted: Wanted) -> set[str] | None:
    """The columns of a table that a model reads; None if these may be all."""
    if wanted.shape is None or wanted.columns is None:
        return None
    group = [] if wanted.group_by is None else [wanted.group_by.column]
    found = {*wanted.columns, wanted.label_column or DEFAULT_LABEL, ID_COLUMN, *group}
    return {stored for name in found if name is not None for stored in stored_names(name)}


def is_source(source: Any) -> bool:
    """Whether an object is read as a source, rather than checked as an array of rows."""
    if isinstance(source, str | Path | Image.Image) or is_frame(source) or is_sparse(source):
        return True
    if is_torch_dataset(source) or _datasets_of(source) is not None:
        return True
    parts = _parts(source)
    return parts is not None and (named_tables(parts) is not None or named_images(parts) is not None)


def _parts(source: Any) -> list[Any] | None:
    """What a list, or an array or a pandas Series of objects or text, holds; None if it is no such."""
    if isinstance(source, list | tuple):
        return list(source)
    if getattr(source, "ndim", None) != 1 or getattr(source, "dtype", None) is None:
        return None
    if getattr(source.dtype, "kind", "O") not in "OUT":
        return None
    return list(valid_text(source) if isinstance(source, np.ndarray) else source)


def _datasets_of(source: Any) -> Any:
    """The ``datasets`` library, if the object is one of its own."""
    # It takes a second to import; whoever passes one of its objects has already imported it.
    if type(source).__module__.partition(".")[0] == "datasets":
        return sys.modules.get("datasets")
    return None


def _as_formatted(dataset: Any, wanted: Wanted) -> Any:
    """The columns that a data set gives to its user; a remark says that its transform, if any, takes no part."""
    if dataset.format["type"] == "custom":
        wanted.remark("the transform of the data set is not applied: what it stores is read")
    whole = dataset.format["output_all_columns"]
    return dataset if whole else dataset.select_columns(dataset.format["columns"])


def _open_dataset(source: Any, library: Any, wanted: Wanted) -> Source:
    if isinstance(source, library.DatasetDict):
        if len(source) != 1:
            splits = ", ".join(map(repr, source)) or "none"
            raise InputError(
                f"found a datasets.DatasetDict with the splits {splits}: pass one of them, as in X['train']"
            )
        source = next(iter(source.values()))
    if type(source).__name__ == "Column" and isinstance(source.source, library.Dataset):
        name = source.column_name
        column = _as_formatted(source.source, wanted).select_columns([name])
        if isinstance(column.features[name], library.Image | library.Value):
            return open_table(dataset_table(column, f"the column {name!r}"), wanted)
        return open_array(source[:], f"the column {name!r}", wanted)
    if isinstance(source, library.Dataset):
        source = _as_formatted(source, wanted)
        return open_table(dataset_table(source, "the data set"), wanted)
    raise InputError(f"found a datasets.{type(source).__name__}, expected one split as a datasets.Dataset")
