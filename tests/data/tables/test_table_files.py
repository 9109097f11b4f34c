"""One table in every kind of file is the same samples."""

from __future__ import annotations

import bz2
import gzip

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pyarrow.parquet
import pytest
import torch

from ama.data.sources import open_source
from ama.data.tables.table_files import TABLES, file_suffix
from ama.errors import InputError

N = 60


def frame():
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "level": rng.normal(size=N),
            "count": rng.integers(0, 9, N),
            "line": rng.choice(["A", "B", "c, d"], N),
            "open": rng.choice([True, False], N),
            "when": pd.date_range("2026-01-01", periods=N, freq="7h").strftime("%Y-%m-%d %H:%M:%S"),
            "flow": np.where(rng.random(N) < 0.1, np.nan, rng.gamma(2, size=N)),
            "label": "good",
        }
    )


def zstd(data: bytes) -> bytes:
    return pa.compress(data, "zstd", asbytes=True)


def store(path):
    data = frame()
    kind, _, packed = path.name.partition(".")[2].partition(".")
    plain = path.with_suffix("") if packed else path
    if kind == "parquet":
        data.to_parquet(plain, index=False)
    elif kind in ("csv", "tsv"):
        data.to_csv(plain, index=False, sep="," if kind == "csv" else "\t")
    elif kind in ("jsonl", "ndjson"):
        data.to_json(plain, orient="records", lines=True, double_precision=15)
    else:
        pa.feather.write_feather(data, plain)
    if packed:
        compress = {"gz": gzip.compress, "bz2": bz2.compress, "zst": zstd}[packed]
        path.write_bytes(compress(plain.read_bytes()))
        plain.unlink()
    return path


NAMES = [*(f"x{kind}" for kind in TABLES), "x.csv.gz", "x.csv.bz2", "x.csv.zst", "x.tsv.gz", "x.jsonl.gz"]


@pytest.mark.parametrize("name", NAMES)
def test_the_same_rows_are_the_same_samples(tmp_path, name):
    learned = open_source(frame())
    expected = learned.read()
    by_itself = open_source(store(tmp_path / name)).read()
    assert torch.allclose(by_itself.x, expected.x, rtol=1e-12, atol=1e-12)
    found = open_source(
        tmp_path / name, shape=learned.shape, columns=learned.columns, encoding=learned.encoding
    ).read()
    assert torch.allclose(found.x, expected.x, rtol=1e-12, atol=1e-12)
    assert (found.ids, found.labels.tolist()) == (expected.ids, expected.labels.tolist())


@pytest.mark.parametrize("name", ["x.csv", "x.jsonl", "x.arrow", "x.tsv"])
def test_a_file_may_be_named_without_its_suffix(tmp_path, name):
    store(tmp_path / name)
    assert len(open_source(tmp_path / "x")) == N


def test_a_table_of_tabs_by_its_name_is_no_remark(tmp_path):
    source = open_source(store(tmp_path / "x.tsv"))
    assert not [said for said in source.remarks if "separated" in said]
    (tmp_path / "y.tsv").write_text("a,b\n1,2\n3,4\n")
    assert "y.tsv is taken as separated by commas" in str(open_source(tmp_path / "y.tsv").remarks)


@pytest.mark.parametrize(
    ("name", "suffix"),
    [
        ("A.CSV", ".csv"),
        ("a.csv.GZ", ".csv"),
        ("a.b.jsonl.zst", ".jsonl"),
        ("a.parquet.gz", ".gz"),
        ("a", ""),
    ],
)
def test_the_suffix_says_what_a_file_holds(name, suffix):
    assert file_suffix(name) == suffix


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (
            gzip.compress(b"a,b\n" + b"1,2\n" * 9999, mtime=0)[:-20],
            r"x\.csv\.gz cannot be read: Truncated compressed stream",
        ),
        (b"a,b\n1,2\n", r"x\.csv\.gz cannot be read: zlib inflate failed"),
        (gzip.compress(b"", mtime=0), r"x\.csv\.gz is an empty file, expected CSV"),
    ],
    ids=["truncated", "not compressed", "empty"],
)
def test_a_damaged_compressed_file_is_refused(tmp_path, data, told):
    (tmp_path / "x.csv.gz").write_bytes(data)
    with pytest.raises(InputError, match=told):
        open_source(tmp_path / "x.csv.gz").read()
