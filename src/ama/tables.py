"""Score files: Parquet or CSV, written row group by row group and put in place when whole."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from ama.errors import InputError

SUFFIXES = (".parquet", ".csv")


def check_table_path(path: Path | None) -> None:
    """Find out before the work whether a table can be written at ``path``; None is standard output.

    Raises
    ------
    InputError
        If the suffix is unknown or the folder does not exist.
    """
    if path is None:
        return
    if path.suffix not in SUFFIXES:
        raise InputError(f"cannot write {path}: its name must end in {' or '.join(SUFFIXES)}")
    if not path.absolute().parent.is_dir():
        raise InputError(f"cannot write {path}: the folder {path.absolute().parent} does not exist")


def write_table(path: Path | None, schema: pa.Schema, batches: Iterable[pa.Table]) -> int:
    """Stream tables to a file, or as CSV to standard output; returns the number of rows.

    Raises
    ------
    InputError
        As :func:`check_table_path`, or if writing fails; an older file at ``path`` then stays as it was.
    """
    check_table_path(path)
    rows = 0
    if path is None:
        with pa.csv.CSVWriter(pa.PythonFile(sys.stdout.buffer, "w"), schema) as writer:
            for table in batches:
                writer.write_table(table)
                rows += len(table)
        sys.stdout.flush()
        return rows
    temporary = None
    try:
        with tempfile.NamedTemporaryFile(
            dir=path.absolute().parent, prefix=f".{path.name}-", delete=False
        ) as file:
            temporary = Path(file.name)
            kind = pa.parquet.ParquetWriter if path.suffix == ".parquet" else pa.csv.CSVWriter
            with kind(file, schema) as writer:
                for table in batches:
                    writer.write_table(table)
                    rows += len(table)
        temporary.chmod(0o644)
        temporary.replace(path)
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
    return rows
