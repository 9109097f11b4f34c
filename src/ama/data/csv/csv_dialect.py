"""How a CSV file is written, from its first lines: encoding, separator, decimal sign and column names."""

from __future__ import annotations

import codecs
import csv
import re
from dataclasses import dataclass, replace

from ama.data.csv.csv_blank_lines import Filled
from ama.data.csv.csv_header import (
    check_header,
    is_number,
    lacks_names,
    left_out,
    most_of_title,
    numbered,
)
from ama.data.csv.csv_second_line import A_ROW, SecondLine, second_line
from ama.data.csv.csv_spaces import SPACES, between_spaces
from ama.data.csv.decimal_signs import decimal_sign, has_groups
from ama.data.tables.arrow import EmptyTableError, check_names
from ama.errors import InputError

MAX_LINE = 2**22  # bytes of a line or a quoted value: what is held in memory at a time
SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
CALLED = {**SEPARATORS, SPACES: "spaces"}
UNNAMED = "Unnamed: {}"  # what pandas calls a column without a name
UTF8 = "utf8"  # as pyarrow spells it
BYTE_ORDER_MARKS = {  # that of UTF-32 begins with that of UTF-16
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
    codecs.BOM_UTF8: UTF8,
}
EXAMINED = 50  # lines
MOST_ABOVE = 20  # lines above the column names
LINE_END = re.compile(r"\r\n|\r|\n")
# Excel's own line on the separator.
SEPARATOR_LINE = re.compile(r"sep=([,;\t|])", re.IGNORECASE)


@dataclass(frozen=True)
class Dialect:
    """How a CSV file is written.

    Parameters
    ----------
    encoding
        A codec of Python.
    separator
        Character between the fields.
    decimal
        Decimal sign.
    n_skipped
        Lines before the first row, that of the column names included.
    names
        Column names; "Unnamed: 2" for the third if it has none.
    quoted
        Whether fields may be quoted, and then hold line ends.
    n_above
        Of the lines that are skipped, those above the column names that are not blank.
    second
        What a line below the first one is that is skipped, too: units or more of the column names.
    doubtful
        Whether the points in its numbers may as well stand between thousands.
    unnamed
        Whether the first line is a row, and the columns are called by their numbers.
    filled
        The part that is read; None for a whole file.
    """

    encoding: str
    separator: str
    decimal: str
    n_skipped: int
    names: list[str]
    quoted: bool
    n_above: int = 0
    second: SecondLine = A_ROW
    doubtful: bool = False
    unnamed: bool = False
    filled: Filled | None = None

    def assumed(self, separator: str) -> str:
        """What was found that is not expected, in words; "" if nothing was."""
        words = []
        if self.separator != separator and len(self.names) > 1:
            words.append(f"as separated by {CALLED[self.separator]}")
        if self.decimal == ",":
            words.append("with decimal commas")
        elif self.doubtful and self.separator == ";":  # as where commas are decimal
            words.append("with decimal points")
        if self.encoding == "cp1252":
            shown = next((f" (a column is {name!r})" for name in self.names if not name.isascii()), "")
            remedy = "if its text is garbled, save it as UTF-8"
            words.append(f"in the encoding Windows-1252, as it is not UTF-8{shown}: {remedy}")
        return ", ".join(words)

    def left_out(self) -> list[str]:
        """What is said of lines that are skipped, after the name of the file."""
        words = []
        if self.unnamed:
            words.append(numbered(len(self.names), "line"))
        if self.n_above:
            words.append(f"{left_out('first', self.n_above, 'line')}: the column names are below")
        if self.second:
            words.append(self.second.said("line"))
        if self.filled is not None and (n := self.filled.n_below):
            words.append(f"{left_out('last', n, 'line')}, without a value")
        return words


def find_dialect(
    start: bytes, whole: bool, name: str, encoding: str | None = None, expected: str = ",", decimal: str = "."
) -> Dialect:
    """The dialect of a file.

    Parameters
    ----------
    start
        The first ``MAX_LINE`` bytes of the file.
    whole
        Whether the file has no more.
    name
        Its name in messages.
    encoding
        By default it is found.
    expected
        The separator where no other fits.
    decimal
        The decimal sign where the first lines leave it open.

    Raises
    ------
    InputError
        If the file is empty or no text, or has no column names.
    """
    encoding = encoding or _encoding(start, whole)
    text = codecs.getincrementaldecoder(encoding)("replace").decode(start).removeprefix("\ufeff")
    lines = _first_lines(text, whole, name)
    n_skipped, given = _beginning(lines)
    lines = [f"{line}\n" for line in lines[n_skipped:]]
    if not lines:
        raise EmptyTableError(f"{name} is an empty file, expected CSV with column names in its first line")
    above = _above(lines, given)
    n_above, lines = sum(bool(line.strip()) for line in lines[:above]), lines[above:]
    separator = given or _separator(lines, expected)
    names, rows, n_header, second = _header(lines, separator)
    n_skipped += above + n_header
    names = [column or UNNAMED.format(i) for i, column in enumerate(_with_trailing(names, rows))]
    check_names(names, name)
    if n_header:
        check_header(names, rows, name)
    fields = [field for row in rows for field in row]
    sign = decimal_sign(fields, separator)
    doubtful = sign is None and any(has_groups(field, separator) for field in fields)
    found = Dialect(encoding, separator, sign or decimal, n_skipped, names, '"' in text)
    return replace(found, n_above=n_above, second=second, doubtful=doubtful, unnamed=not n_header)


