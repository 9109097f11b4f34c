"""Files that are whole or not there."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from ama.errors import InputError


def check_file_path(path: Path, suffixes: Sequence[str]) -> None:
    """Find out before the work whether a file can be written at ``path``.

    Raises
    ------
    InputError
        If the suffix is none of these, or the folder does not exist or is read-only.
    """
    if path.suffix not in suffixes:
        raise InputError(f"cannot write {path}: its name must end in {' or '.join(suffixes)}")
    folder = path.absolute().parent
    if not folder.is_dir():
        raise InputError(f"cannot write {path}: the folder {folder} does not exist")
    if path.is_dir():
        raise InputError(f"cannot write {path}: it is a folder")
    if not os.access(folder, os.W_OK):
        raise InputError(f"cannot write {path}: the folder {folder} is read-only")


def temporary_name(path: Path) -> Path:
    """A name beside ``path`` that no other process takes, to be renamed when the file is whole."""
    return path.with_name(f".{path.name}-{secrets.token_hex(4)}")


def write_text(path: Path, text: str) -> None:
    """Write a text file; an older one at ``path`` stays as it was if that fails.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    temporary = temporary_name(path)
    try:
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        temporary.unlink(missing_ok=True)
