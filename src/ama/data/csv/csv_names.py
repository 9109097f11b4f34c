"""The column names of a CSV file, and the lines that hold them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ama.data.csv.csv_fields import parsed, second_of
from ama.data.csv.csv_header import begins_with_digit, check_header, check_spaces, is_number, lacks_names
from ama.data.csv.csv_keys import keys_of, value_of
from ama.data.csv.csv_second_line import A_ROW, SecondLine
from ama.data.csv.csv_spaces import spacing_of
from ama.data.tables.arrow import check_names

UNNAMED = "Unnamed: {}"  # what pandas calls a column without a name


class Header(NamedTuple):
    """Column names and what goes with them.

    Parameters
    ----------
    names
        The names; numbers if there are none.
    rows
        The first rows.
    n_lines
        How many lines hold the names, units or dashes.
    second
        What the second of them is.
    padded
        Whether spaces stand between fields and separators.
    lines
        Those of the lines that may be repeated, as they are without such spaces.
    has_row_names
        Whether each row begins with a field more than there are names, its own name, as R writes it.
    keys
        The names with which the fields of each row begin; None for a field that does not.
    """

    names: list[str]
    rows: list[list[str]]
    n_lines: int = 0
    second: SecondLine = A_ROW
    padded: bool = False
    lines: tuple[str, ...] = ()
    has_row_names: bool = False
    keys: tuple[str | None, ...] = ()

    def after_digits(self) -> bool:
        """Whether the first field of each row begins with a digit."""
        first = [row[0] for row in self.rows if len(row) >= len(self.names) and row[0] != self.names[0]]
        return bool(first) and not self.keys and all(map(begins_with_digit, first))


def find_header(lines: list[str], separator: str, name: str, quoted: bool) -> Header:
    """The header of a file.

    Parameters
    ----------
    lines
        The lines from the column names on.
    separator
        Character between the fields.
    name
        The file, for messages.
    quoted
        Whether fields may be quoted, and then hold separators.

    Raises
    ------
    InputError
        If the first line holds no column names, or the fields are separated by spaces.
    """
    (names, *rows), n_lines = parsed(lines, separator)
    check_spaces(names, rows, name)
    if not quoted and (keys := keys_of([names, *rows])):
        values = [list(map(value_of, row)) for row in (names, *rows)]
        return Header([key or str(i + 1) for i, key in enumerate(keys)], values, keys=tuple(keys))
    if lacks_names(names, rows):
        return Header([str(i + 1) for i in range(len(names))], [names, *rows])
    second = second_of(names, lines[n_lines:], separator)
    padded = not quoted and (second.dashes or _is_padded(names))
    # Of one column a text may be as its name is, and names with line ends are in several lines.
    repeatable = len(names) > 1 and n_lines == 1
    n_lines += bool(second)
    rows = rows[bool(second) :]
    names = [column.strip() if padded else column for column in second.names or names]
    has_row_names = _have_names(rows, len(names), separator)
    names = ["", *names] if has_row_names else _with_trailing(names, rows)
    names = [column or UNNAMED.format(i) for i, column in enumerate(names)]
    check_names(names, name)
    check_header(names, name)
    spacing = spacing_of(separator, padded)
    may_repeat = [line.rstrip().encode() for line in lines[:n_lines]] if repeatable else []
    repeated = tuple((line if spacing is None else spacing(line)).decode() for line in may_repeat)
    return Header(names, rows, n_lines, second, padded, repeated, has_row_names)


def _is_padded(names: Sequence[str]) -> bool:
    """Whether all separators have spaces to the left, or all to the right."""
    after, before = (name[:1] for name in names[1:]), (name[-1:] for name in names[:-1])
    return len(names) > 1 and any({*side} == {" "} for side in (after, before))


def _have_names(rows: Sequence[Sequence[str]], width: int, separator: str) -> bool:
    """Whether rows with a field more than there are column names begin with names of their own.

    Rows that end in a separator have a field more, too, and so has a row of numbers with decimal commas between commas.
    """
    if {len(row) for row in rows} != {width + 1} or not any(row[-1] for row in rows):
        return False
    first = [row[0] for row in rows]
    if len({*first}) < len(first) or not all(first):
        return False
    counted = any(first == [str(i + start) for i in range(len(first))] for start in (0, 1))
    return separator != "," or counted or not any(map(is_number, first))


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
