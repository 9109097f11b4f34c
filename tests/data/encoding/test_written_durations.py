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


def test_one_must_be_longer_than_a_day():
    assert duration_form(["01:02:03", None, "24:00:00"]) == FORM
    assert duration_form(["1 days 00:00:00"]) == FORM
    assert duration_form(["01:02:03", "23:59:59"]) is None
    assert duration_form(["24:00:00", "soon"]) is None
    assert duration_form([]) is None


@pytest.mark.parametrize("text", ["", "12", "1:60:00", "1:00:60", "1:00", "soon"])
def test_other_texts_are_none(text):
    assert seconds(text) is None
