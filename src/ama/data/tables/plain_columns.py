"""Columns that are numbers, texts or dates in another form: views, as polars has them, runs, or periods of pandas."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import partial
from typing import NamedTuple, Protocol, runtime_checkable

import pyarrow as pa
import pyarrow.compute as pc

from ama.data.tables.arrow import ArrowTable

# Views, of which pyarrow neither takes nor filters rows, and what they are views of.
VIEWS = {"string_view": pa.large_string(), "binary_view": pa.large_binary()}
PERIOD = "pandas.period"
# How pandas calls the length of a period, also in earlier versions -> NumPy's unit.
UNITS = {"D": "D", "h": "h", "min": "m", "s": "s", "ms": "ms", "us": "us", "ns": "ns"}
UNITS |= {"M": "M", "H": "h", "T": "m", "S": "s", "L": "ms", "U": "us", "N": "ns"}
# And how it calls those that end on a day of the week or in a month.
DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
IN_MONTHS = {"Q": 3, "Y": 12, "A": 12}


@runtime_checkable
class Decoder(Protocol):
    """What gives a column another form."""

    @property
    def kind(self) -> pa.DataType:
        """The type of its columns."""

    def of(self, column: pa.Array) -> pa.Array:
        """The column, given as it is stored."""


class Periods(NamedTuple):
    """How periods are counted: the first moment of number 0, and their length, in a unit of NumPy since 1970."""

    unit: str
    length: int = 1
    first: int = 0


class Plain(NamedTuple):
    """A column in the form that the rest knows.

    Parameters
    ----------
    kind
        Its type.
    periods
        How it counts; None for all but periods.
    """

    kind: pa.DataType
    periods: Periods | None = None

    def of(self, column: pa.Array) -> pa.Array:
        """The column, given as it is stored."""
        if pa.types.is_run_end_encoded(column.type):
            column = pc.run_end_decode(column)
        if self.periods is None:
            return column.cast(self.kind)
        unit, length, first = self.periods
        stored = column.storage if isinstance(column.type, pa.BaseExtensionType) else column
        since_1970 = stored.fill_null(0).to_numpy() * length + first
        moments = since_1970.view(f"datetime64[{unit}]").astype("datetime64[us]")
        return pa.array(moments, self.kind, mask=stored.is_null().to_numpy(zero_copy_only=False))


def with_plain_columns(table: ArrowTable) -> ArrowTable:
    """A table without views and columns of runs, and with the first moments of periods in their place."""
    plain = {field.name: found for field in table.schema if (found := _plain(field)) is not None}
    return with_decoded(table, plain) if plain else table


def _plain(field: pa.Field) -> Plain | None:
    kind = field.type.value_type if pa.types.is_run_end_encoded(field.type) else field.type
    if (kind := _without_views(kind)) != field.type:
        return Plain(kind)
    periods = _periods(_length_of_periods(field))
    return None if periods is None else Plain(pa.timestamp("us"), periods)


def _without_views(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_dictionary(kind):
        return pa.dictionary(kind.index_type, _without_views(kind.value_type), kind.ordered)
    if pa.types.is_struct(kind):  # as images are stored beside their paths
        fields = map(kind.field, range(kind.num_fields))
        return pa.struct([field.with_type(_without_views(field.type)) for field in fields])
    return VIEWS.get(str(kind), kind)


def _periods(length: str) -> Periods | None:
    base, _, end = length.lstrip("0123456789").partition("-")  # of two days, the days are counted, too
    if base == "W" and end in DAYS:
        return Periods("D", 7, DAYS.index(end) - 10)
    if base in IN_MONTHS and end in MONTHS:
        return Periods("M", IN_MONTHS[base], MONTHS.index(end) - 11)
    return Periods(UNITS[base]) if base in UNITS else None


def _length_of_periods(field: pa.Field) -> str:
    """What pandas calls it, which is in the type of the column if pandas has been imported; "" of other columns."""
    if isinstance(field.type, pa.BaseExtensionType):
        return str(field.type.freq) if field.type.extension_name == PERIOD else ""
    stored = field.metadata or {}
    if stored.get(b"ARROW:extension:name") != PERIOD.encode() or not pa.types.is_int64(field.type):
        return ""
    try:
        found = json.loads(stored.get(b"ARROW:extension:metadata", b""))
    except (ValueError, RecursionError):
        return ""
    return str(found.get("freq")) if isinstance(found, dict) else ""


def with_decoded(table: ArrowTable, plain: Mapping[str, Decoder]) -> ArrowTable:
    """A table in which these columns have their other forms."""
    fields = [
        pa.field(field.name, plain[field.name].kind) if field.name in plain else field
        for field in table.schema
    ]
    return table.with_columns(fields, partial(_stream, table, plain), partial(_in_texts, table, plain))


def _in_texts(
    table: ArrowTable, plain: Mapping[str, Decoder], columns: list[str], spelled: bool
) -> ArrowTable:
    return with_decoded(table.in_texts(columns, spelled), plain)


def _stream(
    table: ArrowTable, plain: Mapping[str, Decoder], columns: list[str], batch_size: int, start: int = 0
) -> Iterator[pa.RecordBatch]:
    """The rows from a row on."""
    for batch in table.batches(columns, batch_size, start):
        found = [
            plain[name].of(column) if name in plain else column
            for name, column in zip(columns, batch.columns, strict=True)
        ]
        yield pa.record_batch(found, names=columns)
