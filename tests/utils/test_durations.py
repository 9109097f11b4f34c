"""Durations as text."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ama.errors import InputError
from ama.utils.durations import seconds


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("90", 90),
        ("90s", 90),
        ("5m", 300),
        ("1h", 3600),
        ("1.5h", 5400),
        (" 2 m ", 120),
        (90.0, 90),
        (0.5, 0.5),
        ("0.25s", 0.25),
    ],
)
def test_numbers_and_units_are_seconds(text, value):
    assert seconds(text) == value


def test_no_duration_is_no_limit():
    assert seconds(None) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "0",
        "0s",
        0.0,
        -5.0,
        "-5m",
        "5 minutes",
        "1d",
        "1e3",
        "5m30s",
        "nan",
        "inf",
        float("inf"),
    ],
)
def test_anything_else_is_refused_with_an_example(text):
    with pytest.raises(
        InputError, match="max_time must be a positive duration such as 90s, 5m or 1h"
    ) as error:
        seconds(text)
    assert str(error.value).endswith(f"found {text!r}")


@given(st.integers(1, 10**400), st.sampled_from(["", "s", "m", "h"]))
def test_any_duration_fits_into_a_timedelta(number, unit):
    assert datetime.timedelta(seconds=seconds(f"{number}{unit}")) >= datetime.timedelta(seconds=1)
