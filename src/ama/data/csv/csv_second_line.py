"""The line below the first of a CSV file or a sheet, if it is no row: units, dashes, or more of the column names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from ama.data.csv.csv_header import begins_with_digit

# In place of a number that is missing, or is none.
NO_VALUE = {"-", "?", "na", "n/a", "n.a.", "#n/a", "nan", "null", "none", "missing", "inf", "true", "false"}
UNIT = re.compile(r"[^\W\d_]|[%°$€£¥]")  # a letter or a sign, so no mark of a missing value such as "--"


class SecondLine(NamedTuple):
    """What the line holds: column names in place of the first line's, or units; nothing if it is a row.

    Parameters
    ----------
    names
        Those of both lines, joined as those of several levels in pandas: "size.length" for "length" below "size".
    units
        The fields that are not empty.
    dashes
        Whether it underlines the names.
    """

    names: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    dashes: bool = False

    def __bool__(self) -> bool:
        return bool(self.names or self.units or self.dashes)

    def said(self, noun: str) -> str:
        """In words; ``noun`` is what a line is called."""
        if self.dashes:
            return f"the {noun} of dashes below the column names is left out"
        if self.names:
            shown = next(name for name in self.names if "." in name)
            return f"the first two {noun}s are taken for column names, such as {shown!r}"
        shown = ", ".join(self.units[:3]) + (", ..." if len(self.units) > 3 else "")
        return f"the {noun} below the column names is taken for units and left out: {shown}"


A_ROW = SecondLine()


def second_line(first: Sequence[str], rows: Sequence[Sequence[str]]) -> SecondLine:
    """What the first of the rows is: no row if it holds no number above numbers and dates alone.

    Then it completes the column names where these repeat, or lack some to the right of the name of a group, as merged
    cells do.

    Parameters
    ----------
    first
        The fields of the first line.
    rows
        Those of the following ones.
    """
    if len(rows) < 2:
        return A_ROW
    # Without those that are repeated, as where files were joined.
    others = [row for row in rows[1:] if row not in (rows[0], first)]
    second, *rest = [[field.strip() for field in row] for row in (rows[0], *others)]
    filled = [j for j, field in enumerate(second) if field]
    below = [[row[j] for row in rest if j < len(row)] for j in filled]
    units = tuple(second[j] for j in filled)
    numbers = all(any(fields) and all(map(begins_with_digit, filter(None, fields))) for fields in below)
    if not numbers or not all(map(_is_unit, units)):
        return A_ROW
    return SecondLine(names=names) if (names := _joined(first, second)) else SecondLine(units=units)


def _joined(first: Sequence[str], second: Sequence[str]) -> tuple[str, ...]:
    """The names of two lines, if the first names groups of columns and the second completes them; else none."""
    width = max(len(first), len(second))
    above, below = ([*(field.strip() for field in line), *[""] * width][:width] for line in (first, second))
    named = [name for name in above if name]
    groups, group = [], ""
    for name, field in zip(above, below, strict=True):
        group = name or (group if field else "")
        groups.append(group)
    names = tuple(".".join(filter(None, pair)) for pair in zip(groups, below, strict=True))
    incomplete = len({*named}) < len(named) or any(g and not a for g, a in zip(groups, above, strict=True))
    given = [name for name in names if name]
    return names if incomplete and len({*given}) == len(given) else ()


def _is_unit(text: str) -> bool:
    """Whether a field may be the unit of the numbers below it."""
    return not begins_with_digit(text) and text.lower() not in NO_VALUE and UNIT.search(text) is not None
