"""Lines above the column names of a CSV file: titles, remarks and properties of the whole."""

from __future__ import annotations

import csv

from ama.data.csv.csv_fields import DASHES, likeliest_separator, parsed, second_of
from ama.data.csv.csv_header import is_number, most_of_title

MOST_ABOVE = 20  # lines above the column names


def lines_above(lines: list[str], separator: str | None) -> int:
    """The lines above the column names: titles, remarks and properties of the whole.

    They have fewer fields than the names, which are no numbers, and below which each row has as many and a number. Or
    it is one of dashes, as clients of databases frame a table.
    """
    if DASHES.fullmatch(lines[0].strip()):
        return 1
    for n in range(1, min(MOST_ABOVE, len(lines) - 1) + 1):
        mark = separator or likeliest_separator(lines[n:], ",")
        if lines[n - 1].count('"') % 2 or not _is_title(lines[n - 1], mark, 2):
            return 0
        (names, *rows), n_header = parsed(lines[n:], mark)
        if lines[n].startswith("#") and rows and not any(map(is_number, rows[0])):
            continue  # one more remark
        second = second_of(names, lines[n + n_header :], mark)
        rows = [row for row in rows[bool(second) :] if any(row) and row != names]
        most = most_of_title(len(names))
        if (
            len(names) > 1
            and all(name.strip() and not is_number(name) for name in names)
            and rows
            and all(len(row) == len(names) and any(map(is_number, row)) for row in rows)
            and all(_is_title(line, mark, most) for line in lines[:n])
        ):
            return n
    return 0


def _is_title(line: str, separator: str, most: int) -> bool:
    """Whether a line has at most that many fields, from the first one on, or is a remark of a program."""
    fields = next(csv.reader([line], delimiter=separator), [])
    n_filled = sum(bool(field.strip()) for field in fields)
    return line.startswith("#") or (n_filled <= most and all(field.strip() for field in fields[:n_filled]))
