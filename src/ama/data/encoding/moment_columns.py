"""Columns of dates and times: elapsed days, and where in the day, the week and the year."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import ClassVar, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float

from ama.data.encoding.column_encoding import MISSING, ColumnEncoding, Encoded, Replacement, Shown
from ama.data.encoding.moment_texts import DATE, DATE_ALONE, TIME, ZONE, of_texts
from ama.data.encoding.text_values import n_unread, texts
from ama.data.encoding.written_dates import FORMS
from ama.data.encoding.written_forms import date_reader, plainly
from ama.data.tables.arrow_columns import is_text

DAY = 86_400_000_000  # microseconds
YEAR = 365.2425  # days, on average
EPOCH = datetime(1970, 1, 1)
LATEST = 10**18  # microseconds before or after 1970, about 30,000 years
SHOWN = datetime(2026, 1, 31, 9, 30, tzinfo=timezone.utc)  # in messages
Part = Literal["day", "week", "year"]
PARTS: tuple[Part, ...] = ("day", "week", "year")


@dataclass(frozen=True)
class Moments(ColumnEncoding):
    """Days since the first moment, and a sine and a cosine for each part of the calendar in which the moments differ.

    A moment with a time zone is that of UTC. In place of a missing one stand the median and the middle of each circle;
    where fit saw missing values, the last column is an indicator of them.

    Parameters
    ----------
    origin
        The first moment, in microseconds since 1970.
    median
        Of the days since then.
    parts
        "day": the time of the day; "week": the day of the week; "year": the day of the year.
    missing
        Whether some were missing at fit.
    times
        Whether they are times of a day without a date.
    zoned
        Whether some had a time zone at fit.
    naive
        Whether some had none, as is assumed where an older ama did not say.
    form
        The format of ``datetime.strptime`` in which they are written in text; empty for ISO 8601.
    among_texts
        Whether the column is text, in which whatever is no date, or no time, counts as missing.
    """

    origin: int
    median: float
    parts: list[Part]
    missing: bool
    times: bool
    zoned: bool = False
    naive: bool = True
    form: str = ""
    among_texts: bool = False

    kind: ClassVar[str] = "moment"
    expects: ClassVar[str] = "dates or times"

    @property
    def width(self) -> int:
        return 1 + 2 * len(self.parts) + self.missing

    @property
    def of_text(self) -> bool:
        return True

    @property
    def expected(self) -> str:
        return f"{self.expects} such as {SHOWN:{self.form}}" if self.form else self.expects

    def takes(self, kind: pa.DataType) -> bool:
        of_kind = pa.types.is_time(kind) if self.times else is_date(kind)
        return of_kind or is_text(kind) or pa.types.is_null(kind)

    def encode(self, column: pa.Array) -> Encoded:
        at = self._at(column)
        absent = np.isnan(at)
        columns = [np.where(absent, self.median, (at - self.origin) / DAY)]
        for part in self.parts:
            angle = 2 * np.pi * turns(at, part)
            columns += [np.where(absent, 0, f(angle)) for f in (np.sin, np.cos)]
        if self.missing:
            columns.append(absent.astype(np.float64))
        return Encoded(np.stack(columns, 1), 0 if self.missing else int(absent.sum()))

    def assumed(self, column: pa.Array) -> Iterator[tuple[Replacement, int]]:
        if self.among_texts and is_text(column.type):
            yield Replacement.TEXT_AMONG_DATES, n_unread(column, self._at(column))
        column = self._plain(column)
        yield Replacement.UTC, self.n_zoned(column)
        yield Replacement.NAIVE, self.n_naive(column)
        if not self.times and "day" in self.parts:
            yield Replacement.MIDNIGHT, without_time(column)

    def n_zoned(self, column: pa.Array) -> int:
        """Rows with a time zone, where fit saw none."""
        return 0 if self.zoned else with_zone(column)

    def n_naive(self, column: pa.Array) -> int:
        """Rows with a moment without a time zone, where fit saw none."""
        return 0 if self.naive else int((~np.isnan(microseconds(column))).sum()) - with_zone(column)

    def odd(self, column: pa.Array) -> tuple[int, str] | None:
        """Also of a column of times: a text with a date."""
        if not is_text(column.type) or self.among_texts:
            return None
        found = texts(column)
        at = microseconds(self._plain(pa.array([*found.known, None], pa.large_string())))
        known = np.array([text is not None for text in [*found.known, None]])
        wrong = known & (np.isnan(at) | (self.times & (np.abs(at) >= DAY)))
        rows = np.flatnonzero(wrong[found.places])
        return None if len(rows) == 0 else (int(rows[0]) + 1, repr(found.known[found.places[rows[0]]]))

    def decode(self, x: Float[np.ndarray, "n width"]) -> list[Shown]:
        absent = x[:, -1] > 0.5 if self.missing else np.zeros(len(x), dtype=bool)
        return [MISSING if a else self._shown(days) for a, days in zip(absent, x[:, 0].tolist(), strict=True)]

    def check(self) -> None:
        if len(set(self.parts)) < len(self.parts):
            raise ValueError("two of its parts are the same")
        if abs(self.origin) > LATEST:
            raise ValueError(f"its origin {self.origin} is no date")
        if self.form and self.form not in FORMS:
            raise ValueError(f"its form {self.form!r} is none of dates")

    def _at(self, column: pa.Array) -> Float[np.ndarray, " n"]:
        column = self._plain(column)
        if self.among_texts and is_text(column.type):
            return moments_of_texts(column, TIME if self.times else DATE)
        return microseconds(column)

    def _plain(self, column: pa.Array) -> pa.Array:
        return plainly(column, date_reader(self.form)) if self.form else column

    def _shown(self, days: float) -> str:
        timed = "day" in self.parts or self.times
        try:
            # Days are rounded; without times, the nearest day is meant.
            moment = EPOCH + timedelta(microseconds=self.origin) + timedelta(days=days, seconds=0.5)
            moment += timedelta(hours=0 if timed else 12)
        except OverflowError:
            return "a date beyond the calendar"
        if self.times:
            return f"{moment:%H:%M}"
        return f"{moment:%Y-%m-%d %H:%M}" if timed else f"{moment:%Y-%m-%d}"


def is_date(kind: pa.DataType) -> bool:
    """Whether a column of this type holds dates, with or without a time."""
    if pa.types.is_dictionary(kind):
        return is_date(kind.value_type)
    return pa.types.is_date(kind) or pa.types.is_timestamp(kind)


def with_zone(column: pa.Array) -> int:
    """Rows with a moment that has a time zone."""
    if is_text(column.type):
        return _n_texts(column, ZONE)
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    return 0 if getattr(kind, "tz", None) is None else len(column) - column.null_count


def without_time(column: pa.Array) -> int:
    """Rows with a date that has no time."""
    if is_text(column.type):
        return _n_texts(column, DATE_ALONE)
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    return len(column) - column.null_count if pa.types.is_date(kind) else 0


def _n_texts(column: pa.Array, pattern: str) -> int:
    """Rows with a text in which a pattern is found."""
    found = texts(column)
    matches = pc.match_substring_regex(pa.array([*found.known, None], pa.large_string()), pattern)
    return int(np.array(matches.fill_null(False))[found.places].sum())


def turns(at: Float[np.ndarray, " n"], part: Part) -> Float[np.ndarray, " n"]:
    """Where in a part of the calendar moments are, from 0 to 1."""
    if part == "day":
        return at % DAY / DAY
    if part == "week":
        return at // DAY % 7 / 7
    return at / DAY % YEAR / YEAR


def moments_of_texts(column: pa.Array, pattern: str) -> Float[np.ndarray, " n"]:
    """Moments of a column of text, as :func:`microseconds`; NaN for a text in which a pattern is not found."""
    found = texts(column)
    known = [*found.known, None]
    matches = pc.match_substring_regex(pa.array(known, pa.large_string()), pattern).fill_null(False)
    return np.where(np.array(matches), of_texts(known), np.nan)[found.places]


def microseconds(column: pa.Array) -> Float[np.ndarray, " n"]:
    """Moments since 1970, or times since midnight; NaN is a missing one, and a text that is no moment."""
    kind = column.type
    if pa.types.is_null(kind):
        return np.full(len(column), np.nan)
    if is_text(kind):
        found = texts(column)
        return of_texts([*found.known, None])[found.places]
    if pa.types.is_dictionary(kind):
        column = column.dictionary_decode()
    if pa.types.is_time(kind):
        column = column.cast(pa.time64("us"), safe=False)
    else:
        column = column.cast(pa.timestamp("us", getattr(kind, "tz", None)), safe=False)
    return pc.cast(column.cast(pa.int64()), pa.float64(), safe=False).to_numpy(zero_copy_only=False)
