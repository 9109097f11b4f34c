"""How a whole CSV file is written: what its first lines say, what its last ones are, and what it repeats."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from ama.data.csv.csv_below import filled_part
from ama.data.csv.csv_dialect import MAX_LINE, Dialect, find_dialect
from ama.data.csv.csv_repeated_names import n_lines
from ama.data.csv.interruptible_files import in_utf8
from ama.data.remote_files import RemoteFile
from ama.data.tables.arrow_reading import decodable, readable, text_file
from ama.errors import InputError


def common_decimal(paths: Sequence[Path | RemoteFile], separator: str) -> str:
    """The decimal sign of files of one table: a comma if one of them has decimal commas."""
    for path in paths:
        with suppress(InputError):  # which is said as the file is read
            if find_dialect(*first_bytes(path), str(path), None, separator).decimal == ",":
                return ","
    return "."


def first_bytes(path: Path | RemoteFile) -> tuple[bytes, bool]:
    """The first bytes of a file, and whether it has no more."""
    with readable(str(path)), text_file(path) as file:
        return file.read(MAX_LINE), not file.read(1)


def dialect_of(
    path: Path | RemoteFile, start: bytes, whole: bool, encoding: str | None, *marks: str
) -> Dialect:
    """The dialect, the part of the file that is read, and how often the column names are repeated in it.

    Parameters
    ----------
    path
        The file.
    start, whole
        Its first bytes, and whether it has no more.
    encoding
        By default it is found.
    marks
        The separator and the decimal sign where the first lines leave them open.

    Raises
    ------
    InputError
        As ``find_dialect``.
    """
    name = str(path)
    dialect = find_dialect(start, whole, name, encoding, *marks)

    def opened() -> pa.NativeFile:
        return pa.BufferReader(start) if whole else text_file(path)

    with readable(name), opened() as file:
        filled = filled_part(file, dialect.separator, dialect.encoding, dialect.is_remark)
    dialect = replace(dialect, filled=filled)
    if not dialect.header.lines:
        return dialect
    with (
        decodable(name),
        opened() as file,
        in_utf8(file, dialect.encoding, False, dialect.transform()) as text,
    ):
        return dialect.without_repeated(n_lines(text, dialect.header.lines))
