"""Rows of Parquet and CSV tables: which columns are features, labels and ids, and what is refused."""

from __future__ import annotations

import itertools

import datasets
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
import torch

from ama.data.sources import open_source
from ama.errors import InputError

TABLE = {
    "sepal.length": [1.5, 2.5, 3.5],
    "sepal": [1, 2, 3],
    "wet": [True, False, True],
    "label": ["a", "b", "a"],
}
FEATURES = [[1.5, 1, 1], [2.5, 2, 0], [3.5, 3, 1]]


@pytest.fixture(params=[".parquet", ".csv", "shards", "dataset"])
def write(request, tmp_path):
    """Stores a table in one of the forms that a source can have."""

    def write(columns):
        table = pa.table(columns)
        if request.param == "dataset":
            return datasets.Dataset(table)
        if request.param == "shards":
            folder = tmp_path / "shards"
            folder.mkdir(exist_ok=True)
            pq.write_table(table[:1], folder / "a-0.parquet")
            pq.write_table(table[1:], folder / "a-1.parquet")
            return folder
        path = tmp_path / f"table{request.param}"
        (pa.csv.write_csv if request.param == ".csv" else pq.write_table)(table, path)
        return path

    return write


def test_numbers_and_booleans_are_features_and_label_is_the_label(write):
    source = open_source(write(TABLE))
    samples = source.read()
    assert (source.kind, source.shape, len(source)) == ("rows", (3,), 3)
    assert samples.columns == source.columns == ["sepal.length", "sepal", "wet"]
    assert samples.x.dtype == torch.float64
    assert samples.x.tolist() == FEATURES
    assert samples.labels.tolist() == ["a", "b", "a"]
    assert samples.ids == ["0", "1", "2"]
    assert [len(part) for part in source.batches(1)] == [1, 1, 1]
    assert [part.ids for part in source.batches(2)][-1][-1] == "2"


def test_another_column_may_hold_the_labels_and_label_is_then_a_feature(write):
    samples = open_source(write({"a": [1, 2], "label": [5, 6], "kind": [0, 1]}), label_column="kind").read()
    assert samples.columns == ["a", "label"]
    assert samples.labels.tolist() == ["0", "1"]


def test_without_a_label_column_there_are_no_labels(write):
    assert open_source(write({"a": [1, 2]})).read().labels is None


def test_an_id_of_text_is_the_id_and_one_of_numbers_a_feature(write):
    samples = open_source(write({"id": ["x", "y"], "a": [1, 2]})).read()
    assert (samples.ids, samples.columns) == (["x", "y"], ["a"])
    samples = open_source(write({"id": [7, 8], "a": [1, 2]})).read()
    assert (samples.ids, samples.columns) == (["0", "1"], ["id", "a"])


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_the_index_that_pandas_writes_is_the_id_and_no_feature(tmp_path, form):
    path = tmp_path / f"a.{form}"
    getattr(pd.DataFrame({"a": [1.0, 2.0]}, index=[10, 20]), f"to_{form}")(path)
    samples = open_source(path).read()
    assert (samples.ids, samples.columns) == (["10", "20"], ["a"])


def test_a_models_columns_are_selected_by_name_and_order(write):
    source = write({"b": [1, 2], "note": ["x", "y"], "a": [3, 4], "label": [0, 1]})
    samples = open_source(source, shape=(2,), columns=["a", "b"]).read()
    assert samples.columns == ["a", "b"]
    assert samples.x.tolist() == [[3, 1], [4, 2]]
    assert samples.labels.tolist() == ["0", "1"]
    as_feature = open_source(source, shape=(2,), columns=["label", "a"]).read()
    assert as_feature.x.tolist() == [[0, 3], [1, 4]]
    assert as_feature.labels is None
    with pytest.raises(InputError, match="has no column 'c', which the model needs"):
        open_source(source, shape=(2,), columns=["a", "c"])


def test_columns_that_cannot_be_used_are_refused_by_name(write):
    with pytest.raises(
        InputError, match=r"column 'note' of .* has type .*, expected numbers: encode it as numbers or drop"
    ):
        open_source(write({"a": [1, 2], "note": ["x", "y"]}))
    with pytest.raises(InputError, match="has no column 'kind'; its columns are a, b"):
        open_source(write({"a": [1, 2], "b": [1, 2]}), label_column="kind")
    with pytest.raises(InputError, match="rows of 2 columns, expected 3"):
        open_source(write({"a": [1, 2], "b": [1, 2]}), shape=(3,))
    with pytest.raises(InputError, match="has no column of numbers"):
        open_source(write({"label": [1, 2]}))


