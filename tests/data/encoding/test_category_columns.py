"""Columns of few kinds of text."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from ama.data.encoding.category_columns import UNKNOWN, Categories

COLOURS = Categories(["blue", "red", None])


@pytest.mark.parametrize(
    "kind", [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int8(), pa.string())]
)
def test_each_kind_has_an_indicator_and_all_others_share_one(kind):
    column = pa.array(["red", "blue", None, "", "green"], pa.string()).cast(kind)
    x, replaced = COLOURS.encode(column)
    assert x.tolist() == [[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
    assert replaced == 0


def test_without_a_kind_for_missing_values_they_are_another_kind():
    x, replaced = Categories(["a"]).encode(pa.array([None, "a", "", "b"]))
    assert (x.tolist(), replaced) == ([[0, 1], [1, 0], [0, 1], [0, 1]], 2)


def test_numbers_are_the_texts_that_a_file_has_in_their_place():
    codes = Categories(["1", "2", "True"])
    for column in (pa.array([1, 2, 3]), pa.array([1.0, 2.0, 3.0])):
        assert codes.encode(column).x.argmax(1).tolist() == [0, 1, 3]
    assert codes.encode(pa.array([True, False])).x.argmax(1).tolist() == [2, 3]


def test_the_nearest_kind_is_decoded():
    shown = COLOURS.decode(np.array([[0.4, 0.5, 0, 0], [0, 0, 0.6, 0], [0, 0.1, 0, 0.9]]))
    assert shown == ["red", "missing", UNKNOWN]
