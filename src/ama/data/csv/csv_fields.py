"""The fields of the lines of a CSV file, and the character between them."""

from __future__ import annotations

import csv
import re

from ama.data.csv.csv_second_line import A_ROW, SecondLine, second_line
from ama.data.csv.csv_spaces import SPACES, between_spaces, fields_between_spaces

SEPARATORS = {
    ",": "commas",
    ";": "semicolons",
    "\t": "tabs",
    "|": "vertical bars",
    "~": "tildes",
    "^": "carets",
    "\x01": "the control character 1",
}
DASHES = re.compile(r"(?=.*(?:---|===))[-=+|,;:\s]+")  # as clients of databases underline names


def parsed(lines: list[str], separator: str) -> tuple[list[list[str]], int]:
    """Header and rows, and the number of lines of the header; a field beyond the library's limit ends the rows."""
    if separator == SPACES:
        return [row for row in map(fields_between_spaces, lines) if row], 1
    reader = csv.reader(lines, delimiter=separator)
    rows: list[list[str]] = []
    n_header = 1
    try:
        for row in reader:
            if not rows:
                n_header = reader.line_num
            if row:
                rows.append(row)
    except csv.Error:
        pass
    return rows or [[lines[0].strip()]], n_header


def likeliest_separator(lines: list[str], expected: str) -> str:
    """The mark that splits most rows into as many fields as the column names, and among equals into most."""

    def consistency(mark: str) -> tuple[float, int]:
        (names, *rows), _ = parsed(lines, mark)
        alike = [len(names) <= len(row) and not any(row[len(names) :]) for row in rows]
        if len(rows) > 1 and not any(alike) and {len(row) for row in rows} == {len(names) + 1}:
            return 0.5, len(names)  # perhaps rows with names of their own
        return (sum(alike) / len(alike) if alike else 1.0), len(names)

    marks = [mark for mark in SEPARATORS if mark in lines[0]]
    if not any(consistency(mark)[0] for mark in marks) and between_spaces(lines):
        return SPACES
    if not marks:  # one column; a comma in its values may be a decimal sign
        return ";" if any("," in line for line in lines) else ","
    best = max(marks, key=consistency)
    # A comma may be in the name of the only column.
    return best if expected in marks or consistency(best)[0] else expected


def second_of(names: list[str], lines: list[str], separator: str) -> SecondLine:
    """What the first line below that of the column names is, if it is no row."""
    if len(lines) < 2 or not lines[0].strip() or '"' in lines[0]:
        return A_ROW
    if DASHES.fullmatch(lines[0]):
        return SecondLine(dashes=True)
    return second_line(names, parsed(lines, separator)[0])


def in_double_quotes(lines: bytes) -> bytes:
    """Lines with quotes in place of apostrophes, which mark fields, and of which two are one within a field."""
    return lines.replace(b"'", b'"')
