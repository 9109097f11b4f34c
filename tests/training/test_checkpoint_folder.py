"""The folder of checkpoints: found unusable before any work, and used by one fit at a time."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import numpy as np
import pytest

import ama
from ama.errors import InputError
from ama.training.checkpoint_folder import PATIENCE, check_checkpoint_folder, claimed
from children import end, start

HOLD = """
import sys
from pathlib import Path
from ama.training.checkpoint_folder import claimed
with claimed(Path(sys.argv[1])):
    print("locked", flush=True)
    sys.stdin.readline()
"""


@pytest.mark.parametrize(
    "place", ["file", "file/inside", "x" * 300, "/proc/nowhere", "with\0zero", "deep/" * 1000]
)
def test_a_folder_that_cannot_be_used_is_refused_before_data_are_read(tmp_path, monkeypatch, place):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("mine")
    with pytest.raises(InputError, match=r"^checkpoints cannot be written to ") as caught:
        ama.AMADetector(checkpoints=place).fit("no such source")
    assert "\n" not in str(caught.value)
    assert os.listdir() == ["file"]


@pytest.mark.parametrize("value", [3, "", ["a"]])
def test_what_names_no_folder_is_refused(value):
    with pytest.raises(InputError, match=r"^checkpoints must name a folder, found "):
        ama.AMADetector(checkpoints=value).fit(np.eye(5))


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root writes to read-only folders"
)
def test_a_read_only_folder_is_refused(tmp_path):
    tmp_path.chmod(0o555)
    with pytest.raises(InputError, match=r"^checkpoints cannot be written to .*: Permission denied"):
        check_checkpoint_folder(tmp_path / "checkpoints")


def test_a_check_leaves_the_folder_as_it_is(tmp_path):
    check_checkpoint_folder(tmp_path / "a" / "b")
    assert os.listdir(tmp_path) == []
    (tmp_path / "a").mkdir()
    check_checkpoint_folder(tmp_path / "a" / "b")
    assert os.listdir(tmp_path / "a") == []


def test_a_folder_belongs_to_one_fit_until_its_process_ends(tmp_path):
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout.readline() == "locked\n"
    with pytest.raises(
        InputError, match=r"^another fit writes its checkpoints to .*: wait for its end, or name"
    ):
        ama.AMADetector(checkpoints=str(tmp_path)).fit("no such source")
    other.kill()
    other.communicate()
    with claimed(tmp_path):
        pass
    assert PATIENCE < 5


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_the_second_of_two_fits_is_refused_and_the_first_goes_on(tmp_path, rng, monkeypatch):
    monkeypatch.setattr("ama.training.checkpoint_folder.PATIENCE", 0.1)
    rows, folder = rng.normal(size=(100, 3)), str(tmp_path / "checkpoints")
    given = {"max_steps": 80, "held_out": 0.4, "random_state": 0, "progress": False, "device": "cpu"}
    first = ama.AMADetector(**given, checkpoints=folder, checkpoint_every=0.01)

    def work() -> None:
        np.save("scores.npy", first.fit(rows).score_samples(rows))

    alone = ama.AMADetector(**given).fit(rows)
    child = start(work, tmp_path, tmp_path)
    while not os.path.exists(os.path.join(folder, "last.ckpt")):
        time.sleep(0.01)
    with pytest.raises(InputError, match="another fit writes its checkpoints to"):
        ama.AMADetector(**given, checkpoints=folder).fit(rows)
    assert end(child, tmp_path).status == 0
    assert np.array_equal(np.load(tmp_path / "scores.npy"), alone.score_samples(rows))
