"""Columns as texts."""

from __future__ import annotations

import datetime

import pyarrow as pa
import pytest

from ama.data.encoding.text_values import LONGEST_TEXT, texts


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (pa.array(["a", None, "", "NaN", "a"]), ["a", None, None, None, "a"]),
        (pa.array(["x" * 999]), ["x" * LONGEST_TEXT]),
        (pa.array([1, None, 2]), ["1", None, "2"]),
        (pa.array([1.0, 1.5]), ["1", "1.5"]),
        (pa.array([datetime.date(2026, 1, 2)]), ["2026-01-02"]),
        (pa.array(["a", "b"], pa.string_view()), ["a", "b"]),
        (pa.nulls(2), [None, None]),
        (
            pa.DictionaryArray.from_arrays(pa.array([1, None, 1]), pa.array(["a", "b"], pa.string_view())),
            ["b", None, "b"],
        ),
    ],
)
def test_a_text_has_its_place_in_every_row(column, expected):
    found = texts(column)
    assert [(*found.known, None)[place] for place in found.places] == expected
