"""Rows of a sheet below its column names that are none: the names once more, remarks, and totals at the end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ama.data.csv.csv_header import begins_with_digit, left_out, repeated
from ama.data.samples import Wanted
from ama.data.tables.total_rows import TOTALS_LEFT_OUT, are_totals


def true_rows(found: Any, header: Any, name: str, wanted: Wanted) -> Any:
    """The rows of a DataFrame without those like one of the header's, remarks and totals below, which are said.

    A remark is a text in the first column alone, where all others are numbers or dates.

    Parameters
    ----------
    found
        The rows.
    header
        Those that hold the column names.
    name
        The file, for messages.
    wanted
        Takes what is said.
    """
    names, rows = _values(header), _values(found)
    kept = [i for i, row in enumerate(rows) if row not in names]
    if n := len(rows) - len(kept):
        wanted.remark(f"{name}: {repeated(n, 'row')}")
    if n := _n_remarks([rows[i] for i in kept]):
        wanted.remark(f"{name}: {left_out('last', n, 'row')}, a remark: {rows[kept[-n]][0]}")
        kept = kept[:-n]
    above = [rows[i] for i in kept[:-1]]
    if kept and are_totals(rows[kept[-1]], len(above), lambda i: [row[i] for row in above]):
        wanted.remark(f"{name}: {TOTALS_LEFT_OUT}")
        kept = kept[:-1]
    return found.iloc[kept]


def _values(rows: Any) -> list[list[Any]]:
    return rows.astype(object).where(rows.notna(), "").to_numpy().tolist()


def _n_remarks(rows: Sequence[Sequence[Any]]) -> int:
    """How many rows at the end are remarks."""
    n = 0
    while (
        n < len(rows)
        and len(rows[0]) > 1
        and _is_text(rows[-1 - n][0])
        and not any(map(_is_filled, rows[-1 - n][1:]))
    ):
        n += 1
    above = rows[: len(rows) - n]
    return 0 if not above or any(_is_text(row[0]) for row in above) else n


def _is_filled(value: Any) -> bool:
    return not isinstance(value, str) or value != ""


def _is_text(value: Any) -> bool:
    """Whether a cell holds a text that begins as no number and no date does."""
    return isinstance(value, str) and value != "" and not begins_with_digit(value)
