"""Rows of tables, whatever stores them: which columns are features, labels and ids, and what is refused."""

from __future__ import annotations

import datasets
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


LABELLED = {
    "amount": ["1.5", "oops", "2.5", "3.5", "9"],
    "shop": ["a", "z", "a", "b", "z"],
    "age": [4.0, None, 5.0, 6.0, 7.0],
    "label": ["good", "bad", "good", "good", "worse"],
}


def test_of_labelled_rows_only_the_normal_ones_are_read_and_learned_from(write):
    source = open_source(write(LABELLED), normal_labels=["good"])
    samples = source.read()
    assert len(source) == 3
    assert samples.ids == ["0", "2", "3"]
    assert samples.labels.tolist() == ["good"] * 3
    amount, shop, age = samples.encoding.columns
    assert list(amount.decode(samples.x[:, :1].numpy())) == [1.5, 2.5, 3.5]
    assert shop.kinds == ["a"]  # of all rows "z" would be one, and "b" occurs once
    assert age.width == 1  # without an indicator of missing values
    assert not any("age" in remark for remark in source.remarks)
    assert [part.ids for part in source.batches(2)] == [["0"], ["2", "3"]]


def test_a_message_about_a_normal_row_has_its_number_in_the_table(write):
    table = write({"a": [1.0, 2.0, float("inf")], "label": ["bad", "good", "good"]})
    with pytest.raises(InputError, match=r"has inf in row 3 \(counted from 1\), column 'a'"):
        open_source(table, normal_labels=["good"]).read()


def test_a_normal_label_that_no_row_has_is_refused_before_the_table_is_read(write):
    with pytest.raises(
        InputError, match=r"no sample of .* has the label 'fine'; its labels are bad, good, worse"
    ):
        open_source(write(LABELLED), normal_labels=["fine"])
    with pytest.raises(InputError, match="has no labels"):
        open_source(write({"a": [1.0, 2.0]}), normal_labels=["fine"])


def test_another_column_may_hold_the_labels_and_label_is_then_a_feature(write):
    samples = open_source(write({"a": [1, 2], "label": [5, 6], "kind": [0, 1]}), label_column="kind").read()
    assert samples.columns == ["a", "label"]
    assert samples.labels.tolist() == ["0", "1"]


def test_without_a_label_column_there_are_no_labels(write):
    assert open_source(write({"a": [1, 2]})).read().labels is None


def test_an_id_of_text_is_the_id_and_one_of_numbers_a_feature(write):
    samples = open_source(write({"id": ["x", "y"], "a": [1, 2]})).read()
    assert (samples.ids, samples.columns) == (["x", "y"], ["a"])
    samples = open_source(write({"id": [7, 9], "a": [1, 2]})).read()
    assert (samples.ids, samples.columns) == (["0", "1"], ["id", "a"])


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
        InputError,
        match=r"column 'note' of .* holds 'x' in row 1 \(counted from 1\), expected numbers: encode",
    ):
        open_source(write({"a": [1, 2], "note": ["x", "y"]}), shape=(2,), columns=["a", "note"])
    with pytest.raises(InputError, match="has no column 'kind'; its columns are a, b"):
        open_source(write({"a": [1, 2], "b": [1, 2]}), label_column="kind")
    with pytest.raises(InputError, match="rows of 2 columns, expected 3"):
        open_source(write({"a": [1, 2], "b": [1, 2]}), shape=(3,))
    with pytest.raises(InputError, match="has no column of numbers"):
        open_source(write({"label": [1, 2]}))


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.string_view()], ids=str)
@pytest.mark.parametrize("text", ["x", "x" * 5000, "\0" * 5000])
def test_a_model_of_numbers_refuses_any_type_of_text_by_its_first_value(kind, text, rng):
    table = pa.table({"a": rng.normal(size=9), "note": pa.array([None, "1", text] * 3, kind)})
    with pytest.raises(InputError, match=r"^column 'note' of the data frame holds '.* in row 3 \(counted"):
        open_source(table, shape=(2,), columns=["a", "note"]).read()
    encoded = open_source(table).read().x[:, 1:].tolist()
    assert len({tuple(row) for row in encoded[:3]}) == 3
    assert encoded == encoded[:3] * 3


@pytest.mark.parametrize(("value", "shown"), [(None, "nan"), (float("nan"), "nan"), (float("inf"), "inf")])
def test_a_model_of_whole_numbers_names_a_missing_one_by_row_and_column(write, value, shown):
    source = open_source(
        write({"a": [1.0, 2.0, 3.0], "b": [1.0, 2.0, value]}), shape=(2,), columns=["a", "b"]
    )
    for batch_size in (1, 1024):
        with pytest.raises(
            InputError, match=rf"has {shown} in row 3 \(counted from 1\), column 'b', expected"
        ):
            list(source.batches(batch_size))


def test_numbers_in_text_are_numbers_for_a_model_of_numbers_as_for_one_with_an_encoding(write):
    fitted = open_source(pa.table({"a": [1.5, 2.5], "b": [None, 1.5]})).read()
    table = {"a": ["4", " +2.5 ", "1e3"], "b": ["1", "2", "3"]}
    encoded = open_source(write(table), shape=(3,), columns=["a", "b"], encoding=fitted.encoding).read()
    plain = open_source(write(table), shape=(1,), columns=["a"]).read()
    assert encoded.x[:, 0].tolist() == plain.x[:, 0].tolist() == [4.0, 2.5, 1000.0]


@pytest.mark.parametrize(
    ("texts", "sentence"),
    [
        (["4", "four"], r"holds 'four' in row 2 \(counted from 1\), expected numbers"),
        (["4", None], r"has nan in row 2 \(counted from 1\), column 'a', expected a finite number"),
        ([None, None], "holds no value, expected numbers: drop it"),
    ],
)
def test_text_without_a_number_is_refused_by_a_model_of_numbers(texts, sentence):
    with pytest.raises(InputError, match=sentence):
        open_source(pa.table({"a": pa.array(texts, pa.string())}), shape=(1,), columns=["a"]).read()
