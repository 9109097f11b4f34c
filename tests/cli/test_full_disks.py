"""A full and a read-only disk under everything that a command writes: one sentence, and what was there stays."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ama.cli.main import main
from children import Ended, command, end, start
from places import SMALL

pytestmark = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0 or shutil.which("mount") is None,
    reason="only root may mount",
)

CLONE_NEWNS = 0x20000
NO_DISK = 99
WRITERS = {
    "fit": ["fit", "rows.csv", "--out", "disk/new", *SMALL, "--batch-size", "64"],
    "fit again": ["fit", "rows.csv", "--out", "disk/model", *SMALL, "--batch-size", "64"],
    "calibrate": ["calibrate", "disk/model", "rows.csv"],
    "score": ["score", "model", "rows.csv", "--out", "disk/scores.csv"],
    "score parquet": ["score", "model", "rows.csv", "--out", "disk/scores.parquet"],
    "report": ["report", "model", "rows.csv", "--out", "disk/report.html"],
    "checkpoints": [
        "fit",
        "rows.csv",
        "--out",
        "another",
        *SMALL,
        "--batch-size",
        "64",
        "--checkpoints",
        "disk/c",
    ],
    "benchmark": [
        "benchmark",
        "run",
        "smoke",
        "--results",
        "disk/r.jsonl",
        "--only",
        "neighbours",
        "but 3, ",
        "seed 0",
    ],
}


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    place = tmp_path_factory.mktemp("disks")
    rows = np.random.default_rng(0).normal(size=(100, 3))
    np.savetxt(place / "rows.csv", rows, delimiter=",", header="a,b,c", comments="")
    (place / "disk").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        assert main([*WRITERS["fit"], "--out", "model"]) == 0
        # What this process has imported, the forked ones need not.
        assert main([*WRITERS["report"], "--out", "report.html"]) == 0
    return place


def on_disk(place: Path, written: Path, words: list[str], spoil: Callable[[], None]) -> tuple[Ended, bool]:
    """Run a command in a process that alone sees a small disk; also returns whether what was there is as it was."""

    def work() -> int:
        libc = ctypes.CDLL(None, use_errno=True)
        mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", "disk"]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        if libc.unshare(CLONE_NEWNS) or subprocess.run(["mount", "--make-rprivate", "/"], **quiet).returncode:
            return NO_DISK
        if subprocess.run(mount, **quiet).returncode:
            return NO_DISK
        shutil.copytree("model", "disk/model")
        for name in ("scores.csv", "scores.parquet", "report.html", "r.jsonl"):
            Path("disk", name).write_text("\n" * 4096)  # whole pages, in which nothing fits
        tempfile.tempdir = str(written)  # where a model is kept that cannot be saved
        before = content()
        spoil()
        status = command(*words)()
        if Path("disk", "junk").exists():
            Path("disk", "junk").unlink()
        (written / "kept").write_text(str(content() == before))
        return status

    ended = end(start(work, place, written), written)
    if ended.status == NO_DISK:
        pytest.skip("nothing can be mounted here")
    assert (written / "kept").exists(), ended
    return ended, (written / "kept").read_text() == "True"


def content() -> dict[str, bytes]:
    files = (
        path for path in Path("disk").rglob("*") if path.is_file() and path.name not in (".lock", "junk")
    )
    return {str(path): path.read_bytes() for path in files if ".work" not in str(path)}


def fill() -> None:
    with open("disk/junk", "wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)):
                pass
        except OSError:
            pass


def lock() -> None:
    subprocess.run(["mount", "-o", "remount,ro", "disk"], check=True)


@pytest.mark.parametrize("writer", WRITERS)
def test_a_full_disk_is_one_sentence_and_keeps_what_was_there(place, tmp_path, writer):
    ended, kept = on_disk(place, tmp_path, WRITERS[writer], fill)
    said = [line for line in ended.errors.splitlines() if not line.startswith("ama: learning from")]
    assert kept
    if writer == "checkpoints":
        assert ended.status == 0
        assert said[0] == "ama: note: the checkpoint disk/c/last.ckpt cannot be written (No space left on device); " \
            "the fit goes on"  # fmt: skip
        return
    assert ended.status in (1, 2)
    assert len(said) == 1, said
    assert "No space left on device" in said[0]
    if writer.startswith("fit"):
        assert f"the model is kept in {tmp_path}" in said[0]


@pytest.mark.parametrize("writer", WRITERS)
def test_a_read_only_disk_is_one_sentence_before_any_work(place, tmp_path, writer):
    ended, kept = on_disk(place, tmp_path, WRITERS[writer], lock)
    assert kept
    assert ended.status == 2
    assert len(ended.errors.splitlines()) == 1, ended.errors
    assert "Read-only file system" in ended.errors or "cannot be written to" in ended.errors
