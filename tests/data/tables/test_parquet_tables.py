"""Parquet files of every type, damaged ones, and small files of much."""

from __future__ import annotations

import decimal
import itertools
import json
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from ama.data.sources import open_source
from ama.data.tables import parquet_tables
from ama.errors import InputError

N = 8
X = pa.array(np.arange(N) / 3)


def store(path, columns, metadata=None):
    pq.write_table(pa.table({"x": X, **columns}).replace_schema_metadata(metadata), path)
    return path


def no_utf8() -> pa.Array:
    offsets = np.arange(0, 2 * N + 1, 2, dtype=np.int32)
    return pa.Array.from_buffers(pa.string(), N, [None, pa.py_buffer(offsets), pa.py_buffer(b"\xff\xfe" * N)])


LABELS = {
    "text": (pa.array(["a"] * N), "a"),
    "no UTF-8": (no_utf8(), "\ufffd\ufffd"),
    "a line end": (pa.array(["a\nb"] * N), "a b"),
    "categories": (pa.array(["a"] * N).dictionary_encode(), "a"),
    "fractions": (pa.array([0.5] * N), "0.5"),
    "missing": (pa.nulls(N), ""),
    "dates": (pa.array([0] * N, pa.timestamp("s")), "1970-01-01 00:00:00"),
    "dates beyond Python's": (
        pa.array([10**14] * N, pa.timestamp("s")),
        "<value out of range: 100000000000000000>",
    ),
    "large decimals": (pa.array([decimal.Decimal(10) ** 60] * N, pa.decimal256(76, 0)), "1" + "0" * 60),
}


@pytest.mark.parametrize("kind", LABELS)
@pytest.mark.parametrize("column", ["label", "id"])
def test_labels_and_ids_of_any_type_are_text(tmp_path, kind, column):
    stored, expected = LABELS[kind]
    samples = open_source(store(tmp_path / "a.parquet", {column: stored}), columns=["x"]).read()
    found = samples.labels.tolist() if column == "label" else samples.ids
    assert found == [expected] * N


@pytest.mark.parametrize(
    "metadata",
    [
        {"huggingface": "{"},
        {"huggingface": "[" * 100_000},
        {"huggingface": "null"},
        {"huggingface": json.dumps({"info": None})},
        {"huggingface": json.dumps({"info": {"features": {"label": {"names": {"a": 1}}}}})},
        {"pandas": "{"},
        {"pandas": json.dumps({"index_columns": 5})},
        {"pandas": json.dumps({"index_columns": [5, None, {"kind": "range"}]})},
    ],
    ids=str,
)
def test_damaged_metadata_are_passed_over(tmp_path, metadata):
    samples = open_source(store(tmp_path / "a.parquet", {"label": [1] * N}, metadata)).read()
    assert (samples.columns, samples.labels.tolist()) == (["x"], ["1"] * N)


def test_class_names_are_for_whole_numbers_alone(tmp_path):
    names = {"huggingface": json.dumps({"info": {"features": {"label": {"names": ["cat", "dog"]}}}})}
    for stored, expected in (([1] * N, "dog"), ([0.5] * N, "0.5"), ([7] * N, "7"), ([-1] * N, "-1")):
        samples = open_source(store(tmp_path / "a.parquet", {"label": stored}, names)).read()
        assert samples.labels.tolist() == [expected] * N


NUMBERS = {
    "decimals": pa.array([decimal.Decimal(2)] * N),
    "large decimals": pa.array([decimal.Decimal(2)] * N, pa.decimal256(76, 0)),
    "half": pa.array(np.full(N, 2, np.float16)),
    "unsigned": pa.array(np.full(N, 2, np.uint64)),
    "categories": pa.DictionaryArray.from_arrays(pa.array([0] * N), pa.array([2.0])),
}


@pytest.mark.parametrize("kind", NUMBERS)
def test_whatever_is_a_number_is_a_feature(tmp_path, kind):
    samples = open_source(store(tmp_path / "a.parquet", {"y2": NUMBERS[kind]})).read()
    assert samples.x[:, 1].tolist() == [2] * N


