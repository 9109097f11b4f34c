"""Ids as places below a folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ama.io.sample_paths import LONGEST, sample_path


@pytest.mark.parametrize(
    ("sample_id", "path"),
    [
        ("hole/000.jpg", "hole/000.jpg"),
        ("17", "17"),
        ("../../etc/passwd", "etc/passwd"),
        ("/etc/passwd", "etc/passwd"),
        ("a/./b//c.png", "a/b/c.png"),
        ("C:\\photos\\a.png", "C__photos_a.png"),
        ("..", "_"),
        ("", "_"),
        ("scan.tif[3]", "scan.tif[3]"),
    ],
)
def test_an_id_keeps_its_sub_folders_and_stays_below(sample_id, path):
    assert str(sample_path(sample_id)) == path


@given(st.text(max_size=300))
def test_no_id_leads_out_of_the_folder_or_is_too_long(sample_id):
    found = sample_path(sample_id)
    assert not found.is_absolute()
    assert ".." not in found.parts
    assert all(0 < len(part.encode()) <= LONGEST for part in found.parts)
    assert Path(os.path.normpath(Path("/maps") / found)).is_relative_to("/maps")


def test_of_a_long_name_the_end_is_kept():
    assert str(sample_path("ä" * 200 + ".jpg")) == "ä" * 113 + ".jpg"
