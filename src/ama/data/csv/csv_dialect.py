"""How a CSV file is written, from its first lines: encoding, separator, decimal sign and column names."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial, reduce

from ama.data.csv.csv_below import Filled, is_remark
from ama.data.csv.csv_fields import DASHES, SEPARATORS, in_double_quotes, likeliest_separator
from ama.data.csv.csv_header import left_out, numbered, repeated
from ama.data.csv.csv_keys import without_keys
from ama.data.csv.csv_names import Header, find_header
from ama.data.csv.csv_repeated_names import without_lines
from ama.data.csv.csv_spaces import SPACES, spacing_of
from ama.data.csv.csv_title import lines_above
from ama.data.csv.decimal_signs import decimal_sign, has_groups
from ama.data.tables.arrow import EmptyTableError
from ama.errors import InputError

MAX_LINE = 2**22  # bytes of a line or a quoted value: what is held in memory at a time
CALLED = {**SEPARATORS, SPACES: "spaces"}
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
SEPARATOR_LINE = re.compile(r"sep=([,;\t|~^])", re.IGNORECASE)
IN_SINGLE_QUOTES = re.compile(r"\s*'[^']*'(?:[,;\t|~^]'[^']*')+\s*")


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
    header
        The lines of the names.
    quoted
        Whether fields may be quoted, and then hold line ends.
    n_above
        Of the lines that are skipped, those above the column names that are not blank.
    doubtful
        Whether the points in its numbers may as well stand between thousands.
    filled
        The part that is read; None for a whole file.
    n_repeated
        How many of the lines below are those of the header. If there are any, ``n_skipped`` counts none of them.
    single_quotes
        Whether fields are quoted with apostrophes.
    """

    encoding: str
    separator: str
    decimal: str
    n_skipped: int
    names: list[str]
    header: Header
    quoted: bool
    n_above: int = 0
    doubtful: bool = False
    filled: Filled | None = None
    n_repeated: int = 0
    single_quotes: bool = False

    def without_repeated(self, n_lines: int) -> Dialect:
        """The dialect where so many lines of the file are like those of the header."""
        n = len(self.header.lines)
        if n_lines <= n:
            return self
        return replace(self, n_repeated=n_lines - n, n_skipped=self.n_skipped - n)

    def transform(self) -> Callable[[bytes], bytes] | None:
        """What turns whole lines into those that pyarrow reads; None if that is nothing."""
        parts: list[Callable[[bytes], bytes]] = [in_double_quotes] if self.single_quotes else []
        if (spacing := spacing_of(self.separator, self.header.padded)) is not None:
            parts.append(spacing)
        if self.n_repeated:
            parts.append(partial(without_lines, header=self.header.lines))
        if self.header.keys:
            mark = "\t" if self.separator == SPACES else self.separator
            parts.append(partial(without_keys, keys=self.header.keys, separator=mark))
        return partial(reduce, lambda text, part: part(text), parts) if parts else None

    def is_remark(self, line: str) -> bool:
        """Whether a line at the end is none of the rows."""
        return len(self.names) > 1 and is_remark(line, self.separator, self.header.after_digits())

    def assumed(self, separator: str) -> str:
        """What was found that is not expected, in words; "" if nothing was."""
        words = []
        if self.single_quotes:
            words.append("as quoted with apostrophes")
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
        if self.header.keys:
            first = next(key for key in self.header.keys if key is not None)
            words.append(f"the column names are those with which its fields begin, such as {first!r}")
        elif not self.header.n_lines:
            words.append(numbered(len(self.names), "line"))
        if self.n_above:
            words.append(f"{left_out('first', self.n_above, 'line')}: the column names are below")
        if self.header.second:
            words.append(self.header.second.said("line"))
        if self.header.padded and not self.header.second.dashes:
            words.append("the spaces around its fields are left out")
        if self.header.has_row_names:
            words.append("its rows have a field more than column names: the first is taken for their names")
        if n := self.n_repeated:
            words.append(repeated(n, "line"))
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
    if single_quotes := '"' not in text and IN_SINGLE_QUOTES.fullmatch(lines[0]) is not None:
        lines = [line.replace("'", '"') for line in lines]
    above = lines_above(lines, given)
    framed = above == 1 and DASHES.fullmatch(lines[0].strip()) is not None
    n_above, lines = sum(bool(line.strip()) for line in lines[:above]), lines[above:]
    separator = given or likeliest_separator(lines, expected)
    quoted = single_quotes or '"' in text
    header = find_header(lines, separator, name, quoted)
    if framed:  # the line above would count as one that is repeated
        header = header._replace(lines=())
    sign, doubtful = _decimal_sign(header.rows, separator)
    n_skipped += above + header.n_lines
    found = Dialect(encoding, separator, sign or decimal, n_skipped, header.names, header, quoted)
    return replace(found, n_above=n_above, doubtful=doubtful, single_quotes=single_quotes)


def _decimal_sign(rows: list[list[str]], separator: str) -> tuple[str | None, bool]:
    """The decimal sign, and whether points may as well stand between thousands."""
    fields = [field for row in rows for field in row]
    sign = decimal_sign(fields, separator)
    return sign, sign is None and any(has_groups(field, separator) for field in fields)


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
    while n > 2 and (lines[n - 1].isspace() or all(is_remark(lines[n - 1], mark) for mark in SEPARATORS)):
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
