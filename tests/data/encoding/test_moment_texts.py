"""Dates and times as text, against Python's own reading."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ama.data.encoding.moment_texts import of_texts

EPOCH = datetime(1970, 1, 1)
MINUTES = st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m)))


@given(st.datetimes(datetime(1600, 1, 2), datetime(2300, 1, 1)), st.none() | MINUTES, st.sampled_from(" T"))
def test_what_iso_8601_writes_is_read(moment, zone, separator):
    aware = moment.replace(tzinfo=zone)
    in_utc = moment if zone is None else aware.astimezone(timezone.utc).replace(tzinfo=None)
    expected = (in_utc - EPOCH) // timedelta(microseconds=1)
    assert of_texts([aware.isoformat(separator)]).tolist() == [float(expected)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-02", 86_400e6),
        ("1970-01-01 00:00:01.123456789", 1_123_456),
        ("1970-01-01T01:00Z", 3_600e6),
        ("1970-01-01 00:00:01,5", 1.5e6),
        ("1970-01-01T01:00:00,250+01:00", 250_000),
        ("00:00:01.5", 1.5e6),
        ("10:30", 37_800e6),
        ("2023-02-29", np.nan),
        ("2023-13-01", np.nan),
        ("2023-01-01 24:00", np.nan),
        ("yesterday", np.nan),
        ("", np.nan),
        (None, np.nan),
    ],
)
def test_other_texts_are_no_moments(text, expected):
    assert np.array_equal(of_texts([text, "1970-01-01"]), [expected, 0], equal_nan=True)
