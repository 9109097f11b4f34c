"""What is no regular file is never opened as one."""

from __future__ import annotations

import os

import pytest

from ama.data.sources import open_source
from ama.errors import InputError
from ama.io.regular_files import open_regular


@pytest.mark.parametrize("suffix", [".png", ".csv", ".npy", ".npz", ".parquet"])
def test_a_pipe_or_device_as_a_source_is_refused_at_once(tmp_path, suffix):
    os.mkfifo(tmp_path / f"pipe{suffix}")
    (tmp_path / f"zero{suffix}").symlink_to("/dev/zero")
    for name, kind in (("pipe", "pipe"), ("zero", "device")):
        with pytest.raises(
            InputError, match=rf"{name}{suffix} cannot be read: it is a {kind}, expected a file"
        ):
            open_source(tmp_path / f"{name}{suffix}")


def test_an_empty_name_is_refused():
    with pytest.raises(InputError, match="the name of the source is empty"):
        open_source("")


def test_regular_files_are_opened_and_others_are_closed_again(tmp_path):
    (tmp_path / "a").write_bytes(b"content")
    with open_regular(tmp_path / "a") as file:
        assert file.read() == b"content"
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(OSError, match="it is a folder, expected a file"):
        open_regular(tmp_path)
    assert len(os.listdir("/proc/self/fd")) == before
