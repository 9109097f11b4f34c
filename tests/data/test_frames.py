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


ENCODED = {
    "text": (["low", "high", "low"], [[1, 0], [0, 1], [1, 0]]),
    "categories": (pd.Categorical(["low", "high", "low"]), [[1, 0], [0, 1], [1, 0]]),
    "a word among numbers": (pd.Series([1, "?", 1], dtype=object), [[1, 0], [0, 1], [1, 0]]),
    "numbers as text": (["1", "2", "3"], [[1], [2], [3]]),
    "durations": (pd.to_timedelta([1, 2, 3], unit="s"), [[1], [2], [3]]),
    "a missing number": ([1.0, np.nan, 2.0], [[1, 0], [1.5, 1], [2, 0]]),
    "a missing integer": (pd.array([1, pd.NA, 2], dtype="Int64"), [[1, 0], [1.5, 1], [2, 0]]),
    "a missing boolean": (pd.array([True, None, True], dtype="boolean"), [[1, 0], [1, 1], [1, 0]]),
    "a missing object": (pd.Series([1, None, 2], dtype=object), [[1, 0], [1.5, 1], [2, 0]]),
}


@pytest.mark.parametrize("kind", ENCODED)
def test_whatever_is_no_number_or_missing_is_encoded(kind):
    values, encoded = ENCODED[kind]
    samples = open_source(with_column(values)).read()
    assert (samples.columns, samples.x[:, 1:].tolist()) == (["a", "k"], encoded)


def test_dates_are_elapsed_days_and_a_part_of_the_week():
    x = open_source(with_column(pd.date_range("2026-01-01", periods=3))).read().x
    assert x.shape == (3, 4)
    assert x[:, 1].tolist() == [0, 1, 2]
    assert np.allclose(x[:, 2] ** 2 + x[:, 3] ** 2, 1)


ODD = {
    "complex": ([1j, 2j, 3j], "a value of type complex in row 1"),
    "sets among numbers": ([{1}, 2, 3], "a value of type set in row 1"),
    "periods": (pd.period_range("2026", periods=3), "a value of type extension.* in row 1"),
    "lists": ([[1], [2], [3]], "a value of type list.* in row 1"),
}


@pytest.mark.parametrize("kind", ODD)
def test_what_cannot_be_encoded_is_named_by_column_and_row(kind):
    values, found = ODD[kind]
    expected = "expected numbers, text or dates: encode"
    sentence = rf"^column 'k' of the data frame holds {found} \(counted from 1\), {expected}"
    with pytest.raises(InputError, match=sentence):
        open_source(with_column(values))


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


def test_a_frame_without_columns_is_refused_as_such():
    for frame in (with_column(A)[[]], pa.table({})):
        with pytest.raises(InputError, match=r"^the data frame has no columns, expected at least one$"):
            open_source(frame)


@pytest.mark.parametrize("name", [None, float("nan"), pd.NaT, pd.NA])
def test_a_missing_name_is_refused_in_an_index_of_any_type(name):
    for names in (["a", name], pd.Index(["a", name], dtype=object)):
        with pytest.raises(InputError, match=r"^column 2 of the data frame has the name .*, expected text"):
            open_source(with_column(A).set_axis(names, axis=1))


def test_tables_of_pyarrow_are_frames():
    samples = open_source(pa.table({"b": [1, 0], "a": A[:2], "label": ["x", "y"]})).read()
    assert (samples.columns, samples.labels.tolist()) == (["b", "a"], ["x", "y"])
