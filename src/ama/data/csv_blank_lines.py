"""Lines at the end of a CSV file that hold nothing but separators and space, as spreadsheets write below a table."""

from __future__ import annotations

import re
from typing import NamedTuple

LINE_END = re.compile(rb"\r\n|\r|\n")


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


def filled_part(content: bytes, separator: str) -> Filled:
    """The part of a file that is read.

    Parameters
    ----------
    content
        Of the whole file, in an encoding in which ASCII is a byte a character.
    separator
        Character between the fields.
    """
    last = len(content.rstrip(f" \t\r\n{separator}".encode()))  # in the last line with a value
    end = LINE_END.search(content, last)
    size = len(content) if end is None else end.end()
    return Filled(size, sum(separator.encode() in line for line in content[size:].splitlines()))
