"""What an encoding makes of the columns of a table, in a sentence for each kind of change."""

from __future__ import annotations

from enum import Enum

from ama.data.names import of_columns
from ama.data.samples import Wanted


class Change(Enum):
    """Kinds of changes: of one column, of several, and whether ``strict`` refuses it."""

    NO_VALUE = "is left out, as it holds no value", "are left out, as they hold no value", True
    OWN_TEXTS = (
        "is left out, as almost every row has a text of its own: --columns makes it a feature",
        "are left out, as almost every row has texts of its own: --columns makes them features",
        True,
    )
    CATEGORIES = (
        "becomes an indicator for each kind, and one for all others",
        "become an indicator for each kind, and one for all others",
        False,
    )
    FREQUENCIES = "becomes the frequency of its kind", "become the frequencies of their kinds", False
    MOMENTS = (
        "becomes elapsed time and parts of day, week and year: far later rows are unusual by that alone, and --drop "
        "leaves it out",
        "become elapsed time and parts of day, week and year: far later rows are unusual by that alone, and --drop "
        "leaves them out",
        False,
    )
    TIMES = (
        "becomes the time since the earliest, and sine and cosine of the time of the day",
        "become the time since the earliest, and sine and cosine of the time of the day",
        False,
    )
    DURATIONS = "is a duration, and becomes seconds", "are durations, and become seconds", False
    TEXT_OF_NUMBERS = "is text, and is read as numbers", "are text, and are read as numbers", False
    NUMBERS_AMONG_TEXT = (
        "holds texts among its numbers, which count as missing",
        "hold texts among their numbers, which count as missing",
        True,
    )
    DATES_AMONG_TEXT = (
        "holds texts among its dates or times, which count as missing",
        "hold texts among their dates or times, which count as missing",
        True,
    )
    MISSING = (
        "has missing values, in whose place it gets the median and an indicator",
        "have missing values, in whose place they get the median and an indicator",
        False,
    )


def say_changes(changes: dict[Change, list[str]], table: str, wanted: Wanted) -> None:
    """A remark for each kind of change.

    Raises
    ------
    InputError
        With ``strict``, for a change that loses something.
    """
    for change in Change:
        if names := changes.get(change):
            of_one, of_several, refused = change.value
            wanted.remark(of_columns(names, table, of_one, of_several), refused)


def say_read(read: dict[str, dict[str, tuple[str, str]]], table: str, wanted: Wanted) -> None:
    """A remark on columns of each form, given with a text of each column and what it is read as."""
    for examples in read.values():
        text, meaning = next(iter(examples.values()))
        what = f"such as {text!r}, read as {meaning}"
        wanted.remark(
            of_columns(list(examples), table, f"holds texts {what}", f"hold texts {what}"), refused=False
        )


REMEDIES = {
    "numbers": "whose size does not count: write plain numbers",
    "dates": "which are not read as such: write them as 2026-01-31",
    "durations": "which are not read as such: write seconds",
    "paths": "whose images are not read: as the source, name their folder or, in Python, a list of paths",
    "vectors": "which are not read as such: expected one of the same length in each row",
}


def say_unread(unread: dict[str, dict[str, str]], table: str, wanted: Wanted) -> None:
    """A remark on columns of each noun of ``REMEDIES``, given with a text of each column.

    Raises
    ------
    InputError
        With ``strict``.
    """
    for noun, examples in unread.items():
        if examples:
            what = f"{noun} such as {next(iter(examples.values()))!r}, {REMEDIES[noun]}"
            wanted.remark(of_columns(list(examples), table, f"holds {what}", f"hold {what}"))
