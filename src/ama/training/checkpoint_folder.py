"""The folder of a fit's checkpoints: found usable before any work, and used by one fit at a time."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from ama.errors import InputError

LOCK = ".lock"
PATIENCE = 1.0  # seconds; another fit may be looking whether the folder is free


def check_checkpoint_folder(folder: Path) -> None:
    """Check, before data are read, that checkpoints can be written to a folder; one that is missing is not created yet.

    Raises
    ------
    InputError
        If it cannot be created or written to, or another fit uses it.
    """
    try:
        if folder.exists():
            with claimed(folder), tempfile.TemporaryFile(dir=folder):
                return
        missing = [place for place in (folder, *folder.parents) if not place.exists()]
        folder.mkdir(parents=True)
        try:
            with tempfile.TemporaryFile(dir=folder):
                pass
        finally:
            for place in missing:
                place.rmdir()
    except (OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise _unusable(folder, error) from error


@contextmanager
def claimed(folder: Path | None) -> Iterator[None]:
    """Create a folder and keep other fits out of it; the system lifts the lock of a process that is killed.

    Raises
    ------
    InputError
        If it cannot be created, or another fit uses it.
    """
    if folder is None:
        yield
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        raise _unusable(folder, error) from error
    lock = FileLock(folder / LOCK)
    try:
        lock.acquire(timeout=PATIENCE)
    except Timeout as error:
        raise InputError(
            f"another fit writes its checkpoints to {folder}: wait for its end, or name another folder"
        ) from error
    except NotImplementedError:
        pass  # a file system without locks
    except OSError as error:
        raise _unusable(folder, error) from error
    try:
        yield
    finally:
        lock.release()


def _unusable(folder: Path, error: Exception) -> InputError:
    reason = getattr(error, "strerror", None) or error
    if isinstance(error, FileExistsError):
        reason = "it is not a folder"
    return InputError(f"checkpoints cannot be written to {folder}: {reason}")
