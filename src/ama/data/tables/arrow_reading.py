"""Errors of the libraries that read tables, as one sentence."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pyarrow as pa

from ama.data.remote_files import RemoteFile
from ama.errors import InputError

COMPRESSIONS = {".gz": "gzip", ".bz2": "bz2", ".zst": "zstd"}  # suffix -> pyarrow's name


def arrow_file(path: Path | RemoteFile) -> pa.NativeFile:
    """A file opened for reading by pyarrow, which by itself takes no name that is not UTF-8."""
    if isinstance(path, RemoteFile):
        return path.open()
    return pa.OSFile(os.fsencode(path))


def text_file(path: Path | RemoteFile) -> pa.NativeFile:
    """A text file opened for reading from its start, decompressed if its suffix is one of ``COMPRESSIONS``."""
    file, codec = arrow_file(path), COMPRESSIONS.get(path.suffix.lower())
    return file if codec is None else pa.CompressedInputStream(file, codec)


@contextmanager
def readable(
    name: str, errors: type[Exception] | tuple[type[Exception], ...] = (pa.ArrowException, OSError)
) -> Iterator[None]:
    """Turn errors into one sentence, by default those of pyarrow and the operating system.

    Raises
    ------
    InputError
        If reading fails; the message names ``name`` and the reason.
    """
    try:
        yield
    except InputError:
        raise
    except errors as error:
        raise _refusal(name, error) from error


def decodable(name: str) -> AbstractContextManager[None]:
    """The same for any error: pyarrow raises almost all of Python's on hostile files. Only its calls belong inside."""
    return readable(name, Exception)


def _refusal(name: str, error: Exception) -> InputError:
    if isinstance(error, MemoryError):
        return InputError(f"{name} cannot be read: there is not enough memory")
    # Windows-1252 is tried last.
    if isinstance(error, UnicodeDecodeError) and error.encoding == "charmap":
        return InputError(
            f"{name} is text in neither UTF-8 nor Windows-1252, expected UTF-8: save it as such"
        )
    if "Integers with more than 64 bits" in str(error):
        return InputError(
            f"{name} has a column of 128-bit integers, expected 64 bits: cast it to Int64 or Float64"
        )
    lines = str(error).strip().splitlines() or [type(error).__name__]
    reason = getattr(error, "strerror", None) or lines[0].rstrip(".")
    return InputError(f"{name} cannot be read: {reason}")
