"""Regular files: pipes, sockets and devices are refused, as reading one may wait, or go on, for ever."""

from __future__ import annotations

import os
import stat
from typing import BinaryIO


def open_regular(path: str | os.PathLike[str]) -> BinaryIO:
    """A regular file, opened for reading; a pipe or device is refused instead of being waited for.

    Raises
    ------
    OSError
        If it is of another kind, or cannot be opened.
    """
    # Looked at before it is opened, as opening may have an effect, and again in case it was exchanged.
    check_regular(os.stat(path))
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        check_regular(os.fstat(descriptor))
    except OSError:
        os.close(descriptor)
        raise
    return os.fdopen(descriptor, "rb")


def check_regular(status: os.stat_result) -> None:
    """Refuse what is no regular file.

    Raises
    ------
    OSError
        If it is a folder, pipe, socket or device.
    """
    kinds = {
        stat.S_IFDIR: "a folder",
        stat.S_IFIFO: "a pipe",
        stat.S_IFSOCK: "a socket",
        stat.S_IFCHR: "a device",
        stat.S_IFBLK: "a device",
    }
    if not stat.S_ISREG(status.st_mode):
        raise OSError(
            0, f"it is {kinds.get(stat.S_IFMT(status.st_mode), 'of another kind')}, expected a file"
        )
