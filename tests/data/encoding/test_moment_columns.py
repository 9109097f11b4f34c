"""Columns of dates and times."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from ama.data.encoding.moment_columns import DAY, LATEST, Moments, microseconds, with_zone
from ama.data.sources import open_source

MONDAY = 4 * DAY  # 5 January 1970
FORMS = {
    "seconds": pa.array([345_600, None], pa.timestamp("s")),
    "nanoseconds": pa.array([345_600 * 10**9, None], pa.timestamp("ns")),
    "a zone": pa.array([345_600, None], pa.timestamp("s", "America/New_York")),
    "date32": pa.array([4, None], pa.date32()),
    "date64": pa.array([345_600_000, None], pa.date64()),
    "text": pa.array(["1970-01-05", ""]),
    "categories": pa.array([345_600, None], pa.timestamp("s")).dictionary_encode(),
    "text with a zone": pa.array(["1970-01-05 01:00:00+01:00", None], pa.string_view()),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_moment_is_the_same_in_any_form(form):
    assert np.array_equal(microseconds(FORMS[form]), [MONDAY, np.nan], equal_nan=True)


@pytest.mark.parametrize("form", FORMS)
def test_moments_with_a_zone_are_counted(form):
    assert with_zone(FORMS[form]) == ("zone" in form)


def test_a_zone_in_text_follows_a_time_and_is_counted_unless_fit_saw_some():
    column = pa.array(
        ["2024-01-05", "2024-01-05 09:00", "2024-01-05T09:00Z", "2024-01-05 09:00:01.5-0330", None]
    )
    assert Moments(0, 0.0, [], False, False).n_zoned(column) == 2
    assert Moments(0, 0.0, [], False, False, zoned=True).n_zoned(column) == 0
    assert Moments(0, 0.0, [], False, False).n_naive(column) == 0
    assert Moments(0, 0.0, [], False, False, zoned=True, naive=False).n_naive(column) == 2
    assert with_zone(pa.array([0, None], pa.timestamp("s", "UTC")).dictionary_encode()) == 1


def test_times_of_a_day_count_from_midnight():
    for column in (
        pa.array([60], pa.time32("s")),
        pa.array([60 * 10**9], pa.time64("ns")),
        pa.array(["00:01"]),
    ):
        assert microseconds(column).tolist() == [60e6]


def test_elapsed_days_and_places_on_the_circles_of_day_and_week():
    moments = Moments(MONDAY, 1.0, ["day", "week"], missing=True, times=False)
    x = moments.encode(pa.array(["1970-01-05 06:00", "1970-01-12 18:00", None])).x
    assert x[:, 0].tolist() == [0.25, 7.75, 1.0]
    assert np.allclose(x[0, 1:3], [1, 0], atol=1e-9)
    assert np.allclose(x[1, 1:3], [-1, 0], atol=1e-9)
    assert np.allclose(x[0, 3:5], x[1, 3:5])  # both are Mondays
    assert x[2].tolist() == [1, 0, 0, 0, 0, 1]


def test_a_missing_moment_is_counted_where_fit_saw_none():
    x, replaced = Moments(0, 3.0, [], missing=False, times=False).encode(pa.array([None, 4], pa.date32()))
    assert (x.tolist(), replaced) == ([[3], [4]], 1)


def test_a_value_is_decoded_as_a_date_or_a_time():
    days = np.array([[1.5, 0, 1]])
    assert Moments(MONDAY, 0.0, ["day"], False, False).decode(days) == ["1970-01-06 12:00"]
    assert Moments(MONDAY, 0.0, ["week"], False, False).decode(days) == ["1970-01-07"]
    assert Moments(0, 0.0, ["day"], False, True).decode(days - 1) == ["12:00"]
    assert Moments(0, 0.0, [], True, False).decode(np.array([[3, 0.9]])) == ["missing"]
    assert Moments(0, 0.0, [], False, False).decode(np.array([[1e12]])) == ["a date beyond the calendar"]
    last = np.array([[2_932_896.75]])  # 9999-12-31 18:00
    assert Moments(0, 0.0, [], False, False).decode(last) == ["a date beyond the calendar"]
    assert Moments(0, 0.0, ["day"], False, False).decode(last) == ["9999-12-31 18:00"]
    assert Moments(0, 0.0, ["day"], False, False).decode(np.nextafter(last, 0)) == ["9999-12-31 18:00"]


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [({"parts": ["day", "day"]}, "two of its parts are the same"), ({"origin": LATEST + 1}, "is no date")],
)
def test_fields_that_no_fit_could_have_made_are_refused(changed, sentence):
    fields = {"origin": 0, "median": 0.0, "parts": [], "missing": False, "times": False}
    with pytest.raises(ValueError, match=sentence):
        Moments(**{**fields, **changed}).check()


@pytest.mark.parametrize(
    ("times", "value"),
    [(False, "31.12.2030"), (False, "1735689600"), (False, "2024-13-01"), (True, "2024-01-01 09:00")],
)
def test_a_text_that_is_no_such_moment_is_odd(times, value):
    encoding = Moments(0, 0.0, [], False, times)
    usual = "09:00" if times else "2024-01-01"
    assert encoding.odd(pa.array([usual, None, "", value, value])) == (4, repr(value))
    assert encoding.odd(pa.array([usual, None, ""])) is None
    assert encoding.odd(pa.array([None, None], pa.null())) is None


@pytest.mark.parametrize(
    ("later", "n"),
    [
        (["2026-01-01", "2026-01-02T10:00", None, "2026-01-03"], 2),
        ([date(2026, 1, 1), date(2026, 1, 2), None, date(2026, 1, 3)], 3),
        (pd.to_datetime(["2026-01-01", "2026-01-02", None, "2026-01-03"]), 0),
    ],
)
@pytest.mark.parametrize("with_times", [True, False])
def test_dates_where_fit_saw_times_are_told(later, n, with_times):
    hours = 5 if with_times else 24
    frame = pd.DataFrame({"at": pd.date_range("2026-01-01", periods=20, freq=f"{hours}h")})
    fitted = open_source(frame)
    given = {"shape": fitted.shape, "columns": fitted.columns, "encoding": fitted.encoding}
    remarks = open_source(pd.DataFrame({"at": later}), **given).read().remarks
    said = (
        f"column 'at' of the data frame holds {n} dates without a time, where fit saw times: midnight counts"
    )
    assert (said in remarks) == (with_times and n > 0)
    assert any("midnight" in remark for remark in remarks) == (with_times and n > 0)
