"""Score files in Parquet or CSV, streamed to disk and renamed once they are complete."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from ama.io.whole_files import check_file_path, replacing

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
    # An incomplete table has no name, so even a killed process leaves no part of it behind.
    with replacing(path) as temporary, tempfile.TemporaryFile(dir=path.absolute().parent) as unnamed:
        rows = _stream(unnamed, writer, schema, batches)
        unnamed.seek(0)
        with temporary.open("xb") as file:
            shutil.copyfileobj(unnamed, file)
    return rows


def _stream(file: Any, writer_class: Any, schema: pa.Schema, batches: Iterable[pa.Table]) -> int:
    rows = 0
    with writer_class(pa.PythonFile(file, "w"), schema) as writer:
        for table in batches:
            writer.write_table(table)
            rows += len(table)
    return rows
