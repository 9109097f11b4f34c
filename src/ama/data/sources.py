"""Anything a user names, as samples.

An array, tensor, DataFrame or ``datasets.Dataset`` is taken as it is. A name is, in this order:

- "digits": scikit-learn's 1,797 scanned digits. A file of that name is "./digits".
- "hf://owner/name", "hf://owner/name:split" or "hf://owner/name:configuration:split": a data set of the
  Hugging Face hub, or a local folder laid out like one. The default split is ``train``, or the only one.
- Any other URL, such as "s3://bucket/folder": a file of a table, a folder of such files, or a folder of images, on a
  file system of pyarrow or fsspec.
- A folder of images, whose first level of sub-folders gives the labels; or of files that are one table together, also
  in sub-folders that are named such as year=2023.
- A file: of a table (:mod:`ama.data.tables.table_files`) with a column of encoded images or else rows, ``.npy``,
  ``.npz``, text with another suffix (``.txt``, ``.dat``, ...) of numbers or a table, or a single image.
- Such a file without its suffix: "mnist/train" for mnist/train.parquet.
- "owner/name": a data set of the hub.

A ``pathlib.Path`` is always a file or folder.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from jaxtyping import Bool

from ama.data.arrays.array_sources import open_array
from ama.data.arrays.numpy_files import ARRAYS, open_array_file
from ama.data.encoding.table_encoding import TableEncoding
from ama.data.grouping import Grouping
from ama.data.hub import cache_folders, dataset_table, hub_dataset
from ama.data.images.encoded_images import EncodedImages
from ama.data.images.image_folders import ImageFiles, find_images
from ama.data.images.image_opening import SOME_SUFFIXES, SUFFIXES
from ama.data.images.inspection_folders import inspection_folder
from ama.data.labels import as_labels
from ama.data.names import clean_name, several
from ama.data.objects import open_object
from ama.data.remote_files import is_url, without_secrets
from ama.data.remote_sources import open_url
from ama.data.samples import Samples, Source, Wanted, count
from ama.data.tables.arrow_reading import readable
from ama.data.tables.image_columns import ImageColumn
from ama.data.tables.partitions import is_partition
from ama.data.tables.table_files import ALONE, TABLES, open_table_file
from ama.data.tables.table_folders import SOME_TABLES, open_partitions, open_tables
from ama.data.tables.table_names import NUMBERS, file_suffix
from ama.data.tables.table_rows import TableRows
from ama.data.tables.table_sources import open_table
from ama.data.unread_files import unread
from ama.errors import InputError
from ama.io.regular_files import check_regular

__all__ = ["Samples", "Source", "open_source"]

HUB_PREFIX = "hf://"
HUB_ID = re.compile(r"\w[\w.-]*/\w[\w.-]*")


def open_source(
    source: Any,
    *,
    shape: tuple[int, ...] | None = None,
    image_size: int | tuple[int, int] | None = None,
    max_side: int | None = None,
    label_column: str | None = None,
    columns: Sequence[str] | None = None,
    drop: Sequence[str] = (),
    dtype: torch.dtype | None = None,
    strict: bool = False,
    complete: bool = False,
    channels: Literal["first", "last"] | None = None,
    encoding: TableEncoding | None = None,
    group_by: Grouping | None = None,
    surveying: Callable[[Any], Any] | None = None,
    normal_labels: Sequence[str] | None = None,
    learn_from: Bool[np.ndarray, " n"] | None = None,
) -> Source:
    """Open a source; its samples are read later, by ``batches`` or ``read``.

    Parameters
    ----------
    source
        Images (n, h, w), (n, c, h, w) or (n, h, w, c), uint8, uint16 or floats in [0, 1]; rows (n, d); a DataFrame, a
        ``pyarrow.Table`` or a ``datasets.Dataset``; or a name, as described above.
    shape, dtype
        Of a fitted model's samples. Images are converted; rows must have as many columns.
    image_size, max_side
        Side, or (height, width), 8 to 256, to resize images to; longest side, to which images are reduced, up to 4,096.
    label_column, normal_labels, columns, drop
        A column, by default ``label``, or an array of an ``.npz`` file (``y``, ``labels``); those of the rows to read;
        features of a table, by default all but row numbers and texts that almost all differ; columns that are none.
    strict, complete
        Refuse what would otherwise be a remark or a skipped sample (``strict``), or the latter alone (``complete``).
    channels, encoding, learn_from, group_by, surveying
        Axis of the channels, by default as :mod:`ama.data.images.image_axes` finds it; how columns become numbers,
        or which rows to learn that from; a rule for ``group_values``; what returns a ``Survey`` of images.

    Raises
    ------
    InputError
        If the source does not exist, or holds neither images nor rows.
    """
    return _opened(source, Wanted(
        shape=shape, dtype=dtype, image_size=image_size, max_side=max_side, channels=channels, surveying=surveying,
        columns=None if columns is None else list(columns), drop=tuple(drop), encoding=encoding, learn_from=learn_from,
        label_column=label_column, normal_labels=normal_labels, group_by=group_by, strict=strict, complete=complete,
    ))  # fmt: skip


def _opened(source: Any, wanted: Wanted) -> Source:
    named = isinstance(source, str | Path)
    opened = (_open_name if named else open_object)(source, wanted)
    chosen = wanted.columns is not None and wanted.shape is None
    if not isinstance(opened, TableRows) and (chosen or (wanted.drop and not _is_table(opened))):
        raise InputError(f"{opened.name} holds no table, expected one as columns are chosen or dropped")
    if wanted.group_by is not None:
        wanted.group_by.check(opened.name, isinstance(opened, EncodedImages), _is_table(opened))
    opened.named = clean_name(_shown(source)) if named else _files(source)
    opened.name, opened.remarks = clean_name(opened.name), tuple(wanted.remarks)
    return opened


def _files(source: Any) -> str:
    """A list of files by the first and their number; nothing for what has no name."""
    is_list = isinstance(source, list | tuple) and all(isinstance(part, str | Path) for part in source)
    return several(_shown(source[0]), len(source) - 1) if is_list and source else ""


def _shown(name: str | Path) -> str:
    return without_secrets(name) if isinstance(name, str) and is_url(name) else str(name)


def _is_table(opened: Source) -> bool:
    return isinstance(opened, TableRows) or (
        isinstance(opened, EncodedImages) and isinstance(opened.encoded, ImageColumn)
    )


def _open_name(source: str | Path, wanted: Wanted) -> Source:
    if source == "digits":
        return _open_digits(wanted)
    if isinstance(source, str) and source.startswith(HUB_PREFIX):
        name, _, part = source.removeprefix(HUB_PREFIX).partition(":")
        config, _, split = part.rpartition(":")
        return _open_hub(name, split or None, config or None, wanted)
    if isinstance(source, str) and is_url(source):
        return open_url(source, wanted)
    if source == "":
        raise InputError("the name of the source is empty, expected a file, a folder or a data set")
    try:
        path = Path(source).expanduser()
    except RuntimeError as error:  # no such user
        raise InputError(f"there is no file or folder {source}: {error}") from error
    with readable(str(path)):
        for suffix in ("", *FILES):
            candidate = path.with_name(path.name + suffix) if suffix and path.name else path
            if candidate.is_dir():
                return _open_folder(candidate, wanted)
            if candidate.exists():
                return _open_file(candidate, wanted)
    is_id = isinstance(source, str) and HUB_ID.fullmatch(source) is not None
    if is_id and file_suffix(path.name) not in (*FILES, *SUFFIXES):
        return _open_hub(str(source), None, None, wanted)
    if any(sign in path.name for sign in "*?"):  # a shell would have expanded it
        raise InputError(
            f"there is no file or folder {source}, and patterns are not expanded: name the folder, {path.parent}, in "
            "which all images, or all tables, are read"
        )
    raise InputError(
        f"there is no file or folder {source}, expected images, {', '.join(FILES)}, "
        "owner/name of a data set of the hub, or digits"
    )


def _open_hub(name: str, split: str | None, config: str | None, wanted: Wanted) -> Source:
    table = dataset_table(hub_dataset(name, split, config), name)
    return open_table(table, wanted, cache_folders(name))


def _open_digits(wanted: Wanted) -> Source:
    from sklearn.datasets import load_digits

    values, digits = load_digits(return_X_y=True)
    wanted.check_no_label_column("digits", "its labels are the digits")
    images = np.round(values * (255 / 16)).astype(np.uint8).reshape(-1, 8, 8)
    return open_array(images, "digits", wanted, as_labels(digits))


def _open_folder(folder: Path, wanted: Wanted) -> Source:
    # A model has learned from another part of it, and the masks are no samples.
    if wanted.shape is not None and (parts := inspection_folder(folder)) is not None:
        wanted.remark(f"{folder} {parts.like}: reading {parts.test}")
        folder = parts.test
    if files := find_images(folder, wanted):
        wanted.check_no_label_column(str(folder), "the labels of a folder of images are its sub-folders")
        return EncodedImages(ImageFiles(folder, files), wanted)
    visible = sorted(p for p in folder.iterdir() if p.name[0] != ".")
    regular = [p for p in visible if p.is_file()]
    others = [p.name for p in visible if p not in regular]
    if (tables := open_tables(regular, others, str(folder), wanted, [folder])) is not None:
        return tables
    below = [p for part in visible if part.is_dir() and is_partition(part.name) for p in part.rglob("*")]
    files_of_parts = {p.relative_to(folder).as_posix(): p for p in below if p.is_file()}
    if (tables := open_partitions(files_of_parts, str(folder), wanted, [folder])) is not None:
        return tables
    found = Counter(p.suffix.lower() or "other" for p in regular)
    held = ", ".join(f"{n} {suffix}" for suffix, n in found.most_common(5)) or "no files"
    if not found and (folders := [p.name for p in visible if p.is_dir()]):
        held += f" and {count(len(folders), 'folder')} such as {folders[0]}"
    if len(found) == 1 and not others and (what := unread(regular[0].name)):
        raise InputError(f"{folder} holds {held}, {what}")
    one = next((f": name a file, such as {p.name}" for p in regular if file_suffix(p.name) in TABLES), "")
    raise InputError(
        f"{folder} holds {held}, expected images ({SOME_SUFFIXES}), tables ({SOME_TABLES}) or shards (.parquet){one}"
    )


def _open_file(path: Path, wanted: Wanted) -> Source:
    check_regular(path.stat())
    suffix = file_suffix(path.name)
    if suffix in SUFFIXES:
        wanted.check_no_label_column(str(path), "it is an image")
        return EncodedImages(ImageFiles(path.parent, [path.name], str(path)), wanted)
    opened = FILES[suffix](path, wanted) if suffix in FILES else open_table_file(path, wanted, [path.parent])
    if opened is not None:
        return opened
    if what := unread(path.name):
        raise InputError(f"{path} is a file {what}")
    known = f"{', '.join((*FILES, *NUMBERS[:3]))}, {SOME_SUFFIXES}"
    raise InputError(f"{path} has the unknown suffix {suffix or '(none)'}, expected one of {known}")


# Suffix of a file of many samples -> what opens it. A source may be named without its suffix; then the first counts.
FILES: dict[str, Callable[[Path, Wanted], Source | None]] = {
    **dict.fromkeys((*TABLES, *ALONE), lambda path, wanted: open_table_file(path, wanted, [path.parent])),
    **dict.fromkeys(ARRAYS, open_array_file),
}
