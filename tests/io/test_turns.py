"""Turns of processes at one file or folder."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from ama.io.turns import in_turn

COUNT = """
import sys
from pathlib import Path
from ama.io.turns import in_turn
path = Path(sys.argv[1])
for _ in range(50):
    with in_turn(path):
        file = path / "n" if path.is_dir() else path
        file.write_text(str(int(file.read_text()) + 1))
"""
HOLD = """
import sys
from pathlib import Path
from ama.io.turns import in_turn
with in_turn(Path(sys.argv[1]), lambda: print("waiting", flush=True)):
    print("its turn", flush=True)
    sys.stdin.readline()
"""


@pytest.mark.parametrize("name", ["file.json", "folder"])
def test_no_change_is_lost_and_nothing_left(tmp_path, name):
    (tmp_path / "folder").mkdir()
    for file in ("file.json", "folder/n"):
        (tmp_path / file).write_text("0")
    (tmp_path / "link").symlink_to(name)
    places = [tmp_path / name, tmp_path / "link", tmp_path / name]
    others = [subprocess.Popen([sys.executable, "-c", COUNT, str(place)]) for place in places]
    assert [other.wait() for other in others] == [0, 0, 0]
    assert (tmp_path / ("folder/n" if name == "folder" else name)).read_text() == "150"
    assert sorted(os.listdir(tmp_path)) == ["file.json", "folder", "link"]
    assert os.listdir(tmp_path / "folder") == ["n"]


def test_one_who_waits_says_so_and_a_killed_process_has_no_turn(tmp_path):
    def start() -> subprocess.Popen:
        pipe = subprocess.PIPE
        words = [sys.executable, "-c", HOLD, str(tmp_path)]
        return subprocess.Popen(words, stdin=pipe, stdout=pipe, text=True)

    first = start()
    assert first.stdout.readline() == "its turn\n"
    second = start()
    assert second.stdout.readline() == "waiting\n"
    first.kill()
    first.communicate()
    assert second.stdout.readline() == "its turn\n"
    second.communicate("\n", timeout=60)
    assert second.returncode == 0
    assert os.listdir(tmp_path) == []


def test_where_nothing_can_be_locked_nothing_waits(tmp_path):
    (tmp_path / "file").write_text("x")
    done = []
    with in_turn(tmp_path / "file" / "inside.json", lambda: done.append("waited")):
        done.append("worked")
    assert done == ["worked"]
    assert os.listdir(tmp_path) == ["file"]
