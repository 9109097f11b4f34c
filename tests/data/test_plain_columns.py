"""Columns encoded by their runs, and periods of pandas."""

from __future__ import annotations

import pickle
import subprocess
import sys

import pandas as pd
import pyarrow as pa
import pytest

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
