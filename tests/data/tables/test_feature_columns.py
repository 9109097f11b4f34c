"""What is a feature: columns that number the rows are not, labels are noticed, and the user may choose."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ama.data.sources import open_source
from ama.errors import InputError

FRAME = pd.DataFrame({"age": [50.0, 61, 47], "sugar": [5.0, 6, 4]})


@pytest.fixture(params=["csv", "parquet", "frame"])
def kept(request, tmp_path):
    """A frame as a file or as it is."""

    def kept(frame):
        if request.param == "frame":
            return frame
        path = tmp_path / f"a.{request.param}"
        getattr(frame, f"to_{request.param}")(path, index=False)
        return path

    return kept


COUNTING = ("id", "ID", "PassengerId", "row_id", "index", "row", "No", "row number", "Unnamed: 0")


@pytest.mark.parametrize("name", COUNTING)
@pytest.mark.parametrize("first", [0, 1, 417])
def test_a_column_that_numbers_the_rows_is_left_out_and_that_is_said(kept, name, first):
    frame = FRAME.copy()
    frame.insert(0, name, range(first, first + 3))
    samples = open_source(kept(frame)).read()
    assert samples.columns == ["age", "sugar"]
    (remark,) = samples.remarks
    assert remark.startswith(f"column '{name}' of ")
    assert "is left out, as it " in remark
    assert open_source(kept(frame), columns=[name, "age"]).columns == [name, "age"]
    assert open_source(kept(frame), drop=[name]).remarks == ()


@pytest.mark.parametrize("values", [[1, 2, 4], [3, 2, 1], [0.5, 1.5, 2.5], [1, None, 3]])
def test_other_numbers_of_that_name_are_a_feature_and_that_is_said(kept, values):
    source = open_source(kept(FRAME.assign(id=values)))
    assert source.columns == ["age", "sugar", "id"]
    assert source.remarks[0].endswith("is used as a feature: --drop leaves out an id")


def test_counting_alone_makes_no_id(kept):
    assert open_source(kept(FRAME.assign(valid=[1, 2, 3]))).columns == ["age", "sugar", "valid"]


@pytest.mark.parametrize("name", ["patient", None])
def test_the_index_of_a_frame_in_parquet_is_the_id(tmp_path, name):
    FRAME.set_index(pd.Index([10, 30, 20], name=name)).to_parquet(tmp_path / "a.parquet")
    samples = open_source(tmp_path / "a.parquet", strict=True).read()
    assert (samples.columns, samples.ids) == (["age", "sugar"], ["10", "30", "20"])
    assert "as it is an index" in samples.remarks[0]


@pytest.mark.parametrize(
    "name", ["y", "target", "Class", "is_anomaly", "outlier", "Labels", "ground_truth", " label"]
)
def test_a_feature_that_is_named_like_a_label_is_noticed(kept, name):
    source = open_source(kept(FRAME.assign(**{name: [0, 0, 1]})))
    assert source.columns == ["age", "sugar", name]
    assert source.remarks[0].endswith(
        "is used as a feature: if it is a label, name it by --label-column or leave it out by --drop"
    )
    assert open_source(kept(FRAME.assign(**{name: [0, 0, 1]})), label_column=name).remarks == ()


@pytest.mark.parametrize(
    ("name", "unit", "n"),
    [("timestamp", "seconds", 1), ("time_ms", "milliseconds", 10**3), ("eventTime", "nanoseconds", 10**9)],
)
def test_numbers_since_1970_are_pointed_out_as_later_ones_are_unusual(name, unit, n):
    at = (1_700_000_000 + 60 * np.arange(8)) * n
    for values in (at, [None, *at[1:]]):
        assert open_source(pd.DataFrame({name: values, "x": range(8)}), strict=True).remarks[0] == (
            f"column {name!r} of the data frame is used as a feature, and looks like {unit} since 1970: far later rows "
            "are unusual by that alone, and --drop leaves it out"
        )
    others = pd.DataFrame({name: at / n / 1e6, "x": at, "Runtime": at, "y": [None, *range(7)]})
    assert not [said for said in open_source(others).remarks if "1970" in said]
    assert open_source(pd.DataFrame({name: ["a", "b"] * 4})).remarks[0].endswith("one for all others")


@pytest.mark.parametrize("name", ["date", "order_date", "Day", "dt", "yyyymmdd"])
def test_dates_in_digits_are_pointed_out_as_they_count_as_numbers(kept, name):
    dates = [20260128, 20260131, 20260201]
    assert (
        open_source(kept(FRAME.assign(**{name: dates})), strict=True)
        .remarks[0]
        .endswith(
            "is used as a feature, and looks like dates such as 20260128, which count as numbers: write 2026-01-28, or "
            "--drop leaves it out"
        )
    )
    for others in ([*dates[:2], 20261301], [*dates[:2], 20260132], [*dates[:2], 20260131.5], [1, 15, 31]):
        assert not open_source(kept(FRAME.assign(**{name: others}))).remarks


def test_coordinates_are_no_labels(kept):
    assert open_source(kept(FRAME.assign(x=[0, 0, 1], y=[0, 0, 1]))).remarks == ()


def test_columns_are_chosen_or_dropped_by_name(kept):
    frame = FRAME.assign(note=["x", "y", "z"])
    assert open_source(kept(frame), drop=["note"]).columns == ["age", "sugar"]
    source = open_source(kept(frame), columns=["sugar"])
    assert (source.columns, source.remarks) == (["sugar"], ())
    for given in ({"drop": ["colour"]}, {"columns": ["age", "colour"]}):
        with pytest.raises(InputError, match="has no column 'colour'; its columns are age, sugar, note"):
            open_source(kept(frame), **given)
    with pytest.raises(InputError, match="has no column of numbers"):
        open_source(kept(FRAME), drop=["age", "sugar"])
    with pytest.raises(InputError, match="columns is empty, expected the name of at least one column"):
        open_source(kept(FRAME), columns=[])


def test_what_has_no_columns_has_none_to_choose(tmp_path):
    for given in ({"drop": ["a"]}, {"columns": ["a"]}):
        with pytest.raises(InputError, match="holds no table, expected one as columns are chosen or dropped"):
            open_source(np.zeros((3, 2)), **given)


def test_a_model_takes_its_columns_by_name_and_the_rest_is_left_out_and_said(kept):
    frame = FRAME.assign(colour=[1, 2, 3], note=["x", "y", "z"], label=["a", "b", "a"], id=[7, 8, 9])
    source = open_source(kept(frame), shape=(2,), columns=["sugar", "age"])
    assert source.remarks[0].endswith("are left out, as the model does not use them")
    assert source.remarks[0].startswith("columns 'colour', 'note' of ")
    samples = source.read()
    assert samples.x.tolist() == FRAME[["sugar", "age"]].to_numpy().tolist()
    assert (samples.ids, samples.labels.tolist()) == (["7", "8", "9"], ["a", "b", "a"])
    with pytest.raises(InputError, match="refused by strict"):
        open_source(kept(frame), shape=(2,), columns=["sugar", "age"], strict=True)


def test_a_column_without_a_name_is_left_out_of_a_model_and_said_unless_it_holds_the_ids():
    of_model = {"shape": (2,), "columns": ["age", "sugar"]}
    source = open_source(FRAME.assign(**{"": [7, 8, 9]}), **of_model)
    assert source.remarks == ("column '' of the data frame is left out, as the model does not use it",)
    frame = FRAME.copy()
    frame.insert(0, "", [7, 8, 9])
    samples = open_source(frame, **of_model).read()
    assert (samples.ids, samples.remarks) == (["7", "8", "9"], ())


def test_a_model_without_names_takes_columns_by_position_and_says_so(kept):
    for id in (["x", "y", "z"], [1, 2, 3]):
        samples = open_source(kept(FRAME.assign(id=id)), shape=(2,)).read()
        assert (samples.columns, samples.ids) == (["age", "sugar"], [str(i) for i in id])
    source = open_source(kept(FRAME), shape=(2,))
    assert source.read().x.tolist() == FRAME.to_numpy().tolist()
    assert source.remarks[0].endswith("are taken by their positions, as the model has no column names")


def test_an_index_of_damaged_metadata_is_a_feature(tmp_path):
    table = pa.table({"age": [1.0, 5.0]}).replace_schema_metadata(
        {"pandas": json.dumps({"index_columns": 1})}
    )
    pq.write_table(table, tmp_path / "a.parquet")
    assert open_source(tmp_path / "a.parquet").columns == ["age"]


def test_a_column_is_chosen_once_and_is_not_also_dropped():
    table = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 5.0]})
    with pytest.raises(InputError, match="column 'a' is chosen 2 times, expected once"):
        open_source(table, columns=["a", "b", "a"])
    with pytest.raises(
        InputError, match="column 'a' is among the columns that are chosen and among those that are"
    ):
        open_source(table, columns=["a", "b"], drop=["a"])


@pytest.mark.parametrize("of_model", [{}, {"shape": (2,)}])
def test_a_feature_holds_no_labels(kept, of_model):
    sentence = r"column 'age' of .* is a feature, expected another as the label column"
    with pytest.raises(InputError, match=sentence):
        open_source(kept(FRAME), columns=["sugar", "age"], label_column="age", **of_model)
