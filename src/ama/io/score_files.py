"""Score files in Parquet or CSV, streamed to disk and renamed once they are complete."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from ama.io.whole_files import check_file_path, link_target, naming, replacing

SUFFIXES = (".parquet", ".csv")


def check_table_path(path: Path | None) -> None:
    """Check, before any work is done, that a table can be written at ``path``; None is standard output.

    Raises
    ------
    InputError
        As :func:`ama.io.whole_files.check_file_path`.
    """
    if path is not None:
        check_file_path(path, SUFFIXES)


def write_table(path: Path | None, schema: pa.Schema, batches: Iterable[pa.Table]) -> int:
    """Stream tables to a file, or as CSV to standard output; returns the number of rows.

    Raises
    ------
    InputError
        As :func:`check_table_path`, or if writing fails; an existing file at ``path`` is then kept.
    OSError
        If standard output cannot be written to.
    """
    check_table_path(path)
    if path is None:
        return _stream(sys.stdout.buffer, pa.csv.CSVWriter, schema, batches)
    writer = pa.parquet.ParquetWriter if path.suffix == ".parquet" else pa.csv.CSVWriter
    failing = partial(naming, path)
    with failing():
        # An incomplete table has no name, so even a killed process leaves no part of it behind.
        unnamed = tempfile.TemporaryFile(dir=link_target(path).parent)  # noqa: SIM115
    try:
        rows = _stream(unnamed, writer, schema, batches, failing)
        with replacing(path) as temporary, temporary.open("xb") as file:
            unnamed.seek(0)
            shutil.copyfileobj(unnamed, file)
    finally:
        with failing():  # a full disk has left something in its buffer
            unnamed.close()
    return rows


def _stream(
    file: Any,
    writer_class: Any,
    schema: pa.Schema,
    batches: Iterable[pa.Table],
    failing: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> int:
    """Write the tables; ``failing`` reports what goes wrong with the file, and not what goes wrong with a table."""
    rows = 0
    with failing():
        writer = writer_class(pa.PythonFile(file, "w"), schema)
    try:
        for table in batches:
            with failing():
                writer.write_table(table)
            rows += len(table)
    finally:
        with failing():
            writer.close()
    return rows
