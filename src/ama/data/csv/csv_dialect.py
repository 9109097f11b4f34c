"""How a CSV file is written, from its first lines: encoding, separator, decimal sign and column names."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

from ama.data.csv.csv_below import Filled, is_remark
from ama.data.csv.csv_fields import SEPARATORS, likeliest_separator, parsed, second_of
from ama.data.csv.csv_header import (
    begins_with_digit,
    check_header,
    check_spaces,
    lacks_names,
    left_out,
    numbered,
)
from ama.data.csv.csv_repeated_names import without_lines
from ama.data.csv.csv_second_line import A_ROW, SecondLine
from ama.data.csv.csv_spaces import SPACES, tabbed, unpadded
from ama.data.csv.csv_title import lines_above
from ama.data.csv.decimal_signs import decimal_sign, has_groups
from ama.data.tables.arrow import EmptyTableError, check_names
from ama.errors import InputError

MAX_LINE = 2**22  # bytes of a line or a quoted value: what is held in memory at a time
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
MOST_SHOWN = 60  # characters of a remark
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
    header
        The lines of the column names, as ``transform`` leaves them, which may be repeated among the rows; none if they
        cannot be told from a row.
    n_repeated
        How many of the lines below are those of the header. If there are any, ``n_skipped`` counts none of them.
    after_digits
        Whether the first field of each row begins with a digit.
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
    header: tuple[str, ...] = ()
    n_repeated: int = 0
    after_digits: bool = False

    def without_repeated(self, n_lines: int) -> Dialect:
        """The dialect where so many lines of the file are like those of the header."""
        if n_lines <= len(self.header):
            return self
        n = len(self.header)
        return replace(self, n_repeated=n_lines - n, n_skipped=self.n_skipped - n)

    def transform(self) -> Callable[[bytes], bytes] | None:
        """What turns whole lines into those that pyarrow reads; None if that is nothing."""
        spacing = _spacing(self.separator, self.second.dashes and not self.quoted)
        if not self.n_repeated:
            return spacing
        return lambda lines: without_lines(lines if spacing is None else spacing(lines), self.header)

    def is_remark(self, line: str) -> bool:
        """Whether a line at the end is none of the rows."""
        return len(self.names) > 1 and is_remark(line, self.separator, self.after_digits)

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
        if n := self.n_repeated:
            repeat = "line that repeats" if n == 1 else "lines that repeat"
            words.append(f"{n} {repeat} the column names left out")
        if self.filled is not None and (remarks := self.filled.remarks):
            words.append(f"{left_out('last', len(remarks), 'line')}, a remark: {remarks[0][:MOST_SHOWN]}")
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
    n_skipped, given, lines = _beginning(_first_lines(text, whole, name))
    if not lines:
        raise EmptyTableError(f"{name} is an empty file, expected CSV with column names in its first line")
    lines = _without_remarks(lines) if whole else lines
    above = lines_above(lines, given)
    n_above, lines = sum(bool(line.strip()) for line in lines[:above]), lines[above:]
    separator = given or likeliest_separator(lines, expected)
    header = _header(lines, separator, name)
    fields = [field for row in header.rows for field in row]
    sign = decimal_sign(fields, separator)
    n_skipped += above + header.n_lines
    found = Dialect(encoding, separator, sign or decimal, n_skipped, header.names, '"' in text)
    return replace(
        found,
        n_above=n_above,
        second=header.second,
        doubtful=sign is None and any(has_groups(field, separator) for field in fields),
        unnamed=not header.n_lines,
        header=header.lines,
        after_digits=header.after_digits(),
    )


class _Header(NamedTuple):
    """Column names, the first rows, how many lines hold the names, what the second is, and which may be repeated."""

    names: list[str]
    rows: list[list[str]]
    n_lines: int
    second: SecondLine
    lines: tuple[str, ...]

    def after_digits(self) -> bool:
        """Whether the first field of each row begins with a digit."""
        first = [row[0] for row in self.rows if len(row) >= len(self.names) and row[0] != self.names[0]]
        return bool(first) and all(map(begins_with_digit, first))


def _header(lines: list[str], separator: str, name: str) -> _Header:
    (names, *rows), n_lines = parsed(lines, separator)
    check_spaces(names, rows, name)
    if lacks_names(names, rows):
        return _Header([str(i + 1) for i in range(len(names))], [names, *rows], 0, A_ROW, ())
    second = second_of(names, lines[n_lines:], separator)
    # Of one column a text may be as its name is, and names with line ends are in several lines.
    repeatable = len(names) > 1 and n_lines == 1
    n_lines += bool(second)
    rows = rows[bool(second) :]
    names = [*(second.names or names)]
    if second.dashes:
        names = [column.strip() for column in names]
    names = [column or UNNAMED.format(i) for i, column in enumerate(_with_trailing(names, rows))]
    check_names(names, name)
    check_header(names, name)
    spacing = _spacing(separator, second.dashes and '"' not in "".join(lines))
    may_repeat = [line.rstrip().encode() for line in lines[:n_lines]] if repeatable else []
    repeated = tuple((line if spacing is None else spacing(line)).decode() for line in may_repeat)
    return _Header(names, rows, n_lines, second, repeated)


def _spacing(separator: str, padded: bool) -> Callable[[bytes], bytes] | None:
    """What leaves spaces in whole lines where they are part of a field alone; None if they all may be."""
    if separator == SPACES:
        return tabbed
    return partial(unpadded, separator=separator) if padded else None


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


def _beginning(lines: list[str]) -> tuple[int, str | None, list[str]]:
    """The number of lines before the first that counts, the separator that Excel's own line gives, and the others."""
    n = next((i for i, line in enumerate(lines) if line.strip()), len(lines))
    found = SEPARATOR_LINE.fullmatch(lines[n]) if n < len(lines) else None
    n += found is not None
    return n, None if found is None else found[1], [f"{line}\n" for line in lines[n:]]


def _without_remarks(lines: list[str]) -> list[str]:
    """The lines of a whole file above those that are remarks whatever the separator is."""
    n = len(lines)
    while n > 2 and all(is_remark(lines[n - 1], mark) for mark in SEPARATORS):
        n -= 1
    return lines[:n]


def _encoding(start: bytes, whole: bool) -> str:
    for mark, encoding in BYTE_ORDER_MARKS.items():
        if start.startswith(mark):
            return encoding
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start, whole)
    except UnicodeDecodeError:
        return "cp1252"
    return UTF8


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
