"""Lines at the end of a CSV file that hold nothing but separators and space, as spreadsheets write below a table."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from ama.data.arrow_reading import text_file
from ama.data.remote_files import RemoteFile

LINE_END = re.compile(r"\r\n|\r|\n")
WIDTHS = {"utf-16": 2, "utf-32": 4}  # bytes of a separator; in other encodings ASCII is a byte a character
EXAMINED = 2**16  # bytes at the end, and more only if they are blank


class Filled(NamedTuple):
    """The part of a file before such lines.

    Parameters
    ----------
    size
        Its bytes.
    n_below
        How many lines below it hold separators.
    """

    size: int
    n_below: int


def filled_part(file: pa.NativeFile, separator: str, encoding: str) -> Filled:
    """The part of a file that is read.

    Parameters
    ----------
    file
        The file, which can be read at any place.
    separator
        Character between the fields.
    encoding
        A codec of Python: UTF-16 or UTF-32 with its mark, or one in which ASCII is a byte a character.
    """
    blank, width, codec = f" \t\r\n{separator}", WIDTHS.get(encoding, 1), "latin-1"
    if width > 1:
        codec = encoding + ("-le" if file.read(1) == b"\xff" else "-be")
    size, examined, at = file.size(), EXAMINED, 1
    filled = text = ""
    while at and not filled:
        at, examined = max(size - examined, 0) // 4 * 4, 8 * examined
        file.seek(at)
        text = file.read().decode(codec, "replace")
        filled = text.rstrip(blank)
    end = LINE_END.search(text, len(filled))  # that of the last line with a value
    below = "" if end is None else text[end.end() :]
    return Filled(size - width * len(below), sum(separator in line for line in below.splitlines()))


def part_of(path: Path | RemoteFile, filled: Filled | None) -> pa.NativeFile:
    """That part of a file, opened for reading; the whole file if it is not known."""
    file = text_file(path)
    if filled is None:
        return file
    if file.seekable():
        return file.get_stream(0, filled.size)
    with file:
        return pa.BufferReader(file.read(filled.size))
