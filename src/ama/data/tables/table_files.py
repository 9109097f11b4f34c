"""Files that hold a table, by their suffixes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from ama.data.arrays.text_arrays import open_text_array
from ama.data.csv.csv_tables import csv_table
from ama.data.remote_files import RemoteFile
from ama.data.samples import Source, Wanted
from ama.data.tables.arrow import ArrowTable
from ama.data.tables.excel_tables import excel_table
from ama.data.tables.ipc_tables import ipc_table
from ama.data.tables.json_tables import json_table
from ama.data.tables.parquet_tables import parquet_table
from ama.data.tables.table_names import JSON, file_suffix
from ama.data.tables.table_sources import open_table

SEPARATED = {".csv": ",", ".tsv": "\t"}
TABLES: dict[str, Callable[[Path | RemoteFile, Wanted], ArrowTable]] = {
    ".parquet": lambda path, wanted: parquet_table([path], str(path)),
    **{suffix: partial(csv_table, separator=mark) for suffix, mark in SEPARATED.items()},
    ".jsonl": json_table,
    ".ndjson": json_table,
    ".arrow": lambda path, wanted: ipc_table(path),
    ".feather": lambda path, wanted: ipc_table(path),
}
# Those that are read only where they are named: beside other files in a folder, they are rather about these.
ALONE: dict[str, Callable[[Path | RemoteFile, Wanted], ArrowTable]] = {
    ".xlsx": excel_table,
    JSON: json_table,
}


def open_table_file(path: Path | RemoteFile, wanted: Wanted, folders: list[Path]) -> Source:
    """A file with a suffix of ``TABLES`` or ``ALONE`` as a source; ``folders`` as in :func:`open_table`."""
    return open_table({**TABLES, **ALONE}[file_suffix(path.name)](path, wanted), wanted, folders)


def open_text_file(path: Path | RemoteFile, wanted: Wanted, folders: list[Path]) -> Source:
    """A file with a suffix of ``NUMBERS``: an array of numbers, or a table with names of columns."""
    numbers = open_text_array(path, wanted)
    if numbers is not None:
        return numbers
    return open_table(csv_table(path, wanted, separator="\t"), wanted, folders)
