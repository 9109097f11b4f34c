"""A table that is piped into a command, whose source is then ``-``."""

from __future__ import annotations

import atexit
import shutil
import sys
import tempfile
from pathlib import Path

from ama.errors import InputError


def piped_table() -> str:
    """The path of a file with what standard input holds, which is read to its end; it is gone after the process.

    A source is read more than once, and some tables from their end: none can be read as it comes.

    Raises
    ------
    InputError
        If nothing is piped, or it cannot be kept.
    """
    from ama.data.tables.file_kinds import CSV, PACKED, SUFFIXES, held_kind

    if sys.stdin is None or sys.stdin.isatty():
        raise InputError(
            "the source - is standard input, to which nothing is piped: cat rows.csv | ama ... -"
        )
    try:
        folder = Path(tempfile.mkdtemp(prefix="ama-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        held = folder / "stdin"
        with held.open("wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
    except OSError as error:
        raise InputError(f"standard input cannot be kept in a temporary file: {error.strerror}") from error
    kind = held_kind(held)
    # Of other kinds, the reader of CSV says what it has found.
    suffix = f"{CSV}{PACKED}" if kind == PACKED else kind if kind in SUFFIXES else CSV
    return str(held.rename(held.with_suffix(suffix)))
