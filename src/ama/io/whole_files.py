"""Files that are written completely or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from ama.errors import InputError
from ama.io.locks import locked

TEMPORARY = ".ama-"  # start of temporary names; short, as a name may have 255 bytes


def link_target(path: Path) -> Path:
    """The place that a path leads to through links, whether or not there is something.

    Raises
    ------
    OSError
        If there cannot be anything: the name is too long, its folder does not exist, or it is a link to nowhere.
    """
    try:
        target = Path(os.path.realpath(path))
    except ValueError as error:  # a null byte
        raise OSError(errno.EINVAL, str(error)) from error
    is_link = False
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        is_link = stat.S_ISLNK(path.lstat().st_mode)
    if is_link and not target.exists():
        raise OSError(errno.ENOENT, f"it is a link to {target}, which does not exist")
    if not target.parent.is_dir():
        raise OSError(errno.ENOENT, f"the folder {target.parent} does not exist")
    return target


def check_file_path(path: Path, suffixes: Sequence[str]) -> None:
    """Check, before any work is done, that a file can be written at ``path``.

    Raises
    ------
    InputError
        If the name has another suffix or is too long, or the folder does not exist or cannot be written to.
    """
    if path.suffix not in suffixes:
        raise InputError(f"cannot write {path}: its name must end in {' or '.join(suffixes)}")
    with naming(path):
        check_place(path)


def check_no_source(path: Path, source: str) -> None:
    """Check that what is written at ``path`` does not replace the source that is read.

    Raises
    ------
    InputError
        If it is the source, or one of the shards that a folder holds.
    """
    read = Path(source)
    same = False
    # Opening the source says what is wrong with its name; a RuntimeError is about "~nobody".
    with contextlib.suppress(OSError, ValueError, RuntimeError):
        read = read.expanduser()
        places = [read, read.with_name(read.name + path.suffix)] if read.name else [read]
        same = path.exists() and any(place.exists() and place.samefile(path) for place in places)
        if path.exists() and read.is_dir() and path.resolve().parent == read.resolve():
            same = all(file.suffix == ".parquet" or file.name[0] in "._" for file in read.iterdir())
    if same:
        raise InputError(f"cannot write {path}: {source} is read from it; name another file")


def check_place(path: Path) -> None:
    """Check that a regular file can be written at ``path``.

    Raises
    ------
    OSError
        As :func:`link_target`, or if there is something else, or the folder cannot be written to.
    """
    target = link_target(path)
    if target.is_dir():
        raise OSError(errno.EISDIR, "it is a folder")
    if target.exists() and not target.is_file():
        raise OSError(errno.EINVAL, "it is not a regular file")
    check_folder(target.parent)


def check_folder(folder: Path) -> None:
    """Check that files can be created in a folder, by creating one.

    Raises
    ------
    OSError
        If they cannot.
    """
    try:
        tempfile.TemporaryFile(dir=folder, prefix=TEMPORARY).close()
    except OSError as error:
        raise OSError(
            error.errno, f"the folder {folder} cannot be written to ({error.strerror or error})"
        ) from error


@contextlib.contextmanager
def naming(path: Path) -> Iterator[None]:
    """Report an OSError in the block as a failure to write a file.

    Raises
    ------
    InputError
        In its place.
    """
    try:
        yield
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror or error}") from error


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Write a file under a temporary name and rename it to ``path``, or to what that links to, at the end of the block.

    Yields
    ------
    Path
        The temporary name. If the block fails, that file is removed and an existing file at ``path`` is kept.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    with naming(path):
        target = link_target(path)
        with _temporary_name(target) as temporary:
            yield temporary
            with temporary.open("r+b") as file:  # Windows refuses to sync what is open for reading
                os.fsync(file.fileno())
            temporary.replace(target)


@contextlib.contextmanager
def _temporary_name(target: Path) -> Iterator[Path]:
    """A name beside the target; what killed runs have left under such names is removed.

    A shared lock of the folder tells other runs that a file is being written there.
    """
    folder, prefix = target.parent, f"{TEMPORARY}{zlib.crc32(os.fsencode(target.name)):08x}-"
    with locked(folder, wait=False) as alone:
        for stale in folder.glob(f"{prefix}*") if alone else ():
            with contextlib.suppress(OSError):
                stale.unlink()
    with locked(folder, shared=True):
        temporary = target.with_name(prefix + secrets.token_hex(4))
        try:
            yield temporary
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file in UTF-8, as :func:`replacing`.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")
