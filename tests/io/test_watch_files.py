"""Files of a drift watch: whole, and refused in a sentence if they are something else."""

from __future__ import annotations

import json
import os

import pytest

from ama.errors import InputError
from ama.io.watch_files import MAX_BYTES, check_watch, read_watch, write_watch


def test_a_state_comes_back_and_a_missing_file_is_none(tmp_path):
    state = {"bag": [0.1, 1e-300], "alarm_at": None}
    write_watch(tmp_path / "watch.json", state)
    assert read_watch(tmp_path / "watch.json") == state
    assert read_watch(tmp_path / "missing.json") is None
    assert os.listdir(tmp_path) == ["watch.json"]
    (tmp_path / "watch.json").write_text(json.dumps(state), encoding="utf-8-sig")
    assert read_watch(tmp_path / "watch.json") == state


@pytest.mark.parametrize(
    "content", [b"", b"{", b"null", b"[]", b"\xff", b"[" * 100_000, b" " * (MAX_BYTES + 1)], ids=range(7)
)
def test_other_files_are_refused(tmp_path, content):
    (tmp_path / "watch.json").write_bytes(content)
    with pytest.raises(InputError, match=r"watch\.json cannot be read"):
        read_watch(tmp_path / "watch.json")


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(InputError, match="it is a folder"):
        read_watch(tmp_path)


def test_a_state_that_lacks_a_key_is_refused():
    with pytest.raises(ValueError, match="the key alarm_at is missing"):
        check_watch({"format": 1})
