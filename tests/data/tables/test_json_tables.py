"""JSON Lines as tables, and sentences for what is none."""

from __future__ import annotations

import json

import numpy as np
import pytest

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
        ('[{"a": 1}, {"a": 2}]', r"x\.jsonl does not begin with an object, expected JSON Lines such as"),
        ("\n \n", r"x\.jsonl is an empty file, expected JSON Lines"),
        ('{"a": 1}\n{"a": 2', r"x\.jsonl cannot be read: JSON parse error.* in row 2 \(counted from 1\)$"),
        (
            '{"a": 1, "a": 2}\n',
            r"x\.jsonl cannot be read: JSON parse error: Column\(/a\) was specified twice in row 1 \(counted from 1\)",
        ),
        ('{"a": {"k": 1}}\n{"a": {"k": 2}}\n', r"column 'a' of .*x\.jsonl holds a value of type struct"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path, text, told):
    (tmp_path / "x.jsonl").write_text(text)
    with pytest.raises(InputError, match=told):
        open_source(tmp_path / "x.jsonl")


def test_what_is_too_large_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(json_tables, "MAX_BYTES", 100)
    with pytest.raises(InputError, match=r"x\.jsonl holds more than 2 GiB, expected less of JSON Lines"):
        open_source(store(tmp_path / "x.jsonl", [{"a": i} for i in range(50)]))