@pytest.mark.parametrize(("value", "shown"), [(None, "nan"), (float("nan"), "nan"), (float("inf"), "inf")])
def test_a_missing_number_is_named_by_row_and_column(write, value, shown):
    source = open_source(write({"a": [1.0, 2.0, 3.0], "b": [1.0, 2.0, value]}))
    for batch_size in (1, 1024):
        with pytest.raises(
            InputError, match=rf"has {shown} in row 3 \(counted from 1\), column 'b', expected"
        ):
            list(source.batches(batch_size))


def test_a_csv_column_of_integers_may_have_fractions_after_the_first_block(tmp_path):
    path = tmp_path / "a.csv"
    n, row = 60_000, f"{10**15},2,3\n"  # more than the megabyte from which pyarrow infers types
    path.write_text("a,b,label\n" + row * n + "0.5,2,3\n")
    source = open_source(path)
    samples = source.read()
    assert len(source) == len(samples) == n + 1
    assert samples.x[-1].tolist() == [0.5, 2]
    assert set(samples.labels.tolist()) == {"3"}


def test_text_among_the_numbers_of_a_csv_is_refused(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("a,b\n" + f"{10**15},2\n" * 60_000 + "1,?\n")
    with pytest.raises(InputError, match=rf"{path} cannot be read: .*'\?'"):
        open_source(path).read()


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_csv_separators(tmp_path, mark):
    path = tmp_path / "a.csv"
    path.write_text("a,b\n1,2\n3,4\n".replace(",", mark))
    assert open_source(path).read().x.tolist() == [[1, 2], [3, 4]]


def test_a_csv_header_of_consecutive_numbers_is_a_header_and_others_are_a_missing_one(tmp_path):
    path = tmp_path / "a.csv"
    pd.DataFrame(np.eye(3)).to_csv(path, index=False)
    assert len(open_source(path)) == 3
    path.write_text("0.5,1.5\n1,2\n")
    with pytest.raises(
        InputError, match=rf"first line of {path} holds the numbers 0.5, 1.5, expected column names"
    ):
        open_source(path)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is an empty file, expected CSV"),
        ("a,b\n", "has no rows"),
        ("a,b\n1,2\n3\n", "cannot be read: CSV parse error: .*Expected 2 columns, got 1"),
        ("a,a\n1,2\n", "has two columns named 'a'"),
    ],
)
def test_csv_files_that_cannot_be_used_are_refused(tmp_path, text, sentence):
    path = tmp_path / "a.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=f"{path} {sentence}"):
        open_source(path).read()


def test_text_that_is_no_utf8_is_not_taken_for_images(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes("a,note\n1,é\n".encode("latin-1"))
    with pytest.raises(InputError, match="column 'note'"):
        open_source(path)


def test_parquet_files_that_cannot_be_used_are_refused(tmp_path):
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"a": range(1000)}), path)
    whole = path.read_bytes()
    for content, sentence in (
        (b"", "is an empty file, expected Parquet"),
        (b"a,b\n1,2\n", "cannot be read: "),
        (whole[:-100], "cannot be read: "),
    ):
        path.write_bytes(content)
        with pytest.raises(InputError, match=f"{path} {sentence}"):
            open_source(path)
    pq.write_table(pa.table({"a": pa.array([], pa.float64())}), path)
    with pytest.raises(InputError, match=f"{path} has no rows"):
        open_source(path)


def test_a_damaged_page_is_refused_while_reading(tmp_path):
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"a": np.random.default_rng(0).normal(size=5000)}), path, compression="zstd")
    content = bytearray(path.read_bytes())
    content[4:40] = b"\xff" * 36
    path.write_bytes(content)
    with pytest.raises(InputError, match=f"{path} cannot be read"):
        open_source(path).read()


def test_a_file_of_one_row_group_streams_in_constant_memory(tmp_path):
    values = np.random.default_rng(0).normal(size=2_000_000)
    pq.write_table(pa.table({"a": values}), tmp_path / "a.parquet", row_group_size=len(values))
    source = open_source(tmp_path / "a.parquet")
    default, counted = pa.default_memory_pool(), pa.proxy_memory_pool(pa.default_memory_pool())
    pa.set_memory_pool(counted)
    try:
        assert sum(len(part.x) for part in itertools.islice(source.batches(10_000), 100)) == 1_000_000
    finally:
        pa.set_memory_pool(default)
    assert 0 < counted.max_memory() < values.nbytes / 3


def test_shards_must_agree(tmp_path):
    pq.write_table(pa.table({"a": [1]}), tmp_path / "0.parquet")
    pq.write_table(pa.table({"b": [1]}), tmp_path / "1.parquet")
    with pytest.raises(
        InputError, match=r"1.parquet has the columns b \(int64\), expected those of 0.parquet: a"
    ):
        open_source(tmp_path)
