"""Results files: complete lines, also from concurrent processes, with date, machine and versions."""

from __future__ import annotations

import datetime
import json
import multiprocessing
import os
import re
import subprocess
import sys

import pytest

from ama.errors import InputError
from ama.io.commits import commit
from ama.io.results_files import append_result, check_appendable, machine
from ama.io.versions import versions


def test_a_line_holds_the_result_the_date_the_machine_and_the_versions(tmp_path):
    before = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    append_result(tmp_path / "results.jsonl", {"auroc": 0.9, "parameters": {"delta": None}})
    [line] = (tmp_path / "results.jsonl").read_text().splitlines()
    record = json.loads(line)
    assert list(record) == ["auroc", "parameters", "date", "machine", "versions", "commit"]
    assert (record["auroc"], record["parameters"]) == (0.9, {"delta": None})
    assert record["versions"] == versions()
    assert record["machine"] == machine()
    assert record["commit"] == commit()
    date = datetime.datetime.fromisoformat(record["date"])
    assert before <= date <= datetime.datetime.now(datetime.timezone.utc)


@pytest.mark.parametrize(
    ("found", "text"), [(["avx512_bf16", "amx_bf16"], "avx512_bf16+amx_bf16"), ([], "no bfloat16")]
)
def test_the_machine_is_a_processor_its_cores_and_what_it_computes_natively(found, text, monkeypatch):
    monkeypatch.setattr("ama.io.results_files.bfloat16_instructions", lambda: found)
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert re.fullmatch(rf".+, {os.cpu_count()} cores, {re.escape(text)}", machine())


def test_a_gpu_is_a_part_of_the_machine(monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.get_device_name", lambda: "some GPU")
    assert machine().endswith(", some GPU")


def test_lines_are_added_and_folders_made(tmp_path):
    path = tmp_path / "new" / "folder" / "results.jsonl"
    for i in range(3):
        append_result(path, {"i": i, "text": "ä\nb"})
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["i"] for line in lines] == [0, 1, 2]
    assert json.loads(lines[0])["text"] == "ä\nb"


def test_lines_of_several_processes_at_once_stay_whole(tmp_path):
    # Longer than a file's buffer, which would write such a line in pieces.
    path, jobs = tmp_path / "results.jsonl", [(i, "x" * (20_000 + 997 * i)) for i in range(120)]
    with multiprocessing.get_context("fork" if hasattr(os, "fork") else "spawn").Pool(4) as pool:
        pool.starmap(append_result, [(path, {"i": i, "text": text}) for i, text in jobs], chunksize=1)
    records = [json.loads(line) for line in path.read_text().splitlines()]
    assert sorted((record["i"], record["text"]) for record in records) == jobs


def test_a_number_that_json_lacks_writes_nothing(tmp_path):
    with pytest.raises(ValueError, match="JSON compliant"):
        append_result(tmp_path / "results.jsonl", {"auroc": float("nan")})
    assert not (tmp_path / "results.jsonl").exists() or not (tmp_path / "results.jsonl").read_bytes()


@pytest.mark.parametrize(
    ("name", "reason"), [("file/results.jsonl", "Not a directory"), ("", "Is a directory")]
)
def test_a_path_that_cannot_be_written_is_refused(tmp_path, name, reason):
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match=f"^cannot write {tmp_path / name}: {reason}$"):
        append_result(tmp_path / name, {})
    with pytest.raises(InputError, match=f"^cannot write {tmp_path / name}: "):
        check_appendable(tmp_path / name)


def test_checking_a_path_changes_nothing(tmp_path):
    (tmp_path / "results.jsonl").write_text("{}\n")
    check_appendable(tmp_path / "results.jsonl")
    check_appendable(tmp_path / "new" / "folder" / "results.jsonl")
    assert [path.name for path in tmp_path.iterdir()] == ["results.jsonl"]
    assert (tmp_path / "results.jsonl").read_text() == "{}\n"


APPEND = """
import resource, signal, sys
from pathlib import Path
from ama.io.commits import commit
from ama.io.results_files import append_result
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
append_result(Path(sys.argv[1]), {"text": "x" * 2000})
"""


@pytest.mark.skipif(os.name != "posix", reason="limits on file size are POSIX's")
def test_a_line_is_appended_whole_or_not_at_all(tmp_path):
    path = tmp_path / "results.jsonl"
    append_result(path, {"text": "y"})
    before = path.read_bytes()
    done = subprocess.run([sys.executable, "-c", APPEND, path], capture_output=True, text=True)
    assert done.stderr.splitlines()[-1] == f"ama.errors.InputError: cannot write {path}: File too large"
    assert path.read_bytes() == before


@pytest.mark.skipif(os.name != "posix", reason="links are POSIX's")
def test_a_name_that_cannot_be_is_found_out_in_advance(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "nowhere" / "results.jsonl")
    with pytest.raises(InputError, match=r"it is a link to .*nowhere/results\.jsonl, which does not exist"):
        check_appendable(tmp_path / "link")
    for name in ("n" * 256, "new/" + "n" * 256):
        with pytest.raises(InputError, match="File name too long"):
            check_appendable(tmp_path / name)


@pytest.mark.parametrize("name", ["s.csv", "s.tsv", "s.parquet"])
def test_a_table_is_no_place_for_lines_of_json(tmp_path, name):
    with pytest.raises(InputError, match=r"cannot write .*: results are lines of JSON, .* end in \.jsonl$"):
        check_appendable(tmp_path / name)


@pytest.mark.parametrize("content", ["a,b\n1,2\n", '{\n  "format": 1\n}\n', "[1]\n", "text"])
def test_a_file_of_something_else_is_kept_as_it_is(tmp_path, content):
    (tmp_path / "file").write_text(content)
    with pytest.raises(
        InputError, match=r"cannot write .*file: it is no results file: its first line is not"
    ):
        check_appendable(tmp_path / "file")
    assert (tmp_path / "file").read_text() == content


@pytest.mark.parametrize("content", ["", '{"a": 1}\n{"b"', '{"a": 1'])
def test_a_results_file_may_be_empty_or_end_in_an_incomplete_line(tmp_path, content):
    (tmp_path / "file").write_text(content)
    check_appendable(tmp_path / "file")
