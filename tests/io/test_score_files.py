"""Score files: complete or absent, in both formats, on standard output, and after failures."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

import ama
from ama.errors import InputError
from ama.io.score_files import check_table_path, write_table

SCHEMA = pa.schema([("id", pa.string()), ("score", pa.float64()), ("anomaly", pa.bool_())])
PARTS = [
    pa.table(
        {"id": ["a", 'b,"c"', "ä\n"], "score": [0.1, -1e3, 1 / 3], "anomaly": [True, False, True]}, SCHEMA
    ),
    pa.table({"id": ["d"], "score": [5e-324], "anomaly": [False]}, SCHEMA),
]
WHOLE = pa.concat_tables(PARTS)


def read(path: Path) -> pa.Table:
    if path.suffix == ".parquet":
        return pq.read_table(path)
    options = pa.csv.ParseOptions(newlines_in_values=True)
    return pa.csv.read_csv(path, parse_options=options).cast(SCHEMA)


@pytest.fixture(params=["scores.parquet", "scores.csv"])
def path(request, tmp_path) -> Path:
    return tmp_path / request.param


def test_every_bit_is_read_back_and_no_other_file_is_left(path):
    assert write_table(path, SCHEMA, iter(PARTS)) == 4
    assert read(path).equals(WHOLE)
    assert os.listdir(path.parent) == [path.name]


def test_the_same_tables_give_the_same_bytes(path):
    write_table(path, SCHEMA, PARTS)
    first = path.read_bytes()
    write_table(path, SCHEMA, PARTS)
    assert path.read_bytes() == first


def test_a_table_without_rows_still_has_its_columns(path):
    assert write_table(path, SCHEMA, []) == 0
    assert read(path).schema == SCHEMA


def test_a_name_in_the_current_folder_needs_no_folder(path, monkeypatch):
    monkeypatch.chdir(path.parent)
    write_table(Path(path.name), SCHEMA, PARTS)
    assert read(path).equals(WHOLE)


def test_without_a_path_csv_goes_to_standard_output(monkeypatch, tmp_path):
    output = io.TextIOWrapper(io.BytesIO())
    monkeypatch.setattr(sys, "stdout", output)
    assert write_table(None, SCHEMA, PARTS) == 4
    print("and it stays open")
    write_table(tmp_path / "scores.csv", SCHEMA, PARTS)
    output.flush()
    assert output.buffer.getvalue() == (tmp_path / "scores.csv").read_bytes() + b"and it stays open\n"


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX's")
@pytest.mark.parametrize("mask", [0o022, 0o077])
def test_permissions_are_those_of_any_new_file(path, mask):
    before = os.umask(mask)
    try:
        write_table(path, SCHEMA, PARTS)
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o666 & ~mask


@pytest.mark.parametrize("error", [InputError("no such column"), KeyboardInterrupt(), RuntimeError("broken")])
def test_a_failure_half_way_keeps_the_existing_file(path, error):
    path.write_text("older")

    def batches():
        yield PARTS[0]
        raise error

    with pytest.raises(type(error)):
        write_table(path, SCHEMA, batches())
    assert path.read_text() == "older"
    assert os.listdir(path.parent) == [path.name]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("scores.txt", r"its name must end in \.parquet or \.csv"),
        ("scores", r"its name must end in \.parquet or \.csv"),
        ("scores.PARQUET", r"its name must end in \.parquet or \.csv"),
        (".csv", r"its name must end in \.parquet or \.csv"),
        ("nowhere/scores.csv", "the folder .*nowhere does not exist"),
        ("file.csv/scores.csv", "the folder .*file.csv does not exist"),
        ("folder.csv", "it is a folder"),
    ],
)
def test_a_path_that_cannot_hold_a_table_is_refused_in_advance(tmp_path, name, sentence):
    (tmp_path / "file.csv").write_text("x")
    (tmp_path / "folder.csv").mkdir()
    for call in (check_table_path, lambda path: write_table(path, SCHEMA, PARTS)):
        with pytest.raises(InputError, match=f"^cannot write {tmp_path / name}: {sentence}$"):
            call(tmp_path / name)
    assert sorted(os.listdir(tmp_path)) == ["file.csv", "folder.csv"]


def test_standard_output_and_new_files_are_fine(tmp_path):
    check_table_path(None)
    check_table_path(tmp_path / "scores.csv")
    check_table_path(Path("scores.parquet"))


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write to read-only folders"
)
def test_a_read_only_folder_is_refused_in_advance(tmp_path):
    tmp_path.chmod(0o555)
    with pytest.raises(InputError, match=f"the folder {tmp_path} cannot be written to"):
        check_table_path(tmp_path / "scores.csv")


WRITE = """
import itertools, sys
from pathlib import Path
import pyarrow as pa
from ama.io.score_files import write_table
{setup}
part = pa.table({{"id": [str(i) for i in range(1000)]}})
write_table(Path(sys.argv[1]), part.schema, ({each} for _ in itertools.count()))
"""


def start(path: Path, setup: str = "", each: str = "part") -> subprocess.Popen:
    source = {"PYTHONPATH": str(Path(ama.__file__).parents[1])}
    return subprocess.Popen(
        [sys.executable, "-c", WRITE.format(setup=setup, each=each), str(path)],
        env=os.environ | source,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.skipif(os.name != "posix", reason="limits on file size are POSIX's")
def test_a_full_disk_keeps_the_existing_file(path):
    # A limit on file size makes the kernel refuse the write, as a full disk does.
    path.write_text("older")
    process = start(path, "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))")
    _, errors = process.communicate(timeout=60)
    assert errors.strip().splitlines()[-1] == f"ama.errors.InputError: cannot write {path}: File too large"
    assert path.read_text() == "older"
    assert os.listdir(path.parent) == [path.name]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no SIGKILL")
def test_a_process_that_is_killed_leaves_nothing_behind(path):
    path.write_text("older")
    process = start(path, each="print('part', flush=True) or part")
    for _ in range(20):
        assert process.stdout.readline() == "part\n"
    time.sleep(0.05)
    process.kill()
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    assert path.read_text() == "older"
    assert os.listdir(path.parent) == [path.name]
