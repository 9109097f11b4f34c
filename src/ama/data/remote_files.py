"""Files on object storage and other file systems, by their URLs: those of pyarrow, and those of fsspec otherwise."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa
import pyarrow.fs

from ama.data.names import clean_name
from ama.errors import InputError, MissingLibraryError

LOCAL = re.compile(r"(file|local)://")  # as pyarrow knows them
SECRET = re.compile(r"(?<=://)[^/]*@|\?.*")  # a user name with a password, and what follows the path


def is_url(name: str) -> bool:
    """Whether a name is the URL of a file or folder."""
    return re.match(r"[a-zA-Z][\w+.-]*://", name) is not None


def without_secrets(url: str) -> str:
    """A URL without what may hold a password or a key, to be shown and stored."""
    return SECRET.sub("", url)


def local_name(name: str) -> str:
    """The path of a file or folder of this machine that is named by its URL; any other name as it is.

    Raises
    ------
    InputError
        If it is no URL that can be read.
    """
    return remote_file(name).key if LOCAL.match(name) else name


@dataclass(frozen=True)
class RemoteFile:
    """A file or folder, with as much of :class:`pathlib.Path` as the readers of tables need.

    Parameters
    ----------
    filesystem
        Where it is.
    key
        Its path there.
    url
        Its name in messages.
    """

    filesystem: pa.fs.FileSystem
    key: str
    url: str

    def __str__(self) -> str:
        return self.url

    @property
    def name(self) -> str:
        """The last part of the path."""
        return PurePosixPath(self.key).name

    @property
    def suffix(self) -> str:
        """The suffix of the name, with its dot."""
        return PurePosixPath(self.key).suffix

    def child(self, relative: str) -> RemoteFile:
        """Something in this folder."""
        return RemoteFile(self.filesystem, f"{self.key}/{relative}", f"{self.url}/{clean_name(relative)}")

    def open(self, mode: str = "rb") -> pa.NativeFile:
        """The file, for reading at any place."""
        return self.filesystem.open_input_file(self.key)

    def info(self) -> pa.fs.FileInfo:
        """What is known of it."""
        return self.filesystem.get_file_info(self.key)

    def files(self) -> list[str]:
        """Paths of all files below this folder, relative to it and sorted, without hidden ones."""
        found = self.filesystem.get_file_info(pa.fs.FileSelector(self.key, recursive=True))
        start = len(self.key.rstrip("/")) + 1
        names = (info.path[start:] for info in found if info.type == pa.fs.FileType.File)
        return sorted(name for name in names if not any(part[0] == "." for part in name.split("/") if part))


def is_read_by_python(path: Path | RemoteFile) -> bool:
    """Whether a file is read by Python, as those of fsspec are, and not by pyarrow itself."""
    return isinstance(path, RemoteFile) and isinstance(path.filesystem, pa.fs.PyFileSystem)


def remote_file(url: str) -> RemoteFile:
    """The file or folder of a URL, whether or not there is one.

    Raises
    ------
    InputError
        If no library knows such URLs.
    MissingLibraryError
        If the library is not installed.
    """
    shown = without_secrets(url)
    with _refused(shown):
        try:
            filesystem, key = pa.fs.FileSystem.from_uri(url)
        except pa.ArrowInvalid as error:
            if "Unrecognized filesystem" not in str(error):
                raise
            filesystem, key = _of_fsspec(url)
    return RemoteFile(filesystem, key.rstrip("/"), shown.rstrip("/"))


def _of_fsspec(url: str) -> tuple[Any, str]:
    import fsspec

    filesystem, key = fsspec.core.url_to_fs(url)
    return pa.fs.PyFileSystem(pa.fs.FSSpecHandler(filesystem)), key


@contextmanager
def _refused(shown: str) -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        raise MissingLibraryError(f"{shown} needs a library that is not installed: {error}") from error
    except Exception as error:  # each file system has its own
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
        raise InputError(f"{shown} cannot be read: {reason}") from error
