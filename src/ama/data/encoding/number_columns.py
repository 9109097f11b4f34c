"""Columns of numbers, booleans and durations, of which some may be missing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float

from ama.data.encoding.column_encoding import MISSING, ColumnEncoding, Encoded, Replacement, Shown
from ama.data.encoding.number_texts import NUMBER_IN_TEXT
from ama.data.encoding.text_values import n_unread, plain_text
from ama.data.encoding.written_durations import FORM as DURATION
from ama.data.encoding.written_forms import is_number_form, number_reader, plainly
from ama.data.tables.arrow_columns import first_text, floats, is_number, is_text, n_changed

UNITS = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}  # of durations, in a second


@dataclass(frozen=True)
class Numbers(ColumnEncoding):
    """The number, or the median in place of a missing one; and where fit saw missing values, an indicator of them.

    Parameters
    ----------
    median
        Of the numbers at fit.
    missing
        Whether some were missing at fit.
    boolean
        Whether they are true or false.
    among_texts
        Whether the column is text, in which whatever is no number counts as missing.
    durations
        Whether they are durations, in seconds.
    form
        How they are written in text, as :mod:`ama.data.encoding.written_forms` has it; empty for plain numbers.
    """

    median: float
    missing: bool
    boolean: bool
    among_texts: bool
    durations: bool = False
    form: str = ""

    kind: ClassVar[str] = "number"
    expects: ClassVar[str] = "numbers"

    @property
    def width(self) -> int:
        return 1 + self.missing

    @property
    def of_text(self) -> bool:
        return self.among_texts or self.durations

    def takes(self, kind: pa.DataType) -> bool:
        return is_number(kind) or pa.types.is_duration(kind) or pa.types.is_null(kind) or is_text(kind)

    def encode(self, column: pa.Array) -> Encoded:
        x = numbers(self._plain(column))
        absent = np.isnan(x)
        x = np.where(absent, self.median, x)
        if self.missing:
            return Encoded(np.stack([x, absent], 1).astype(np.float64))
        return Encoded(x[:, None], int(absent.sum()))

    def decode(self, x: Float[np.ndarray, "n width"]) -> list[Shown]:
        absent = x[:, 1] > 0.5 if self.missing else np.zeros(len(x), dtype=bool)
        known = [("true" if v > 0.5 else "false") if self.boolean else v for v in x[:, 0].tolist()]
        return [MISSING if a else value for a, value in zip(absent, known, strict=True)]

    def assumed(self, column: pa.Array) -> Iterator[tuple[Replacement, int]]:
        yield Replacement.TEXT, self.n_texts(column)
        duration = pa.types.is_duration(column.type)
        if duration and not self._in_seconds:
            yield Replacement.DURATION, len(column) - column.null_count
        if self._in_seconds and not duration:
            yield Replacement.SECONDS, int((~np.isnan(numbers(column))).sum())
        yield Replacement.ROUNDED, n_changed(column)

    def n_texts(self, column: pa.Array) -> int:
        """Rows with a text that counts as missing."""
        if not is_text(column.type):
            return 0
        return n_unread(column, numbers(self._plain(column)))

    def odd(self, column: pa.Array) -> tuple[int, str] | None:
        return first_text([self._plain(column)]) if is_text(column.type) and not self.among_texts else None

    def check(self) -> None:
        if self.form and not is_number_form(self.form):
            raise ValueError(f"its form {self.form!r} is none of numbers")

    @property
    def _in_seconds(self) -> bool:
        return self.durations or self.form == DURATION

    def _plain(self, column: pa.Array) -> pa.Array:
        form = DURATION if self._in_seconds else self.form
        return plainly(column, number_reader(form)) if form else column


def numbers(column: pa.Array) -> Float[np.ndarray, " n"]:
    """Numbers, durations in seconds, or texts that are numbers, as float64; whatever else is NaN."""
    kind = column.type
    if pa.types.is_null(kind):
        return np.full(len(column), np.nan)
    if pa.types.is_duration(kind):
        return floats(column.cast(pa.int64())) / UNITS[kind.unit]
    if not is_text(kind):
        return floats(column)
    found = plain_text(column)
    if pa.types.is_dictionary(found.type):
        found = found.dictionary_decode()
    is_one = pc.match_substring_regex(found, NUMBER_IN_TEXT)
    trimmed = pc.replace_substring(pc.utf8_ltrim(pc.utf8_trim_whitespace(found), "+"), ",", "")
    return floats(pc.if_else(is_one, trimmed, pa.scalar(None, pa.large_string())))
