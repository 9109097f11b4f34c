"""When a photograph was taken."""

from __future__ import annotations

import os

import numpy as np
import pytest
from PIL import Image

from ama.data.images.photo_times import EXIF_PART, TAKEN, photo_time


def photograph(path, taken: str | None) -> str:
    exif = Image.Exif()
    if taken is not None:
        exif.get_ifd(EXIF_PART)[TAKEN] = taken
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(path, exif=exif)
    os.utime(path, (1e9, 1e9))
    return str(path)


def test_the_camera_and_the_file_know_it(tmp_path):
    first = photo_time(photograph(tmp_path / "a.jpg", "2026:05:01 12:00:00"))
    second = photo_time(photograph(tmp_path / "b.webp", "2026:05:01 12:00:30"))
    assert second.taken - first.taken == 30
    assert first.modified == second.modified == 1e9


@pytest.mark.parametrize("taken", [None, "0000:00:00 00:00:00", "yesterday"])
def test_a_camera_without_a_clock_knows_nothing(tmp_path, taken):
    assert photo_time(photograph(tmp_path / "a.jpg", taken)) == (None, 1e9)


def test_bytes_have_no_file_and_damaged_ones_no_time(tmp_path):
    content = (tmp_path / "a.jpg", photograph(tmp_path / "a.jpg", "2026:05:01 12:00:00"))[0].read_bytes()
    assert photo_time(content).modified is None
    assert photo_time(content).taken is not None
    assert photo_time(content[:30]) == (None, None)
    assert photo_time(str(tmp_path / "missing.jpg")) == (None, None)
