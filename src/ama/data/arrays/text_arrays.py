"""Text files of numbers alone, as ``numpy.savetxt`` writes them: rows of an array, without names of columns."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa

from ama.data.arrays.array_sources import open_array
from ama.data.arrays.plain_arrays import LONGEST_VALUE
from ama.data.csv.csv_header import is_number
from ama.data.remote_files import RemoteFile
from ama.data.samples import Source, Wanted
from ama.data.tables.arrow_reading import readable, text_file
from ama.errors import InputError, printable

REMARK = re.compile(r"[#%]")
MARKS = re.compile(r"[,;]")  # the others are white space, which NumPy finds by itself
FORTRAN = re.compile(r"(?<=[0-9.])[dD](?=[+-][0-9])")  # before an exponent of double precision
LONGEST = 2**22  # characters of the line that tells the separator
NO_NUMBER = re.compile(
    r"could not convert string '(?P<value>.*)' to float64 at row (?P<row>\d+), column (?P<place>\d+)"
)
RAGGED = re.compile(r"columns changed from (?P<expected>\d+) to (?P<found>\d+) at row (?P<row>\d+)")


def open_text_array(path: Path | RemoteFile, wanted: Wanted) -> Source | None:
    """Rows of numbers, one a line, between which stand spaces, tabs, commas or semicolons; "#" or "%" begins a remark.

    Returns
    -------
    Source or None
        None if the first line that counts holds no numbers.

    Raises
    ------
    InputError
        If a later one holds anything else, or more or fewer.
    """
    with _text(path) as file:
        lines = (REMARK.split(line, 1)[0].strip() for line in iter(lambda: file.readline(LONGEST), ""))
        first = next(filter(None, lines), "")
    mark = MARKS.search(first)
    separator = None if mark is None else mark[0]
    if is_fortran := FORTRAN.search(first) is not None:
        first = FORTRAN.sub("E", first)
    if not (first and all(map(is_number, first.split(separator)))):
        return None
    with _text(path) as file:
        try:
            plain: Iterable[str] = (FORTRAN.sub("E", line) for line in file) if is_fortran else file
            array = np.loadtxt(plain, delimiter=separator, comments=["#", "%"], ndmin=2)
        except ValueError as error:
            raise InputError(f"{path} {_reason(str(error))}") from error
    return open_array(array, str(path), wanted)


@contextmanager
def _text(path: Path | RemoteFile) -> Iterator[io.TextIOWrapper]:
    with (
        readable(str(path), (pa.ArrowException, OSError, MemoryError)),
        text_file(path) as opened,
        io.TextIOWrapper(opened, errors="replace", encoding="utf-8-sig") as file,
    ):
        yield file


def _reason(error: str) -> str:
    if odd := NO_NUMBER.search(error):
        shown, row = printable(odd["value"])[:LONGEST_VALUE], int(odd["row"]) + 1
        return f"has {shown!r} in row {row} (counted from 1), column {odd['place']}, expected numbers"
    if odd := RAGGED.search(error):
        return f"has {odd['found']} numbers in row {odd['row']} (counted from 1), expected {odd['expected']}"
    return f"cannot be read: {error}"
