"""Numbers with a sign between them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ama.data.encoding.grouped_numbers import numbers_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("120/80", [120, 80]),
        ("98.7 ± 0.1", [98.7, 0.1]),
        ("98.7 +/- 0.1", [98.7, 0.1]),
        ("98.7+-0.1", [98.7, 0.1]),
        ("1920x1080", [1920, 1080]),
        ("12 \u00d7 5.5 \u00d7 3", [12, 5.5, 3]),
        ("48.137, -11.575", [48.137, -11.575]),
        (" -1.5; 2.0; 3.25 ", [-1.5, 2, 3.25]),
    ],
)
def test_they_are_read(text, expected):
    assert numbers_of(text) == expected


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.sampled_from(["/", " / ", "x", "±", " ± "]))
def test_whole_numbers_are_read_exactly(first, second, sign):
    assert numbers_of(f"{first}{sign}{second}") == [first, second]


@pytest.mark.parametrize(
    "text",
    ["", "1", "1/2/2026", "1, 2", "1,234", "1.5,2.5", "10-20", "1x", "x1", "10:30", "10.0.0.1", "1x2x3x4"],
)
def test_dates_ranges_and_what_may_be_one_number_are_none(text):
    assert numbers_of(text) is None
