"""JSON Lines as tables, and sentences for what is none."""

from __future__ import annotations

import gzip
import json

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from ama.data.sources import open_source
from ama.data.tables import json_tables
from ama.errors import InputError

N = 60


def store(path, rows):
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return path


def test_keys_are_columns_and_a_missing_one_is_a_missing_value(tmp_path):
    rows = [{"a": i / 3, "b": i, "flag": i % 2 == 0, "label": "good"} for i in range(N)]
    del rows[7]["b"]
    samples = open_source(store(tmp_path / "x.jsonl", rows)).read()
    assert set(samples.labels) == {"good"}
    assert np.allclose(samples.x[:, 0], np.arange(N) / 3)
    assert samples.encoding is not None  # of the missing value


def test_the_time_zone_of_a_time_is_kept(tmp_path):
    rows = [{"when": f"2026-01-01T{i % 24:02}:00:00+02:00", "a": i} for i in range(N)]
    source = open_source(store(tmp_path / "x.jsonl", rows))
    assert source.encoding is not None
    assert "UTC" in str(source.encoding) or "zoned=True" in str(source.encoding)


def test_a_number_of_which_only_the_last_has_a_fraction_is_no_error(tmp_path):
    rows = [{"a": i, "b": 1 - i} for i in range(100_000)] + [{"a": 0.5, "b": 1}]
    assert open_source(store(tmp_path / "x.jsonl", rows)).read().x[-1, 0] == 0.5


@pytest.mark.parametrize(
    ("first", "n"), [(2**70 + 1, N), (-(2**70) - 1, N), (2**53 + 1, N), (2**70 + 0.5, 0), (10**45 + 7, 0)]
)
def test_whole_numbers_that_are_rounded_are_told_as_of_csv(tmp_path, first, n):
    rows = [{"a": first + 2 * i, "b": i, "when": f"2026-01-01T{i % 24:02}:00:00+02:00"} for i in range(N)]
    lines = "".join(f"{row['a']},{row['b']},{row['when']}\n" for row in rows)
    (tmp_path / "x.csv").write_text(f"a,b,when\n{lines}")
    samples = open_source(store(tmp_path / "x.jsonl", rows)).read()
    found = [said.replace("x.jsonl", "x.csv") for said in samples.remarks]
    assert found == list(open_source(tmp_path / "x.csv").read().remarks)
    assert any(f"holds {n} whole numbers beyond 2**53" in said for said in found) == (n > 0)
    assert samples.x[:, 0].tolist() == [float(row["a"]) for row in rows]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            '{"a": 1}\n{"a": "x"}\n',
            r"x\.jsonl has a string in row 2 \(counted from 1\), column 'a', expected a number",
        ),
        ("1\n2\n", r"x\.jsonl does not begin with an object, expected JSON Lines such as"),
        ("[]", r"x\.jsonl holds an empty array, expected one of objects"),
        (
            '[{"a": 1}, [2]]',
            r"x\.jsonl has no object in row 2 \(counted from 1\) of its array, expected objects",
        ),
        (
            '[{"a": 1}, {"a": 2}',
            r"x\.jsonl cannot be read as a JSON array: Expecting ',' delimiter: line 1 column 20",
        ),
        ("[" * 100_000, r"x\.jsonl cannot be read as a JSON array: "),
        ('[{"a": 1, "a": 2}]', r"x\.jsonl cannot be read as a JSON array: an object holds a key twice"),
        (
            '[{"a": 1}, {"a": "x"}]',
            r"x\.jsonl has a string in row 2 \(counted from 1\), column 'a', expected a number",
        ),
        ("\n \n", r"x\.jsonl is an empty file, expected JSON Lines"),
        ('{"a": 1}\n{"a": 2', r"x\.jsonl cannot be read: JSON parse error.* in row 2 \(counted from 1\)$"),
        (
            '{"a": 1, "a": 2}\n',
            r"x\.jsonl cannot be read: JSON parse error: Column\(/a\) was specified twice in row 1 \(counted from 1\)",
        ),
        ('{"a": [{"k": 1}]}\n{"a": []}\n', r"column 'a' of .*x\.jsonl holds a value of type list<.*struct"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path, text, told):
    (tmp_path / "x.jsonl").write_text(text)
    with pytest.raises(InputError, match=told):
        open_source(tmp_path / "x.jsonl")


@pytest.mark.parametrize("name", ["x.json", "x.json.gz", "x.jsonl"])
def test_an_array_of_objects_is_the_table_of_its_lines(tmp_path, name):
    rows = [{"a": i / 3, "kind": f"é{i % 3}", "b": i} for i in range(N)]
    del rows[7]["b"]
    text = json.dumps(rows, ensure_ascii=False, indent=2).encode()
    (tmp_path / name).write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
    found, expected = open_source(tmp_path / name), open_source(store(tmp_path / "lines.jsonl", rows))
    assert found.encoding == expected.encoding
    assert torch.equal(found.read().x, expected.read().x)


def test_pandas_records_have_the_scores_of_the_frame(tmp_path):
    frame = pd.DataFrame({"a": np.arange(N) / 8, "kind": ["x", "y", None] * (N // 3)})
    frame.to_json(tmp_path / "x.json", orient="records")
    assert torch.equal(open_source(tmp_path / "x.json").read().x, open_source(frame).read().x)


def test_a_json_file_beside_images_is_not_the_table_of_the_folder(tmp_path):
    for i in range(3):
        Image.new("L", (8, 8), i).save(tmp_path / f"{i}.png")
    (tmp_path / "annotations.json").write_text('[{"a": 1}]')
    source = open_source(tmp_path)
    assert len(source) == 3
    assert any(".json" in remark for remark in source.remarks)


def test_what_is_too_large_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(json_tables, "MAX_BYTES", 100)
    with pytest.raises(InputError, match=r"x\.jsonl holds more than 2 GiB, expected less of JSON Lines"):
        open_source(store(tmp_path / "x.jsonl", [{"a": i} for i in range(50)]))
    monkeypatch.setattr(json_tables, "MAX_ARRAY", 90)
    (tmp_path / "y.json").write_text(json.dumps([{"a": i} for i in range(10)]))
    with pytest.raises(InputError, match=r"y\.json holds an array of more than 256 MiB, expected JSON Lines"):
        open_source(tmp_path / "y.json")


def test_lines_of_arrays_are_rows(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text("[1, 2.5]\n[3, null]\n\n[4, 5]\n")
    source = open_source(path)
    assert source.remarks[0] == f"{path}: its arrays have no column names, which are 1 to 2"
    assert (source.columns, len(source), source.read().x[:, 0].tolist()) == (["1", "2"], 3, [1, 3, 4])
    path.write_text("[1, 2]\n[3, 4]\n[5\n")
    with pytest.raises(InputError, match=r"as a JSON array: .* of line 3"):
        open_source(path)