ENCODED = {
    "text": pa.array(["low"] * N).dictionary_encode(),
    "text with a missing one": pa.array(["low", None] * (N // 2)),
    "dates": pa.array(range(N), pa.date32()),
    "moments": pa.array(range(N), pa.timestamp("s")),
    "moments of a zone": pa.array(range(N), pa.timestamp("s", "Europe/Berlin")),
    "times": pa.array(range(N), pa.time32("s")),
    "durations": pa.array(range(N), pa.duration("s")),
}


@pytest.mark.parametrize("kind", ENCODED)
def test_text_dates_and_durations_are_encoded(tmp_path, kind):
    samples = open_source(store(tmp_path / "a.parquet", {"k": ENCODED[kind]})).read()
    assert samples.columns[-1] == "k"
    assert samples.encoding.width == samples.x.shape[1]
    assert samples.x.isfinite().all()


OTHERS = {
    "a value of type list<.*>": pa.array([["x"]] * N),
    "a value of type list<.*struct.*>": pa.array([[{"a": 1}]] * N),
    "a value of type map<.*>": pa.array([[("a", 1)]] * N, pa.map_(pa.string(), pa.int64())),
}


@pytest.mark.parametrize("shown", OTHERS)
def test_other_types_are_refused_with_the_first_value(tmp_path, shown):
    path = store(tmp_path / "a.parquet", {"k": OTHERS[shown]})
    with pytest.raises(
        InputError, match=rf"^column 'k' of {path} holds {shown} in row 1 \(counted from 1\), exp"
    ):
        open_source(path)


def test_columns_without_a_value_are_left_out_and_labels_that_are_lists_refused(tmp_path):
    path = store(tmp_path / "a.parquet", {"k": pa.nulls(N)})
    source = open_source(path)
    assert "k" not in source.columns
    assert source.remarks == (f"column 'k' of {path} is left out, as it holds no value",)
    for column in ("id", "label"):
        path = store(tmp_path / "a.parquet", {column: [[1]] * N})
        with pytest.raises(
            InputError, match=f"column '{column}' of .* of type list<.*>, expected text or num"
        ):
            open_source(path).read()


def test_a_long_label_takes_its_length_once(tmp_path):
    codes = pa.array(np.zeros(20_000, np.int32))
    table = {"x": np.arange(20_000), "label": pa.DictionaryArray.from_arrays(codes, ["z" * 500_000])}
    pq.write_table(pa.table(table), tmp_path / "a.parquet")
    default, counted = pa.default_memory_pool(), pa.proxy_memory_pool(pa.default_memory_pool())
    pa.set_memory_pool(counted)
    try:
        samples = open_source(tmp_path / "a.parquet").read()
    finally:
        pa.set_memory_pool(default)
    assert counted.max_memory() < 20 * 500_000
    assert samples.labels.nbytes == 20_000 * 8
    assert set(samples.labels) == {"z" * 500_000}


def test_a_small_file_of_many_rows_is_streamed_and_not_held(tmp_path):
    pq.write_table(pa.table({"x": np.ones(110_000_000, np.int8)}), tmp_path / "a.parquet")
    source = open_source(tmp_path / "a.parquet")
    with pytest.raises(
        InputError, match=r"holds 110000000 rows of 1 column, .*, more than can be held in memory"
    ):
        source.read()
    assert len(next(source.batches())) == 4096


def test_a_description_of_columns_has_its_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet_tables, "MAX_FOOTER", 100)
    with pytest.raises(InputError, match="describes its columns in 0 MiB, expected at most"):
        open_source(store(tmp_path / "a.parquet", {}))


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


def test_what_lies_beside_shards_is_said(tmp_path):
    pq.write_table(pa.table({"x": np.arange(9.0)}), tmp_path / "0.parquet")
    (tmp_path / "_SUCCESS").touch()
    (tmp_path / ".hidden").touch()
    assert open_source(tmp_path).remarks == ()
    (tmp_path / "b.csv").write_text("x\n1\n")
    (tmp_path / "more").mkdir()
    said = f"{tmp_path} is read from its 1 shard (.parquet), without b.csv, more"
    assert open_source(tmp_path).remarks == (said,)
    with pytest.raises(InputError, match=r"without b\.csv, more \(refused by strict\)"):
        open_source(tmp_path, strict=True)


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        (
            {"a": [1], "b": ["x"]},
            r"column 2 of .*1.parquet is b \(string\), expected b \(double\) as in 0.parquet",
        ),
        ({"a": [1]}, r"column 2 of .*1.parquet is none, expected b \(double\)"),
        ({"a": [1], "b": [1.0], "c": [1]}, r"column 3 of .*1.parquet is c \(int64\), expected none"),
    ],
)
def test_the_column_in_which_shards_differ_is_named(tmp_path, columns, sentence):
    pq.write_table(pa.table({"a": [1], "b": [1.0]}), tmp_path / "0.parquet")
    pq.write_table(pa.table(columns), tmp_path / "1.parquet")
    with pytest.raises(InputError, match=sentence):
        open_source(tmp_path)


