"""Folders of files that are one table together."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from ama.data.remote_files import RemoteFile
from ama.data.samples import Source, Wanted, count
from ama.data.tables.joined_files import joined_files, some, stored_table
from ama.data.tables.partitions import Partitions
from ama.data.tables.table_names import PARQUET, file_suffix, is_noticed, shards
from ama.data.tables.table_sources import open_table
from ama.errors import InputError

SOME_TABLES = ".csv, .tsv, .jsonl, .arrow, ..."
DELTA_LOG = "_delta_log"  # the folder that says which files belong to a table of Delta Lake


def open_tables(
    files: Sequence[Path | RemoteFile],
    others: Collection[str],
    name: str,
    wanted: Wanted,
    folders: list[Path],
) -> Source | None:
    """The files of tables of a folder as one source, in the order of their names; None if it is not read from any.

    Parameters
    ----------
    files
        What the folder holds.
    others
        Names of what it holds besides.
    name
        The folder, for messages.
    wanted
        Gets a remark on what is left out.
    folders
        As in :func:`ama.data.tables.table_sources.open_table`.

    Raises
    ------
    InputError
        If the files are of several kinds, one has other columns than the first, or some may be out of date.
    """
    if DELTA_LOG in others:
        raise InputError(
            f"{name} is a table of Delta Lake, whose files may be of several versions: store its rows as Parquet or, "
            "in Python, pass the DataFrame of polars.read_delta"
        )
    of_name = {file.name: file for file in files}
    found = shards(of_name)
    if not found:
        return None
    kind = _only_kind(found, name)
    if rest := sorted(file for file in {*of_name, *others}.difference(found) if is_noticed(file)):
        wanted.remark(f"{name} is read from its {count(len(found), 'shard')} ({kind}), without {some(rest)}")
    paths = [of_name[file] for file in found]
    table = stored_table(paths, name, wanted) if kind == PARQUET else joined_files(paths, name, wanted)
    return open_table(table, wanted, folders)


def open_partitions(
    files: Mapping[str, Path | RemoteFile], name: str, wanted: Wanted, folders: list[Path]
) -> Source | None:
    """The files of tables below a folder as one source, with a column ``year`` for sub-folders such as year=2023.

    Parameters
    ----------
    files
        What is in the sub-folders, by the path from the folder.
    name, wanted, folders
        As in :func:`open_tables`.

    Raises
    ------
    InputError
        If the files are of several kinds, or one has other columns than the first.
    """
    partitions = Partitions(files)
    if not (found := shards(partitions.files)):
        return None
    _only_kind(found, name)
    if wanted.shape is None and (names := [name for name in partitions.columns if name not in wanted.drop]):
        made = f"the names of its folders make column{'s'[: len(names) != 1]} {', '.join(map(repr, names))}"
        wanted.remark(f"{name}: {made}, which --drop leaves out", refused=False)
    table = joined_files(
        [files[file] for file in found], name, wanted, [partitions.of_file(file) for file in found]
    )
    return open_table(table, wanted, folders)


def _only_kind(found: Sequence[str], name: str) -> str:
    """The suffix that all files have."""
    kind = file_suffix(found[0])
    if other := next((file for file in found if file_suffix(file) != kind), None):
        raise InputError(
            f"{name} holds tables of several kinds, {found[0]} and {other}, expected one: name a file"
        )
    return kind
