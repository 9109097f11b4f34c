"""Columns of many kinds of text."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pytest

from ama.data.encoding.frequency_columns import Frequencies

SHOPS = Frequencies(["a", "b", None], [50, 2, 10], 100)


def test_a_kind_is_the_logarithm_of_its_share_and_an_unknown_one_rarer_than_the_rarest():
    x = SHOPS.encode(pa.array(["a", "b", None, "never seen"])).x[:, 0]
    assert np.allclose(x[:3], np.log([0.5, 0.02, 0.1]))
    assert x[3] < x[:3].min()
    assert math.isfinite(x[3])


def test_without_a_kind_for_missing_values_they_are_an_unknown_one():
    column = pa.array(["a", None, "never seen"])
    x, replaced = Frequencies(["a"], [50], 100).encode(column)
    assert (x[1], replaced) == (x[2], 1)
    assert SHOPS.encode(column).replaced == 0


def test_a_value_is_decoded_as_a_frequency():
    assert SHOPS.decode(np.log([[0.5], [0.021], [0.001]])) == [
        "a kind of 50 % of the rows",
        "a kind of 2.1 % of the rows",
        "a rare kind",
    ]
    assert SHOPS.decode(np.array([[1e9], [-1e9]])) == ["a kind of 1e+02 % of the rows", "a rare kind"]


@pytest.mark.parametrize(
    ("kinds", "rows", "n_rows", "sentence"),
    [
        (["a"], [1, 2], 9, "it has 1 kinds and 2 numbers of rows"),
        (["a", "a"], [1, 2], 9, "two of its kinds are the same"),
        (["a"], [0], 9, "its rows are not from 1 to 9"),
        (["a"], [10], 9, "its rows are not from 1 to 9"),
        ([], [], 0, "its rows are not from 1 to 0"),
    ],
)
def test_counts_that_no_fit_could_have_made_are_refused(kinds, rows, n_rows, sentence):
    with pytest.raises(ValueError, match=sentence):
        Frequencies(kinds, rows, n_rows).check()
