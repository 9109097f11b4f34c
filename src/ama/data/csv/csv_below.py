"""Lines at the end of a CSV file that are no rows.

They hold nothing but separators and space, as spreadsheets write below a table, or a remark, as database clients do.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from ama.data.remote_files import RemoteFile
from ama.data.tables.arrow_reading import text_file

LINE_END = re.compile(r"\r\n|\r|\n")
WIDTHS = {"utf-16": 2, "utf-32": 4}  # bytes of a separator; in other encodings ASCII is a byte a character
EXAMINED = 2**16  # bytes at the end, and more only if they are blank
# What clients of databases write below a table; unlike dashes below names, without marks between which values miss.
FRAME = re.compile(r"(?=.*(?:---|===))[-=+| ]+|[0-9]+ rows? in set.*")
END_OF_FILE = "\x1a"  # of DOS, which instruments still write
MOST_HELD = 2**26  # of them, in a compressed file: a small one may hold any number


class Filled(NamedTuple):
    """The part of a file before such lines.

    Parameters
    ----------
    size
        Its bytes; None where the file has to be read to its end.
    n_below
        How many lines below it hold separators.
    remarks
        The lines below it that hold a remark.
    """

    size: int | None
    n_below: int
    remarks: tuple[str, ...] = ()


def is_remark(line: str, separator: str, after_digits: bool = False) -> bool:
    """Whether a line below rows of several fields is none of them, nor the beginning of one.

    Parameters
    ----------
    line
        Its text.
    separator
        Character between the fields.
    after_digits
        Whether the first field of each row begins with a digit, so that one which begins with a letter is no half row.
    """
    text = line.strip()
    if FRAME.fullmatch(text):
        return True
    return separator not in text and (
        text.startswith(("#", "(", END_OF_FILE)) or (after_digits and text[:1].isalpha())
    )


def filled_part(
    file: pa.NativeFile, separator: str, encoding: str, remark: Callable[[str], bool] = lambda _: False
) -> Filled | None:
    """The part of a file that is read; None if that is all that can be said of a compressed one in bounded memory.

    Parameters
    ----------
    file
        The file, at its start.
    separator
        Character between the fields.
    encoding
        A codec of Python: UTF-16 or UTF-32 with its mark, or one in which ASCII is a byte a character.
    remark
        Whether a line is a remark, which ends the rows, too, in a file that can be read from its end.
    """
    blank, width, codec = f" \t\r\n{END_OF_FILE}{separator}", WIDTHS.get(encoding, 1), "latin-1"
    start = file.read(EXAMINED)
    if width > 1:
        codec = encoding + ("-le" if start[:1] == b"\xff" else "-be")

    def is_filled(part: bytes) -> bool:
        return part.decode(codec, "replace").strip(blank) != ""

    size: int | None = file.size() if file.seekable() else None
    end = _end_of_stream(file, start, is_filled) if size is None else _end(file, size, is_filled)
    if end is None:
        return None
    text = end.decode(codec, "replace")
    filled, remarks = text.rstrip(blank), list[str]()
    while size is not None and (line := _last_line(filled)) and remark(line):
        remarks.insert(0, (line.encode(codec).decode(encoding, "replace") if width == 1 else line).strip())
        filled = filled[: -len(line)].rstrip(blank)
    last = LINE_END.search(text, len(filled))  # the end of the last line with a value
    below = "" if last is None else text[last.end() :]
    n_below = sum(separator in line for line in below.splitlines())
    return Filled(None if size is None else size - width * len(below), n_below, tuple(remarks))


def _last_line(text: str) -> str:
    """The last of several lines; "" if there is only one."""
    *above, last = LINE_END.split(text)
    return last if above else ""


def _end(file: pa.NativeFile, size: int, is_filled: Callable[[bytes], bool]) -> bytes:
    """As much of the end of a file as there is a value in."""
    examined, at, end = EXAMINED, 1, b""
    while at and not is_filled(end):
        at, examined = max(size - examined, 0) // 4 * 4, 8 * examined
        file.seek(at)
        end = file.read()
    return end


def _end_of_stream(file: pa.NativeFile, start: bytes, is_filled: Callable[[bytes], bool]) -> bytes | None:
    """The same of a file that is read on from ``start``; None if that is too much."""
    end, part = b"", start
    while part and len(end) <= MOST_HELD:
        end = part if is_filled(part) else end + part
        part = file.read(EXAMINED)
    return None if part else end


def part_of(path: Path | RemoteFile, filled: Filled | None) -> pa.NativeFile:
    """That part of a file, opened for reading; the whole file if it is not known."""
    file = text_file(path)
    if filled is None or filled.size is None:
        return file
    if file.seekable():
        return file.get_stream(0, filled.size)
    with file:
        return pa.BufferReader(file.read(filled.size))
