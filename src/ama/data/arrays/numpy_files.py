"""``.npy`` and ``.npz`` files, among them those of SciPy's sparse matrices.

What a header declares is compared with what the file can hold before anything is read.
"""

from __future__ import annotations

import math
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from ama.data.arrays.array_sources import check_axes, open_array
from ama.data.arrays.plain_arrays import valid_text
from ama.data.arrays.sparse_rows import SparseRows
from ama.data.labels import as_labels
from ama.data.lfs_pointers import REFUSAL, START, is_pointer
from ama.data.remote_files import RemoteFile
from ama.data.samples import Source, Wanted
from ama.errors import InputError

ARRAYS = (".npz", ".npy")
SAMPLE_KEYS, LABEL_KEYS = ("X", "x", "images", "data"), ("y", "labels")
SPARSE_KEYS = {"format", "shape", "data"}  # of scipy.sparse.save_npz, among others
# An array of an .npz file is read whole. One that is larger than this, and 100 times larger than in the file, is a
# mistake or made to exhaust the memory.
LARGE, MAX_EXPANSION = 2**28, 100


def open_array_file(path: Path | RemoteFile, wanted: Wanted) -> Source:
    """An ``.npy`` file, streamed if it is on this machine, or an ``.npz`` file, read into memory.

    The samples of an ``.npz`` file are its array "X", "x", "images" or "data", or its only array; the labels
    are the array ``label_column``, or by default "y" or "labels". That of a sparse matrix holds its rows.

    Raises
    ------
    InputError
        If the file cannot be read, or has no such arrays.
    """
    name = str(path)
    if path.suffix.lower() == ".npy":
        with _damage(path), path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(0)
            _check_header(file, size, name)
            file.seek(0)
            array = (
                np.lib.format.read_array(file, allow_pickle=False)
                if isinstance(path, RemoteFile)
                else np.lib.format.open_memmap(path, mode="r")
            )
        return open_array(array, name, wanted)
    with _damage(path), path.open("rb") as file, zipfile.ZipFile(file) as archive:
        members = {member.filename.removesuffix(".npy"): member for member in archive.infolist()}
        if members.keys() >= SPARSE_KEYS:
            for member in members.values():
                _check_member(archive, member, name)
            file.seek(0)
            return SparseRows(_sparse_matrix(file), name, wanted)
        keys = _npz_keys(list(members), name, wanted.label_column)
        x, *labels = (_read(archive, members[key], name) for key in keys)
    if others := [repr(key) for key in members if key not in keys]:
        wanted.remark(f"{name}: left out the array{'s'[: len(others) > 1]} {', '.join(others)}")
    if not labels:
        return open_array(x, name, wanted)
    check_axes(x, name)
    if labels[0].shape != x.shape[:1]:
        raise InputError(
            f"{name} has labels of shape {labels[0].shape}, expected one for each of its {len(x)} samples"
        )
    return open_array(x, name, wanted, _as_labels(labels[0], name))


def _as_labels(labels: np.ndarray, name: str) -> np.ndarray:
    kind = labels.dtype.kind
    if kind == "V" or (kind in "mM" and np.datetime_data(labels.dtype)[0] == "generic"):
        raise InputError(f"{name} has labels of type {labels.dtype}, expected text or whole numbers")
    return as_labels(valid_text(labels))


@contextmanager
def _damage(path: Path | RemoteFile) -> Iterator[None]:
    try:
        yield
    except InputError:
        raise
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from error
    except MemoryError as error:
        raise InputError(f"{path} does not fit into memory: store it as .npy, which is streamed") from error
    except Exception as error:  # NumPy and zipfile raise many kinds on damaged files
        with path.open("rb") as file:
            start = file.read(len(START))
        if is_pointer(start):
            raise InputError(f"{path} is {REFUSAL}") from error
        raise InputError(
            f"{path} cannot be read as a NumPy file: it is empty, damaged, or of another format"
        ) from error


def _sparse_matrix(file: Any) -> Any:
    from scipy.sparse import load_npz  # which other files do not need

    matrix = load_npz(file)
    if hasattr(matrix, "check_format"):
        matrix.check_format()  # places outside the matrix would be read from elsewhere in the memory
    return matrix


def _read(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str) -> np.ndarray:
    _check_member(archive, member, name)
    with archive.open(member) as file:
        return np.lib.format.read_array(file, allow_pickle=False)


def _check_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str) -> None:
    """Refuse an array that is a decompression bomb, or as of :func:`_check_header`."""
    size = member.file_size
    if size > LARGE and size > MAX_EXPANSION * member.compress_size:
        raise InputError(
            f"{name} expands from {member.compress_size:,} to {size:,} bytes, which is refused as a decompression "
            "bomb: store it as .npy, which is streamed"
        )
    with archive.open(member) as file:
        _check_header(file, size, name)


def _check_header(file: Any, size: int, name: str) -> None:
    """Refuse an array that does not fill its file exactly, or is not of plain values."""
    version = np.lib.format.read_magic(file)
    readers = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    if version not in readers:  # 3.0 is for fields whose names are not Latin-1
        raise InputError(f"{name} holds an array with named fields, expected a plain array")
    shape, _, dtype = readers[version](file)
    if dtype.hasobject:
        raise InputError(
            f"{name} holds Python objects, which are not read as they may run code: store numbers"
        )
    if dtype.names is not None:
        fields = ", ".join(dtype.names)
        raise InputError(f"{name} holds an array with the named fields {fields}, expected a plain array")
    held = size - file.tell()
    if min(shape, default=0) < 0 or math.prod(shape) * dtype.itemsize > held:
        raise InputError(
            f"{name} declares an array of shape {shape} and type {dtype}, but holds {held:,} bytes for it"
        )


def _npz_keys(keys: list[str], name: str, label_column: str | None) -> list[str]:
    """Names of the array of samples and, if there is one, of the array of labels."""
    if label_column is not None and label_column not in keys:
        raise InputError(f"{name} has no array {label_column!r}; its arrays are {', '.join(keys)}")
    label = label_column or next((key for key in LABEL_KEYS if key in keys), None)
    others = [key for key in keys if key != label]
    samples = next((key for key in SAMPLE_KEYS if key in others), None)
    if samples is None and len(others) != 1:
        raise InputError(
            f"{name} has the arrays {', '.join(keys) or '(none)'}, expected one named X or a single one"
        )
    return [samples or others[0]] + ([] if label is None else [label])
