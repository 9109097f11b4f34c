"""Locks that end with the process that holds them; where the system has none, nothing waits."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


def lock(descriptor: int, wait: bool = True, shared: bool = False) -> bool:
    """Lock an open file or folder until it is closed; returns whether it is locked.

    Parameters
    ----------
    descriptor
        Of the file or folder.
    wait
        Whether to wait for another process that holds the lock.
    shared
        Whether others may share the lock.
    """
    if fcntl is None:
        return False
    try:
        kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        fcntl.flock(descriptor, kind if wait else kind | fcntl.LOCK_NB)
    except OSError:  # another process has it, or it is on a network file system without such locks
        return False
    return True


@contextlib.contextmanager
def locked(folder: Path, wait: bool = True, shared: bool = False) -> Iterator[bool]:
    """Hold the lock of a folder, as :func:`lock`.

    Yields
    ------
    bool
        Whether the lock is held.
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:  # Windows opens no folder
        yield False
        return
    try:
        yield lock(descriptor, wait, shared)
    finally:
        os.close(descriptor)
