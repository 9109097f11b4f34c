"""Names of files, folders and labels as text that can be stored and shown."""

from __future__ import annotations

from collections.abc import Sequence

from ama.errors import printable

NAMED_IN_MESSAGES = 12


def clean_name(name: str) -> str:
    """A name as valid UTF-8 of printable characters, whatever bytes the file system holds and whatever the locale.

    Python keeps undecodable bytes of a name as lone surrogates, which no table, page or terminal takes.
    """
    try:
        text = name.encode(errors="surrogateescape").decode(errors="replace")
    except UnicodeEncodeError:  # surrogates that stand for no byte
        text = name
    return text if text.isprintable() else printable(text)


def several(first: str, n_more: int) -> str:
    """Some files or folders in a message: the first, and how many more."""
    return clean_name(first) + (f" and {n_more} more" if n_more else "")


def of_columns(names: Sequence[str | int], table: str, of_one: str, of_several: str) -> str:
    """A sentence on columns of a table, the first few by name or number, that goes on as fits one or several."""
    shown = ", ".join(map(repr, names[:NAMED_IN_MESSAGES])) + ", ..." * (len(names) > NAMED_IN_MESSAGES)
    return f"column{'s'[: len(names) != 1]} {shown} of {table} {of_one if len(names) == 1 else of_several}"
