"""Turns: what a process reads, changes and writes, no other process changes meanwhile."""

from __future__ import annotations

import contextlib
import os
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from ama.io.whole_files import TEMPORARY


@contextlib.contextmanager
def in_turn(path: Path, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Have a file or model folder to oneself, among all that change it in such a block; others wait for its end.

    A save holds the lock of the folder for itself, so a turn has a lock file of its own, which is removed at its end.

    Parameters
    ----------
    path
        What is read and written.
    waiting
        Called before waiting for another process.
    """
    target = Path(os.path.realpath(path))
    file = target if target.is_dir() else target.parent
    file /= f"{TEMPORARY}{zlib.crc32(os.fsencode(target.name)):08x}.lock"
    lock = FileLock(file)
    # On a file system without locks nothing waits; whatever else is wrong, the writing tells.
    with contextlib.suppress(OSError, NotImplementedError):
        try:
            lock.acquire(timeout=0)
        except Timeout:
            waiting()
            lock.acquire()
    try:
        yield
    finally:
        if lock.is_locked:
            with contextlib.suppress(OSError):  # Windows removes no open file
                file.unlink()  # still locked: who waits for this file takes a new one
        lock.release()
