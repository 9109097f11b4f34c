"""Durations in text."""

from datetime import timedelta

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ama.data.encoding.written_durations import FORM, duration_form, seconds


@given(st.timedeltas(timedelta(0), timedelta(days=9000)))
def test_what_pandas_and_python_write_is_read(duration):
    for text in (str(pd.Timedelta(duration)), str(duration)):
        assert float(seconds(text)) == pytest.approx(duration.total_seconds(), abs=1e-6)


def test_hours_may_be_many_and_signs_negative():
    assert [seconds(text) for text in ("125:30:00", "-0:00:01.5", "1 day, 0:00:00")] == [
        "451800",
        "-1.5",
        "86400",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("75:12.25", "4512.25"),
        ("PT5M3S", "303"),
        ("-P1W", "-604800"),
        ("PT1.5H", "5400"),
        ("1h 30m", "5400"),
        ("2 hours, 5 min", "7500"),
        ("1d03h00m10s", "97210"),
        ("1,5 h", "5400"),
    ],
)
def test_minutes_units_and_iso_8601_are_read(text, expected):
    assert seconds(f" {text} ") == expected


@given(st.timedeltas(timedelta(0), timedelta(days=9000)))
def test_what_pandas_writes_in_iso_8601_is_read(duration):
    text = pd.Timedelta(duration).isoformat()
    assert float(seconds(text)) == pytest.approx(duration.total_seconds(), abs=1e-6)


def test_one_must_be_no_time_of_the_day_and_no_length_in_metres():
    assert duration_form(["1:30", "59:30"]) == duration_form(["1:30.5", "2:10.0"]) == FORM
    assert duration_form(["1:30", "2:10"]) is duration_form(["5 m", "12 m"]) is None
    assert (
        duration_form(["5 m", "1 h"]) == duration_form(["5 m", "1 h 5 m"]) == duration_form(["PT5M"]) == FORM
    )


def test_one_must_be_longer_than_a_day():
    assert duration_form(["01:02:03", None, "24:00:00"]) == FORM
    assert duration_form(["1 days 00:00:00"]) == FORM
    assert duration_form(["01:02:03", "23:59:59"]) is None
    assert duration_form(["24:00:00", "soon"]) is None
    assert duration_form([]) is None


@pytest.mark.parametrize(
    "text", ["", "12", "1:60:00", "1:00:60", "1:60", "soon", "P", "PT", "P1", "1 h min", "5 h 3", "5 hm"]
)
def test_other_texts_are_none(text):
    assert seconds(text) is None
