"""Score files: Parquet or CSV, written row group by row group and put in place when whole."""

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

from ama.errors import InputError
from ama.io.whole_files import check_file_path, temporary_name

SUFFIXES = (".parquet", ".csv")


def check_table_path(path: Path | None) -> None:
    """Find out before the work whether a table can be written at ``path``; None is standard output.

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
        As :func:`check_table_path`, or if writing fails; an older file at ``path`` then stays as it was.
    OSError
        If standard output cannot be written to.
    """
    check_table_path(path)
    if path is None:
        return _stream(sys.stdout.buffer, pa.csv.CSVWriter, schema, batches)
    temporary = temporary_name(path)
    try:
        # Until it is whole the table has no name, so that not even a killed process leaves a part of it behind.
        with tempfile.TemporaryFile(dir=path.absolute().parent) as unnamed:
            kind = pa.parquet.ParquetWriter if path.suffix == ".parquet" else pa.csv.CSVWriter
            rows = _stream(unnamed, kind, schema, batches)
            unnamed.seek(0)
            with temporary.open("xb") as file:
                shutil.copyfileobj(unnamed, file)
        temporary.replace(path)
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        temporary.unlink(missing_ok=True)
    return rows


def _stream(file: Any, kind: Any, schema: pa.Schema, batches: Iterable[pa.Table]) -> int:
    rows = 0
    with kind(pa.PythonFile(file, "w"), schema) as writer:
        for table in batches:
            writer.write_table(table)
            rows += len(table)
    return rows
