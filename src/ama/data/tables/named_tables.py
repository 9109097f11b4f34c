"""Files of tables that are named one by one, and are one table together."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ama.data.names import clean_name, several
from ama.data.remote_files import RemoteFile, is_url, remote_file
from ama.data.samples import Source, Wanted
from ama.data.tables.arrow_reading import readable
from ama.data.tables.joined_files import joined_files, stored_table
from ama.data.tables.table_files import ALONE, TABLES
from ama.data.tables.table_names import PARQUET, file_suffix
from ama.data.tables.table_sources import open_table
from ama.errors import InputError
from ama.io.regular_files import check_regular


def named_tables(parts: Sequence[Any]) -> list[str | os.PathLike[str]] | None:
    """The paths and URLs in a list; None if its first part is not that of a table.

    Raises
    ------
    InputError
        If another part is not.
    """
    if not parts or not _is_table(parts[0]):
        return None
    for i, part in enumerate(parts):
        if not _is_table(part):
            shown = clean_name(str(part)) if isinstance(part, str | os.PathLike) else type(part).__name__
            raise InputError(
                f"the list has {shown!r} at position {i + 1} (counted from 1), expected paths of tables "
                f"({', '.join((*TABLES, *ALONE))}) as the first"
            )
    return list(parts)


def open_named_tables(names: Sequence[str | os.PathLike[str]], wanted: Wanted) -> Source:
    """Files of tables as one source, one after the other in the order in which :func:`named_tables` has them.

    Raises
    ------
    InputError
        If one cannot be read, or has other columns than the first.
    """
    paths: list[Path | RemoteFile] = [
        remote_file(name) if isinstance(name, str) and is_url(name) else Path(name).expanduser()
        for name in names
    ]
    local = [path for path in paths if isinstance(path, Path)]
    for path in local:
        with readable(str(path)):
            check_regular(path.stat())
    name = several(str(paths[0]), len(paths) - 1)
    stored = len(local) == len(paths) and all(file_suffix(path.name) == PARQUET for path in paths)
    table = (stored_table if stored else joined_files)(paths, name, wanted)
    return open_table(table, wanted, [path.parent for path in local])


def _is_table(part: Any) -> bool:
    if not isinstance(part, str | os.PathLike):
        return False
    return file_suffix(os.path.basename(os.fspath(part))) in (*TABLES, *ALONE)
