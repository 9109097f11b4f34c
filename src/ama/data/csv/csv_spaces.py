"""Fields that are separated by spaces and tabs, as many as align the columns."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

from ama.data.csv.csv_header import is_number
from ama.data.csv.csv_keys import keys_of, value_of

SPACES = " "  # as a separator: any number of them, and of tabs
# In quotes, or else up to the next space, so that nothing of a line is lost.
FIELD = re.compile(r'(?<!\S)(?:"[^"]*"(?!\S)|\S+)')
FIELD_BYTES = re.compile(FIELD.pattern.encode())


def fields_between_spaces(line: str) -> list[str]:
    """The fields of a line, without their quotes."""
    return [field.strip('"') for field in FIELD.findall(line)] if '"' in line else line.split()


def between_spaces(lines: list[str]) -> bool:
    """Whether spaces separate the fields: as many in each line, names in the first and a column of numbers below.

    The rows may have one field more, their own names, as R writes them.
    """
    if any('"' in field[1:-1] or field.count('"') == 1 for line in lines for field in FIELD.findall(line)):
        return False
    fields = [fields_between_spaces(line) for line in lines if line.strip()]
    if len(fields) < 2:
        return False
    names, *rows = fields
    # Of a single row, a field more or one with quotes may be anything.
    if len(rows) < 2 and (len(rows[0]) > len(names) or any('"' in line for line in lines)):
        return False
    below = [row for row in rows[1:] if row != names] or rows  # there may be units between
    return (
        len(names) > 1
        and (not any(map(is_number, names)) or bool(keys_of(fields)))
        and {len(row) - len(names) for row in rows} in ({0}, {1})
        and any(all(map(is_number, map(value_of, column))) for column in zip(*below, strict=True))
    )


def spacing_of(separator: str, padded: bool) -> Callable[[bytes], bytes] | None:
    """What leaves spaces in whole lines where they are part of a field alone; None if they all may be."""
    if separator == SPACES:
        return tabbed
    return partial(unpadded, separator=separator) if padded else None


def unpadded(lines: bytes, separator: str) -> bytes:
    """Whole lines without the spaces that align their fields, which stand between that character."""
    # Many times as fast as a pattern: one pass for each space of the widest gap.
    for mark in (separator.encode(), b"\r", b"\n"):
        length = -1
        while length != len(lines):
            length = len(lines)
            lines = lines.replace(b" " + mark, mark).replace(mark + b" ", mark)
    return lines.strip(b" ")


def tabbed(lines: bytes) -> bytes:
    """Whole lines with one tab between the fields, and none around them."""
    found = lines.splitlines(keepends=True)
    fields = FIELD_BYTES.findall if b'"' in lines else bytes.split
    return b"".join(b"\t".join(fields(line)) + line[len(line.rstrip(b"\r\n")) :] for line in found)
