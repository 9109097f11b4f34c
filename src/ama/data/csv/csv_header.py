"""Which first lines of a CSV file or a sheet are no column names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from ama.errors import InputError

DIGITS = re.compile(r"\d+")


def lacks_names(first: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first line is a row like the others, so that the file has no column names.

    Each text is in its column again, which holds texts, at least with other digits, as a date or an id is; and numbers
    are not such as may be names. The same line among the others is rather a header that is repeated.

    Parameters
    ----------
    first
        Fields of the first line.
    rows
        Those of the following lines.
    """
    fields, below = [field.strip() for field in first], [[field.strip() for field in row] for row in rows]
    if fields in below or not any(fields):
        return False
    texts = {i: field for i, field in enumerate(fields) if field and not is_number(field)}
    if not texts:
        return not _may_be_names([field for field in fields if field])
    columns = {i: [row[i] for row in below if i < len(row) and row[i]] for i in texts}
    return all(
        _form(field) in map(_form, columns[i]) and sum(map(is_number, columns[i])) < len(columns[i]) / 2
        for i, field in texts.items()
    )


def _form(text: str) -> str:
    """A text without the values of its numbers, which one date shares with the next."""
    return DIGITS.sub("0", text)


def _may_be_names(numbers: Sequence[str]) -> bool:
    """Whether they may be names of columns: different whole numbers, or ones that rise, or fall in equal steps."""
    values = [float(number.replace(",", ".")) for number in numbers]
    steps = {round(b - a, 6) for a, b in pairwise(values)}
    whole = len(set(values)) == len(values) and all(number.isdigit() for number in numbers)
    even = len(values) > 2 and len(steps) == 1 and 0 not in steps
    return min(values) >= 0 and (whole or even or all(step > 0 for step in steps))


def check_header(names: Sequence[str], name: str) -> None:
    """Refuse a first line of numbers, unless they are those by which pandas calls the columns of an array.

    Parameters
    ----------
    names
        The fields of the first line.
    name
        The file, for messages.

    Raises
    ------
    InputError
        If the line holds no column names.
    """
    if all(map(is_number, names)) and names != [str(i) for i in range(len(names))]:
        raise InputError(
            f"the first line of {name} holds the numbers {', '.join(names[:3])}"
            f"{', ...' if len(names) > 3 else ''}, expected column names"
        )


def check_spaces(first: Sequence[str], rows: Sequence[Sequence[str]], name: str) -> None:
    """Refuse numbers that are separated by spaces alone.

    Parameters
    ----------
    first, rows
        The fields of the first lines.
    name
        The file, for messages.

    Raises
    ------
    InputError
        If they are.
    """
    if len(first) > 1 or not rows:
        return
    is_remark = first[0].startswith("#")  # that of numpy.savetxt holds the names
    header, fields = first[0].removeprefix("#").split(), [row[0].split() for row in rows]
    if len(header) < 2 or not (is_remark or all(map(is_number, header))):
        return
    if all(len(row) == len(header) and all(map(is_number, row)) for row in fields):
        raise InputError(
            f"the fields of {name} are separated by spaces, expected commas, semicolons, tabs or vertical bars: "
            "name it .txt, which is read as numbers without column names"
        )


def most_of_title(n_columns: int) -> int:
    """How many fields a title or a remark fills at most, above names of so many columns."""
    return 1 if n_columns < 4 else 2


def numbered(n: int, noun: str) -> str:
    """That the first line or row, as ``noun`` calls it, is no header, and what the n columns are called."""
    names = f"names, which are 1 to {n}" if n > 1 else "name, which is 1"
    return f"the first {noun} is like the others, so it is not taken for column {names}"


def left_out(which: str, n: int, noun: str) -> str:
    """That the first, or last, n lines or rows are left out, as ``noun`` calls them."""
    return f"the {which} {noun} is left out" if n == 1 else f"the {which} {n} {noun}s are left out"


def begins_with_digit(text: str) -> bool:
    """Whether a field begins as a number or a date does."""
    return text.lstrip("+-.,")[:1].isdigit()


def repeated(n: int, noun: str) -> str:
    """That n lines or rows, as ``noun`` calls them, are the column names once more."""
    return (
        f"{n} {noun} that repeats the column names left out"
        if n == 1
        else f"{n} {noun}s that repeat the column names left out"
    )


def is_number(text: str) -> bool:
    """Whether a field is a number, with whichever decimal sign."""
    try:
        float(text.replace(",", "."))
    except ValueError:
        return False
    return True
