"""DataFrames and tables in memory, read as files are."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from uuid import UUID

import numpy as np
import pandas as pd
import polars as pl
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


def test_intervals_of_cut_and_members_of_an_enumeration_are_kinds(tmp_path):
    kind = Enum("Kind", "HOT COLD")
    frame = with_column(pd.cut([0.5, 1.5, np.nan], [0, 1, 2])).assign(e=[kind.HOT, kind.COLD, kind.HOT])
    frame = pd.concat([frame] * 4, ignore_index=True)
    source = open_source(frame)
    assert "columns 'k', 'e' of the data frame become an indicator for each kind" in source.remarks[0]
    frame.to_csv(tmp_path / "x.csv", index=False)
    assert open_source(tmp_path / "x.csv").read().x.tolist() == source.read().x.tolist()


ODD = {
    "complex": ([1j, 2j, 3j], "a value of type complex in row 1"),
    "sets among numbers": ([{1}, 2, 3], "a value of type set in row 1"),
    "sets": ([{1, 2}, {3, 4}, {5, 6}], "a value of type set in row 1"),
    "intervals": (pd.interval_range(0, 3), "a value of type extension.* in row 1"),
    "lists of text": ([["x"], ["y"], ["z"]], "a value of type list.* in row 1"),
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


def test_ids_and_labels_may_be_uuids(tmp_path):
    keys = [UUID(int=7**40 + i) for i in range(2)]
    frame = with_column([*keys, None]).rename(columns={"k": "id"})
    frame.to_parquet(tmp_path / "a.parquet")
    for source in (frame, tmp_path / "a.parquet"):
        assert open_source(source).read().ids == [*map(str, keys), ""]
        labels = open_source(source, label_column="id", columns=["a"]).read().labels
        assert labels.tolist() == [*map(str, keys), ""]


def test_uuids_are_no_feature():
    frame = with_column([UUID(int=i) for i in range(3)])
    source = open_source(frame)
    assert (source.columns, source.remarks) == (
        ["a"],
        ("column 'k' of the data frame is left out, as it holds UUIDs",),
    )
    assert open_source(frame, shape=(1,), columns=["a"]).read().x[:, 0].tolist() == A
    with pytest.raises(InputError, match=r"column 'k' of the data frame holds a value of type .*uuid"):
        open_source(frame, columns=["a", "k"])


DAYS = [date(2026, 1, day) for day in (1, 2, 3)]
MOMENTS = [datetime(2026, 1, 1, hour) for hour in (1, 2, 3)]
OF_POLARS = {
    "integers": (pl.Series([1, 0, 1], dtype=pl.Int8), pd.Series([1, 0, 1])),
    "booleans": (pl.Series([True, False, True]), pd.Series([True, False, True])),
    "missing booleans": (pl.Series([True, None, True]), pd.array([True, None, True], dtype="boolean")),
    "missing numbers": (pl.Series([1.5, None, 2.0]), pd.Series([1.5, np.nan, 2.0])),
    "text": (pl.Series(["x", None, "x"]), pd.Series(["x", None, "x"])),
    "categories": (pl.Series(["x", "y", "x"], dtype=pl.Categorical), pd.Categorical(["x", "y", "x"])),
    "enums": (pl.Series(["x", "y", "x"], dtype=pl.Enum(["z", "y", "x"])), pd.Series(["x", "y", "x"])),
    "dates": (pl.Series(DAYS), pd.to_datetime(DAYS)),
    "moments": (pl.Series(MOMENTS), pd.Series(MOMENTS)),
    "moments with a zone": (
        pl.Series(MOMENTS).dt.replace_time_zone("Europe/Vienna"),
        pd.Series(MOMENTS).dt.tz_localize("Europe/Vienna"),
    ),
    "times": (pl.Series([time(1), time(2), time(3)]), [time(1), time(2), time(3)]),
    "durations": (
        pl.Series([timedelta(1), timedelta(2), timedelta(3)]),
        pd.to_timedelta([1, 2, 3], unit="D"),
    ),
    "decimals": (pl.Series([Decimal("1.5")] * 3), [Decimal("1.5")] * 3),
    "lists": (pl.Series([[1.0, 2.0]] * 3), [[1.0, 2.0]] * 3),
    "arrays": (pl.Series([[1.0, 2.0]] * 3, dtype=pl.Array(pl.Float32, 2)), [[1.0, 2.0]] * 3),
}


@pytest.mark.parametrize("kind", OF_POLARS)
def test_a_frame_of_polars_is_read_as_one_of_pandas(kind):
    of_polars, of_pandas = OF_POLARS[kind]
    found = open_source(pl.DataFrame({"k": of_polars, "a": A}))
    expected = open_source(pd.DataFrame({"k": of_pandas, "a": A}))
    assert (found.columns, found.encoding, found.remarks) == (
        expected.columns,
        expected.encoding,
        expected.remarks,
    )
    assert np.array_equal(found.read().x, expected.read().x)


def test_what_of_polars_is_no_table_of_numbers_is_refused_in_a_sentence():
    frame = pl.DataFrame({"a": A})
    with pytest.raises(InputError, match=r"^found an object of type LazyFrame, .*: pass X.collect\(\)$"):
        open_source(frame.lazy())
    for empty, sentence in ((frame[:0], "has no rows"), (frame.select([]), "has no columns")):
        with pytest.raises(InputError, match=f"the data frame {sentence}"):
            open_source(empty)
    for odd in (pl.Series([[{"b": 1}]] * 3), pl.Series([b"x"] * 3), pl.Series([[[1]]] * 3)):
        with pytest.raises(InputError, match=r"column 'k' of the data frame holds .* in row 1"):
            open_source(frame.with_columns(k=odd))


@pytest.mark.parametrize("kind", [pl.Int128, pl.UInt128])
def test_whole_numbers_of_128_bits_are_numbers_and_those_that_are_rounded_are_told(kind):
    source = open_source(pl.DataFrame({"a": A, "k": pl.Series([1, 2, 10**25 + 1], dtype=kind)}))
    samples = source.read()
    assert samples.x[:, 1].tolist() == [1, 2, 1e25]
    assert source.remarks == (
        "column 'k' of the data frame holds 1 whole number beyond 2**53, which are rounded to 15 digits or more",
    )


@pytest.mark.parametrize("suffix", ["parquet", "arrow"])
def test_files_with_whole_numbers_of_128_bits_are_refused_in_a_sentence(suffix, tmp_path):
    file, frame = tmp_path / f"t.{suffix}", pl.DataFrame({"k": pl.Series([1, 2], dtype=pl.Int128)})
    frame.write_parquet(file) if suffix == "parquet" else frame.write_ipc(file)
    with pytest.raises(
        InputError, match=r"has a column of 128-bit integers, expected 64 bits: cast it to Int64"
    ):
        open_source(file)


def test_objects_of_python_in_a_frame_of_polars_are_refused_by_their_type():
    with pytest.raises(InputError, match="column 'k' of the data frame holds a value of type set in row 1"):
        open_source(pl.DataFrame({"a": A, "k": pl.Series([{1}, {2}, {3}], dtype=pl.Object)}))


@pytest.mark.parametrize("library", [pd.DataFrame, pl.DataFrame])
def test_a_column_of_odd_objects_that_a_model_does_not_use_is_left_out(library):
    odd = [1j, 2j, 3j] if library is pd.DataFrame else pl.Series([1j, 2j, 3j], dtype=pl.Object)
    source = open_source(library({"a": A, "k": odd}), shape=(1,), columns=["a"])
    assert source.read().x.tolist() == [[0.5], [1.5], [2.5]]
    assert source.remarks == ("column 'k' of the data frame is left out, as the model does not use it",)
    with pytest.raises(
        InputError, match="column 'k' of the data frame holds a value of type complex in row 1"
    ):
        open_source(library({"a": A, "k": odd}), shape=(2,), columns=["a", "k"])


@pytest.mark.parametrize(
    ("index", "named"),
    [
        (pd.Index([5.0, 3.0], name="sensor"), "'sensor'"),
        (pd.MultiIndex.from_arrays([[1, 2], [3, 4]], names=["site", None]), "'site'"),
        (pd.MultiIndex.from_arrays([[1, 2], [3, 4]], names=["site", 7]), "'site', '7'"),
        (pd.Index(["a", "b"]), None),
        (None, None),
    ],
)
def test_an_index_with_a_name_is_said_to_be_left_out_of_a_fit(index, named):
    frame = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]}, index)
    source = open_source(frame)
    assert source.shape == (2,)
    said = f"the index {named} of the data frame is left out: X.reset_index() makes it a column"
    assert source.remarks == (() if named is None else (said,))
    assert open_source(frame, strict=True).shape == (2,)
    assert open_source(frame, shape=(2,), columns=["a", "b"]).remarks == ()
