"""DataFrames and tables in memory, read as files are."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from ama.data.sources import open_source
from ama.errors import InputError

A = [0.5, 1.5, 2.5]


def with_column(values) -> pd.DataFrame:
    return pd.DataFrame({"a": A, "k": values})


NUMBERS = {
    "booleans": [True, False, True],
    "nullable": pd.array([1, 0, 1], dtype="Int64"),
    "of pyarrow": pd.array([1, 0, 1], dtype="int64[pyarrow]"),
    "objects": pd.Series([1, 0.0, True], dtype=object),
    "decimals": [Decimal(1), Decimal(0), Decimal(1)],
    "categories": pd.Categorical([1, 0, 1]),
    "sparse": pd.arrays.SparseArray([1.0, 0.0, 1.0]),
    "half": np.array([1, 0, 1], np.float16),
}


@pytest.mark.parametrize("kind", NUMBERS)
def test_whatever_is_a_number_is_a_feature(kind):
    samples = open_source(with_column(NUMBERS[kind])).read()
    assert (samples.columns, samples.x.tolist()) == (["a", "k"], [[0.5, 1], [1.5, 0], [2.5, 1]])


def test_integers_of_any_size_are_numbers():
    assert open_source(with_column([10**30, 0, 1])).read().x[0, 1] == 1e30


ODD = {
    "dates": (pd.date_range("2026-01-01", periods=3), "2026-01-01 00:00:00 in row 1"),
    "text": (["low", "high", "low"], "'low' in row 1"),
    "categories": (pd.Categorical(["low", "high", "low"]), "'low' in row 1"),
    "a word among numbers": (pd.Series([1, "?", 2.5], dtype=object), r"'\?' in row 2"),
    "numbers as text": (["1", "2", "3"], "'1' in row 1"),
    "complex": ([1j, 2j, 3j], "'1j' in row 1"),
    "durations": (pd.to_timedelta([1, 2, 3], unit="s"), r"a value of type duration\[.*\] in row 1"),
    "periods": (pd.period_range("2026", periods=3), "a value of type extension.* in row 1"),
    "lists": ([[1], [2], [3]], "a value of type list.* in row 1"),
}


@pytest.mark.parametrize("kind", ODD)
def test_the_first_value_that_is_no_number_is_named_by_column_and_row(kind):
    values, found = ODD[kind]
    sentence = rf"^column 'k' of the data frame holds {found} \(counted from 1\), expected numbers: encode"
    with pytest.raises(InputError, match=sentence):
        open_source(with_column(values))


@pytest.mark.parametrize(
    "values",
    [
        [1.0, np.nan, 2.0],
        pd.array([1, pd.NA, 2], dtype="Int64"),
        pd.array([True, None, True], dtype="boolean"),
        pd.Series([1, None, 2], dtype=object),
    ],
)
def test_a_missing_value_is_named_by_column_and_row(values):
    with pytest.raises(InputError, match=r"the data frame has nan in row 2 \(counted from 1\), column 'k'"):
        open_source(with_column(values)).read()


def test_names_of_other_types_are_text_and_numbered_columns_have_no_names():
    frame = pd.DataFrame([[1.0, 2.0], [3.0, 4.0]])
    assert open_source(frame).columns is None
    assert open_source(frame[[1, 0]]).read().x.tolist() == frame.to_numpy().tolist()
    assert open_source(frame.set_axis([2024, "b"], axis=1)).columns == ["2024", "b"]
    levels = pd.MultiIndex.from_tuples([("left", "x"), ("left", "z")])
    assert open_source(frame.set_axis(levels, axis=1)).columns == ["left.x", "left.z"]
    with pytest.raises(InputError, match="the data frame has two columns named 'b', expected unique names"):
        open_source(frame.set_axis(["b", "b"], axis=1))


def test_a_frame_without_rows_is_refused():
    with pytest.raises(InputError, match="the data frame has no rows"):
        open_source(pd.DataFrame({"a": []}))


def test_tables_of_pyarrow_are_frames():
    samples = open_source(pa.table({"b": [1, 0], "a": A[:2], "label": ["x", "y"]})).read()
    assert (samples.columns, samples.labels.tolist()) == (["b", "a"], ["x", "y"])
