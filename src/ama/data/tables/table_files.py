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
from ama.data.tables.file_kinds import CALLED, CSV, REFUSED, SUFFIXES, XLS, XLSX, held_kind
from ama.data.tables.ipc_tables import ipc_table
from ama.data.tables.json_tables import json_table
from ama.data.tables.parquet_tables import parquet_table
from ama.data.tables.table_names import JSON, NUMBERS, file_suffix
from ama.data.tables.table_sources import open_table
from ama.data.unread_files import unread
from ama.errors import InputError

Reader = Callable[[Path | RemoteFile, Wanted], ArrowTable]
SEPARATED = {".csv": ",", ".tsv": "\t"}
TABLES: dict[str, Reader] = {
    ".parquet": lambda path, wanted: parquet_table([path], str(path)),
    **{suffix: partial(csv_table, separator=mark) for suffix, mark in SEPARATED.items()},
    ".jsonl": json_table,
    ".ndjson": json_table,
    ".arrow": lambda path, wanted: ipc_table(path),
    ".feather": lambda path, wanted: ipc_table(path),
}
# Those that are read only where they are named: beside other files in a folder, they are rather about these.
ALONE: dict[str, Reader] = {
    XLSX: excel_table,
    JSON: json_table,
}


def open_table_file(path: Path | RemoteFile, wanted: Wanted, folders: list[Path]) -> Source | None:
    """A file that holds a table or, as text, an array of numbers; None if it does not, and its suffix says so.

    Parameters
    ----------
    path
        The file.
    wanted
        The keywords of ``open_source``.
    folders
        As in :func:`open_table`.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    suffix = _suffix(path, wanted)
    if suffix in NUMBERS:
        numbers = open_text_array(path, wanted)
        if numbers is not None:
            return numbers
        return open_table(csv_table(path, wanted, separator="\t"), wanted, folders)
    read = {**TABLES, **ALONE}.get(suffix)
    return None if read is None else open_table(read(path, wanted), wanted, folders)


def _suffix(path: Path | RemoteFile, wanted: Wanted) -> str:
    """The suffix of what a file holds: its own, unless the first bytes are those of another kind."""
    suffix = file_suffix(path.name)
    is_known = suffix in (*TABLES, *ALONE, *NUMBERS, XLS)
    if not is_known and unread(path.name):
        return suffix
    kind = held_kind(path)
    if is_known and kind in REFUSED:
        raise InputError(f"{path} {REFUSED[kind]}")
    # Text in files of any name is no table, but programs write text that a spreadsheet opens, and call it a workbook.
    if kind not in SUFFIXES or suffix in SUFFIXES[kind] or (kind == CSV and suffix not in (XLSX, XLS)):
        return suffix
    wanted.remark(f"{path} holds {CALLED[kind]}, and is read as such")
    return ".tab" if kind == CSV else kind