def test_shards_may_differ_in_the_order_of_columns_and_in_types_of_numbers_and_text(tmp_path):
    parts = [
        {"a": [1, 2], "b": ["x", "x"], "v": [[1.0, 2.0]] * 2},
        {"b": pa.array(["x"]).dictionary_encode(), "a": [0.5], "v": pa.array([[3, 4]])},
        {"a": pa.nulls(1), "b": pa.nulls(1), "v": pa.array([[5, 6]], pa.list_(pa.float32(), 2))},
    ]
    for i, part in enumerate(parts):
        pq.write_table(pa.table(part), tmp_path / f"{i}.parquet")
    source = open_source(tmp_path)
    assert source.columns == ["a", "b", "v[0]", "v[1]"]
    whole = pa.table(
        {"a": [1, 2, 0.5, None], "b": ["x", "x", "x", None], "v": [[1, 2], [1, 2], [3, 4], [5, 6]]}
    )
    assert torch.equal(source.read().x, open_source(whole).read().x)
    assert torch.equal(source.part(1, 4).read().x, source.read().x[1:])


def test_shards_may_differ_in_whether_values_may_be_missing(tmp_path):
    for i, may_be_missing in enumerate([True, False]):
        schema = pa.schema([pa.field("a", pa.float64(), may_be_missing)])
        pq.write_table(pa.table({"a": [i + 0.5]}, schema), tmp_path / f"{i}.parquet")
    assert open_source(tmp_path).read().x.tolist() == [[0.5], [1.5]]


@pytest.mark.parametrize("counted", [1, -1])
def test_a_footer_that_counts_other_rows_than_there_are_is_damaged(tmp_path, counted):
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"a": [0.5] * 77}), path, row_group_size=20)
    content = path.read_bytes()
    footer = content[-8 - int.from_bytes(content[-8:-4], "little") :]
    # In the footer a whole number is a zigzag varint; the first one of 77 is the number of rows of the file.
    changed = footer.replace(zigzag(77), zigzag(counted), 1)
    if len(changed) < len(footer):
        changed = changed[:-8] + (len(changed) - 8).to_bytes(4, "little") + b"PAR1"
    path.write_bytes(content[: -len(footer)] + changed)
    with pytest.raises(InputError, match=rf"x.parquet is damaged: it counts {counted} rows, and .* 77$"):
        open_source(path)


def zigzag(n):
    """Thrift's compact form of a whole number."""
    n, found = (n << 1) ^ (n >> 63), bytearray()
    while n > 127:
        found.append(n & 127 | 128)
        n >>= 7
    return bytes([*found, n])


def test_timestamps_of_spark_may_be_beyond_the_year_2262(tmp_path):
    moments = [datetime(2026, 1, 1), datetime(9999, 12, 31), datetime(1, 1, 1)]
    table = pa.table({"until": pa.array(moments, pa.timestamp("us"))})
    pq.write_table(table, tmp_path / "t.parquet", use_deprecated_int96_timestamps=True)
    assert open_source(tmp_path / "t.parquet").read().x[:, 0].tolist() == [739_616, 3_652_058, 0]
