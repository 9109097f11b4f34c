"""Columns of views, columns encoded by their runs, and periods of pandas."""

from __future__ import annotations

import io
import pickle
import subprocess
import sys

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from PIL import Image

from ama.data.sources import open_source

A = [0.5, 1.5, 2.5]
FREQUENCIES = [
    "Y",
    "Y-MAR",
    "Q",
    "Q-JAN",
    "3M",
    "W",
    "W-THU",
    "W-SAT",
    "D",
    "2D",
    "h",
    "min",
    "s",
    "ms",
    "us",
]


def of_runs(values, lengths=(2, 3)) -> pa.Array:
    return pa.RunEndEncodedArray.from_arrays(pa.array(lengths, pa.int32()), values)


def test_columns_encoded_by_their_runs_are_what_they_stand_for(tmp_path):
    table = pa.table({"a": A, "k": of_runs([1.0, None]), "label": of_runs(["good", "bad"])})
    with pa.ipc.new_file(tmp_path / "t.arrow", table.schema) as file:
        file.write_table(table)
    for source in (table, tmp_path / "t.arrow"):
        opened = open_source(source)
        samples = opened.read()
        assert samples.x.tolist() == [[0.5, 1, 0], [1.5, 1, 0], [2.5, 1, 1]]
        assert samples.labels.tolist() == ["good", "good", "bad"]
        part = pickle.loads(pickle.dumps(opened.part(1, 3)))
        assert next(iter(part.batches())).labels.tolist() == ["good", "bad"]


@pytest.mark.parametrize("stored", [False, True])
def test_rows_of_texts_are_chosen_from_a_frame_of_polars(stored, tmp_path):
    texts = ["low", "high", "low", "5"]
    frame = pl.DataFrame({"k": texts, "c": pl.Series(texts, dtype=pl.Categorical), "label": list("abba")})
    frame.write_ipc(tmp_path / "t.arrow")
    source = open_source(tmp_path / "t.arrow" if stored else frame)
    chunk = next(source.batches()).select([0, 3])
    assert chunk.values.to_pydict() == {"k": ["low", "5"], "c": ["low", "5"]}
    chosen = open_source(tmp_path / "t.arrow" if stored else frame, normal_labels=["a"], columns=["k"])
    assert (chosen.read().ids, chosen.read().labels.tolist()) == (["0", "3"], ["a", "a"])


def test_texts_among_numbers_are_counted_in_a_frame_of_polars():
    fitted = open_source(pl.DataFrame({"k": ["1", "2", None]}))
    known = {"shape": fitted.shape, "columns": fitted.columns, "encoding": fitted.encoding}
    scored = open_source(pl.DataFrame({"k": ["7", "x", None]}), **known).read()
    assert scored.x.tolist() == [[7, 0], [1.5, 1], [1.5, 1]]
    assert scored.remarks == (
        "column 'k' of the data frame holds 1 text among numbers, which count as missing",
    )


def test_images_in_a_frame_of_polars_are_images():
    pixels, file = np.arange(64, dtype=np.uint8).reshape(8, 8), io.BytesIO()
    Image.fromarray(pixels).save(file, "png")
    for value in (file.getvalue(), {"bytes": file.getvalue(), "path": "a.png"}):
        samples = open_source(pl.DataFrame({"image": [value, value], "label": ["a", "b"]})).read()
        assert (samples.x[1, 0].tolist(), samples.labels.tolist()) == (pixels.tolist(), ["a", "b"])


@pytest.mark.parametrize("frequency", FREQUENCIES)
def test_periods_are_their_first_moments_in_memory_and_in_files(frequency, tmp_path):
    periods = pd.Series(pd.period_range("1968-03-02 01:02:03.4", periods=3, freq=frequency))
    frame = pd.DataFrame({"a": A, "k": periods, "j": periods.where([True, False, True])})
    frame.to_parquet(tmp_path / "t.parquet")
    expected = open_source(frame.assign(k=frame.k.dt.to_timestamp(), j=frame.j.dt.to_timestamp()))
    wanted = {"shape": expected.shape, "columns": expected.columns, "encoding": expected.encoding}
    for source in (frame, tmp_path / "t.parquet"):
        assert open_source(source, **wanted).read().x.tolist() == expected.read().x.tolist()
        assert open_source(source).encoding == expected.encoding


def test_periods_of_a_file_are_read_without_pandas(tmp_path):
    file = tmp_path / "t.parquet"
    pd.DataFrame({"a": A, "k": pd.period_range("2026-01", periods=3, freq="M")}).to_parquet(file)
    code = (
        "import sys; from ama.data.sources import open_source; assert 'pandas' not in sys.modules;"
        "print(open_source(sys.argv[1]).read().x.tolist())"
    )
    done = subprocess.run([sys.executable, "-c", code, str(file)], capture_output=True, text=True, check=True)
    assert done.stdout == f"{open_source(file).read().x.tolist()}\n"
