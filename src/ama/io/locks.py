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


def lock(descriptor: int, wait: bool = True) -> bool:
    """Lock an open file or folder until it is closed; returns whether it is locked.

    Parameters
    ----------
    descriptor
        Of the file or folder.
    wait
        Whether to wait for another process that holds the lock.
    """
    if fcntl is None:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:  # another process has it, or it is on a network file system without such locks
        return False
    return True


@contextlib.contextmanager
def locked(folder: Path, wait: bool = True) -> Iterator[bool]:
    """Hold the lock of a folder, as :func:`lock`.

    Yields
    ------
    bool
        Whether the lock is held.
    """
    if fcntl is None:  # Windows, which cannot open a folder either
        yield False
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        yield lock(descriptor, wait)
    finally:
        os.close(descriptor)
