"""Tables in one JSON value."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import torch

from ama.data.sources import open_source
from ama.data.tables.json_documents import rows_of

N = 30
FRAME = pd.DataFrame({"a": np.arange(N) / 8, "kind": ["x", "y", "z"] * (N // 3), "b": np.arange(N) % 7 + 0.5})
RECORDS = FRAME.to_dict("records")
SAID = {
    "records": None,
    "split": "its rows are those of 'data', with the names of 'columns'",
    "columns": "the keys of its inner objects are taken for labels of rows, and left out",
    "index": "the keys of its object are taken for labels of rows, and left out",
    "table": "its rows are those of 'data'; 'schema' left out",
}


@pytest.mark.parametrize("indent", [0, 2])
@pytest.mark.parametrize("index", [None, "day"])
@pytest.mark.parametrize(("orient", "said"), SAID.items())
def test_what_pandas_writes_is_the_frame(tmp_path, orient, said, index, indent):
    frame = FRAME
    if index is not None:
        frame = FRAME.set_axis([f"2026-01-{i + 1:02}" for i in range(N)]).rename_axis(index)
    frame.to_json(tmp_path / "x.json", orient=orient, indent=indent)
    source = open_source(tmp_path / "x.json", columns=[*FRAME])
    assert torch.equal(source.read().x, open_source(FRAME).read().x)
    remarks = [remark for remark in source.remarks if remark.startswith(f"{tmp_path}/x.json: ")]
    assert remarks == ([f"{tmp_path}/x.json: {said}"] if said else [])


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"results": RECORDS}, "its rows are those of 'results'"),
        ({"next": None, "results": RECORDS, "n": N}, "its rows are those of 'results'; 'next', 'n' left out"),
        (FRAME.to_dict("list"), "its lists are taken for columns"),
        ([[*FRAME], *FRAME.to_numpy().tolist()], "the first array is taken for the column names"),
        (
            {"values": [[*FRAME], *FRAME.to_numpy().tolist()]},
            "its rows are those of 'values'; the first array is taken for the column names",
        ),
    ],
)
def test_answers_of_services_and_lists_are_tables(tmp_path, value, said):
    (tmp_path / "x.json").write_text(json.dumps(value))
    source = open_source(tmp_path / "x.json")
    assert torch.equal(source.read().x, open_source(FRAME).read().x)
    assert f"{tmp_path}/x.json: {said}" in source.remarks


def test_arrays_without_names_have_numbers():
    rows = rows_of([[1, 2], [3, 4]])
    assert rows.rows == [{"1": 1, "2": 2}, {"1": 3, "2": 4}]
    assert rows.said == "its arrays have no column names, which are 1 to 2"
    assert rows_of([["x", 2], ["y", 4]]).rows[0] == {"1": "x", "2": 2}
    assert rows_of([["x", "y"], ["y", "z"]]).rows[0] == {"1": "x", "2": "y"}


@pytest.mark.parametrize(
    "value",
    [
        {"a": 1, "kind": "x"},
        {"a": 1, "embedding": [0.5] * 384},
        {"x": [1, 2], "y": [3, 4]},  # two vectors
        {"sensor": {"speed": 1, "flow": 2}, "motor": {"speed": 3, "flow": 4}},
        {"a": [], "b": []},
        [1, 2],
        [[1], [2, 3]],
        {"columns": ["a", "b"], "data": [[1], [2]], "more": [[3], [4]]},
        [],
        None,
    ],
)
def test_a_row_is_none_of_them(value):
    assert rows_of(value) is None


def test_of_columns_with_one_name_none_is_lost():
    rows = rows_of({"columns": ["a", "a"], "data": [[1, 2], [3, 4]]})
    assert rows.rows == [{"1": 1, "2": 2}, {"1": 3, "2": 4}]
    assert rows.said.startswith(
        "its rows are those of 'data'; 'columns' left out; its arrays have no column names"
    )


def test_a_row_is_read_as_before(tmp_path):
    (tmp_path / "x.json").write_text(json.dumps({"a": 1, "s": {"b": 2.5, "c": 3}}, indent=2))
    table = open_source(tmp_path / "x.json").read()
    assert table.columns == ["a", "s.b", "s.c"]
    assert table.x.tolist() == [[1, 2.5, 3]]
