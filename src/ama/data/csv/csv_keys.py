"""Rows whose fields begin with the names of their columns: "temp=36.9;pressure=120", as programs log them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ama.data.csv.csv_header import is_number

KEYED = re.compile(r"\s*([^\W\d][^=:\"]{0,39}?)\s*[=:](?!//)\s*(.*?)\s*", re.DOTALL)


def value_of(field: str) -> str:
    """The value of a field without its key; the field itself if it has none."""
    found = KEYED.fullmatch(field)
    return field if found is None else found[2]


def keys_of(rows: Sequence[Sequence[str]]) -> list[str | None]:
    """The key of each column, None for one without; empty if they are few, or do not stay the same.

    Parameters
    ----------
    rows
        The fields of the first lines.
    """
    if len(rows) < 2 or len({len(row) for row in rows}) > 1:
        return []
    keys = [_only_key(column) for column in zip(*rows, strict=True)]
    found = [key for key in keys if key is not None]
    if len(keys) == len(found) == 1 and all(is_number(value_of(row[0])) for row in rows):
        return keys
    # One of several may be the scheme of an address, or a word before a text.
    return keys if len(found) > 1 and len(found) >= len(keys) / 2 and len({*found}) == len(found) else []


def _only_key(column: Sequence[str]) -> str | None:
    found = {match and match[1] for match in map(KEYED.fullmatch, column)}
    return found.pop() if len(found) == 1 else None


def without_keys(lines: bytes, keys: Sequence[str | None], separator: str) -> bytes:
    """Whole lines in UTF-8 without the keys; one that has other keys, or others between them, stays as it is."""
    mark = re.escape(separator.encode())
    value = rb"[ ]*([^%b\r\n]*?)[ ]*" % mark
    fields = [
        value if key is None else rb"[ ]*%b[ ]*[=:]%b" % (re.escape(key.encode()), value) for key in keys
    ]
    groups = separator.encode().join(rb"\g<%d>" % (i + 1) for i in range(len(keys)))
    return re.sub(rb"(?m)^%b(?=\r?$)" % mark.join(fields), groups, lines)
