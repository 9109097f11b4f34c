"""Rows in JSON and Arrow as tables."""

from __future__ import annotations

import io
import json
from contextlib import suppress

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from served import WITHOUT_EXTRA

pytest.importorskip("fastapi", reason=WITHOUT_EXTRA)

from ama.data.samples import Wanted
from ama.errors import InputError
from ama.serving.limits import Limits
from ama.serving.refusals import RefusedError
from ama.serving.request_tables import arrow_table, json_table

LIMITS = Limits(samples=100)


def table_of(rows) -> pa.Table:
    found = json_table(json.dumps(rows).encode(), Wanted(), LIMITS)
    return pa.Table.from_batches(found.stream(found.schema.names, 100))


@given(st.lists(st.lists(st.floats(allow_nan=False), min_size=3, max_size=3), min_size=1, max_size=20))
def test_numbers_are_read_bit_for_bit(rows):
    found = table_of([dict(zip("abc", row, strict=True)) for row in rows])
    assert np.array_equal(np.column_stack([found[name] for name in "abc"]), np.array(rows))
    assert table_of(rows).column_names == ["0", "1", "2"]


def test_columns_have_the_types_of_their_values():
    found = table_of([{"a": 1, "b": "x", "c": True, "d": None, "e": 2**2000}, {"b": 3, "c": None}])
    assert found.to_pydict() == {
        "a": [1.0, None],
        "b": ["x", "3"],
        "c": [True, None],
        "d": [None, None],
        "e": [float("inf"), None],
    }


def test_lists_of_numbers_are_vectors():
    found = table_of([{"v": [1, 2.5], "a": 0}, {"v": [3, 2**2000], "a": 1}])
    assert found.to_pydict() == {"v": [[1.0, 2.5], [3.0, float("inf")]], "a": [0.0, 1.0]}
    for odd in (["x"], [None], [[1.0]], {"b": 1}):
        with pytest.raises(InputError, match=r"or a list of numbers in each row$"):
            table_of([{"v": odd}])


def test_objects_that_the_model_knows_by_their_fields_are_columns():
    wanted = Wanted(columns=["t", "s.a", "s.p.x", "s.p.v[0]", "s.p.v[1]", "u"])

    def read(*rows):
        found = json_table(json.dumps(rows).encode(), wanted, LIMITS)
        return pa.Table.from_batches(found.stream(found.schema.names, 100)).to_pydict()

    row = {"t": 1, "s": {"a": 2, "p": {"x": 3, "v": [4, 5]}}, "u": 6}
    expected = {"t": [1], "s.a": [2], "s.p.x": [3], "s.p.v": [[4, 5]], "u": [6]}
    assert read(row) == read({"t": 1, "s.a": 2, "s.p": {"x": 3, "v": [4, 5]}, "u": 6}) == expected
    assert read(row, {"t": 7, "s.p.v": [8, 9]})["s.a"] == [2, None]
    with pytest.raises(InputError, match=r"column 'u' of the request holds an object in row 1"):
        read({"u": {"a": 1}})
    with pytest.raises(InputError, match=r"column 'other' of the request holds an object in row 1"):
        read({"t": 1, "other": {"a": 1}})
    with pytest.raises(InputError, match=r"the request has two columns named 's.a'"):
        read({"s": {"a": 1}, "s.a": 2})


@pytest.mark.parametrize(
    ("value", "key"),
    [
        ({"instances": [{"t": 1, "u": 2}, {"t": 3, "u": None}]}, "instances"),
        ({"data": [{"t": 1, "u": 2}, {"t": 3}], "model": "x", "n": 2}, "data"),
        ({"inputs": [[1, 2], [3, None]]}, "inputs"),
        ({"columns": ["t", "u"], "data": [[1, 2], [3, None]]}, "data"),
        ({"dataframe_split": {"columns": ["t", "u"], "index": [0, 1], "data": [[1, 2], [3, None]]}}, "data"),
    ],
)
def test_the_rows_of_an_object_that_is_none_are_read_and_said(value, key):
    wanted = Wanted(columns=["t", "u"])
    found = json_table(json.dumps(value).encode(), wanted, LIMITS)
    assert wanted.remarks == [f"the request: its rows are those of {key!r}"]
    columns = pa.Table.from_batches(found.stream(found.schema.names, 100)).to_pydict()
    assert [*columns.values()] == [[1, 3], [2, None]]


def test_an_object_with_a_column_of_the_model_is_a_row():
    for columns, row in (
        (["t", "v[0]", "v[1]"], {"v": [1, 2]}),
        (["s.a"], {"s": {"a": 1}}),
        (["t"], {"t": 1, "x": 2}),
    ):
        wanted = Wanted(columns=columns)
        assert json_table(json.dumps(row).encode(), wanted, LIMITS).n_rows == 1
        assert not wanted.remarks


def arrow(table: pa.Table, **options) -> bytes:
    file = io.BytesIO()
    with pa.ipc.new_stream(file, table.schema, options=pa.ipc.IpcWriteOptions(**options)) as stream:
        stream.write_table(table)
    return file.getvalue()


TABLES = [
    pa.table({"a": [1.0, 2.0]}),
    pa.table({"a": ["x", "y"]}).cast(pa.schema([("a", pa.dictionary(pa.int8(), pa.string()))])),
]


@pytest.mark.parametrize("table", TABLES)
def test_compressed_streams_alone_are_refused(table):
    assert arrow_table(arrow(table), LIMITS).n_rows == 2
    for compression in ("lz4", "zstd"):
        with pytest.raises(InputError, match="the request holds a compressed stream of Arrow"):
            arrow_table(arrow(table, compression=compression), LIMITS)


@given(st.data())
def test_damaged_streams_are_refused_or_read(data):
    body = bytearray(arrow(TABLES[1]))
    for _ in range(data.draw(st.integers(1, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    with suppress(InputError):  # anything else is a fault
        arrow_table(bytes(body), LIMITS)


def test_too_many_rows_are_refused():
    for read in (
        lambda: json_table(json.dumps([[1]] * 101).encode(), Wanted(), LIMITS),
        lambda: arrow_table(arrow(pa.table({"a": [1.0] * 101})), LIMITS),
    ):
        with pytest.raises(RefusedError, match="the request has 101 samples, expected at most 100"):
            read()


def test_a_stream_that_was_cut_or_is_followed_by_more_is_refused():
    sink = pa.BufferOutputStream()
    table = pa.table({"a": np.arange(9.0)})
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table, max_chunksize=3)
    body = sink.getvalue().to_pybytes()
    assert arrow_table(body, LIMITS).n_rows == 9
    starts = [at for at in range(len(body)) if body[at : at + 4] == b"\xff\xff\xff\xff"]
    with pytest.raises(InputError, match="without its end: it was cut after 6 rows"):
        arrow_table(body[: starts[3]], LIMITS)
    for more in (body, b"x"):
        with pytest.raises(
            InputError, match=f"holds {len(more):,} bytes after its stream of Arrow, expected one"
        ):
            arrow_table(body + more, LIMITS)


def test_whole_numbers_and_booleans_in_a_column_of_text_are_as_everywhere():
    found = table_of([{"a": "x"}, {"a": 1.0}, {"a": 2}, {"a": True}])
    assert found["a"].to_pylist() == ["x", "1", "2", "True"]