def _header(lines: list[str], separator: str) -> tuple[list[str], list[list[str]], int, SecondLine]:
    """Column names, rows, the number of lines of the header, 0 if there is none, and what the second of them is."""
    (names, *rows), n_header = _parsed(lines, separator)
    if lacks_names(names, rows):
        return [str(i + 1) for i in range(len(names))], [names, *rows], 0, A_ROW
    second = _second(names, lines[n_header:], separator)
    return [*(second.names or names)], rows[bool(second) :], n_header + bool(second), second


def _first_lines(text: str, whole: bool, name: str) -> list[str]:
    if "\0" in text:
        raise InputError(
            f"{name} holds zero bytes, expected CSV as text in UTF-8, or in UTF-16 with its mark"
        )
    lines = LINE_END.split(text, EXAMINED)
    if len(lines) > EXAMINED or (not whole and len(lines) > 1):
        lines.pop()  # the rest, or half a line
    elif not whole:
        raise InputError(f"{name} has a line longer than {MAX_LINE // 2**20} MiB, expected CSV")
    return lines


def _beginning(lines: list[str]) -> tuple[int, str | None]:
    """The lines before the first that counts, and the separator that Excel's own line gives."""
    n = next((i for i, line in enumerate(lines) if line.strip()), len(lines))
    found = SEPARATOR_LINE.fullmatch(lines[n]) if n < len(lines) else None
    return (n, None) if found is None else (n + 1, found[1])


def _encoding(start: bytes, whole: bool) -> str:
    for mark, encoding in BYTE_ORDER_MARKS.items():
        if start.startswith(mark):
            return encoding
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start, whole)
    except UnicodeDecodeError:
        return "cp1252"
    return UTF8


def _parsed(lines: list[str], separator: str) -> tuple[list[list[str]], int]:
    """Header and rows, and the number of lines of the header; a field beyond the library's limit ends the rows."""
    if separator == SPACES:
        return [row for row in map(str.split, lines) if row], 1
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


def _separator(lines: list[str], expected: str) -> str:
    """The mark that splits most rows into as many fields as the column names, and among equals into most."""

    def consistency(mark: str) -> tuple[float, int]:
        (names, *rows), _ = _parsed(lines, mark)
        alike = [len(names) <= len(row) and not any(row[len(names) :]) for row in rows]
        return (sum(alike) / len(alike) if alike else 1.0), len(names)

    marks = [mark for mark in SEPARATORS if mark in lines[0]]
    if not any(consistency(mark)[0] for mark in marks) and between_spaces(lines):
        return SPACES
    if not marks:  # one column; a comma in its values may be a decimal sign
        return ";" if any("," in line for line in lines) else ","
    best = max(marks, key=consistency)
    # A comma may be in the name of the only column.
    return best if expected in marks or consistency(best)[0] else expected


def _above(lines: list[str], separator: str | None) -> int:
    """The lines above the column names: titles, remarks and properties of the whole.

    They have fewer fields than the names, which are no numbers, and below which each row has as many and a number.
    """
    for n in range(1, min(MOST_ABOVE, len(lines) - 1) + 1):
        mark = separator or _separator(lines[n:], ",")
        if lines[n - 1].count('"') % 2 or not _is_title(lines[n - 1], mark, 2):
            return 0
        (names, *rows), n_header = _parsed(lines[n:], mark)
        if lines[n].startswith("#") and rows and not any(map(is_number, rows[0])):
            continue  # one more remark
        rows = [row for row in rows[bool(_second(names, lines[n + n_header :], mark)) :] if any(row)]
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


def _second(names: list[str], lines: list[str], separator: str) -> SecondLine:
    """What the first line below that of the column names is, if it is no row."""
    if len(lines) < 2 or not lines[0].strip() or '"' in lines[0]:
        return A_ROW
    return second_line(names, _parsed(lines, separator)[0])


def _with_trailing(names: list[str], rows: list[list[str]]) -> list[str]:
    """Column names that fit rows which all end in further separators, or which lack those at the end of the header."""
    widths = {len(row) for row in rows}
    if len(widths) != 1:
        return names
    (width,) = widths
    while len(names) > width and not names[-1]:
        names = names[:-1]
    more = width - len(names)
    return names + [""] * more if more > 0 and not any(any(row[-more:]) for row in rows) else names
