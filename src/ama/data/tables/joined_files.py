"""Files of tables with the same columns as one table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from itertools import repeat
from pathlib import Path

from ama.data.csv.csv_survey import common_decimal
from ama.data.csv.csv_tables import csv_table
from ama.data.remote_files import RemoteFile
from ama.data.samples import Wanted, count
from ama.data.tables.arrow import ArrowTable, EmptyTableError
from ama.data.tables.joined_tables import joined
from ama.data.tables.parquet_tables import OtherColumnsError, parquet_table
from ama.data.tables.partitions import Constants, with_constants
from ama.data.tables.table_files import ALONE, SEPARATED, TABLES, Reader
from ama.data.tables.table_names import file_suffix
from ama.errors import InputError

MOST_NAMED = 3  # files in a message


def stored_table(paths: Sequence[Path | RemoteFile], name: str, wanted: Wanted) -> ArrowTable:
    """Parquet files as one table, also where their columns differ in their order or in the types of their numbers."""
    try:
        return parquet_table(paths, name)
    except OtherColumnsError as differ:
        try:
            return joined_files(paths, name, wanted)
        except InputError:
            raise differ from None


def joined_files(
    paths: Sequence[Path | RemoteFile], name: str, wanted: Wanted, constants: Iterable[Constants] = repeat({})
) -> ArrowTable:
    """The rows of files of text or Arrow, in their order, with constants for each file.

    Raises
    ------
    EmptyTableError
        If none has a row.
    InputError
        If one cannot be read, or has other columns than the first.
    """
    tables: list[ArrowTable] = []
    empty: list[str] = []
    said: dict[str, list[str]] = defaultdict(list)
    readers = _readers(paths)
    for path, of_folder in zip(paths, constants, strict=False):
        of_file = replace(wanted, remarks=[])
        try:
            tables.append(with_constants(readers[file_suffix(path.name)](path, of_file), of_folder))
        except EmptyTableError:
            empty.append(path.name)
        for sentence in of_file.remarks:
            said[sentence.removeprefix(str(path))].append(str(path))
    if not tables:
        raise EmptyTableError(f"none of the {count(len(paths), 'file')} of {name} has a row")
    if empty:
        wanted.remark(f"{name}: left out {some(empty)}, without a row")
    for words, of_files in said.items():
        more = f"; {count(len(of_files) - 1, 'more file')} like it" if len(of_files) > 1 else ""
        wanted.remark(f"{of_files[0]}{words}{more}", refused=False)  # ``strict`` has refused it already
    return joined(tables, name)


def _readers(paths: Sequence[Path | RemoteFile]) -> dict[str, Reader]:
    """What reads a file, by its suffix; of text with one separator, all files have the same decimal sign."""
    readers = {**TABLES, **ALONE}
    for suffix, mark in SEPARATED.items():
        if alike := [path for path in paths if file_suffix(path.name) == suffix]:
            readers[suffix] = partial(csv_table, separator=mark, decimal=common_decimal(alike, mark))
    return readers


def some(names: Sequence[str]) -> str:
    """The first of some files, for a message."""
    return ", ".join(names[:MOST_NAMED]) + (", ..." if len(names) > MOST_NAMED else "")
