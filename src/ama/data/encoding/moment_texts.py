"""Dates and times as ISO 8601 writes them, with a fraction of a second after a point or, as in logs, a comma."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float

from ama.data.tables.arrow_columns import floats

TIME = r"^\d\d:\d\d(:\d\d([.,]\d+)?)?$"
DATE = r"^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d([.,]\d+)?)?(Z|[+-]\d\d(:?\d\d)?)?)?$"
DATE_ALONE = r"^\d{4}-\d\d-\d\d$"
ZONE = r":\d\d([.,]\d+)?(Z|[+-]\d\d(:?\d\d)?)$"  # after a time
# A date, a time, or both, and a time zone.
MOMENT = (
    r"^(?:(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d))?"
    r"(?:[T ]?(?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<fraction>\d+))?)?"
    r"(?:Z|(?P<sign>[+-])(?P<east>\d\d)(?::?(?P<east_minutes>\d\d))?)?)?$"
)


def of_texts(known: Sequence[str | None]) -> Float[np.ndarray, " n"]:
    """Microseconds from the beginning of 1970, in UTC, to each moment; NaN for a text that is none.

    A time without a date is one of the first of January 1970, and one without a zone counts as UTC.
    """
    found = pc.extract_regex(pa.array(known, pa.large_string()), MOMENT)
    empty = pa.scalar(None, pa.large_string())

    def part(name: str, default: int = 0) -> Float[np.ndarray, " n"]:
        digits = pc.struct_field(found, name)
        return np.nan_to_num(floats(pc.if_else(pc.equal(digits, ""), empty, digits)), nan=default)

    month, day = part("month", 1), part("day", 1)
    hour, minute, second = (part(name) for name in ("hour", "minute", "second"))
    months = ((part("year", 1970) - 1970) * 12 + month - 1).astype(np.int64).astype("datetime64[M]")
    date = months.astype("datetime64[D]") + (day - 1).astype(np.int64)
    valid = (month >= 1) & (month <= 12) & (date.astype("datetime64[M]") == months)
    valid &= (hour < 24) & (minute < 60) & (second < 60)
    valid &= pc.fill_null(pc.not_equal(pa.array(known, pa.large_string()), ""), False).to_numpy(
        zero_copy_only=False
    )
    valid &= found.is_valid().to_numpy(zero_copy_only=False)
    west = np.array(pc.equal(pc.struct_field(found, "sign"), "-").fill_null(False))
    zone = (60 * part("east") + part("east_minutes")) * np.where(west, -1, 1)
    seconds = date.astype(np.int64) * 86_400.0 + (60 * hour + minute - zone) * 60 + second
    fraction = pc.utf8_slice_codeunits(pc.utf8_rpad(pc.struct_field(found, "fraction"), 6, "0"), 0, 6)
    return np.where(valid, seconds * 1e6 + np.nan_to_num(floats(fraction)), np.nan)
